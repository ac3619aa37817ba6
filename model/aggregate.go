package model

import "time"

// aggregated fills a window that is too long to be counted: from the gateway's own
// usage per hour or day, and where that does not fit the days of zone, the sums from
// the gateway's sums of hours and days that do.
func (sum *Summary) aggregated(s State, zone *time.Location) {
	b := s.Book()
	sum.Totals.CoverageBy = ByTime
	for _, k := range s.Keys.V {
		if s.Scope == ScopeSite {
			break
		}
		sum.Keys = append(sum.Keys, KeyUsage{APIKey: k})
	}
	asked := sum.Span
	split := sum.periods(b)
	sum.bySums(b, asked, zone)
	if len(sum.Models) > 0 && split != sum.Span {
		sum.SplitSpan = Some(split)
		sum.SplitUTC = !sum.periodsFit(b, DayStart(time.Unix(asked.To, 0).In(zone)).Unix())
	}
}

// periods fills the window from the gateway's own hours or UTC days, and from the
// log where it was read for all of one: the gateway writes its hours minutes late.
// The span is widened to the beginning of the first of them. What is told of is from
// the first one that the gateway was asked about.
func (sum *Summary) periods(b Book) (told Span) {
	t, step := &sum.Totals, b.PeriodStep
	if step == 0 {
		return sum.Span
	}
	// The days of a gateway may begin at another hour than UTC's.
	begin := func(t int64) int64 { return t - mod(t-b.periodOrigin(), step) }
	sum.Span.From = begin(sum.Span.From)
	a := aggregate{models: map[string]*ModelUsage{}, steps: map[int64]Quota{}, tokens: true, calls: true}
	// A period that began before the gateway was asked about is known in part.
	asked := SpanSet{}.Add(Span{begin(b.PeriodSpan.From + step - 1), b.PeriodSpan.To}.Meet(sum.Span))
	known := asked.Remove(Span{b.PeriodSpan.To - lateBy(step) + 1, b.PeriodSpan.To})
	counted := map[int64]bool{} // periods that were read from the log, by their first second
	for at := sum.Span.From; at <= sum.Span.To; at += step {
		period := Span{at, min(at+step-1, sum.Span.To)}
		if !b.Ledger.Covers(period) {
			continue
		}
		counted[at] = true
		asked, known = asked.Add(period), known.Add(period)
		b.Usage.eachCell(period, b.Calls, func(c *Cell) { a.add(at, c.Model, &c.Tally, true, true) })
	}
	newest := begin(sum.Span.To)
	for _, p := range b.Periods {
		// Days in the zone of the gateway's database can be a day ahead of UTC.
		at := min(begin(p.From), newest)
		if at < sum.Span.From || p.From > newest+step || counted[at] {
			continue
		}
		one := Tally{Calls: p.Calls, Quota: p.Quota, Prompt: p.Prompt.V, Completion: p.Completion.V}
		a.add(at, p.Model, &one, p.Prompt.OK && p.Completion.OK, !p.Uncounted)
	}
	seconds := known.Seconds()
	if asked.Seconds() == 0 {
		return sum.Span
	}
	sum.SplitFrom, t.From = FromGateway, FromGateway
	t.Coverage = float64(seconds) / float64(sum.Span.Seconds())
	t.Partial = seconds < sum.Span.Seconds()
	t.Quota = Some(a.all.Quota)
	if a.calls {
		t.Calls = Some(a.all.Calls)
	}
	if a.tokens {
		t.Prompt, t.Completion = Some(a.all.Prompt), Some(a.all.Completion)
	}
	for name, m := range a.models {
		if name == "" {
			continue // a gateway that tells sums alone says nothing of any model
		}
		sum.Models = append(sum.Models, *m)
	}
	sortModels(sum.Models)
	for at := sum.Span.From; at <= sum.Span.To; at += step {
		p := Point{At: at, Seconds: step}
		period := Span{at, min(at+step-1, sum.Span.To)}
		p.PerMinute = rateOver(a.steps[at], asked.Within(period).Seconds())
		sum.Series = append(sum.Series, p)
	}
	sum.PerMinute = rateOver(a.all.Quota, asked.Seconds())
	told = Span{asked[0].From, sum.Span.To}
	if n := len(known); step == 3600 && n > 0 {
		told.To = known[n-1].To // the newest minutes are not in the gateway's hours yet
	}
	return told
}

// periodsFit reports whether the gateway's usage per hour or day begins where the
// days of zone do, and has hours where hours are meant.
func (sum *Summary) periodsFit(b Book, today int64) bool {
	return b.PeriodStep != 0 && mod(today-b.periodOrigin(), b.PeriodStep) == 0 && (b.PeriodStep == 3600 || sum.Window.Length > longestDay)
}

// bySums fills the sums of the window, and their course, from the gateway's sums of
// hours and days of zone, unless its own periods fit these and tell as much.
func (sum *Summary) bySums(b Book, asked Span, zone *time.Location) {
	var parts []Span
	today := DayStart(time.Unix(asked.To, 0).In(zone)).Unix()
	if sum.Window.Length > longestDay {
		parts = DaySpans(asked.From, asked.To, zone)
	} else {
		for _, day := range DaySpans(asked.From, asked.To, zone) {
			for _, h := range HourSpans(time.Unix(day.From, 0).In(zone), day.To) {
				if h.To >= asked.From {
					parts = append(parts, h)
				}
			}
		}
	}
	t := Totals{From: FromGateway, CoverageBy: ByTime}
	var quota Quota
	var series []Point
	var seconds, known int64
	for _, part := range parts {
		seconds += part.Seconds()
		q, ok := b.sumOf(part, part.From >= today, zone)
		p := Point{At: part.From, Seconds: part.Seconds()}
		quota += q
		if ok {
			known += part.Seconds()
			p.PerMinute = rateOver(q, part.Seconds())
		}
		series = append(series, p)
	}
	share := float64(known) / float64(seconds)
	if known == 0 || sum.periodsFit(b, today) && share <= sum.Totals.Coverage {
		return
	}
	t.Quota, t.Partial, t.Coverage = Some(quota), known < seconds, share
	sum.Span.From, sum.Totals, sum.Series = parts[0].From, t, series
	sum.PerMinute = rateOver(quota, known)
}

// sumOf is the spend of an hour or a day of zone, or as much as is known of it.
func (b Book) sumOf(part Span, today bool, zone *time.Location) (Quota, bool) {
	if part.Seconds() <= 3600 {
		return b.hour(part)
	}
	for _, d := range b.Days {
		if d.Span == part {
			return d.Quota, true
		}
	}
	if q, ok := b.dayOfPeriods(part); ok && !today {
		return q, true
	}
	var sum Quota
	all := true
	for _, h := range HourSpans(time.Unix(part.From, 0).In(zone), part.To) {
		q, ok := b.hour(h)
		sum, all = sum+q, all && ok
	}
	return sum, all
}

// dayOfPeriods is the spend of a day from the gateway's usage per UTC day, where it
// is the same day.
func (b Book) dayOfPeriods(day Span) (q Quota, ok bool) {
	if b.PeriodStep != 86_400 || day.Seconds() != 86_400 || mod(day.From-b.periodOrigin(), 86_400) != 0 ||
		day.From < b.PeriodSpan.From || day.To > b.PeriodSpan.To {
		return 0, false
	}
	for _, p := range b.Periods {
		if p.From == day.From {
			q += p.Quota
		}
	}
	return q, true
}

// aggregate adds up periods.
type aggregate struct {
	models map[string]*ModelUsage
	steps  map[int64]Quota
	all    Tally
	// tokens and calls are known of all.
	tokens, calls bool
}

func (a *aggregate) add(at int64, model string, t *Tally, tokens, calls bool) {
	m := a.models[model]
	if m == nil {
		m = &ModelUsage{Model: model, TokensKnown: true, CallsKnown: true}
		a.models[model] = m
	}
	m.add(t)
	a.all.add(t)
	a.steps[at] += t.Quota
	if !tokens {
		m.TokensKnown, a.tokens = false, false
	}
	if !calls {
		m.CallsKnown, a.calls = false, false
	}
}

// Flushed is how old, in seconds, an hour must be for the gateway's usage per
// hour to be complete: new-api writes it every five minutes.
const Flushed = 600

// lateBy is how many seconds the gateway's periods are behind: days are added up
// from the log when they are asked for.
func lateBy(step int64) int64 {
	if step == 3600 {
		return Flushed
	}
	return 0
}

// periodOrigin is a second at which a period begins.
func (b Book) periodOrigin() int64 {
	if len(b.Periods) > 0 {
		return b.Periods[0].From
	}
	return 0
}

// mod is the remainder of t by step, never negative.
func mod(t, step int64) int64 { return ((t % step) + step) % step }
