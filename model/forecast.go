package model

import (
	"math"
	"time"
)

// Forecast is how long the balance lasts if spending goes on as it does.
type Forecast struct {
	// PerHour is the burn rate in quota per hour over Window.
	PerHour Opt[float64]
	Window  string
	// Sampled is set where PerHour is that of the part of the window that was read,
	// which is its newest: the rest may have been calmer.
	Sampled bool
	// Samples is how many minutes it rests on. Below minSamples nothing is
	// foretold.
	Samples int
	// EmptyAt is when the balance reaches zero if spending goes on as it did;
	// Earliest and Latest bound it. In the back-test the bounds of an hour's minutes
	// held 79 % of the time over the next hour and less over longer times, those of a
	// window of hours 84 % and more; real traffic promises nothing. Latest is unknown
	// where it has no bound.
	EmptyAt, Earliest, Latest Opt[time.Time]
}

const (
	minSamples = 5
	// blockMinutes is the length of the blocks whose spread gives the band: calls
	// of neighbouring minutes belong together, so minutes alone would look more
	// certain than they are.
	blockMinutes = 5
	// z80 is the two-sided 80 % point of the normal distribution.
	z80 = 1.2816
	// bandWidth widens the spread of the past hour to that of the time to come, which
	// changes more: with it the band held for 79 % of the forecasts over an hour in
	// the back-test (BenchmarkForecastBackTest), without it for 35 %.
	bandWidth = 3
	// hoursTogether is how many hours count as one: those of one part of the day are
	// alike, and a band that takes each for itself held for 38 % of the forecasts over
	// four hours, with this for 89 %.
	hoursTogether = 6
	// farOff is the longest time to empty that is worth a date.
	farOff = 10 * 365 * 24 * time.Hour
)

// forecast foretells the balance from the window's spend.
func forecast(s State, sum Summary) Forecast {
	f := Forecast{Window: sum.Window.Label}
	known, step := wholeSteps(sum.Series, sum.Span.To)
	f.Samples = len(known)
	switch {
	case sum.rows && sum.Totals.Quota.OK && sum.Totals.From != FromSampled:
		f.PerHour = Some(sum.PerMinute.V * 60)
	case sum.rows && step == 60 && len(known) > 0:
		// What the used quota rose by knows of calls that were not read.
		if s.Scope == ScopeSelf {
			f.PerHour = Burn(s)
		}
		if !f.PerHour.OK {
			f.PerHour, f.Sampled = Some(mean(known)*60), true
		}
	case sum.PerMinute.OK && !sum.rows:
		f.PerHour, f.Sampled = Some(sum.PerMinute.V*60), sum.Totals.Coverage < 1
		f.Samples = 0
		for _, p := range sum.Series {
			if p.PerMinute.OK {
				f.Samples++
			}
		}
	}
	if s.Scope == ScopeSite {
		return f // the site's spending does not empty the account's balance
	}
	left := s.Account.V.Quota
	if left.OK && left.V <= 0 {
		f.EmptyAt = Some(s.Now)
		return f
	}
	if !left.OK || !f.PerHour.OK || f.PerHour.V <= 0 || f.Samples < minSamples {
		return f
	}
	balance := float64(left.V)
	at := func(perHour float64) Opt[time.Time] {
		hours := balance / perHour
		if perHour <= 0 || hours > farOff.Hours() {
			return Opt[time.Time]{}
		}
		return Some(s.Now.Add(time.Duration(hours * float64(time.Hour))))
	}
	f.EmptyAt = at(f.PerHour.V)
	spread := bandWidth * blockSpread(known)
	if step > 60 {
		ahead := balance / f.PerHour.V * 3600 / float64(step)
		spread = stepSpread(known, step, ahead)
	}
	if spread *= z80 * 60; spread > f.PerHour.V*1e-9 { // no rounding error
		f.Earliest = at(f.PerHour.V + spread)
		f.Latest = at(f.PerHour.V - spread)
	}
	return f
}

// wholeSteps are the quota per minute of the steps that are known and as long as
// the longest of them, a day of 23 hours included, and that length in seconds. The
// step that is under way tells less.
func wholeSteps(series []Point, end int64) (known []float64, step int64) {
	for _, p := range series {
		step = max(step, p.Seconds)
	}
	for _, p := range series {
		if p.PerMinute.OK && p.Seconds*10 >= step*9 && (step == 60 || p.At+p.Seconds-1 <= end) {
			known = append(known, p.PerMinute.V)
		}
	}
	return known, step
}

// stepSpread is by how much the quota per minute of so many steps to come may differ
// from the mean of xs, one step each; 0 when there are too few to tell. Both are means
// of steps, and of a short time to come less than one part of the day.
func stepSpread(xs []float64, step int64, ahead float64) float64 {
	n := float64(len(xs))
	if n < minSamples {
		return 0
	}
	together := 1.0
	if step <= 3600 {
		together = hoursTogether
	}
	m := mean(xs)
	ss := 0.0
	for _, x := range xs {
		ss += (x - m) * (x - m)
	}
	return math.Sqrt(ss / (n - 1) * (together/n + 1/max(1, ahead/together)))
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// blockSpread is the standard error of the mean of xs, from blocks of
// neighbours; 0 when there are too few to tell.
func blockSpread(xs []float64) float64 {
	var blocks []float64
	for len(xs) >= blockMinutes {
		blocks = append(blocks, mean(xs[:blockMinutes]))
		xs = xs[blockMinutes:]
	}
	if len(blocks) < 3 {
		return 0
	}
	m := mean(blocks)
	ss := 0.0
	for _, b := range blocks {
		ss += (b - m) * (b - m)
	}
	n := float64(len(blocks))
	return math.Sqrt(ss/(n-1)) / math.Sqrt(n)
}

// minBurn is the shortest time over which the fall of a balance tells a burn
// rate.
const minBurn = 5 * time.Minute

// Burn is the quota per hour by the rise of the used quota over the last hour,
// for gateways whose log is not read; unknown over less than five minutes. What
// was given back meanwhile is no negative spending.
func Burn(s State) Opt[float64] {
	n := len(s.Balances)
	if n < 2 {
		return Opt[float64]{}
	}
	last := s.Balances[n-1]
	first := n - 1
	var rise Quota
	for first > 0 && last.At.Sub(s.Balances[first-1].At) <= time.Hour {
		rise += max(0, s.Balances[first].Used-s.Balances[first-1].Used)
		first--
	}
	over := last.At.Sub(s.Balances[first].At)
	if over < minBurn {
		return Opt[float64]{}
	}
	return Some(float64(rise) / over.Hours())
}

// EmptyIn is how long a balance lasts at a burn rate in quota per hour, unknown
// where it lasts for more than ten years or either is unknown.
func EmptyIn(left Opt[Quota], perHour Opt[float64]) Opt[time.Duration] {
	switch {
	case !left.OK:
		return Opt[time.Duration]{}
	case left.V <= 0:
		return Some(time.Duration(0))
	case !perHour.OK || perHour.V <= 0:
		return Opt[time.Duration]{}
	}
	hours := float64(left.V) / perHour.V
	if hours > farOff.Hours() {
		return Opt[time.Duration]{}
	}
	return Some(time.Duration(hours * float64(time.Hour)))
}
