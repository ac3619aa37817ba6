package pane

import (
	"fmt"
	"strconv"
	"time"

	"gatewatch/model"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// Performance says how well calls were answered, each figure with how many calls
// tell it; those that none tells are left out.
func Performance(d Data, p model.Performance) []CardRow {
	w := d.Words
	three := func(coarse bool, all ...model.Opt[time.Duration]) string {
		out := ""
		for i, v := range all {
			if i > 0 {
				out += " · "
			}
			switch {
			case !v.OK:
				out += text.Unknown
			case coarse:
				out += text.TookCoarse(v.V)
			default:
				out += text.Took(v.V)
			}
		}
		return out
	}
	var rows []CardRow
	add := func(name, value string, n int64) {
		rows = append(rows, CardRow{Name: name, Value: value + fmt.Sprintf(w.OfCalls, model.Count(n))})
	}
	if p.N > 0 {
		add(w.Took+" p50 · p95 · p99", three(p.Coarse, p.P50, p.P95, p.P99), p.N)
	}
	if p.FirstN > 0 {
		add(w.FirstToken, three(false, p.FirstTokenP50, p.FirstTokenP95, p.FirstTokenP99), p.FirstN)
	}
	if v := p.TokensPerSecond; v.OK {
		speed := fmt.Sprintf(w.TokensPerSecond, strconv.FormatFloat(v.V, 'f', 1, 64))
		if p.Coarse {
			// Rounding evens out over many calls, and is never gone.
			speed = "≈" + speed
		}
		add(w.Speed, speed, p.N)
	}
	if v := p.CacheHit; v.OK {
		add(w.CacheHit, text.Percent(v.V), p.CacheN)
	}
	return rows
}

// Failures says how many attempts failed and what share that is, unknown where the
// gateway logs none.
func Failures(d Data, errs model.Opt[int64], rate model.Opt[float64], calls int64) string {
	switch {
	case !errs.OK:
		return text.Unknown
	case !rate.OK:
		return model.Count(errs.V)
	}
	return fmt.Sprintf(d.Words.OfAttempts, model.Count(errs.V), text.Percent(rate.V), model.Count(errs.V+calls))
}

// FailStyle judges a share of attempts that failed.
func FailStyle(th *theme.Theme, rate float64) theme.Style {
	switch {
	case rate >= 0.1:
		return th.Bad
	case rate >= 0.02:
		return th.Warn
	}
	return th.Plain
}

// FailCell is a share of attempts that failed, for a table; a known zero steps back.
func FailCell(th *theme.Theme, rate model.Opt[float64]) table.Cell {
	switch {
	case !rate.OK:
		return table.Str(text.Unknown, th.Faint)
	case rate.V == 0:
		return table.Num(text.Percent(0), 0, th.Dim)
	}
	return table.Num(text.Percent(rate.V), rate.V, FailStyle(th, rate.V))
}
