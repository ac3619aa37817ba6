package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
)

// session is one life of the dashboard: what it was told until it was killed.
type session struct {
	mu    sync.Mutex
	state model.State
	told  []model.Update
}

func (s *session) emit(u model.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = s.state.Apply(u)
	s.told = append(s.told, u)
}

// live watches server for some time, with what is known from before.
func (s *session) live(t *testing.T, server *demo.Server, known []model.Update, long time.Duration) {
	t.Helper()
	b := poller.NewBudget(0)
	gw, err := gateway.Open(gateway.Options{
		Name: "demo", URL: server.URL(), AccessToken: gateway.NewSecret(server.AccessToken()), UserID: fmt.Sprint(server.UserID()),
		Transport: server, Around: b.Around,
	})
	if err != nil {
		t.Fatal(err)
	}
	polls := poller.New(s.emit, nil)
	polls.Add(poller.Target{Name: "demo", Gateway: gw, Budget: b, Intervals: poller.DefaultIntervals(), Window: time.Hour})
	for _, u := range known {
		polls.Seed(u)
		s.emit(u)
	}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	polls.Run(ctx)
}

// TestTenMinutesWithKillsAndARestart: at more than ten calls a second, with the
// dashboard killed twice and the gateway restarted in between, what is counted
// equals what the gateway booked: to the call and to the unit, per model and key.
func TestTenMinutesWithKillsAndARestart(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, dialect := range []string{"new-api", "one-hub"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &demo.Server{Dialect: dialect, Rate: 20, Names: "mixed"}
				began := time.Now()
				first, second, third := &session{}, &session{}, &session{}
				first.live(t, server, nil, 4*time.Minute)
				// What the history had not written yet is lost: the last second.
				kept := first.told[:len(first.told)-1]
				time.Sleep(40 * time.Second) // nobody watches
				go func() {                  // the gateway starts anew: for 15 s its proxy has nobody to ask
					time.Sleep(time.Minute)
					back := server.Inject(demo.Fault{Status: 502})
					time.Sleep(15 * time.Second)
					back()
				}()
				second.live(t, server, kept, 2*time.Minute)
				time.Sleep(20 * time.Second)
				third.live(t, server, append(kept[:len(kept):len(kept)], second.told[len(kept):]...), 4*time.Minute)
				s := third.state
				end := s.Self.Ledger.End()
				span := model.Span{From: began.Unix() + 60, To: end.V - 70} // read twice
				if gaps := s.Self.Ledger.Gaps(span); len(gaps) > 0 {
					t.Fatalf("not read: %v of %v", gaps, span)
				}
				truth := server.Truth(span.From, span.To)
				sum := model.SummariseSpan(s, model.Window{Label: "1h", Length: time.Hour}, span, time.UTC)
				if sum.Totals.Calls.V != truth.Calls || int64(sum.Totals.Quota.V) != truth.Quota || truth.Calls < 10*span.Seconds() {
					t.Errorf("counted %d calls, %d quota; booked %d, %d in %d s", sum.Totals.Calls.V, sum.Totals.Quota.V, truth.Calls, truth.Quota, span.Seconds())
				}
				for _, m := range sum.Models {
					if want := truth.ByModel[m.Model]; m.Calls != want.Calls || int64(m.Quota) != want.Quota {
						t.Errorf("%s: %d calls, %d quota; booked %+v", m.Model, m.Calls, m.Quota, want)
					}
				}
				byKey := map[string]int64{}
				for _, sp := range model.Spenders(s, span) {
					byKey[sp.Key.Name] += int64(sp.Quota)
				}
				for name, want := range truth.ByKeyName {
					if byKey[name] != want.Quota {
						t.Errorf("%s: %d quota; booked %d", name, byKey[name], want.Quota)
					}
				}
			})
		})
	}
}
