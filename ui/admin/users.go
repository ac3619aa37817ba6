package admin

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/filter"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
)

// Users lists who spent on the whole site in the window, most first.
type Users struct {
	table  table.Table[string]
	filter filter.Filter
}

// Capturing reports that the pane takes no text.
func (*Users) Capturing() bool { return false }

// SetFilter narrows the rows down.
func (p *Users) SetFilter(f filter.Filter) { p.filter = f }

// Fields are the names that a filter can look at.
func (*Users) Fields() []string { return []string{"user"} }

// Frame returns the title with the window, and how much of it was read.
func (p *Users) Frame(d pane.Data) pane.Frame {
	f := pane.Frame{Title: d.Words.Users}
	if d.Site() {
		f.Title += " · " + d.Over()
	}
	f.Note, f.Old = pane.Note(d, model.SourceCalls)
	if f.Note == "" && d.Site() {
		f.Note = pane.Sampled(d, d.Summary.Totals.Coverage)
	}
	f.Title = d.Filtered(f.Title, p.filter)
	return f
}

func userColumns(d pane.Data) []table.Column {
	w := d.Words
	return []table.Column{
		{Title: w.ColUser, Width: 14, Flex: true, Worth: 100},
		{Title: w.ColCalls, Width: 7, Right: true, Worth: 70},
		{Title: w.ColIn, Width: 7, Right: true, Worth: 40},
		{Title: w.ColOut, Width: 7, Right: true, Worth: 35},
		{Title: w.ColCost, Width: 11, Right: true, Worth: 90},
		{Title: w.ColShare, Width: 5, Right: true, Worth: 60},
	}
}

func (p *Users) rows(d pane.Data) []table.Row[string] {
	th := d.Theme
	var total, most model.Quota
	for _, u := range d.Summary.Users {
		total += u.Quota
		most = max(most, u.Quota)
	}
	money := d.Column(float64(most))
	var rows []table.Row[string]
	for _, u := range d.Summary.Users {
		if !p.filter.Match(filter.Field{Name: "user", Value: u.User}) {
			continue
		}
		share := table.Str(text.Unknown, th.Faint)
		if total > 0 {
			s := float64(u.Quota) / float64(total)
			share = table.Num(text.Percent(s), s, th.Dim)
		}
		rows = append(rows, table.Row[string]{Key: u.User, Cells: []table.Cell{
			table.Str(d.Name(u.User), th.Plain),
			table.Num(text.Short(u.Calls), float64(u.Calls), th.Plain),
			table.Num(text.Short(u.Prompt), float64(u.Prompt), th.Plain),
			table.Num(text.Short(u.Completion), float64(u.Completion), th.Plain),
			table.Num(money(float64(u.Quota)), float64(u.Quota), th.Money),
			share,
		}})
	}
	return p.table.Arrange(rows)
}

// Update moves the cursor, changes the order, and narrows the calls down to the
// user under the cursor.
func (p *Users) Update(msg tea.KeyPressMsg, keys pane.Keys, d pane.Data) tea.Cmd {
	rows := p.rows(d)
	id := func(i int) string { return rows[i].Key }
	if pane.Steer(&p.table, msg, keys, len(rows), len(userColumns(d)), id) {
		return nil
	}
	i := p.table.Selected(len(rows), id)
	if i < 0 {
		return nil
	}
	switch {
	case key.Matches(msg, keys.Enter):
		return pane.Send(pane.FilterCalls{Text: filter.Exact("user", rows[i].Key)})
	case key.Matches(msg, keys.Copy):
		return pane.Send(pane.CopyRow(rows[i].Cells[0].Text, userColumns(d), rows[i].Cells))
	}
	return nil
}

// View draws the rows.
func (p *Users) View(d pane.Data, w, h int, focused bool) ([]string, *tea.Cursor) {
	if !d.Site() {
		return pane.Message(d.Words.OnlySite, d.Theme.Dim, w, h), nil
	}
	if !d.Summary.Counted() {
		return pane.Message(d.Words.HiddenByMemory, d.Theme.Dim, w, h), nil
	}
	rows := p.rows(d)
	if len(rows) == 0 {
		empty := d.Words.EmptyModels
		if !p.filter.Empty() {
			empty = d.Words.NoMatch
		}
		message, style := pane.Absent(d, model.SourceCalls, d.State.Book().Ledger.End().OK, empty)
		return pane.Message(message, style, w, h), nil
	}
	return pane.Padded(p.table.View(table.Look{Theme: d.Theme, W: w - 2, H: h, Focused: focused}, userColumns(d), len(rows),
		func(i int) string { return rows[i].Key }, func(i int) []table.Cell { return rows[i].Cells })), nil
}
