package demo

import (
	"math"
	"math/rand/v2"
)

// The kinds of log rows, numbered as the gateways number them
// (new-api/055–059, one-api/048–052).
const (
	kindTopUp   = 1
	kindConsume = 2
	kindError   = 5 // new-api only; in one-api a failed call leaves no row
	kindLogin   = 7 // new-api only
)

// world is the traffic of a site, as a pure function of the seed and the
// second: any window of time can be produced at once, and twice the same. Only
// the opening runaway depends on when the server was born.
type world struct {
	seed   uint64
	rate   float64 // calls per second, mean over a day
	birth  int64   // unix seconds
	bill   func(p prices, prompt, completion, cached int32) int64
	models []*llm
	pairs  []pair

	cells [4096]uint8 // pair of a call: each has cells in proportion to its share
	pcg   rand.PCG
	min   minute // the minute that was needed last
	today day    // the day that was needed last
}

// pair is one key's use of one model.
type pair struct {
	key, model int     // indices into Server.keys and world.models
	share      float64 // of all calls
	spend      float64 // mean quota units per call
}

// call is one row of the log that is to be.
type call struct {
	at         int64  // when it ended, unix nanoseconds
	quota      int64  // units; of a top-up, what it brought
	detail     uint64 // random bits from which the rest is derived when asked for
	prompt     int32  // tokens
	completion int32
	cached     int32 // of prompt
	pair       int16 // index into world.pairs, -1 where there is none
	key, model int16 // -1 where there is none
	kind       uint8
	details    *details // only of a call made through the server; else derived
}

// minute holds what changes slowly.
type minute struct {
	n       int64   // unix minutes
	rate    float64 // calls per second
	exp     float64 // e^-rate
	runs    []runaway
	failing int // index of the model that fails half of its calls, -1 for none
}

// runaway is a pair that spends factor times what it usually does.
type runaway struct {
	pair   int
	from   int64 // unix seconds
	to     int64
	factor float64
	rate   float64 // additional calls per second
	exp    float64
}

// day holds the rows of a day which are no calls.
type day struct {
	n      int64 // unix days
	events []call
}

// newWorld makes the traffic of the given habits. rate is in calls per second;
// birth in unix seconds.
func newWorld(seed uint64, rate float64, birth int64, bill func(prices, int32, int32, int32) int64, habits []habit) *world {
	w := &world{seed: seed, rate: rate, birth: birth, bill: bill, models: catalogue()}
	w.min.n, w.today.n = -1, -1
	total := 0.0
	for _, h := range habits {
		for _, u := range h.uses {
			total += h.calls * u.share
		}
	}
	index := map[string]int{}
	for i, m := range w.models {
		index[m.name] = i
	}
	cell := 0.0
	for k, h := range habits {
		for _, u := range h.uses {
			m := index[u.model]
			p := pair{key: k, model: m, share: h.calls * u.share / total, spend: w.models[m].meanQuota()}
			end := cell + p.share*float64(len(w.cells))
			for i := int(math.Round(cell)); i < min(int(math.Round(end)), len(w.cells)); i++ {
				w.cells[i] = uint8(len(w.pairs))
			}
			cell = end
			w.pairs = append(w.pairs, p)
		}
	}
	return w
}

// meanSpend is the whole site's, in units per second, without runaways.
func (w *world) meanSpend() float64 {
	sum := 0.0
	for _, p := range w.pairs {
		sum += p.share * p.spend
	}
	return sum * max(0, w.rate)
}

// second appends the rows that end in a unix second, oldest first.
func (w *world) second(sec int64, rows []call) []call {
	first := len(rows)
	m := w.minute(sec / 60)
	if m.rate > 0 {
		w.pcg.Seed(w.seed, uint64(sec))
		for range poisson(w.pcg.Uint64(), m.rate, m.exp) {
			bits := w.pcg.Uint64()
			rows = append(rows, w.call(sec, bits, int(w.cells[bits%uint64(len(w.cells))]), m.failing))
		}
		for _, r := range m.runs {
			for range poisson(w.pcg.Uint64(), r.rate, r.exp) {
				rows = append(rows, w.call(sec, w.pcg.Uint64(), r.pair, m.failing))
			}
		}
	}
	for _, e := range w.day(sec / 86400).events {
		if e.at/1e9 == sec {
			rows = append(rows, e)
		}
	}
	// A second holds a handful of rows: nothing beats insertion.
	for i := first + 1; i < len(rows); i++ {
		for j := i; j > first && rows[j].at < rows[j-1].at; j-- {
			rows[j], rows[j-1] = rows[j-1], rows[j]
		}
	}
	return rows
}

// call makes one row out of 64 random bits, the lowest 12 of which have chosen
// the pair.
func (w *world) call(sec int64, bits uint64, pairIndex, failing int) call {
	p := &w.pairs[pairIndex]
	m := w.models[p.model]
	c := call{
		at:     sec*1e9 + int64(bits>>50)*61_035, // 2^14 steps in a second
		detail: mix(bits),
		pair:   int16(pairIndex),
		key:    int16(p.key),
		model:  int16(p.model),
		kind:   kindConsume,
	}
	often := uint64(6) // of 1024 calls fail
	if p.model == failing {
		often = 512
	}
	if bits>>32&1023 < often {
		c.kind = kindError
		return c
	}
	c.prompt = m.prompts[bits>>12&1023]
	c.completion = m.completions[bits>>22&1023]
	if hit := bits >> 42 & 255; m.cacheRatio > 0 && hit < 70 {
		c.cached = int32(float64(c.prompt)*(0.3+float64(hit)/140)) / 64 * 64
	}
	c.quota = w.bill(m.prices(), c.prompt, c.completion, c.cached)
	return c
}

// minute gives what holds throughout a unix minute.
func (w *world) minute(n int64) *minute {
	if w.min.n == n {
		return &w.min
	}
	rnd := w.stream(saltMinute, n)
	hour := float64(n%1440) / 60
	rhythm := 1 + 0.4*math.Cos((hour-14)*math.Pi/12) // busiest at 14:00 UTC
	rate := max(0, w.rate) * rhythm * math.Exp(0.22*normal[rnd.IntN(quantiles)])
	w.min = minute{n: n, rate: rate, exp: math.Exp(-rate), runs: w.min.runs[:0], failing: w.failing(n * 60)}
	for _, r := range w.runaways(n * 60) {
		p := w.pairs[r.pair]
		r.rate = max(0, w.rate) * p.share * (r.factor - 1)
		r.exp = math.Exp(-r.rate)
		w.min.runs = append(w.min.runs, r)
	}
	return &w.min
}

// Independent streams of randomness, one per thing that happens.
const (
	saltMinute uint64 = iota + 1<<32
	saltRunaway
	saltOpening
	saltBurst
	saltDay
)

// stream gives the randomness of the nth slot of a thing.
func (w *world) stream(salt uint64, n int64) *rand.Rand {
	return rand.New(rand.NewPCG(w.seed^mix(salt), uint64(n)))
}

// runawayBlock is the stretch of time, in seconds, that has one runaway or none.
const runawayBlock = 6 * 3600

// runaways gives those under way at a unix second: the opening one and no other
// around the server's birth, else at most one in about three blocks of six
// hours.
func (w *world) runaways(sec int64) []runaway {
	if age := sec - w.birth; age > -3*3600 && age < 4*3600 {
		if open := w.opening(); sec >= open.from && sec < open.to {
			return []runaway{open}
		}
		return nil
	}
	block := sec / runawayBlock
	rnd := w.stream(saltRunaway, block)
	if rnd.Float64() > 0.35 {
		return nil
	}
	from := block*runawayBlock + rnd.Int64N(5*3600)
	r := w.run(rnd, from, from+1200+rnd.Int64N(2100))
	if sec < r.from || sec >= r.to || r.pair < 0 {
		return nil
	}
	return []runaway{r}
}

// opening is the runaway that somebody sees who looks for the first time: it
// began 20 minutes before the server's birth and goes on for 40 more. Minutes
// are whole, because that is what the traffic is made of.
func (w *world) opening() runaway {
	start := w.birth/60*60 - 1200
	r := w.run(w.stream(saltOpening, 0), start, start+3600)
	if r.pair < 0 {
		return runaway{}
	}
	return r
}

// run chooses a pair that usually spends little, and that on an expensive model:
// ten to twenty times of it shows in the whole site's spending, but hardly in
// its number of calls.
func (w *world) run(rnd *rand.Rand, from, to int64) runaway {
	var fit []int
	mean := w.meanSpend() / max(w.rate, 1e-9)
	for i, p := range w.pairs {
		if part := p.share * p.spend / mean; part > 0.035 && part < 0.075 && part > 3*p.share {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 || w.rate <= 0 {
		return runaway{pair: -1}
	}
	i := fit[rnd.IntN(len(fit))]
	part := w.pairs[i].share * w.pairs[i].spend / mean
	return runaway{pair: i, from: from, to: to, factor: min(20, max(10, 0.6/part))}
}

// burstBlock is the stretch of time, in seconds, that has one error burst or none.
const burstBlock = 4 * 3600

// failing gives the model that has an error burst at a unix second, or -1:
// three to eight minutes in about every other block of four hours.
func (w *world) failing(sec int64) int {
	block := sec / burstBlock
	rnd := w.stream(saltBurst, block)
	from := block*burstBlock + rnd.Int64N(burstBlock-600)
	to := from + 180 + rnd.Int64N(300)
	model := rnd.IntN(len(w.models) - 1) // embeddings, the last, never fail
	if rnd.Float64() > 0.5 || sec < from || sec >= to {
		return -1
	}
	return model
}

// day gives the top-up (in three days of five) and the logins (up to two) of a
// unix day.
func (w *world) day(n int64) *day {
	if w.today.n == n {
		return &w.today
	}
	rnd := w.stream(saltDay, n)
	w.today = day{n: n, events: w.today.events[:0]}
	at := func() int64 { return (n*86400+rnd.Int64N(86400))*1e9 + rnd.Int64N(1e9) }
	none := call{pair: -1, key: -1, model: -1}
	if rnd.Float64() < 0.6 {
		e := none
		e.at, e.kind, e.detail = at(), kindTopUp, rnd.Uint64()
		e.quota = []int64{5, 10, 20}[rnd.IntN(3)] * quotaPerUnit
		w.today.events = append(w.today.events, e)
	}
	for range rnd.IntN(3) {
		e := none
		e.at, e.kind, e.detail = at(), kindLogin, rnd.Uint64()
		w.today.events = append(w.today.events, e)
	}
	return &w.today
}

// poisson draws a count of mean rate out of 64 random bits; exp is e^-rate.
// Rates above some hundreds would underflow exp and are not meant.
func poisson(bits uint64, rate, exp float64) int {
	u := float64(bits>>11) / (1 << 53)
	n, p := 0, exp
	for u >= p && n < 4000 {
		u -= p
		n++
		p *= rate / float64(n)
	}
	return n
}

// mix turns a number into one that looks unrelated (splitmix64's finaliser, a
// public-domain constant set).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
