package model

import (
	"cmp"
	"slices"
	"time"
)

// dayReports adds the gateway's own hours up to days of zone where they fit, and
// keeps its UTC days where they do not.
func dayReports(b Book, zone *time.Location) []DayReport {
	in, name := zone, ""
	for _, p := range b.Periods {
		if !dayFits(p, zone) {
			in, name = time.UTC, "UTC"
			break
		}
	}
	type id struct{ day, model string }
	sums := map[id]DayReport{}
	for _, p := range b.Periods {
		if DayStart(time.Unix(p.From, 0).In(in)).Unix() < b.PeriodSpan.From {
			continue // the gateway was asked for a part of that day
		}
		k := id{time.Unix(p.From, 0).In(in).Format(time.DateOnly), p.Model}
		d := sums[k]
		d.Day, d.Model, d.Zone, d.From = k.day, k.model, name, FromGateway
		if !p.Uncounted {
			d.Calls = Some(d.Calls.V + p.Calls)
		}
		d.Quota += p.Quota
		sums[k] = d
	}
	out := make([]DayReport, 0, len(sums))
	for _, d := range sums {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b DayReport) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(b.Quota, a.Quota), cmp.Compare(a.Model, b.Model))
	})
	return out
}

// dayFits reports whether a period lies in one day of zone.
func dayFits(p PeriodUsage, zone *time.Location) bool {
	a, b := time.Unix(p.From, 0).In(zone), time.Unix(p.To, 0).In(zone)
	return a.YearDay() == b.YearDay() && a.Year() == b.Year()
}
