// Package notify makes the escape sequences of a desktop notification, which
// reach the person's own machine through ssh: the terminal draws it there.
package notify

import (
	"strings"

	"gatewatch/ui/text"
)

// Form is the kind of notification that a terminal knows.
type Form uint8

// The forms. Terminals that know none ignore OSC 9.
const (
	OSC9   Form = iota // iTerm2, WezTerm, Ghostty, Windows Terminal and others: a text
	OSC777             // urxvt, foot, VTE (GNOME Terminal): a title and a text
	OSC99              // kitty
)

// Terminal is what is known of the terminal.
type Terminal struct {
	Form Form
	// Tmux is set inside tmux, which passes a sequence on only when it is wrapped,
	// and allow-passthrough is on.
	Tmux bool
}

// Find tells the terminal from the environment and, over ssh, where the
// environment does not travel, from the terminal's own answer to XTVERSION ("" if
// it gave none).
func Find(getenv func(string) string, version string) Terminal {
	term := strings.ToLower(getenv("TERM"))
	// Over ssh out of a tmux on the person's own machine, TERM alone tells of it.
	// screen is the TERM that tmux set for long, and that of GNU screen, which sets STY
	// and would not unwrap anything for tmux.
	byTerm := getenv("STY") == "" && (strings.HasPrefix(term, "tmux") || strings.HasPrefix(term, "screen"))
	t := Terminal{Tmux: getenv("TMUX") != "" || byTerm}
	switch {
	case getenv("KITTY_WINDOW_ID") != "":
		t.Form = OSC99
	case getenv("VTE_VERSION") != "":
		t.Form = OSC777
	default:
		t.Form, _ = formOf(strings.Join([]string{getenv("TERM_PROGRAM"), getenv("LC_TERMINAL"), term}, " "))
	}
	return t.Answered(version)
}

// Answered is what is known once the terminal has answered to XTVERSION, as with
// "VTE(7600)": it knows itself better than the environment does. tmux answers in place
// of the terminal around it.
func (t Terminal) Answered(version string) Terminal {
	version = strings.ToLower(version)
	if strings.HasPrefix(version, "tmux") {
		t.Tmux = true
		return t
	}
	if form, ok := formOf(version); ok {
		t.Form = form
	}
	return t
}

// formOf is the form that a terminal of that name knows, false where the name tells
// nothing.
func formOf(name string) (Form, bool) {
	name = strings.ToLower(name)
	for _, known := range []struct {
		form  Form
		names []string
	}{
		{OSC99, []string{"kitty"}},
		{OSC777, []string{"foot", "rxvt", "vte"}},
		{OSC9, []string{"iterm", "wezterm", "ghostty", "windows terminal", "xterm(", "konsole"}},
	} {
		for _, n := range known.names {
			if strings.Contains(name, n) {
				return known.form, true
			}
		}
	}
	return OSC9, false
}

const (
	bell = "\a"
	st   = "\x1b\\"
	// longest bounds a notification, in cells.
	longest = 200
)

// Bell rings.
func Bell() string { return bell }

// Sequence is what makes the terminal show a notification. Title and body may be
// foreign text.
func (t Terminal) Sequence(title, body string) string {
	title, body = plain(title), plain(body)
	var seq string
	switch t.Form {
	case OSC99:
		seq = "\x1b]99;i=gatewatch:d=0;" + title + st + "\x1b]99;i=gatewatch:p=body;" + body + st
	case OSC777:
		seq = "\x1b]777;notify;" + strings.ReplaceAll(title, ";", ",") + ";" + body + st
	case OSC9:
		seq = "\x1b]9;" + title + ": " + body + st
	}
	if !t.Tmux {
		return seq
	}
	// Each escape character is doubled inside tmux's own sequence.
	return "\x1bPtmux;" + strings.ReplaceAll(seq, "\x1b", "\x1b\x1b") + st
}

func plain(s string) string { return text.Cut(text.Clean(s), longest) }
