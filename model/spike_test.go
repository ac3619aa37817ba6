package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// source is a key × model that makes calls.
type source struct {
	key, model string
	perMinute  float64
	burst      float64 // mean calls of a burst; 1 for single calls
	fails      float64
	spread     float64 // of the charges, which are lognormal
}

func (src source) second(r *rand.Rand, at int64, times float64) []Call {
	var out []Call
	for range poisson(r, src.perMinute/60*times) {
		n := 1
		if src.burst > 1 {
			n = 1 + poisson(r, src.burst-1)
		}
		for range n {
			c := Call{At: at, Kind: KindConsume, Key: src.key, Model: src.model, Quota: 1 + Quota(1000*math.Exp(src.spread*r.NormFloat64()))}
			if r.Float64() < src.fails {
				c.Kind, c.Quota = KindError, 0
			}
			out = append(out, c)
		}
	}
	return out
}

// ordinary is traffic of many kinds.
var ordinary = []source{
	{"busy", "gpt-4o", 600, 1, 0.02, 1},
	{"steady", "gpt-4o", 30, 1, 0, 0.5},
	{"ci-bot", "o3", 6, 1, 0.1, 1},
	{"slow", "o3", 1, 1, 0.3, 1.2},
	{"slow", "gpt-4o", 0.2, 1, 0, 1},
	{"batch", "o3", 0.1, 12, 0, 0.7},
	{"agent", "gpt-4o", 0.5, 5, 0.05, 1},
	{"nightly", "o3", 0.02, 40, 0, 0.5},
}

// play runs sources for some seconds from at on, read every step seconds, and
// calls look after each reading.
func play(s State, r *rand.Rand, at, seconds, step int64, times func(source, int64) float64, look func(State)) State {
	var rows []Call
	for sec := at; sec < at+seconds; sec++ {
		for _, src := range ordinary {
			rows = append(rows, src.second(r, sec, times(src, sec))...)
		}
		if (sec-at)%step == step-1 {
			s = s.Apply(update(sec+Lag, SourceCalls, CallsRead{Span: Span{sec - step + 1, sec}, Calls: rows, ReadAt: sec + Lag}))
			rows = nil
			if look != nil {
				look(s)
			}
		}
	}
	return s
}

func usualTimes(source, int64) float64 { return 1 }

func TestASteadyDayRaisesNothing(t *testing.T) {
	hours := int64(4)
	if testing.Short() {
		hours = 1
	}
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed/2, 5))
		step := int64(10 - 5*(seed%2)) // the real polls are 5 s apart
		s := play(State{}, r, t0, 60, step, usualTimes, nil)
		play(s, r, t0+60, hours*3600, step, usualTimes, func(s State) {
			for _, sp := range Spikes(s) {
				t.Errorf("seed %d, after %.1f min: %+v", seed, float64(s.Self.Ledger.End().V-t0)/60, sp)
			}
		})
	}
}

func TestATenfoldRiseIsNamed(t *testing.T) {
	for seed := range uint64(4) {
		for _, key := range []string{"busy", "steady", "ci-bot"} {
			r := rand.New(rand.NewPCG(seed, 6))
			s := play(State{}, r, t0, 40*60, 10, usualTimes, nil)
			rise := int64(t0 + 40*60)
			polls, named := 0, false
			var hit Spike
			s = play(s, r, rise, 150, 10, func(src source, _ int64) float64 {
				if src.key == key {
					return 10
				}
				return 1
			}, func(s State) {
				polls++
				for _, sp := range Spikes(s) {
					if sp.Key.Name != key || sp.Kind != SpikeSpend {
						t.Errorf("seed %d: %s rose, but %+v", seed, key, sp)
					} else if !named {
						named, hit = true, sp
						// Six calls a minute are too few to tell in 20 s.
						if polls > 2 && key != "ci-bot" {
							t.Errorf("seed %d: %s was named at poll %d", seed, key, polls)
						}
					}
				}
			})
			if !named {
				t.Errorf("seed %d: %s rose tenfold and was not named", seed, key)
				continue
			}
			if hit.Times < 5 || hit.Times > 25 || hit.Since < rise-70 || hit.Since > rise+150 || hit.PerHour <= 0 {
				t.Errorf("seed %d: %+v, it rose at %d", seed, hit, rise)
			}
			// Its end is told too, as soon as a whole minute is usual again; of few calls,
			// one is dear now and then.
			over := rise + 150 + 130
			if key == "ci-bot" {
				over = rise + 150 + 330
			}
			play(s, r, rise+150, 400, 10, usualTimes, func(s State) {
				if left := Spikes(s); s.Self.Ledger.End().V > over && len(left) > 0 {
					t.Errorf("seed %d: %s is over, but %+v", seed, key, left)
				}
			})
		}
	}
}

// TestDearSessionsOfTheHistoryAreUsual: a key whose calls come in dear sessions now and
// then is not named for the next of them.
func TestDearSessionsOfTheHistoryAreUsual(t *testing.T) {
	var rows []Call
	span := Span{t0, t0 + 70*60 - 1}
	for at := span.From; at <= span.To; at += 2 {
		c := Call{At: at, Kind: KindConsume, Key: "laptop", Model: "o3", Quota: 100}
		if (at-t0)%600 >= 540 && (at-t0)%600 < 555 {
			c.Quota = 2000
		}
		rows = append(rows, c)
	}
	s := State{}.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, Calls: rows, ReadAt: span.To + Lag}))
	for _, c := range []struct {
		quota Quota
		want  int
	}{{2000, 0}, {90_000, 1}} {
		if got := then(s, span.To, slices.Repeat([]Quota{c.quota}, 10)...); len(got) != c.want {
			t.Errorf("ten calls of %d each: %+v", c.quota, got)
		}
	}
}

// TestALastingRise stays named for a good while, and is the new normal later.
func TestALastingRise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	s := play(State{}, r, t0, 45*60, 10, usualTimes, nil)
	rise := int64(t0 + 45*60)
	tenfold := func(src source, _ int64) float64 {
		if src.key == "steady" {
			return 10
		}
		return 1
	}
	var since int64
	s = play(s, r, rise, 15*60, 10, tenfold, func(s State) {
		now := Spikes(s)
		if s.Self.Ledger.End().V < rise+30 {
			return
		}
		if len(now) != 1 || now[0].Key.Name != "steady" {
			t.Errorf("%d s after it rose: %+v", s.Self.Ledger.End().V-rise, now)
			return
		}
		since = now[0].Since
	})
	if since < rise-60 || since > rise+60 {
		t.Errorf("it rose at %d, it is said since %d", rise, since)
	}
	s = play(s, r, rise+15*60, 50*60, 10, tenfold, nil)
	if left := Spikes(s); len(left) != 0 {
		t.Errorf("an hour later: %+v", left)
	}
}

func TestASpikeOfErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 9))
	s := play(State{}, r, t0, 30*60, 10, usualTimes, nil)
	end := s.Self.Ledger.End().V
	var rows []Call
	for i := range int64(20) {
		kind := KindError
		if i%4 == 0 {
			kind = KindConsume
		}
		rows = append(rows, Call{At: end + 1 + i/2, Kind: kind, Key: "steady", Model: "gpt-4o", Quota: 100})
	}
	s = s.Apply(update(end+10+Lag, SourceCalls, CallsRead{Span: Span{end + 1, end + 10}, Calls: rows, ReadAt: end + 10 + Lag}))
	got := Spikes(s)
	if len(got) != 1 || got[0].Kind != SpikeErrors || got[0].Key.Name != "steady" || !got[0].Errors.OK || got[0].Errors.V < 0.4 {
		t.Fatalf("%+v", got)
	}
	s.Self.ErrorsSeen = false
	if len(Spikes(s)) != 0 {
		t.Error("errors where none are logged")
	}
}

func TestNoSpikesWithoutHistory(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	s := play(State{}, r, t0, 8*60, 10, usualTimes, nil)
	play(s, r, t0+8*60, 60, 10, func(source, int64) float64 { return 20 }, func(s State) {
		if got := Spikes(s); len(got) > 0 {
			t.Errorf("after nine minutes: %+v", got)
		}
	})
	if Spikes(State{}.Tick(at(t0))) != nil {
		t.Error("spikes of nothing")
	}
}

// BenchmarkSpikes looks at 50 keys × 10 models over 75 minutes: with one call of
// each a minute, and with ten.
func BenchmarkSpikes(b *testing.B) {
	for _, perMinute := range []int{1, 5} {
		b.Run(fmt.Sprintf("calls=%d", perMinute*500*75), func(b *testing.B) {
			r := rand.New(rand.NewPCG(4, 4))
			var s State
			for m := range int64(75) {
				span := Span{t0 + m*60, t0 + m*60 + 59}
				var rows []Call
				for k := range 50 {
					for mod := range 10 {
						for range perMinute {
							rows = append(rows, Call{
								At: span.From + r.Int64N(60), Kind: KindConsume, Quota: Quota(50 + r.IntN(100)),
								Key: fmt.Sprintf("key-%d", k), KeyID: int64(k), Model: fmt.Sprintf("model-%d", mod),
							})
						}
					}
				}
				s = s.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, Calls: rows, ReadAt: span.To + Lag}))
			}
			b.ReportAllocs()
			for b.Loop() {
				if got := Spikes(s); len(got) > 0 {
					b.Fatalf("%+v", got)
				}
			}
		})
	}
}

// history is forty minutes of a key that spends the same in each: so many calls, evenly.
func history(perMinute int64, quota Quota) (State, int64) {
	var rows []Call
	span := Span{t0, t0 + 40*60 - 1}
	for at := span.From; at <= span.To; at += 60 / perMinute {
		rows = append(rows, Call{At: at, Kind: KindConsume, Key: "laptop", Model: "o3", Quota: quota})
	}
	return State{}.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, Calls: rows, ReadAt: span.To + Lag})), span.To
}

// then lets twenty seconds pass with those charges.
func then(s State, end int64, charges ...Quota) []Spike {
	span := Span{end + 1, end + 20}
	var rows []Call
	for i, q := range charges {
		rows = append(rows, Call{At: span.From + int64(i)%20, Kind: KindConsume, Key: "laptop", Model: "o3", Quota: q})
	}
	return Spikes(s.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, Calls: rows, ReadAt: span.To + Lag})))
}

// TestTwoDearCallsAreNoSpike: the rest must be one without them.
func TestTwoDearCallsAreNoSpike(t *testing.T) {
	s, end := history(30, 10)
	usual := []Quota{10, 10, 10, 10, 10, 10, 10, 10}
	for dear, want := range []int{0, 0, 0, 1} {
		charges := slices.Concat(usual, slices.Repeat([]Quota{5000}, dear))
		if got := then(s, end, charges...); len(got) != want {
			t.Errorf("%d dear calls: %+v", dear, got)
		}
	}
}

// TestAFewCallsMoreAreChance: eight times the usual, of a key that calls once a
// minute, is within what chance brings.
func TestAFewCallsMoreAreChance(t *testing.T) {
	s, end := history(1, 1000)
	if got := then(s, end, slices.Repeat([]Quota{450}, 6)...); len(got) != 0 {
		t.Errorf("six calls in twenty seconds: %+v", got)
	}
	if got := then(s, end, slices.Repeat([]Quota{1000}, 40)...); len(got) != 1 {
		t.Errorf("forty: %+v", got)
	}
}

// TestUsual holds the scales of chance: how much the minutes differ, how much so few
// calls can, and a fifth of the usual where neither does.
func TestUsual(t *testing.T) {
	minutes := func(calls int32, quotas ...Quota) []brief {
		var out []brief
		for i := range 40 {
			out = append(out, brief{quota: quotas[i%len(quotas)], calls: calls})
		}
		return out
	}
	for name, c := range map[string]struct {
		before []brief
		parts  float64
		sure   float64 // the rate from which it is no chance
	}{
		"even":               {minutes(1000, 1000), 1, 1000 + 8*200},
		"uneven":             {minutes(1000, 900, 1000, 1500, 2000), 1, 1500 + 8*1.4826*500},
		"few calls":          {minutes(1, 1000), 1, 1000 + 8*1000*math.Sqrt2},
		"few in ten seconds": {minutes(1, 1000), 6, 1000 + 8*1000*math.Sqrt(12)},
	} {
		u := usualOf(c.before)
		if u.dear(c.sure-1, c.parts, 1) || !u.dear(c.sure+1, c.parts, 1) {
			t.Errorf("%s: %v is not the border: %+v", name, c.sure, u)
		}
	}
}
