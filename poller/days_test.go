package poller

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

// TestASlowGatewayStillTellsItsDay: no hour is asked for in a hurry, but the day
// becomes complete, and its hours hold nothing else up.
func TestASlowGatewayStillTellsItsDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, days: true, latency: 700 * time.Millisecond}
		rec := &recorder{}
		b := NewBudget(0)
		f.around = b.Around
		p := New(rec.emit, nil)
		// The fake clock starts at midnight UTC, which is noon there.
		zone := time.FixedZone("", 12*3600)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour, Zone: zone})
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
		defer cancel()
		p.Run(ctx)
		s := rec.now()
		if n := len(s.Self.Hours); n < 12 {
			t.Errorf("%d hours of today are known after 25 minutes", n)
		}
		if n := f.count("days"); n < 2 {
			t.Errorf("the usage per hour was asked for %d times in 25 minutes", n)
		}
		if sum := model.Summarise(s, model.Window{Label: "1h", Length: time.Hour}, zone); !sum.Today.Quota.OK {
			t.Errorf("today is not known: %+v", sum.Today)
		}
	})
}

func TestTheSiteIsAskedHalfAsOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true}
		rec := &recorder{}
		b := NewBudget(0)
		f.around = b.Around
		p := New(rec.emit, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: 15 * time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		go p.Run(ctx)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		own, channels := f.count("calls"), f.count("channels")
		p.Want(model.Want{Gateway: "prod", Scope: model.ScopeSite, Window: model.Window{Length: 15 * time.Minute}})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		cancel()
		site := f.count("calls") - own
		if channels != 0 || f.count("channels") < 9 {
			t.Errorf("channels were asked for %d times in the own scope and %d in the site's", channels, f.count("channels"))
		}
		if site*3 > own*2 {
			t.Errorf("%d pages of the own log and %d of the site's in the same time", own, site)
		}
		s := rec.now()
		if !s.Site.Ledger.End().OK || s.Site.Ledger.End().V <= s.Self.Ledger.End().V {
			t.Error("the site's log was not read into its own book")
		}
		if account := s.Sources[model.SourceAccount]; account.Every != 10*time.Second {
			t.Errorf("the own account is asked every %s", account.Every)
		}
	})
}

// daysWatch watches a gateway that knows UTC days alone, in Shanghai, where it is
// past eight in the morning when the fake clock begins, with a week on the screen.
func daysWatch(t *testing.T, f *fake, long time.Duration, seed []model.Update) *recorder {
	t.Helper()
	rec := &recorder{}
	b := NewBudget(0)
	f.around = b.Around
	p := New(rec.emit, nil)
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: 7 * 24 * time.Hour, Zone: zone})
	for _, u := range seed {
		p.Seed(u)
	}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	p.Run(ctx)
	return rec
}

// sumsOver are the sums that were asked for over more than so many seconds.
func (f *fake) sumsOver(seconds int64) (spans []model.Span) {
	for _, r := range f.asked {
		if r.kind == "total" && r.span.Seconds() > seconds {
			spans = append(spans, r.span)
		}
	}
	return spans
}

func TestADayIsAskedForOnceForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, days: true, perDay: true, latency: 30 * time.Millisecond}
		f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-9*24*time.Hour), 9*86400+1200, 0.01)
		rec := daysWatch(t, f, 15*time.Minute, nil)
		asked := f.sumsOver(3600)
		if len(asked) != 7 {
			t.Fatalf("%d days were asked for: %v", len(asked), asked)
		}
		for i, d := range asked {
			if d.Seconds() != 86400 || (d.From+8*3600)%86400 != 0 {
				t.Errorf("%v is no day in Shanghai", d)
			}
			if i > 0 && d.From >= asked[i-1].From {
				t.Errorf("%v was asked for after %v: not newest first", d, asked[i-1])
			}
		}
		zone := time.FixedZone("CST", 8*3600)
		sum := model.Summarise(rec.now(), model.Window{Label: "7d", Length: 7 * 24 * time.Hour}, zone)
		if _, truth := f.truth(sum.Span); sum.Totals.Quota != model.Some(truth) || sum.Totals.Partial {
			t.Errorf("the week is %+v, it is %d", sum.Totals, truth)
		}

		again := &fake{totals: true, days: true, perDay: true, latency: 30 * time.Millisecond}
		daysWatch(t, again, 15*time.Minute, rec.updates)
		if asked := again.sumsOver(3600); len(asked) != 0 {
			t.Errorf("after a restart %v were asked for again", asked)
		}
	})
}

// Where the gateway tells its usage per hour, and our days begin with one, no day is
// asked for.
func TestNoDayIsAskedForWhereHoursTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, days: true, latency: 30 * time.Millisecond}
		daysWatch(t, f, 15*time.Minute, nil)
		if asked := f.sumsOver(3600); len(asked) != 0 {
			t.Errorf("%v were asked for", asked)
		}
	})
}

// A database that is slow over a long time is asked over shorter ones, and one that
// is slow over any is not asked more often.
func TestSumsInParts(t *testing.T) {
	for _, c := range []struct {
		name          string
		latency, hour time.Duration
		day, hours    bool // whether whole days and whole hours go on being asked for
	}{
		{name: "slow over a day", latency: 20 * time.Millisecond, hour: 100 * time.Millisecond, hours: true},
		{name: "slow over an hour", latency: 20 * time.Millisecond, hour: time.Second},
		{name: "slow over anything", latency: 700 * time.Millisecond, day: true, hours: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{totals: true, days: true, perDay: true, latency: c.latency, perHour: c.hour}
				f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-9*24*time.Hour), 9*86400+1200, 0.001)
				rec := daysWatch(t, f, 24*time.Hour, nil)
				if days := len(f.sumsOver(3600)); c.day != (days > 3) {
					t.Errorf("%d sums over more than an hour", days)
				}
				if hours := len(f.sumsOver(600)); c.hours != (hours > 12) {
					t.Errorf("%d sums over more than ten minutes", hours)
				}
				s := rec.now()
				if len(s.Self.Days) < 7 {
					t.Errorf("%d days are known after a day", len(s.Self.Days))
				}
				for _, d := range s.Self.Days {
					if _, truth := f.truth(d.Span); d.Quota != truth {
						t.Errorf("the day %v is told as %d, it is %d", d.Span, d.Quota, truth)
					}
				}
			})
		})
	}
}

// TestPartsFollowTheHour: of a quiet account an hour takes as long as a day while
// everybody else is busy, and no time at night.
func TestPartsFollowTheHour(t *testing.T) {
	const slow, quick, way = 4 * time.Second, 105 * time.Millisecond, 100 * time.Millisecond
	const now, day, old, recent = 1_000_000, 0, 1, 2
	spans := []model.Span{day: {From: 0, To: 86399}, old: {From: 90_000, To: 93_599}, recent: {From: now - 7200, To: now - 3601}}
	p := parting{most: sumPiece}
	for i, step := range []struct {
		ask  int
		want int64 // how long the part is
		took time.Duration
	}{
		{day, 600, quick},
		{old, 600, quick},
		{old, 600, quick},
		{old, 600, quick},
		{old, 600, quick},
		{old, 600, 150 * time.Millisecond},
		{old, 600, quick},
		{old, 600, quick},
		{old, 600, quick},
		{old, 600, quick},
		{old, 600, quick},
		{old, 600, quick},
		{old, 1200, quick},
		{recent, 600, quick}, // there may be far more traffic now
		{old, 1200, slow},
		{day, 600, quick},
		{old, 600, slow}, // nothing is faster
		{old, 3600, slow},
		{recent, 3600, slow},
		{day, 86400, slow},
	} {
		got := p.seconds(spans[step.ask], now, way)
		if got != step.want {
			t.Fatalf("step %d: a part of %d s, want %d", i, got, step.want)
		}
		p.learn(got, step.took, way)
	}
	p = parting{most: sumPiece}
	for p.most < 3600 {
		p.learn(p.most, quick, way)
	}
	if old, recent := p.seconds(spans[old], now, way), p.seconds(spans[recent], now, way); old != 3600 || recent != 600 {
		t.Errorf("after a quiet night parts of %d s of it, and %d s of now", old, recent)
	}
	p = parting{most: sumPiece}
	if got := p.seconds(spans[recent], now, 400*time.Millisecond); got != 3600 {
		t.Errorf("far away parts of %d s", got)
	}
	// Without usage per hour, a day at once, then its hours, then ten minutes.
	p = parting{}
	for i, want := range []int64{86400, 3600, 600, 600} {
		got := p.seconds(spans[day], now, way)
		if got != want {
			t.Errorf("step %d of days: a part of %d s, want %d", i, got, want)
		}
		took := quick
		if got > 600 {
			took = slow
		}
		p.learn(got, took, way)
	}
}

// TestPiecesOfUsage: the newest hours alone are asked for again, older ones in pieces
// that grow while that takes no longer, and shrink for good where one was slow.
func TestPiecesOfUsage(t *testing.T) {
	const h = 3600
	var p pieces
	for i, step := range []struct {
		took time.Duration
		want int64 // how long the next one is
	}{
		{80 * time.Millisecond, 2 * h},
		{30 * time.Millisecond, 4 * h},
		{30 * time.Millisecond, 8 * h},
		{100 * time.Millisecond, 8 * h},
		{30 * time.Millisecond, 16 * h},
		{30 * time.Millisecond, 24 * h},
		{30 * time.Millisecond, 24 * h},
		{500 * time.Millisecond, 12 * h},
		{30 * time.Millisecond, 12 * h},
		{3 * time.Second, 6 * h},
		{3 * time.Second, 3 * h},
		{3 * time.Second, 2 * h},
		{3 * time.Second, 2 * h},
	} {
		if p.learn(step.took, 20*time.Millisecond); p.size != step.want {
			t.Fatalf("step %d: pieces of %d h, want %d", i, p.size/h, step.want/h)
		}
	}
	for range fastRow {
		p.learn(30*time.Millisecond, 20*time.Millisecond)
	}
	if p.size != 4*h {
		t.Errorf("pieces of %d h after %d fast answers", p.size/h, fastRow)
	}
	p = pieces{}
	for range 9 {
		p.learn(410*time.Millisecond, 400*time.Millisecond) // far away
	}
	if p.size != 24*h {
		t.Errorf("pieces of %d h where all are fast", p.size/h)
	}
}
