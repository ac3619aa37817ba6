package poller

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// world is a gateway with every vice that the log of one can have, and what a
// poller told of it. Each row is late by 45 s at most.
type world struct {
	*fake
	t *testing.T
	r *rand.Rand
	// good is when the vices end.
	good time.Time

	rec  *recorder
	told []model.Update
	// have is the rows of each second that was read, as it was read last.
	have map[int64][]model.Call
}

// Calls lets rows appear before a page, sends the page before instead of it, or
// fails.
func (w *world) Calls(ctx context.Context, q gateway.CallsQuery) (gateway.CallsPage, error) {
	asked := q.Page
	if time.Now().Before(w.good) {
		now := time.Now().Add(w.skew).Unix()
		recent := q.Span.Meet(model.Span{From: now - 45, To: now})
		switch w.r.IntN(20) {
		case 0, 1, 2:
			for i := range 1 + w.r.IntN(12) {
				if recent.Empty() {
					break
				}
				c := model.Call{Kind: model.KindConsume, Model: "gpt-4o", Key: "laptop", KeyID: 1, Quota: model.Quota(1 + w.r.IntN(1000))}
				if w.ids {
					c.RequestID = fmt.Sprint("late", time.Now().UnixNano(), i)
				}
				w.appear(recent.From+w.r.Int64N(recent.Seconds()), c)
			}
		case 3:
			q.Page = max(0, q.Page-1)
		case 4:
			return gateway.CallsPage{}, w.do(ctx, "calls", true, q.Span, q.Page, func() error {
				return &gateway.StatusError{Gateway: "prod", Kind: model.FaultServer, Code: 500}
			})
		}
	}
	p, err := w.fake.Calls(ctx, q)
	// Whether it is the last page, the question tells.
	p.Last = len(p.Calls) < w.PageSize() || p.Total.OK && int64((asked+1)*w.PageSize()) >= p.Total.V
	return p, err
}

// shown counts the rows of span that could be read at some time.
func (w *world) shown(span model.Span, at time.Time) map[model.Call]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[model.Call]int{}
	for _, r := range w.rows {
		if span.Has(r.At) && !r.appears.After(at) {
			n[r.Call]++
		}
	}
	return n
}

// hear takes an update. What was read of a span is all that it held when the
// first page was asked for, and no row that it did not hold at the end.
func (w *world) hear(u model.Update) {
	w.rec.emit(u)
	p, ok := u.Payload.(model.CallsRead)
	if !ok {
		return
	}
	w.told = append(w.told, u)
	for sec := p.Span.From; sec <= p.Span.To; sec++ {
		w.have[sec] = nil
	}
	read := map[model.Call]int{}
	for _, c := range p.Calls {
		read[c]++
		w.have[c.At] = append(w.have[c.At], c)
	}
	before, after := w.shown(p.Span, time.Unix(p.ReadAt, 0).Add(-w.skew)), w.shown(p.Span, time.Now())
	for c, n := range after {
		if read[c] < before[c] || read[c] > n {
			w.t.Errorf("%v read at %d: %d rows %+v, the log had %d to %d", p.Span, p.ReadAt, read[c], c, before[c], n)
		}
		delete(read, c)
	}
	if len(read) > 0 {
		w.t.Errorf("%v read at %d: rows that the log has not: %+v", p.Span, p.ReadAt, read)
	}
}

// run lets a poller work for a time, one that was told what is known.
func (w *world) run(long time.Duration) {
	b := NewBudget(0)
	w.around = b.Around
	p := New(w.hear, nil)
	p.Add(Target{Name: "prod", Gateway: w, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour})
	for _, u := range w.told {
		p.Seed(u)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), long)
	defer cancel()
	p.Run(ctx)
	w.check(p.watches[0].reader().ledger)
}

// check holds the coverage against what was read, the rows that are known against
// it, and those of what is final against the truth.
func (w *world) check(ledger model.Ledger) {
	s := w.rec.now()
	now := time.Now().Add(w.skew).Unix()
	for sec := now - 3600; sec <= now; sec++ {
		one := model.Span{From: sec, To: sec}
		rows, read := w.have[sec]
		if s.Self.Ledger.Covers(one) != read || ledger.Covers(one) != read {
			w.t.Fatalf("second %d: read %v, the state says %v, the poller %v", sec-now, read, s.Self.Ledger.Covers(one), ledger.Covers(one))
		}
		if !read {
			continue
		}
		known, last := map[model.Call]int{}, map[model.Call]int{}
		for c := range s.Self.Calls.In(one) {
			known[*c]++
		}
		for _, c := range rows {
			last[c]++
		}
		if !maps.Equal(known, last) {
			w.t.Errorf("second %d: known is %v, read was %v", sec-now, known, last)
		}
		if final := len(s.Self.Ledger.Due(now+1e6).Within(one)) == 0; final {
			if truth := w.shown(one, time.Now()); !maps.Equal(known, truth) {
				w.t.Errorf("second %d is final with %v, the truth is %v", sec-now, known, truth)
			}
		}
	}
}

// restart loses what is in memory, and gives it back where there is a history.
func (w *world) restart(history bool) {
	w.rec = &recorder{}
	if !history {
		w.told, w.have = nil, map[int64][]model.Call{}
	}
	for _, u := range w.told {
		w.rec.emit(u)
	}
}

// TestThePollerComesToTheTruth plays late rows, moving and repeated pages,
// failures in the middle, restarts and clocks up to an hour off: at any time the
// coverage tells what is missing, and in the end nothing is.
func TestThePollerComesToTheTruth(t *testing.T) {
	worlds := uint64(16)
	if testing.Short() {
		worlds = 4
	}
	for seed := range worlds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 23))
				w := &world{t: t, r: r, good: time.Now().Add(20 * time.Minute), rec: &recorder{}, have: map[int64][]model.Call{}, fake: &fake{
					pageSize: 10, ids: seed&1 > 0, totals: seed&2 > 0, latency: 80 * time.Millisecond,
					skew: time.Duration(r.Int64N(7201)-3600) * time.Second, lateShare: 0.1, lateBy: time.Duration(r.IntN(45)) * time.Second,
				}}
				start := time.Now()
				w.traffic(r, start, 12*60, 0.3+1.2*r.Float64())
				if !w.ids {
					w.rows = append(w.rows, w.rows[:len(w.rows)/10]...) // equal rows are legal
					w.traffic(r, start, 1, 0)                           // in their order
				}
				time.Sleep(2 * time.Minute)
				w.run(time.Duration(100+r.IntN(200)) * time.Second)
				w.restart(r.IntN(3) > 0)
				time.Sleep(time.Duration(r.IntN(100)) * time.Second)
				w.run(time.Duration(100+r.IntN(200)) * time.Second)
				w.restart(r.IntN(3) > 0)
				w.run(40 * time.Minute)
				first := start.Add(w.skew).Unix()
				checkAgainstTruth(t, w.fake, w.rec.now(), model.Span{From: first, To: first + 12*60})
				if due := w.rec.now().Self.Ledger.Due(first + 30*60); len(due) > 0 {
					t.Errorf("%v was read once only", due)
				}
			})
		})
	}
}
