package model

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// logWorld is a gateway's log and a reader of it, for the property below. The
// reader keeps its own Ledger and emits updates, as the poller does; the State
// must come to the same.
type logWorld struct {
	t *testing.T
	r *rand.Rand
	// rows are all rows, by the second they carry; seen is when each can be read.
	rows []Call
	seen []int64
	now  int64 // on the gateway's clock
	// quiet is set when the traffic has ended.
	quiet bool
	off   time.Duration
	// pageSize is how many rows a page holds.
	pageSize int

	ledger Ledger
	s      State
	// have is the rows that were read of each second that was read, by index.
	have   map[int64][]int
	stored []Update // what a history would have kept
}

// visible lists the rows of span as the log shows them now, newest first.
func (w *logWorld) visible(span Span) []int {
	var out []int
	for i := range w.rows {
		if span.Has(w.rows[i].At) && w.seen[i] <= w.now {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(w.rows[b].At, w.rows[a].At), cmp.Compare(b, a))
	})
	return out
}

// work lets a second pass: some calls end in it, most of which can be read at
// once and some up to 50 s later.
func (w *logWorld) work() {
	w.now++
	if w.quiet {
		return
	}
	for range w.r.IntN(4) {
		c := randomCalls(w.r, Span{w.now, w.now}, 1)[0]
		if w.r.IntN(10) == 0 && len(w.rows) > 0 && w.rows[len(w.rows)-1].At == w.now {
			c = w.rows[len(w.rows)-1] // two equal rows in one second are legal
		}
		late := int64(0)
		if w.r.IntN(15) == 0 {
			late = w.r.Int64N(50)
		}
		w.rows, w.seen = append(w.rows, c), append(w.seen, w.now+late)
	}
}

// read reads a span page by page. Between pages time passes; a page may fail or
// come twice. It reports what poller/calls.go would: rows of a span that was read
// whole, or nothing.
func (w *logWorld) read(span Span) ([]int, bool) {
	for range 4 {
		var rows []int
		total, moved := -1, false
		for page := 0; ; page++ {
			all := w.visible(span)
			if w.r.IntN(40) == 0 {
				return nil, false // the gateway failed in the middle
			}
			if w.r.IntN(20) == 0 {
				all = w.visible(span) // the same page was sent twice: it counts once
			}
			if total >= 0 && total != len(all) {
				moved = true
				break
			}
			total = len(all)
			lo := min(page*w.pageSize, len(all))
			hi := min(lo+w.pageSize, len(all))
			rows = append(rows, all[lo:hi]...)
			if hi-lo < w.pageSize {
				break
			}
			if w.r.IntN(3) == 0 {
				w.work()
			}
		}
		if !moved && len(rows) == total {
			slices.Reverse(rows) // newest first on the wire
			return rows, true
		}
	}
	return nil, false
}

// poll reads what is next: the end of the log, what is due for the second time,
// or a gap.
func (w *logWorld) poll() {
	to := w.now - Lag
	var spans []Span
	from := to - 59
	if end := w.ledger.End(); end.OK {
		from = end.V + 1
	}
	reach := int64(4 * w.pageSize) // a few pages
	spans = append(spans, Span{max(from, to-reach), to})
	if due := w.ledger.Due(w.now); len(due) > 0 && w.r.IntN(3) > 0 {
		d := due[w.r.IntN(len(due))]
		spans = append(spans, Span{d.From, min(d.To, d.From+w.r.Int64N(reach))})
	}
	if gaps := w.ledger.Gaps(Span{t0 + 1, from - 1}); len(gaps) > 0 && w.r.IntN(2) == 0 {
		g := gaps[len(gaps)-1]
		spans = append(spans, Span{max(g.From, g.To-w.r.Int64N(reach)), g.To})
	}
	for _, span := range spans {
		if span.Empty() {
			continue
		}
		readAt := w.now
		indices, ok := w.read(span)
		if !ok {
			return
		}
		w.ledger = w.ledger.Settle(span, readAt)
		for sec := span.From; sec <= span.To; sec++ {
			w.have[sec] = nil
		}
		rows := make([]Call, 0, len(indices))
		for _, i := range indices {
			w.have[w.rows[i].At] = append(w.have[w.rows[i].At], i)
			rows = append(rows, w.rows[i])
		}
		u := Update{
			Gateway: "prod", Source: SourceCalls, At: time.Unix(w.now, 0).Add(-w.off), Every: 5 * time.Second, Skew: Some(w.off),
			Payload: CallsRead{Span: span, Calls: rows, ReadAt: readAt},
		}
		w.s = w.s.Apply(u)
		w.stored = append(w.stored, u)
	}
}

// restart loses what is in memory. With a history it is given back, in the order
// it was stored; without one everything is a gap again.
func (w *logWorld) restart(history bool) {
	w.ledger, w.s = Ledger{}, State{}
	if !history {
		w.have, w.stored = map[int64][]int{}, nil
		return
	}
	for _, u := range w.stored {
		p := u.Payload.(CallsRead)
		w.ledger = w.ledger.Settle(p.Span, p.ReadAt)
		w.s = w.s.Apply(u)
	}
}

// check holds the coverage against what was truly read, the sums against its
// rows, and those of what is final against the truth.
func (w *logWorld) check() {
	all := Span{t0 + 1, w.now}
	seconds := 0
	for sec := all.From; sec <= all.To; sec++ {
		_, read := w.have[sec]
		if read {
			seconds++
		}
		if one := (Span{sec, sec}); w.s.Self.Ledger.Covers(one) != read || w.ledger.Covers(one) != read {
			w.t.Fatalf("second %d: read %v, the state says %v", sec-t0, read, w.s.Self.Ledger.Covers(one))
		}
	}
	if got, want := w.s.Self.Ledger.Share(all), float64(seconds)/float64(all.Seconds()); got != want {
		w.t.Fatalf("a share of %v is covered, not %v", want, got)
	}
	for _, span := range w.s.Self.Ledger.Settled(all) {
		w.equal(span, func(i int) bool { return slices.Contains(w.have[w.rows[i].At], i) })
	}
	for _, span := range w.s.Self.Ledger.final.Within(all) {
		w.equal(span, func(int) bool { return true })
	}
}

// equal compares the rows and the sums of span with the rows that count.
func (w *logWorld) equal(span Span, counts func(i int) bool) {
	var want Tally
	for i := range w.rows {
		if span.Has(w.rows[i].At) && counts(i) {
			want.count(&w.rows[i])
		}
	}
	got := w.s.Self.Usage.tally(span, w.s.Self.Calls)
	if got != want {
		w.t.Fatalf("seconds %d to %d: %+v, the log has %+v", span.From-t0, span.To-t0, got, want)
	}
	var cells Tally
	w.s.Self.Usage.eachCell(span, w.s.Self.Calls, func(c *Cell) { cells.add(&c.Tally) })
	if cells != want {
		w.t.Fatalf("seconds %d to %d by model and key: %+v, the log has %+v", span.From-t0, span.To-t0, cells, want)
	}
}

// TestTheLedgerComesToTheTruth plays late rows, moving and repeated pages,
// failures in the middle, restarts and clocks up to an hour off: at any time the
// coverage tells what is missing, and in the end nothing is.
func TestTheLedgerComesToTheTruth(t *testing.T) {
	worlds := uint64(24)
	if testing.Short() {
		worlds = 8
	}
	for seed := range worlds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 11))
			w := &logWorld{
				t: t, r: r, now: t0 + 1, pageSize: []int{3, 10, 100}[r.IntN(3)], have: map[int64][]int{},
				off: time.Duration(r.Int64N(7201)-3600) * time.Second,
			}
			for range 150 {
				for range 1 + r.IntN(8) {
					w.work()
				}
				switch r.IntN(30) {
				case 0:
					w.restart(true)
				case 1:
					w.restart(false)
				case 2: // we were off
					for range r.IntN(100) {
						w.work()
					}
				case 3: // our clock is set
					w.off = time.Duration(r.Int64N(7201)-3600) * time.Second
				}
				w.poll()
				if r.IntN(5) == 0 {
					w.check()
				}
			}
			// The traffic ends, and everything settles.
			w.quiet = true
			w.now += 200
			for i := 0; ; i++ {
				w.poll()
				to := w.now - Lag
				if w.ledger.Covers(Span{t0 + 1, to}) && len(w.ledger.Due(w.now)) == 0 {
					break
				}
				if i > 1500 {
					t.Fatalf("after %d polls gaps %v and due %v are left", i, w.ledger.Gaps(Span{t0 + 1, to}), w.ledger.Due(w.now))
				}
				w.now++
			}
			w.check()
			w.equal(Span{t0 + 1, w.now - Lag}, func(int) bool { return true })
		})
	}
}

// TestForgetting sets the gateway's clock back: what was read of the future is
// known no more, and is read again when it comes.
func TestForgetting(t *testing.T) {
	s := readHour(t0, 400)
	before := s.Self.Usage.tally(hour.Ending(t0), s.Self.Calls)
	gone := Span{t0 - 1234, t0}
	s = s.Apply(update(t0, SourceCalls, CallsForgot{Span: gone}))
	if gaps := s.Self.Ledger.Gaps(hour.Ending(t0)); len(gaps) != 1 || gaps[0] != gone {
		t.Errorf("gaps %v", gaps)
	}
	if got := s.Self.Usage.tally(gone, s.Self.Calls); got != (Tally{}) {
		t.Errorf("what was forgotten still counts: %+v", got)
	}
	var rows []Call
	for c := range readHour(t0, 400).Self.Calls.In(gone) {
		rows = append(rows, *c)
	}
	s = s.Apply(update(t0+90, SourceCalls, CallsRead{Span: gone, Calls: rows, ReadAt: t0 + 90}))
	if got := s.Self.Usage.tally(hour.Ending(t0), s.Self.Calls); got != before {
		t.Errorf("%+v, before it was %+v", got, before)
	}
}
