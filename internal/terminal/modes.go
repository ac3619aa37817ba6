package terminal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image/color"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// modes is what a program has switched on in the terminal and must switch off
// again. The emulator keeps some of it out of reach, some per screen where a
// real terminal has it once, and does not know the keyboard protocols at all.
type modes struct {
	private         map[int]bool // DEC private modes that are set
	kitty           [2][]int     // flags in force, then those pushed over them: main screen, alternate screen
	modifyOtherKeys int
	cursorStyle     int // of DECSCUSR, 0 for the terminal's own
	progress        bool
	foreground      color.Color // nil for the terminal's own
	background      color.Color
	cursorColor     color.Color
}

// The modes that are looked at by number.
const (
	modeAutoWrap     = 7
	modeCursor       = 25
	modeSaveCursor   = 1048
	modeAltScreen    = 1049
	modeSynchronized = 2026
)

// modeNames says what it means to a person when a mode is left switched on.
var modeNames = map[int]string{
	1: "application cursor keys", 6: "origin mode", 9: "mouse reporting (X10)", 66: "application keypad",
	69: "left and right margins", 1000: "mouse reporting", 1001: "mouse reporting (highlight)",
	1002: "mouse reporting (buttons)", 1003: "mouse reporting (all motion)", 1004: "focus reporting",
	1005: "mouse reporting (UTF-8)", 1006: "mouse reporting (SGR)", 1015: "mouse reporting (urxvt)",
	1016: "mouse reporting (pixels)", 1047: "alternate screen", modeAltScreen: "alternate screen",
	2004: "bracketed paste", modeSynchronized: "synchronized output", 2027: "grapheme widths",
	2031: "colour scheme reports", 2048: "resize reports",
}

func newModes() modes {
	return modes{
		private: map[int]bool{modeAutoWrap: true, modeCursor: true},
		kitty:   [2][]int{{0}, {0}},
	}
}

// watchModes makes the emulator tell what it would otherwise keep to itself.
// Everything registered here runs inside show, so with the lock held.
func (t *Terminal) watchModes() {
	t.modes = newModes()
	e, m := t.emu, &t.modes
	setMode := func(on bool) func(ansi.Mode) {
		return func(mode ansi.Mode) {
			if dec, ok := mode.(ansi.DECMode); ok {
				m.private[dec.Mode()] = on
			}
		}
	}
	own := func(c, def color.Color) color.Color {
		if c == def {
			return nil
		}
		return c
	}
	foreground, background, cursorColor := e.ForegroundColor(), e.BackgroundColor(), e.CursorColor()
	e.SetCallbacks(vt.Callbacks{
		EnableMode:      setMode(true),
		DisableMode:     setMode(false),
		Title:           func(s string) { t.title = s },
		ForegroundColor: func(c color.Color) { m.foreground = own(c, foreground) },
		BackgroundColor: func(c color.Color) { m.background = own(c, background) },
		CursorColor:     func(c color.Color) { m.cursorColor = own(c, cursorColor) },
	})

	// A handler that returns false leaves the sequence to the emulator as well.
	e.RegisterEscHandler('c', func() bool {
		*m = newModes()
		return false
	})
	e.RegisterCsiHandler(ansi.Command('?', '$', 'p'), func(p ansi.Params) bool {
		if mode, _, _ := p.Param(0, 0); mode != modeSynchronized {
			return false
		}
		setting := ansi.ModeReset
		if m.private[modeSynchronized] {
			setting = ansi.ModeSet
		}
		_, _ = e.InputPipe().Write([]byte(ansi.ReportMode(ansi.ModeSynchronizedOutput, setting)))
		return true
	})
	e.RegisterCsiHandler(ansi.Command(0, ' ', 'q'), func(p ansi.Params) bool {
		m.cursorStyle, _, _ = p.Param(0, 0)
		return false
	})
	t.watchKeyboard()
	t.watchOSC()
}

// watchKeyboard follows the kitty keyboard protocol and modifyOtherKeys.
func (t *Terminal) watchKeyboard() {
	e, m := t.emu, &t.modes
	stack := func() *[]int {
		if e.IsAltScreen() {
			return &m.kitty[1]
		}
		return &m.kitty[0]
	}
	e.RegisterCsiHandler(ansi.Command('>', 0, 'u'), func(p ansi.Params) bool {
		flags, _, _ := p.Param(0, 0)
		*stack() = append(*stack(), flags)
		return true
	})
	e.RegisterCsiHandler(ansi.Command('<', 0, 'u'), func(p ansi.Params) bool {
		n, _, _ := p.Param(0, 1)
		s := stack()
		*s = (*s)[:max(len(*s)-max(n, 1), 1)]
		return true
	})
	e.RegisterCsiHandler(ansi.Command('=', 0, 'u'), func(p ansi.Params) bool {
		flags, _, _ := p.Param(0, 0)
		how, _, _ := p.Param(1, 1)
		top := &(*stack())[len(*stack())-1]
		switch how {
		case 1:
			*top = flags
		case 2:
			*top |= flags
		case 3:
			*top &^= flags
		}
		return true
	})
	e.RegisterCsiHandler(ansi.Command('>', 0, 'm'), func(p ansi.Params) bool {
		if resource, _, _ := p.Param(0, 0); resource == 4 {
			m.modifyOtherKeys, _, _ = p.Param(1, 0)
		}
		return true
	})
	e.RegisterCsiHandler(ansi.Command('>', 0, 'n'), func(p ansi.Params) bool {
		if resource, _, _ := p.Param(0, 0); resource == 4 {
			m.modifyOtherKeys = 0
		}
		return true
	})
}

// watchOSC follows the clipboard (52) and the progress bar (9;4).
func (t *Terminal) watchOSC() {
	t.emu.RegisterOscHandler(52, func(data []byte) bool {
		parts := bytes.SplitN(data, []byte{';'}, 3)
		if len(parts) != 3 {
			return true
		}
		if text, err := base64.StdEncoding.DecodeString(string(parts[2])); err == nil {
			t.copied = string(text)
		}
		return true
	})
	t.emu.RegisterOscHandler(9, func(data []byte) bool {
		if state, ok := bytes.CutPrefix(data, []byte("9;4;")); ok {
			t.modes.progress = !bytes.HasPrefix(state, []byte{'0'})
		}
		return true
	})
}

// Restored returns nil where the program has put back everything it switched on
// or off: the screen, the cursor, its style and colours, every mode from mouse
// reporting to synchronized output, the keyboard protocols and the line
// settings (termios); otherwise an error that names each thing left behind. It
// is meant to be asked after [Terminal.Wait]. After [Terminal.Hangup] it knows
// of what the program wrote before, and no line settings.
func (t *Terminal) Restored() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := t.modes.unrestored()
	left = append(left, t.proc.unrestored()...)
	if len(left) == 0 {
		return nil
	}
	return errors.New("terminal: not restored: " + strings.Join(left, ", "))
}

func (m *modes) unrestored() []string {
	var left []string
	if !m.private[modeCursor] {
		left = append(left, "hidden cursor")
	}
	if !m.private[modeAutoWrap] {
		left = append(left, "no automatic wrap")
	}
	for _, mode := range slices.Sorted(maps.Keys(m.private)) {
		switch {
		case !m.private[mode], mode == modeCursor, mode == modeAutoWrap, mode == modeSaveCursor:
		case modeNames[mode] != "":
			left = append(left, modeNames[mode])
		default:
			left = append(left, fmt.Sprintf("private mode %d", mode))
		}
	}
	for i, screen := range []string{"main", "alternate"} {
		if stack := m.kitty[i]; len(stack) > 1 || stack[0] != 0 {
			left = append(left, fmt.Sprintf("keyboard enhancements (kitty) of the %s screen", screen))
		}
	}
	for _, thing := range []struct {
		left bool
		name string
	}{
		{m.modifyOtherKeys != 0, "keyboard enhancements (modifyOtherKeys)"},
		{m.cursorStyle > 1, "cursor style"},
		{m.foreground != nil || m.background != nil || m.cursorColor != nil, "default colours"},
		{m.progress, "progress bar"},
	} {
		if thing.left {
			left = append(left, thing.name)
		}
	}
	return left
}
