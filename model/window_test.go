package model

import (
	"testing"
	"time"
)

// zoneOf loads a zone, or skips where the machine has none.
func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Skip("this machine has no time zones:", err)
	}
	return zone
}

func TestParseWindow(t *testing.T) {
	for _, w := range Windows() {
		if got, err := ParseWindow(w.Label); err != nil || got != w {
			t.Errorf("%s: %+v, %v", w.Label, got, err)
		}
	}
	if _, err := ParseWindow("2h"); err == nil || err.Error() != `window "2h" is not one of 15m, 1h, 24h, 7d, 30d, today, month` {
		t.Errorf("an unknown window: %v", err)
	}
}

func TestWindowsOfTheCalendar(t *testing.T) {
	today, month := Window{Label: "today", Calendar: CalendarDay}, Window{Label: "month", Calendar: CalendarMonth}
	for _, c := range []struct {
		zone, at, day, month string
	}{
		{"Europe/Berlin", "2026-03-29 23:59:59", "2026-03-29 00:00:00 CET", "2026-03-01 00:00:00 CET"},
		{"Europe/Berlin", "2026-10-25 12:00:00", "2026-10-25 00:00:00 CEST", "2026-10-01 00:00:00 CEST"},
		{"Asia/Kolkata", "2026-11-20 00:00:00", "2026-11-20 00:00:00 IST", "2026-11-01 00:00:00 IST"},
		// No midnight: the day began at one o'clock. And two: it began with the first.
		{"America/Havana", "2026-03-08 05:00:00", "2026-03-08 01:00:00 CDT", "2026-03-01 00:00:00 CST"},
		{"America/Havana", "2026-11-01 05:00:00", "2026-11-01 00:00:00 CDT", "2026-11-01 00:00:00 CDT"},
		{"Africa/Cairo", "2024-02-29 05:00:00", "2024-02-29 00:00:00 EET", "2024-02-01 00:00:00 EET"},
	} {
		zone := zoneOf(t, c.zone)
		end, err := time.ParseInLocation(time.DateTime, c.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		show := func(w Window) string {
			span := w.SpanAt(end.Unix(), zone)
			if span.To != end.Unix() {
				t.Errorf("%s ends at %d", w.Label, span.To)
			}
			return time.Unix(span.From, 0).In(zone).Format("2006-01-02 15:04:05 MST")
		}
		if got := show(today); got != c.day {
			t.Errorf("%s %s: the day began at %s, want %s", c.zone, c.at, got, c.day)
		}
		if got := show(month); got != c.month {
			t.Errorf("%s %s: the month began at %s, want %s", c.zone, c.at, got, c.month)
		}
	}
	if got := (Window{Length: time.Hour}).SpanAt(t0, shanghai); got != (Span{t0 - 3599, t0}) {
		t.Errorf("an hour: %v", got)
	}
}

// TestToday asks for the window "today" of a day that has just begun, which was
// read from the log, and of one that comes from the gateway's hours.
func TestToday(t *testing.T) {
	today, err := ParseWindow("today")
	if err != nil {
		t.Fatal(err)
	}
	// 00:20 in India: 1,201 seconds of the day, of which the log is known.
	zone := zoneOf(t, "Asia/Kolkata")
	now := time.Date(2026, 11, 20, 0, 20, 0, 0, zone).Unix()
	s := State{}.Apply(update(now+Lag, SourceCalls, CallsRead{Span: Span{now - 3599, now}, ReadAt: now + Lag, Calls: []Call{
		{At: now - 1200, Kind: KindConsume, Model: "o3", Quota: 7},
		{At: now - 1201, Kind: KindConsume, Model: "o3", Quota: 100}, // yesterday
	}}))
	sum := Summarise(s, today, zone)
	if sum.Totals.Quota != Some[Quota](7) || sum.Totals.From != FromCounted || sum.Span != (Span{now - 1200, now}) || !sum.Wider() {
		t.Errorf("a day of twenty minutes: %+v over %v", sum.Totals, sum.Span)
	}

	// Two o'clock in the afternoon in Shanghai: 14 hours and a second.
	midnight := DayStart(at(t0).In(shanghai)).Unix()
	var hours []PeriodUsage
	for from := midnight - 24*3600; from < t0; from += 3600 {
		hours = append(hours, PeriodUsage{From: from, To: from + 3599, Model: "o3", Calls: 1, Quota: 10})
	}
	s = State{}.Apply(update(t0+Lag, SourceDays, Periods{Span: Span{midnight - 24*3600, t0}, Step: 3600, Usage: hours}))
	sum = Summarise(s, today, shanghai)
	if sum.Totals.Quota != Some[Quota](140) || sum.Totals.From != FromGateway || sum.Span.From != midnight || sum.Window.Counted() {
		t.Errorf("a day of 14 hours: %+v over %v", sum.Totals, sum.Span)
	}
	if sum := Summarise(s.Tick(at(t0+Lag)), Windows()[0], shanghai); sum.Wider() {
		t.Error("a quarter of an hour tells when it began")
	}
}
