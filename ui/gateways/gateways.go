// Package gateways is the screen of all configured gateways: what each has left,
// how fast it goes, and what is wrong.
package gateways

import (
	"fmt"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/filter"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// Pane has one line per gateway, in the order of the configuration, and a total
// below for each currency.
type Pane struct {
	table  table.Table[string]
	filter filter.Filter
}

// Capturing reports that the pane takes no text.
func (*Pane) Capturing() bool { return false }

// SetFilter narrows the rows down.
func (p *Pane) SetFilter(f filter.Filter) { p.filter = f }

// Fields are the names that a filter can look at.
func (*Pane) Fields() []string { return []string{"gateway", "dialect", "url", "health"} }

// Frame returns the title with the number of gateways.
func (p *Pane) Frame(d pane.Data) pane.Frame {
	return pane.Frame{Title: d.Filtered(d.Words.Gateways, p.filter), Note: fmt.Sprint(len(d.Fleet))}
}

func columns(d pane.Data) []table.Column {
	w := d.Words
	return []table.Column{
		{Title: w.ColGateway, Width: 14, Worth: 100},
		{Title: w.ColLeft, Width: 12, Right: true, Worth: 95},
		{Title: w.ColBurn, Width: 11, Right: true, Worth: 80},
		{Title: w.ColEmpty, Width: 9, Right: true, Worth: 70},
		{Title: w.ColDialect, Width: 9, Worth: 30},
		{Title: w.ColState, Width: 10, Flex: true, Worth: 85},
	}
}

// Sign is a mark for a gateway's condition: that of its account, or of the first
// contact while there is none.
func Sign(th *theme.Theme, s model.State, now time.Time) (string, theme.Style) {
	of := s.Sources[model.SourceAccount]
	if first := s.Sources[model.SourceStatus]; of.LastTry.IsZero() && first.Fault.Kind != model.FaultNone {
		of = first // the account waits for the first contact
	}
	switch of.Health(now) {
	case model.HealthUp:
		return "●", th.Good
	case model.HealthStale, model.HealthLimited:
		return "◐", th.Warn
	case model.HealthDown, model.HealthUnauthorised:
		return "✗", th.Bad
	case model.HealthWaiting, model.HealthOff, model.HealthUnsupported:
	}
	return "○", th.Dim
}

// wrong says in a few words what is wrong with a gateway, or that nothing is.
func wrong(d pane.Data, s model.State, now time.Time) (string, theme.Style) {
	for _, src := range []model.Source{model.SourceStatus, model.SourceAccount} {
		st := s.Sources[src]
		if st.Fault.Kind == model.FaultNone || st.Fault.Kind == model.FaultUnsupported {
			continue
		}
		says := text.Clean(st.Fault.Short)
		if !st.LastOK.IsZero() {
			says += ", " + strings.Replace(d.Words.Old, "%s", text.Age(now.Sub(st.LastOK)), 1)
		}
		return says, d.Theme.Bad
	}
	switch {
	case s.Sources[model.SourceAccount].LastOK.IsZero():
		return d.Words.Waiting, d.Theme.Dim
	case s.Account.V.Quota.OK && s.Account.V.Quota.V <= 0:
		return d.Words.NothingLeft, d.Theme.Bad
	case s.Pace.Slow:
		return d.Words.Slow, d.Theme.Warn
	}
	return d.Words.Fine, d.Theme.Dim
}

// burn is what a gateway spends an hour: from the window on the screen, else from
// the fall of its balance.
func burn(d pane.Data, i int) model.Opt[float64] {
	if i == d.Current && !d.Site() {
		return d.Summary.Forecast.PerHour
	}
	return model.Burn(d.Fleet[i])
}

func (p *Pane) rows(d pane.Data) []table.Row[string] {
	th := d.Theme
	var rows []table.Row[string]
	for i, s := range d.Fleet {
		says, style := wrong(d, s, d.State.Now)
		if !p.filter.Match(filter.Field{Name: "gateway", Value: s.Gateway.Name}, filter.Field{Name: "dialect", Value: s.Gateway.Dialect},
			filter.Field{Name: "url", Value: s.Gateway.URL}, filter.Field{Name: "health", Value: says}) {
			continue
		}
		one := d
		one.State = s
		sign, colour := Sign(th, s, d.State.Now)
		unknown := table.Str(text.Unknown, th.Faint)
		left, perHour, empty := unknown, unknown, unknown
		rate := burn(d, i)
		if q := s.Account.V.Quota; q.OK {
			left = table.Num(one.Money(q.V), s.Currency().Amount(float64(q.V)), th.Money)
			if q.V <= 0 {
				left.Style = th.Bad
			}
		}
		if rate.OK {
			perHour = table.Num(one.MoneyFloat(rate.V)+d.Words.PerHour, s.Currency().Amount(rate.V), th.Plain)
		}
		if in := model.EmptyIn(s.Account.V.Quota, rate); in.OK {
			empty = table.Num("≈"+text.Span(in.V), -in.V.Hours(), pane.LastsStyle(th, in.V))
		}
		name := text.Clean(s.Gateway.Name)
		if i == d.Current {
			name += " ◂"
		}
		rows = append(rows, table.Row[string]{Key: s.Gateway.Name, Cells: []table.Cell{
			table.Str(sign+" "+name, colour), left, perHour, empty, table.Str(text.Clean(s.Gateway.Dialect), th.Dim), table.Str(says, style),
		}})
	}
	return p.table.Arrange(rows)
}

// totals are the sums over all gateways, one line for each currency.
func totals(d pane.Data) []string {
	var out []string
	for _, sum := range model.Sums(d.Fleet, func(i int) model.Opt[float64] { return burn(d, i) }) {
		if !sum.Left.OK {
			continue
		}
		one := d
		one.State = model.State{Status: model.Some(model.Status{Currency: sum.Currency})}
		line := fmt.Sprintf(d.Words.TotalLeft, one.MoneyFloat(sum.Left.V), sum.Gateways)
		if sum.PerHour.OK {
			line += " · " + one.MoneyFloat(sum.PerHour.V) + d.Words.PerHour
		}
		out = append(out, line)
	}
	return out
}

// Update moves the cursor, changes the order and switches to the gateway under
// the cursor.
func (p *Pane) Update(msg tea.KeyPressMsg, keys pane.Keys, d pane.Data) tea.Cmd {
	rows := p.rows(d)
	id := func(i int) string { return rows[i].Key }
	if pane.Steer(&p.table, msg, keys, len(rows), len(columns(d)), id) {
		return nil
	}
	i := p.table.Selected(len(rows), id)
	if i < 0 {
		return nil
	}
	switch {
	case key.Matches(msg, keys.Enter):
		for j, s := range d.Fleet {
			if s.Gateway.Name == rows[i].Key {
				return pane.Send(pane.Switched{Index: j})
			}
		}
	case key.Matches(msg, keys.Copy):
		return pane.Send(pane.CopyRow(rows[i].Key, columns(d), rows[i].Cells))
	}
	return nil
}

// View draws the rows and the totals below them.
func (p *Pane) View(d pane.Data, w, h int, focused bool) ([]string, *tea.Cursor) {
	rows := p.rows(d)
	if len(rows) == 0 {
		return pane.Message(d.Words.NoMatch, d.Theme.Dim, w, h), nil
	}
	sums := totals(d)
	if h < len(sums)+4 {
		sums = nil
	}
	lines := pane.Padded(p.table.View(table.Look{Theme: d.Theme, W: w - 2, H: h - len(sums), Focused: focused}, columns(d), len(rows),
		func(i int) string { return rows[i].Key }, func(i int) []table.Cell { return rows[i].Cells }))
	for _, s := range sums {
		lines = append(lines, d.Theme.Strong.Text(" "+text.Left(s, w-2)+" "))
	}
	return lines, nil
}
