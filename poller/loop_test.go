package poller

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// TestOnlyItsOwnContextEndsALoop fails one request with an error that wraps
// somebody else's cancellation, as net/http does when a shared dial is given up.
func TestOnlyItsOwnContextEndsALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		failed := map[string]bool{}
		f := &fake{totals: true, days: true}
		f.fail = func(kind string) error {
			if failed[kind] || time.Since(start) < time.Minute {
				return nil
			}
			failed[kind] = true
			return &gateway.StatusError{Gateway: "prod", Kind: model.FaultNetwork, Err: fmt.Errorf("dial: %w", context.Canceled)}
		}
		rec := watchFor(t, f, 0, time.Hour, time.Hour)
		for _, src := range []model.Source{model.SourceAccount, model.SourceCalls, model.SourceRates, model.SourceKeys, model.SourceDays} {
			s := rec.now().Sources[src]
			if age := time.Since(s.LastOK); age > 2*s.Every+time.Minute || s.Fault.Kind != model.FaultNone {
				t.Errorf("%s answered last %s ago, fault %+v", src, age, s.Fault)
			}
		}
	})
}

func TestAClockThatJumps(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		jump, back time.Duration // how far, and after how long it is right again, 0 for never
	}{
		"one wrong answer ahead":  {day, 7 * time.Second},
		"one wrong answer behind": {-day, 7 * time.Second},
		"set ahead for good":      {time.Hour, 0},
		"set back for good":       {-time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{totals: true, lateShare: 0.1, lateBy: 20 * time.Second}
				f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Hour), 3600+1800, 1)
				start := time.Now()
				var wrong sync.Once
				f.fail = func(kind string) error {
					if kind == "calls" && time.Since(start) > 10*time.Minute {
						wrong.Do(func() {
							f.setSkew(c.jump)
							if c.back > 0 {
								time.AfterFunc(c.back, func() { f.setSkew(0) })
							}
						})
					}
					return nil
				}
				rec := watchFor(t, f, 0, 15*time.Minute, 20*time.Minute)
				for _, u := range rec.updates {
					at := u.At.Sub(start)
					r, read := u.Payload.(model.CallsRead)
					_, forgot := u.Payload.(model.CallsForgot)
					if c.back == 0 {
						continue
					}
					if forgot || (read && (r.Span.To > u.At.Unix() || r.Span.To < start.Add(-time.Hour).Unix())) {
						t.Errorf("%s: one wrong answer was believed: %+v", at, u.Payload)
					}
				}
				s := rec.now()
				if c.back > 0 {
					to := time.Now().Unix() - 130
					checkAgainstTruth(t, f, s, model.Span{From: to - 15*60 + 1, To: to})
					return
				}
				// What lasts is believed.
				end, want := s.Self.Ledger.End(), time.Now().Add(c.jump).Unix()
				if want-end.V > 20 || end.V > want {
					t.Errorf("read up to %d, the gateway's clock is at %d", end.V, want)
				}
			})
		})
	}
}

// TestChannelsAreAskedForWhileTheyAreShown looks at the site's channels in the
// own scope.
func TestChannelsAreAskedForWhileTheyAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true}
		b := NewBudget(0)
		f.around = b.Around
		p := New((&recorder{}).emit, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		go p.Run(ctx)
		asked := func(want model.Want, over time.Duration) int {
			was := f.count("channels")
			p.Want(want)
			time.Sleep(over)
			synctest.Wait()
			return f.count("channels") - was
		}
		own := model.Want{Gateway: "prod", Window: model.Window{Length: time.Hour}}
		shown := own
		shown.Channels = true
		if n := asked(own, 3*time.Minute); n != 0 {
			t.Errorf("asked %d times although nobody looks", n)
		}
		if n := asked(shown, time.Second); n != 1 {
			t.Errorf("asked %d times when the screen is opened", n)
		}
		if n := asked(shown, 3*time.Minute); n < 2 || n > 3 {
			t.Errorf("asked %d times in 3 minutes", n)
		}
		if n := asked(own, 3*time.Minute); n != 0 {
			t.Errorf("asked %d times after the screen was left", n)
		}
	})
}

// TestBackOff has an account that has no answer for 20 s: the wait is counted from
// then on, doubles up to a minute, and is over with the first good answer.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		var ends []time.Time
		f.fail = func(kind string) error {
			if kind != "account" || f.count("account") == 7 {
				return nil
			}
			time.Sleep(20 * time.Second)
			ends = append(ends, time.Now())
			return &gateway.StatusError{Gateway: "prod", Kind: model.FaultTimeout}
		}
		watchFor(t, f, 0, time.Hour, 10*time.Minute)
		var asked []time.Time
		for _, r := range f.asked {
			if r.kind == "account" {
				asked = append(asked, r.at)
			}
		}
		for i, want := range []time.Duration{10, 20, 40, 60, 60, 60} {
			want *= time.Second
			if wait := asked[i+1].Sub(ends[i]); wait < want || wait > want*11/10 {
				t.Errorf("after failure %d the wait was %s, not %s", i+1, wait, want)
			}
		}
		if wait := asked[8].Sub(ends[6]); wait < 10*time.Second || wait > 11*time.Second {
			t.Errorf("after a good answer the wait was %s", wait)
		}
	})
}

// TestAFollowedLogIsRead: of a gateway that is not shown the log is read while somebody
// waits for a row of it.
func TestAFollowedLogIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shown, hidden := &fake{}, &fake{}
		p := New(func(model.Update) {}, nil)
		for name, f := range map[string]*fake{"shown": shown, "hidden": hidden} {
			b := NewBudget(0)
			f.around = b.Around
			p.Add(Target{Name: name, Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour})
		}
		p.Want(model.Want{Gateway: "shown", Window: model.Window{Length: time.Hour}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go p.Run(ctx)
		reads := func(over time.Duration) int {
			before := hidden.count("calls")
			time.Sleep(over)
			synctest.Wait()
			return hidden.count("calls") - before
		}
		if n := reads(time.Minute); n > 0 {
			t.Errorf("%d pages before anybody waits", n)
		}
		p.Follow("hidden", true)
		if n := reads(time.Minute); n < 10 {
			t.Errorf("%d pages in a minute", n)
		}
		p.Follow("hidden", false)
		time.Sleep(10 * time.Second)
		if n := reads(time.Minute); n > 0 {
			t.Errorf("%d pages when nobody waits any more", n)
		}
	})
}
