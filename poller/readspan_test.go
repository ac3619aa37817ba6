package poller

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// between is a fake whose answers can be meddled with.
type between struct {
	*fake
	// before, when set, is called before a page is asked for, and may choose another
	// question.
	before func(q gateway.CallsQuery) gateway.CallsQuery
}

func (b *between) Calls(ctx context.Context, q gateway.CallsQuery) (gateway.CallsPage, error) {
	if b.before != nil {
		q = b.before(q)
	}
	return b.fake.Calls(ctx, q)
}

// appear adds a row of second at to the log, which can be read from now on.
func (f *fake) appear(at int64, c model.Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.At = at
	i, _ := slices.BinarySearchFunc(f.rows, time.Now(), func(r fakeRow, now time.Time) int {
		if r.appears.After(now) {
			return 1
		}
		return -1
	})
	f.rows = slices.Insert(f.rows, i, fakeRow{appears: time.Now(), Call: c})
}

// readerOf is a watch on g that does nothing by itself, and what it tells.
func readerOf(g Gateway, f *fake) (*watch, *recorder) {
	b := NewBudget(0)
	f.around = b.Around
	rec := &recorder{}
	p := New(rec.emit, nil)
	p.Add(Target{Name: "prod", Gateway: g, Budget: b, Window: time.Hour})
	return p.watches[0], rec
}

// TestPagesThatMoveOrRepeat has rows appear between two pages, and a page come
// twice. Both happen once, so that the next attempt brings the truth.
func TestPagesThatMoveOrRepeat(t *testing.T) {
	const rows = 35
	for _, log := range []struct {
		name        string
		ids, totals bool
	}{{"ids", true, false}, {"totals", false, true}, {"both", true, true}, {"neither", false, false}} {
		for name, vice := range map[string]func(f *fake, q gateway.CallsQuery) gateway.CallsQuery{
			"1 row appears":     func(f *fake, q gateway.CallsQuery) gateway.CallsQuery { return f.late(q, 1) },
			"2 rows appear":     func(f *fake, q gateway.CallsQuery) gateway.CallsQuery { return f.late(q, 2) },
			"10 rows appear":    func(f *fake, q gateway.CallsQuery) gateway.CallsQuery { return f.late(q, 10) },
			"13 rows appear":    func(f *fake, q gateway.CallsQuery) gateway.CallsQuery { return f.late(q, 13) },
			"the page before":   func(_ *fake, q gateway.CallsQuery) gateway.CallsQuery { q.Page--; return q },
			"the first page":    func(_ *fake, q gateway.CallsQuery) gateway.CallsQuery { q.Page = 0; return q },
			"nothing goes awry": func(_ *fake, q gateway.CallsQuery) gateway.CallsQuery { return q },
		} {
			for _, page := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s/%s/page %d", log.name, name, page), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						now := time.Now().Unix()
						f := &fake{pageSize: 10, ids: log.ids, totals: log.totals}
						f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Minute), rows, 1)
						done := false
						g := &between{fake: f, before: func(q gateway.CallsQuery) gateway.CallsQuery {
							if q.Page != page || done {
								return q
							}
							done = true
							return vice(f, q)
						}}
						w, rec := readerOf(g, f)
						span := model.Span{From: now - 60, To: now - model.Lag}
						if err := w.read(t.Context(), w.reader(), span, 10, 0, &w.reader().tail); err != nil {
							t.Fatal(err)
						}
						checkAgainstTruth(t, f, rec.now(), span)
						want := 4
						if !log.ids && !log.totals {
							want++ // the first page once more
						}
						if n := f.count("calls"); name == "nothing goes awry" && n != want {
							t.Errorf("%d requests for 4 pages", n)
						}
					})
				})
			}
		}
	}
}

// late has n rows appear that are as old as the end of what is asked for.
func (f *fake) late(q gateway.CallsQuery, n int) gateway.CallsQuery {
	for i := range n {
		c := model.Call{Kind: model.KindConsume, Model: "gpt-4o", Key: "laptop", KeyID: 1, Quota: model.Quota(5000 + i)}
		if f.ids {
			c.RequestID = fmt.Sprint("late", i)
		}
		f.appear(q.Span.To, c)
	}
	return q
}

// TestAPageThatAlwaysRepeats is refused however often it is asked for.
func TestAPageThatAlwaysRepeats(t *testing.T) {
	for _, ids := range []bool{true, false} {
		for _, totals := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				now := time.Now().Unix()
				f := &fake{pageSize: 10, ids: ids, totals: totals}
				f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Minute), 20, 1)
				g := &between{fake: f, before: func(q gateway.CallsQuery) gateway.CallsQuery { q.Page = 0; return q }}
				w, rec := readerOf(g, f)
				span := model.Span{From: now - 60, To: now - model.Lag}
				err := w.read(t.Context(), w.reader(), span, 10, 0, &w.reader().tail)
				if !errors.Is(err, errMoved) || rec.now().Self.Ledger.End().OK {
					t.Errorf("ids %v, totals %v: %v, read %v", ids, totals, err, rec.now().Self.Ledger)
				}
			})
		}
	}
}

// TestEqualRowsAreLegal puts equal rows where two pages meet: calls of a gateway
// without ids, and a request that failed on two channels, which leaves two rows.
func TestEqualRowsAreLegal(t *testing.T) {
	for name, c := range map[string]struct {
		row         model.Call
		ids, totals bool
		rows        int // equal ones
	}{
		"two calls without ids":          {model.Call{Kind: model.KindConsume, Quota: 7}, false, false, 2},
		"two calls without ids, told":    {model.Call{Kind: model.KindConsume, Quota: 7}, false, true, 2},
		"eleven calls without ids, told": {model.Call{Kind: model.KindConsume, Quota: 7}, false, true, 11},
		"a failed request":               {model.Call{Kind: model.KindError, RequestID: "one"}, true, false, 2},
		"a failed request, told":         {model.Call{Kind: model.KindError, RequestID: "one"}, true, true, 2},
		"a last page of one row":         {model.Call{Kind: model.KindConsume, Quota: 7}, false, true, 8},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := time.Now().Unix()
				f := &fake{pageSize: 10, ids: c.ids, totals: c.totals}
				span := model.Span{From: now - 60, To: now - model.Lag}
				other := func(at int64, n int) {
					for i := range n {
						o := model.Call{Kind: model.KindConsume, Quota: model.Quota(100 + i)}
						if c.ids {
							o.RequestID = fmt.Sprint(at, i)
						}
						f.appear(at, o)
					}
				}
				other(now-40, 3)
				for range c.rows {
					f.appear(now-30, c.row)
				}
				other(now-20, 9)
				w, rec := readerOf(f, f)
				if err := w.read(t.Context(), w.reader(), span, 10, 0, &w.reader().tail); err != nil {
					t.Fatal(err)
				}
				n := 0
				for range rec.now().Self.Calls.In(span) {
					n++
				}
				if n != 12+c.rows {
					t.Errorf("%d of %d rows were read", n, 12+c.rows)
				}
			})
		})
	}
}

// TestRowsOutsideTheSpanAreRefused: what they belong to may be final already.
func TestRowsOutsideTheSpanAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().Unix()
		f := &fake{totals: true}
		f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Minute), 50, 1)
		span := model.Span{From: now - 30, To: now - model.Lag}
		for _, wider := range []model.Span{{From: span.From - 1, To: span.To}, {From: span.From, To: span.To + 1}} {
			f.appear(span.From-1, model.Call{})
			f.appear(span.To+1, model.Call{})
			g := &between{fake: f, before: func(q gateway.CallsQuery) gateway.CallsQuery { q.Span = wider; return q }}
			w, rec := readerOf(g, f)
			err := w.read(t.Context(), w.reader(), span, 10, 0, &w.reader().tail)
			if model.FaultOf(err).Kind != model.FaultBadAnswer || len(rec.updates) > 0 {
				t.Errorf("%v for %v: %v, %d updates", wider, span, err, len(rec.updates))
			}
		}
	})
}

// TestASpanIsAsOldAsItsFirstPage has the second page wait a minute, as it does for
// a budget that is used up: the first one was read young, and what came late
// meanwhile is not on it.
func TestASpanIsAsOldAsItsFirstPage(t *testing.T) {
	for name, c := range map[string]struct {
		appear bool // a row, after the first page of the first attempt
		readAt int64
	}{"at once": {false, 0}, "at the second attempt": {true, 60}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{pageSize: 10, ids: true}
				f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Minute), 15, 1)
				g := &between{fake: f, before: func(q gateway.CallsQuery) gateway.CallsQuery {
					if q.Page == 1 {
						time.Sleep(time.Minute)
					}
					return q
				}}
				w, rec := readerOf(g, f)
				start := time.Now().Unix()
				span := model.Span{From: start - 60, To: start - model.Lag}
				if c.appear {
					time.AfterFunc(time.Second, func() { f.late(gateway.CallsQuery{Span: span}, 1) })
				}
				if err := w.read(t.Context(), w.reader(), span, 10, 0, &w.reader().tail); err != nil {
					t.Fatal(err)
				}
				if at := rec.updates[0].Payload.(model.CallsRead).ReadAt - start; at != c.readAt {
					t.Errorf("read at %d s, not %d", at, c.readAt)
				}
				for whose, l := range map[string]model.Ledger{"poller": w.reader().ledger, "state": rec.now().Self.Ledger} {
					if due := l.Due(start + 200); len(due) > 0 != (c.readAt == 0) {
						t.Errorf("the %s wants %v read once more", whose, due)
					}
				}
			})
		})
	}
}

// TestABurstIsNotReadInVain has a burst before a silence, where pages of ten tell no
// total: what was read before the span turned out too long is kept.
func TestABurstIsNotReadInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{pageSize: 10, ids: true, latency: 10 * time.Millisecond}
		now := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), now.Add(-900*time.Second), 60, 10) // 600 rows in one minute
		w, rec := readerOf(f, f)
		w.target.Budget = NewBudget(1000)
		f.around = w.target.Budget.Around
		r := &w.calls[model.ScopeSelf]
		span := model.Span{From: now.Unix() - 1000, To: now.Unix() - 700}
		for range 100 {
			part, ok := r.gapSpan(span, fillPages, f.pageSize)
			if !ok {
				break
			}
			if err := w.read(t.Context(), r, part, fillPages, 5*time.Second, &r.past); err != nil {
				t.Fatal(err)
			}
		}
		checkAgainstTruth(t, f, rec.now(), span)
		if n := f.count("calls"); n > 60*3/2+20 {
			t.Errorf("%d pages were asked for, of 60 that there are", n)
		}
	})
}
