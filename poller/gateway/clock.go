package gateway

import (
	"net/http"
	"slices"
	"time"

	"gatewatch/model"
)

const (
	// clockKeeps is how many samples the clock is told from.
	clockKeeps = 8
	// clockJump is how far one answer may be from the one before: a Date beyond it
	// is a wrong header, unless clockAgree answers in a row say the same within
	// clockSpread. The clock decides which calls are in the future, so that one
	// wrong Date believed would throw away what was counted.
	clockJump   = 30 * time.Second
	clockAgree  = 3
	clockSpread = 5 * time.Second
)

// clock is the gateway's clock minus ours, as the last few answers told it.
type clock struct {
	skews []time.Duration // oldest first
	// odd are the latest samples that jump away from skews and agree.
	odd []time.Duration
}

func (k *clock) learn(skew time.Duration) {
	n := len(k.skews)
	if n == 0 || (skew-k.skews[n-1]).Abs() <= clockJump {
		k.odd = nil
		k.skews = append(k.skews, skew)
		if len(k.skews) > clockKeeps {
			k.skews = k.skews[1:]
		}
		return
	}
	if len(k.odd) > 0 && (skew-k.odd[0]).Abs() > clockSpread {
		k.odd = nil
	}
	if k.odd = append(k.odd, skew); len(k.odd) == clockAgree {
		// The gateway's clock, or ours, was set: what was learnt is void.
		k.skews, k.odd = k.odd, nil
	}
}

// Skew is the gateway's clock minus ours, from the Date header, to about a
// second; unknown until the gateway has answered once. Date is cut to whole
// seconds, so each answer gives a lower bound and the largest of the last few is
// the best.
func (c *Client) Skew() model.Opt[time.Duration] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.clock.skews) == 0 {
		return model.Opt[time.Duration]{}
	}
	return model.Some(slices.Max(c.clock.skews))
}

// Now is the gateway's own time, ours until it has answered once.
func (c *Client) Now() time.Time { return time.Now().Add(c.Skew().V) }

// arrived notes the encryption of an answer that arrived now, and returns how far
// its Date is from our clock, if it has one.
func (c *Client) arrived(resp *http.Response) (skew time.Duration, ok bool) {
	c.mu.Lock()
	c.tls = resp.TLS
	c.mu.Unlock()
	date, err := http.ParseTime(resp.Header.Get("Date"))
	return time.Until(date), err == nil
}

// learnClock takes the clock from an answer that was checked: what stands before a
// gateway, or answers in its place, has a clock of its own.
func (c *Client) learnClock(skew time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock.learn(skew)
}
