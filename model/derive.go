package model

import "time"

// derived fills a window from the rise of the used quota between two readings of
// the account, for a gateway whose log cannot be read. What was spent while the
// account was not asked about for long, or while the figure fell, stays unknown.
func (sum *Summary) derived(s State) {
	type reading struct {
		at   int64 // on the gateway's clock
		used Quota
	}
	var in []reading
	for _, b := range s.Balances {
		at := b.At.Add(s.Skew.V).Unix()
		if n := len(in); n > 0 && at > in[n-1].at || n == 0 {
			in = append(in, reading{at, b.Used})
		}
	}
	var spent Quota
	var known SpanSet
	perMinute := map[int64]Quota{} // by the minute in which a reading showed it
	for i := 1; i < len(in); i++ {
		a, b := in[i-1], in[i]
		step := Span{a.at + 1, b.at}
		if rise := b.used - a.used; rise >= 0 && step.Seconds() <= int64(derivedOver/time.Second) && !step.Meet(sum.Span).Empty() {
			spent += rise
			known = known.Add(step)
			perMinute[minuteOf(b.at)] += rise
		}
	}
	if len(known) == 0 {
		return
	}
	t := &sum.Totals
	t.From, t.Quota, t.CoverageBy = FromDerived, Some(spent), ByTime
	t.Coverage = float64(known.Within(sum.Span).Seconds()) / float64(sum.Span.Seconds())
	t.Partial = t.Coverage < 1
	sum.PerMinute = rateOver(spent, known.Seconds())
	for i := range sum.Series {
		p := &sum.Series[i]
		ran := Span{p.At, min(p.At+59, in[len(in)-1].at)}
		if ran.Seconds() >= minPartial && known.Covers(ran) {
			p.PerMinute = rateOver(perMinute[p.At], ran.Seconds())
		}
	}
}
