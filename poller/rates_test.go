package poller

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

// totalsOf are the gateway's sums that a recorder was told.
func totalsOf(rec *recorder) (totals []model.SpanTotal, hours []model.HourTotal) {
	for _, u := range rec.updates {
		switch p := u.Payload.(type) {
		case model.SpanTotal:
			totals = append(totals, p)
		case model.HourTotal:
			hours = append(hours, p)
		}
	}
	return totals, hours
}

func TestSumsAreAskedForInPieces(t *testing.T) {
	for _, zone := range []string{"UTC", "Asia/Kathmandu"} {
		t.Run(zone, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				loc, err := time.LoadLocation(zone)
				if err != nil {
					t.Fatal(err)
				}
				f := &fake{totals: true, latency: 20 * time.Millisecond}
				start := time.Now()
				f.traffic(rand.New(rand.NewPCG(1, 2)), start.Add(-2*time.Hour), 7200+5400, 0.4)
				rec := &recorder{}
				b := NewBudget(0)
				f.around = b.Around
				p := New(rec.emit, nil)
				p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: Intervals{Calls: 5 * time.Second, Rates: 15 * time.Second}, Window: time.Hour, Zone: loc})
				ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
				defer cancel()
				p.Run(ctx)

				asked := 0
				for _, r := range f.asked {
					if r.kind == "total" {
						asked++
						if r.span.Seconds() > sumPiece {
							t.Fatalf("the sum of %v was asked for: %d s", r.span, r.span.Seconds())
						}
					}
				}
				if asked > 4*90+7+20 {
					t.Errorf("%d sums were asked for in 90 minutes", asked)
				}
				totals, hours := totalsOf(rec)
				longest := int64(0)
				for _, s := range totals {
					longest = max(longest, s.Span.Seconds())
					if _, truth := f.truth(s.Span); s.Quota != truth {
						t.Fatalf("the sum of %v is told as %d, it is %d", s.Span, s.Quota, truth)
					}
				}
				if longest <= 50*60 || longest > 3600 {
					t.Errorf("the longest sum of the hour's window has %d s", longest)
				}
				if len(hours) < 80 {
					t.Errorf("the running hour was told %d times", len(hours))
				}
				for _, h := range hours {
					if _, truth := f.truth(h.Span); h.Quota != truth {
						t.Fatalf("the hour %v is told as %d, it is %d", h.Span, h.Quota, truth)
					}
					local := time.Unix(h.Span.From, 0).In(loc)
					if since := h.Span.From - model.DayStart(local).Unix(); since%3600 != 0 {
						t.Fatalf("the hour begins at %s, %d s into the day", local, since)
					}
				}
			})
		})
	}
}

// Where the rows of the window cannot all be read, its sum is the gateway's, over
// exactly its seconds.
func TestTheWindowsSumIsWholeWhereRowsAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{pageSize: 10, ids: true, latency: 20 * time.Millisecond}
		f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Hour), 3600+900, 20)
		rec := watchFor(t, f, 0, time.Hour, 10*time.Minute)
		totals, _ := totalsOf(rec)
		n := 0
		for _, s := range totals {
			if s.Span.Seconds() != 3600 {
				continue
			}
			n++
			if _, truth := f.truth(s.Span); s.Quota != truth {
				t.Fatalf("the sum of %v is told as %d, it is %d", s.Span, s.Quota, truth)
			}
		}
		if n < 15 {
			t.Errorf("the window's sum was told %d times in ten minutes", n)
		}
	})
}

// A sum that was asked for is asked for again, so that rows that are lost, or come
// very late, are noticed.
func TestOldSumsAreAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, latency: 20 * time.Millisecond}
		start := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), start.Add(-time.Hour), 3600+3600, 1)
		time.AfterFunc(20*time.Minute, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.rows = slices.DeleteFunc(f.rows, func(r fakeRow) bool { return r.appears.Before(start.Add(-20 * time.Minute)) })
		})
		rec := watchFor(t, f, 0, time.Hour, 25*time.Minute)
		r := model.Summarise(rec.now(), model.Window{Label: "1h", Length: time.Hour}, time.UTC).Reconcile
		if r.State != model.ReconcileGap || r.Cause != model.CausePurged {
			t.Errorf("rows were lost, and the comparison says %+v", r)
		}
	})
}
