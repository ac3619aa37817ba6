// Package poller asks gateways. It is, with the packages below it, the only tree
// that does I/O: one loop per source and gateway, held by a request budget per
// address, each outcome handed over as a model.Update. It decides what to read
// next from its own ledger and never looks at anybody else's state.
package poller

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// Gateway is one gateway, as the poller needs it. What a gateway lacks is an
// error that is errors.ErrUnsupported. gateway.Gateway implements it.
type Gateway interface {
	// Status asks the public settings and finds the dialect; until it was good
	// once, Ready is false and nothing else can be asked.
	Status(ctx context.Context) (model.Status, error)
	Ready() bool
	Found() model.Found
	// PageSize is the rows on a full page of the log, PerMinute the gateway's own
	// limit of requests.
	PageSize() int
	PerMinute() int
	// Skew is the gateway's clock minus ours.
	Skew() model.Opt[time.Duration]

	Account(ctx context.Context) (model.Account, error)
	Calls(ctx context.Context, q gateway.CallsQuery) (gateway.CallsPage, error)
	Count(ctx context.Context, scope model.Scope, span model.Span) (int64, error)
	Total(ctx context.Context, scope model.Scope, span model.Span) (model.SpanTotal, error)
	Periods(ctx context.Context, scope model.Scope, span model.Span) (model.Periods, error)
	Keys(ctx context.Context, page int) (keys []model.APIKey, more bool, err error)
	Details(ctx context.Context) (model.Details, error)
	Channels(ctx context.Context, page int) (channels []model.Channel, more bool, err error)
	// Diagnose looks at everything that the gateway offers, and changes nothing.
	Diagnose(ctx context.Context) model.Diagnosis
	// AtLeast is the shortest interval at which a source may be asked, 0 where the
	// request budget is the only bound.
	AtLeast(src model.Source) time.Duration
}

// Intervals are the times between two polls of a source; 0 switches one off.
type Intervals struct {
	Status, Account, Calls, Rates, Keys, Days, Details, Channels time.Duration
}

// DefaultIntervals need about 24 requests a minute.
func DefaultIntervals() Intervals {
	return Intervals{
		Calls: 5 * time.Second, Account: 10 * time.Second, Rates: 15 * time.Second,
		Keys: time.Minute, Days: 10 * time.Minute, Status: 10 * time.Minute, Details: 10 * time.Minute,
		Channels: time.Minute,
	}
}

func (iv Intervals) of(s model.Source) time.Duration {
	switch s {
	case model.SourceStatus:
		return iv.Status
	case model.SourceAccount:
		return iv.Account
	case model.SourceCalls:
		return iv.Calls
	case model.SourceRates:
		return iv.Rates
	case model.SourceKeys:
		return iv.Keys
	case model.SourceDetails:
		return iv.Details
	case model.SourceChannels:
		return iv.Channels
	}
	return iv.Days
}

// Target is one gateway to watch.
type Target struct {
	Name    string
	Gateway Gateway
	Budget  *Budget
	// Intervals are used as they are: see DefaultIntervals.
	Intervals Intervals
	// Window is how far back the log is read at first; Want changes it.
	Window time.Duration
	// Scope is whose calls are read at first; Want changes it.
	Scope model.Scope
	// Zone is where days begin.
	Zone *time.Location
}

// Poller watches gateways until its context ends.
type Poller struct {
	emit    func(model.Update)
	run     func(func())
	watches []*watch
}

// New returns a poller that hands every outcome to emit, which may be called
// from several goroutines at once, and starts its goroutines with run, which
// guards them against panics; nil means a plain go statement.
func New(emit func(model.Update), run func(func())) *Poller {
	if run == nil {
		run = func(f func()) { go f() }
	}
	return &Poller{emit: emit, run: run}
}

// Add takes a gateway under watch. The first one added is on the screen.
func (p *Poller) Add(t Target) {
	w := newWatch(t, p.emit)
	w.shown.Store(len(p.watches) == 0)
	p.watches = append(p.watches, w)
}

// Seed tells what is known of a gateway from before, so that it is not asked for
// again. It comes before Run.
func (p *Poller) Seed(u model.Update) {
	for _, w := range p.watches {
		if w.target.Name != u.Gateway {
			continue
		}
		w.seeds = append(w.seeds, u)
		switch known := u.Payload.(type) {
		case model.CallsRead:
			r := &w.calls[known.Scope]
			r.ledger = r.ledger.Settle(known.Span, known.ReadAt)
		case model.HourTotal:
			w.days[known.Scope].knows(known.Span)
		case model.DayTotal:
			w.days[known.Scope].knows(known.Span)
		}
	}
}

// Run polls until ctx ends and every loop has stopped. Loops never give up.
func (p *Poller) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, w := range p.watches {
		w.seeds = nil // the loops know by now
		for _, src := range model.Sources() {
			if w.target.Intervals.of(src) <= 0 {
				continue
			}
			wg.Add(1)
			p.run(func() {
				defer wg.Done()
				w.loop(ctx, src)
			})
		}
	}
	wg.Wait()
}

// Poke asks every source of a gateway now.
func (p *Poller) Poke(gateway string) {
	for _, w := range p.watches {
		if w.target.Name == gateway {
			for i := range w.poke {
				w.pokeSource(model.Source(i))
			}
		}
	}
}

// Want says what the screen shows: its gateway is polled in full and its window
// is read; the others are polled for their account alone.
func (p *Poller) Want(want model.Want) {
	for _, w := range p.watches {
		on := w.target.Name == want.Gateway
		if on {
			w.window.Store(int64(want.Window.Length))
			if !want.Reread.Empty() {
				w.reread.Store(&want.Reread)
				w.resum.Store(true)
			}
			if was := w.channels.Swap(want.Channels); want.Channels && !was {
				w.pokeSource(model.SourceChannels)
			}
			if was := w.scope.Swap(int32(want.Scope)); was != int32(want.Scope) {
				p.Poke(want.Gateway)
			}
		}
		if was := w.shown.Swap(on); on && !was {
			p.Poke(want.Gateway)
		} else if on && int64(w.daysWanted()) > w.daysOver.Load() {
			w.pokeSource(model.SourceDays)
		}
	}
}

// Follow has the log of a gateway read, or no longer, while it is not on the screen:
// rows are waited for in it.
func (p *Poller) Follow(gateway string, on bool) {
	for _, w := range p.watches {
		if w.target.Name == gateway && w.followed.Swap(on) != on && on {
			w.pokeSource(model.SourceCalls)
		}
	}
}

// watch is one gateway under watch.
type watch struct {
	target Target
	emitTo func(model.Update)
	poke   []chan struct{}
	// ready is closed when the dialect is known.
	ready     chan struct{}
	readyOnce sync.Once
	shown     atomic.Bool
	followed  atomic.Bool  // its log is wanted even while it is not shown
	window    atomic.Int64 // time.Duration
	// reread is a part of the log to be read once more, nil for none.
	reread atomic.Pointer[model.Span]
	// resum has the gateway's sums of the window asked for anew.
	resum atomic.Bool
	// whole is set while the window on the screen was read whole.
	whole atomic.Bool
	// slow counts the sources whose interval is stretched because answers take
	// long.
	slow atomic.Int32
	// way is how long the fastest answer took, a time.Duration: the way to the gateway.
	way atomic.Int64

	// daysOver is how far back the usage per hour or day was asked for, a
	// time.Duration.
	daysOver atomic.Int64

	// scope is the model.Scope on the screen; channels is set while it shows the
	// site's channels in any scope.
	scope    atomic.Int32
	channels atomic.Bool

	// seeds are what is known from before.
	seeds []model.Update

	// Each of these belongs to the loop of its source alone, one for each scope.
	calls [2]callsReader
	sums  [2]sumsReader
	days  [2]daysReader
}

// scopeNow is the scope on the screen.
func (w *watch) scopeNow() model.Scope { return model.Scope(w.scope.Load()) }

// reader reads the log of the scope on the screen.
func (w *watch) reader() *callsReader { return &w.calls[w.scopeNow()] }

func (w *watch) dayReader() *daysReader { return &w.days[w.scopeNow()] }

func (w *watch) sumReader() *sumsReader { return &w.sums[w.scopeNow()] }

func newWatch(t Target, emit func(model.Update)) *watch {
	if t.Zone == nil {
		t.Zone = time.UTC
	}
	w := &watch{target: t, emitTo: emit, ready: make(chan struct{})}
	w.window.Store(int64(t.Window))
	w.scope.Store(int32(t.Scope))
	for scope := range w.calls {
		w.calls[scope].scope, w.sums[scope].scope, w.days[scope].scope = model.Scope(scope), model.Scope(scope), model.Scope(scope)
	}
	for range model.Sources() {
		w.poke = append(w.poke, make(chan struct{}, 1))
	}
	if t.Gateway.Ready() {
		w.becomeReady()
	}
	return w
}

func (w *watch) pokeSource(s model.Source) {
	select {
	case w.poke[s] <- struct{}{}:
	default: // one is waiting already
	}
}

func (w *watch) becomeReady() {
	w.readyOnce.Do(func() {
		w.target.Budget.Suit(w.target.Gateway.PerMinute())
		close(w.ready)
	})
}

// emit hands an outcome over.
func (w *watch) emit(src model.Source, took, every time.Duration, payload any, err error) {
	pace := w.target.Budget.pace()
	pace.Stretch = w.stretch(pace.Budget)
	pace.Slow = w.slow.Load() > 0
	if fastest := w.way.Load(); err == nil && took > 0 && (fastest == 0 || int64(took) < fastest) {
		w.way.Store(int64(took))
	}
	w.emitTo(model.Update{
		Gateway: w.target.Name, Source: src, At: time.Now(), Took: took, Every: every,
		Payload: payload, Err: err, Pace: pace, Skew: w.target.Gateway.Skew(),
	})
}

// fastest is how long the fastest answer of the gateway took, 0 before the first.
func (w *watch) fastest() time.Duration { return time.Duration(w.way.Load()) }

// serverNow is the gateway's own second.
func (w *watch) serverNow() int64 {
	return time.Now().Add(w.target.Gateway.Skew().V).Unix()
}

// steady is how many requests a minute the intervals need.
func (w *watch) steady() float64 {
	perMinute := 1.0 // the second reading of the log, once a minute
	for _, src := range model.Sources() {
		if every := w.target.Intervals.of(src); every > 0 && (src != model.SourceChannels || w.wanted(src)) {
			perMinute += float64(time.Minute) / float64(every)
		}
	}
	return perMinute
}

// stretch is the factor on every interval that makes the steady requests fit
// budget.
func (w *watch) stretch(budget int) float64 {
	return max(1, w.steady()/float64(budget))
}
