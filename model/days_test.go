package model

import (
	"errors"
	"testing"
	"time"
)

// TestDaysOfTheZoneComeFromSums has a gateway that knows UTC days alone (one-api)
// watched in zones where these are no days.
func TestDaysOfTheZoneComeFromSums(t *testing.T) {
	for _, c := range []struct {
		zone string
		now  string // local time
		days []int64
	}{
		{"Asia/Shanghai", "2026-11-20T14:30:00", []int64{24, 24, 24, 24, 24, 24, 24}},
		{"Asia/Kolkata", "2026-11-20T14:30:00", []int64{24, 24, 24, 24, 24, 24, 24}},
		{"Europe/Berlin", "2026-10-28T14:30:00", []int64{24, 24, 24, 24, 25, 24, 24}}, // Sunday the 25th
		{"America/New_York", "2026-03-10T14:30:00", []int64{24, 24, 24, 24, 24, 23, 24}},
	} {
		t.Run(c.zone, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			local, err := time.ParseInLocation("2006-01-02T15:04:05", c.now, zone)
			if err != nil {
				t.Fatal(err)
			}
			now := local.Unix()
			week := Window{Label: "7d", Length: 7 * 24 * time.Hour}
			// One quota a second, and the gateway's days say so of UTC's.
			begin := now - 8*86_400
			begin -= begin % 86_400
			periods := Periods{Span: Span{begin, now}, Step: 86_400}
			for at := begin; at <= now; at += 86_400 {
				periods.Usage = append(periods.Usage, PeriodUsage{From: at, To: at + 86_399, Model: "o3", Calls: 1, Quota: 86_400})
			}
			s := State{}.Apply(update(now, SourceDays, periods))
			days := DaySpans(now-7*86_400, now, zone)
			if len(days) != 8 {
				t.Fatalf("%d days in a week and today: %v", len(days), days)
			}
			for i, d := range days[:7] {
				if d.Seconds() != c.days[i]*3600 {
					t.Errorf("day %d has %d s, want %d h", i, d.Seconds(), c.days[i])
				}
			}
			sum := SummariseSpan(s, week, week.Ending(now), zone)
			if sum.SplitUTC || sum.SplitSpan.OK || sum.Totals.Calls != Some[int64](8) {
				t.Errorf("without sums of ours the gateway's days stand: %+v %+v", sum.SplitSpan, sum.Totals)
			}

			for _, d := range days[1:7] {
				s = s.Apply(update(now, SourceRates, DayTotal{Span: d, Quota: Quota(d.Seconds())}))
			}
			for _, h := range HourSpans(local, now) {
				s = s.Apply(update(now, SourceRates, HourTotal{Span: h, Quota: Quota(h.Seconds())}))
			}
			sum = SummariseSpan(s, week, week.Ending(now), zone)
			if want := Quota(now - days[1].From + 1); sum.Totals.Quota != Some(want) || !sum.Totals.Partial {
				t.Errorf("six of seven days are known: %+v, want at least %d", sum.Totals, want)
			}
			if sum.Series[0].PerMinute.OK {
				t.Error("the spend of a day that is not known is drawn")
			}
			s = s.Apply(update(now, SourceRates, DayTotal{Span: days[0], Quota: Quota(days[0].Seconds())}))
			sum = SummariseSpan(s, week, week.Ending(now), zone)
			if want := Quota(now - days[0].From + 1); sum.Totals.Quota != Some(want) || sum.Totals.Partial || sum.Totals.Coverage != 1 || sum.Totals.From != FromGateway {
				t.Errorf("all days are known: %+v, want %d", sum.Totals, want)
			}
			if sum.Span.From != days[0].From || len(sum.Series) != 8 || !sum.SplitUTC || !sum.SplitSpan.OK || sum.Totals.Calls.OK {
				t.Errorf("span %v, %d columns, split %+v UTC %v, calls %+v", sum.Span, len(sum.Series), sum.SplitSpan, sum.SplitUTC, sum.Totals.Calls)
			}
			for _, p := range sum.Series {
				if p.PerMinute != Some(60.0) {
					t.Errorf("%v quota a minute on the day of %s", p.PerMinute, time.Unix(p.At, 0).In(zone))
				}
			}

			// 24 hours are hours, and of yesterday they are known as well.
			day := Window{Label: "24h", Length: 24 * time.Hour}
			for _, h := range HourSpans(time.Unix(days[6].From, 0).In(zone), days[6].To) {
				s = s.Apply(update(now, SourceRates, HourTotal{Span: h, Quota: Quota(h.Seconds())}))
			}
			sum = SummariseSpan(s, day, day.Ending(now), zone)
			if q := sum.Totals.Quota.V; sum.Totals.Partial || q < 86_400 || q >= 86_400+3600 || int64(q) != sum.Span.Seconds() || len(sum.Series) != 25 {
				t.Errorf("24 hours: %+v over %d s, %d columns", sum.Totals, sum.Span.Seconds(), len(sum.Series))
			}
		})
	}
}

// Where the gateway's days are ours, those that it no longer tells come from sums.
func TestOldDaysComeFromSums(t *testing.T) {
	now := int64(t0 - t0%86_400 + 12*3600)
	month := Window{Label: "30d", Length: 30 * 24 * time.Hour}
	begin := now - now%86_400 - 6*86_400
	periods := Periods{Span: Span{begin, now}, Step: 86_400}
	for at := begin; at <= now; at += 86_400 {
		periods.Usage = append(periods.Usage, PeriodUsage{From: at, To: at + 86_399, Model: "o3", Calls: 1, Quota: 5})
	}
	s := State{}.Apply(update(now, SourceDays, periods))
	for _, h := range HourSpans(at(now).UTC(), now) {
		s = s.Apply(update(now, SourceRates, HourTotal{Span: h, Quota: 1}))
	}
	for _, d := range DaySpans(now-30*86_400, begin-1, time.UTC) {
		s = s.Apply(update(now, SourceRates, DayTotal{Span: d, Quota: 7}))
	}
	sum := SummariseSpan(s, month, month.Ending(now), time.UTC)
	if want := Quota(24*7 + 6*5 + 13); sum.Totals.Quota != Some(want) || sum.Totals.Partial {
		t.Errorf("%+v, want %d", sum.Totals, want)
	}
	if sum.SplitUTC || sum.SplitSpan != Some(Span{begin, now}) {
		t.Errorf("the models' figures are of the days since %d: %+v, UTC %v", begin, sum.SplitSpan, sum.SplitUTC)
	}
}

// TestAPastTellsKeysAndDurations puts a day of our own history before an hour of
// rows in memory.
func TestAPastTellsKeysAndDurations(t *testing.T) {
	now := int64(t0 + 1234)
	day := Window{Label: "24h", Length: 24 * time.Hour}
	span := PastSpan(day, now, shanghai)
	if span.From > now-86_400 || span.From <= now-86_400-3600-Lag || (span.From+8*3600)%3600 != 0 || now-span.To < 300 || now-span.To > 900 {
		t.Fatalf("the history is asked for %v at %d", span, now)
	}
	var all, old []Call
	for at := span.From; at <= now-Lag; at += 50 {
		c := Call{At: at, Kind: KindConsume, Model: "o3", Key: "k", KeyID: 1, Quota: Quota(at % 97), Took: Some(2 * time.Second)}
		all = append(all, c)
		if at <= span.To {
			old = append(old, c)
		}
	}
	past := Past{Span: span, Cells: RollUp(func(yield func(*Call) bool) {
		for i := range old {
			if !yield(&old[i]) {
				return
			}
		}
	})}
	for i := range old {
		past.Points = append(past.Points, PastPoint{old[i].At - (old[i].At-span.From)%PastStep, old[i].Quota})
	}
	rows := Span{now - 3600, now - Lag}
	var recent []Call
	var want Quota
	for _, c := range all {
		want += c.Quota
		if rows.Has(c.At) {
			recent = append(recent, c)
		}
	}
	s := State{}.Apply(update(now, SourceKeys, Keys{{ID: 1, Name: "k"}, {ID: 2, Name: "idle"}})).
		Apply(update(now, SourceCalls, CallsRead{Span: rows, Calls: recent, ReadAt: now}))
	if sum := Summarise(s, day, shanghai); sum.Counted() {
		t.Fatal("a day was counted from an hour of rows")
	}
	failed := s.Apply(Update{Source: SourceDays, At: at(now), Err: errors.New("no route to host")})
	s = failed.Apply(Update{Source: SourceDays, At: at(now), Payload: past})
	if s.Sources[SourceDays].Fault.Kind == FaultNone {
		t.Error("what our own history tells makes the gateway well")
	}
	sum := Summarise(s, day, shanghai)
	if !sum.Counted() || sum.Totals.Quota != Some(want) || sum.Totals.Calls != Some(int64(len(all))) || sum.Totals.Coverage != 1 || sum.Totals.From != FromCounted {
		t.Errorf("%+v, want %d calls of %d", sum.Totals, len(all), want)
	}
	if sum.Keys[0].Spent != Some(want) || sum.Keys[1].Spent != Some[Quota](0) || sum.Models[0].P95 != Some(2*time.Second) || sum.Models[0].N != int64(len(all)) {
		t.Errorf("keys %+v, models %+v", sum.Keys, sum.Models)
	}
	if cross := Cross(s, sum); cross.Total.Quota != want {
		t.Errorf("the table of keys and models adds up to %d", cross.Total.Quota)
	}
	var drawn float64
	for _, p := range sum.Series {
		drawn += p.PerMinute.V * float64(p.Seconds) / 60
	}
	if d := drawn - float64(want); d > 0.5 || d < -0.5 || len(sum.Series) != 25 {
		t.Errorf("the chart adds up to %v in %d columns", drawn, len(sum.Series))
	}

	// Another window has another past, and one that is old is none.
	if sum := Summarise(s, Window{Label: "7d", Length: 7 * 24 * time.Hour}, shanghai); sum.Counted() {
		t.Error("a week was told by a day")
	}
	late := s.Apply(update(now+3*3600, SourceCalls, CallsRead{Span: Span{now + 2*3600, now + 3*3600 - Lag}, ReadAt: now + 3*3600}))
	if sum := Summarise(late, day, shanghai); sum.Counted() {
		t.Error("a day with a hole in it is said to be counted")
	}
}
