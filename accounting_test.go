package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
)

// session is one life of the dashboard: what it knew when it was killed.
type session struct {
	mu    sync.Mutex
	state model.State
	store *history.Store
}

func (s *session) emit(u model.Update) {
	s.mu.Lock()
	s.state = s.state.Apply(u)
	s.mu.Unlock()
	s.store.Fold("id", u)
}

// live watches server for some time, with what a session before has left in the
// history at path, and is killed: what was not written is lost.
func (s *session) live(t *testing.T, server *demo.Server, path string, long time.Duration) {
	t.Helper()
	store, err := history.Open(t.Context(), path, history.Options{CloseWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	s.store = store
	known, err := store.Load(t.Context(), "id", time.Now())
	if err != nil {
		t.Fatal(err)
	}
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
		u.Gateway = "demo"
		polls.Seed(u)
		s.state = s.state.Apply(u)
	}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	polls.Run(ctx)
}

// copied is the history as it is on the disk now, which is all that a kill -9 leaves:
// SQLite finds its journal beside the file.
func copied(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "history.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestTenMinutesWithKillsAndARestart: at more than ten calls a second, with the
// dashboard killed twice and the gateway restarted in between, what is counted
// equals what the gateway booked: to the call and to the unit, per model and key.
// one-api has pages of ten, and a rate that they allow.
func TestTenMinutesWithKillsAndARestart(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, c := range []struct {
		dialect     string
		rate, least float64
	}{
		{"new-api", 20, 10},
		{"one-hub", 20, 10},
		{"one-api", 1.5, 0.7},
	} {
		t.Run(c.dialect, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &demo.Server{Dialect: c.dialect, Rate: c.rate, Names: "mixed"}
				began := time.Now()
				path := filepath.Join(t.TempDir(), "history.db")
				first, second, third := &session{}, &session{}, &session{}
				first.live(t, server, path, 4*time.Minute)
				path = copied(t, path)
				time.Sleep(40 * time.Second) // nobody watches
				go func() {                  // the gateway starts anew: for 15 s its proxy has nobody to ask
					time.Sleep(time.Minute)
					back := server.Inject(demo.Fault{Status: 502})
					time.Sleep(15 * time.Second)
					back()
				}()
				second.live(t, server, path, 2*time.Minute)
				path = copied(t, path)
				time.Sleep(20 * time.Second)
				third.live(t, server, path, 4*time.Minute)
				for _, s := range []*session{first, second, third} {
					if err := s.store.Close(); err != nil {
						t.Error(err)
					}
				}
				s := third.state
				end := s.Self.Ledger.End()
				span := model.Span{From: began.Unix() + 60, To: end.V - 70} // read twice
				if gaps := s.Self.Ledger.Gaps(span); len(gaps) > 0 {
					t.Fatalf("not read: %v of %v", gaps, span)
				}
				truth := server.Truth(span.From, span.To)
				sum := model.SummariseSpan(s, model.Window{Label: "1h", Length: time.Hour}, span, time.UTC)
				if sum.Totals.Calls.V != truth.Calls || int64(sum.Totals.Quota.V) != truth.Quota || float64(truth.Calls) < c.least*float64(span.Seconds()) {
					t.Errorf("counted %d calls, %d quota; booked %d, %d in %d s", sum.Totals.Calls.V, sum.Totals.Quota.V, truth.Calls, truth.Quota, span.Seconds())
				}
				for _, m := range sum.Models {
					if want := truth.ByModel[m.Model]; m.Calls != want.Calls || int64(m.Quota) != want.Quota {
						t.Errorf("%s: %d calls, %d quota; booked %+v", m.Model, m.Calls, m.Quota, want)
					}
				}
				byKey := map[string]demo.Usage{}
				for _, sp := range model.Spenders(s, span) {
					u := byKey[sp.Key.Name]
					u.Quota += int64(sp.Quota)
					u.Calls += sp.Calls
					byKey[sp.Key.Name] = u
				}
				for name, want := range truth.ByKeyName {
					if got := byKey[name]; got.Quota != want.Quota || got.Calls != want.Calls {
						t.Errorf("%s: %+v; booked %+v", name, got, want)
					}
				}
			})
		})
	}
}
