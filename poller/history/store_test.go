package history

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"gatewatch/model"
)

// origin is a second that begins an hour, long enough ago that nobody's clock
// matters and recent enough that nothing is swept.
var origin = floor(time.Now().Add(-6*time.Hour).Unix(), 3600)

func at(second int64) time.Time { return time.Unix(second, 0) }

// openAt opens a store that writes only when it is told to.
func openAt(t testing.TB, path string, opts Options) *Store {
	t.Helper()
	opts.beat = time.Hour
	s, err := Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dbPath(t testing.TB) string { return filepath.Join(t.TempDir(), "state", "history.db") }

func mustFlush(t testing.TB, s *Store) {
	t.Helper()
	if err := s.flush(); err != nil {
		t.Fatal(err)
	}
}

// traffic invents the rows of a span.
func traffic(r *rand.Rand, span model.Span, perSecond float64) []model.Call {
	var out []model.Call
	for n := int(perSecond*float64(span.Seconds()) + r.Float64()); n > 0; n-- {
		c := model.Call{
			At: span.From + r.Int64N(span.Seconds()), Kind: model.KindConsume,
			Model: fmt.Sprintf("model-%d", r.IntN(6)), Key: fmt.Sprintf("key %d", r.IntN(4)), KeyID: r.Int64N(4),
			User: "ann", Group: "default", Channel: "7", Quota: model.Quota(r.IntN(5000)), Prompt: r.Int64N(9000), Completion: r.Int64N(900),
			Took: model.Some(time.Duration(200+r.ExpFloat64()*3000) * time.Millisecond), Stream: r.IntN(2) == 0,
			RequestID: fmt.Sprintf("2026%016x%08x", r.Uint64(), r.Uint32()),
		}
		switch r.IntN(12) {
		case 0:
			c.Kind, c.Quota, c.Detail = model.KindError, 0, "status 529: overloaded"
		case 1:
			c.Kind, c.Prompt, c.Completion = model.KindRefund, 0, 0
		case 2:
			c.Cached, c.FirstToken = model.Some(c.Prompt/2), model.Some(350*time.Millisecond)
		case 3:
			c.Took, c.Coarse = model.Some(4*time.Second), true
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b model.Call) int { return int(a.At - b.At) })
	return out
}

func read(span model.Span, readAt int64, calls []model.Call) model.Update {
	return model.Update{
		Source: model.SourceCalls, At: at(readAt), Every: 5 * time.Second,
		Payload: model.CallsRead{Span: span, Calls: calls, ReadAt: readAt},
	}
}

// rowsOf are the rows that a state knows of a span.
func rowsOf(s model.State, span model.Span) []model.Call {
	var out []model.Call
	for c := range s.Self.Calls.In(span) {
		out = append(out, *c)
	}
	return out
}

// loaded folds what a history knows into a state.
func loaded(t testing.TB, s *Store, now time.Time) model.State {
	t.Helper()
	updates, err := s.Load(t.Context(), "prod", now)
	if err != nil {
		t.Fatal(err)
	}
	var st model.State
	for _, u := range updates {
		st = st.Apply(u)
	}
	return st
}

// checkSame compares what a history kept with the state that was fed the same.
func checkSame(t *testing.T, s *Store, want model.State, span model.Span) {
	t.Helper()
	got := loaded(t, s, at(span.To))
	if g, w := got.Self.Ledger.Settled(span), want.Self.Ledger.Settled(span); !reflect.DeepEqual(g, w) {
		t.Errorf("settled: %v, not %v", g, w)
	}
	for now := span.From; now < span.To+300; now += 37 {
		if g, w := got.Self.Ledger.Due(now), want.Self.Ledger.Due(now); !slices.Equal(g, w) {
			t.Fatalf("due at %d: %v, not %v", now-span.From, g, w)
		}
	}
	if g, w := rowsOf(got, span), rowsOf(want, span); !reflect.DeepEqual(g, w) {
		t.Errorf("%d rows differ from %d", len(g), len(w))
	}
	w := model.Window{Label: "1h", Length: time.Hour}
	g, v := model.SummariseSpan(got, w, span, time.UTC), model.SummariseSpan(want, w, span, time.UTC)
	if !reflect.DeepEqual(g.Totals, v.Totals) || !reflect.DeepEqual(g.Models, v.Models) {
		t.Errorf("totals: %+v, not %+v", g.Totals, v.Totals)
	}

	// The roll-ups hold the minutes that were settled whole, and nothing else.
	h, err := s.Usage(t.Context(), model.HistoryQuery{Gateway: "prod", Span: span, Step: 60, By: model.PerCell})
	if err != nil {
		t.Fatal(err)
	}
	var covered model.SpanSet
	var rows []model.HistoryRow
	for m := floor(span.From, 60); m+59 <= span.To; m += 60 {
		minute := model.Span{From: m, To: m + 59}
		if !want.Self.Ledger.Covers(minute) {
			continue
		}
		covered = covered.Add(minute)
		cells := model.RollUp(want.Self.Calls.In(minute))
		sortCells(cells)
		for _, c := range cells {
			rows = append(rows, model.HistoryRow{Span: minute, Cell: c})
		}
	}
	if !slices.Equal(h.Covered, covered) {
		t.Errorf("covered: %v, not %v", h.Covered, covered)
	}
	if !reflect.DeepEqual(h.Rows, rows) {
		t.Errorf("%d rows of usage differ from %d", len(h.Rows), len(rows))
	}
}

// TestTwoStoresKnowWhatOneStateKnows feeds a random mixture of readings, second
// readings with late rows, and set-back clocks to two stores on one file, in no
// certain order, and to one state in the right one.
func TestTwoStoresKnowWhatOneStateKnows(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 7))
			path := dbPath(t)
			stores := []*Store{openAt(t, path, Options{}), openAt(t, path, Options{})}
			var want model.State
			now := origin + 1200
			for range 100 {
				now += 1 + r.Int64N(12) // of two answers at the same moment either may stand
				var u model.Update
				if r.IntN(10) == 0 {
					from := now - r.Int64N(200)
					u = model.Update{Source: model.SourceCalls, At: at(now), Payload: model.CallsForgot{Span: model.Span{From: from, To: from + r.Int64N(90)}}}
				} else {
					to := now - model.Lag - r.Int64N(150)*r.Int64N(2)
					span := model.Span{From: to - r.Int64N(130), To: to}
					u = read(span, now, traffic(r, span, 0.4))
				}
				want = want.Apply(u)
				i := r.IntN(2)
				stores[i].Fold("prod", u)
				if r.IntN(3) == 0 {
					mustFlush(t, stores[r.IntN(2)])
				}
				if now%60 < 12 { // no process is that far behind
					mustFlush(t, stores[0])
					mustFlush(t, stores[1])
				}
			}
			for _, s := range stores {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			checkSame(t, openAt(t, path, Options{}), want, model.Span{From: origin + 600, To: origin + 3599})
		})
	}
}

func TestWritingTwiceChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	path := dbPath(t)
	stores := []*Store{openAt(t, path, Options{}), openAt(t, path, Options{})}
	span := model.Span{From: origin, To: origin + 899}
	calls := traffic(r, span, 1)
	var want model.State
	var updates []model.Update
	for m := span.From; m < span.To; m += 90 {
		part := model.Span{From: m, To: m + 89}
		u := read(part, m+200, callsIn(calls, part))
		want = want.Apply(u)
		updates = append(updates, u, u)
	}
	// Both at once, in different orders and over again.
	var wg sync.WaitGroup
	for i, s := range stores {
		mine := slices.Clone(updates)
		rand.New(rand.NewPCG(uint64(i), 3)).Shuffle(len(mine), func(a, b int) { mine[a], mine[b] = mine[b], mine[a] })
		wg.Go(func() {
			for _, u := range mine {
				s.Fold("prod", u)
				if err := s.flush(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	checkSame(t, stores[0], want, span)
	rolled := func() string {
		var n, size int64
		if err := stores[0].file.read.QueryRow("SELECT count(*), sum(length(cells)) FROM minute").Scan(&n, &size); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(n, size)
	}
	before := rolled()
	for _, u := range updates {
		stores[1].Fold("prod", u)
	}
	mustFlush(t, stores[1])
	if after := rolled(); after != before {
		t.Errorf("%s became %s", before, after)
	}
}
