package overview

import (
	"fmt"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/chart"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// Spend shows money per minute over the window. Its cursor marks a column by its
// time, so that it stays where it is while the chart advances.
type Spend struct {
	at     int64 // first second of the marked column
	marked bool
}

// Capturing reports that the pane takes no text.
func (*Spend) Capturing() bool { return false }

// Spot returns the time under the cursor.
func (s *Spend) Spot(d pane.Data) model.Opt[model.Span] {
	if i := s.index(d); i >= 0 {
		p := d.Summary.Series[i]
		return model.Some(model.Span{From: p.At, To: p.At + p.Seconds - 1})
	}
	return model.Opt[model.Span]{}
}

// Clear drops the cursor and reports whether there was one.
func (s *Spend) Clear() bool {
	was := s.marked
	s.marked = false
	return was
}

// index is the marked point, -1 when none is marked or it left the window.
func (s *Spend) index(d pane.Data) int {
	if !s.marked {
		return -1
	}
	return slices.IndexFunc(d.Summary.Series, func(p model.Point) bool { return p.At <= s.at && s.at < p.At+p.Seconds })
}

// Frame returns the title with the unit and the window.
func (s *Spend) Frame(d pane.Data) pane.Frame {
	words := d.Words
	f := pane.Frame{Title: fmt.Sprintf("%s, %s%s · %s", words.Spend, unit(d), words.PerMinute, d.Over())}
	f.Short = words.Spend + " · " + d.Over() // the axis has the unit
	f.Note, f.Old = pane.Note(d, model.SourceCalls)
	if i := s.index(d); i >= 0 {
		p := d.Summary.Series[i]
		value := text.Unknown
		if p.PerMinute.OK {
			value = d.MoneyFloat(p.PerMinute.V) + words.PerMinute
		}
		f.Mark, f.MarkStyle = d.Time(p.At, layout(p))+" "+value, d.Theme.Strong
	} else if d.Summary.Totals.From == model.FromDerived {
		f.Note = words.Derived
	} else if f.Note == "" {
		f.Note = pane.Sampled(d, d.Summary.Totals.Coverage)
	}
	return f
}

func layout(p model.Point) string {
	switch {
	case p.Seconds >= 86400:
		return "2 Jan"
	case p.Seconds >= 3600:
		return "2 Jan 15:04"
	}
	return "15:04"
}

// unit is the currency's sign for the title.
func unit(d pane.Data) string {
	switch cur := d.Currency(); {
	case cur.Tokens():
		return "quota"
	case cur.Symbol != "":
		return cur.Symbol
	default:
		return "$"
	}
}

// Update moves the cursor from column to column.
func (s *Spend) Update(msg tea.KeyPressMsg, keys pane.Keys, d pane.Data) tea.Cmd {
	n := len(d.Summary.Series)
	if n == 0 {
		return nil
	}
	i := s.index(d)
	switch {
	case key.Matches(msg, keys.Left) && i < 0:
		i = n - 1
	case key.Matches(msg, keys.Left):
		i = max(0, i-1)
	case key.Matches(msg, keys.Right) && i >= 0:
		i = min(n-1, i+1)
	case key.Matches(msg, keys.Top):
		i = 0
	case key.Matches(msg, keys.Bottom):
		i = n - 1
	default:
		return nil
	}
	if i >= 0 {
		s.at, s.marked = d.Summary.Series[i].At, true
	}
	return nil
}

// View draws the chart.
func (s *Spend) View(d pane.Data, w, h int, _ bool) ([]string, *tea.Cursor) {
	known := slices.ContainsFunc(d.Summary.Series, func(p model.Point) bool { return p.PerMinute.OK })
	if !known {
		src := model.SourceCalls
		if !d.Summary.Counted() {
			src = model.SourceDays
		}
		nothing := pane.Known(d, src) && d.Summary.Totals.Coverage > 0 && d.Summary.Totals.Quota.V == 0
		message, style := pane.Absent(d, src, nothing, d.Words.EmptySpend)
		return pane.Message(message, style, w, h), nil
	}
	cur := d.Currency()
	one := 1.0
	if !cur.Tokens() {
		one = float64(cur.Quota(1))
	}
	lines := chart.Spend(d.Summary.Series, chart.Options{
		W: w - 1, H: h, Theme: d.Theme, Zone: d.Zone, Cursor: s.index(d), Unit: one,
		Format: d.MoneyFloat,
	})
	for i := range lines {
		lines[i] += " "
	}
	return lines, nil
}
