package model

import (
	"math"
	"testing"
	"time"
)

// TestPerformance weighs calls and not seconds or minutes: one slow minute of
// many calls must outweigh many minutes of one call.
func TestPerformance(t *testing.T) {
	span := hour.Ending(t0)
	var calls []Call
	add := func(n int, at int64, c Call) {
		for range n {
			c.At, c.Kind, c.Key, c.KeyID, c.Model = at, KindConsume, "laptop", 1, "o3"
			calls = append(calls, c)
		}
	}
	add(90, t0-100, Call{Took: Some(9 * time.Second), FirstToken: Some(2 * time.Second), Completion: 180, Prompt: 10, Cached: Some[int64](5), Coarse: true})
	for m := range int64(10) {
		add(1, t0-1000-60*m, Call{Took: Some(time.Second), Completion: 20, Prompt: 1000}) // no word of a cache
	}
	add(1, t0-2000, Call{Completion: 1e6, Prompt: 4}) // no duration
	calls = append(calls, Call{At: t0 - 50, Kind: KindError, Key: "laptop", KeyID: 1, Model: "o3"})

	s := State{}.Apply(update(t0, SourceKeys, Keys{{ID: 1, Name: "laptop"}, {ID: 2, Name: "idle"}}))
	s = s.Apply(update(t0+5, SourceCalls, CallsRead{Span: span, Calls: calls, ReadAt: t0 + 5}))
	sum := Summarise(s, hour, time.UTC)
	key := sum.Keys[0]
	for name, p := range map[string]Performance{"model": sum.Models[0].Performance, "key": key.Performance} {
		if p.N != 100 || p.FirstN != 90 || p.CacheN != 90 || p.P50.V != 9*time.Second || p.P99.V != 9*time.Second || !p.Coarse {
			t.Errorf("%s: n %d, p50 %v, p99 %v, coarse %v", name, p.N, p.P50, p.P99, p.Coarse)
		}
		if p.FirstTokenP99 != Some(2*time.Second) {
			t.Errorf("%s: first token p99 %v", name, p.FirstTokenP99)
		}
		// 90 × 180 and 10 × 20 tokens in 90 × 9 and 10 × 1 seconds.
		if want := 16_400.0 / 820; math.Abs(p.TokensPerSecond.V-want) > 1e-9 {
			t.Errorf("%s: %v tokens per second, want %v", name, p.TokensPerSecond, want)
		}
		if p.CacheHit != Some(0.5) {
			t.Errorf("%s: cache hit %v", name, p.CacheHit)
		}
	}
	if key.ErrorRate() != Some(1.0/102) || sum.Models[0].ErrorRate() != key.ErrorRate() {
		t.Errorf("error rate %v", key.ErrorRate())
	}
	idle := sum.Keys[1]
	if idle.Calls != Some[int64](0) || idle.P50.OK || idle.TokensPerSecond.OK || idle.CacheHit.OK || idle.ErrorRate().OK {
		t.Errorf("an idle key: %+v", idle)
	}
}

// TestQuantilesAreTold gives each of a hundred calls another duration and another
// first token.
func TestQuantilesAreTold(t *testing.T) {
	var calls []Call
	for i := range int64(100) {
		calls = append(calls, Call{
			At: t0 - 100 + i, Kind: KindConsume, Model: "o3", Key: "laptop",
			Took: Some(time.Duration(i+1) * time.Second), FirstToken: Some(time.Duration(i+1) * time.Millisecond),
		})
	}
	s := State{}.Apply(update(t0+5, SourceCalls, CallsRead{Span: hour.Ending(t0), Calls: calls, ReadAt: t0 + 5}))
	p := Summarise(s, hour, time.UTC).Models[0].Performance
	took := [3]Opt[time.Duration]{p.P50, p.P95, p.P99}
	first := [3]Opt[time.Duration]{p.FirstTokenP50, p.FirstTokenP95, p.FirstTokenP99}
	for i, want := range []time.Duration{50, 95, 99} {
		if took[i] != Some(want*time.Second) || first[i] != Some(want*time.Millisecond) {
			t.Errorf("p%d: took %v, first token %v", want, took[i], first[i])
		}
	}
}

func TestCachedTokensBesideThePrompt(t *testing.T) {
	c := Call{Kind: KindConsume, Prompt: 10, Cached: Some[int64](30), Billing: &Billing{Tariff: Tariff{CacheApart: true}}}
	var tally Tally
	tally.count(&c)
	if tally.CachedPrompt != 40 || tally.Prompt != 10 {
		t.Errorf("%+v", tally)
	}
}
