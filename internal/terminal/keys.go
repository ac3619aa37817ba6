package terminal

import (
	"fmt"
	"strings"
)

// Keys as xterm sends them, for [Terminal.Send]. A program tells Esc from the
// start of a longer sequence by what follows: wait for its effect before
// sending more.
const (
	Enter     = "\r"
	Tab       = "\t"
	ShiftTab  = "\x1b[Z"
	Esc       = "\x1b"
	Space     = " "
	Backspace = "\x7f"
	Up        = "\x1b[A"
	Down      = "\x1b[B"
	Right     = "\x1b[C"
	Left      = "\x1b[D"
	Home      = "\x1b[H"
	End       = "\x1b[F"
	Insert    = "\x1b[2~"
	Delete    = "\x1b[3~"
	PageUp    = "\x1b[5~"
	PageDown  = "\x1b[6~"
	AltEnter  = "\x1b\r"
	F1        = "\x1bOP"
	CtrlC     = "\x03"
	CtrlD     = "\x04"
	CtrlJ     = "\n"
	CtrlO     = "\x0f"
	CtrlP     = "\x10"
	CtrlU     = "\x15"
	CtrlZ     = "\x1a"

	// FocusIn and FocusOut are what a terminal reports to a program that asked
	// for focus events.
	FocusIn  = "\x1b[I"
	FocusOut = "\x1b[O"
)

var keyNames = map[string]string{
	"enter": Enter, "tab": Tab, "shift+tab": ShiftTab, "esc": Esc, "space": Space, "backspace": Backspace,
	"up": Up, "down": Down, "right": Right, "left": Left, "home": Home, "end": End, "insert": Insert,
	"delete": Delete, "pgup": PageUp, "pgdown": PageDown,
	"f1": F1, "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
	"f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
}

// Key returns what a key sends, by the name that key bindings use: "enter",
// "shift+tab", "pgdown", "f5", "ctrl+p", "alt+enter", or the character itself.
// It returns an error for a name it does not know.
func Key(name string) (string, error) {
	if keys, ok := keyNames[name]; ok {
		return keys, nil
	}
	if rest, ok := strings.CutPrefix(name, "alt+"); ok {
		keys, err := Key(rest)
		return Esc + keys, err
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok && len(rest) == 1 && rest[0] >= '@' && rest[0] <= 'z' {
		return string(rest[0] & 0x1f), nil
	}
	if len([]rune(name)) == 1 {
		return name, nil
	}
	return "", fmt.Errorf("terminal: no key is called %q", name)
}

// Paste returns a text as a terminal sends it when it is pasted into a program
// that asked for bracketed paste.
func Paste(text string) string { return "\x1b[200~" + text + "\x1b[201~" }

// Click returns a press and release of the left mouse button at a cell, counted
// from 0, for a program that asked for SGR mouse reports.
func Click(x, y int) string {
	return fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x+1, y+1, x+1, y+1)
}

// Wheel returns turns of the mouse wheel at a cell, counted from 0, down if
// positive and up if negative, for a program that asked for SGR mouse reports.
func Wheel(x, y, turns int) string {
	button := 65
	if turns < 0 {
		button, turns = 64, -turns
	}
	return strings.Repeat(fmt.Sprintf("\x1b[<%d;%d;%dM", button, x+1, y+1), turns)
}
