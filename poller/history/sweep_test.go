package history

import (
	"math/rand/v2"
	"testing"
	"time"

	"gatewatch/model"
)

// sweepAll does a whole round.
func sweepAll(t *testing.T, s *Store, now time.Time) {
	t.Helper()
	s.sweeper = sweeper{}
	for range 10_000 {
		if err := s.sweep(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		if s.sweeper.nextAt.After(now) && !s.sweeper.again {
			return
		}
	}
	t.Fatal("the sweeping does not end")
}

func (s *Store) numbers(t testing.TB, query string) (n int64) {
	t.Helper()
	if err := s.file.write.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// fill reads a whole hour, a minute at a time.
func fill(t *testing.T, s *Store, hour int64, perSecond float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(hour), 1))
	for m := hour; m < hour+3600; m += 60 {
		span := model.Span{From: m, To: m + 59}
		s.Fold("prod", read(span, m+200, traffic(r, span, perSecond)))
	}
	mustFlush(t, s)
}

func TestWhatIsOldGoes(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	fill(t, s, origin, 1)
	day := model.Span{From: origin, To: origin + 86399}
	q := model.HistoryQuery{Gateway: "prod", Span: day}
	before, err := s.Usage(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(360) {
		s.Fold("prod", model.Update{At: at(origin + 10*i), Payload: model.Account{Quota: model.Some(model.Quota(i)), Used: model.Some(model.Quota(0))}})
	}
	s.Sent("example.org", at(origin))
	s.AddAlert(model.AlertEntry{At: at(origin), Kind: "x"})
	mustFlush(t, s)

	for _, c := range []struct {
		days                                           int64
		slots, settled, minutes, hours, samples, alert int64
	}{
		{0, 360, 3600, 60, 1, 360, 1},
		{4, 0, 0, 60, 1, 60, 1},
		{91, 0, 0, 0, 1, 1, 1},
		{366, 0, 0, 0, 1, 1, 0},
	} {
		sweepAll(t, s, at(origin+7200+c.days*86400))
		got, want := [...]int64{
			s.numbers(t, "SELECT count(*) FROM slot"), s.numbers(t, "SELECT coalesce(sum(last-first+1), 0) FROM settled"),
			s.numbers(t, "SELECT count(*) FROM minute"), s.numbers(t, "SELECT count(*) FROM hour") + s.numbers(t, "SELECT count(*) FROM stale"),
			s.numbers(t, "SELECT count(*) FROM balance"), s.numbers(t, "SELECT count(*) FROM alert"),
		}, [...]int64{c.slots, c.settled, c.minutes, c.hours, c.samples, c.alert}
		if got != want {
			t.Errorf("after %d days: slots, settled seconds, minutes, hours, samples, alerts are %v, not %v", c.days, got, want)
		}
		after, err := s.Usage(t.Context(), q)
		if err != nil || len(after.Rows) != len(before.Rows) || after.Rows[0].Tally != before.Rows[0].Tally || after.Covered.Seconds() != 3600 {
			t.Errorf("after %d days the usage has changed: %v", c.days, err)
		}
	}
	if n := s.numbers(t, "SELECT count(*) FROM sent"); n != 0 {
		t.Errorf("%d requests are remembered", n)
	}
	// A part of an hour whose minutes are gone is not known any more.
	q.Span.From += 60
	if h, err := s.Usage(t.Context(), q); err != nil || len(h.Covered) != 0 || len(h.Rows) != 0 {
		t.Errorf("a cut hour: %v %v", h.Covered, err)
	}
}

func TestAFileThatIsTooLargeLosesItsOldestRows(t *testing.T) {
	s := openAt(t, dbPath(t), Options{CallsBytes: 1 << 20})
	for h := range int64(4) {
		fill(t, s, origin+h*3600, 4)
	}
	now := at(origin + 4*3600)
	size := func() int64 { return s.numbers(t, "PRAGMA page_count") * s.numbers(t, "PRAGMA page_size") }
	if size() < 2<<20 {
		t.Fatalf("%d bytes are not too large", size())
	}
	was := size()
	sweepAll(t, s, now)
	if oldest := s.numbers(t, "SELECT min(start) FROM slot"); oldest < origin+4*3600-4500-60 || oldest > origin+4*3600-4500+900 {
		t.Errorf("the oldest rows are %d s old, not about as old as a state keeps them", now.Unix()-oldest)
	}
	if first := s.numbers(t, "SELECT min(first) FROM settled"); first > s.numbers(t, "SELECT min(start) FROM slot") || first < origin+3600 {
		t.Errorf("seconds are settled from %d on", first-origin)
	}
	sweepAll(t, s, now)
	if size() > was*3/4 {
		t.Errorf("the file still has %d of %d bytes", size(), was)
	}
	if n := s.numbers(t, "SELECT count(*) FROM hour") + s.numbers(t, "SELECT count(*) FROM stale"); n != 4 {
		t.Errorf("%d hours are left", n)
	}
}

// TestOldReadingsKeepWhatWasWhole: a minute whose rows were swept is not
// replaced by a part of it.
func TestOldReadingsKeepWhatWasWhole(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	fill(t, s, origin, 1)
	sweepAll(t, s, at(origin+4*86400))
	minuteOf := func() int64 { return s.numbers(t, "SELECT coalesce(sum(length(cells)), 0) FROM minute") }
	was := minuteOf()
	s.Fold("prod", read(model.Span{From: origin + 90, To: origin + 100}, origin+5*86400, nil))
	mustFlush(t, s)
	if got := minuteOf(); got != was {
		t.Errorf("%d bytes became %d", was, got)
	}
	s.Fold("prod", read(model.Span{From: origin + 60, To: origin + 119}, origin+5*86400, nil))
	mustFlush(t, s)
	if got := minuteOf(); got >= was {
		t.Error("a minute that was read whole was not replaced")
	}
}
