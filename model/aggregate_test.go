package model

import (
	"testing"
	"time"
)

// hours is the answer of a gateway that writes usage per hour: 100 quota each,
// up to the one of now.
func hours(from, now int64) Periods {
	p := Periods{Span: Span{from, now}, Step: 3600}
	for at := from - from%3600; at <= now; at += 3600 {
		p.Usage = append(p.Usage, PeriodUsage{From: at, To: at + 3599, Model: "o3", Calls: 1, Quota: 100})
	}
	return p
}

func TestTheLogFillsTheHoursThatAreNotWrittenYet(t *testing.T) {
	day := Window{Label: "24h", Length: 24 * time.Hour}
	now := int64(t0 - t0%3600 + 1800)
	s := State{}.Apply(update(now+Lag, SourceDays, hours(now-8*86_400, now)))
	if sum := SummariseSpan(s, day, day.Ending(now), time.UTC); !sum.Totals.Partial || sum.Totals.Coverage >= 1 {
		t.Errorf("the last ten minutes are said to be known: %+v", sum.Totals)
	}
	running := Span{now - 1800, now}
	s = s.Apply(update(now+Lag, SourceCalls, CallsRead{Span: running, ReadAt: now + Lag, Calls: []Call{
		{At: now - 1700, Kind: KindConsume, Model: "o3", Key: "k", Quota: 30},
		{At: now - 10, Kind: KindConsume, Model: "gpt-4o", Key: "k", Quota: 7},
	}}))
	sum := SummariseSpan(s, day, day.Ending(now), time.UTC)
	if sum.Totals.Partial || sum.Totals.Coverage != 1 {
		t.Errorf("with the log of the running hour something is missing: %+v", sum.Totals)
	}
	if sum.Totals.Quota != Some(Quota(24*100+37)) || sum.Totals.Calls != Some[int64](26) {
		t.Errorf("24 hours of 100 and a running one of 37: %+v", sum.Totals)
	}
	if !sum.Wider() {
		t.Error("a window of whole hours is wider than 24 hours, and does not say so")
	}
}

func TestAnEmptyAnswerIsAKnownNothing(t *testing.T) {
	day := Window{Label: "24h", Length: 24 * time.Hour}
	s := State{}.Apply(update(t0, SourceDays, Periods{Span: Span{t0 - 8*86_400, t0}, Step: 86_400}))
	if sum := SummariseSpan(s, day, day.Ending(t0), time.UTC); sum.Totals.Calls != Some[int64](0) || sum.Totals.Partial {
		t.Errorf("%+v", sum.Totals)
	}
}

func TestDaysOfTheDatabasesZoneAreNotLost(t *testing.T) {
	day := Window{Label: "24h", Length: 24 * time.Hour}
	today := int64(t0 - t0%86_400)
	s := State{}.Apply(update(t0, SourceDays, Periods{Span: Span{today - 6*86_400, t0}, Step: 86_400, Usage: []PeriodUsage{
		{From: today, To: today + 86_399, Model: "o3", Calls: 1, Quota: 5},
		{From: today + 86_400, To: today + 2*86_400 - 1, Model: "o3", Calls: 2, Quota: 9},
	}}))
	if sum := SummariseSpan(s, day, day.Ending(t0), time.UTC); sum.Totals.Quota != Some[Quota](14) {
		t.Errorf("tomorrow's row, which is today's in the database's zone, is missing: %+v", sum.Totals)
	}
}

func TestTheWindowMovesOnWithoutTheLog(t *testing.T) {
	s := readHour(t0, 600)
	late := s.Apply(update(t0+400, SourceAccount, Account{Quota: Some[Quota](5), Used: Some[Quota](0)}))
	sum := Summarise(late, hour, time.UTC)
	if sum.Span.To != t0+400-Lag {
		t.Errorf("the window ends %d s before now", t0+400-sum.Span.To)
	}
	if sum.Totals.Coverage >= 1 || sum.RPM.Value.OK {
		t.Errorf("the missing minutes are said to be known: %+v, rpm %v", sum.Totals, sum.RPM)
	}
}

func TestAnEmptyBalanceIsEmptyNow(t *testing.T) {
	s := spend(t0-1, func(int) Quota { return 0 }).Apply(update(t0+6, SourceAccount, Account{Quota: Some[Quota](-3)}))
	if f := Summarise(s, hour, time.UTC).Forecast; f.EmptyAt != Some(at(t0+6)) {
		t.Errorf("%+v", f)
	}
}

func TestAGapStandsStill(t *testing.T) {
	s := readHour(t0, 600)
	whole := s.Self.Usage.tally(hour.Ending(t0), s.Self.Calls).Quota
	last := Span{t0 - 599, t0}
	good := s.Self.Usage.tally(last, s.Self.Calls).Quota
	s = s.Apply(update(t0+6, SourceRates, SpanTotal{Span: hour.Ending(t0), Quota: whole + 11}))
	s = s.Apply(update(t0+7, SourceRates, SpanTotal{Span: last, Quota: good}))
	if r := Summarise(s, hour, time.UTC).Reconcile; r.State != ReconcileGap || r.Gap != -11 {
		t.Errorf("the newer sum, which matches, hides the gap: %+v", r)
	}
}

func TestTheSiteHasItsOwnBook(t *testing.T) {
	span := hour.Ending(t0)
	s := readHour(t0, 10)
	s = s.Apply(update(t0+5, SourceCalls, CallsRead{Scope: ScopeSite, Span: span, ReadAt: t0 + 5, Calls: []Call{
		{At: t0 - 9, Kind: KindConsume, Model: "o3", User: "bob", Key: "a", Quota: 5},
		{At: t0 - 8, Kind: KindConsume, Model: "o3", User: "bob", Key: "b", Quota: 6},
	}}))
	own := Summarise(s, hour, time.UTC)
	s.Scope = ScopeSite
	site := Summarise(s, hour, time.UTC)
	if own.Totals.Calls != Some[int64](10) || site.Totals.Calls != Some[int64](2) {
		t.Errorf("own %v, site %v", own.Totals.Calls, site.Totals.Calls)
	}
	if len(site.Now) != 1 || site.Now[0].User != "bob" || site.Now[0].Quota != 11 || len(site.Users) != 1 {
		t.Errorf("by user: %+v, %+v", site.Now, site.Users)
	}
	if !site.Forecast.PerHour.OK || site.Forecast.EmptyAt.OK {
		t.Error("the site's spending empties the account's balance")
	}
}
