package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// spentHourly is a gateway that tells what was spent in each hour up to now, and a
// balance.
func spentHourly(now int64, hours []Quota, left Quota) State {
	const h = 3600
	first := now + 1 - int64(len(hours))*h
	p := Periods{Span: Span{first, now}, Step: h}
	for i, q := range hours {
		at := first + int64(i)*h
		p.Usage = append(p.Usage, PeriodUsage{From: at, To: at + h - 1, Model: "o3", Calls: 1, Quota: q})
	}
	s := State{}.Apply(update(now+Lag, SourceDays, p))
	return s.Apply(update(now+Lag, SourceAccount, Account{Quota: Some(left), Used: Some[Quota](0)}))
}

// endOfHour is a last second of an hour.
const endOfHour = int64(t0 - t0%3600 + 3599)

// TestABandOfLongWindows: whatever steps there are have a spread.
func TestABandOfLongWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	hours := make([]Quota, 31*24)
	for i := range hours {
		hours[i] = Quota(50 + r.IntN(100))
	}
	s := spentHourly(endOfHour, hours, 10_000)
	width := map[string]time.Duration{}
	for _, w := range Windows()[2:] {
		f := SummariseSpan(s, w, w.SpanAt(endOfHour, time.UTC), time.UTC).Forecast
		if w.Calendar == CalendarDay {
			continue // a few hours are no samples
		}
		if !f.Earliest.OK || !f.EmptyAt.OK || !f.Earliest.V.Before(f.EmptyAt.V) || f.Latest.OK && !f.Latest.V.After(f.EmptyAt.V) {
			t.Errorf("%s: %+v", w.Label, f)
		}
		width[w.Label] = f.EmptyAt.V.Sub(f.Earliest.V)
	}
	if width["24h"] <= width["7d"] {
		t.Errorf("a week is no surer than a day: %v", width)
	}

	// By hand: 24 hours that alternate between 50 and 150 have a standard deviation of
	// √(24·50²/23) = 51.08; 600 last for 6 hours, which is one part of a day of four.
	even := make([]Quota, 24)
	for i := range even {
		even[i] = Quota(50 + 100*(i%2))
	}
	w := Windows()[2]
	f := SummariseSpan(spentHourly(endOfHour, even, 600), w, w.Ending(endOfHour), time.UTC).Forecast
	spread := 1.2816 * 51.08 * math.Sqrt(6.0/24+1)
	for _, c := range []struct {
		name string
		got  Opt[time.Time]
		want float64
	}{{"earliest", f.Earliest, 600 / (100 + spread)}, {"expected", f.EmptyAt, 6}, {"latest", f.Latest, 600 / (100 - spread)}} {
		if hours := c.got.V.Sub(at(endOfHour + Lag)).Hours(); !c.got.OK || math.Abs(hours-c.want) > 0.01 {
			t.Errorf("%s: in %.3f h, want %.3f", c.name, hours, c.want)
		}
	}
	// Steps too few say nothing of their spread, and equal ones have none.
	for name, hours := range map[string][]Quota{"four hours": {90, 110, 90, 110}, "even": slices.Repeat([]Quota{100}, 24)} {
		if f := SummariseSpan(spentHourly(endOfHour, hours, 600), w, w.Ending(endOfHour), time.UTC).Forecast; f.Earliest.OK {
			t.Errorf("%s have a band: %+v", name, f)
		}
	}
}

// TestBandBackTest holds what Forecast says of the bounds of hours, in simulated weeks
// with days and nights: at least about 80 %.
func TestBandBackTest(t *testing.T) {
	for _, c := range []struct {
		window Window
		hours  int
	}{{Windows()[2], 1}, {Windows()[2], 4}, {Windows()[2], 24}, {Windows()[3], 4}, {Windows()[3], 24}} {
		inside, n := 0, 0
		for seed := range uint64(4) {
			minutes := slices.Concat(day(seed), day(seed+100), day(seed+200), day(seed+300), day(seed+400), day(seed+500))
			var hours []Quota
			for h := range slices.Chunk(minutes, 60) {
				sum := Quota(0)
				for _, q := range h {
					sum += q
				}
				hours = append(hours, sum)
			}
			span := int(c.window.Length / time.Hour)
			for now := span; now < span+48; now += 5 {
				left := Quota(0)
				for _, q := range hours[now-span : now] {
					left += q
				}
				left = left * Quota(c.hours) / Quota(span)
				f := SummariseSpan(spentHourly(endOfHour, hours[now-span:now], left), c.window, c.window.Ending(endOfHour), time.UTC).Forecast
				took := 0
				for rest := left; rest > 0 && now*60+took < len(minutes); took++ {
					rest -= minutes[now*60+took]
				}
				empty := at(endOfHour + Lag).Add(time.Duration(took) * time.Minute)
				n++
				if !empty.Before(f.Earliest.V) && (!f.Latest.OK || !empty.After(f.Latest.V)) {
					inside++
				}
			}
		}
		says := fmt.Sprintf("%s, a balance of %d h: the band held %d of %d", c.window.Label, c.hours, inside, n)
		t.Log(says)
		if float64(inside) < 0.75*float64(n) {
			t.Error(says)
		}
	}
}

// TestHiddenBelowFiveSamples reads so many whole minutes and looks for a forecast.
func TestHiddenBelowFiveSamples(t *testing.T) {
	minute := int64(t0 - t0%60)
	for n := int64(1); n <= 8; n++ {
		span := Span{minute - n*60, minute - 1}
		var rows []Call
		for at := span.From; at <= span.To; at += 20 {
			rows = append(rows, Call{At: at, Kind: KindConsume, Model: "o3", Key: "laptop", Quota: 100})
		}
		s := State{}.Apply(update(minute+Lag, SourceAccount, Account{Quota: Some[Quota](60_000)})).
			Apply(update(minute+Lag, SourceCalls, CallsRead{Span: span, Calls: rows, ReadAt: minute + Lag}))
		f := Summarise(s, hour, time.UTC).Forecast
		if f.Samples != int(n) || f.EmptyAt.OK != (n >= 5) {
			t.Errorf("%d minutes: %+v", n, f)
		}
		// So many hours, of a gateway that tells hours.
		hours := slices.Repeat([]Quota{90, 110}, 4)[:n]
		w := Windows()[2]
		f = SummariseSpan(spentHourly(endOfHour, hours, 600), w, w.Ending(endOfHour), time.UTC).Forecast
		if f.Samples != int(n) || f.EmptyAt.OK != (n >= 5) || f.Earliest.OK != (n >= 5) {
			t.Errorf("%d hours: %+v", n, f)
		}
	}
}

// TestTheSiteEmptiesNoBalance: an administrator's account is set, and what the whole
// site spends is not paid from it.
func TestTheSiteEmptiesNoBalance(t *testing.T) {
	for _, scope := range []Scope{ScopeSelf, ScopeSite} {
		span := Span{t0 - 3599, t0}
		var rows []Call
		for at := span.From; at <= span.To; at += 20 {
			rows = append(rows, Call{At: at, Kind: KindConsume, Model: "o3", Key: "laptop", User: "bob", Quota: 100})
		}
		s := State{Scope: scope}.Apply(update(t0+5, SourceAccount, Account{Role: RoleAdmin, Quota: Some[Quota](60_000), Used: Some[Quota](7)}))
		s = s.Apply(update(t0+5, SourceCalls, CallsRead{Scope: scope, Span: span, Calls: rows, ReadAt: t0 + 5}))
		f := Summarise(s, hour, time.UTC).Forecast
		if !f.PerHour.OK || math.Abs(f.PerHour.V-18_000) > 1 {
			t.Errorf("scope %v: %+v", scope, f)
		}
		if site := scope == ScopeSite; f.EmptyAt.OK == site || f.Earliest.OK && site || f.Latest.OK && site {
			t.Errorf("scope %v: %+v", scope, f)
		}
		// Nor is it empty where the administrator's own account is.
		s = s.Apply(update(t0+6, SourceAccount, Account{Role: RoleAdmin, Quota: Some[Quota](0), Used: Some[Quota](7)}))
		if f := Summarise(s, hour, time.UTC).Forecast; f.EmptyAt.OK == (scope == ScopeSite) {
			t.Errorf("scope %v, nothing left: %+v", scope, f)
		}
	}
}
