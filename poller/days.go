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
	sumAt  time.Time           // when one was asked for, or an older piece of the usage
	partly partlySum           // the one that is being asked for in parts
	parts  parting             // how long its parts are

	pieces pieces // how long the pieces of the usage per hour are
	owed   bool   // some of them are left to backfill
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
	if due := forced || time.Since(d.periodsAt) >= every; due || d.owed {
		failed = w.askPeriods(ctx, d, every, due)
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
	if waiting || d.owed {
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
	longest = 86400
	// fastPiece is how much longer than the fastest an answer may take for the next piece
	// to be twice as long, or half as much again: a far one differs by more. It is a few
	// thousand rows: the next piece may have to be read from the disk.
	fastPiece = 10 * time.Millisecond
	// atFirst is how many pieces are not left to backfill, and atLonger how many where a
	// longer window is waited for, and the longest pieces came quickly.
	atFirst, atLonger = 5, 16
)

// learn takes into account how long an answer took over a piece, and how long the
// fastest did, which is the way to the gateway.
func (p *pieces) learn(took, way time.Duration) {
	if p.size == 0 {
		*p = pieces{size: moving, most: longest}
	}
	switch {
	case took > way+backfillTook:
		p.most, p.fast = max(moving, p.size/2), 0
		p.size = p.most
	case took > way+max(fastPiece, way/2):
		p.fast = 0
	case p.size < p.most:
		p.size = min(p.most, 2*p.size)
	case p.most < longest:
		if p.fast++; p.fast == fastRow {
			p.most, p.fast = min(longest, 2*p.most), 0
			p.size = p.most
		}
	}
}

// askPeriods asks for the usage per hour or day: for what is new where that is due, and
// for older pieces as far as the budget has room, but for the first few. What comes
// quickly in the longest pieces is no burden, and not left to backfill; of others one has
// its turn each minute, or a long window would never be whole with a small budget.
func (w *watch) askPeriods(ctx context.Context, d *daysReader, every time.Duration, due bool) error {
	over := w.daysWanted()
	now := w.serverNow()
	free := 0
	switch {
	case d.pieces.size == 0:
		free = atFirst
	case int64(over) > w.daysOver.Load() && d.pieces.size == longest:
		free = atLonger
	}
	room := func() bool {
		free--
		quick := d.pieces.size == longest && w.target.Budget.canSpare(1)
		return free > 0 || quick || w.hasRoom(d) || time.Since(d.sumAt) >= sumTurn
	}
	whole, err := w.readPeriods(ctx, d, model.Span{From: now - int64(over/time.Second), To: now}, due, room)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	d.owed = err == nil && !whole
	if due {
		d.periodsAt = time.Now()
	}
	w.daysOver.Store(int64(over))
	if err != nil {
		// Said once, and no failure: the hours are still to be had.
		w.emit(model.SourceDays, meterOf(ctx).last, every, nil, err)
		return nil
	}
	if meterOf(ctx).requests > 0 {
		w.emit(model.SourceDays, meterOf(ctx).last, every, d.periods, nil)
	}
	return nil
}

// readPeriods brings what is known of span up to date: the newest piece is asked for
// where that is due, since its last hours grow, and older ones once, while there is room.
// whole is not set where some are left.
func (w *watch) readPeriods(ctx context.Context, d *daysReader, span model.Span, due bool, room func() bool) (whole bool, err error) {
	if due {
		from := span.To - span.To%3600 - moving + 3600
		if last := d.periods.Span.To - model.Flushed; d.periods.Step == 3600 {
			// After a pause, hours that were not complete are asked for again.
			from = max(span.To-longest, min(from, last-last%3600))
		}
		if at := w.target.Gateway.Found().Dialect; d.atOnce || at == gateway.OpenCatD || at == gateway.ShellAPI {
			from = span.To - 86400 - (span.To-86400)%86400 // of days, as many come as are asked for
		}
		p, err := w.target.Gateway.Periods(ctx, d.scope, model.Span{From: max(span.From, from), To: span.To})
		if err != nil {
			return false, err
		}
		way := w.fastest()
		if p.Step != 3600 {
			d.periods = p // days come all at once, whatever is asked
			return true, nil
		}
		if d.pieces.size == 0 {
			d.pieces.learn(meterOf(ctx).last, way)
		}
		if today := model.DayStart(time.Unix(span.To, 0).In(w.target.Zone)); d.periods.Step != p.Step && today.Unix()%3600 == 0 {
			d.parts.most = sumPiece // its hours are told already, so that there is time
		}
		if d.periods.Step != p.Step || d.periods.Span.To < p.Span.From-1 {
			d.periods = model.Periods{Scope: p.Scope, Step: p.Step, Span: model.Span{From: p.Span.From, To: p.Span.From - 1}}
		}
		d.merge(p)
	}
	ctx = withClass(ctx, backfill)
	for d.periods.Step == 3600 && d.periods.Span.From > span.From {
		if !room() {
			return false, nil
		}
		d.sumAt = time.Now()
		to := d.periods.Span.From - 1
		p, err := w.target.Gateway.Periods(ctx, d.scope, model.Span{From: max(span.From, to-d.pieces.size+1), To: to})
		took := meterOf(ctx).last
		if model.FaultOf(err).Kind == model.FaultTimeout {
			took = slowest
		}
		d.pieces.learn(took, w.fastest())
		if err != nil {
			return false, err
		}
		d.merge(p)
	}
	return true, nil
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
