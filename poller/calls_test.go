package poller

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
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
