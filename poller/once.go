package poller

import (
	"context"
	"errors"
	"sync"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// Once asks every gateway one time, for a report over window, and returns the
// span that was read of each, by name. It may spend a minute's budget at once
// and goes on at the budget's pace until the window is read or ctx ends; the
// outcomes, failures too, are emitted as updates.
func (p *Poller) Once(ctx context.Context, window model.Window) map[string]model.Span {
	var mu sync.Mutex
	var wg sync.WaitGroup
	spans := map[string]model.Span{}
	for _, w := range p.watches {
		wg.Add(1)
		p.run(func() {
			defer wg.Done()
			span := w.once(ctx, window)
			mu.Lock()
			defer mu.Unlock()
			spans[w.target.Name] = span
		})
	}
	wg.Wait()
	return spans
}

// once asks in the order of worth: whether it is the gateway at all, the
// account, and then what makes up the report, the log last.
func (w *watch) once(ctx context.Context, window model.Window) model.Span {
	gw := w.target.Gateway
	w.window.Store(int64(window.Length))
	var known model.State
	known.Scope = w.scopeNow()
	for _, u := range w.seeds {
		known = known.Apply(u)
	}
	tell := w.emitTo
	w.emitTo = func(u model.Update) {
		known = known.Apply(u)
		tell(u)
	}
	asked := map[model.Source]bool{}
	ask := func(src model.Source, f func(ctx context.Context) (any, error)) bool {
		again := asked[src]
		pollCtx, m := withMeter(ctx)
		var payload any
		err := error(notAskedError{})
		if ctx.Err() == nil {
			payload, err = f(pollCtx)
		}
		asked[src] = again || m.requests > 0 || err != nil
		if err == nil && payload == nil {
			return true
		}
		if err != nil && again && (ctx.Err() != nil || errors.As(err, new(*outOfTimeError))) {
			return false // that there was no time for more hides nothing that was found out
		}
		w.emit(src, m.last, 0, payload, err) // asked once, so that nothing can be late
		return err == nil
	}
	windowEnd := func() model.Span { return window.SpanAt(w.serverNow()-model.Lag, w.target.Zone) }

	var unfound error
	ask(model.SourceStatus, func(ctx context.Context) (any, error) {
		st, err := gw.Status(ctx)
		if err == nil {
			w.becomeReady()
			w.emit(model.SourceStatus, meterOf(ctx).last, 0, gw.Found(), nil)
		}
		unfound = err
		return st, err
	})
	if !gw.Ready() {
		// The report's exit code comes from the account, which cannot be asked.
		w.failRest(ctx, model.SourceAccount, unfound)
		return windowEnd()
	}
	var account model.Account
	var refused error
	if !ask(model.SourceAccount, func(ctx context.Context) (any, error) {
		a, err := gw.Account(ctx)
		for model.FaultOf(err).Kind == model.FaultLimited {
			// The budget now waits as long as the gateway asks, unless ctx ends before.
			again, stop := gw.Account(ctx)
			if errors.As(stop, new(*outOfTimeError)) {
				break
			}
			a, err = again, stop
		}
		account, refused = a, err
		return a, err
	}) {
		w.failRest(ctx, model.SourceCalls, refused)
		return windowEnd()
	}
	span := windowEnd()
	counted := w.countedWindow().Ending(span.To)
	sums := &onceSums{w: w, plan: planSums(counted, w.target.Zone), calls: account.Requests.V}
	ask(model.SourceRates, sums.window)
	ask(model.SourceKeys, func(ctx context.Context) (any, error) { return w.allKeys(ctx) })
	if w.scopeNow() == model.ScopeSite || gw.Found().Dialect == gateway.OpenCatD {
		ask(model.SourceChannels, func(ctx context.Context) (any, error) { return w.allChannels(ctx) })
	}
	hourly := false // the gateway's usage per hour makes up today's spend as well
	ask(model.SourceDays, func(ctx context.Context) (any, error) {
		// Days before the window can wait until the log is read.
		d := w.dayReader()
		d.atOnce = sums.whole() || 2*w.target.Budget.pace().Budget < 3*piecesFit
		d.pieces = pieces{size: 4 * moving, most: longest}
		_, err := w.readPeriods(ctx, d, model.Span{From: min(span.From, span.To-86400), To: span.To}, true, always)
		hourly = d.periods.Step == 3600
		return d.periods, err
	})
	ask(model.SourceRates, sums.hour)

	log := span
	if !window.Counted() {
		log = model.Span{From: span.To - firstTail + 1, To: span.To} // enough for the rates
		if end := w.reader().ledger.End(); end.OK && end.V >= span.To-onceTail {
			log.From = min(log.From, end.V+1) // and to go on where a dashboard stands
		}
	}
	fill := func(requests int) bool {
		return ask(model.SourceCalls, func(ctx context.Context) (any, error) { return nil, w.fill(ctx, log, requests) })
	}
	first := w.target.Budget.pace().Budget / 2
	if hourly {
		first = anyNumber
	}
	if !fill(first) {
		return span
	}
	for _, h := range w.sumsWanted(w.dayReader(), span.To)[1:] {
		if w.dayReader().sums[h] || w.reader().ledger.Covers(h) {
			continue
		}
		// The last request is kept for the question how much of the log is missing.
		needs := int(h.Seconds()/w.dayReader().parts.seconds(h, span.To, w.fastest())) + 1
		if end, ok := ctx.Deadline(); w.dayReader().periods.Tells(h) || ok && w.target.Budget.until(end) < needs {
			continue
		}
		if !ask(model.SourceRates, func(ctx context.Context) (any, error) {
			return sums.period(ctx, h)
		}) {
			break
		}
	}
	if !fill(anyNumber) {
		return span
	}
	if window.Counted() {
		ask(model.SourceRates, func(ctx context.Context) (any, error) {
			return nil, sums.settle(ctx, func() model.State { return known })
		})
	}
	if !hourly {
		return span
	}
	all := model.Span{From: span.To - int64(w.daysWanted()/time.Second), To: span.To}
	if end, ok := ctx.Deadline(); !ok || int64(w.target.Budget.until(end)) > all.Seconds()/longest+3 {
		ask(model.SourceDays, func(ctx context.Context) (any, error) {
			d := w.dayReader()
			_, err := w.readPeriods(ctx, d, all, false, always) // the newest were asked for above
			return d.periods, err
		})
	}
	return span
}

// always is the room that a report has, which ends with its time.
func always() bool { return true }

// failRest says that the sources from first on were not asked, and why.
func (w *watch) failRest(ctx context.Context, first model.Source, why error) {
	if ctx.Err() != nil {
		why = notAskedError{}
	}
	for _, src := range model.Sources() {
		if src >= first && src <= model.SourceDays {
			w.emit(src, 0, 0, nil, why)
		}
	}
}

// anyNumber of requests is as many as the budget and the time allow.
const anyNumber = 1 << 30

// onceTail is how far behind, in seconds, what a dashboard has read may end to be gone
// on from for a window of a day and more.
const onceTail = 900

// oncePages is how many pages one reading should need: the more, the fewer are
// half empty.
const oncePages = 10

// fill reads the gaps of span, newest first, with about that many requests. At the
// end of the time, or where something was too long to be read, it asks how many calls
// there are in all, where the gateway tells, and is content with what was read.
func (w *watch) fill(ctx context.Context, span model.Span, requests int) error {
	r, m := w.reader(), meterOf(ctx)
	r.skew = w.target.Gateway.Skew().V
	pageSize := w.target.Gateway.PageSize()
	moved := 0
	for m.requests < requests {
		pages := oncePages
		if end, ok := ctx.Deadline(); ok {
			// Room is kept for the question how much is missing.
			pages = min(pages, w.target.Budget.until(end)-2)
			if m.requests > 0 {
				pages = min(pages, int(time.Until(end)/(m.took/time.Duration(m.requests)+time.Millisecond))-2)
			}
		}
		part, ok := r.gapSpan(span, pages, pageSize)
		if !ok {
			if len(r.long) > 0 && pages >= 0 && r.counted != span {
				w.countMissing(ctx, span)
			}
			return r.unlessRead(r.why)
		}
		if pages < 1 {
			if r.counted != span {
				w.countMissing(ctx, span)
			}
			return r.unlessRead(&outOfTimeError{})
		}
		if !r.past.known {
			part.From = max(part.From, part.To-firstTail+1)
		}
		err := w.read(ctx, r, part, pages, 0, &r.past)
		if err != nil && ctx.Err() != nil {
			return r.unlessRead(err)
		}
		if errors.Is(err, errMoved) && moved < rereads {
			moved++ // rows are late: a little later they will be there
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unlessRead is why the time did not suffice, when it did not suffice for
// anything; otherwise the coverage says what was reached.
func (r *callsReader) unlessRead(why error) error {
	if r.ledger.End().OK {
		return nil
	}
	return why
}

// countMissing asks how many rows a span has, by halves where there is room: a database
// counts those of everybody in it (docs/queries.md).
func (w *watch) countMissing(ctx context.Context, span model.Span) {
	r := w.reader()
	middle := span.From + span.Seconds()/2
	all := int64(0)
	parts := []model.Span{{From: span.From, To: middle - 1}, {From: middle, To: span.To}}
	if end, ok := ctx.Deadline(); ok && w.target.Budget.until(end) < len(parts) {
		parts = []model.Span{span}
	}
	for _, half := range parts {
		n, err := w.target.Gateway.Count(ctx, w.scopeNow(), half)
		if err != nil {
			return
		}
		all += n
	}
	r.counted = span
	w.emit(model.SourceCalls, meterOf(ctx).last, 0, model.CallsCount{Scope: r.scope, Span: span, Calls: all}, nil)
}
