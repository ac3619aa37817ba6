package model

import (
	"math/rand/v2"
	"testing"
)

// TestSpanSetAgainstSeconds compares the set with a plain map of seconds over
// random edits.
func TestSpanSetAgainstSeconds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var set SpanSet
		truth := map[int64]bool{}
		for range 30 {
			s := Span{r.Int64N(80), r.Int64N(80)}
			add := r.IntN(3) > 0
			if add {
				set = set.Add(s)
			} else {
				set = set.Remove(s)
			}
			for x := s.From; x <= s.To; x++ {
				if add {
					truth[x] = true
				} else {
					delete(truth, x)
				}
			}
		}
		if got := set.Seconds(); got != int64(len(truth)) {
			t.Fatalf("set %v holds %d seconds, want %d", set, got, len(truth))
		}
		for i := 1; i < len(set); i++ {
			if set[i-1].To+1 >= set[i].From {
				t.Fatalf("spans of %v touch or are out of order", set)
			}
		}
		q := Span{r.Int64N(40), 40 + r.Int64N(40)}
		gaps := set.Gaps(q)
		all := true
		for x := q.From; x <= q.To; x++ {
			in := len(gaps.Within(Span{x, x})) > 0
			if in == truth[x] {
				t.Fatalf("second %d: gap %v, in the set %v; set %v gaps of %v: %v", x, in, truth[x], set, q, gaps)
			}
			all = all && truth[x]
		}
		if set.Covers(q) != all {
			t.Fatalf("%v covers %v: %v, want %v", set, q, set.Covers(q), all)
		}
	}
}

func TestSpanSetEditsDoNotTouchTheOriginal(t *testing.T) {
	a := SpanSet{}.Add(Span{0, 9}).Add(Span{20, 29})
	b := a.Add(Span{10, 19})
	c := a.Remove(Span{5, 24})
	if len(a) != 2 || a.Seconds() != 20 {
		t.Fatalf("the original changed: %v", a)
	}
	if len(b) != 1 || b[0] != (Span{0, 29}) {
		t.Fatalf("joined: %v", b)
	}
	if c.Seconds() != 10 {
		t.Fatalf("cut: %v", c)
	}
}

func TestLedgerReadsEverySecondTwice(t *testing.T) {
	var l Ledger
	l = l.Settle(Span{100, 104}, 109)
	l = l.Settle(Span{105, 109}, 114)
	if !l.Covers(Span{100, 109}) || l.Covers(Span{99, 109}) {
		t.Fatalf("covers: %+v", l)
	}
	if due := l.Due(150); len(due) != 0 {
		t.Fatalf("due too early: %v", due)
	}
	due := l.Due(165)
	if len(due) != 1 || due[0] != (Span{100, 105}) {
		t.Fatalf("due at 165: %v", due)
	}
	l = l.Settle(due[0], 165)
	if due := l.Due(165); len(due) != 0 {
		t.Fatalf("due again at once: %v", due)
	}
	if due := l.Due(200); len(due) != 1 || due[0] != (Span{106, 109}) {
		t.Fatalf("due at 200: %v", due)
	}
	// A span that is old when it is first read is final at once.
	l = l.Settle(Span{10, 20}, 200)
	if got := l.Due(200); len(got) != 1 || got[0] != (Span{106, 109}) {
		t.Fatalf("an old span is due again: %v", got)
	}
}

func TestLedgerGapsAndForget(t *testing.T) {
	var l Ledger
	if l.End().OK {
		t.Fatal("an empty ledger has an end")
	}
	l = l.Settle(Span{0, 9}, 100).Settle(Span{20, 29}, 100)
	if g := l.Gaps(Span{5, 34}); len(g) != 2 || g[0] != (Span{10, 19}) || g[1] != (Span{30, 34}) {
		t.Fatalf("gaps: %v", g)
	}
	if s := l.Share(Span{0, 39}); s != 0.5 {
		t.Fatalf("share %v", s)
	}
	l = l.Forget(25)
	if l.Covers(Span{20, 24}) || !l.Covers(Span{25, 29}) || l.End().V != 29 {
		t.Fatalf("after forgetting: %+v", l)
	}
	l = l.Unsettle(Span{28, 50})
	if l.End().V != 27 {
		t.Fatalf("after unsettling: %+v", l)
	}
}
