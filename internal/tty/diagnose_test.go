package tty

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"gatewatch/model"
)

// good are the facts of a terminal without a fault.
func good(env ...string) Facts {
	f := Facts{
		Terminal: true, Cols: 120, Rows: 40, Profile: colorprofile.TrueColor,
		Answers: Answers{
			Took: model.Some(time.Millisecond), Whole: true, Sync: model.Some(2), Keyboard: model.Some(0), Clipboard: model.Some(true), Version: "kitty(0.40)",
		},
		env: environ(append([]string{"TERM=xterm-kitty", "COLORTERM=truecolor", "LANG=de_DE.UTF-8"}, env...)),
	}
	for _, g := range Glyphs {
		f.Answers.Cells = append(f.Answers.Cells, model.Some(g.counted()))
	}
	return f
}

func TestDiagnosisOfAGoodTerminal(t *testing.T) {
	d := good().Diagnosis()
	for _, f := range d.Findings {
		if f.Mark != model.MarkGood || f.Advice != "" || f.Says == "" {
			t.Errorf("%+v", f)
		}
	}
	if len(d.Findings) < 12 {
		t.Errorf("only %d findings", len(d.Findings))
	}
}

func TestDiagnosis(t *testing.T) {
	settings := func(pairs ...string) Tmux {
		x := Tmux{Version: "3.3a", Options: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			x.Options[pairs[i]] = pairs[i+1]
		}
		return x
	}
	cells := func(f *Facts, name string, n int) {
		for i, g := range Glyphs {
			if g.Name == name {
				f.Answers.Cells[i] = model.Some(n)
			}
		}
	}
	const tmux = "TMUX=/tmp/tmux-0/default,1,0"
	for name, c := range map[string]struct {
		env          []string
		change       func(f *Facts)
		what         string
		mark         model.Mark
		says, advice string
	}{
		"dumb":             {[]string{"TERM=dumb"}, nil, "type", model.MarkBad, "dumb", "set TERM"},
		"no type":          {[]string{"TERM="}, nil, "type", model.MarkBad, "not set", "set TERM"},
		"small":            {nil, func(f *Facts) { f.Cols = 39 }, "size", model.MarkWarn, "39 columns", "40 by 12"},
		"no size":          {nil, func(f *Facts) { f.Cols, f.Rows = 0, 0 }, "size", model.MarkWarn, "does not know", "stty"},
		"16 colours":       {nil, func(f *Facts) { f.Profile = colorprofile.ANSI }, "colours", model.MarkInfo, "16", "-256color"},
		"256 in tmux":      {[]string{tmux}, func(f *Facts) { f.Profile = colorprofile.ANSI256 }, "colours", model.MarkInfo, "256", "RGB"},
		"NO_COLOR":         {[]string{"NO_COLOR=1"}, func(f *Facts) { f.Profile = colorprofile.ASCII }, "colours", model.MarkInfo, "NO_COLOR", ""},
		"NO_COLOR=yes":     {[]string{"NO_COLOR=yes"}, nil, "colours", model.MarkWarn, "24 bit", "NO_COLOR=1"},
		"latin":            {[]string{"LANG=de_DE"}, nil, "characters", model.MarkInfo, "although", "C.UTF-8"},
		"latin, unknown":   {[]string{"LANG="}, func(f *Facts) { f.Answers.Cells = nil }, "characters", model.MarkWarn, "no locale", "C.UTF-8"},
		"LC_ALL wins":      {[]string{"LC_ALL=C"}, nil, "characters", model.MarkInfo, "LC_ALL=C", ""},
		"silent":           {nil, func(f *Facts) { f.Answers = Answers{} }, "answers", model.MarkWarn, "none", "slow line"},
		"slow":             {nil, func(f *Facts) { f.Answers = Answers{Took: model.Some(time.Second)} }, "answers", model.MarkWarn, "too slow", "late"},
		"half":             {nil, func(f *Facts) { f.Answers.Whole = false }, "answers", model.MarkWarn, "not all", ""},
		"far":              {nil, func(f *Facts) { f.Answers.Took.V = 300 * time.Millisecond }, "answers", model.MarkInfo, "far away", ""},
		"not asked":        {nil, func(f *Facts) { f.Answers, f.Unasked = Answers{}, "background" }, "answers", model.MarkInfo, "background", ""},
		"wide ●":           {nil, func(f *Facts) { cells(f, "●", 2) }, "line glyphs", model.MarkBad, "● takes 2 cells; gatewatch counts 1", "ambiguous-width"},
		"wide braille":     {nil, func(f *Facts) { cells(f, "⣿", 2) }, "braille", model.MarkBad, "2 cells", "ambiguous-width"},
		"no UTF-8":         {nil, func(f *Facts) { cells(f, "好", 3) }, "CJK", model.MarkBad, "3 cells", "UTF-8"},
		"narrow emoji":     {nil, func(f *Facts) { cells(f, "🚀", 1) }, "emoji", model.MarkWarn, "takes 1 cell;", "newer"},
		"wide family":      {nil, func(f *Facts) { cells(f, "family (ZWJ)", 6) }, "composed glyphs", model.MarkInfo, "never draws", ""},
		"no 2026":          {nil, func(f *Facts) { f.Answers.Sync = model.Some(0) }, "whole frames", model.MarkInfo, "does not know", ""},
		"no 2026 in tmux":  {[]string{tmux}, func(f *Facts) { f.Answers.Sync.OK = false }, "whole frames", model.MarkInfo, "does not know", "3.7"},
		"plain keyboard":   {nil, func(f *Facts) { f.Answers.Keyboard.OK = false }, "keyboard", model.MarkInfo, "ctrl+j", ""},
		"keyboard in tmux": {[]string{tmux}, func(f *Facts) { f.Answers.Keyboard.OK = false; f.Tmux = settings("extended-keys", "off") }, "keyboard", model.MarkInfo, "ctrl+j", "extended-keys"},
		"tmux drops":       {[]string{tmux}, func(f *Facts) { f.Tmux = settings("set-clipboard", "external") }, "copying", model.MarkWarn, "external", "set-clipboard on"},
		"tmux takes":       {[]string{tmux}, func(f *Facts) { f.Tmux = settings("set-clipboard", "on") }, "copying", model.MarkGood, "hands it on", ""},
		"tmux beyond ssh":  {[]string{"SSH_TTY=/dev/pts/1"}, func(f *Facts) { f.Answers.Version, f.Answers.Clipboard.OK = "tmux 3.5", false }, "copying", model.MarkInfo, "other end", "there"},
		"screen":           {[]string{"STY=1.pts"}, nil, "copying", model.MarkWarn, "GNU screen", "tmux"},
		"Terminal.app":     {[]string{"TERM_PROGRAM=Apple_Terminal"}, func(f *Facts) { f.Answers.Clipboard.OK = false }, "copying", model.MarkWarn, "Terminal.app", "mouse"},
		"iTerm2":           {[]string{"TERM_PROGRAM=iTerm.app"}, func(f *Facts) { f.Answers.Clipboard.OK, f.Answers.Version = false, "" }, "copying", model.MarkInfo, "iTerm2", "Settings"},
		"xterm":            {nil, func(f *Facts) { f.Answers.Clipboard.OK, f.Answers.Version = false, "XTerm(380)" }, "copying", model.MarkInfo, "xterm", "disallowedWindowOps"},
		"known":            {nil, func(f *Facts) { f.Answers.Clipboard.OK = false }, "copying", model.MarkGood, "known", ""},
		"unknown":          {[]string{"TERM=vt220"}, func(f *Facts) { f.Answers.Clipboard.OK, f.Answers.Version = false, "" }, "copying", model.MarkInfo, "does not say", "paste"},
		"tmux":             {[]string{tmux}, func(f *Facts) { f.Tmux = settings() }, "tmux", model.MarkGood, "3.3a", "outside"},
		"tmux silent":      {[]string{tmux}, func(f *Facts) { f.Tmux = Tmux{Fault: "tmux cannot be asked: gone"} }, "tmux", model.MarkInfo, "gone", ""},
		"slow esc":         {[]string{tmux}, func(f *Facts) { f.Tmux = settings("escape-time", "500") }, "tmux escape-time", model.MarkWarn, "500 ms", "escape-time 10"},
		"fast esc":         {[]string{tmux}, func(f *Facts) { f.Tmux = settings("escape-time", "10") }, "tmux escape-time", model.MarkGood, "10 ms", ""},
		"no focus":         {[]string{tmux}, func(f *Facts) { f.Tmux = settings("focus-events", "off") }, "tmux focus-events", model.MarkInfo, "off", "focus-events on"},
		"no passthrough":   {[]string{tmux}, func(f *Facts) { f.Tmux = settings("allow-passthrough", "off") }, "tmux allow-passthrough", model.MarkInfo, "off", "notifications"},
		"passthrough":      {[]string{tmux}, func(f *Facts) { f.Tmux = settings("allow-passthrough", "all") }, "tmux allow-passthrough", model.MarkGood, "all", ""},
		"few tmux colours": {[]string{tmux}, func(f *Facts) { f.Tmux = settings("default-terminal", "screen") }, "tmux default-terminal", model.MarkWarn, "screen", "tmux-256color"},
		"zellij":           {[]string{"ZELLIJ=0"}, nil, "zellij", model.MarkInfo, "zellij", "outside"},
		"ssh":              {[]string{"SSH_CONNECTION=10.0.0.1 5 10.0.0.2 22"}, nil, "ssh", model.MarkInfo, "ssh session", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := good(c.env...)
			if c.change != nil {
				c.change(&f)
			}
			for _, got := range f.Diagnosis().Findings {
				if got.What != c.what {
					continue
				}
				if got.Mark != c.mark || !strings.Contains(got.Says, c.says) || !strings.Contains(got.Advice, c.advice) || (c.advice == "" && got.Mark == model.MarkGood && got.Advice != "") {
					t.Errorf("%+v", got)
				}
				return
			}
			t.Errorf("no finding of %q", c.what)
		})
	}
}

// TestNoFindingOfWhatWasNotAsked keeps silence from being taken for a no.
func TestNoFindingOfWhatWasNotAsked(t *testing.T) {
	f := good()
	f.Answers = Answers{Took: model.Some(time.Second)}
	for _, got := range f.Diagnosis().Findings {
		switch got.What {
		case "line glyphs", "braille", "CJK", "emoji", "composed glyphs", "whole frames", "keyboard":
			t.Errorf("%+v", got)
		}
	}
}

func TestAskTmux(t *testing.T) {
	var asked []string
	run := func(_ context.Context, name string, args ...string) (string, error) {
		asked = append(asked, strings.Join(append([]string{name}, args...), " "))
		switch args[len(args)-1] {
		case "-V":
			return "tmux 3.2\n", nil
		case "allow-passthrough":
			return "", nil // older than the option
		case "set-clipboard":
			return "external\n", nil
		}
		return "x\n", nil
	}
	x := askTmux(t.Context(), run)
	if x.Version != "3.2" || x.Fault != "" || x.Options["set-clipboard"] != "external" || x.Options["allow-passthrough"] != "" {
		t.Errorf("%+v", x)
	}
	for _, command := range asked {
		if command != "tmux -V" && !strings.HasPrefix(command, "tmux show-options -gqv ") {
			t.Errorf("it ran %q", command)
		}
	}
	x = askTmux(t.Context(), func(context.Context, string, ...string) (string, error) { return "", errors.New("no tmux") })
	if x.Version != "" || !strings.Contains(x.Fault, "no tmux") {
		t.Errorf("%+v", x)
	}
	x = askTmux(t.Context(), func(_ context.Context, _ string, args ...string) (string, error) {
		if args[0] == "-V" {
			return "tmux 3.2\n", nil
		}
		return "", errors.New("no server running")
	})
	if x.Version != "" || !strings.Contains(x.Fault, "no server") {
		t.Errorf("%+v", x)
	}
}
