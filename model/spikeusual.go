package model

import (
	"math"
	"slices"
)

const (
	// steepScore is the least score of calls that cost more each, and steepCalls how many
	// they must be; of steepHistory there must be before. Charges are taken to differ by
	// steepSpread at least, and the score to exceed any of the history so many times.
	steepScore, steepCalls, steepHistory, steepSpread, steepBeyond = 5.0, 4, 30, 0.2, 1.5
	// manyScore is how improbable a number of calls must be at least, in powers of e: by
	// Chernoff's bound, so that a key is wrongly named by it about once in a year.
	manyScore = 13.0
)

// usual is what a key × model's minutes were like before a rise.
type usual struct {
	// rate, the median or the mean, whichever is more, and calls are per minute.
	rate, calls float64
	spent       Quota
	active      int     // minutes with calls
	minutes     float64 // all of them
	// middle and spread are of the spend per minute.
	middle, spread float64
	perCall        float64
}

func usualOf(before []brief) usual {
	u := usual{minutes: float64(len(before))}
	n := 0.0
	quotas := make([]float64, len(before))
	for i, m := range before {
		quotas[i] = float64(m.quota)
		u.spent += m.quota
		n += float64(m.calls)
		if m.calls > 0 {
			u.active++
		}
	}
	u.middle, u.spread = medianAndSpread(quotas)
	u.rate = max(u.middle, float64(u.spent)/u.minutes)
	u.calls = n / u.minutes
	u.perCall = float64(u.spent) / max(1, n)
	return u
}

// dear reports whether a rate over one of so many parts of a minute is no chance.
// Calls come by chance, bursts at a time: over a short time, charges of that size differ
// by this much (a compound Poisson stream of exponential charges).
func (u *usual) dear(rate, parts, bursts float64) bool {
	chance := u.perCall * math.Sqrt(2*bursts*u.rate/u.perCall*parts)
	return (rate-u.middle)/max(u.spread, chance, u.rate/5) >= spikeScore
}

// many reports whether so many calls in one of so many parts of a minute are no
// chance, where they come bursts at a time. Their number tells sooner than what they
// cost, which differs more.
func (u *usual) many(calls, parts, bursts float64) bool {
	// The mean of what few calls tell may be this much too low.
	expected := (u.calls + math.Sqrt(u.calls/u.minutes)) / parts
	return calls > expected && calls*math.Log(calls/expected)-calls+expected >= manyScore*bursts
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

// bursts is how many calls come at a time in such spans of the history: their variance,
// over their mean, and 1 where no more than chance differs.
func (h *spikeBook) bursts(o *suspect, seconds int64, history Span) float64 {
	counts := make([]float64, history.Seconds()/seconds)
	n := float64(len(counts))
	mean, squares := 0.0, 0.0
	for c := range h.b.Calls.In(history) {
		if i := (c.At - history.From) / seconds; o.made(c) && i < int64(len(counts)) {
			squares += 2*counts[i] + 1
			counts[i]++
			mean += 1 / n
		}
	}
	if mean == 0 {
		return 1
	}
	return max(1, (squares/n-mean*mean)/mean*(1-math.Sqrt(2/n)))
}

// steep reports whether single calls cost so much more than they use to that it is no
// chance, and more than they did in any such time of the history. That tells with
// fewer calls than their sum, of which a few dear ones are the most.
func (h *spikeBook) steep(o *suspect, u usual, now, history Span) bool {
	typical := 0.0
	h.windows(o, now.Seconds(), now, func(window []Quota) {
		for _, q := range window {
			typical += magnitude(q) / float64(len(window))
		}
	})
	if typical < math.Log(2*u.perCall) {
		return false
	}
	var n, sum, squares, cubes float64
	h.windows(o, history.Seconds(), history, func(all []Quota) {
		for _, q := range all {
			x := magnitude(q)
			n, sum, squares, cubes = n+1, sum+x, squares+x*x, cubes+x*x*x
		}
	})
	if n < steepHistory {
		return false
	}
	mean := sum / n
	spread := max(steepSpread, math.Sqrt(max(0, squares/n-mean*mean)))
	skew := max(0, (cubes/n-3*mean*squares/n+2*mean*mean*mean)/(spread*spread*spread))
	score := func(window []Quota) float64 {
		sum := 0.0
		for _, q := range window {
			sum += magnitude(q) - mean
		}
		return sum / math.Sqrt(float64(len(window))) / spread
	}
	most := 0.0
	h.windows(o, now.Seconds(), history, func(window []Quota) { most = max(most, score(window)) })
	found, calls := 0.0, 0.0
	h.windows(o, now.Seconds(), now, func(window []Quota) { found, calls = score(window), float64(len(window)) })
	// Where some calls always cost far more than the rest, a few of them come together
	// sooner than the score says (the first term of Cornish and Fisher's expansion).
	sure := steepScore + (steepScore*steepScore-1)/6*skew/math.Sqrt(calls)
	return found >= max(sure, most*steepBeyond)
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
