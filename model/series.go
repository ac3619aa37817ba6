package model

import "time"

// minPartial is the seconds of a running minute from which its spend is drawn,
// scaled to a whole minute. Earlier it would be noise.
const minPartial = 20

// series returns the spend of the last clock minutes of span, as many as it is
// long, so that the chart moves by one column a minute. The running minute is the
// last one once it is old enough.
func series(b Book, span Span) []Point {
	last := minuteOf(span.To)
	if span.To-last+1 < minPartial {
		last -= 60
	}
	first := last - (span.Seconds()/60-1)*60
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

// aggregated fills the window from the gateway's own hours or UTC days. The
// span is widened to the beginning of the first of them.
func (sum *Summary) aggregated(s State) {
	b := s.Self
	t := &sum.Totals
	t.From, t.CoverageBy = FromGateway, ByTime
	if b.PeriodSpan.Seconds() == 0 || len(b.Periods) == 0 {
		return
	}
	step := b.Periods[0].To - b.Periods[0].From + 1
	sum.Span.From -= sum.Span.From % step
	t.Coverage = float64(b.PeriodSpan.Meet(sum.Span).Seconds()) / float64(sum.Span.Seconds())
	byModel := map[string]*ModelUsage{}
	byStep := map[int64]Quota{}
	var all Tally
	tokens := true
	for _, p := range b.Periods {
		if p.From < sum.Span.From || p.From > sum.Span.To {
			continue
		}
		m := byModel[p.Model]
		if m == nil {
			m = &ModelUsage{Model: p.Model, TokensKnown: true}
			byModel[p.Model] = m
		}
		one := Tally{Calls: p.Calls, Quota: p.Quota, Prompt: p.Prompt.V, Completion: p.Completion.V}
		m.add(&one)
		all.add(&one)
		byStep[p.From] += p.Quota
		if !p.Prompt.OK || !p.Completion.OK {
			m.TokensKnown, tokens = false, false
		}
	}
	t.Calls, t.Quota = Some(all.Calls), Some(all.Quota)
	if tokens {
		t.Prompt, t.Completion = Some(all.Prompt), Some(all.Completion)
	}
	for _, m := range byModel {
		sum.Models = append(sum.Models, *m)
	}
	sortModels(sum.Models)
	for _, k := range s.Keys.V {
		sum.Keys = append(sum.Keys, KeyUsage{APIKey: k})
	}
	for at := sum.Span.From; at <= sum.Span.To; at += step {
		p := Point{At: at, Seconds: step}
		if b.PeriodSpan.Meet(Span{at, min(at+step-1, sum.Span.To)}).Seconds() > 0 {
			ran := min(step, sum.Span.To-at+1)
			p.PerMinute = Some(float64(byStep[at]) / float64(ran) * 60)
		}
		sum.Series = append(sum.Series, p)
	}
	sum.PerMinute = Some(float64(all.Quota) / float64(sum.Span.Seconds()) * 60)
}

// rateAge is how old the gateway's own rates may be; they cover the last 60 s.
const rateAge = 60 * time.Second

// rates fills rpm, tpm and mpm: the gateway's own where it reports them and they
// are fresh, else counted over the last 60 s of the log, else, for money,
// derived from the fall of the balance.
func (sum *Summary) rates(s State) {
	b := s.Self
	last := Span{sum.Span.To - 59, sum.Span.To}
	if b.Ledger.Covers(last) {
		t := b.Usage.tally(last, b.Calls)
		sum.RPM = Rate{Some(float64(t.Calls)), FromCounted}
		sum.TPM = Rate{Some(float64(t.Prompt + t.Completion)), FromCounted}
		sum.MPM = Rate{Some(float64(t.Quota)), FromCounted}
	} else {
		sum.MPM = derivedMPM(s.Balances)
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

// derivedMPM is the rise of the used quota over about the last minute.
func derivedMPM(samples []BalanceSample) Rate {
	if len(samples) < 2 {
		return Rate{}
	}
	last := samples[len(samples)-1]
	for i := len(samples) - 2; i >= 0; i-- {
		dt := last.At.Sub(samples[i].At)
		if dt < 45*time.Second {
			continue
		}
		if dt > 3*time.Minute {
			break
		}
		return Rate{Some(float64(last.Used-samples[i].Used) / dt.Minutes()), FromDerived}
	}
	return Rate{}
}
