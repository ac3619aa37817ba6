package model

import (
	"math"
	"math/rand/v2"
	"testing"
)

// namedAt is the poll, of 5 s each, at which a source is named that after forty minutes
// makes so many times as many calls, each so many times as dear; 99 for none of thirty.
func namedAt(src source, seed uint64, many, dear float64) int {
	r := rand.New(rand.NewPCG(seed, 6))
	read := func(s State, span Span, many, dear float64) State {
		var rows []Call
		for at := span.From; at <= span.To; at++ {
			for _, c := range src.second(r, at, many) {
				c.Quota = Quota(float64(c.Quota) * dear)
				rows = append(rows, c)
			}
		}
		return s.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, Calls: rows, ReadAt: span.To + Lag}))
	}
	s := read(State{}, Span{t0, t0 + 40*60 - 1}, 1, 1)
	for poll := range int64(30) {
		from := t0 + 40*60 + 5*poll
		s = read(s, Span{from, from + 4}, many, dear)
		if len(Spikes(s)) > 0 {
			return int(poll) + 1
		}
	}
	return 99
}

// atLeast is the chance of so many calls or more where the mean is known.
func atLeast(n int, mean float64) float64 {
	p, below := math.Exp(-mean), 0.0
	for i := range n {
		below += p
		p *= mean / float64(i+1)
	}
	return max(0, 1-below)
}

// bestInTwo is how often the best rule that there is names a tenfold number of calls from
// the ten seconds of two polls, if it may be wrong once in so many days of one key: it
// knows the usual number exactly, and that nothing but chance differs from it.
func bestInTwo(perMinute, days float64) float64 {
	usual, n := perMinute/6, 1
	for atLeast(n, usual)*86400/5*days > 1 {
		n++
	}
	return atLeast(n, 10*usual)
}

// TestNamedWithinTwoPolls: a tenfold number of calls is named at the second poll from
// thirty a minute on, however much their charges differ, and but for one in forty from
// twenty on. Fewer do not tell so soon, whatever the rule: ours has to come within a
// seventh of the best.
func TestNamedWithinTwoPolls(t *testing.T) {
	const seeds = 40
	for _, c := range []struct {
		perMinute float64
		late      int // how many may be named later than at the second poll, if the best rule names all
		polls     int // by which all are named
	}{{120, 0, 2}, {60, 0, 2}, {30, 0, 2}, {20, 1, 3}, {10, 0, 5}, {6, 0, 8}} {
		for _, spread := range []float64{0.5, 1} {
			inTwo, worst := 0, 0
			for seed := range uint64(seeds) {
				named := namedAt(source{"k", "m", c.perMinute, 1, 0, spread}, seed, 10, 1)
				if worst = max(worst, named); named <= 2 {
					inTwo++
				}
			}
			best := bestInTwo(c.perMinute, 365)
			t.Logf("%v calls a minute, charges spread by %v: %d of %d within two polls (the best rule: %.1f), the last at poll %d", c.perMinute, spread, inTwo, seeds, best*seeds, worst)
			least := seeds - c.late
			if best < 0.99 {
				least = int(best * seeds * 6 / 7)
			}
			if inTwo < least || worst > c.polls {
				t.Errorf("%v calls a minute: %d of %d are too few, or poll %d too late", c.perMinute, inTwo, seeds, worst)
			}
		}
	}
}

// TestNamedAmongOthers: the keys of the ordinary traffic whose rate allows it, at the
// second poll, and no other.
func TestNamedAmongOthers(t *testing.T) {
	for seed := range uint64(8) {
		before := play(State{}, rand.New(rand.NewPCG(seed, 6)), t0, 40*60, 10, usualTimes, nil)
		for _, key := range []string{"busy", "steady"} {
			s, r := before, rand.New(rand.NewPCG(seed, 7))
			polls, named := 0, 0
			play(s, r, t0+40*60, 10, 5, func(src source, _ int64) float64 {
				if src.key == key {
					return 10
				}
				return 1
			}, func(s State) {
				polls++
				for _, sp := range Spikes(s) {
					if sp.Key.Name != key {
						t.Errorf("seed %d: %s rose, but %+v", seed, key, sp)
					} else if named == 0 {
						named = polls
					}
				}
			})
			if named == 0 {
				t.Errorf("seed %d: %s is not named by the second poll", seed, key)
			}
		}
	}
}

// TestDearerCallsAreNamedWithinTwoPolls: the same calls, each ten times as dear, from two
// a second on, but for one in forty; with less, chance leaves too few of them in ten
// seconds, or a sum that is no rise.
func TestDearerCallsAreNamedWithinTwoPolls(t *testing.T) {
	const seeds = 40
	for _, c := range []struct {
		perMinute, spread float64
		inTwo, polls      int // how many are named at the second poll at least, and by when all
	}{{120, 0.5, seeds - 1, 3}, {120, 1, seeds - 1, 3}, {60, 0.5, seeds - 4, 4}, {60, 1, seeds * 3 / 4, 7}, {30, 0.5, seeds * 3 / 5, 8}} {
		inTwo, worst := 0, 0
		for seed := range uint64(seeds) {
			named := namedAt(source{"k", "m", c.perMinute, 1, 0, c.spread}, seed, 1, 10)
			if worst = max(worst, named); named <= 2 {
				inTwo++
			}
		}
		t.Logf("%v calls a minute, charges spread by %v: %d of %d within two polls, the last at poll %d", c.perMinute, c.spread, inTwo, seeds, worst)
		if inTwo < c.inTwo || worst > c.polls {
			t.Errorf("%v calls a minute, charges spread by %v: %d of %d are too few, or poll %d too late", c.perMinute, c.spread, inTwo, seeds, worst)
		}
	}
}

// TestASlowClimbIsNone: calls that become four times as many within an hour, and fewer
// again, are a day's course.
func TestASlowClimbIsNone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 77))
	s := State{}
	for at := int64(t0); at < t0+6*3600; at += 5 {
		var rows []Call
		for sec := at; sec < at+5; sec++ {
			times := math.Exp2(math.Sin(float64(sec) / 3600 * math.Pi))
			rows = append(rows, source{"k", "m", 30, 1, 0, 0.8}.second(r, sec, times)...)
		}
		s = s.Apply(update(at+4+Lag, SourceCalls, CallsRead{Span: Span{at, at + 4}, Calls: rows, ReadAt: at + 4 + Lag}))
		if got := Spikes(s); len(got) > 0 {
			t.Fatalf("after %d min: %+v", (at-t0)/60, got)
		}
	}
}

// TestDearCallsNowAndThenAreNone: where one call in twenty costs fifty times as much, a
// few of them come together by chance.
func TestDearCallsNowAndThenAreNone(t *testing.T) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 78))
		s := State{}
		for at := int64(t0); at < t0+6*3600; at += 5 {
			var rows []Call
			for sec := at; sec < at+5; sec++ {
				for _, c := range (source{"k", "m", 30, 1, 0, 0.5}).second(r, sec, 1) {
					if r.IntN(20) == 0 {
						c.Quota *= 50
					}
					rows = append(rows, c)
				}
			}
			s = s.Apply(update(at+4+Lag, SourceCalls, CallsRead{Span: Span{at, at + 4}, Calls: rows, ReadAt: at + 4 + Lag}))
			if got := Spikes(s); len(got) > 0 {
				t.Fatalf("seed %d, after %d min: %+v", seed, (at-t0)/60, got)
			}
		}
	}
}

// TestMany holds the border of how many calls are no chance, and that bursts move it.
func TestMany(t *testing.T) {
	minutes := make([]brief, 40)
	for i := range minutes {
		minutes[i] = brief{quota: 36, calls: 36}
	}
	u := usualOf(minutes)
	// 36 a minute are 6 in ten seconds, and 40 minutes may tell 0.16 too few.
	for calls := range 60 {
		want := atLeast(calls, 6.16) < 4e-7
		if got := u.many(float64(calls), 6, 1); got != want {
			t.Errorf("%d calls where 6 are usual (chance %g): %v", calls, atLeast(calls, 6.16), got)
		}
	}
	if u.many(40, 6, 4) || !u.many(80, 6, 4) {
		t.Error("four calls at a time make 40 a chance, and 80 none")
	}
	if (&usual{minutes: 40}).many(0, 6, 1) {
		t.Error("nothing of nothing")
	}
}
