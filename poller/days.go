package poller

import (
	"context"
	"errors"
	"time"

	"gatewatch/model"
)

// daysReader remembers what the gateway was asked for.
type daysReader struct {
	scope     model.Scope
	periodsAt time.Time     // when the usage per hour or day was asked for
	periods   model.Periods // what is known of the usage per hour or day

	sums   map[model.Span]bool // the hours and days whose sum was asked for
	sumAt  time.Time           // when one was asked for
	partly partlySum           // the one that is being asked for in parts
	parts  parting             // how long its parts are
}

// daysWanted is how far back usage per hour or day is needed: a day more than
// the window, and never less than a week, which every gateway has at hand.
func (w *watch) daysWanted() time.Duration {
	return max(time.Duration(w.window.Load()), 7*24*time.Hour) + 24*time.Hour
}

// pollDays asks the usage per hour or day on the interval, and in between the
// sums of hours and days that are over, once each. It returns the time until
// either is due.
func (w *watch) pollDays(ctx context.Context, every time.Duration, forced bool) (time.Duration, error) {
	d := w.dayReader()
	var failed error
	if forced || time.Since(d.periodsAt) >= every {
		failed = w.askPeriods(ctx, d, every)
		if ctx.Err() != nil {
			return 0, failed
		}
	}
	waiting, err := w.askSums(ctx, d)
	if err != nil {
		return 0, err
	}
	if failed != nil {
		return 0, failed
	}
	wait := every - time.Since(d.periodsAt)
	if waiting {
		return min(wait, sumTurn), nil
	}
	now := w.serverNow()
	for _, h := range w.sumsWanted(d, now) {
		if !d.sums[h] {
			wait = min(wait, time.Duration(h.To+sumSettles-now)*time.Second)
		}
	}
	return max(time.Second, wait), nil
}

// piece is how much usage per hour is asked for at once, in seconds: beyond four
// days a database scans the whole table (docs/queries.md).
const piece = 2 * 86400

func (w *watch) askPeriods(ctx context.Context, d *daysReader, every time.Duration) error {
	over := w.daysWanted()
	now := w.serverNow()
	err := w.readPeriods(ctx, d, model.Span{From: now - int64(over/time.Second), To: now})
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	d.periodsAt = time.Now()
	w.daysOver.Store(int64(over))
	if err != nil {
		// Said once, and no failure: the hours are still to be had.
		w.emit(model.SourceDays, meterOf(ctx).last, every, nil, err)
		return nil
	}
	w.emit(model.SourceDays, meterOf(ctx).last, every, d.periods, nil)
	return nil
}

// readPeriods brings what is known of span up to date: the newest piece is always
// asked for, since its last hours grow, and older ones once.
func (w *watch) readPeriods(ctx context.Context, d *daysReader, span model.Span) error {
	newest := model.Span{From: max(span.From, span.To-86400-(span.To-86400)%86400), To: span.To}
	p, err := w.target.Gateway.Periods(ctx, d.scope, newest)
	if err != nil {
		return err
	}
	if p.Step != 3600 {
		d.periods = p // days come all at once, whatever is asked
		return nil
	}
	if d.periods.Step != p.Step || d.periods.Span.To < p.Span.From-1 {
		d.periods = model.Periods{Scope: p.Scope, Step: p.Step, Span: model.Span{From: p.Span.From, To: p.Span.From - 1}}
	}
	d.merge(p)
	for d.periods.Span.From > span.From {
		to := d.periods.Span.From - 1
		p, err := w.target.Gateway.Periods(ctx, d.scope, model.Span{From: max(span.From, to-piece+1), To: to})
		if err != nil {
			return err
		}
		d.merge(p)
	}
	return nil
}

// merge takes a piece in that touches what is known.
func (d *daysReader) merge(p model.Periods) {
	kept := make([]model.PeriodUsage, 0, len(d.periods.Usage)+len(p.Usage))
	for _, u := range d.periods.Usage {
		if !p.Span.Has(u.From) {
			kept = append(kept, u)
		}
	}
	for _, u := range p.Usage {
		// The hour in which a piece begins is told by the one that has all of it.
		if p.Span.Has(u.From) {
			kept = append(kept, u)
		}
	}
	d.periods.Usage = kept
	d.periods.Span = model.Span{From: min(d.periods.Span.From, p.Span.From), To: max(d.periods.Span.To, p.Span.To)}
}
