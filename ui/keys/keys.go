// Package keys is the pane of API keys: what each has left, what it spent in the
// window, and whether it works.
package keys

import (
	"cmp"
	"fmt"
	"slices"
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

// Pane lists the keys, those that spent most first, and below them what no
// listed key accounts for.
type Pane struct {
	table  table.Table[id]
	filter filter.Filter
}

// id tells a key from usage of a key that is gone.
type id struct {
	key   int64
	other string
}

// Capturing reports that the pane takes no text.
func (*Pane) Capturing() bool { return false }

// SetFilter narrows the rows down.
func (p *Pane) SetFilter(f filter.Filter) { p.filter = f }

// Fields are the names that a filter can look at.
func (*Pane) Fields() []string { return []string{"key", "status", "group"} }

// Frame returns the title.
func (p *Pane) Frame(d pane.Data) pane.Frame {
	f := pane.Frame{Title: d.Words.Keys}
	if d.Summary.Counted() {
		f.Title += " · " + d.Over()
	}
	f.Note, f.Old = pane.Note(d, model.SourceKeys)
	if f.Note == "" && d.State.Keys.OK {
		f.Note = fmt.Sprint(len(d.State.Keys.V))
		if d.Summary.Counted() {
			if read := pane.Sampled(d, d.Summary.Totals.Coverage); read != "" {
				f.Note = read + " · " + f.Note
			}
		}
	}
	f.Title = d.Filtered(f.Title, p.filter)
	return f
}

func columns(d pane.Data) []table.Column {
	w := d.Words
	if sumsOnly(d) {
		return []table.Column{
			{Title: w.ColUser, Width: 16, Flex: true, Worth: 100},
			{Title: w.ColMonth, Width: 11, Right: true, Worth: 90},
			{Title: w.Created, Width: 10, Right: true, Worth: 30},
		}
	}
	return []table.Column{
		{Title: w.ColKey, Width: 15, Flex: true, Worth: 100},
		{Title: w.ColLeft, Width: 10, Right: true, Worth: 90},
		{Title: w.ColSpent, Width: 9, Right: true, Worth: 80},
		{Title: w.ColCalls, Width: 6, Right: true, Worth: 60},
		{Title: w.ColLastUsed, Width: 5, Right: true, Worth: 70},
		{Title: w.ColErrors, Width: 6, Right: true, Worth: 50},
		{Title: w.ColExpires, Width: 9, Right: true, Worth: 30},
	}
}

// sumsOnly reports whether the gateway knows of its keys, which are its users,
// only what each spent this month (opencatd).
func sumsOnly(d pane.Data) bool { return d.State.SumsOnly() }

// status says what is true of a key now, and judges it.
func status(d pane.Data, k model.APIKey) (string, theme.Style) {
	switch k.Effective(d.State.ServerNow()) {
	case model.KeyEnabled:
		return d.Words.KeyEnabled, d.Theme.Good
	case model.KeyDisabled:
		return d.Words.KeyDisabled, d.Theme.Dim
	case model.KeyExpired:
		return d.Words.KeyExpired, d.Theme.Warn
	case model.KeyExhausted:
		return d.Words.KeyExhausted, d.Theme.Bad
	}
	return fmt.Sprint(int(k.Status)), d.Theme.Warn
}

// left says what a key may still spend, or why it may not.
func left(d pane.Data, k model.APIKey) table.Cell {
	word, style := status(d, k)
	switch {
	case k.Effective(d.State.ServerNow()) != model.KeyEnabled:
		return table.Num(word, -1, style)
	case k.Unlimited:
		return table.Num(d.Words.NoLimit, 1e300, d.Theme.Dim)
	}
	style = d.Theme.Plain
	switch {
	case d.KeyLow(k.ID):
		style = d.Theme.Bad
	// Less than a tenth of what it had: it will run out.
	case k.Used.OK && k.Remaining < (k.Remaining+k.Used.V)/10:
		style = d.Theme.Warn
	}
	return table.Num(d.Money(k.Remaining), float64(k.Remaining), style)
}

// neverUsed says what is known of a key whose gateway names no time: a gateway that
// does not count what a key uses does not note when it did either (one-api and one-hub,
// unlimited keys).
func neverUsed(d pane.Data, k model.KeyUsage) string {
	if !k.Used.OK || k.Calls.V > 0 {
		return text.Unknown
	}
	return d.Words.Never
}

func (p *Pane) rows(d pane.Data) []table.Row[id] {
	th := d.Theme
	if sumsOnly(d) {
		return p.users(d)
	}
	unknown := table.Str(text.Unknown, th.Faint)
	var most model.Quota
	for _, k := range d.Summary.Keys {
		most = max(most, k.Spent.V)
	}
	for _, o := range d.Summary.Others {
		most = max(most, o.Spent)
	}
	money := d.Column(float64(most))
	var rows []table.Row[id]
	for _, k := range d.Summary.Keys {
		word, style := status(d, k.APIKey)
		if !p.filter.Match(filter.Field{Name: "key", Value: k.Name}, filter.Field{Name: "status", Value: word}, filter.Field{Name: "group", Value: k.Group}) {
			continue
		}
		sign := "● "
		if d.KeyLow(k.ID) {
			sign, style = pane.Alarm, th.Bad
		}
		spent, calls := unknown, unknown
		if k.Spent.OK {
			spent = table.Num(money(float64(k.Spent.V)), float64(k.Spent.V), th.Money)
			if k.Spent.V == 0 {
				spent.Style = th.Faint
			}
		}
		if k.Calls.OK {
			calls = table.Num(text.Short(k.Calls.V), float64(k.Calls.V), th.Plain)
		}
		used := table.Str(neverUsed(d, k), th.Faint)
		if k.LastUsed.OK {
			used = table.Num(lastUsed(d, k.LastUsed.V), float64(k.LastUsed.V), th.Dim)
		}
		expires := table.Str("", th.Dim)
		if k.Expires.OK {
			expires = table.Num(text.Moment(time.Unix(k.Expires.V, 0).In(d.Zone), d.State.Now.In(d.Zone)), -float64(k.Expires.V), th.Dim)
		}
		rows = append(rows, table.Row[id]{Key: id{key: k.ID}, Cells: []table.Cell{
			table.Str(sign+d.Name(k.Name), style), left(d, k.APIKey), spent, calls, used, pane.FailCell(th, k.ErrorRate()), expires,
		}})
	}
	sortBy(rows, spentColumn)
	for _, o := range d.Summary.Others {
		if !p.filter.Match(filter.Field{Name: "key", Value: o.Name}) {
			continue
		}
		rows = append(rows, table.Row[id]{Key: id{other: o.Name}, Cells: []table.Cell{
			table.Str("  "+fmt.Sprintf(d.Words.OtherKeys, d.Name(o.Name)), th.Dim), unknown,
			table.Num(money(float64(o.Spent)), float64(o.Spent), th.Money), table.Num(text.Short(o.Calls), float64(o.Calls), th.Plain),
			unknown, unknown, table.Str("", th.Dim),
		}})
	}
	return p.table.Arrange(rows)
}

// users are the rows of a gateway that tells only sums.
func (p *Pane) users(d pane.Data) []table.Row[id] {
	th := d.Theme
	var most model.Quota
	for _, k := range d.State.Keys.V {
		most = max(most, k.Used.V)
	}
	money := d.Column(float64(most))
	var rows []table.Row[id]
	for _, k := range d.State.Keys.V {
		if !p.filter.Match(filter.Field{Name: "key", Value: k.Name}) {
			continue
		}
		spent := table.Str(text.Unknown, th.Faint)
		if k.Used.OK {
			spent = table.Num(money(float64(k.Used.V)), float64(k.Used.V), th.Money)
		}
		created := table.Str("", th.Dim)
		if k.Created.OK {
			created = table.Num(d.Time(k.Created.V, time.DateOnly), float64(k.Created.V), th.Dim)
		}
		rows = append(rows, table.Row[id]{Key: id{key: k.ID}, Cells: []table.Cell{table.Str("● "+d.Name(k.Name), th.Good), spent, created}})
	}
	sortBy(rows, 1)
	return p.table.Arrange(rows)
}

const spentColumn = 2

// sortBy puts the keys that spend first; the others keep the gateway's order.
func sortBy(rows []table.Row[id], column int) {
	slices.SortStableFunc(rows, func(a, b table.Row[id]) int {
		return cmp.Compare(b.Cells[column].Num, a.Cells[column].Num)
	})
}

// lastUsed is an age in coarse steps; under a minute is now.
func lastUsed(d pane.Data, at int64) string {
	age := time.Duration(d.State.ServerNow()-at) * time.Second
	if age < time.Minute {
		return d.Words.Now
	}
	return text.Age(age)
}

// Update moves the cursor, changes the order and opens a key's card.
func (p *Pane) Update(msg tea.KeyPressMsg, keys pane.Keys, d pane.Data) tea.Cmd {
	rows := p.rows(d)
	at := func(i int) id { return rows[i].Key }
	if pane.Steer(&p.table, msg, keys, len(rows), len(columns(d)), at) {
		return nil
	}
	i := p.table.Selected(len(rows), at)
	if i < 0 {
		return nil
	}
	switch {
	case key.Matches(msg, keys.Enter) && rows[i].Key.other == "":
		return pane.Send(pane.Opened{Card: card(d, rows[i].Key.key)})
	case key.Matches(msg, keys.Copy):
		name := strings.TrimLeft(rows[i].Cells[0].Text, "●"+pane.Alarm)
		rows[i].Cells[0].Text = name
		return pane.Send(pane.CopyRow(name, columns(d), rows[i].Cells))
	}
	return nil
}

// card says all that is known of one key.
func card(d pane.Data, keyID int64) pane.Card {
	words := d.Words
	var c pane.Card
	for _, k := range d.Summary.Keys {
		if k.ID != keyID {
			continue
		}
		c.Title = words.Keys + " · " + d.Name(k.Name)
		word, style := status(d, k.APIKey)
		add := func(name, value string) {
			c.Rows = append(c.Rows, pane.CardRow{Name: name, Value: value})
		}
		when := func(t model.Opt[int64], none string) string {
			if !t.OK {
				return none
			}
			return d.Time(t.V, "2006-01-02 15:04")
		}
		c.Rows = append(c.Rows, pane.CardRow{Name: words.Status, Value: word, Style: style})
		add(words.ID, fmt.Sprint(k.ID))
		masked := k.Masked
		if d.Private {
			masked = "***"
		}
		add(words.Masked, text.Clean(masked))
		remaining := words.NoLimit
		if !k.Unlimited {
			remaining = fmt.Sprintf("%s (%s)", d.Money(k.Remaining), d.Count(int64(k.Remaining)))
		}
		c.Rows = append(c.Rows, pane.CardRow{Name: words.Left, Value: remaining, Style: left(d, k.APIKey).Style})
		used := text.Unknown
		if k.Used.OK {
			used = fmt.Sprintf("%s (%s)", d.Money(k.Used.V), d.Count(int64(k.Used.V)))
		}
		add(words.ColUsed, used)
		if sumsOnly(d) {
			add(words.ColMonth, used)
			add(words.Created, when(k.Created, text.Unknown))
			continue
		}
		spent := text.Unknown
		if k.Spent.OK {
			spent = fmt.Sprintf("%s · %s %s", d.Money(k.Spent.V), model.Count(k.Calls.V), words.ColCalls)
		}
		add(fmt.Sprintf(words.Window, d.Summary.Window.Label), spent)
		if k.Calls.OK {
			add(words.Errors, pane.Failures(d, k.Errors, k.ErrorRate(), k.Calls.V))
			if !k.Errors.OK {
				c.Text = append(c.Text, words.NotLoggedErrors)
			}
		}
		c.Rows = append(c.Rows, pane.Performance(d, k.Performance)...)
		if k.Coarse {
			c.Text = append(c.Text, words.WholeSeconds)
		}
		add(words.ColLastUsed, when(k.LastUsed, neverUsed(d, k)))
		add(words.Created, when(k.Created, text.Unknown))
		add(words.ColExpires, when(k.Expires, words.Never))
		if k.Group != "" {
			add(words.Group, text.Clean(k.Group))
		}
		if len(k.Models) > 0 {
			add(words.Allowed, text.Clean(strings.Join(k.Models, ", ")))
		}
	}
	return c
}

// View draws the rows.
func (p *Pane) View(d pane.Data, w, h int, focused bool) ([]string, *tea.Cursor) {
	rows := p.rows(d)
	if len(rows) == 0 || !d.State.Keys.OK {
		// Without the list, nobody can say which keys are others.
		empty := d.Words.EmptyKeys
		if !p.filter.Empty() {
			empty = d.Words.NoMatch
		}
		message, style := pane.Absent(d, model.SourceKeys, d.State.Keys.OK, empty)
		return pane.Message(message, style, w, h), nil
	}
	return pane.Padded(p.table.View(table.Look{Theme: d.Theme, W: w - 2, H: h, Focused: focused}, columns(d), len(rows),
		func(i int) id { return rows[i].Key }, func(i int) []table.Cell { return rows[i].Cells })), nil
}
