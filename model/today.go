package model

import "time"

// Today is the spend since midnight in the chosen zone.
type Today struct {
	// Quota is unknown until every hour of the day was asked for; AtLeast is what
	// is known by then.
	Quota   Opt[Quota]
	AtLeast Quota
	From    Origin
}

// today adds up the hours of the day: the gateway's sum for each, and for the
// running one what was counted after the gateway was last asked.
func today(b Book, to int64, zone *time.Location) Today {
	t := Today{From: FromCounted}
	known := true
	for _, hour := range HourSpans(time.Unix(to, 0).In(zone), to) {
		q, ok := b.hour(hour)
		if !ok { // what was read of it was spent at least
			q = max(q, b.Usage.tally(hour, b.Calls).Quota)
		}
		t.AtLeast += q
		known = known && ok
		if !b.Ledger.Covers(hour) {
			t.From = FromGateway
		}
	}
	if known {
		t.Quota = Some(t.AtLeast)
		return t
	}
	// A gateway whose days are ours knows at least what it had when it was asked.
	start := DayStart(time.Unix(to, 0).In(zone)).Unix()
	var day Quota
	for _, p := range b.Periods {
		if b.PeriodStep == 86_400 && p.From == start {
			day += p.Quota
		}
	}
	t.AtLeast = max(t.AtLeast, day)
	return t
}

// hour returns the spend of one hour, or as much as is known of it.
func (b Book) hour(hour Span) (Quota, bool) {
	var have Opt[HourTotal]
	for _, h := range b.Hours {
		if h.Span.From == hour.From {
			have = Some(h)
		}
	}
	if b.Ledger.Covers(hour) {
		return b.Usage.tally(hour, b.Calls).Quota, true
	}
	if !have.OK {
		return b.hourOfPeriods(hour)
	}
	if have.V.Span.To >= hour.To {
		return have.V.Quota, true
	}
	rest := Span{have.V.Span.To + 1, hour.To}
	if !b.Ledger.Covers(rest) {
		// Without the rows the gateway's last sum stands, if it is fresh.
		return have.V.Quota, rest.Seconds() <= 60
	}
	return have.V.Quota + b.Usage.tally(rest, b.Calls).Quota, true
}

// hourOfPeriods is the spend of a past hour from the gateway's usage per hour,
// for the hours that it was not asked for one by one.
func (b Book) hourOfPeriods(hour Span) (Quota, bool) {
	if !(Periods{Step: b.PeriodStep, Span: b.PeriodSpan}).Tells(hour) {
		return 0, false
	}
	var q Quota
	for _, p := range b.Periods {
		if p.From == hour.From {
			q += p.Quota
		}
	}
	return q, true
}
