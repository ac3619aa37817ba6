package poller

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// watchFor runs a poller on f for some fake time and returns what it told.
func watchFor(t *testing.T, f *fake, budget int, window, long time.Duration) *recorder {
	t.Helper()
	rec := &recorder{}
	b := NewBudget(budget)
	f.around = b.Around
	p := New(rec.emit, nil)
	p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: window})
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	p.Run(ctx)
	return rec
}

// checkAgainstTruth compares what is known of span with the fake's own log.
func checkAgainstTruth(t *testing.T, f *fake, s model.State, span model.Span) {
	t.Helper()
	if gaps := s.Self.Ledger.Gaps(span); len(gaps) > 0 {
		t.Errorf("not read: %v of %v", gaps, span)
	}
	sum := model.SummariseSpan(s, model.Window{Label: "1h", Length: time.Hour}, span, time.UTC)
	calls, quota := f.truth(span)
	if sum.Totals.Calls != model.Some(calls) || sum.Totals.Quota != model.Some(quota) {
		t.Errorf("counted %+v calls, %+v quota; the truth is %d, %d", sum.Totals.Calls, sum.Totals.Quota, calls, quota)
	}
}

func TestCountsEveryCall(t *testing.T) {
	for _, c := range []struct {
		name        string
		pageSize    int
		totals, ids bool
		perSecond   float64
		late        float64
		lateBy      time.Duration
		skew        time.Duration
		budget      int
	}{
		{name: "quiet", totals: true, perSecond: 0.05},
		{name: "two a second", totals: true, perSecond: 2},
		{name: "thirteen a second", totals: true, ids: true, perSecond: 13},
		{name: "pages of ten", pageSize: 10, ids: true, perSecond: 1},
		{name: "late rows", totals: true, perSecond: 3, late: 0.1, lateBy: 20 * time.Second},
		{name: "late rows without totals", pageSize: 10, ids: true, perSecond: 0.5, late: 0.1, lateBy: 20 * time.Second},
		{name: "clock an hour behind", totals: true, perSecond: 2, skew: -time.Hour},
		{name: "clock an hour ahead", totals: true, perSecond: 2, skew: time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{
					pageSize: c.pageSize, totals: c.totals, ids: c.ids, latency: 40 * time.Millisecond,
					skew: c.skew, lateShare: c.late, lateBy: c.lateBy,
				}
				start := time.Now()
				f.traffic(rand.New(rand.NewPCG(1, 2)), start.Add(-time.Hour), 3600+1800, c.perSecond)
				rec := watchFor(t, f, c.budget, 15*time.Minute, 30*time.Minute)
				s := rec.now()
				// Every second is read for the second time at an age of 60 to 125 s.
				to := time.Now().Add(c.skew).Unix() - 130
				checkAgainstTruth(t, f, s, model.Span{From: to - 15*60 + 1, To: to})
				perMinute := float64(f.count("")) / 30
				if perMinute > 60 {
					t.Errorf("%.1f requests a minute", perMinute)
				}
				if c.perSecond <= 2 && c.pageSize == 0 && perMinute > 27 {
					t.Errorf("%.1f requests a minute in the steady state", perMinute)
				}
				if f.maxHeavy > 1 {
					t.Errorf("%d heavy queries in flight at once", f.maxHeavy)
				}
				for _, u := range rec.updates {
					if r, ok := u.Payload.(model.CallsRead); ok && r.ReadAt-r.Span.To < model.Lag {
						t.Fatalf("%v was read at %d: it was not closed", r.Span, r.ReadAt)
					}
				}
			})
		})
	}
}

func TestTheScreenIsTenSecondsBehindAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, latency: 50 * time.Millisecond}
		f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Hour), 3600+600, 3)
		rec := watchFor(t, f, 0, time.Hour, 10*time.Minute)
		end := int64(0)
		for _, u := range rec.updates {
			r, ok := u.Payload.(model.CallsRead)
			if !ok || r.Span.To <= end {
				continue
			}
			if behind := u.At.Unix() - end; end > 0 && behind > 12 {
				t.Errorf("at %s the newest second known was %d s old", u.At.Format(time.TimeOnly), behind)
			}
			end = r.Span.To
		}
	})
}

func TestTooMuchForTheBudgetIsSampledNewestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{pageSize: 10, ids: true, latency: 20 * time.Millisecond}
		f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Hour), 3600+900, 20)
		rec := watchFor(t, f, 0, time.Hour, 15*time.Minute)
		s := rec.now()
		if n := float64(f.count("")) / 15; n > 60 {
			t.Errorf("%.1f requests a minute", n)
		}
		end := s.Self.Ledger.End()
		if now := time.Now().Unix(); now-end.V > 20 {
			t.Errorf("the newest second known is %d s old", now-end.V)
		}
		if n := f.count("account"); n < 80 {
			t.Errorf("the account was asked %d times in 15 minutes", n)
		}
		sum := model.Summarise(s, model.Window{Label: "1h", Length: time.Hour}, time.UTC)
		calls, quota := f.truth(sum.Span)
		if tt := sum.Totals; tt.Coverage >= 0.5 || tt.Coverage < 0.05 || tt.From != model.FromGateway {
			t.Errorf("totals %+v; the truth is %d calls", tt, calls)
		} else if off := float64(tt.Quota.V-quota) / float64(quota); off > 0.02 || off < -0.02 {
			t.Errorf("quota %d, the truth is %d", tt.Quota.V, quota)
		}
		// What is settled is exact nevertheless.
		for _, part := range s.Self.Ledger.Settled(model.Span{From: sum.Span.From, To: sum.Span.To - 130}) {
			want, _ := f.truth(part)
			got := int64(0)
			for range s.Self.Calls.In(part) {
				got++
			}
			if got != want {
				t.Errorf("%v holds %d calls, the truth is %d", part, got, want)
			}
		}
	})
}

func TestSmallBudgetStretchesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, latency: 20 * time.Millisecond}
		rec := watchFor(t, f, 6, time.Hour, 10*time.Minute)
		if n := f.count(""); n > 6*10+6 {
			t.Errorf("%d requests in 10 minutes with 6 a minute", n)
		}
		u := rec.updates[len(rec.updates)-1]
		if u.Pace.Stretch < 3.5 || u.Pace.Stretch > 4.5 || u.Pace.Budget != 6 {
			t.Errorf("pace %+v", u.Pace)
		}
		for _, kind := range []string{"account", "calls", "total", "keys"} {
			if f.count(kind) == 0 {
				t.Errorf("%s was never asked", kind)
			}
		}
	})
}

func TestSlowGatewayIsAskedLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, latency: 3 * time.Second}
		f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Hour), 3600+900, 5)
		rec := watchFor(t, f, 0, time.Hour, 15*time.Minute)
		u := rec.updates[len(rec.updates)-1]
		if !u.Pace.Slow {
			t.Error("nobody says that the gateway is slow")
		}
		var late int
		for _, r := range f.asked {
			if r.at.After(time.Now().Add(-5 * time.Minute)) {
				late++
			}
		}
		if late > 5*10 {
			t.Errorf("%d requests in the last 5 minutes", late)
		}
		// Nothing but the end of the log is read while answers are slow.
		for _, r := range f.asked {
			if r.kind == "calls" && r.at.Sub(time.Unix(r.span.To, 0)) > 4*time.Minute {
				t.Errorf("backfill of %v at %s", r.span, r.at)
			}
		}
		f.mu.Lock()
		f.latency = 20 * time.Millisecond
		f.mu.Unlock()
		rec = watchFor(t, f, 0, time.Hour, 10*time.Minute)
		if u := rec.updates[len(rec.updates)-1]; u.Pace.Slow {
			t.Error("a fast gateway is still called slow")
		}
	})
}

func limited(after time.Duration) error {
	e := &gateway.StatusError{Gateway: "prod", Kind: model.FaultLimited, Code: 429}
	if after > 0 {
		e.RetryAfter = model.Some(after)
	}
	return e
}

func Test429PausesAndHalves(t *testing.T) {
	for _, after := range []time.Duration{0, 90 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			f := &fake{totals: true, latency: 20 * time.Millisecond}
			f.fail = func(string) error {
				if since := time.Since(start); since > 2*time.Minute && since < 2*time.Minute+10*time.Second {
					return limited(after)
				}
				return nil
			}
			rec := watchFor(t, f, 0, time.Hour, 40*time.Minute)
			var hit time.Time
			refused := 0
			for _, u := range rec.updates {
				if model.FaultOf(u.Err).Kind == model.FaultLimited {
					refused++
					if hit.IsZero() {
						hit = u.At
						if u.Pace.LimitedUntil.Before(u.At) || !u.Pace.Halved {
							t.Errorf("pace after a 429: %+v", u.Pace)
						}
					}
				}
			}
			if refused == 0 || refused > 3 {
				t.Errorf("%d requests were refused", refused)
			}
			pause := max(after, firstPause)
			for _, r := range f.asked {
				if since := r.at.Sub(hit); since > 50*time.Millisecond && since < pause-time.Second {
					t.Errorf("asked %s %s after a 429", r.kind, since)
				}
			}
			within, budget := 0, 0
			for _, u := range rec.updates {
				if d := u.At.Sub(hit); d > 5*time.Minute && d < 29*time.Minute {
					within, budget = within+1, u.Pace.Budget
				}
			}
			if within == 0 || budget != 30 {
				t.Errorf("half an hour later the budget is %d (%d updates)", budget, within)
			}
			if last := rec.updates[len(rec.updates)-1]; last.Pace.Halved || last.Pace.Budget != 60 {
				t.Errorf("after half an hour: %+v", last.Pace)
			}
		})
	}
}

func TestErrorsNeverStopALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, latency: 20 * time.Millisecond}
		start := time.Now()
		broken := errors.New("everything is broken")
		f.fail = func(string) error {
			if time.Since(start) < 6*time.Hour {
				return broken
			}
			return nil
		}
		f.traffic(rand.New(rand.NewPCG(1, 2)), start, 7*3600, 1)
		rec := watchFor(t, f, 0, time.Hour, 6*time.Hour+30*time.Minute)
		s := rec.now()
		for _, src := range []model.Source{model.SourceAccount, model.SourceCalls, model.SourceRates, model.SourceKeys} {
			if h := s.Sources[src].Health(time.Now()); h != model.HealthUp {
				t.Errorf("%s is %s half an hour after the gateway came back", src, h)
			}
		}
		perMinute := 0
		for _, r := range f.asked {
			if r.at.Sub(start) > time.Hour && r.at.Sub(start) < 61*time.Minute {
				perMinute++
			}
		}
		if perMinute > 8 {
			t.Errorf("%d requests a minute to a gateway that is down", perMinute)
		}
		to := time.Now().Unix() - 130
		checkAgainstTruth(t, f, s, model.Span{From: to - 20*60, To: to})
	})
}

func TestPokeAsksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, days: true, latency: 20 * time.Millisecond}
		rec := &recorder{}
		b := NewBudget(0)
		f.around = b.Around
		p := New(rec.emit, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { p.Run(ctx); close(done) }()
		time.Sleep(21 * time.Second)
		synctest.Wait()
		keys, days := f.count("keys"), f.count("days")
		p.Poke("somebody else")
		time.Sleep(100 * time.Millisecond)
		if f.count("keys") != keys {
			t.Error("another gateway's poke was heard")
		}
		p.Poke("prod")
		time.Sleep(500 * time.Millisecond)
		if f.count("keys") == keys || f.count("days") == days {
			t.Error("the poke was not heard")
		}
		days = f.count("days")
		p.Want(model.Want{Gateway: "prod", Window: model.Window{Length: 30 * 24 * time.Hour}})
		time.Sleep(500 * time.Millisecond)
		longer := f.count("days")
		if longer < days+10 {
			t.Errorf("a longer window asks %d times for its days", longer-days)
		}
		for _, r := range f.asked {
			if r.kind == "days" && r.span.Seconds() > 2*86400 {
				t.Errorf("%v is asked for at once", r.span)
			}
		}
		p.Want(model.Want{Gateway: "prod", Window: model.Window{Length: 24 * time.Hour}})
		time.Sleep(500 * time.Millisecond)
		if f.count("days") != longer {
			t.Error("a shorter window asks for days that are known")
		}
		cancel()
		<-done
	})
}

func TestHiddenGatewaysArePolledForTheirAccountAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shown, hidden := &fake{name: "a"}, &fake{name: "b"}
		p := New(func(model.Update) {}, nil)
		for i, f := range []*fake{shown, hidden} {
			p.Add(Target{Name: fmt.Sprint(i), Gateway: f, Budget: NewBudget(0), Intervals: DefaultIntervals(), Window: time.Hour})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		go p.Run(ctx)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if a, all := hidden.count("account"), hidden.count(""); a < 9 || a > 12 || all > a+3 {
			t.Errorf("the hidden one was asked %d times for its account, %d in all", a, all)
		}
		p.Want(model.Want{Gateway: "1", Window: model.Window{Length: time.Hour}})
		time.Sleep(time.Second)
		synctest.Wait()
		if hidden.count("calls") == 0 {
			t.Error("switching does not ask at once")
		}
		before := shown.count("calls")
		time.Sleep(time.Minute)
		if n := shown.count("calls") - before; n > 1 {
			t.Errorf("the one that went off the screen was asked for %d pages", n)
		}
	})
}

func TestOnceReadsTheWindowExactly(t *testing.T) {
	for name, c := range map[string]struct {
		f         *fake
		perSecond float64
		budget    int
		whole     bool
	}{
		"with totals":     {&fake{totals: true, days: true, calls: 2e6}, 1.2, 0, true},
		"pages of ten":    {&fake{pageSize: 10, ids: true}, 0.05, 0, true},
		"too much for it": {&fake{pageSize: 10, ids: true}, 3, 0, false},
		"told, too much":  {&fake{totals: true}, 9, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.f.latency = 30 * time.Millisecond
				c.f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-2*time.Hour), 3*3600, c.perSecond)
				rec := &recorder{}
				b := NewBudget(c.budget)
				c.f.around = b.Around
				p := New(rec.emit, nil)
				p.Add(Target{Name: "prod", Gateway: c.f, Budget: b, Intervals: DefaultIntervals()})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				window := model.Window{Label: "1h", Length: time.Hour}
				span := p.Once(ctx, window)["prod"]
				s := rec.now()
				if span.Seconds() != 3600 {
					t.Errorf("span %v", span)
				}
				if c.whole {
					checkAgainstTruth(t, c.f, s, span)
					if took := time.Since(start); took > 10*time.Second {
						t.Errorf("took %s", took)
					}
					return
				}
				sum := model.SummariseSpan(s, window, span, time.UTC)
				calls, quota := c.f.truth(span)
				if sum.Totals.Coverage <= 0.02 || sum.Totals.Coverage >= 1 || sum.Totals.Quota != model.Some(quota) || sum.Totals.From != model.FromGateway {
					t.Errorf("totals %+v, the truth is %d calls, %d quota", sum.Totals, calls, quota)
				}
				if c.f.totals && (sum.Totals.Calls != model.Some(calls) || sum.Totals.CoverageBy != model.ByCalls) {
					t.Errorf("calls %+v by %s, the truth is %d", sum.Totals.Calls, sum.Totals.CoverageBy, calls)
				}
				if n := c.f.count(""); n > 121 {
					t.Errorf("%d requests in a minute", n)
				}
				for _, u := range rec.updates {
					if u.Err != nil && !errors.Is(u.Err, errors.ErrUnsupported) {
						t.Errorf("%s: %v", u.Source, u.Err)
					}
				}
			})
		})
	}
}

func TestOnceGivesUpInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want model.FaultKind
		took time.Duration
	}{
		"wrong token":      {&gateway.StatusError{Kind: model.FaultUnauthorised}, model.FaultUnauthorised, time.Second},
		"limited for long": {limited(time.Hour), model.FaultLimited, time.Second},
		"limited, silent":  {limited(0), model.FaultLimited, time.Minute},
		"down":             {&gateway.StatusError{Kind: model.FaultNetwork}, model.FaultNetwork, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{fail: func(string) error { return c.err }}
				rec := &recorder{}
				b := NewBudget(0)
				f.around = b.Around
				p := New(rec.emit, nil)
				p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals()})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				p.Once(ctx, model.Window{Label: "1h", Length: time.Hour})
				if got := rec.now().Sources[model.SourceAccount].Fault; got.Kind != c.want {
					t.Errorf("the account's fault is %+v", got)
				}
				if took := time.Since(start); took > c.took {
					t.Errorf("took %s", took)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true}
		start := time.Now()
		f.fail = func(string) error {
			if time.Since(start) < 20*time.Second {
				return limited(20 * time.Second)
			}
			return nil
		}
		rec := &recorder{}
		b := NewBudget(0)
		f.around = b.Around
		p := New(rec.emit, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals()})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p.Once(ctx, model.Window{Label: "1h", Length: time.Hour})
		if !rec.now().Account.OK {
			t.Error("a Retry-After that ends in time is not waited for")
		}
	})
}
