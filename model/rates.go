package model

import "math"

// SpendRates is the spend in quota per minute over the last minute, quarter of an
// hour and hour: counted where the log was read for all of that time, else by the
// rise of the used quota, else unknown.
func SpendRates(s State) (m1, m15, h1 Opt[float64]) {
	b := s.Book()
	end := windowEnd(s)
	over := func(seconds int64) Opt[float64] {
		span := Span{end - seconds + 1, end}
		if b.Ledger.Covers(span) {
			return rateOver(b.Usage.tally(span, b.Calls).Quota, seconds)
		}
		if s.Scope == ScopeSelf {
			return s.usedRate(seconds)
		}
		return Opt[float64]{}
	}
	return over(60), over(15 * 60), over(3600)
}

// usedRate is the rise of the used quota per minute over about that many
// seconds, unknown where the samples do not go back far enough. What is given
// back is no spending, so only rises count.
func (s State) usedRate(seconds int64) Opt[float64] {
	n := len(s.Balances)
	if n == 0 {
		return Opt[float64]{}
	}
	last := s.Balances[n-1]
	if s.Now.Sub(last.At) > derivedOver {
		return Opt[float64]{}
	}
	var rise Quota
	for i := n - 1; i > 0; i-- {
		rise += max(0, s.Balances[i].Used-s.Balances[i-1].Used)
		if over := last.At.Sub(s.Balances[i-1].At).Seconds(); over >= float64(seconds)*3/4 {
			if over > float64(seconds)*2 {
				break // a gap in the samples: nobody knows when it was spent
			}
			return Some(float64(rise) / over * 60)
		}
	}
	return Opt[float64]{}
}

// Direction says whether spending gets faster.
type Direction int8

// The directions.
const (
	Falling Direction = iota - 1
	Steady
	Rising
)

// String returns the direction in the report's words.
func (d Direction) String() string { return [...]string{"falling", "steady", "rising"}[d+1] }

// Trend is how the spend of the last quarter of an hour compares with the 45 minutes
// before.
type Trend struct {
	Direction Direction
	// Times is the last quarter's rate over the one before it, unknown where nothing
	// was spent then.
	Times Opt[float64]
}

const (
	// trendBlocks are the blocks of the hour before the last quarter whose spread
	// tells what is ordinary.
	trendBlocks = 9
	// trendLeast is the smallest change worth a word, trendSure how many standard
	// errors it must be.
	trendLeast = 1.25
	trendSure  = 2.5
)

// TrendOf compares the last quarter of an hour with the 45 minutes before it,
// unknown where the log was not read for all of them. A change of which the latest
// minute shows nothing is over.
func TrendOf(s State) Opt[Trend] {
	b := s.Book()
	end := windowEnd(s)
	if !b.Ledger.Covers(Span{end - 3599, end}) {
		return Opt[Trend]{}
	}
	const block = blockMinutes * 60
	now := float64(b.Usage.tally(Span{end - 3*block + 1, end}, b.Calls).Quota) / 3
	latest := float64(b.Usage.tally(Span{end - 59, end}, b.Calls).Quota) * blockMinutes
	var before []float64
	for i := range int64(trendBlocks) {
		to := end - (3+i)*block
		before = append(before, float64(b.Usage.tally(Span{to - block + 1, to}, b.Calls).Quota))
	}
	usual := mean(before)
	var t Trend
	if usual > 0 {
		t.Times = Some(now / usual)
	}
	ss := 0.0
	for _, x := range before {
		ss += (x - usual) * (x - usual)
	}
	// The mean of three blocks against the mean of nine.
	sure := trendSure * math.Sqrt(ss/(trendBlocks-1)*(1.0/3+1.0/trendBlocks))
	switch {
	case min(now, latest) > usual*trendLeast && now-usual > sure:
		t.Direction = Rising
	case max(now, latest)*trendLeast < usual && usual-now > sure:
		t.Direction = Falling
	}
	return Some(t)
}
