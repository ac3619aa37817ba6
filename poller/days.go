package poller

import (
	"context"
	"errors"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
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

	pieces pieces // how long the pieces of the usage per hour are
	atOnce bool   // the newest is a day and more
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

// pieces is how much usage per hour is asked for at once. Over longer a database may
// read all that an account ever used, or the whole table (docs/queries.md); how long
// that is depends on how much everybody uses in it.
type pieces struct {
	size, most int64 // in seconds, 0 before the first answer
	fast       int   // how many answers in a row were fast, over the longest
}

const (
	// moving is the newest piece and the shortest, in seconds: its hours may still grow,
	// since a gateway adds to them minutes later.
	moving = 2 * 3600
	// longest is the longest piece: over four days a database reads the whole table.
	longest = 2 * 86400
	// fastPiece is how much longer than one about the account an answer may take for the
	// next piece to be four times as long.
	fastPiece = 50 * time.Millisecond
	// atFirst is how many pieces are not left to backfill.
	atFirst = 5
)

// learn takes into account how long an answer took over a piece, and how long one takes
// about the account, which is the way to the gateway.
func (p *pieces) learn(took, way time.Duration) {
	if p.size == 0 {
		*p = pieces{size: moving, most: longest}
	}
	switch {
	case took > way+backfillTook:
		p.most, p.fast = max(moving, p.size/2), 0
		p.size = p.most
	case took > way+fastPiece:
		p.fast = 0
	case p.size < p.most:
		p.size = min(p.most, 4*p.size)
	case p.most < longest:
		if p.fast++; p.fast == fastRow {
			p.most, p.fast = min(longest, 2*p.most), 0
			p.size = p.most
		}
	}
}

func (w *watch) askPeriods(ctx context.Context, d *daysReader, every time.Duration) error {
	over := w.daysWanted()
	now := w.serverNow()
	tell := func(p model.Periods) { w.emit(model.SourceDays, meterOf(ctx).last, every, p, nil) }
	err := w.readPeriods(ctx, d, model.Span{From: now - int64(over/time.Second), To: now}, tell)
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
	tell(d.periods)
	return nil
}

// readPeriods brings what is known of span up to date: the newest piece is always
// asked for, since its last hours grow, and older ones once. Where there are many, told
// hears what is known when the rest is left to backfill.
func (w *watch) readPeriods(ctx context.Context, d *daysReader, span model.Span, told func(model.Periods)) error {
	from := span.To - span.To%3600 - moving + 3600
	if at := w.target.Gateway.Found().Dialect; d.atOnce || at == gateway.OpenCatD || at == gateway.ShellAPI {
		from = span.To - 86400 - (span.To-86400)%86400 // of days, as many come as are asked for
	}
	p, err := w.target.Gateway.Periods(ctx, d.scope, model.Span{From: max(span.From, from), To: span.To})
	if err != nil {
		return err
	}
	if p.Step != 3600 {
		d.periods = p // days come all at once, whatever is asked
		return nil
	}
	if d.pieces.size == 0 {
		d.pieces.learn(meterOf(ctx).last, time.Duration(w.way.Load()))
		if w.target.Budget.pace().Budget >= piecesFit {
			d.parts.most = sumPiece // the hours are told already, so that there is time
		}
	}
	if d.periods.Step != p.Step || d.periods.Span.To < p.Span.From-1 {
		d.periods = model.Periods{Scope: p.Scope, Step: p.Step, Span: model.Span{From: p.Span.From, To: p.Span.From - 1}}
	}
	d.merge(p)
	for n := 1; d.periods.Span.From > span.From; n++ {
		if n == atFirst {
			told(d.periods)
			ctx = withClass(ctx, backfill)
		}
		to := d.periods.Span.From - 1
		p, err := w.target.Gateway.Periods(ctx, d.scope, model.Span{From: max(span.From, to-d.pieces.size+1), To: to})
		if err != nil {
			return err
		}
		d.pieces.learn(meterOf(ctx).last, time.Duration(w.way.Load()))
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
