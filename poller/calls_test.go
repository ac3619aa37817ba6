package poller

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// TestTheSecondReadingHasItsTurn gives the end of the log more to read than the
// budget allows, with rows that come late: what is old must have been read twice
// nevertheless, and the end still be followed. Of a log of which a sample is read at
// best, some must.
func TestTheSecondReadingHasItsTurn(t *testing.T) {
	for name, c := range map[string]struct {
		budget    int
		perSecond float64
		pageSize  int
		twice     float64 // the share of what was read that must have been read twice
	}{
		"more than the budget":  {30, 2, 10, 0.9},
		"a sample of much more": {60, 20, 10, 0.4},
		"about the budget":      {40, 1, 10, 0.9},
		"hardly any budget":     {8, 1, 100, 0.9},
		"intervals stretched":   {14, 0.5, 10, 0.8},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{pageSize: c.pageSize, ids: true, latency: 100 * time.Millisecond, lateShare: 0.2, lateBy: 10 * time.Second}
				start := time.Now()
				f.traffic(rand.New(rand.NewPCG(1, 9)), start.Add(-5*time.Minute), 5*60+20*60, c.perSecond)
				s := watchFor(t, f, c.budget, 15*time.Minute, 20*time.Minute).now()
				now := time.Now().Unix()
				old := model.Span{From: now - 15*60, To: now - 4*60}
				settled := s.Self.Ledger.Settled(old)
				if settled.Seconds() < 30 {
					t.Errorf("only %d s were read", settled.Seconds())
				}
				twice := settled.Minus(s.Self.Ledger.Due(now))
				if share := float64(twice.Seconds()) / float64(settled.Seconds()); share < c.twice {
					t.Errorf("%d of %d s were read twice", twice.Seconds(), settled.Seconds())
				}
				for _, part := range twice {
					want, _ := f.truth(part)
					got := int64(0)
					for range s.Self.Calls.In(part) {
						got++
					}
					if got != want {
						t.Errorf("%v holds %d of %d calls", part, got, want)
					}
				}
				if behind := now - s.Self.Ledger.End().V; behind > 60 {
					t.Errorf("the newest second known is %d s old", behind)
				}
				if n := f.count("account"); n < 100 && c.budget > 24 {
					t.Errorf("the account was asked %d times in 20 minutes", n)
				}
			})
		})
	}
}

// hangs is a fake whose log takes 20 s and then has no answer, for spans longer
// than some or for a time.
type hangs struct {
	*fake
	when func(q gateway.CallsQuery) bool
}

func (h *hangs) Calls(ctx context.Context, q gateway.CallsQuery) (p gateway.CallsPage, err error) {
	if !h.when(q) {
		return h.fake.Calls(ctx, q)
	}
	return p, h.do(ctx, "hung", true, q.Span, q.Page, func() error {
		time.Sleep(20 * time.Second)
		return &gateway.StatusError{Gateway: "prod", Kind: model.FaultTimeout}
	})
}

// runOn runs a poller on g, which is f in some disguise, for some fake time.
func runOn(t *testing.T, g Gateway, f *fake, window, long time.Duration, rec *recorder) {
	t.Helper()
	b := NewBudget(0)
	f.around = b.Around
	p := New(rec.emit, nil)
	p.Add(Target{Name: "prod", Gateway: g, Budget: b, Intervals: DefaultIntervals(), Window: window})
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	p.Run(ctx)
}

// TestASpanThatHungIsNotAskedForAgain: the database may still work on it.
func TestASpanThatHungIsNotAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, latency: 20 * time.Millisecond}
		start := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), start.Add(-time.Hour), 2*3600, 0.02)
		g := &hangs{f, func(q gateway.CallsQuery) bool { return q.Span.Seconds() > 60 }}
		rec := &recorder{}
		runOn(t, g, f, time.Hour, 50*time.Minute, rec)
		var hung []request
		for _, r := range f.asked {
			if r.kind == "hung" {
				hung = append(hung, r)
			}
		}
		if len(hung) == 0 || len(hung) > 3 {
			t.Errorf("%d requests hung", len(hung))
		}
		for i, r := range hung[1:] {
			if was := hung[i]; r.span.Seconds() > was.span.Seconds()/2 || r.at.Sub(was.at) < 30*time.Second {
				t.Errorf("%d s were asked for %s after %d s hung", r.span.Seconds(), r.at.Sub(was.at), was.span.Seconds())
			}
		}
		to := time.Now().Unix() - 130
		checkAgainstTruth(t, f, rec.now(), model.Span{From: to - 3300, To: to})
	})
}

// TestTheEndIsReadInPartsAfterItHung has the whole log hang for ten minutes.
func TestTheEndIsReadInPartsAfterItHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, latency: 20 * time.Millisecond}
		start := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), start.Add(-time.Hour), 2*3600, 1)
		g := &hangs{f, func(gateway.CallsQuery) bool {
			at := time.Since(start)
			return at > 5*time.Minute && at < 15*time.Minute
		}}
		rec := &recorder{}
		runOn(t, g, f, 30*time.Minute, 45*time.Minute, rec)
		var last time.Time
		n := 0
		for _, r := range f.asked {
			if r.kind != "hung" && r.kind != "calls" {
				continue
			}
			if !last.IsZero() && r.at.Before(last.Add(30*time.Second)) {
				t.Errorf("asked again %s after an answer that did not come", r.at.Sub(last)-20*time.Second)
			}
			if n > 0 && r.span.Seconds() > 300/2 || n > 1 && r.kind == "hung" && r.span.Seconds() > leastSpan {
				t.Errorf("%d s were asked for after %d requests hung", r.span.Seconds(), n)
			}
			last = time.Time{}
			if r.kind == "hung" {
				last = r.at
				n++
			}
		}
		if n < 5 || n > 10 {
			t.Errorf("%d requests hung in ten minutes", n)
		}
		to := time.Now().Unix() - 130
		checkAgainstTruth(t, f, rec.now(), model.Span{From: to - 1600, To: to})
	})
}

func TestSlowAnswersLeadToShorterSpans(t *testing.T) {
	span := func(seconds int64) model.Span { return model.Span{From: 1, To: seconds} }
	var r callsReader
	for i, c := range []struct {
		asked     int64
		took      time.Duration
		hung      bool
		past, end int64 // the longest spans then
	}{
		{300, 300 * time.Millisecond, false, 300, 300},
		{300, 301 * time.Millisecond, false, 150, 300},
		{150, 10 * time.Millisecond, false, 150, 300}, // it only falls
		{60, time.Second, false, 30, 300},
		{280, 0, true, 15, 140},
		{5, 0, true, 15, 15}, // the end of the log
		{15, 10 * time.Second, false, 15, 15},
	} {
		if r.learnPace(span(c.asked), c.took); c.hung {
			r.learnHung(span(c.asked))
		}
		if past, end := r.bound(fillMost), r.boundEnd(fillMost); past != c.past || end != c.end {
			t.Errorf("step %d: at most %d s of the past and %d of the end", i, past, end)
		}
	}
	r.hungAt = time.Now().Add(-hungFor)
	if end := r.boundEnd(fillMost); end != fillMost {
		t.Errorf("an hour later the end is still bounded to %d s", end)
	}
}

// TestTheSlowestPageCounts has the first page of two take long.
func TestTheSlowestPageCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{pageSize: 10, totals: true}
		now := time.Now().Unix()
		f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Minute), 15, 1)
		f.fail = func(string) error {
			if f.count("calls") == 1 {
				time.Sleep(400 * time.Millisecond)
			}
			return nil
		}
		w, _ := readerOf(f, f)
		ctx, _ := withMeter(t.Context())
		if err := w.read(ctx, w.reader(), model.Span{From: now - 60, To: now - model.Lag}, 3, 0, &w.reader().past); err != nil {
			t.Fatal(err)
		}
		if got := w.reader().bound(fillMost); got != 28 {
			t.Errorf("after 56 s that took 400 ms at most %d s are asked for", got)
		}
		if w.target.Budget.canFill(1) {
			t.Error("a quick page hides the slow one")
		}
		time.Sleep(time.Minute)
		if !w.target.Budget.canFill(1) {
			t.Error("a minute later it is not forgotten")
		}
	})
}

// TestNoReadingIsLong lets a quiet log wait: at first, for an outage, and for a
// clock that is set ahead.
func TestNoReadingIsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true}
		start := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), start.Add(-time.Hour), 4*3600, 0.001)
		f.fail = func(string) error {
			if at := time.Since(start); at > time.Hour && at < 100*time.Minute {
				return errors.New("down")
			}
			return nil
		}
		time.AfterFunc(2*time.Hour, func() { f.setSkew(time.Hour) })
		watchFor(t, f, 0, time.Hour, 3*time.Hour)
		longest := int64(0)
		for _, r := range f.asked {
			if r.kind == "calls" {
				longest = max(longest, r.span.Seconds())
			}
		}
		if longest != fillMost {
			t.Errorf("the longest reading was %d s", longest)
		}
	})
}

// TestTheFutureIsReadAgain sets the gateway's clock back by ten minutes: what was
// read of them is forgotten, and of the seconds in which rows were written before
// that was known, and old rows and new are read twice.
func TestTheFutureIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const back = 10 * time.Minute
		f := &fake{totals: true, lateShare: 0.1, lateBy: 20 * time.Second}
		start := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), start, 20*60, 1)
		time.AfterFunc(20*time.Minute, func() {
			f.setSkew(-back)
			f.traffic(rand.New(rand.NewPCG(3, 4)), time.Now(), 30*60, 1)
		})
		rec := &recorder{}
		time.AfterFunc(26*time.Minute, func() {
			if due := rec.now().Self.Ledger.Due(time.Now().Add(-back).Unix() - 100); len(due) > 0 {
				t.Errorf("six minutes later %v waits for the second reading", due)
			}
		})
		runOn(t, f, f, time.Hour, 45*time.Minute, rec)
		var forgot []model.Span
		for _, u := range rec.updates {
			if p, ok := u.Payload.(model.CallsForgot); ok {
				forgot = append(forgot, p.Span)
			}
		}
		if len(forgot) != 1 || forgot[0].Seconds() < 600 || forgot[0].Seconds() > 700 {
			t.Errorf("forgot %v", forgot)
		}
		to := time.Now().Add(-back).Unix() - 130
		checkAgainstTruth(t, f, rec.now(), model.Span{From: start.Unix(), To: to})
	})
}

// TestGapsAreFilledWhenTrafficFalls has five busy minutes, of which the budget
// allows to read a part, before a quiet time.
func TestGapsAreFilledWhenTrafficFalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{pageSize: 10, ids: true, latency: 20 * time.Millisecond}
		start := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), start, 300, 10)
		f.traffic(rand.New(rand.NewPCG(1, 3)), start.Add(300*time.Second), 3600, 0.02)
		busy := model.Span{From: start.Unix(), To: start.Unix() + 299}
		rec := &recorder{}
		time.AfterFunc(5*time.Minute, func() {
			if share := rec.now().Self.Ledger.Share(busy); share > 0.8 {
				t.Errorf("%.2f of the busy time was read at once", share)
			}
		})
		runOn(t, f, f, time.Hour, 45*time.Minute, rec)
		checkAgainstTruth(t, f, rec.now(), busy)
	})
}

// TestACallIsSeenWithinTenSeconds begins at every phase of a second, with a gateway
// whose clock is elsewhere.
func TestACallIsSeenWithinTenSeconds(t *testing.T) {
	for _, phase := range []time.Duration{0, 300 * time.Millisecond, 700 * time.Millisecond, 999 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(phase)
			f := &fake{totals: true, latency: 200 * time.Millisecond, skew: 3400 * time.Millisecond}
			f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now(), 300, 2)
			b := NewBudget(0)
			f.around = b.Around
			seen := map[int64]time.Time{} // by the second of the log
			p := New(func(u model.Update) {
				if r, ok := u.Payload.(model.CallsRead); ok {
					for _, c := range r.Calls {
						if seen[c.At].IsZero() {
							seen[c.At] = time.Now()
						}
					}
				}
			}, nil)
			p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: 15 * time.Minute})
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			began := time.Now()
			p.Run(ctx)
			n := 0
			for _, r := range f.rows {
				at := r.appears
				if at.Before(began.Add(20*time.Second)) || at.After(began.Add(220*time.Second)) {
					continue
				}
				n++
				if late := seen[r.At].Sub(at); seen[r.At].IsZero() || late > 9500*time.Millisecond {
					t.Fatalf("phase %s: a call is seen %s after it was made", phase, late)
				}
			}
			if n < 300 {
				t.Fatalf("%d calls", n)
			}
		})
	}
}
