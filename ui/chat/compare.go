package chat

import (
	"fmt"
	"strings"

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
	// tabled says that a table tells what each took, so that the room is the answers'.
	tabled bool
}

const (
	// narrowLane is the least width of a column, in cells, lowLane the least height,
	// in lines, with its frame: three lines hold a sentence.
	narrowLane = 26
	lowLane    = 5
)

// Wide reports whether answers stand side by side, which want all the room that the
// terminal has.
func (s *Screen) Wide() bool { return s.cmp != nil }

// grid is how many of n lanes stand beside each other, and in how many rows: all are
// seen where there is room for them.
func grid(n, w, h int) (columns, rows int) {
	half := (n + 1) / 2
	switch {
	case w/n >= narrowLane:
		return n, 1
	case half < n && w/half >= narrowLane && h/2 >= lowLane:
		return half, 2
	}
	return max(1, w/narrowLane), 1
}

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

// drawCompare draws the question, the answers side by side, and below them what each
// took.
func (s *Screen) drawCompare(d pane.Data, w, h int) []string {
	c := s.cmp
	below, head := len(c.lanes)+3, 1
	all := func(h int) bool {
		columns, rows := grid(len(c.lanes), w, h)
		return columns*rows >= len(c.lanes)
	}
	if h-below < 6 || !all(h-below-head) && all(h-head) { // rather the answers than a table of them
		below = 0
	}
	if h-below-head < 6 {
		head = 0
	}
	c.tabled = below > 0
	var lines []string
	if head > 0 {
		lines = append(lines, d.Theme.Focus.Text("▌")+" "+text.Left(d.Name(s.askedInShort()), max(0, w-2)))
	}
	lines = append(lines, s.drawLanes(d, w, h-below-head)...)
	if below == 0 {
		return lines
	}
	f := pane.Frame{Title: s.words.Compare, Note: s.words.ComparePick}
	if s.streaming() {
		f.Note = s.words.CompareStop
	}
	if head == 0 {
		f.Title += " · " + d.Name(nameFor(s.askedInShort()))
		f.Title = text.Cut(f.Title, max(12, w-10-text.Width(f.Note)))
	}
	return append(lines, pane.Box(d.Theme, f, w, below, pane.Padded(s.compareTable(d, w-4, below-2)))...)
}

// askedInShort is the last question as one line, or what was attached to it.
func (s *Screen) askedInShort() string {
	q := s.question()
	if q == nil {
		return ""
	}
	asked := q.prompt()
	for _, p := range q.Parts {
		if asked == "" {
			asked = p.Name
		}
	}
	return strings.ToValidUTF8(strings.Join(strings.Fields(asked[:min(len(asked), 1000)]), " "), "")
}

// drawLanes draws the answers in h lines.
func (s *Screen) drawLanes(d pane.Data, w, h int) []string {
	c := s.cmp
	columns, rows := grid(len(c.lanes), w, h)
	n := min(len(c.lanes), columns*rows)
	first := max(0, min(c.at-n/2, len(c.lanes)-n))
	lines := make([]string, h)
	top := 0
	for r := range rows {
		high := (h - top) / (rows - r)
		from, to := first+r*columns, min(first+(r+1)*columns, first+n)
		left := w
		for i := from; i < to; i++ {
			wide := left / (to - i)
			left -= wide
			f := pane.Frame{Title: text.Clean(c.lanes[i].Model), Focused: i == c.at && s.focus == onTranscript && s.pop == nil}
			if it := c.lanes[i]; it.running() && it.begun() { // its foot would take the room of its words
				f.Note = s.doing(it)
			}
			switch {
			case n < len(c.lanes):
				f.Note = joined(f.Note, fmt.Sprintf("%d/%d", i+1, len(c.lanes)))
			case i == c.at:
				f.Mark, f.MarkStyle = "●", d.Theme.Focus
			}
			if f.Note != "" { // a part of the name does, a part of the note would not
				f.Title = text.Cut(f.Title, max(8, wide-11-text.Width(f.Note)))
			}
			for y, l := range pane.Box(d.Theme, f, wide, high, c.views[i].view(s, d, wide-2, high-2)) {
				lines[top+y] += l
			}
		}
		top += high
		s.shown = max(1, high-2)
	}
	return lines
}

// compareTable draws first token, speed, tokens and cost of each.
func (s *Screen) compareTable(d pane.Data, w, h int) []string {
	th, words, c := d.Theme, s.words, s.cmp
	columns := []table.Column{
		{Title: "  " + words.ColModel, Width: 16, Flex: true, Worth: 9},
		{Title: words.ColFirst, Width: 8, Right: true, Worth: 6},
		{Title: words.ColSpeed, Width: 7, Right: true, Worth: 5},
		{Title: words.ColTokens, Width: 13, Right: true, Worth: 4},
		{Title: words.ColCost, Width: 24, Right: true, Worth: 8},
	}
	var t table.Table[int]
	t.Move(c.at, len(c.lanes), func(i int) int { return i })
	return t.View(table.Look{Theme: th, W: w, H: h, Focused: true}, columns, len(c.lanes), func(i int) int { return i }, func(i int) []table.Cell {
		it, lead := c.lanes[i], "  "
		if i == c.at {
			lead = "▸ " // not by colour alone
		}
		cells := []table.Cell{
			table.Str(lead+text.Clean(it.Model), th.Plain), table.Str(text.Unknown, th.Faint), table.Str(text.Unknown, th.Faint),
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
		if a := s.amount(d, it.message(), it.awaited); a != "" {
			cells[4] = table.Str(a, th.Money)
		} else if !it.End.Whole() && it.End != model.ChatOpen {
			cells[4] = table.Str(string(it.End), th.Bad)
		}
		return cells
	})
}
