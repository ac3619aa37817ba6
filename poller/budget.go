package poller

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"gatewatch/model"
)

const (
	// maxBudget is the most requests a minute that we take by default, however
	// generous the gateway.
	maxBudget = 60
	// backfillPerMinute bounds what fills old gaps.
	backfillPerMinute = 10
	// backfillTook is how long an answer may take before backfill stops.
	backfillTook = 300 * time.Millisecond
	// halfFor is how long a 429 halves the budget, from the end of the pause on.
	halfFor = 30 * time.Minute
	// firstPause is how long we keep still after a 429 that does not say how long;
	// it doubles with every further one, up to the gateways' own window.
	firstPause = 30 * time.Second
	maxPause   = 3 * time.Minute
	// A Retry-After is kept within these bounds: one answer must neither silence
	// everything for good nor ask to be asked again at once.
	leastRetry = time.Second
	mostRetry  = 30 * time.Minute
)

// Budget is what may be asked of one gateway address. The gateways count
// requests per client address, which the user's browser shares, so every
// gateway entry with the same address shares one Budget. It also keeps heavy
// queries apart: at most one is in flight. It is safe for concurrent use.
type Budget struct {
	heavy chan struct{} // holds one token while a heavy query is in flight

	// shared counts the requests of all dashboards at this address; nil counts our
	// own alone. It is set before the first request.
	shared  Shared
	address string
	since   time.Time // when we began to share

	mu           sync.Mutex
	fixed        bool    // the limit was set by a person
	limit        int     // requests per minute
	eager        bool    // backfill is not held back
	need         float64 // requests per minute of the screen's own questions
	sent, filled []time.Time
	made         int64
	halvedUntil  time.Time
	pausedUntil  time.Time
	pauses       int
	slowAt       time.Time // when a heavy query last took longer than backfillTook
}

// NewBudget returns a budget of limit requests per minute; 0 means that it
// follows the gateway's own limit, see Suit.
func NewBudget(limit int) *Budget {
	b := &Budget{heavy: make(chan struct{}, 1), fixed: limit > 0, limit: limit}
	b.Suit(40)
	return b
}

// Eager lifts the limits on backfill, for the embedded gateway: nobody else
// uses its database.
func (b *Budget) Eager() *Budget {
	b.eager = true
	return b
}

// Shared counts requests per address over several processes.
type Shared interface {
	Sent(address string, at time.Time)
	// SentSince is how many were sent since then, by all.
	SentSince(address string, since time.Time) (int, error)
}

// Share makes the budget one for all dashboards that count in s.
func (b *Budget) Share(s Shared, address string) {
	b.shared, b.address, b.since = s, address, time.Now()
}

// sharedTurn is how long a request waits when others have used the budget up.
const sharedTurn = time.Second

// others is how many requests of the last minute were somebody else's, as far as
// they hold ours back; b.mu is held.
func (b *Budget) others(now time.Time) int {
	if b.shared == nil {
		return 0
	}
	since := now.Add(-time.Minute)
	if b.made < int64(min(firstFree, b.now(now)/2)) && b.since.After(since) {
		since = b.since
	}
	all, err := b.shared.SentSince(b.address, since)
	if err != nil {
		return 0 // the history says so on the screen; we still keep to our own budget
	}
	return max(0, all-len(b.sent))
}

// Suit sets the limit to half of what the gateway allows per minute, at most 60,
// unless a person set it.
func (b *Budget) Suit(allowed int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.fixed {
		b.limit = max(1, min(maxBudget, allowed/2))
	}
}

const (
	// askedMore is how many requests a minute a person may cause beyond the budget,
	// which is half of what the gateway allows: nobody waits a minute for a list.
	askedMore = 10
	// firstFree is how many requests of a new process do not wait for what was sent
	// before it began, half of its own budget at most: who starts it again after a
	// crash does not wait a minute for the first figure.
	firstFree = 10
)

// Around carries one request out when the budget allows it, heavy ones one at a
// time. It is what gateway.Options.Around wants.
func (b *Budget) Around(ctx context.Context, heavy bool, do func() error) error {
	c, _ := ctx.Value(classKey).(class)
	if err := b.admit(ctx, heavy, c); err != nil {
		return err
	}
	if heavy {
		defer func() { <-b.heavy }()
	}
	start := time.Now()
	err := do()
	took := time.Since(start)
	m := meterOf(ctx)
	m.requests++
	m.took += took
	m.last = took
	b.observe(heavy, took, err)
	return err
}

// admit returns when a request may be sent, and counts it as sent. A heavy one
// then holds the heavy slot. Waiting for the slot can take a whole answer of
// somebody else's, so the request counts only after that; waiting for the budget
// can take minutes, so the slot is not held meanwhile.
func (b *Budget) admit(ctx context.Context, heavy bool, c class) error {
	for {
		if err := b.wait(ctx, c); err != nil {
			return err
		}
		if heavy {
			select {
			case b.heavy <- struct{}{}:
			case <-ctx.Done():
				return stopped(ctx)
			}
		}
		if b.count(c) {
			return nil
		}
		if heavy {
			<-b.heavy
		}
	}
}

// count takes a request as sent now, if it may be sent now.
func (b *Budget) count(c class) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.delay(now, c) > 0 {
		return false
	}
	b.sent = append(b.sent, now)
	if c == backfill {
		b.filled = append(b.filled, now)
	}
	b.made++
	if b.shared != nil {
		b.shared.Sent(b.address, now)
	}
	return true
}

// wait returns when a request could be sent.
func (b *Budget) wait(ctx context.Context, c class) error {
	for {
		if ctx.Err() != nil {
			return stopped(ctx)
		}
		b.mu.Lock()
		delay, paused := b.delay(time.Now(), c), b.pausedUntil
		b.mu.Unlock()
		if delay <= 0 {
			return nil
		}
		if end, ok := ctx.Deadline(); ok && paused.After(end) {
			return &outOfTimeError{paused: true}
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return stopped(ctx)
		}
	}
}

// delay is how long a request has to wait at now; b.mu is held.
func (b *Budget) delay(now time.Time, c class) time.Duration {
	b.sent = lastMinute(b.sent, now)
	if d := b.pausedUntil.Sub(now); d > 0 {
		return d
	}
	limit := b.now(now)
	if c == asked {
		limit += askedMore
	}
	if b.shared != nil && len(b.sent)+b.others(now) >= limit {
		// All wait alike, so that nobody takes every turn.
		return sharedTurn/2 + rand.N(sharedTurn)
	}
	if len(b.sent) >= limit {
		return b.sent[len(b.sent)-limit].Add(time.Minute).Sub(now)
	}
	return 0
}

// canFill reports whether n backfill requests could go now: at most
// backfillPerMinute a minute, none while answers are slow, and never the last
// of the budget, which belongs to what the screen shows now, but for a tenth of it:
// what is missing is never put off for good.
func (b *Budget) canFill(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.delay(now, live) > 0 {
		return false
	}
	b.filled = lastMinute(b.filled, now)
	filled := len(b.filled) + n
	few := filled <= b.now(now)/10 && b.ahead(n, now)
	if !few && !b.spare(n, now) {
		return false
	}
	if b.eager {
		return true
	}
	slow := !b.slowAt.IsZero() && now.Sub(b.slowAt) < time.Minute
	return !slow && filled <= backfillPerMinute
}

// canSpare reports whether n requests fit the budget without starving others.
func (b *Budget) canSpare(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	return b.delay(now, live) <= 0 && b.spare(n, now)
}

// spare leaves a tenth of the budget free; b.mu is held.
func (b *Budget) spare(n int, now time.Time) bool {
	limit := b.now(now)
	return len(b.sent)+b.others(now)+n <= limit-limit/10 && b.ahead(n, now)
}

// ahead reports whether n more requests leave the screen's own questions their turns in
// the minute to come, as far as these are four fifths of the budget: of one that was
// spent at once they would have nothing until the minute is over. b.mu is held.
func (b *Budget) ahead(n int, now time.Time) bool {
	limit := b.now(now)
	used := len(b.sent) + b.others(now) + n
	need := min(b.need, float64(limit)*4/5) / 60
	for expired, at := range b.sent {
		until := at.Add(time.Minute).Sub(now).Seconds()
		if float64(used-expired)+need*until > float64(limit) {
			return false
		}
	}
	return used <= limit
}

// needs says how many requests a minute the screen's own questions are.
func (b *Budget) needs(perMinute float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.need = perMinute
}

// now is the limit in force; b.mu is held.
func (b *Budget) now(at time.Time) int {
	if at.Before(b.halvedUntil) {
		return max(1, b.limit/2)
	}
	return b.limit
}

func lastMinute(sent []time.Time, now time.Time) []time.Time {
	i := 0
	for i < len(sent) && now.Sub(sent[i]) >= time.Minute {
		i++
	}
	return sent[i:]
}

// observe learns from an answer: how fast it was, and whether the rate limit was
// hit.
func (b *Budget) observe(heavy bool, took time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if heavy && took > backfillTook {
		b.slowAt = now // quick answers after it prove little: they are of other spans
	}
	if err == nil {
		b.pauses = 0
		return
	}
	if model.FaultOf(err).Kind != model.FaultLimited {
		return
	}
	pause := min(maxPause, firstPause<<min(b.pauses, 4))
	var asks interface {
		Wait() model.Opt[time.Duration]
	}
	if errors.As(err, &asks) {
		pause = min(mostRetry, max(leastRetry, asks.Wait().Or(pause)))
	}
	b.pauses++
	// Of several answers the longest pause holds.
	if until := now.Add(pause); until.After(b.pausedUntil) {
		b.pausedUntil = until
	}
	b.halvedUntil = b.pausedUntil.Add(halfFor)
}

// until is how many requests may be sent before end, at least.
func (b *Budget) until(end time.Time) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.sent = lastMinute(b.sent, now)
	n := b.now(now) - len(b.sent)
	for _, s := range b.sent {
		if s.Add(time.Minute).Before(end) {
			n++
		}
	}
	return n
}

// pace is the budget's part of a Pace.
func (b *Budget) pace() model.Pace {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.sent = lastMinute(b.sent, now)
	p := model.Pace{Budget: b.now(now), Used: len(b.sent), Made: b.made, Halved: now.Before(b.halvedUntil), Stretch: 1}
	if b.pausedUntil.After(now) {
		p.LimitedUntil = b.pausedUntil
	}
	return p
}
