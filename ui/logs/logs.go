// Package logs is the pane of live calls: the newest rows of the gateway's log.
package logs

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/filter"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

const (
	// most bounds the rows that can be scrolled through, looked the rows that a
	// filter looks at.
	most   = 2000
	looked = 10_000
)

// Pane lists the calls, newest first. While its cursor is on the first row new
// calls push the others down; elsewhere it stays on its call.
type Pane struct {
	table  table.Table[id]
	filter filter.Filter
}

// id tells one call from another. Equal rows are legal and share one: the cursor
// then stands on the newer.
type id struct {
	at         int64
	request    string
	key, model string
	quota      model.Quota
}

// Capturing reports that the pane takes no text.
func (*Pane) Capturing() bool { return false }

// SetFilter narrows the rows down.
func (p *Pane) SetFilter(f filter.Filter) { p.filter = f }

// Fields are the names that a filter can look at.
func (*Pane) Fields() []string {
	return []string{"key", "model", "kind", "user", "group", "channel", "request", "says"}
}

// Frame returns the title and whether the list follows the log.
func (p *Pane) Frame(d pane.Data) pane.Frame {
	f := pane.Frame{Title: d.Words.Calls}
	f.Note, f.Old = pane.Note(d, model.SourceCalls)
	if p.table.Following() {
		f.Title += " · " + d.Words.Follow
	}
	f.Title = d.Filtered(f.Title, p.filter)
	return f
}

func columns(d pane.Data) []table.Column {
	w := d.Words
	who := w.ColKey
	if d.Site() {
		who = w.ColUser
	}
	list := []table.Column{
		{Title: w.ColTime, Width: 8, Worth: 80},
		{Title: who, Width: 16, Worth: 85},
		{Title: w.ColModel, Width: 22, Flex: true, Worth: 90},
		{Title: w.ColTokens, Width: 12, Right: true, Worth: 60},
		{Title: w.ColCost, Width: 10, Right: true, Worth: 100},
		{Title: w.ColTook, Width: 6, Right: true, Worth: 50},
		{Title: w.ColFirst, Width: 6, Right: true, Worth: 40},
	}
	if d.Site() {
		list = append(list, table.Column{Title: w.ColChannel, Width: 8, Worth: 30})
	}
	return list
}

// kind is a row's kind in words; a paid call has none.
func kind(d pane.Data, k model.Kind) (string, theme.Style) {
	w, th := d.Words, d.Theme
	switch k {
	case model.KindConsume:
		return "", th.Plain
	case model.KindError:
		return w.Error, th.Bad
	case model.KindRefund:
		return w.Refund, th.Good
	case model.KindTopUp:
		return w.TopUp, th.Good
	case model.KindManage:
		return w.Manage, th.Dim
	case model.KindSystem:
		return w.System, th.Dim
	case model.KindLogin:
		return w.Login, th.Dim
	case model.KindTest:
		return w.Test, th.Dim
	case model.KindCheckIn:
		return w.CheckIn, th.Good
	}
	return w.Row, th.Dim
}

// calls are the rows that pass the filter, newest first.
func (p *Pane) calls(d pane.Data) []*model.Call {
	var out []*model.Call
	n := 0
	for c := range d.State.Book().Calls.Newest() {
		if p.filter.Empty() || p.passes(d, c) {
			out = append(out, c)
		}
		if n++; len(out) == most || n == looked {
			break
		}
	}
	return out
}

func (p *Pane) passes(d pane.Data, c *model.Call) bool {
	word, _ := kind(d, c.Kind)
	return p.filter.Match(
		filter.Field{Name: "key", Value: c.Key}, filter.Field{Name: "model", Value: c.Model}, filter.Field{Name: "kind", Value: word},
		filter.Field{Name: "user", Value: c.User}, filter.Field{Name: "group", Value: c.Group}, filter.Field{Name: "channel", Value: c.Channel},
		filter.Field{Name: "request", Value: c.RequestID}, filter.Field{Name: "says", Value: c.Detail})
}

func keyOf(c *model.Call) id { return id{c.At, c.RequestID, c.Key, c.Model, c.Quota} }

// cells are the values of one row. Costs are printed to the gateway's unit.
func cells(d pane.Data, c *model.Call) []table.Cell {
	th := d.Theme
	money := d.Column(0)
	none := table.Str("", th.Plain)
	who := c.Key
	if d.Site() {
		who = c.User
	}
	out := []table.Cell{
		table.Str(d.Time(c.At, "15:04:05"), th.Dim), table.Str(d.Name(who), th.Plain), table.Str(text.Clean(c.Model), th.Plain),
		none, none, none, none,
	}
	if d.Site() {
		out = append(out, table.Str(text.Clean(c.Channel), th.Dim))
	}
	word, style := kind(d, c.Kind)
	switch c.Kind {
	case model.KindConsume:
		out[3] = table.Str(text.Short(c.Prompt)+"→"+text.Short(c.Completion), th.Plain)
		out[4] = table.Str(money(float64(c.Quota)), th.Money)
		if c.Took.OK {
			s := text.Took(c.Took.V)
			if c.Coarse {
				s = text.TookCoarse(c.Took.V)
			}
			out[5] = table.Str(s, th.Plain)
		}
		if c.FirstToken.OK {
			out[6] = table.Str(text.Took(c.FirstToken.V), th.Plain)
		}
	default:
		// What is no paid call says what it is over the rest of the row.
		says := word
		if c.Quota != 0 {
			says += " " + d.Money(c.Quota)
		}
		if c.Detail != "" {
			says += " · " + d.Name(c.Detail)
		}
		from := 3
		if c.Model == "" {
			from = 2
		}
		out[from] = table.Cell{Text: says, Style: style, Span: true}
	}
	return out
}

// Update moves the cursor and opens a call's card. The order is the log's own.
func (p *Pane) Update(msg tea.KeyPressMsg, keys pane.Keys, d pane.Data) tea.Cmd {
	if key.Matches(msg, keys.Left, keys.Right, keys.Reverse) {
		return nil
	}
	calls := p.calls(d)
	at := func(i int) id { return keyOf(calls[i]) }
	if pane.Steer(&p.table, msg, keys, len(calls), 0, at) {
		return nil
	}
	i := p.table.Selected(len(calls), at)
	if i < 0 {
		return nil
	}
	switch {
	case key.Matches(msg, keys.Enter):
		return pane.Send(pane.Opened{Card: card(d, calls[i])})
	case key.Matches(msg, keys.Copy):
		return pane.Send(pane.CopyRow(d.Words.Row, columns(d), cells(d, calls[i])))
	}
	return nil
}

// card says all that the log holds of one call.
func card(d pane.Data, call *model.Call) pane.Card {
	words, th := d.Words, d.Theme
	word, style := kind(d, call.Kind)
	if call.Kind == model.KindConsume {
		word = words.ColCalls
	}
	c := pane.Card{Title: words.Calls + " · " + d.Time(call.At, "15:04:05")}
	add := func(name, value string) {
		if value != "" {
			c.Rows = append(c.Rows, pane.CardRow{Name: name, Value: value})
		}
	}
	add(words.Time, d.Time(call.At, "2006-01-02 15:04:05 MST"))
	if call.Kind != model.KindConsume {
		c.Rows = append(c.Rows, pane.CardRow{Name: words.Kind, Value: word, Style: style})
	}
	if call.Quota != 0 || call.Kind == model.KindConsume {
		c.Rows = append(c.Rows, pane.CardRow{
			Name: words.Cost, Value: fmt.Sprintf("%s (%s)", d.Money(call.Quota), d.Count(int64(call.Quota))), Style: th.Money,
		})
	}
	explained, note := charge(d, call)
	c.Rows = append(c.Rows, explained...)
	if note != "" {
		c.Text = append(c.Text, note)
	}
	add(words.ColKey, d.Name(call.Key))
	add(words.ColModel, text.Clean(call.Model))
	if call.Kind == model.KindConsume {
		add(words.PromptTokens, model.Count(call.Prompt))
		if call.Cached.OK && call.Cached.V > 0 {
			add(words.CachedTokens, model.Count(call.Cached.V))
		}
		add(words.CompletionTokens, model.Count(call.Completion))
		if call.Took.OK {
			took := text.Took(call.Took.V)
			if call.Coarse {
				took = text.TookCoarse(call.Took.V)
				c.Text = append(c.Text, words.WholeSeconds)
			}
			add(words.Took, took)
		}
		if call.FirstToken.OK {
			add(words.FirstToken, text.Took(call.FirstToken.V))
		}
		streamed := words.No
		if call.Stream {
			streamed = words.Yes
		}
		add(words.Streamed, streamed)
	}
	add(words.ColUser, d.Name(call.User))
	add(words.Group, text.Clean(call.Group))
	if call.Channel != "0" {
		add(words.Channel, text.Clean(call.Channel))
	}
	add(words.RequestID, text.Clean(call.RequestID))
	add(words.Detail, d.Name(strings.TrimSpace(call.Detail)))
	return c
}

// View draws the rows.
func (p *Pane) View(d pane.Data, w, h int, focused bool) ([]string, *tea.Cursor) {
	calls := p.calls(d)
	if len(calls) == 0 {
		empty := d.Words.EmptyCalls
		if !p.filter.Empty() {
			empty = d.Words.NoMatch
		}
		message, style := pane.Absent(d, model.SourceCalls, pane.Known(d, model.SourceCalls), empty)
		return pane.Message(message, style, w, h), nil
	}
	return pane.Padded(p.table.View(table.Look{Theme: d.Theme, W: w - 2, H: h, Focused: focused}, columns(d), len(calls),
		func(i int) id { return keyOf(calls[i]) }, func(i int) []table.Cell { return cells(d, calls[i]) })), nil
}
