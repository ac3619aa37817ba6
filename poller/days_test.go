package poller

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

// TestASlowGatewayStillTellsItsDay: no hour is asked for in a hurry, but the day
// becomes complete, and its hours hold nothing else up.
func TestASlowGatewayStillTellsItsDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true, days: true, latency: 700 * time.Millisecond}
		rec := &recorder{}
		b := NewBudget(0)
		f.around = b.Around
		p := New(rec.emit, nil)
		// The fake clock starts at midnight UTC, which is noon there.
		zone := time.FixedZone("", 12*3600)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: time.Hour, Zone: zone})
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
		defer cancel()
		p.Run(ctx)
		s := rec.now()
		if n := len(s.Self.Hours); n < 12 {
			t.Errorf("%d hours of today are known after 25 minutes", n)
		}
		if n := f.count("days"); n < 2 {
			t.Errorf("the usage per hour was asked for %d times in 25 minutes", n)
		}
		if sum := model.Summarise(s, model.Window{Label: "1h", Length: time.Hour}, zone); !sum.Today.Quota.OK {
			t.Errorf("today is not known: %+v", sum.Today)
		}
	})
}

func TestTheSiteIsAskedHalfAsOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{totals: true}
		rec := &recorder{}
		b := NewBudget(0)
		f.around = b.Around
		p := New(rec.emit, nil)
		p.Add(Target{Name: "prod", Gateway: f, Budget: b, Intervals: DefaultIntervals(), Window: 15 * time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		go p.Run(ctx)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		own, channels := f.count("calls"), f.count("channels")
		p.Want(model.Want{Gateway: "prod", Scope: model.ScopeSite, Window: 15 * time.Minute})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		cancel()
		site := f.count("calls") - own
		if channels != 0 || f.count("channels") < 9 {
			t.Errorf("channels were asked for %d times in the own scope and %d in the site's", channels, f.count("channels"))
		}
		if site*3 > own*2 {
			t.Errorf("%d pages of the own log and %d of the site's in the same time", own, site)
		}
		s := rec.now()
		if !s.Site.Ledger.End().OK || s.Site.Ledger.End().V <= s.Self.Ledger.End().V {
			t.Error("the site's log was not read into its own book")
		}
		if account := s.Sources[model.SourceAccount]; account.Every != 10*time.Second {
			t.Errorf("the own account is asked every %s", account.Every)
		}
	})
}
