package chat

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
)

// compare is one question to several models, side by side.
type compare struct {
	lanes []*item
	views []transcript
	at    int
}

// narrowLane is the least width of a column, in cells.
const narrowLane = 36

// startCompare asks every model the same.
func (s *Screen) startCompare() tea.Cmd {
	c := &compare{}
	messages := s.messages()
	var cmds []tea.Cmd
	for _, name := range s.versus {
		set := s.conv.Settings
		set.Model = name
		it := newItem(Message{})
		it.bare = true
		c.lanes = append(c.lanes, it)
		c.views = append(c.views, transcript{items: []*item{it}, follow: true})
		cmds = append(cmds, s.ask(it, set, messages))
	}
	s.cmp = c
	s.script.items = s.items
	s.least = model.Opt[float64]{}
	s.setFocus(onTranscript)
	return tea.Batch(append(cmds, s.save())...)
}

// message is what is stored while none is picked: the answer under the cursor,
// with the others beside it.
func (c *compare) message() Message {
	m := c.lanes[c.at].message()
	m.Former, m.Nth = nil, c.at+1
	for i, it := range c.lanes {
		if i != c.at {
			f := it.message()
			f.Nth = i + 1
			m.Former = append(m.Former, f)
		}
	}
	return m
}

// pick goes on with the answer under the cursor.
func (s *Screen) pick() {
	m := s.cmp.message()
	s.conv.Model = m.Model
	s.items = append(s.items, newItem(m))
	s.cmp, s.versus = nil, nil
	s.dirty = true
	s.see()
}

// run answers the keys that mean something else here and reports whether it did.
func (c *compare) run(s *Screen, name string) bool {
	switch name {
	case "left":
		c.at = max(0, c.at-1)
	case "right":
		c.at = min(len(c.lanes)-1, c.at+1)
	case "write":
		if s.streaming() {
			s.notice = s.words.Busy
			return true
		}
		s.pick()
		s.setFocus(onComposer)
	default:
		return c.views[c.at].steer(name, s.shown)
	}
	return true
}

// drawCompare draws the answers side by side, and below them what each took.
func (s *Screen) drawCompare(d pane.Data, w, h int) []string {
	c := s.cmp
	rows := len(c.lanes) + 3
	if h-rows < 6 {
		rows = 0
	}
	n := max(1, min(len(c.lanes), w/narrowLane))
	first := max(0, min(c.at-n/2, len(c.lanes)-n))
	high := h - rows
	s.shown = max(1, high-2)
	lines := make([]string, high, h)
	left := w
	for i := first; i < first+n; i++ {
		wide := left / (first + n - i)
		left -= wide
		it := c.lanes[i]
		f := pane.Frame{Title: text.Clean(it.Model), Focused: i == c.at && s.focus == onTranscript && s.pop == nil}
		switch {
		case n < len(c.lanes):
			f.Note = fmt.Sprintf("%d/%d", i+1, len(c.lanes))
		case i == c.at:
			f.Mark, f.MarkStyle = "●", d.Theme.Focus
		}
		for y, l := range pane.Box(d.Theme, f, wide, high, c.views[i].view(s, d, wide-2, high-2)) {
			lines[y] += l
		}
	}
	if rows == 0 {
		return lines
	}
	f := pane.Frame{Title: s.words.Compare, Note: s.words.ComparePick}
	if q := s.question(); q != nil {
		f.Title += " · " + d.Name(nameFor(q.prompt()))
		f.Title = text.Cut(f.Title, max(12, w-10-text.Width(f.Note)))
	}
	return append(lines, pane.Box(d.Theme, f, w, rows, pane.Padded(s.compareTable(d, w-4, rows-2)))...)
}

// compareTable draws first token, speed, tokens and cost of each.
func (s *Screen) compareTable(d pane.Data, w, h int) []string {
	th, words, c := d.Theme, s.words, s.cmp
	columns := []table.Column{
		{Title: words.ColModel, Width: 14, Flex: true, Worth: 9},
		{Title: words.ColFirst, Width: 8, Right: true, Worth: 6},
		{Title: words.ColSpeed, Width: 7, Right: true, Worth: 5},
		{Title: words.ColTokens, Width: 13, Right: true, Worth: 4},
		{Title: words.ColCost, Width: 24, Right: true, Worth: 8},
	}
	var t table.Table[int]
	t.Move(c.at, len(c.lanes), func(i int) int { return i })
	return t.View(table.Look{Theme: th, W: w, H: h, Focused: true}, columns, len(c.lanes), func(i int) int { return i }, func(i int) []table.Cell {
		it := c.lanes[i]
		cells := []table.Cell{
			table.Str(text.Clean(it.Model), th.Plain), table.Str(text.Unknown, th.Faint), table.Str(text.Unknown, th.Faint),
			table.Str(text.Unknown, th.Faint), table.Str(text.Unknown, th.Faint),
		}
		if v := it.Cost.First; v.OK {
			cells[1] = table.Str(text.Took(v.V), th.Plain)
		}
		if v := speed(it.Cost); v.OK {
			cells[2] = table.Str(perSecond(v.V), th.Plain)
		}
		if u := it.Cost.Usage; u.OK {
			cells[3] = table.Str(text.Short(u.V.Prompt)+"→"+text.Short(u.V.Completion), th.Plain)
		}
		if a := s.amount(d, it.Cost, it.awaited); a != "" {
			cells[4] = table.Str(a, th.Money)
		} else if !it.End.Whole() && it.End != model.ChatOpen {
			cells[4] = table.Str(string(it.End), th.Bad)
		}
		return cells
	})
}
