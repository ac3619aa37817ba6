package poller

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

// burst is a log of an hour and 40 minutes around the start, and in one second of it
// many rows.
type burst struct {
	page, rows, budget int
	after              time.Duration // the start, below 0 before it
	perSecond          float64
	read               bool // whether the budget suffices for the second
}

// log also returns the second with many rows.
func (c burst) log() (*fake, *Budget, int64) {
	f := &fake{pageSize: c.page, ids: true, totals: c.page == 100, latency: 50 * time.Millisecond}
	r := rand.New(rand.NewPCG(1, 2))
	start := time.Now()
	f.traffic(r, start.Add(-time.Hour), 3600+40*60, c.perSecond)
	f.traffic(r, start.Add(c.after), 1, float64(c.rows))
	b := NewBudget(c.budget)
	f.around = b.Around
	return f, b, start.Add(c.after).Unix()
}

func (c burst) String() string {
	return fmt.Sprintf("%d rows on pages of %d at %s, budget %d", c.rows, c.page, c.after, c.budget)
}

// TestASecondThatIsTooLong has more rows in one second than can be read, in the past
// and at the end of the log: it stays a gap, and everything else is read meanwhile.
func TestASecondThatIsTooLong(t *testing.T) {
	for _, c := range []burst{
		{page: 10, rows: 60, after: -5 * time.Minute, read: true},
		{page: 10, rows: 80, after: -5 * time.Minute, read: true},
		{page: 10, rows: 300, after: -5 * time.Minute},
		{page: 10, rows: 300, budget: 240, after: -5 * time.Minute, read: true},
		{page: 100, rows: 1500, after: -5 * time.Minute, read: true},
		{page: 100, rows: 5000, after: -5 * time.Minute},
		{page: 10, rows: 300, after: 5 * time.Minute},
		{page: 10, rows: 300, budget: 240, after: 5 * time.Minute, read: true},
		{page: 100, rows: 3000, after: 5 * time.Minute},
	} {
		t.Run(c.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.perSecond = 0.3
				f, b, second := c.log()
				rec := &recorder{}
				p := New(rec.emit, nil)
				p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour})
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
				defer cancel()
				p.Run(ctx)
				last := time.Time{}
				for _, u := range rec.updates {
					if u.Source != model.SourceCalls {
						continue
					}
					if u.Err != nil {
						t.Fatalf("a failed poll: %v", u.Err)
					}
					if silence := u.At.Sub(last); !last.IsZero() && silence > 15*time.Second {
						t.Errorf("nothing was read for %s", silence)
					}
					last = u.At
				}
				end := time.Now().Unix() - 2*model.Lag
				checkGaps(t, rec.now(), f, model.Span{From: end - 3500, To: end}, second, c.read)
			})
		})
	}
}

// checkGaps wants all of span read but the second that is too long, and what was read
// to be true.
func checkGaps(t *testing.T, s model.State, f *fake, span model.Span, second int64, read bool) {
	t.Helper()
	gaps := s.Self.Ledger.Gaps(span)
	if read && len(gaps) > 0 || !read && (len(gaps) != 1 || gaps[0] != model.Span{From: second, To: second}) {
		t.Errorf("not read: %v, the long second is %d", gaps, second)
	}
	for _, part := range s.Self.Ledger.Settled(span) {
		checkAgainstTruth(t, f, s, part)
	}
}

// TestOnceLeavesOutWhatIsTooLong for a report, which reads the rest of the hour.
func TestOnceLeavesOutWhatIsTooLong(t *testing.T) {
	for _, c := range []burst{
		{page: 10, rows: 150, after: -5 * time.Minute, read: true},
		{page: 10, rows: 400, after: -5 * time.Minute},
		{page: 100, rows: 5000, after: -5 * time.Minute},
		{page: 10, rows: 600, after: -5 * time.Minute, budget: 240, read: true},
	} {
		t.Run(c.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.perSecond = 0.05
				f, b, second := c.log()
				rec := &recorder{}
				p := New(rec.emit, nil)
				p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour})
				ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
				defer cancel()
				span := p.Once(ctx, model.Window{Label: "1h", Length: time.Hour})["prod"]
				s := rec.now()
				if why := s.Sources[model.SourceCalls].Fault.Sentence; why != "" {
					t.Errorf("the log failed: %s", why)
				}
				checkGaps(t, s, f, span, second, c.read)
				if c.page == 100 && !c.read && !s.Self.Count.OK {
					t.Error("how many calls there are was not asked")
				}
			})
		})
	}
}

// TestManySecondsThatAreTooLong: a minute of them costs few requests, and they are tried
// again when their time has come.
func TestManySecondsThatAreTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{pageSize: 10, ids: true, latency: 10 * time.Millisecond}
		now := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), now.Add(-900*time.Second), 600, 0.2)
		f.traffic(rand.New(rand.NewPCG(1, 2)), now.Add(-600*time.Second), 60, 90)
		w, rec := readerOf(f, f)
		r := &w.calls[model.ScopeSelf]
		span := model.Span{From: now.Unix() - 900, To: now.Unix() - 300}
		fill := func() {
			for {
				part, ok := r.gapSpan(span, fillPages, f.pageSize)
				if !ok {
					return
				}
				if err := w.read(t.Context(), r, part, fillPages, 0, &r.past); err != nil {
					t.Fatal(err)
				}
			}
		}
		fill()
		if n, read := f.count("calls"), rec.now().Self.Ledger.Settled(span).Seconds(); n > 150 || read < 600-2*60 {
			t.Errorf("%d requests, %d s were read", n, read)
		}
		time.Sleep(leftOutFor)
		w.target.Budget = NewBudget(1000)
		f.around = w.target.Budget.Around
		fill()
		checkAgainstTruth(t, f, rec.now(), span)
	})
}

// TestALogThatIsTooLong everywhere is a failure that says why.
func TestALogThatIsTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{pageSize: 10, ids: true, latency: 50 * time.Millisecond}
		f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-2*time.Minute), 8*60, 400)
		b := NewBudget(0)
		f.around = b.Around
		rec := &recorder{}
		p := New(rec.emit, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		p.Run(ctx)
		s := rec.now()
		if s.Sources[model.SourceCalls].Fault.Sentence == "" || s.Self.Ledger.End().OK {
			t.Errorf("nothing is said of a log of which %v was read", s.Self.Ledger)
		}
	})
}
