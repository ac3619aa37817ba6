package tty

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/colorprofile"

	"gatewatch/model"
)

// The smallest screen on which the dashboard shows more than the balance.
const (
	leastCols = 40
	leastRows = 12
)

// Diagnosis judges the facts for the dashboard.
func (f Facts) Diagnosis() model.Diagnosis {
	d := model.Diagnosis{Name: "terminal"}
	if !f.Terminal {
		d.Findings = []model.Finding{{
			What: "terminal", Mark: model.MarkInfo,
			Says:   "standard input or output is no terminal: there is nothing to ask",
			Advice: "run gatewatch doctor by itself, without a pipe, to learn what the terminal can do",
		}}
		return d
	}
	add := func(list ...model.Finding) { d.Findings = append(d.Findings, list...) }
	add(f.kind(), f.size(), f.colours(), f.characters(), f.answering())
	add(f.widths()...)
	if f.Answers.Whole {
		add(f.synchronized(), f.keyboard())
	}
	add(f.clipboard())
	add(f.around()...)
	if f.ssh() {
		add(model.Finding{What: "ssh", Mark: model.MarkInfo, Says: "this is an ssh session: copying and notifications go through the terminal at its other end"})
	}
	return d
}

func (f Facts) kind() model.Finding {
	var names []string
	for _, name := range []string{"TERM", "COLORTERM", "TERM_PROGRAM"} {
		if v := f.env[name]; v != "" {
			names = append(names, name+"="+v)
		}
	}
	if v := f.Answers.Version; v != "" {
		names = append(names, "it calls itself "+v)
	}
	g := model.Finding{What: "type", Mark: model.MarkGood, Says: strings.Join(names, " · ")}
	if f.dumb() {
		g.Mark, g.Advice = model.MarkBad, "set TERM to what your terminal is, such as xterm-256color; until then: gatewatch once"
		g.Says = "TERM is " + f.env["TERM"] + ": the dashboard cannot draw"
		if f.env["TERM"] == "" {
			g.Says = "TERM is not set: the dashboard cannot draw"
		}
	}
	return g
}

func (f Facts) size() model.Finding {
	g := model.Finding{What: "size", Mark: model.MarkGood, Says: fmt.Sprintf("%d columns, %d rows", f.Cols, f.Rows)}
	switch {
	case f.Cols <= 0 || f.Rows <= 0:
		g.Mark, g.Says, g.Advice = model.MarkWarn, "the system does not know it", "tell it, for example: stty cols 120 rows 40"
	case f.Cols < leastCols || f.Rows < leastRows:
		g.Mark, g.Advice = model.MarkWarn, fmt.Sprintf("make it at least %d by %d: below, most panes are left out", leastCols, leastRows)
	}
	return g
}

func (f Facts) colours() model.Finding {
	g := model.Finding{What: "colours", Mark: model.MarkGood}
	switch f.Profile {
	case colorprofile.TrueColor:
		g.Says = "24 bit"
	case colorprofile.ANSI256:
		g.Says = "256"
		if f.tmux() {
			g.Mark, g.Advice = model.MarkInfo, `if the terminal around tmux has more, in tmux.conf: set -as terminal-features ",*:RGB"`
		}
	case colorprofile.ANSI:
		g.Says = "16"
		g.Mark, g.Advice = model.MarkInfo, "a TERM that ends in -256color, or COLORTERM=truecolor, would give more"
	default:
		g.Says, g.Mark = "none; marks and signs say the same", model.MarkInfo
	}
	if v, ok := f.env["NO_COLOR"]; ok && v != "" {
		if on, err := strconv.ParseBool(v); err == nil && on {
			g.Says += ", since NO_COLOR is set"
		} else {
			g.Mark, g.Advice = model.MarkWarn, "NO_COLOR="+v+" has no effect here: set NO_COLOR=1 for no colours, or unset it"
		}
	}
	return g
}

func (f Facts) characters() model.Finding {
	locale := f.locale()
	g := model.Finding{What: "characters", Mark: model.MarkGood, Says: "UTF-8 (" + locale + ")"}
	upper := strings.ToUpper(locale)
	if strings.Contains(upper, "UTF-8") || strings.Contains(upper, "UTF8") || runtime.GOOS == "windows" {
		return g
	}
	if locale == "" {
		locale = "no locale is set"
	}
	// gatewatch writes UTF-8 whatever the locale; others go by it.
	g.Mark, g.Says, g.Advice = model.MarkWarn, locale+", which is not UTF-8", "export LANG=C.UTF-8: tmux and editors go by it"
	if f.drawn("好") == model.Some(2) {
		g.Mark, g.Says = model.MarkInfo, g.Says+", although the terminal draws UTF-8"
	}
	return g
}

func (f Facts) answering() model.Finding {
	g := model.Finding{What: "answers", Mark: model.MarkGood}
	took := f.Answers.Took
	g.Took = took.V
	switch {
	case f.Unasked != "":
		g.Mark, g.Says = model.MarkInfo, "not asked: "+f.Unasked
	case !took.OK:
		g.Mark, g.Says = model.MarkWarn, "none: it did not say where the cursor is"
		g.Advice = "nothing that is asked of it can be found out; a slow line or a simple terminal is the usual cause"
	case !f.Answers.Whole && took.V >= 200*time.Millisecond:
		g.Mark, g.Says = model.MarkWarn, "too slow to ask more of it"
		g.Advice = "the line is slow: keys will be felt late"
	case !f.Answers.Whole:
		g.Mark, g.Says = model.MarkWarn, "where the cursor is, but not all that was asked after it"
	default:
		g.Says = "it answers what it is asked"
		if took.V >= 150*time.Millisecond {
			g.Mark, g.Says = model.MarkInfo, "it answers, from far away: keys will be felt late"
		}
	}
	return g
}

// widths judge what was drawn, one finding for each kind of glyph.
func (f Facts) widths() []model.Finding {
	if f.Answers.Cells == nil {
		return nil
	}
	var list []model.Finding
	for _, k := range []struct {
		kind glyphKind
		what string
	}{{ambiguous, "line glyphs"}, {braille, "braille"}, {cjk, "CJK"}, {emoji, "emoji"}, {composed, "composed glyphs"}} {
		if g, ok := f.width(k.kind, k.what); ok {
			list = append(list, g)
		}
	}
	return list
}

func (f Facts) width(kind glyphKind, what string) (model.Finding, bool) {
	var all, wrong []string
	var counted int
	for i, glyph := range Glyphs {
		if glyph.kind != kind || !f.Answers.Cells[i].OK {
			continue
		}
		cells := f.Answers.Cells[i].V
		counted = glyph.counted()
		all = append(all, glyph.Name)
		if cells != counted {
			wrong = append(wrong, fmt.Sprintf("%s takes %s", glyph.Name, plural(cells, "cell")))
		}
	}
	if len(all) == 0 {
		return model.Finding{}, false
	}
	each := ""
	if len(all) > 1 {
		each = " each"
	}
	g := model.Finding{What: what, Mark: model.MarkGood, Says: fmt.Sprintf("%s: %s%s, as gatewatch counts", strings.Join(all, " "), plural(counted, "cell"), each)}
	if kind == composed {
		g.Says = strings.Join(all, ", ") + ": " + plural(counted, "cell") + each
	}
	if len(wrong) == 0 {
		return g, true
	}
	g.Mark = model.MarkBad
	g.Says = strings.Join(wrong, ", ") + fmt.Sprintf("; gatewatch counts %d", counted)
	switch kind {
	case ambiguous, braille:
		g.Advice = "columns will not line up: let ambiguous-width characters be narrow in the terminal's settings"
	case cjk:
		g.Advice = "columns will not line up: is the terminal set to UTF-8?"
	case emoji:
		g.Mark, g.Advice = model.MarkWarn, "rows with emoji in a name will not line up; a newer terminal counts them as Unicode does"
	case composed:
		// Cleaning takes them apart before anything is drawn.
		g.Mark, g.Says = model.MarkInfo, g.Says+", and never draws them"
	}
	return g, true
}

func (f Facts) synchronized() model.Finding {
	g := model.Finding{What: "whole frames", Mark: model.MarkInfo, Says: "the terminal does not know synchronized output (mode 2026): a frame may show half drawn on a slow line"}
	if s := f.Answers.Sync; s.OK && s.V >= 1 && s.V <= 3 {
		g.Mark, g.Says = model.MarkGood, "synchronized output (mode 2026) is known"
	} else if f.tmux() {
		g.Advice = "tmux knows it from 3.7 on"
	}
	return g
}

func (f Facts) keyboard() model.Finding {
	if f.Answers.Keyboard.OK {
		return model.Finding{What: "keyboard", Mark: model.MarkGood, Says: "the kitty keyboard protocol is known: shift+enter is told from enter"}
	}
	g := model.Finding{What: "keyboard", Mark: model.MarkInfo, Says: "plain: shift+enter is enter; alt+enter and ctrl+j make a new line"}
	if f.Tmux.Version != "" && f.Tmux.Options["extended-keys"] == "off" {
		g.Advice = "tmux can tell more keys apart, in tmux.conf: set -s extended-keys on"
	}
	return g
}

// copiers are terminals that take OSC 52 as they come, by what they call
// themselves in lower case.
var copiers = []string{"kitty", "wezterm", "ghostty", "foot", "alacritty", "contour", "rio", "windows terminal", "mintty"}

// clipboard is whether y can copy, for which OSC 52 must be taken by everything
// on the way.
func (f Facts) clipboard() model.Finding {
	g := model.Finding{What: "copying", Mark: model.MarkGood}
	name := strings.ToLower(f.Answers.Version + " " + f.env["TERM_PROGRAM"] + " " + f.env["TERM"])
	if f.env["WT_SESSION"] != "" {
		name += " windows terminal"
	}
	known := slices.ContainsFunc(copiers, func(s string) bool { return strings.Contains(name, s) })
	switch set := f.Tmux.Options["set-clipboard"]; {
	case set == "on":
		g.Says = "tmux takes OSC 52 and hands it on (set-clipboard on)"
	case set != "":
		g.Mark, g.Says, g.Advice = model.MarkWarn, "tmux drops OSC 52 (set-clipboard "+set+")", "in tmux.conf: set -g set-clipboard on"
	case f.screen():
		g.Mark, g.Says, g.Advice = model.MarkWarn, "GNU screen does not hand OSC 52 on", "select with the mouse, or use tmux"
	case f.Answers.Clipboard == model.Some(true):
		g.Says = "the terminal says that it takes OSC 52"
	case f.env["TERM_PROGRAM"] == "Apple_Terminal":
		g.Mark, g.Says, g.Advice = model.MarkWarn, "Terminal.app does not take OSC 52", "select with the mouse, or use another terminal"
	case f.tmux():
		g.Mark, g.Says = model.MarkInfo, "it depends on the tmux at the other end of the ssh session"
		g.Advice = "in the tmux.conf there: set -g set-clipboard on"
	case strings.Contains(name, "iterm"):
		g.Mark, g.Says = model.MarkInfo, "iTerm2 takes OSC 52 when its settings allow it"
		g.Advice = "Settings, General, Selection: applications in terminal may access clipboard"
	case strings.Contains(name, "xterm("):
		g.Mark, g.Says = model.MarkInfo, "xterm takes OSC 52 when its resources allow it"
		g.Advice = "XTerm*disallowedWindowOps: 20,21,SetXprop"
	case known:
		g.Says = "this terminal is known to take OSC 52"
	default:
		g.Mark, g.Says, g.Advice = model.MarkInfo, "the terminal does not say whether it takes OSC 52", "try it: y on a row of the dashboard, then paste"
	}
	return g
}

// around is what stands between us and the terminal.
func (f Facts) around() []model.Finding {
	switch {
	case f.screen():
		return []model.Finding{{
			What: "screen", Mark: model.MarkInfo, Says: "GNU screen answers in place of the terminal around it",
			Advice: "for that one, run gatewatch doctor outside",
		}}
	case f.env["ZELLIJ"] != "":
		return []model.Finding{{
			What: "zellij", Mark: model.MarkInfo, Says: "zellij answers in place of the terminal around it",
			Advice: "for that one, run gatewatch doctor outside",
		}}
	case f.Tmux.Fault != "":
		return []model.Finding{{What: "tmux", Mark: model.MarkInfo, Says: f.Tmux.Fault}}
	case f.Tmux.Version == "" && f.tmux():
		return []model.Finding{{What: "tmux", Mark: model.MarkInfo, Says: f.Answers.Version + " at the other end of the ssh session: its settings cannot be asked here"}}
	case f.Tmux.Version == "":
		return nil
	}
	opt := f.Tmux.Options
	list := []model.Finding{{
		What: "tmux", Mark: model.MarkGood, Says: f.Tmux.Version + ", which answers in place of the terminal around it",
		Advice: "for that one, run gatewatch doctor outside",
	}}
	option := func(name string, good bool, mark model.Mark, advice string) {
		if opt[name] == "" {
			return // older than the option
		}
		g := model.Finding{What: "tmux " + name, Mark: model.MarkGood, Says: opt[name]}
		if !good {
			g.Mark, g.Advice = mark, advice
		}
		list = append(list, g)
	}
	term := opt["default-terminal"]
	option("default-terminal", strings.HasPrefix(term, "tmux") || strings.HasSuffix(term, "-256color"), model.MarkWarn,
		`few colours; in tmux.conf: set -g default-terminal "tmux-256color"`)
	// Every esc waits that long, and a person notices about a tenth of a second.
	ms, err := strconv.Atoi(opt["escape-time"])
	if err == nil {
		opt = maps.Clone(opt)
		opt["escape-time"] += " ms"
	}
	option("escape-time", err == nil && ms <= 100, model.MarkWarn, "esc is felt that much later; in tmux.conf: set -sg escape-time 10")
	option("focus-events", opt["focus-events"] != "off", model.MarkInfo,
		"gatewatch cannot know when it is being looked at, which decides about notifications; in tmux.conf: set -g focus-events on")
	option("allow-passthrough", opt["allow-passthrough"] != "off", model.MarkInfo,
		"notifications do not get through; in tmux.conf: set -g allow-passthrough on")
	return list
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
