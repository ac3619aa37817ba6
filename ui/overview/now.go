package overview

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/chart"
	"gatewatch/ui/filter"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
)

// Now shows who is spending: key × model over the last five minutes, or in the
// minute under the chart's cursor.
type Now struct {
	table  table.Table[spender]
	filter filter.Filter
}

type spender struct {
	key   model.KeyRef
	user  string // of the whole site, instead of a key
	model string
}

// Capturing reports that the pane takes no text.
func (*Now) Capturing() bool { return false }

// SetFilter narrows the rows down.
func (n *Now) SetFilter(f filter.Filter) { n.filter = f }

// Fields are the names that a filter can look at.
func (*Now) Fields() []string { return []string{"key", "user", "model"} }

// Frame returns the title with the time that the figures speak of.
func (n *Now) Frame(d pane.Data) pane.Frame {
	f := pane.Frame{Title: d.Words.SpendingNow + " · 5 min"}
	f.Note, f.Old = pane.Note(d, model.SourceCalls)
	if d.Spot.OK {
		f.Title = fmt.Sprintf("%s · %s", d.Words.Spend, d.Time(d.Spot.V.From, "15:04"))
	} else if f.Note == "" {
		f.Note = pane.Sampled(d, d.Summary.NowCovered)
	}
	f.Title = d.Filtered(f.Title, n.filter)
	return f
}

// rows are the spenders that pass the filter.
func (n *Now) rows(d pane.Data) []table.Row[spender] {
	var rows []table.Row[spender]
	alarms := 0
	from, seconds := d.Summary.Now, d.Summary.NowSpan.Seconds()
	covered := d.Summary.NowCovered
	if d.Spot.OK {
		from, seconds, covered = d.Spenders, d.Spot.V.Seconds(), 1
	}
	// Where only a part was read, the rate speaks of that part.
	minutes := max(1.0/60, float64(seconds)*covered/60)
	var total model.Quota
	for _, s := range from {
		total += s.Quota
	}
	th := d.Theme
	most := 0.0
	for _, s := range from {
		most = max(most, float64(s.Quota)/minutes)
	}
	money := d.Column(most)
	for _, s := range from {
		spikes := !d.Spot.OK && d.Spiking(s.Key, s.User, s.Model)
		if s.Quota == 0 && s.Calls == 0 && !spikes {
			continue
		}
		if !n.filter.Match(filter.Field{Name: "key", Value: s.Key.Name}, filter.Field{Name: "user", Value: s.User}, filter.Field{Name: "model", Value: s.Model}) {
			continue
		}
		who := s.Key.Name
		if d.Site() {
			who = s.User
		}
		name, style, cost := d.Name(who)+" × "+text.Clean(s.Model), th.Plain, th.Money
		if spikes {
			name, style, cost = pane.Alarm+name, th.Bad, th.Bad
		}
		share := 0.0
		if total > 0 {
			share = float64(s.Quota) / float64(total)
		}
		row := table.Row[spender]{
			Key: spender{s.Key, s.User, s.Model},
			Cells: []table.Cell{
				table.Str(name, style),
				table.Num(model.Count(s.Calls), float64(s.Calls), th.Plain),
				table.Num(money(float64(s.Quota)/minutes), float64(s.Quota), cost),
				table.Num(chart.Bar(share, barWidth), share, th.Bar),
			},
		}
		// Calls that fail cost nothing: an alert comes first, so that it is seen.
		if spikes {
			rows = slices.Insert(rows, alarms, row)
			alarms++
		} else {
			rows = append(rows, row)
		}
	}
	return n.table.Arrange(rows)
}

const barWidth = 10

func (n *Now) columns(d pane.Data) []table.Column {
	who := d.Words.ColKey
	if d.Site() {
		who = d.Words.ColUser
	}
	return []table.Column{
		{Title: who + " × " + d.Words.ColModel, Width: 22, Flex: true, Worth: 10},
		{Title: d.Words.ColCalls, Width: 5, Right: true, Worth: 3},
		{Title: unit(d) + d.Words.PerMinute, Width: 9, Right: true, Worth: 9},
		{Title: d.Words.ColShare, Width: barWidth, Worth: 5},
	}
}

// Update moves the cursor, changes the order, and narrows the calls down to the
// row under the cursor.
func (n *Now) Update(msg tea.KeyPressMsg, keys pane.Keys, d pane.Data) tea.Cmd {
	rows := n.rows(d)
	id := func(i int) spender { return rows[i].Key }
	if pane.Steer(&n.table, msg, keys, len(rows), len(n.columns(d)), id) {
		return nil
	}
	i := n.table.Selected(len(rows), id)
	if i < 0 {
		return nil
	}
	switch r := rows[i]; {
	case key.Matches(msg, keys.Enter):
		who := filter.Exact("key", r.Key.key.Name)
		if d.Site() {
			who = filter.Exact("user", r.Key.user)
		}
		return pane.Send(pane.FilterCalls{Text: who + " " + filter.Exact("model", r.Key.model)})
	case key.Matches(msg, keys.Copy):
		r.Cells[0].Text = strings.TrimPrefix(r.Cells[0].Text, pane.Alarm)
		return pane.Send(pane.CopyRow(r.Cells[0].Text, n.columns(d), r.Cells))
	}
	return nil
}

// View draws the rows.
func (n *Now) View(d pane.Data, w, h int, focused bool) ([]string, *tea.Cursor) {
	rows := n.rows(d)
	if len(rows) == 0 {
		empty := d.Words.EmptyNow
		if !n.filter.Empty() {
			empty = d.Words.NoMatch
		}
		message, style := pane.Absent(d, model.SourceCalls, d.Summary.NowCovered >= 1 || d.Spot.OK, empty)
		return pane.Message(message, style, w, h), nil
	}
	return pane.Padded(n.table.View(table.Look{Theme: d.Theme, W: w - 2, H: h, Focused: focused}, n.columns(d), len(rows),
		func(i int) spender { return rows[i].Key }, func(i int) []table.Cell { return rows[i].Cells })), nil
}
