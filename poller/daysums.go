package poller

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatewatch/model"
)

// sumTurn is how long a sum waits for its turn. One in this time is asked for even
// of a slow gateway, or a day would never be complete there.
const sumTurn = time.Minute

// partlySum is the sum of a span as far as it was asked for.
type partlySum struct {
	span  model.Span
	next  int64 // the first second that was not
	quota model.Quota
}

// sumsWanted are the hours and days whose sums are needed, the most needed first:
// the hours of today, and where the gateway does not tell its usage per hour, those
// of yesterday or the days of a longer window.
func (w *watch) sumsWanted(d *daysReader, now int64) []model.Span {
	zone := w.target.Zone
	hours := model.HourSpans(time.Unix(now, 0).In(zone), now)
	slices.Reverse(hours)
	// The running hour is the affair of the rates until its end has come.
	hours[0].To = hours[0].From + 3599
	window := time.Duration(w.window.Load())
	today := hours[len(hours)-1].From
	if window < 24*time.Hour || d.periods.Step == 3600 && today%3600 == 0 {
		return hours
	}
	before := time.Unix(today-1, 0).In(zone)
	if window <= 24*time.Hour {
		yesterday := model.HourSpans(before, today-1)
		slices.Reverse(yesterday)
		for _, h := range yesterday {
			if h.To >= now-86400 {
				hours = append(hours, h)
			}
		}
		return hours
	}
	days := model.DaySpans(now-int64(window/time.Second), today-1, zone)
	slices.Reverse(days)
	return append(hours, days...)
}

// knows says that the sum of a span is known from before. An hour that was not over
// is not among those that are asked for, and asked for when it is.
func (d *daysReader) knows(span model.Span) {
	if d.sums == nil {
		d.sums = map[model.Span]bool{}
	}
	d.sums[span] = true
}

// askSums asks for the sums that are over and were not asked for yet, as far as the
// budget has room now; waiting is set when some are left. They belong to the rates:
// one source's health speaks of one kind of question.
func (w *watch) askSums(ctx context.Context, d *daysReader) (waiting bool, err error) {
	ctx = withClass(ctx, backfill)
	now := w.serverNow()
	for _, span := range w.sumsWanted(d, now) {
		if d.sums[span] || now < span.To+sumSettles {
			continue
		}
		total, done, err := w.askInParts(ctx, d, span, func() bool { return w.hasRoom(d) })
		if errors.Is(err, errors.ErrUnsupported) {
			d.knows(span)
			continue
		}
		if err != nil || !done {
			return true, err
		}
		d.knows(span)
		w.emit(model.SourceRates, meterOf(ctx).last, w.every(model.SourceRates), periodTotal(d.scope, span, total), nil)
	}
	return false, nil
}

// hasRoom reports whether something of the past may be asked for now.
func (w *watch) hasRoom(d *daysReader) bool {
	b := w.target.Budget
	return b.canFill(1) || b.canSpare(1) && time.Since(d.sumAt) >= sumTurn
}

// periodTotal is the sum of an hour or a day, as it is told.
func periodTotal(scope model.Scope, span model.Span, quota model.Quota) any {
	if span.Seconds() > 3600 {
		return model.DayTotal{Scope: scope, Span: span, Quota: quota}
	}
	return model.HourTotal{Scope: scope, Span: span, Quota: quota}
}

// parting is how long the parts are that a sum is asked for in.
type parting struct {
	most int64 // in seconds, 0 for all at once
	// longer is how long an answer took over more than sumPiece, the slowest.
	longer time.Duration
	// flat is how long any answer takes, where even the shortest parts are no faster.
	flat time.Duration
	fast int // how many answers in a row were fast, over the longest part
}

const (
	// fastSum is how much longer than the fastest an answer may take for a longer part to
	// be tried, and fastRow how many of them in a row it takes. A database that reads the
	// time by an index takes so long for a few thousand rows of everybody, of which the
	// next hour may have more.
	fastSum = backfillTook / 24
	fastRow = 6
	// justOver is how long ago an hour has ended, in seconds, that tells of as much
	// traffic as there is now, whatever was learned from older ones.
	justOver = 7200
)

// seconds is how long a part of span may be. Where the gateway tells no usage per hour, a
// day is asked for at once: it is asked for once and for ever, and its hours would be many
// requests.
func (p *parting) seconds(span model.Span, now int64, way time.Duration) int64 {
	switch {
	case p.most == 0:
		return span.Seconds()
	case way > backfillTook: // it is the way that takes time
		return max(p.most, 3600)
	case span.To > now-justOver:
		return min(p.most, sumPiece)
	}
	return p.most
}

// learn takes into account how long an answer took, and how long the fastest did, which
// is the way to the gateway. After a slow one parts become an hour instead of a day, and
// ten minutes instead of an hour: how long is too long depends on what everybody wrote
// into the log in that time, which an account cannot see (docs/queries.md). So in the
// calm of a night they may grow again, up to an hour. Where ten minutes take more than
// half as long, it is not the length that takes time.
func (p *parting) learn(seconds int64, took, way time.Duration) {
	slow := took > max(way+backfillTook, 2*p.flat)
	switch {
	case slow && seconds > 3600:
		p.longer, p.most = max(p.longer, took), 3600
	case slow && seconds > sumPiece:
		p.longer, p.fast, p.most = max(p.longer, took), 0, sumPiece
	case slow && p.longer > 0 && took > p.longer/2:
		*p = parting{flat: took}
	case took > way+fastSum || seconds < p.most:
		p.fast = 0
	case p.most > 0 && p.most < 3600 && seconds <= 3600:
		if p.fast++; p.fast == fastRow {
			p.most, p.fast = min(3600, 2*p.most), 0
		}
	}
}

// askInParts asks for a sum, at once or in parts where that was slow, while there is
// room. done is not set while the rest has to wait for its turn.
func (w *watch) askInParts(ctx context.Context, d *daysReader, span model.Span, room func() bool) (total model.Quota, done bool, err error) {
	if d.partly.span != span {
		d.partly = partlySum{span: span, next: span.From}
	}
	for p := &d.partly; p.next <= span.To; {
		if !room() {
			return 0, false, nil
		}
		d.sumAt = time.Now()
		part := model.Span{From: p.next, To: min(span.To, p.next+d.parts.seconds(span, w.serverNow(), w.fastest())-1)}
		t, err := w.target.Gateway.Total(ctx, d.scope, part)
		took := meterOf(ctx).last
		// A timeout of the shortest part says nothing of the length.
		timeout := model.FaultOf(err).Kind == model.FaultTimeout
		if timeout {
			took = slowest
		}
		if !timeout || part.Seconds() > sumPiece {
			d.parts.learn(part.Seconds(), took, w.fastest())
		}
		if err != nil {
			return 0, false, err
		}
		p.quota, p.next = p.quota+t.Quota, part.To+1
	}
	return d.partly.quota, true, nil
}
