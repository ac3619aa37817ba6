package pane

import (
	"fmt"
	"strconv"
	"time"

	"gatewatch/model"
	"gatewatch/ui/text"
)

// Performance says how well calls were answered, with how many of them tell; none
// where none does.
func Performance(d Data, p model.Performance) []CardRow {
	if p.N == 0 {
		return nil
	}
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
	rows := []CardRow{
		{Name: w.Took + " p50 · p95 · p99", Value: three(p.Coarse, p.P50, p.P95, p.P99) + fmt.Sprintf(w.OfCalls, model.Count(p.N))},
		{Name: w.FirstToken, Value: three(false, p.FirstTokenP50, p.FirstTokenP95, p.FirstTokenP99)},
	}
	if v := p.TokensPerSecond; v.OK {
		rows = append(rows, CardRow{Name: w.Speed, Value: fmt.Sprintf(w.TokensPerSecond, strconv.FormatFloat(v.V, 'f', 1, 64))})
	}
	if v := p.CacheHit; v.OK {
		rows = append(rows, CardRow{Name: w.CacheHit, Value: text.Percent(v.V)})
	}
	return rows
}
