package poller

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// hourly tells its usage as new-api does: of one unit a second, what has been written,
// every five minutes and then some.
type hourly struct {
	*fake
	takes func(model.Span) time.Duration // nil for no time
	spans []model.Span
}

func (f *hourly) Periods(ctx context.Context, _ model.Scope, span model.Span) (p model.Periods, err error) {
	err = f.do(ctx, "days", true, span, 0, func() error {
		f.spans = append(f.spans, span)
		if f.takes != nil {
			select {
			case <-time.After(f.takes(span)):
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(30 * time.Second):
				return &gateway.StatusError{Gateway: "prod", Path: "usage", Kind: model.FaultTimeout}
			}
		}
		now := time.Now().Unix()
		written := now - (now+110)%300
		p = model.Periods{Scope: model.ScopeSelf, Span: span, Step: 3600}
		for h := span.From + (3600-span.From%3600)%3600; h <= span.To; h += 3600 {
			if n := min(h+3600, written) - h; n > 0 {
				p.Usage = append(p.Usage, model.PeriodUsage{From: h, To: h + 3599, Model: "m", Quota: model.Quota(n)})
			}
		}
		return nil
	})
	return p, err
}

// usageWatch watches f with a budget and a window.
func usageWatch(f *hourly, budget int, window time.Duration) (*watch, *recorder) {
	rec := &recorder{}
	b := NewBudget(budget)
	f.around = b.Around
	return newWatch(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: window}, rec.emit), rec
}

// TestUsageAfterAPause: an hour that was told before all of it was written is asked for
// again however long nobody asked, and what was complete is not.
func TestUsageAfterAPause(t *testing.T) {
	for _, pause := range []time.Duration{10 * time.Minute, 110 * time.Minute, 3 * time.Hour, 20 * time.Hour, 30 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(34*time.Hour + 3*time.Minute) // 10:03, and 09:58 was written last
			f := &hourly{fake: &fake{}}
			w, _ := usageWatch(f, 60, 24*time.Hour)
			ctx, _ := withMeter(t.Context())
			d := w.dayReader()
			ask := func() {
				if err := w.askPeriods(ctx, d, time.Minute, true); err != nil {
					t.Fatal(err)
				}
			}
			ask()
			for d.owed {
				time.Sleep(time.Minute)
				ask()
			}
			time.Sleep(pause)
			before := len(f.spans)
			ask()
			if n := len(f.spans) - before; n != 1 && pause < 24*time.Hour {
				t.Errorf("after %s it takes %d requests", pause, n)
			}
			told := 0
			for _, u := range d.periods.Usage {
				if !d.periods.Tells(model.Span{From: u.From, To: u.To}) {
					continue
				}
				if told++; u.Quota != 3600 {
					t.Errorf("after %s the hour of %s is %d of 3600", pause, time.Unix(u.From, 0).UTC().Format("15:04"), u.Quota)
				}
			}
			if told < 24 {
				t.Errorf("after %s %d hours are told", pause, told)
			}
		})
	}
}

// TestUsageThatTakesLong: what has not come in time is asked for over half of it, and the
// rest of the screen goes on meanwhile, with a small budget too.
func TestUsageThatTakesLong(t *testing.T) {
	for name, c := range map[string]struct {
		takes    func(model.Span) time.Duration
		requests int // at most, in an hour
	}{
		"hangs over six hours": {func(s model.Span) time.Duration {
			if s.Seconds() > 6*3600 {
				return time.Hour
			}
			return 5 * time.Millisecond
		}, 150},
		"a tenth of a second an hour": {func(s model.Span) time.Duration { return time.Duration(s.Seconds()) * time.Second / 36000 }, 400},
	} {
		for _, budget := range []int{20, 40} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(20 * time.Hour)
					f := &hourly{fake: &fake{totals: true, latency: 20 * time.Millisecond}, takes: c.takes}
					rec := &recorder{}
					b := NewBudget(budget)
					f.around = b.Around
					p := New(rec.emit, nil)
					p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: 7 * 24 * time.Hour})
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					p.Run(ctx)
					long := 0
					for _, s := range f.spans {
						if s.Seconds() > 6*3600 {
							long++
						}
					}
					if len(f.spans) > c.requests || name[0] == 'h' && long > 12 {
						t.Errorf("budget %d: %d requests, %d of them over more than six hours", budget, len(f.spans), long)
					}
					least := int64(7 * 86400)
					if budget == 20 && name[0] == 'a' {
						least = 4 * 86400 // two hours a minute at best
					}
					if s := rec.now(); s.Self.PeriodSpan.Seconds() < least {
						t.Errorf("budget %d: usage of %.1f h is known after an hour", budget, float64(s.Self.PeriodSpan.Seconds())/3600)
					}
					if n := f.count("calls"); n < 5*60 {
						t.Errorf("budget %d: %d readings of the log in an hour", budget, n)
					}
				})
			})
		}
	}
}
