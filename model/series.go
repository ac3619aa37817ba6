package model

import "time"

// minPartial is the seconds of a running minute from which its spend is drawn,
// scaled to a whole minute. Earlier it would be noise.
const minPartial = 20

// series returns the spend of the last clock minutes of span, as many as it is
// long, so that the chart moves by one column a minute; all where it began on one, as
// the calendar's do. The running minute is the last one once it is old enough, or when
// there is no other.
func series(b Book, span Span, calendar bool) []Point {
	last := minuteOf(span.To)
	if span.To-last+1 < minPartial && span.From < last {
		last -= 60
	}
	first := last - (span.Seconds()/60-1)*60
	if calendar {
		first = minuteOf(span.From)
	}
	var out []Point
	i := b.Usage.index(first)
	for m := first; m <= last; m += 60 {
		col := Span{m, min(m+59, span.To)}
		var quota Quota
		for i < len(b.Usage.minutes) && b.Usage.minutes[i].at == m {
			quota = b.Usage.minutes[i].total.Quota
			i++
		}
		p := Point{At: m, Seconds: 60}
		if b.Ledger.Covers(col) {
			p.PerMinute = Some(float64(quota) / float64(col.Seconds()) * 60)
		}
		out = append(out, p)
	}
	return out
}

// rateAge is how old the gateway's own rates may be; they cover the last 60 s.
const rateAge = 60 * time.Second

// rates fills rpm, tpm and mpm: the gateway's own where it reports them and they
// are fresh, else counted over the last 60 s of the log, else, for money,
// derived from the fall of the balance.
func (sum *Summary) rates(s State) {
	b := s.Book()
	last := Span{sum.Span.To - 59, sum.Span.To}
	if b.Ledger.Covers(last) {
		t := b.Usage.tally(last, b.Calls)
		sum.RPM = Rate{Some(float64(t.Calls)), FromCounted}
		sum.TPM = Rate{Some(float64(t.Prompt + t.Completion)), FromCounted}
		sum.MPM = Rate{Some(float64(t.Quota)), FromCounted}
	} else if s.Scope == ScopeSelf {
		sum.MPM = derivedMPM(s.Balances, s.Now)
	}
	if n := len(b.Totals); n > 0 && s.Now.Sub(b.TotalsAt) <= rateAge {
		t := b.Totals[n-1]
		if t.RPM.OK {
			sum.RPM = Rate{Some(float64(t.RPM.V)), FromGateway}
		}
		if t.TPM.OK {
			sum.TPM = Rate{Some(float64(t.TPM.V)), FromGateway}
		}
		if t.MPM.OK {
			sum.MPM = Rate{Some(float64(t.MPM.V)), FromGateway}
		}
	}
}

// derivedOver is the longest time over which a rate is derived, and the greatest
// age of the newer reading.
const derivedOver = 3 * time.Minute

// derivedMPM is the rise of the used quota over about the last minute, unknown
// where it fell: something else than spending changed it.
func derivedMPM(samples []BalanceSample, now time.Time) Rate {
	if len(samples) < 2 {
		return Rate{}
	}
	last := samples[len(samples)-1]
	if now.Sub(last.At) > derivedOver {
		return Rate{}
	}
	for i := len(samples) - 2; i >= 0; i-- {
		dt, rise := last.At.Sub(samples[i].At), last.Used-samples[i].Used
		if dt < 45*time.Second {
			continue
		}
		if dt > derivedOver || rise < 0 {
			break
		}
		return Rate{Some(float64(rise) / dt.Minutes()), FromDerived}
	}
	return Rate{}
}
