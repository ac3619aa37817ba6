package model

import "time"

// Performance is how the calls of a model or a key went: every call weighs the
// same, however long it took.
type Performance struct {
	// P50, P95 and P99 are quantiles of the whole duration over N calls.
	P50, P95, P99                               Opt[time.Duration]
	FirstTokenP50, FirstTokenP95, FirstTokenP99 Opt[time.Duration]
	// N is how many calls told their duration, and with it their speed; FirstN how
	// many their first token, CacheN how many what came from the cache.
	N, FirstN, CacheN int64
	// Coarse is set when durations are whole seconds.
	Coarse bool
	// TokensPerSecond is the completion tokens of the calls that told their
	// duration by the sum of their durations, first token included. Rounding to
	// whole seconds evens out in a sum.
	TokensPerSecond Opt[float64]
	// CacheHit is the share of prompt tokens that the provider had in its cache,
	// over the calls whose rows tell.
	CacheHit Opt[float64]
}

// performance adds up cells whose sum is t. room is overwritten.
func performance(cells []*Cell, t *Tally, room *distSum) Performance {
	var p Performance
	room.reset()
	for _, c := range cells {
		p.Coarse = p.Coarse || c.Coarse
		room.merge(c.Took)
	}
	p.N = room.n
	q := room.quantiles(0.5, 0.95, 0.99)
	p.P50, p.P95, p.P99 = q[0], q[1], q[2]
	room.reset()
	for _, c := range cells {
		room.merge(c.FirstToken)
	}
	p.FirstN, p.CacheN = room.n, t.CachedOf
	q = room.quantiles(0.5, 0.95, 0.99)
	p.FirstTokenP50, p.FirstTokenP95, p.FirstTokenP99 = q[0], q[1], q[2]
	if t.Timed > 0 {
		p.TokensPerSecond = Some(float64(t.TimedTokens) / t.Timed.Seconds())
	}
	if t.CachedPrompt > 0 {
		p.CacheHit = Some(float64(t.Cached) / float64(t.CachedPrompt))
	}
	return p
}

// share is the usage of one model, key or user.
type share struct {
	Tally
	cells []*Cell
}

// shares is usage by model, key or user.
type shares[K comparable] map[K]*share

func (s shares[K]) add(k K, c *Cell) {
	one := s[k]
	if one == nil {
		one = &share{}
		s[k] = one
	}
	one.add(&c.Tally)
	one.cells = append(one.cells, c)
}
