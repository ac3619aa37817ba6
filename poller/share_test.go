package poller

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

// tally is a Shared in memory.
type tally struct {
	mu   sync.Mutex
	sent []time.Time
	err  error
}

func (t *tally) Sent(_ string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = append(t.sent, at)
}

func (t *tally) SentSince(_ string, since time.Time) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, at := range t.sent {
		if !at.Before(since) {
			n++
		}
	}
	return n, t.err
}

// most is the most requests in any minute.
func most(sent []time.Time) int {
	best := 0
	for i := range sent {
		n := 0
		for j := i; j < len(sent) && sent[j].Sub(sent[i]) < time.Minute; j++ {
			n++
		}
		best = max(best, n)
	}
	return best
}

func TestTwoDashboardsShareOneBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &tally{}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		made := [2]int{}
		var wg sync.WaitGroup
		for i := range made {
			b := NewBudget(20)
			b.Share(shared, "gw.example")
			wg.Add(1)
			go func() {
				defer wg.Done()
				for b.Around(ctx, false, func() error { return nil }) == nil {
					made[i]++
				}
			}()
		}
		wg.Wait()
		if n := most(shared.sent); n > 21 {
			t.Errorf("%d requests in one minute, of a budget of 20", n)
		}
		if made[0] < 20 || made[1] < 20 {
			t.Errorf("one of them starves: %v", made)
		}
	})
}

// TestAStartDoesNotWaitForOthers: a dashboard that was killed has used the minute's
// budget up, and the one started after it shows something all the same. It takes
// half a budget beyond, once.
func TestAStartDoesNotWaitForOthers(t *testing.T) {
	for _, c := range []struct{ budget, first int }{{0, firstFree}, {20, 10}, {6, 3}} {
		synctest.Test(t, func(t *testing.T) {
			shared := &tally{}
			for range 60 {
				shared.Sent("gw.example", time.Now())
			}
			time.Sleep(time.Second)
			b := NewBudget(c.budget)
			b.Share(shared, "gw.example")
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
			defer cancel()
			n := 0
			for b.Around(ctx, false, func() error { return nil }) == nil {
				n++
			}
			if n != c.first {
				t.Errorf("budget %d: %d requests beside a used-up minute, want %d", c.budget, n, c.first)
			}
		})
	}
}

func TestABudgetOutlivesItsHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(20)
		b.Share(&tally{err: errors.New("disk full")}, "gw.example")
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		n := 0
		for b.Around(ctx, false, func() error { return nil }) == nil {
			n++
		}
		if n != 40 {
			t.Errorf("%d requests in 90 s of a budget of 20", n)
		}
	})
}

// TestWhatWasReadBeforeIsNotReadAgain restarts after a minute: the log is asked
// for the minute alone.
func TestWhatWasReadBeforeIsNotReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true}
		b := NewBudget(0)
		f.around = b.Around
		p := New(func(model.Update) {}, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour})
		now := time.Now().Unix()
		known := model.Span{From: now - 3700, To: now - 60}
		p.Seed(model.Update{Gateway: "prod", Payload: model.CallsRead{Span: known, ReadAt: now}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		p.Run(ctx)
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, r := range f.asked {
			if r.kind == "calls" && r.span.From <= known.To {
				t.Errorf("asked again for %v, of which %v was known", r.span, known)
			}
		}
	})
}

// TestASilenceIsReadInLongSpans: after a burst and a long silence the estimate of
// rows per second is next to nothing, and spans are as long as they may be.
func TestASilenceIsReadInLongSpans(t *testing.T) {
	var d density
	d.learn(3000, 60)
	for range 50 {
		d.learn(0, fillMost)
		if got := d.seconds(10, 100); d.rows < 1 && got != fillMost {
			t.Fatalf("%g rows a second are read in spans of %d s", d.rows, got)
		}
	}
}

// TestWhatDoesNotAddUpIsReadOnceMore reads a quarter of an hour a third time, and
// not the end of the log with it.
func TestWhatDoesNotAddUpIsReadOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true}
		b := NewBudget(0)
		f.around = b.Around
		p := New(func(model.Update) {}, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: 15 * time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		go p.Run(ctx)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		asked := len(f.asked)
		again := model.Span{From: time.Now().Unix() - 800, To: time.Now().Unix() - 5}
		p.Want(model.Want{Gateway: "prod", Window: model.Window{Length: 15 * time.Minute}, Reread: again})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		cancel()
		synctest.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		var read model.SpanSet
		for _, r := range f.asked[asked:] {
			if r.kind == "calls" {
				read = read.Add(r.span)
			}
		}
		if part := (model.Span{From: again.From, To: again.To - verifyEvery}); !read.Covers(part) {
			t.Errorf("of %v was read again %v", part, read)
		}
	})
}
