package tty

import (
	"reflect"
	"testing"

	"gatewatch/model"
)

func TestParse(t *testing.T) {
	none := replies{modes: map[int]int{}}
	with := func(change func(*replies)) replies {
		r := replies{modes: map[int]int{}}
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		in   string
		want replies
	}{
		"nothing":               {"", none},
		"typed":                 {"ls -l\r\x1b[A\x1bOP é好", none},
		"position":              {"\x1b[12;3R", with(func(r *replies) { r.columns = []int{3} })},
		"positions":             {"\x1b[1;2Rx\x1b[1;3R", with(func(r *replies) { r.columns = []int{2, 3} })},
		"no column":             {"\x1b[R\x1b[5R", none},
		"cut":                   {"\x1b[1;2R\x1b[1;", with(func(r *replies) { r.columns = []int{2} })},
		"cut in a string":       {"\x1b[1;2R\x1bP>|foot(1", with(func(r *replies) { r.columns = []int{2} })},
		"mode":                  {"\x1b[?2026;2$y\x1b[?2027;0$y", with(func(r *replies) { r.modes[2026], r.modes[2027] = 2, 0 })},
		"keyboard":              {"\x1b[?0u", with(func(r *replies) { r.keyboard = model.Some(0) })},
		"attributes":            {"\x1b[?64;1;52c", with(func(r *replies) { r.attributes = []int{64, 1, 52} })},
		"no attributes":         {"\x1b[?c", with(func(r *replies) { r.attributes = []int{} })},
		"secondary attributes":  {"\x1b[>1;10;0c", none},
		"version":               {"\x1bP>|tmux 3.3a\x1b\\", with(func(r *replies) { r.version = "tmux 3.3a" })},
		"clipboard":             {"\x1bP1+r4d73=1b5d\x1b\\", with(func(r *replies) { r.clipboard = model.Some(true) })},
		"no clipboard":          {"\x1bP0+r4D73\x1b\\", with(func(r *replies) { r.clipboard = model.Some(false) })},
		"no clipboard, unnamed": {"\x1bP0+r\x1b\\", with(func(r *replies) { r.clipboard = model.Some(false) })},
		"another capability":    {"\x1bP1+r544e=78\x1b\\", none},
		"ctrl+c":                {"\x1b[1;2R\x03", with(func(r *replies) { r.columns, r.interrupted = []int{2}, true })},
	} {
		if got := parse([]byte(c.in)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\x1b[1;2R\x1b[?2026;2$y\x1bP>|foot\x1b\\\x1b[?52c"))
	f.Add([]byte("\x1bP1+r4D73=\x1b\\\x1b]52;c;\x07\x90\x9b1;1R"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		r := parse(b)
		var a Answers
		r.fill(&a, true)
		_ = Facts{Terminal: true, Answers: a, env: map[string]string{}}.Diagnosis()
	})
}

func TestFill(t *testing.T) {
	var a Answers
	r := parse([]byte("\x1b[1;2R\x1b[1;3R\x1b[?2026;1$y\x1bP0+r4D73\x1b\\\x1b[?62;52c"))
	r.fill(&a, true)
	if len(a.Cells) != len(Glyphs) || a.Cells[0] != model.Some(1) || a.Cells[1] != model.Some(2) || a.Cells[2].OK {
		t.Errorf("cells %+v", a.Cells)
	}
	if a.Sync != model.Some(1) || a.Clipboard != model.Some(true) {
		t.Errorf("%+v", a)
	}
	a = Answers{}
	r.fill(&a, false)
	if a.Cells != nil {
		t.Errorf("nothing was measured, but %+v", a.Cells)
	}
}
