// Package tty finds out what the terminal that the program runs in can do: what
// the environment says of it, and what it answers itself when it is asked, how
// wide it draws things included. It takes at most [Patience], leaves the terminal
// as it was, and draws nothing that stays.
package tty

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"gatewatch/model"
)

// Patience bounds Look.
const Patience = 1500 * time.Millisecond

// ErrInterrupted is returned when ctrl+c was pressed while the terminal was
// asked.
var ErrInterrupted = errors.New("interrupted")

// Options say which terminal to look at.
type Options struct {
	In, Out *os.File
	// Env is the environment, as os.Environ gives it.
	Env []string
	// Run starts a program and returns what it prints; nil means the system's.
	// It is asked for tmux alone, and only inside tmux.
	Run func(ctx context.Context, name string, args ...string) (string, error)
	// Patience is the longest that Look may take, [Patience] if zero.
	Patience time.Duration
}

// Facts are what is known of a terminal.
type Facts struct {
	// Terminal is set when both input and output are a terminal; without it
	// nothing else is known.
	Terminal bool
	// Cols and Rows are the size in cells, 0 when the system does not know it.
	Cols, Rows int
	// Profile is how many colours the dashboard uses here.
	Profile colorprofile.Profile
	// Answers is what the terminal said of itself; Unasked says in words why it
	// was not asked, "" when it was.
	Answers Answers
	Unasked string
	Tmux    Tmux

	env map[string]string
}

// Answers are what a terminal said of itself. The zero value is that of one that
// keeps silent.
type Answers struct {
	// Took is how long the first answer took, unknown when none came in time.
	Took model.Opt[time.Duration]
	// Whole is set when all questions were asked and the last one was answered, so
	// that what is missing was not understood.
	Whole bool
	// Cells is how many cells wide each of Glyphs was drawn.
	Cells []model.Opt[int]
	// Sync is the state of mode 2026 as DECRPM numbers it; 0 is not recognised.
	Sync model.Opt[int]
	// Keyboard are the flags of the kitty keyboard protocol.
	Keyboard model.Opt[int]
	// Clipboard is whether the terminal says that OSC 52 is taken.
	Clipboard model.Opt[bool]
	// Version is the terminal's name and version, "" when it does not say. It is
	// foreign text.
	Version string
}

// Glyph is something whose width terminals do not agree on.
type Glyph struct {
	// Name stands for the glyph where drawing it could go wrong.
	Name string
	Text string
	kind glyphKind
}

type glyphKind uint8

const (
	ambiguous glyphKind = iota // one cell, or two in a terminal set up for CJK
	braille                    // the grid of the charts
	cjk
	emoji
	composed // several characters that make one glyph
)

// Glyphs are what is measured: of the ambiguous ones those that the dashboard is
// made of.
var Glyphs = []Glyph{
	{"●", "●", ambiguous},
	{"─", "─", ambiguous},
	{"…", "…", ambiguous},
	{"█", "█", ambiguous},
	{"⣿", "⣿", braille},
	{"好", "好", cjk},
	{"🚀", "🚀", emoji},
	{"flag", "🇯🇵", composed},
	{"family (ZWJ)", "👨‍👩‍👧", composed},
	{"cloud (VS16)", "☁️", composed},
}

// counted is the width that the dashboard's renderer takes the glyph for.
func (g Glyph) counted() int { return ansi.StringWidth(g.Text) }

// Look finds out about the terminal. Its only error is ErrInterrupted.
func Look(ctx context.Context, opt Options) (Facts, error) {
	if opt.Patience <= 0 {
		opt.Patience = Patience
	}
	ctx, cancel := context.WithTimeout(ctx, opt.Patience)
	defer cancel()
	f := Facts{env: environ(opt.Env), Profile: colorprofile.NoTTY}
	f.Terminal = term.IsTerminal(opt.In.Fd()) && term.IsTerminal(opt.Out.Fd())
	if !f.Terminal {
		return f, nil
	}
	if cols, rows, err := term.GetSize(opt.Out.Fd()); err == nil {
		f.Cols, f.Rows = cols, rows
	}
	if f.env["TMUX"] != "" {
		f.Tmux = askTmux(ctx, opt.Run)
	}
	// What the dashboard does, unless that would wait for a tmux that is silent.
	if f.env["TMUX"] == "" || f.Tmux.Version != "" {
		f.Profile = colorprofile.Detect(opt.Out, opt.Env)
	} else {
		f.Profile = colorprofile.Env(opt.Env)
	}
	if f.dumb() {
		f.Unasked = "a terminal of this type is not asked"
		return f, nil
	}
	l, err := openLine(opt.In, opt.Out)
	if err != nil {
		f.Unasked = err.Error()
		return f, nil
	}
	defer l.close()
	f.Answers, err = converse(ctx, l, f.Cols, f.refuses())
	return f, err
}

// Coloured reports whether what is printed may have colours.
func (f Facts) Coloured() bool { return f.Terminal && f.Profile >= colorprofile.ANSI }

func (f Facts) dumb() bool { return f.env["TERM"] == "" || f.env["TERM"] == "dumb" }

// refuses reports whether the terminal is known to print questions that it does
// not understand, or to hand them on.
func (f Facts) refuses() bool {
	return f.env["TERM"] == "linux" || f.env["TERM_PROGRAM"] == "Apple_Terminal" || f.screen()
}

// screen reports whether GNU screen is around us. tmux sets the same TERM.
func (f Facts) screen() bool { return f.env["STY"] != "" && f.env["TMUX"] == "" }

// tmux reports whether tmux is around us, as far as the environment or the
// answers tell: over ssh only the latter do.
func (f Facts) tmux() bool {
	return f.env["TMUX"] != "" || strings.HasPrefix(f.Answers.Version, "tmux")
}

func (f Facts) ssh() bool { return f.env["SSH_CONNECTION"] != "" || f.env["SSH_TTY"] != "" }

// locale is what the environment says of the character set, "" for nothing.
func (f Facts) locale() string {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := f.env[name]; v != "" {
			return name + "=" + v
		}
	}
	return ""
}

// drawn is the width at which the glyph of that name was drawn.
func (f Facts) drawn(name string) model.Opt[int] {
	i := slices.IndexFunc(Glyphs, func(g Glyph) bool { return g.Name == name })
	if i < 0 || i >= len(f.Answers.Cells) {
		return model.Opt[int]{}
	}
	return f.Answers.Cells[i]
}

func environ(list []string) map[string]string {
	env := map[string]string{}
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}
