package poller

import (
	"context"
	"errors"
	"math"
	"time"

	"gatewatch/model"
)

const (
	// firstTail is how far back the first reading goes, in seconds: enough for the
	// rates of the last minute, and to learn how dense the log is.
	firstTail = 60
	// longTail is how far behind, in seconds, the end of a restored log may be to be
	// read on from.
	longTail = 300
	// verifyEvery is how often, in seconds, what was read once is read again.
	verifyEvery = 60
	// fillPages is how many pages one backfill reading should need.
	fillPages = 3
	// fillMost bounds the span of a reading, in seconds. Over longer ones a database
	// without a fitting index may walk the whole log of a quiet account: at five
	// minutes no query was slower than 55 ms with 5 million rows, at ten some took
	// 16 s (docs/queries.md).
	fillMost = 300
)

// callsReader decides what of the log is read next. Spans are closed: they end
// Lag seconds behind the gateway's own clock, so that they cannot grow while
// their pages are read, and count only when they were read whole.
type callsReader struct {
	scope  model.Scope
	ledger model.Ledger
	// perSecond is how many rows a second of the log has, as the last readings
	// showed: of its end, and of its past.
	tail, past density
	// verifiedAt is the second up to which everything due was read for the second
	// time. owed is set when the budget had no room for that, and turnAt is when it
	// last had that of the end of the log.
	verifiedAt, turnAt int64
	owed               bool
	// skew is the gateway's clock minus ours, as it was at the beginning of the
	// poll: no answer moves the clock while a span is being read.
	skew time.Duration
	// polledAt is when the last poll began, server the gateway's second then.
	polledAt time.Time
	server   int64
	// counted is the span whose rows were counted, where they could not all be read.
	counted model.Span
	// readAt is when the last poll began that went well.
	readAt time.Time
	// most bounds a reading of the past in seconds where an answer was slow, 0 for
	// fillMost. It only falls: a database that was slow once over so much will be
	// again.
	most int64
	// hung bounds every reading for an hour after hungAt, when a request had no
	// answer in time: the database may work on it still. Slow answers alone do not
	// bound the end of the log, which has to be read whatever it takes.
	hung   int64
	hungAt time.Time
	// oldest is the first second that the gateway can be asked about, 0 for any.
	oldest int64
	// long is what had more rows than could be read, and why says so of the last. vain is
	// how many readings of the end of the log in a row brought nothing but that.
	long []tooLong
	why  error
	vain int
}

// mostVain is how many readings in vain are no failure yet: most bursts are over sooner,
// and of a log that goes on like this a person should know why it cannot be read.
const mostVain = 3

// density is a running estimate of rows per second.
type density struct {
	rows  float64
	known bool
}

// learn takes a reading of n rows over some seconds into the estimate.
func (d *density) learn(n int, seconds int64) {
	seen := float64(n) / float64(max(1, seconds))
	if !d.known {
		d.rows, d.known = seen, true
		return
	}
	// Longer readings say more; 60 s of them replace about two thirds.
	keep := math.Exp(-float64(seconds) / 60)
	d.rows = keep*d.rows + (1-keep)*seen
}

// seconds is the longest span, at least 1 s, that should need at most that many
// pages. Half a page is kept free, since traffic comes in bursts.
func (d density) seconds(pages, pageSize int) int64 {
	if !d.known || d.rows <= 0 {
		return fillMost
	}
	// Bounded before it is a whole number: after a long silence the estimate is next
	// to nothing, and the quotient more than one can hold.
	return max(1, int64(min(fillMost, (float64(pages)-0.5)*float64(pageSize)/d.rows)))
}

// pages is how many pages span should need.
func (d density) pages(span model.Span, pageSize int) int {
	return int(d.rows*float64(span.Seconds()))/max(1, pageSize) + 1
}

// pollCalls reads the end of the log, then what is due for its second reading,
// then gaps of the window, newest first, while there is time until the next
// poll and the budget allows it.
func (w *watch) pollCalls(ctx context.Context, every time.Duration) error {
	r := w.reader()
	gw, budget := w.target.Gateway, w.target.Budget
	budget.needs(w.steady())
	start := time.Now()
	if r.clockJumped(start, gw.Skew().V) {
		return nil
	}
	to := r.now() - model.Lag
	w.forgetFuture(ctx, r, to, every)

	if again := w.reread.Swap(nil); again != nil {
		// The end of the log is not taken along: it is read twice anyway.
		r.ledger = r.ledger.Unsettle(model.Span{From: again.From, To: min(again.To, to-verifyEvery)})
		r.takeBack(*again)
	}
	if err := w.readEnd(ctx, r, start, to, every); err != nil {
		return err
	}
	r.readAt = start
	_, due := r.dueSpan(to, fillPages, gw.PageSize())
	for !due && time.Since(start) < every*3/4 {
		pages := fillPages
		span, ok := r.gapSpan(w.countedWindow().Ending(to), pages, gw.PageSize())
		if ok && !budget.canFill(r.pastDensity().pages(span, gw.PageSize())) {
			// Where there is no room for a long span there may be for a short one.
			pages = 1
			span, ok = r.gapSpan(w.countedWindow().Ending(to), pages, gw.PageSize())
			ok = ok && budget.canFill(r.pastDensity().pages(span, gw.PageSize()))
		}
		if !ok {
			break
		}
		err := w.read(withClass(ctx, backfill), r, span, pages, every, &r.past)
		if errors.Is(err, errors.ErrUnsupported) {
			// A lone sk- key sees its newest calls; what is older stays unknown.
			r.oldest = span.To + 1
			break
		}
		if err != nil {
			return err
		}
	}
	r.ledger = r.ledger.Forget(to - int64(model.Keep/time.Second))
	r.takeBack(model.Span{From: math.MinInt64 / 2, To: to - int64(model.Keep/time.Second) - 1})
	w.whole.Store(r.ledger.Covers(w.countedWindow().Ending(to)))
	if r.vain > mostVain {
		return r.why
	}
	return nil
}

// readEnd reads the end of the log and what is due for its second reading, for
// which the end makes room where the budget has none: by turns where the log could
// nearly be read once, so that all of it can be read twice, and once a minute where
// it could not, and is a sample.
func (w *watch) readEnd(ctx context.Context, r *callsReader, start time.Time, to int64, every time.Duration) error {
	gw, pages := w.target.Gateway, w.tailPages(every)
	aMinute := float64(r.tail.pages(model.Span{From: 1, To: 60}, gw.PageSize()))
	sample := aMinute*every.Minutes() > float64(2*pages)
	most := pages
	if sample {
		most = 3 * pages
	}
	span, due := r.dueSpan(to, most, gw.PageSize())
	turn := due && r.owed && (!sample || to-r.turnAt >= verifyEvery)
	r.owed = false
	if turn {
		r.turnAt = to
		if err := w.read(ctx, r, span, most, every, &r.tail); err != nil {
			return err
		}
	} else if tail := r.tailSpan(to, pages, gw.PageSize()); !tail.Empty() {
		if err := w.read(ctx, r, tail, pages, every, &r.tail); err != nil {
			return err
		}
		if r.vain++; len(r.ledger.Settled(tail)) > 0 {
			r.vain = 0
		}
	}
	most = max(pages, fillPages)
	for once := !turn; once || time.Since(start) < every*3/4; once = false {
		if span, due = r.dueSpan(to, most, gw.PageSize()); !due {
			break
		}
		if !w.target.Budget.canSpare(r.tail.pages(span, gw.PageSize())) {
			r.owed = !turn
			break
		}
		if err := w.read(ctx, r, span, most, every, &r.tail); err != nil {
			return err
		}
	}
	if len(r.due(to)) == 0 && to-r.verifiedAt >= verifyEvery {
		r.verifiedAt = to
	}
	return nil
}

// mostJump is how far, in seconds, the gateway's clock may move between two
// polls, beyond the time that has passed.
const mostJump = 300

// clockJumped takes the clock for the poll that begins at start, and reports
// whether it is too far from that of the last poll to be trusted yet. One wrong
// Date would settle seconds that are still to come, and cost every row that is
// then too old to keep.
func (r *callsReader) clockJumped(start time.Time, skew time.Duration) bool {
	server := start.Add(skew).Unix()
	jump := server - r.server - int64(start.Sub(r.polledAt)/time.Second)
	jumped := !r.polledAt.IsZero() && (jump > mostJump || jump < -mostJump)
	r.skew, r.polledAt, r.server = skew, start, server
	return jumped
}

// now is the gateway's own second.
func (r *callsReader) now() int64 { return time.Now().Add(r.skew).Unix() }

// tailPages is how many pages of the log one poll may read without starving the
// other sources.
func (w *watch) tailPages(every time.Duration) int {
	budget := w.target.Budget.pace().Budget
	others := w.steady() - float64(time.Minute)/float64(max(time.Second, w.target.Intervals.Calls))
	perPoll := (float64(budget) - others) * every.Minutes()
	return max(1, int(perPoll))
}

// forgetFuture drops what was read of a time that the gateway's clock has not
// reached any more, because the clock was set back, and of the time since then:
// rows with seconds that were read already have been written meanwhile.
func (w *watch) forgetFuture(ctx context.Context, r *callsReader, to int64, every time.Duration) {
	end := r.ledger.End()
	if !end.OK || end.V <= to+30 {
		return
	}
	// The last answer before the last poll may be as old as the slowest interval.
	since := int64(slowest / time.Second)
	if !r.readAt.IsZero() {
		since += int64(time.Since(r.readAt) / time.Second)
	}
	future := model.Span{From: to + 1 - since, To: end.V}
	r.ledger = r.ledger.Unsettle(future)
	r.takeBack(future)
	r.verifiedAt, r.turnAt = min(r.verifiedAt, to), min(r.turnAt, to)
	w.emit(model.SourceCalls, meterOf(ctx).last, every, model.CallsForgot{Scope: r.scope, Span: future}, nil)
}

// leastSpan is the shortest span, in seconds, that slow answers lead to.
const leastSpan = 15

// hungFor is how long no long span is asked for after one that had no answer.
const hungFor = time.Hour

// bound keeps a span of the past as short as slow answers ask for.
func (r *callsReader) bound(seconds int64) int64 {
	if r.most > 0 {
		seconds = min(seconds, r.most)
	}
	return r.boundEnd(seconds)
}

// boundEnd keeps any other span as short as missing answers ask for.
func (r *callsReader) boundEnd(seconds int64) int64 {
	if r.hung > 0 && time.Since(r.hungAt) < hungFor {
		return min(seconds, r.hung)
	}
	return seconds
}

// learnPace takes how long the answers for a span took into the bound.
func (r *callsReader) learnPace(span model.Span, took time.Duration) {
	if took > backfillTook {
		r.most = half(span, r.bound(fillMost))
	}
}

// learnHung takes into the bounds that there was no answer for a span.
func (r *callsReader) learnHung(span model.Span) {
	if span.Seconds() > leastSpan { // else it was not the length
		r.most = half(span, r.bound(fillMost))
	}
	r.hung, r.hungAt = half(span, r.boundEnd(fillMost)), time.Now()
}

// half is the bound after a span that was bounded so was too long.
func half(span model.Span, bound int64) int64 {
	return max(leastSpan, min(span.Seconds(), bound)/2)
}

// tailSpan is the end of the log that was not read yet, as much of it as fits.
func (r *callsReader) tailSpan(to int64, pages, pageSize int) model.Span {
	from := to - firstTail + 1
	// What was read before a long pause is no beginning: the gap behind it is filled
	// newest first, like any other.
	if end := r.ledger.End(); end.OK && (end.V >= to-longTail || r.tail.known) {
		from = end.V + 1
	}
	from = r.afterLong(model.Span{From: from, To: to})
	return model.Span{From: max(from, to-r.boundEnd(r.tail.seconds(pages, pageSize))+1), To: to}
}

// due is what can be read for the second time now.
func (r *callsReader) due(to int64) model.SpanSet {
	return r.ledger.Due(to + model.Lag).Minus(r.leftOut(false))
}

// dueSpan is what is to be read for the second time: once a minute, newest
// first, as much as that many pages hold. Gaps in between are read along with it, but
// for those that were too long.
func (r *callsReader) dueSpan(to int64, pages, pageSize int) (model.Span, bool) {
	due := r.due(to)
	if len(due) == 0 || to-r.verifiedAt < verifyEvery {
		return model.Span{}, false
	}
	newest := due[len(due)-1]
	to = newest.To
	from := r.afterLong(model.Span{From: due[0].From, To: newest.From - 1})
	return model.Span{From: max(from, to-r.boundEnd(r.tail.seconds(pages, pageSize))+1), To: to}, true
}

// pastDensity is the estimate for gaps.
func (r *callsReader) pastDensity() density {
	if r.past.known {
		return r.past
	}
	return r.tail
}

// gapSpan is the newest part of window that was never read, as much of it as
// should fit that many pages. What was too long comes last, and after its time.
func (r *callsReader) gapSpan(window model.Span, pages, pageSize int) (model.Span, bool) {
	window.From = max(window.From, r.oldest)
	gaps := r.ledger.Gaps(window)
	if left := gaps.Minus(r.leftOut(true)); len(left) > 0 {
		gaps = left
	} else {
		gaps = gaps.Minus(r.leftOut(false))
	}
	if len(gaps) == 0 {
		return model.Span{}, false
	}
	newest := gaps[len(gaps)-1]
	most := r.bound(r.pastDensity().seconds(pages, pageSize))
	return model.Span{From: max(newest.From, newest.To-most+1), To: newest.To}, true
}
