package poller

import (
	"context"
	"time"

	"gatewatch/model"
)

// sumPiece is the longest time, in seconds, whose sum is asked for on the interval.
// Over longer ones a database may add up all rows that the account ever had: ten
// minutes took 20 ms with 5 million rows where an hour took 4 s (docs/queries.md).
const sumPiece = 600

// sumSettles is how long after its end, in seconds, a sum is asked for to be kept,
// so that late rows are in.
const sumSettles = 65

// sumFresh is how old, in seconds, the running piece may be to be a part of a sum.
const sumFresh = 60

// sumsReader knows the gateway's own sums of the last hour in pieces, counted from
// the first second of the day in the chosen zone. What is over is asked for once,
// and then now and then whether it still holds; the running piece is asked for on
// the interval. Each answer brings rpm and tpm where the gateway has them.
type sumsReader struct {
	scope   model.Scope
	pieces  map[int64]pieceSum // those that are over, by their first second
	running model.SpanTotal    // the one that is not, as it was asked for last
	turns   int
}

// pieceSum is the gateway's sum of a piece, and the gateway's second at which it
// was asked for.
type pieceSum struct {
	quota model.Quota
	asked int64
}

// settled reports whether the sum of the piece from some second on will not grow.
func (p pieceSum) settled(from int64) bool { return p.asked >= from+sumPiece+sumSettles }

// sumsPlan is which seconds one poll speaks of.
type sumsPlan struct {
	window model.Span // on the screen, as far as it is counted from rows
	run    model.Span // the running piece
	hour   int64      // the first second of the running hour of the day
	first  int64      // the first second of the first piece that lies in the window
}

func planSums(window model.Span, zone *time.Location) sumsPlan {
	to := window.To
	today := to - model.DayStart(time.Unix(to, 0).In(zone)).Unix()
	p := sumsPlan{window: window, hour: to - today%3600, run: model.Span{From: to - today%sumPiece, To: to}}
	p.first = p.run.From - (p.run.From-window.From)/sumPiece*sumPiece
	return p
}

// pieces are the parts in which the sums of the window and of the running hour are
// asked for, the newest first: the running piece, whole ones, and the beginning of the
// window.
func (p sumsPlan) pieces() []model.Span {
	spans := []model.Span{p.run}
	for at := p.run.From - sumPiece; at >= min(p.first, p.hour); at -= sumPiece {
		spans = append(spans, model.Span{From: at, To: at + sumPiece - 1})
	}
	if p.window.From < p.first {
		spans = append(spans, model.Span{From: p.window.From, To: p.first - 1})
	}
	return spans
}

// pollRates asks for the gateway's own sums: by turns the running piece, with what
// is missing of the others, and something to hold that against: the beginning of
// the window where its rows were not all read, else one of the pieces again. The
// window's sum is compared with what was counted, the running hour's makes up
// today's spend.
func (w *watch) pollRates(ctx context.Context, every time.Duration) error {
	r := w.sumReader()
	if r.pieces == nil || w.resum.Swap(false) {
		r.pieces, r.turns = map[int64]pieceSum{}, 0
	}
	r.turns++
	if r.turns%2 == 0 {
		if asked, err := w.askOlder(ctx, r, every); asked || err != nil {
			return err
		}
	}
	start, now := time.Now(), w.serverNow()
	plan := planSums(w.countedWindow().Ending(now-model.Lag), w.target.Zone)
	r.forget(plan)
	run, err := w.target.Gateway.Total(ctx, r.scope, plan.run)
	if err != nil {
		r.turns-- // the running piece stays next
		return err
	}
	r.running = run
	for at := plan.run.From - sumPiece; at >= min(plan.first, plan.hour); at -= sumPiece {
		have, ok := r.pieces[at]
		if ok && (have.settled(at) || now < at+sumPiece+sumSettles) {
			continue
		}
		if !w.target.Budget.canSpare(1) || time.Since(start) > every/2 {
			break // the rest has its turn at the next poll
		}
		if _, err := w.askPiece(ctx, r, at); err != nil {
			return err
		}
	}
	took := meterOf(ctx).last
	total := run
	if quota, ok := r.since(plan.first); ok {
		total.Span.From, total.Quota = plan.first, quota
	}
	w.emit(model.SourceRates, took, every, total, nil)
	if quota, ok := r.since(plan.hour); ok {
		hour := model.Span{From: plan.hour, To: run.Span.To}
		w.emit(model.SourceRates, took, every, model.HourTotal{Scope: r.scope, Span: hour, Quota: quota}, nil)
	}
	return nil
}

// askOlder asks for the beginning of the window, which lies in no whole piece, or
// where the rows tell the window's sum for the piece that was asked for longest
// ago; asked is false where there is neither.
func (w *watch) askOlder(ctx context.Context, r *sumsReader, every time.Duration) (asked bool, err error) {
	if w.serverNow()-r.running.Span.To > sumFresh {
		return false, nil // nobody was looking for a while, or nothing was asked yet
	}
	plan := planSums(w.countedWindow().Ending(r.running.Span.To), w.target.Zone)
	rest, known := r.since(plan.first)
	switch {
	case w.whole.Load():
		at, ok := r.oldest(plan)
		if !ok {
			return false, nil
		}
		total, err := w.askPiece(ctx, r, at)
		if err == nil {
			w.emit(model.SourceRates, meterOf(ctx).last, every, total, nil)
		}
		return true, err
	case !known || plan.first == plan.window.From:
		return false, nil
	}
	total, err := w.target.Gateway.Total(ctx, r.scope, model.Span{From: plan.window.From, To: plan.first - 1})
	if err != nil {
		return true, err
	}
	total.Span.To, total.Quota = plan.window.To, total.Quota+rest
	w.emit(model.SourceRates, meterOf(ctx).last, every, total, nil)
	return true, nil
}

func (w *watch) askPiece(ctx context.Context, r *sumsReader, at int64) (model.SpanTotal, error) {
	asked := w.serverNow()
	total, err := w.target.Gateway.Total(ctx, r.scope, model.Span{From: at, To: at + sumPiece - 1})
	if err == nil {
		r.pieces[at] = pieceSum{total.Quota, asked}
	}
	return total, err
}

// since is the sum from the first second of a piece to the end of the running one,
// where all of it is known.
func (r *sumsReader) since(from int64) (model.Quota, bool) {
	sum := r.running.Quota
	for at := r.running.Span.From - sumPiece; at >= from; at -= sumPiece {
		p, ok := r.pieces[at]
		if !ok {
			return 0, false
		}
		sum += p.quota
	}
	return sum, true
}

// oldest is the settled piece of the plan that was asked for longest ago.
func (r *sumsReader) oldest(plan sumsPlan) (from int64, ok bool) {
	for at, p := range r.pieces {
		if p.settled(at) && at >= min(plan.first, plan.hour) && (!ok || p.asked < r.pieces[from].asked) {
			from, ok = at, true
		}
	}
	return from, ok
}

// forget drops the pieces that the plan has no use for: older ones, those of a
// time that the gateway's clock has not reached any more, and those that begin
// elsewhere because the offset of the zone has changed.
func (r *sumsReader) forget(plan sumsPlan) {
	for at := range r.pieces {
		if at < min(plan.first, plan.hour) || at >= plan.run.From || (plan.run.From-at)%sumPiece != 0 {
			delete(r.pieces, at)
		}
	}
}
