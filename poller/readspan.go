package poller

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// rereads is how often a span is read anew when its set of rows changed while its
// pages were read.
const rereads = 2

// read reads span whole and settles it. Of a span that needs more than twice the
// pages it was meant for, what was read of its newest part is settled; where that is
// nothing whole, it is cut to its newest part until it fits. A single second that is
// too long even so is left out, which is no error.
func (w *watch) read(ctx context.Context, r *callsReader, span model.Span, pages int, every time.Duration, d *density) error {
	whole, was := span, *d
	for {
		most := w.mostPages(ctx, span, pages)
		got, err := w.readSpan(ctx, r, span, most)
		var big *tooManyError
		if errors.As(err, &big) {
			last := model.Span{From: span.To, To: span.To}
			// Where all rows are of one second, it need not be read alone to know.
			if span == last || big.within(last) && w.mostPages(ctx, last, pages) <= most {
				*d = was
				r.learnBurst(d, big.rows)
				r.why = fmt.Errorf("%s: %w", w.target.Name, err)
				r.leaveOut(whole, span.To)
				return nil
			}
			*d = density{}
			d.learn(big.rows, big.seconds)
			if newest := big.whole(span); !newest.Empty() {
				d.unlessBurst(was, big.read.in(newest), newest.Seconds())
				w.settle(ctx, r, newest, big.read, every)
				return nil
			}
			span.From = span.To - max(1, min(span.Seconds()/2, d.seconds(pages, w.target.Gateway.PageSize()))) + 1
			continue
		}
		if err != nil {
			// That our own time is over says nothing of the gateway.
			if ctx.Err() == nil && hung(err) {
				r.learnHung(span)
			}
			return err
		}
		if len(got.pages) > usualPages(pages) {
			*d = was
			r.learnBurst(d, got.rows())
		} else {
			if span != whole {
				d.unlessBurst(was, got.rows(), span.Seconds())
			}
			d.learn(got.rows(), span.Seconds())
		}
		r.learnPace(span, got.slowest)
		w.settle(ctx, r, span, got, every)
		return nil
	}
}

// usualPages is how many pages are read of a span that was meant for pages.
func usualPages(pages int) int { return 2*max(pages, fillPages) + 1 }

// mostPages is how many pages of span are read before it is found too long. A single
// second cannot be cut: half of what the budget and the time have left may go into it.
func (w *watch) mostPages(ctx context.Context, span model.Span, pages int) int {
	if span.Seconds() > 1 {
		return usualPages(pages)
	}
	p, m := w.target.Budget.pace(), meterOf(ctx)
	left := p.Budget - p.Used
	if end, ok := ctx.Deadline(); ok && m.requests > 0 {
		left = min(left, int(time.Until(end)/(m.took/time.Duration(m.requests)+time.Millisecond)))
	}
	return max(usualPages(pages), left/2)
}

// learnBurst takes a single second of n rows into d, which says of the others no more
// than one second does. The past is estimated anew: the seconds next to it were
// estimated with it.
func (r *callsReader) learnBurst(d *density, n int) {
	if d == &r.past {
		*d = density{}
	}
	if d.known {
		d.learn(n, 1)
	}
}

// unlessBurst takes back the estimate that was, where the newest part of a span that was
// too long has less than half of the rows per second that the whole has: these are of a
// burst, which is over.
func (d *density) unlessBurst(was density, n int, seconds int64) {
	if was.known && 2*float64(n) < d.rows*float64(seconds) {
		*d = was
	}
}

// tooLong is a part of the log that has more rows than could be read.
type tooLong struct {
	span  model.Span
	until time.Time // when it is tried again
}

// leftOutFor is how long a part of the log that was too long is left out: the budget
// may have more room then.
const leftOutFor = 10 * time.Minute

// leaveOut leaves out a second of span that is too long. Where those after it are left
// out too, as many before it are: each costs many requests, and such a second seldom
// comes alone.
func (r *callsReader) leaveOut(span model.Span, second int64) {
	out := model.Span{From: second, To: second}
	for _, s := range r.leftOut(false) {
		if s.From == second+1 {
			out.From = max(span.From, second-s.Seconds())
		}
	}
	r.takeBack(out)
	r.long = append(r.long, tooLong{out, time.Now().Add(leftOutFor)})
}

// takeBack has nothing of span left out any longer.
func (r *callsReader) takeBack(span model.Span) {
	var long []tooLong
	for _, l := range r.long {
		for _, s := range (model.SpanSet{l.span}).Remove(span) {
			long = append(long, tooLong{s, l.until})
		}
	}
	r.long = long
}

// leftOut is what was too long to be read: all of it, or what is not to be tried again
// yet.
func (r *callsReader) leftOut(all bool) model.SpanSet {
	var out model.SpanSet
	for _, l := range r.long {
		if all || time.Now().Before(l.until) {
			out = out.Add(l.span)
		}
	}
	return out
}

// afterLong is the first second of span from which on nothing was too long to be read.
func (r *callsReader) afterLong(span model.Span) int64 {
	if long := r.leftOut(true).Within(span); len(long) > 0 {
		return long[len(long)-1].To + 1
	}
	return span.From
}

// settle tells of the rows of span, all of which are in got.
func (w *watch) settle(ctx context.Context, r *callsReader, span model.Span, got reading, every time.Duration) {
	rows := slices.Concat(got.pages...)
	rows = slices.DeleteFunc(rows, func(c model.Call) bool { return !span.Has(c.At) })
	slices.Reverse(rows) // newest first on the wire
	r.ledger = r.ledger.Settle(span, got.at)
	r.takeBack(span)
	w.emit(model.SourceCalls, meterOf(ctx).last, every, model.CallsRead{
		Scope: r.scope, Span: span, Calls: rows, ReadAt: got.at, Told: got.total.OK,
	}, nil)
}

// hung reports whether a request had no answer in time, from the gateway or from
// what stands before it.
func hung(err error) bool {
	var status *gateway.StatusError
	if errors.As(err, &status) && (status.Code == http.StatusGatewayTimeout || status.Code == cloudflareTimeout) {
		return true
	}
	return model.FaultOf(err).Kind == model.FaultTimeout
}

// cloudflareTimeout is what Cloudflare answers for a server that did not.
const cloudflareTimeout = 524

// tooManyError says that a span has more rows than were to be read: at least so
// many in so many seconds.
type tooManyError struct {
	rows    int
	seconds int64
	// read is what was read before the span turned out to be too long, newest rows
	// first; nothing where the gateway told how many there are.
	read reading
}

// whole is the part of span of which every row was read: what is newer than any of the
// last rows. Rows are listed as they were written, and some were late: the last one may
// be much older than those that follow it, but hardly all of these. Where rows are seen
// to be late, more of them must agree. It is empty where nothing shows that the pages
// followed each other.
func (e *tooManyError) whole(span model.Span) model.Span {
	last, oldest := 10, int64(math.MaxInt64)
	rows := slices.Concat(e.read.pages...)
	for i := range rows {
		if rows[i].At-1 > oldest {
			last = 25
		}
		oldest = min(oldest, rows[i].At)
	}
	if e.read.unmarked || len(rows) < last {
		return model.Span{From: 0, To: -1}
	}
	for _, c := range rows[len(rows)-last:] {
		span.From = max(span.From, c.At+1)
	}
	return span
}

// within reports whether rows were read, all of them of span.
func (e *tooManyError) within(span model.Span) bool {
	outside := func(c model.Call) bool { return !span.Has(c.At) }
	for _, p := range e.read.pages {
		if slices.ContainsFunc(p, outside) {
			return false
		}
	}
	return len(e.read.pages) > 0
}

func (e *tooManyError) Error() string {
	return fmt.Sprintf("one second of the log holds %d calls and more, which the request budget cannot read: raise budget, or live with the gateway's own sums", e.rows)
}

// errMoved says that the rows of a closed span changed while its pages were
// read, and again when it was read anew.
var errMoved = errors.New("the log changed while it was read; it is read again at the next poll")

// reading is what the pages of a span brought.
type reading struct {
	// at is the gateway's second before the first page was asked for. The others may
	// have waited for the budget: what came late meanwhile is not in the first.
	at    int64
	pages [][]model.Call // newest row first
	total model.Opt[int64]
	// slowest is how long the slowest answer took.
	slowest time.Duration
	// seen are the rows that cannot come twice, and unmarked is set when there are
	// others.
	seen     map[model.Call]struct{}
	unmarked bool
}

// readSpan reads all rows of span, at most that many pages of them.
func (w *watch) readSpan(ctx context.Context, r *callsReader, span model.Span, most int) (reading, error) {
	for range rereads + 1 {
		got, err := w.readOnce(ctx, r, span, most)
		if !errors.Is(err, errMoved) {
			return got, err
		}
	}
	return reading{}, fmt.Errorf("%s: %w", w.target.Name, errMoved)
}

func (w *watch) readOnce(ctx context.Context, r *callsReader, span model.Span, most int) (got reading, err error) {
	got.at = r.now()
	for page := range most {
		p, err := w.page(ctx, r, span, page)
		if err != nil {
			return reading{}, err
		}
		got.slowest = max(got.slowest, meterOf(ctx).last)
		if p.Total.OK && pagesOf(p.Total.V, w.target.Gateway.PageSize()) > int64(most) {
			return reading{}, &tooManyError{rows: int(p.Total.V), seconds: span.Seconds()}
		}
		if !got.take(p) {
			return reading{}, errMoved
		}
		if !p.Last {
			continue
		}
		if got.total.OK && got.total.V != int64(got.rows()) {
			return reading{}, errMoved
		}
		if !got.total.OK && got.unmarked && got.rows() > len(got.pages[0]) {
			// Nothing else tells whether rows appeared meanwhile: they do at the beginning.
			again, err := w.page(ctx, r, span, 0)
			if err != nil {
				return reading{}, err
			}
			if !slices.Equal(again.Calls, got.pages[0]) {
				return reading{}, errMoved
			}
		}
		return got, nil
	}
	last := got.pages[most-1]
	return reading{}, &tooManyError{got.rows(), span.To - last[len(last)-1].At + 1, got}
}

// page asks for one page, whose rows are of span.
func (w *watch) page(ctx context.Context, r *callsReader, span model.Span, page int) (gateway.CallsPage, error) {
	p, err := w.target.Gateway.Calls(ctx, gateway.CallsQuery{Scope: r.scope, Span: span, Page: page})
	if err != nil {
		return gateway.CallsPage{}, err
	}
	for i := range p.Calls {
		if at := p.Calls[i].At; !span.Has(at) {
			return gateway.CallsPage{}, &gateway.StatusError{
				Gateway: w.target.Name, Path: "the log", Kind: model.FaultBadAnswer,
				Hint: fmt.Sprintf("a row of %s lies outside the time asked for", time.Unix(at, 0).UTC().Format(time.DateTime)),
			}
		}
	}
	return p, nil
}

// take adds a page, unless it shows that pages do not follow each other: that rows
// appeared before it, so that it brings some once more, or that it is one of the
// pages before, sent twice.
func (g *reading) take(p gateway.CallsPage) bool {
	if g.total.OK && p.Total.OK && g.total != p.Total {
		return false
	}
	if p.Total.OK {
		g.total = p.Total
	}
	// Two equal rows are legal. Two equal pages are not to be believed, not even
	// where the count of their rows fits.
	if len(p.Calls) > 1 && slices.ContainsFunc(g.pages, func(q []model.Call) bool { return slices.Equal(q, p.Calls) }) {
		return false
	}
	if g.seen == nil {
		g.seen = map[model.Call]struct{}{}
	}
	for i := range p.Calls {
		if !marked(&p.Calls[i]) {
			g.unmarked = true
			continue
		}
		if _, again := g.seen[p.Calls[i]]; again {
			return false
		}
	}
	for i := range p.Calls {
		if !p.Last && marked(&p.Calls[i]) {
			g.seen[p.Calls[i]] = struct{}{}
		}
	}
	g.pages = append(g.pages, p.Calls)
	return true
}

// marked reports whether a row has no equal, thanks to its request id. A request
// that failed and was tried again can leave equal rows with one id (new-api).
func marked(c *model.Call) bool { return c.RequestID != "" && c.Kind != model.KindError }

// in is how many rows of span were read.
func (g *reading) in(span model.Span) (n int) {
	for _, p := range g.pages {
		for i := range p {
			if span.Has(p[i].At) {
				n++
			}
		}
	}
	return n
}

func (g *reading) rows() (n int) {
	for _, p := range g.pages {
		n += len(p)
	}
	return n
}

func pagesOf(rows int64, pageSize int) int64 {
	return (rows + int64(pageSize) - 1) / int64(max(1, pageSize))
}
