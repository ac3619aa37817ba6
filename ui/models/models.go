// Package models is the pane of language models: what each was used for and how
// well it answered, over the window.
package models

import (
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/filter"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
)

// Pane lists the models of the window, the most expensive first.
type Pane struct {
	table  table.Table[string]
	filter filter.Filter
}

// Capturing reports that the pane takes no text.
func (*Pane) Capturing() bool { return false }

// SetFilter narrows the rows down.
func (p *Pane) SetFilter(f filter.Filter) { p.filter = f }

// Fields are the names that a filter can look at.
func (*Pane) Fields() []string { return []string{"model"} }

// source is where the pane's figures come from: the log, or for long windows
// the gateway's own days.
func source(d pane.Data) model.Source {
	if d.Summary.Counted() {
		return model.SourceCalls
	}
	return model.SourceDays
}

// Frame returns the title with the window, and how much of it was read.
func (p *Pane) Frame(d pane.Data) pane.Frame {
	f := pane.Frame{Title: d.Words.Models + " · " + d.OverSplit()}
	f.Note, f.Old = pane.Note(d, source(d))
	switch {
	case f.Note != "":
	case d.Summary.Counted():
		f.Note = pane.Sampled(d, d.Summary.Totals.Coverage)
	case len(d.Summary.Models) > 0:
		f.Note = d.Words.FromGateway
	}
	f.Title = d.Filtered(f.Title, p.filter)
	return f
}

func columns(d pane.Data) []table.Column {
	w := d.Words
	return []table.Column{
		{Title: w.ColModel, Width: 14, Flex: true, Worth: 100},
		{Title: w.ColCalls, Width: 6, Right: true, Worth: 80},
		{Title: w.ColIn, Width: 6, Right: true, Worth: 50},
		{Title: w.ColOut, Width: 6, Right: true, Worth: 45},
		{Title: w.ColCost, Width: 10, Right: true, Worth: 90},
		{Title: w.ColShare, Width: 5, Right: true, Worth: 20},
		{Title: w.ColP50, Width: 6, Right: true, Worth: 30},
		{Title: w.ColP95, Width: 6, Right: true, Worth: 70},
		{Title: w.ColFirst, Width: 6, Right: true, Worth: 40},
		{Title: w.ColErrors, Width: 6, Right: true, Worth: 60},
	}
}

func (p *Pane) rows(d pane.Data) []table.Row[string] {
	th := d.Theme
	var total, most model.Quota
	for _, m := range d.Summary.Models {
		total += m.Quota
		most = max(most, m.Quota)
	}
	money := d.Column(float64(most))
	unknown := table.Str(text.Unknown, th.Faint)
	took := func(v model.Opt[time.Duration], coarse bool) table.Cell {
		if !v.OK {
			return unknown
		}
		s := text.Took(v.V)
		if coarse {
			s = text.TookCoarse(v.V)
		}
		return table.Num(s, v.V.Seconds(), th.Plain)
	}
	tokens := func(n int64, known bool) table.Cell {
		if !known {
			return unknown
		}
		return table.Num(text.Short(n), float64(n), th.Plain)
	}
	var rows []table.Row[string]
	for _, m := range d.Summary.Models {
		if !p.filter.Match(filter.Field{Name: "model", Value: m.Model}) {
			continue
		}
		share := unknown
		if total > 0 {
			s := float64(m.Quota) / float64(total)
			share = table.Num(text.Percent(s), s, th.Dim)
		}
		calls := unknown
		if m.CallsKnown {
			calls = table.Num(text.Short(m.Calls), float64(m.Calls), th.Plain)
		}
		rows = append(rows, table.Row[string]{Key: m.Model, Cells: []table.Cell{
			table.Str(text.Clean(m.Model), th.Strong),
			calls,
			tokens(m.Prompt, m.TokensKnown),
			tokens(m.Completion, m.TokensKnown),
			table.Num(money(float64(m.Quota)), float64(m.Quota), th.Money),
			share,
			took(m.P50, m.Coarse),
			took(m.P95, m.Coarse),
			took(m.FirstTokenP50, false),
			pane.FailCell(th, m.ErrorRate()),
		}})
	}
	return p.table.Arrange(rows)
}

// Update moves the cursor, changes the order and opens a model's card.
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
		return pane.Send(pane.Opened{Card: p.card(d, rows[i].Key)})
	case key.Matches(msg, keys.Copy):
		return pane.Send(pane.CopyRow(rows[i].Cells[0].Text, columns(d), rows[i].Cells))
	}
	return nil
}

// card says all that is known of one model's use in the window.
func (p *Pane) card(d pane.Data, name string) pane.Card {
	words, th := d.Words, d.Theme
	card := pane.Card{Title: words.Models + " · " + text.Clean(name)}
	add := func(name, value string) {
		card.Rows = append(card.Rows, pane.CardRow{Name: name, Value: value})
	}
	for _, m := range d.Summary.Models {
		if m.Model != name {
			continue
		}
		card.Rows = append(card.Rows, pane.CardRow{Name: words.Cost, Value: d.Money(m.Quota), Style: th.Money})
		if m.CallsKnown {
			add(words.ColCalls, model.Count(m.Calls))
		}
		add(words.Errors, pane.Failures(d, m.Errors, m.ErrorRate(), m.Calls))
		if m.TokensKnown {
			add(words.PromptTokens, model.Count(m.Prompt))
			if m.CachedOf > 0 {
				add(words.CachedTokens, model.Count(m.Cached))
			}
			add(words.CompletionTokens, model.Count(m.Completion))
		}
		card.Rows = append(card.Rows, pane.Performance(d, m.Performance)...)
		if m.Coarse {
			card.Text = append(card.Text, words.WholeSeconds)
		}
		if !m.Errors.OK {
			card.Text = append(card.Text, words.NotLoggedErrors)
		}
	}
	return card
}

// View draws the rows.
func (p *Pane) View(d pane.Data, w, h int, focused bool) ([]string, *tea.Cursor) {
	rows := p.rows(d)
	if len(rows) == 0 {
		empty := d.Words.EmptyModels
		if !p.filter.Empty() {
			empty = d.Words.NoMatch
		}
		src := source(d)
		known := pane.Known(d, src) && d.Summary.Totals.Coverage > 0
		message, style := pane.Absent(d, src, known, empty)
		if known && d.State.SumsOnly() {
			message = d.Words.NotOffered // it knows sums, and not of which models
		}
		return pane.Message(message, style, w, h), nil
	}
	return pane.Padded(p.table.View(table.Look{Theme: d.Theme, W: w - 2, H: h, Focused: focused}, columns(d), len(rows),
		func(i int) string { return rows[i].Key }, func(i int) []table.Cell { return rows[i].Cells })), nil
}
