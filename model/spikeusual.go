package model

import (
	"math"
	"slices"
)

// steepScore is the least score of calls that cost more each, of which there must
// be steepHistory before; charges are taken to differ by steepSpread at least, and
// the score to exceed any of the history so many times.
const steepScore, steepHistory, steepSpread, steepBeyond = 6.0, 30, 0.2, 1.5

// usual is what a key × model's minutes were like before a rise.
type usual struct {
	// rate and calls are per minute: the median or the mean, whichever is more.
	rate, calls float64
	spent       Quota
	active      int // minutes with calls
	// middle and spread are of the spend per minute, callSpread is of the calls.
	middle, spread, callSpread float64
	perCall                    float64
}

func usualOf(before []brief) usual {
	var u usual
	n := 0.0
	quotas, counts := make([]float64, len(before)), make([]float64, len(before))
	for i, m := range before {
		quotas[i], counts[i] = float64(m.quota), float64(m.calls)
		u.spent += m.quota
		n += float64(m.calls)
		if m.calls > 0 {
			u.active++
		}
	}
	u.middle, u.spread = medianAndSpread(quotas)
	u.rate = max(u.middle, float64(u.spent)/float64(len(before)))
	middle, spread := medianAndSpread(counts)
	u.calls, u.callSpread = max(middle, n/float64(len(before))), spread
	u.perCall = float64(u.spent) / max(1, n)
	return u
}

// dear reports whether a rate over one of so many parts of a minute is no chance.
// Calls come by chance: over a short time, charges of that size differ by this much (a
// compound Poisson stream of exponential charges).
func (u *usual) dear(rate, parts float64) bool {
	chance := u.perCall * math.Sqrt(2*u.rate/u.perCall*parts)
	return (rate-u.middle)/max(u.spread, chance, u.rate/5) >= spikeScore
}

// many reports whether so many calls in one of so many parts of a minute are no
// chance. Their number tells sooner than what they cost, which differs more; two
// calls more, since where few are expected the scale is rough.
func (u *usual) many(calls, parts float64) bool {
	expected := u.calls / parts
	return calls-2-expected >= spikeScore*max(math.Sqrt(expected), u.callSpread/math.Sqrt(parts))
}

// dearest is the charge of a suspect's two dearest calls in span.
func (h *spikeBook) dearest(o *suspect, span Span) Quota {
	var first, second Quota
	for c := range h.b.Calls.In(span) {
		if !o.made(c) {
			continue
		}
		if c.Quota > first {
			first, second = c.Quota, first
		} else {
			second = max(second, c.Quota)
		}
	}
	return first + second
}

// largest is the most that a suspect spent, and called, in so many seconds of its
// history. It reads the rows, which only what is all but named is worth.
func (h *spikeBook) largest(o *suspect, seconds int64, history Span) (quota, calls float64) {
	h.windows(o, seconds, history, func(window []Quota) {
		sum := 0.0
		for _, q := range window {
			sum += float64(q)
		}
		quota, calls = max(quota, sum), max(calls, float64(len(window)))
	})
	return quota, calls
}

// windows hands over the charges of a suspect's history in windows of so many seconds,
// each of which begins with a call.
func (h *spikeBook) windows(o *suspect, seconds int64, history Span, f func([]Quota)) {
	var window []Quota
	start := history.From
	for c := range h.b.Calls.In(history) {
		if !o.made(c) {
			continue
		}
		if c.At >= start+seconds {
			if len(window) > 0 {
				f(window)
			}
			window, start = window[:0], c.At
		}
		window = append(window, c.Quota)
	}
	if len(window) > 0 {
		f(window)
	}
}

// steep reports whether single calls cost so much more than they use to that it is no
// chance, and more than they did in any such time of the history. That tells with
// fewer calls than their sum, of which a few dear ones are the most.
func (h *spikeBook) steep(o *suspect, now, history Span) bool {
	var n, sum, squares float64
	h.windows(o, history.Seconds(), history, func(all []Quota) {
		for _, q := range all {
			x := magnitude(q)
			n, sum, squares = n+1, sum+x, squares+x*x
		}
	})
	if n < steepHistory {
		return false
	}
	mean := sum / n
	spread := max(steepSpread, math.Sqrt(max(0, squares/n-mean*mean)))
	score := func(window []Quota) float64 {
		sum := 0.0
		for _, q := range window {
			sum += magnitude(q) - mean
		}
		return sum / math.Sqrt(float64(len(window))) / spread
	}
	most := 0.0
	h.windows(o, now.Seconds(), history, func(window []Quota) { most = max(most, score(window)) })
	found := 0.0
	h.windows(o, now.Seconds(), now, func(window []Quota) { found = score(window) })
	return found >= max(steepScore, most*steepBeyond)
}

// magnitude is the order of magnitude of a charge, to the base of e.
func magnitude(q Quota) float64 { return math.Log(float64(max(1, q))) }

// medianAndSpread are the median and 1.4826 × the median distance from it, which
// is the standard deviation where values are normal. It sorts its argument.
func medianAndSpread(values []float64) (middle, spread float64) {
	slices.Sort(values)
	middle = values[len(values)/2]
	for i, v := range values {
		values[i] = math.Abs(v - middle)
	}
	slices.Sort(values)
	return middle, 1.4826 * values[len(values)/2]
}
