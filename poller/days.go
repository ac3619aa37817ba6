package poller

import (
	"context"
	"errors"
	"time"

	"gatewatch/model"
)

// hourSettles is how long after its end an hour of today is asked for, so that
// late rows are in.
const hourSettles = 65 * time.Second

// daysReader remembers what the gateway was asked for.
type daysReader struct {
	scope     model.Scope
	hours     map[int64]bool // hours of today, by their first second
	periodsAt time.Time      // when the usage per hour or day was asked for
	hourAt    time.Time      // when an hour was asked for
	periods   model.Periods  // what is known of the usage per hour or day
}

// daysWanted is how far back usage per hour or day is needed: a day more than
// the window, and never less than a week, which every gateway has at hand.
func (w *watch) daysWanted() time.Duration {
	return max(time.Duration(w.window.Load()), 7*24*time.Hour) + 24*time.Hour
}

// pollDays asks the usage per hour or day on the interval, and in between the
// sum of every hour of today that is over, newest first, once each. It returns
// the time until either is due.
func (w *watch) pollDays(ctx context.Context, every time.Duration, forced bool) (time.Duration, error) {
	d := w.dayReader()
	var failed error
	if forced || time.Since(d.periodsAt) >= every {
		failed = w.askPeriods(ctx, d, every)
		if ctx.Err() != nil {
			return 0, failed
		}
	}
	waiting, err := w.askHours(ctx, d)
	if err != nil {
		return 0, err
	}
	if failed != nil {
		return 0, failed
	}
	wait := every - time.Since(d.periodsAt)
	if waiting {
		return min(wait, hourTurn), nil
	}
	now := w.serverNow()
	hours := model.HourSpans(time.Unix(now, 0).In(w.target.Zone), now)
	for _, h := range hours {
		if !d.hours[h.From] {
			due := time.Unix(h.From, 0).Add(time.Hour + hourSettles)
			wait = min(wait, due.Sub(time.Unix(now, 0)))
			break
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

// hourTurn is how long an hour of today waits for its turn. One hour in this
// time is asked for even of a slow gateway, or a day would never be complete
// there.
const hourTurn = time.Minute

// askHours asks the sum of every hour of today that is over and was not asked
// for yet, as far as the budget has room now; waiting is set when some are left.
// The sums belong to the rates: one source's health speaks of one kind of
// question.
func (w *watch) askHours(ctx context.Context, d *daysReader) (waiting bool, err error) {
	if d.hours == nil {
		d.hours = map[int64]bool{}
	}
	ctx = withClass(ctx, backfill)
	now := w.serverNow()
	hours := model.HourSpans(time.Unix(now, 0).In(w.target.Zone), now)
	for i := len(hours) - 2; i >= 0; i-- {
		h := hours[i]
		if d.hours[h.From] || now < h.To+int64(hourSettles/time.Second) {
			continue
		}
		b := w.target.Budget
		if !b.canFill(1) && (!b.canSpare(1) || time.Since(d.hourAt) < hourTurn) {
			return true, nil
		}
		d.hourAt = time.Now()
		total, err := w.target.Gateway.Total(ctx, d.scope, h)
		if errors.Is(err, errors.ErrUnsupported) {
			d.hours[h.From] = true
			continue
		}
		if err != nil {
			return false, err
		}
		d.hours[h.From] = true
		w.emit(model.SourceRates, meterOf(ctx).last, w.every(model.SourceRates),
			model.HourTotal{Scope: total.Scope, Span: h, Quota: total.Quota}, nil)
	}
	return false, nil
}
