package poller

import (
	"context"
	"math/rand/v2"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

const (
	// slowAnswer doubles a source's interval, up to slowest.
	slowAnswer = time.Second
	fastAnswer = 500 * time.Millisecond
	slowest    = time.Minute
	minBackOff = 10 * time.Second
	maxBackOff = time.Minute
	// hiddenEvery is the interval of the account of a gateway that is not on the
	// screen.
	hiddenEvery = time.Minute
)

// loop polls one source until ctx ends: at once, then on the interval, and at
// once again when poked. Errors make it wait longer, never stop.
func (w *watch) loop(ctx context.Context, src model.Source) {
	if src != model.SourceStatus {
		select {
		case <-w.ready:
		case <-ctx.Done():
			return
		}
	}
	failures, slowBy := 0, 1
	first, forced := true, false
	for ctx.Err() == nil {
		if !w.waitShown(ctx, src) {
			return
		}
		start := time.Now()
		every := w.slowed(src, slowBy)
		pollCtx, m := withMeter(ctx)
		wait, err := w.poll(pollCtx, src, every, forced)
		if ctx.Err() != nil {
			return // only the end of ctx ends a loop: an error may wrap somebody else's
		}
		if m.requests > 0 {
			was := slowBy
			slowBy = slower(slowBy, m.took/time.Duration(m.requests), every)
			w.noteSlow(was, slowBy)
		}
		if wait <= 0 {
			wait = w.slowed(src, slowBy)
		}
		next := start.Add(wait)
		if err != nil {
			failures++
			// From the end: a timeout takes longer than the first waits.
			next = time.Now().Add(w.backOff(src, failures))
			w.emit(src, m.last, every, nil, err)
		} else {
			failures = 0
		}
		if first && err == nil {
			// From the second poll on the sources are apart, so that they do not ask
			// together.
			next = next.Add(offset(src))
			first = false
		}
		if src == model.SourceCalls && err == nil {
			next = w.onTheSecond(next)
		}
		select {
		case <-time.After(time.Until(next)):
			forced = false
		case <-w.poke[src]:
			forced = true
		case <-ctx.Done():
		}
	}
}

// justAfter is how long after a second of the gateway's clock has begun the log is
// asked for.
const justAfter = 20 * time.Millisecond

// onTheSecond is the time nearest to t at which a second of the gateway's clock has
// just begun. The log is read up to a whole second: asked for at the end of one, each
// call would be seen up to a second later, and more than ten seconds after it was made.
func (w *watch) onTheSecond(t time.Time) time.Time {
	skew := w.target.Gateway.Skew().V
	return t.Add(skew).Round(time.Second).Add(justAfter - skew)
}

// every is the interval of a source, stretched where the budget cannot carry
// the configured one.
func (w *watch) every(src model.Source) time.Duration {
	base := w.target.Intervals.of(src)
	if src == model.SourceAccount && !w.shown.Load() {
		base = max(base, hiddenEvery)
	}
	if w.scopeNow() == model.ScopeSite && siteWide(src) {
		base *= 2 // the whole site's log is the heaviest question there is
	}
	stretched := time.Duration(float64(base) * w.stretch(w.target.Budget.pace().Budget))
	return max(stretched, w.target.Gateway.AtLeast(src))
}

// siteWide reports whether a source asks about the whole site in the site's
// scope.
func siteWide(src model.Source) bool {
	return src == model.SourceCalls || src == model.SourceRates || src == model.SourceDays
}

// slowed is the interval of a source whose answers are slow by that factor.
func (w *watch) slowed(src model.Source, by int) time.Duration {
	every := w.every(src)
	return max(every, min(every*time.Duration(by), slowest))
}

// backOff is the wait after so many failures in a row: 10 s, doubling, up to a
// minute or the interval, with some jitter so that several dashboards do not ask
// a gateway that comes back all at once.
func (w *watch) backOff(src model.Source, failures int) time.Duration {
	limit := max(w.target.Intervals.of(src), maxBackOff)
	if src == model.SourceStatus && !w.target.Gateway.Ready() {
		limit = maxBackOff // everything else waits for it
	}
	wait := min(limit, minBackOff<<min(failures-1, 16))
	return wait + time.Duration(rand.Int64N(int64(wait)/10+1))
}

// slower is the factor on the interval after an answer that took that long.
func slower(factor int, took, every time.Duration) int {
	switch {
	case took > slowAnswer && every < slowest:
		return factor * 2
	case took < fastAnswer && factor > 1:
		return factor / 2
	}
	return factor
}

func (w *watch) noteSlow(was, now int) {
	switch {
	case was == 1 && now > 1:
		w.slow.Add(1)
	case was > 1 && now == 1:
		w.slow.Add(-1)
	}
}

// offset keeps the sources apart after their first, common poll.
func offset(src model.Source) time.Duration {
	return [...]time.Duration{
		model.SourceStatus: 0, model.SourceAccount: 1200 * time.Millisecond, model.SourceCalls: 0,
		model.SourceRates: 2600 * time.Millisecond, model.SourceKeys: 3700 * time.Millisecond, model.SourceDays: 4300 * time.Millisecond,
		model.SourceDetails: 5400 * time.Millisecond, model.SourceChannels: 6300 * time.Millisecond,
	}[src]
}

// waitShown waits while the gateway is not on the screen; the account is polled
// even then.
func (w *watch) waitShown(ctx context.Context, src model.Source) bool {
	for !w.wanted(src) {
		select {
		case <-w.poke[src]:
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}

// wanted reports whether the screen shows something of a source.
func (w *watch) wanted(src model.Source) bool {
	switch src {
	case model.SourceAccount, model.SourceStatus:
		return true
	case model.SourceChannels:
		// On opencatd these are the provider keys, which its root always sees.
		if !w.channels.Load() && w.scopeNow() != model.ScopeSite && w.target.Gateway.Found().Dialect != gateway.OpenCatD {
			return false
		}
	case model.SourceCalls:
		return w.shown.Load() || w.followed.Load()
	}
	return w.shown.Load()
}

// poll asks one source once and emits what came; forced is set when a person
// asked for it. It returns how long to wait when that is another time than the
// interval.
func (w *watch) poll(ctx context.Context, src model.Source, every time.Duration, forced bool) (wait time.Duration, err error) {
	gw := w.target.Gateway
	m := meterOf(ctx)
	var payload any
	switch src {
	case model.SourceStatus:
		payload, err = gw.Status(ctx)
		if err == nil {
			w.becomeReady()
			w.target.Budget.Suit(gw.PerMinute())
			w.emit(src, m.last, every, gw.Found(), nil)
		}
	case model.SourceAccount:
		payload, err = gw.Account(ctx)
	case model.SourceCalls:
		return 0, w.pollCalls(ctx, every)
	case model.SourceRates:
		return 0, w.pollRates(ctx, every)
	case model.SourceKeys:
		payload, err = w.allKeys(ctx)
		if m.requests > 2 {
			// A long list costs many requests: it is read that much more rarely.
			wait = every * time.Duration(m.requests) / 2
			every = wait
		}
	case model.SourceDays:
		return w.pollDays(ctx, every, forced)
	case model.SourceDetails:
		payload, err = gw.Details(ctx)
	case model.SourceChannels:
		payload, err = w.allChannels(ctx)
	}
	if err == nil {
		w.emit(src, m.last, every, payload, nil)
	}
	return wait, err
}

// maxKeyPages bounds the pages of the key list.
const maxKeyPages = 30

func (w *watch) allKeys(ctx context.Context) (model.Keys, error) {
	all, seen := model.Keys{}, map[int64]bool{}
	for page := range maxKeyPages {
		keys, more, err := w.target.Gateway.Keys(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			// A key that was created meanwhile moves another to the next page.
			if k.ID == 0 || !seen[k.ID] {
				seen[k.ID] = true
				all = append(all, k)
			}
		}
		if !more {
			break
		}
	}
	return all, nil
}

func (w *watch) allChannels(ctx context.Context) (model.Channels, error) {
	all := model.Channels{}
	for page := range maxKeyPages {
		channels, more, err := w.target.Gateway.Channels(ctx, page)
		if err != nil {
			return nil, err
		}
		all = append(all, channels...)
		if !more {
			break
		}
	}
	return all, nil
}

// countedWindow is the window on the screen, or the longest that is counted from
// rows.
func (w *watch) countedWindow() model.Window {
	length := time.Duration(w.window.Load())
	if length <= 0 || length > time.Hour {
		length = time.Hour
	}
	return model.Window{Length: length}
}
