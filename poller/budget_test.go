package poller

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

// refused has the budget see a 429 that asks to wait that long.
func refused(t *testing.T, b *Budget, after time.Duration) {
	t.Helper()
	err := b.Around(t.Context(), false, func() error { return limited(after) })
	if model.FaultOf(err).Kind != model.FaultLimited {
		t.Fatal(err)
	}
}

func TestNo429SilencesForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := &fake{totals: true}
		done := false
		f.fail = func(string) error {
			if done || time.Since(start) < time.Minute {
				return nil
			}
			done = true
			return limited(365 * 24 * time.Hour)
		}
		watchFor(t, f, 0, time.Hour, 2*time.Hour)
		var last, longest time.Duration
		for _, r := range f.asked {
			at := r.at.Sub(start)
			longest, last = max(longest, at-last), at
		}
		if longest < mostRetry || longest > mostRetry+time.Minute {
			t.Errorf("the longest silence after a Retry-After of a year was %s", longest)
		}
	})
}

func TestTheLongestPauseHolds(t *testing.T) {
	for _, c := range []struct{ first, second, want time.Duration }{
		{10 * time.Minute, 5 * time.Second, 10 * time.Minute},
		{5 * time.Second, 10 * time.Minute, 10 * time.Minute},
		{10 * time.Minute, 0, 10 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := NewBudget(60)
			// Both were on their way when the limit was reached.
			first, second := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(second)
				_ = b.Around(t.Context(), false, func() error { <-first; return limited(c.second) })
			}()
			synctest.Wait()
			refused(t, b, c.first)
			close(first)
			<-second
			pace := b.pace()
			if got := time.Until(pace.LimitedUntil); got != c.want {
				t.Errorf("after %s and %s the pause is %s", c.first, c.second, got)
			}
			time.Sleep(c.want + halfFor - time.Second)
			if p := b.pace(); !p.Halved {
				t.Errorf("%+v: the budget is whole too early", p)
			}
		})
	}
}

func TestARetryAtOnceIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(60)
		b.observe(false, 0, &retryNow{})
		if got := time.Until(b.pace().LimitedUntil); got != leastRetry {
			t.Errorf("a Retry-After of 0 makes a pause of %s", got)
		}
	})
}

// retryNow is a 429 with Retry-After: 0.
type retryNow struct{}

func (*retryNow) Error() string                  { return "limited" }
func (*retryNow) Fault() model.Fault             { return model.Fault{Kind: model.FaultLimited} }
func (*retryNow) Wait() model.Opt[time.Duration] { return model.Some[time.Duration](0) }

// TestTheBudgetHoldsOnTheWire counts requests when they are sent: heavy ones wait
// for each other after the budget let them through.
func TestTheBudgetHoldsOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 5
		f := &fake{totals: true, latency: 15 * time.Second}
		b := NewBudget(limit)
		f.around = b.Around
		for range 40 {
			go func() { _, _ = f.Total(t.Context(), model.ScopeSelf, model.Span{}) }()
		}
		for range 40 {
			time.Sleep(7 * time.Second)
			go func() { _, _, _ = f.Keys(t.Context(), 0) }()
		}
		time.Sleep(20 * time.Minute)
		if n := f.count(""); n != 80 {
			t.Errorf("%d of 80 were sent", n)
		}
		most := 0
		for i, first := range f.asked {
			n := 0
			for _, r := range f.asked[i:] {
				if r.at.Sub(first.at) < time.Minute {
					n++
				}
			}
			most = max(most, n)
		}
		if most > limit || f.maxHeavy > 1 {
			t.Errorf("%d requests within a minute of a budget of %d, %d heavy ones at once", most, limit, f.maxHeavy)
		}
	})
}

// TestAWaitHoldsNoSlot has a heavy request wait for the budget: whoever may send
// first then must find the slot free.
func TestAWaitHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(60)
		refused(t, b, 10*time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = b.Around(ctx, true, func() error { return nil }) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(b.heavy) > 0 {
			t.Error("a request that waits for the budget holds the heavy slot")
		}
	})
}

// What a person waits for goes when the budget is spent, though not without end, and
// never while the gateway wants a pause.
func TestAPersonDoesNotWaitForTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(6)
		ask := func(ctx context.Context) time.Duration {
			start := time.Now()
			if err := b.Around(ctx, false, func() error { return nil }); err != nil {
				t.Fatal(err)
			}
			return time.Since(start)
		}
		for range 6 {
			ask(t.Context())
		}
		person := Asked(t.Context())
		for i := range askedMore {
			if waited := ask(person); waited > 0 {
				t.Fatalf("question %d waited %s", i, waited)
			}
		}
		if waited := ask(person); waited == 0 {
			t.Error("a person's questions know no end")
		}
		if b.pace().Used != 6+askedMore && b.pace().Used != 1 {
			t.Errorf("%d requests are counted", b.pace().Used)
		}
		time.Sleep(2 * time.Minute)
		refused(t, b, 30*time.Second)
		if waited := ask(person); waited < 30*time.Second {
			t.Errorf("waited %s of a pause of 30 s", waited)
		}
	})
}

// TestBackfillLeavesTheScreenItsTurns: with half a budget and an hour to be filled, the
// end of the log is still read every few seconds, in the first minute too.
func TestBackfillLeavesTheScreenItsTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, days: true, latency: 30 * time.Millisecond}
		began := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), began.Add(-time.Hour), 3600+600, 4)
		b := NewBudget(30)
		f.around = b.Around
		var last time.Time
		var longest time.Duration
		p := New(func(u model.Update) {
			r, ok := u.Payload.(model.CallsRead)
			if !ok || r.Span.To < time.Now().Unix()-20 {
				return
			}
			if !last.IsZero() {
				longest = max(longest, time.Since(last))
			}
			last = time.Now()
		}, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		p.Run(ctx)
		if longest > 15*time.Second {
			t.Errorf("the end of the log was not read for %s", longest)
		}
		filled := 0
		for _, r := range f.asked {
			if r.kind == "calls" && r.span.To < began.Unix()-60 {
				filled++
			}
		}
		if filled < 6 {
			t.Errorf("%d pages of the past were read in ten minutes", filled)
		}
	})
}
