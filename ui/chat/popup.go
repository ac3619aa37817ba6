package chat

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
)

// popup stands over the screen until it is closed.
type popup interface {
	title(s *Screen) string
	hint(s *Screen) string
	// keys names its keys and what they do, as "tab next · esc drops".
	keys(s *Screen) string
	size(s *Screen, w, h int) (int, int)
	view(s *Screen, d pane.Data, w, h int) ([]string, *tea.Cursor)
	// press answers a key; open is false when the popup is done.
	press(s *Screen, msg tea.KeyPressMsg, d pane.Data) (cmd tea.Cmd, open bool)
	paste(msg tea.PasteMsg)
}

// choice is a row of a list.
type choice struct {
	id, search string
	cells      []table.Cell
	// why says why it cannot be chosen.
	why string
}

// list is a table to choose from, with a line to search it by.
type list struct {
	name, says string
	columns    []table.Column
	choices    func(d pane.Data) []choice
	// empty is said where there is nothing to choose, fault where that is an error.
	empty, fault, foot string
	input              textinput.Model
	table              table.Table[string]
	marked             []string
	marks              bool
	// sorts lets ← → choose the column to sort by; sort is 1 + that column, 0 the
	// order given.
	sorts bool
	sort  int
	// free is how to offer what is typed where no row is called so; "" offers it not.
	free string
	// stand is the row to stand on as soon as there are rows.
	stand  model.Opt[string]
	found  []choice
	choose func(s *Screen, d pane.Data, id string) tea.Cmd
	other  func(s *Screen, d pane.Data, key, id string) (tea.Cmd, bool)
}

func newInput() textinput.Model {
	in := textinput.New()
	in.SetVirtualCursor(false)
	in.Prompt = ""
	in.CharLimit = 4000
	in.KeyMap.Paste = key.NewBinding() // the server's clipboard is not the person's
	in.Focus()
	return in
}

func (l *list) title(*Screen) string { return l.name }
func (l *list) keys(*Screen) string  { return l.says }

func (l *list) hint(s *Screen) string {
	if s.notice != "" { // it would be under the list
		return text.Clean(s.notice)
	}
	return l.says
}

func (l *list) size(_ *Screen, w, h int) (int, int) {
	return min(w, max(40, min(100, w-8))), min(h, max(8, min(24, h-4)))
}

func (l *list) paste(msg tea.PasteMsg) { l.input, _ = l.input.Update(msg) }

// filter finds the rows that the search wants, the best first unless another order
// was chosen.
func (l *list) filter(d pane.Data) {
	all := l.choices(d)
	search := strings.TrimSpace(l.input.Value())
	l.found = all
	if search != "" {
		names := make([]string, len(all))
		for i, c := range all {
			names[i] = c.search
		}
		l.found = nil
		for _, m := range fuzzy.Find(search, names) {
			l.found = append(l.found, all[m.Index])
		}
	}
	if l.sort > 0 {
		l.found = l.arranged()
	}
	if l.free != "" && search != "" && !slices.ContainsFunc(all, func(c choice) bool { return c.id == search }) {
		l.found = append(l.found, choice{id: search, cells: []table.Cell{{Text: fmt.Sprintf(l.free, text.Clean(search)), Style: d.Theme.Dim, Span: true}}})
	}
	if l.stand.OK && len(l.found) > 0 {
		at := slices.IndexFunc(l.found, func(c choice) bool { return c.id == l.stand.V })
		l.table.Move(max(0, at), len(l.found), l.id)
		l.stand.OK = false
	}
}

// arranged are the rows in the order of a column.
func (l *list) arranged() []choice {
	rows := make([]table.Row[int], len(l.found))
	for i, c := range l.found {
		rows[i] = table.Row[int]{Key: i, Cells: c.cells}
	}
	var t table.Table[int]
	order(&t, l.sort, len(l.columns))
	out := make([]choice, len(rows))
	for i, r := range t.Arrange(rows) {
		out[i] = l.found[r.Key]
	}
	return out
}

// order sorts a table by a column, numbers from the least up: of a price, a wait and a
// share of errors the least is the best.
func order[K comparable](t *table.Table[K], by, columns int) {
	t.SortBy(by, columns)
	if by > 1 {
		t.Reverse()
	}
}

// top goes to the first row and keeps the order.
func (l *list) top() {
	l.table = table.Table[string]{}
	order(&l.table, l.sort, len(l.columns))
}

func (l *list) id(i int) string { return l.found[i].id }

func (l *list) view(s *Screen, d pane.Data, w, h int) ([]string, *tea.Cursor) {
	th := d.Theme
	l.filter(d)
	prompt := s.words.Find + " › "
	l.input.SetWidth(max(4, w-text.Width(prompt)-1))
	lines := []string{th.Focus.Text(prompt) + l.input.View(), th.Border.Text(strings.Repeat("─", max(0, w)))}
	room := h - len(lines)
	var foot []string
	below, style := l.foot, th.Faint
	if l.fault != "" && len(l.found) > 0 {
		below, style = text.Clean(l.fault), th.Warn
	}
	if below != "" && room > 6 && w > 24 {
		for _, f := range text.Wrap(below, max(1, w)) {
			foot = append(foot, style.Text(f))
		}
		room -= len(foot)
	}
	if len(l.found) == 0 {
		what, style := l.empty, th.Dim
		if l.fault != "" {
			what, style = l.fault, th.Warn
		}
		for _, m := range text.Wrap(text.Clean(what), max(1, w)) {
			lines = append(lines, style.Text(m))
		}
	} else {
		columns := slices.Clone(l.columns)
		columns[0].Title = l.lead(false, false) + columns[0].Title
		at := l.table.Selected(len(l.found), l.id)
		lines = append(lines, l.table.View(table.Look{Theme: th, W: w, H: max(0, room), Focused: true}, columns, len(l.found), l.id, func(i int) []table.Cell {
			c := l.found[i]
			cells := slices.Clone(c.cells)
			cells[0].Text = l.lead(i == at, slices.Contains(l.marked, c.id)) + cells[0].Text
			return cells
		})...)
	}
	for len(lines) < h-len(foot) {
		lines = append(lines, "")
	}
	lines = append(lines[:max(0, min(len(lines), h-len(foot)))], foot...)
	c := l.input.Cursor()
	if c != nil {
		c.X += text.Width(prompt)
	}
	return lines, c
}

// lead stands before a row: the selection is not told by colour alone.
func (l *list) lead(selected, marked bool) string {
	lead := "  "
	if selected {
		lead = "▸ "
	}
	switch {
	case marked:
		lead += "✓ "
	case l.marks:
		lead += "  "
	}
	return lead
}

func (l *list) press(s *Screen, msg tea.KeyPressMsg, d pane.Data) (tea.Cmd, bool) {
	if l.found == nil {
		l.filter(d)
	}
	n := len(l.found)
	at := ""
	if i := l.table.Selected(n, l.id); i >= 0 {
		at = l.found[i].id
	}
	switch k := msg.String(); k {
	case "esc":
		return nil, false
	case "up":
		l.table.Move(-1, n, l.id)
	case "down":
		l.table.Move(1, n, l.id)
	case "pgup":
		l.table.Move(-10, n, l.id)
	case "pgdown":
		l.table.Move(10, n, l.id)
	case "tab":
		if l.marks && at != "" {
			if i := slices.Index(l.marked, at); i >= 0 {
				l.marked = slices.Delete(l.marked, i, i+1)
			} else if len(l.marked) < 4 {
				l.marked = append(l.marked, at)
			} else {
				s.notice = s.words.FourAtMost
				return nil, true
			}
			l.table.Move(1, n, l.id)
		}
	case "enter":
		if at == "" {
			return nil, true
		}
		if why := l.found[l.table.Selected(n, l.id)].why; why != "" {
			s.notice = why
			return nil, true
		}
		s.pop = nil // closed first: what is chosen may open another
		cmd := l.choose(s, d, at)
		return cmd, s.pop != nil
	case "left", "right":
		if l.sorts {
			step, all := 1, len(l.columns)+1
			if k == "left" {
				step = all - 1
			}
			l.sort = (l.sort + step) % all
			l.top()
			return nil, true
		}
		fallthrough
	default:
		if l.other != nil && at != "" {
			if cmd, done := l.other(s, d, k, at); done {
				return cmd, true
			}
		}
		var cmd tea.Cmd
		l.input, cmd = l.input.Update(msg)
		l.top()
		l.filter(d)
		return cmd, true
	}
	return nil, true
}

// question asks before something is done: only one key does it, and that is on
// no habit.
type question struct {
	name, says, text string
	key              string
	do               func(s *Screen) tea.Cmd
	back             popup // what it came from
}

func (q *question) title(*Screen) string { return q.name }
func (q *question) hint(*Screen) string  { return q.says }
func (q *question) keys(*Screen) string  { return q.says }
func (q *question) paste(tea.PasteMsg)   {}

func (q *question) size(_ *Screen, w, _ int) (int, int) {
	w = min(w, 64)
	return w, len(wrap(q.text, max(1, w-4))) + 2
}

func (q *question) view(_ *Screen, _ pane.Data, w, _ int) ([]string, *tea.Cursor) {
	return wrap(q.text, max(1, w)), nil
}

func (q *question) press(s *Screen, msg tea.KeyPressMsg, _ pane.Data) (tea.Cmd, bool) {
	if msg.String() != q.key {
		s.pop = q.back
		return nil, s.pop != nil
	}
	s.pop = nil
	return q.do(s), s.pop != nil
}
