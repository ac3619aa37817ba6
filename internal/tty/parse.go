package tty

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
)

// replies are what was found in a terminal's answers.
type replies struct {
	columns     []int // of each cursor position report, counted from 1
	modes       map[int]int
	keyboard    model.Opt[int]
	version     string
	attributes  []int // nil before they came
	clipboard   model.Opt[bool]
	interrupted bool
}

const ctrlC = "\x03"

// parse finds the answers in what came from a terminal. What a person typed
// meanwhile is passed over, and a sequence that is not whole is left for later.
func parse(b []byte) replies {
	r := replies{modes: map[int]int{}}
	p := ansi.NewParser()
	for len(b) > 0 {
		seq, _, n, state := ansi.DecodeSequence(b, ansi.NormalState, p)
		if n <= 0 || state != ansi.NormalState {
			break
		}
		b = b[n:]
		switch {
		case string(seq) == ctrlC:
			r.interrupted = true
		case ansi.HasCsiPrefix(seq):
			r.csi(ansi.Cmd(p.Command()), p.Params())
		case ansi.HasDcsPrefix(seq):
			r.dcs(ansi.Cmd(p.Command()), p.Params(), string(p.Data()))
		}
	}
	return r
}

func (r *replies) csi(cmd ansi.Cmd, params ansi.Params) {
	param := func(i int) int {
		n, _, _ := params.Param(i, 0)
		return n
	}
	switch cmd {
	case ansi.Cmd(ansi.Command(0, 0, 'R')):
		// F3 with a modifier looks the same, save for one that never is: the second
		// figure of a position is a column.
		if len(params) == 2 && param(1) > 0 {
			r.columns = append(r.columns, param(1))
		}
	case ansi.Cmd(ansi.Command('?', '$', 'y')):
		r.modes[param(0)] = param(1)
	case ansi.Cmd(ansi.Command('?', 0, 'u')):
		r.keyboard = model.Some(param(0))
	case ansi.Cmd(ansi.Command('?', 0, 'c')):
		r.attributes = []int{}
		for i := range params {
			r.attributes = append(r.attributes, param(i))
		}
	}
}

func (r *replies) dcs(cmd ansi.Cmd, params ansi.Params, data string) {
	switch cmd {
	case ansi.Cmd(ansi.Command('>', 0, '|')):
		r.version = data
	case ansi.Cmd(ansi.Command(0, '+', 'r')):
		known, _, _ := params.Param(0, 0)
		name, _, _ := strings.Cut(data, "=")
		// Who refuses may leave the name out; there was one question only.
		if name == "" || strings.EqualFold(name, "4D73") {
			r.clipboard = model.Some(known == 1)
		}
	}
}

// clipboardAttribute in the device attributes says that OSC 52 is taken.
const clipboardAttribute = 52

// modeSync is the number of synchronized output.
const modeSync = 2026

// fill puts the replies to questions into a. measured says whether the glyphs
// were among them.
func (r *replies) fill(a *Answers, measured bool) {
	if measured {
		a.Cells = make([]model.Opt[int], len(Glyphs))
		for i := range min(len(Glyphs), len(r.columns)) {
			a.Cells[i] = model.Some(r.columns[i] - 1)
		}
	}
	if state, ok := r.modes[modeSync]; ok {
		a.Sync = model.Some(state)
	}
	a.Keyboard, a.Version, a.Clipboard = r.keyboard, r.version, r.clipboard
	if slices.Contains(r.attributes, clipboardAttribute) {
		a.Clipboard = model.Some(true)
	}
}
