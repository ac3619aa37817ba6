package poller

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// onceFor makes a report of f within that time.
func onceFor(t *testing.T, f *fake, budget int, most time.Duration) model.State {
	t.Helper()
	rec := &recorder{}
	b := NewBudget(budget)
	f.around = b.Around
	p := New(rec.emit, nil)
	p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals()})
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	p.Once(ctx, model.Window{Label: "1h", Length: time.Hour})
	return rec.now()
}

// hanging is a gateway that never answers one kind of question.
func hanging(kind string) *fake {
	f := &fake{totals: true, days: true}
	f.fail = func(k string) error {
		if k == kind {
			time.Sleep(time.Hour)
			return &gateway.StatusError{Gateway: "prod", Path: kind, Kind: model.FaultTimeout}
		}
		return nil
	}
	return f
}

const notAsked = "not asked: the time was over"

func TestOnceSaysWhatTheTimeDidNotSufficeFor(t *testing.T) {
	for kind, want := range map[string]map[model.Source]string{
		"calls": {
			model.SourceAccount: "", model.SourceRates: "", model.SourceKeys: "", model.SourceDays: "",
			model.SourceCalls: "prod: no answer from calls in time",
		},
		"keys": {
			model.SourceAccount: "", model.SourceRates: "", model.SourceKeys: "prod: no answer from keys in time",
			model.SourceDays: notAsked, model.SourceCalls: notAsked,
		},
		"account": {
			model.SourceAccount: "prod: no answer from account in time", model.SourceRates: notAsked,
			model.SourceKeys: notAsked, model.SourceDays: notAsked, model.SourceCalls: notAsked,
		},
	} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := onceFor(t, hanging(kind), 0, 5*time.Second)
				for src, says := range want {
					got := s.Sources[src]
					kind := model.FaultTimeout
					if says == "" {
						kind = model.FaultNone
					}
					if got.LastTry.IsZero() || got.Fault.Kind != kind || !strings.HasPrefix(got.Fault.Sentence, says) {
						t.Errorf("%s: %+v, want %q", src, got, says)
					}
				}
			})
		})
	}
}

// TestOnceKeepsTheRealFault has the rates refused for a reason, and no time left
// for the second question about them.
func TestOnceKeepsTheRealFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := hanging("days")
		hang := f.fail
		f.fail = func(kind string) error {
			if kind == "total" {
				return &gateway.StatusError{Gateway: "prod", Path: "sum", Kind: model.FaultServer, Code: 502}
			}
			return hang(kind)
		}
		s := onceFor(t, f, 0, 5*time.Second)
		if got := s.Sources[model.SourceRates].Fault; got.Kind != model.FaultServer {
			t.Errorf("the rates: %+v", got)
		}
	})
}

// TestOnceWithoutRoomForTheLog has a budget that ends before the log's turn.
func TestOnceWithoutRoomForTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := onceFor(t, &fake{days: true}, 6, 30*time.Second)
		if got := s.Sources[model.SourceCalls].Fault; got.Kind != model.FaultTimeout || got.Sentence != (&outOfTimeError{}).Error() {
			t.Errorf("the calls: %+v", got)
		}
		if got := s.Sources[model.SourceRates].Fault; got.Kind != model.FaultNone {
			t.Errorf("the rates: %+v", got)
		}
	})
}

// TestOnceReadsAgainWhatDoesNotAddUp has rows that appear late, while the log is
// read or right after.
func TestOnceReadsAgainWhatDoesNotAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, latency: 300 * time.Millisecond, lateShare: 0.3, lateBy: 20 * time.Second}
		f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Hour), 3600+60, 1)
		s := onceFor(t, f, 300, time.Minute)
		r := model.ReconcileNow(s)
		if r.State != model.ReconcileMatch || r.Span.Seconds() != 3600 {
			t.Errorf("%+v", r)
		}
		calls, _ := f.truth(r.Span)
		read := int64(0)
		for range s.Self.Calls.In(r.Span) {
			read++
		}
		if read != calls {
			t.Errorf("%d calls of %d", read, calls)
		}
		if n := f.count("total"); n > 24+2+1+7+1 {
			t.Errorf("%d sums were asked for", n)
		}
	})
}

// TestOnceGoesOnFromADashboard: what is known from before is not asked for again, and
// counts.
func TestOnceGoesOnFromADashboard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, days: true, latency: 20 * time.Millisecond}
		now := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), now.Add(-time.Hour), 3600, 10)
		rec := &recorder{}
		b := NewBudget(60)
		f.around = b.Around
		p := New(rec.emit, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals()})
		before := model.Span{From: now.Unix() - 3700, To: now.Unix() - 90}
		rows := f.visible(before)
		slices.Reverse(rows)
		seeds := []model.Update{{Gateway: "prod", Source: model.SourceCalls, At: now, Payload: model.CallsRead{Span: before, Calls: rows, ReadAt: now.Unix() - 20, Told: true}}}
		for _, h := range model.HourSpans(now.Add(-time.Second).UTC(), now.Unix()-1)[:22] {
			seeds = append(seeds, model.Update{Gateway: "prod", Source: model.SourceRates, At: now, Payload: model.HourTotal{Span: h, Quota: 1}})
		}
		for _, u := range seeds {
			p.Seed(u)
			rec.emit(u)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		span := p.Once(ctx, model.Window{Label: "1h", Length: time.Hour})["prod"]
		s := rec.now()
		sum := model.SummariseSpan(s, model.Window{Label: "1h", Length: time.Hour}, span, time.UTC)
		calls, quota := f.truth(span)
		if sum.Totals.Calls != model.Some(calls) || sum.Totals.Quota != model.Some(quota) || sum.Totals.Coverage != 1 || sum.Reconcile.State != model.ReconcileMatch {
			t.Errorf("%+v, %+v; the truth is %d calls of %d", sum.Totals, sum.Reconcile, calls, quota)
		}
		if n := f.count("calls"); n > 14 {
			t.Errorf("%d pages were read of 85 s with 10 calls each", n)
		}
		if n := f.count("total"); n > 8 {
			t.Errorf("%d sums were asked for", n)
		}
	})
}

// TestOnceKeepsWhatTheGatewayDropped: rows that are known from before and that the gateway
// has no more are not read away.
func TestOnceKeepsWhatTheGatewayDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, days: true, latency: 20 * time.Millisecond}
		now := time.Now()
		f.traffic(rand.New(rand.NewPCG(1, 2)), now.Add(-30*time.Minute), 1800, 1)
		rec := &recorder{}
		b := NewBudget(60)
		f.around = b.Around
		p := New(rec.emit, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals()})
		before := model.Span{From: now.Unix() - 3700, To: now.Unix() - 90}
		rows := f.visible(before)
		slices.Reverse(rows)
		kept := int64(0)
		for at := now.Unix() - 1801; at >= before.From; at-- {
			rows = append(rows, model.Call{At: at, Kind: model.KindConsume, Model: "gpt-4o", Key: "laptop", KeyID: 1, Quota: 100})
			kept++
		}
		u := model.Update{Gateway: "prod", Source: model.SourceCalls, At: now, Payload: model.CallsRead{Span: before, Calls: rows, ReadAt: now.Unix() - 20, Told: true}}
		p.Seed(u)
		rec.emit(u)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		span := p.Once(ctx, model.Window{Label: "1h", Length: time.Hour})["prod"]
		calls, _ := f.truth(span)
		read := int64(0)
		for range rec.now().Self.Calls.In(span) {
			read++
		}
		if kept < 1800 || read < calls+kept-120 {
			t.Errorf("%d calls are left, of %d that the gateway has and %d that it had", read, calls, kept)
		}
	})
}

// TestOnceAsksForSumsInPieces: for an hour of a quiet account at once a database takes
// seconds, for a busy one it does not, and the log needs the budget.
func TestOnceAsksForSumsInPieces(t *testing.T) {
	for _, c := range []struct {
		calls         int64
		budget        int
		most, longest int64
	}{{0, 0, 8, 600}, {5000, 0, 8, 600}, {2e6, 0, 2, 3600}, {5000, 10, 2, 3600}} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(13*time.Hour + 47*time.Minute) // of a day
			f := &fake{totals: true, days: true, calls: c.calls}
			f.traffic(rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Hour), 3600, 0.1)
			s := onceFor(t, f, c.budget, 20*time.Second)
			if r := model.ReconcileNow(s); c.budget == 0 && (r.State != model.ReconcileMatch || r.Span.Seconds() != 3600) {
				t.Errorf("%+v: %+v", c, r)
			}
			now := time.Now().Unix()
			hour := model.Span{From: now - now%3600, To: now - model.Lag}
			_, quota := f.truth(hour)
			found := slices.ContainsFunc(s.Book().Hours, func(h model.HourTotal) bool { return h.Span.From == hour.From && h.Quota == quota })
			if !found {
				t.Errorf("%+v: the running hour is not among %+v, the truth is %d", c, s.Book().Hours, quota)
			}
			n, longest := int64(0), int64(0)
			for _, r := range f.asked {
				if r.kind == "total" && r.span != (model.Span{From: hour.From - 3600, To: hour.From - 1}) && r.span.To >= now-3600 {
					n++
					longest = max(longest, r.span.Seconds())
				}
			}
			if n > c.most || longest != c.longest {
				t.Errorf("%+v: %d sums, the longest of %d s", c, n, longest)
			}
		})
	}
}
