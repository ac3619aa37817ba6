package model

import "time"

// Past is a payload of SourceDays: what our own history holds of a long window, from
// its beginning up to some minutes ago, every second of which was read. The rows in
// memory tell the rest.
type Past struct {
	Scope Scope
	Span  Span
	// Cells is the usage over all of Span, per user × key × language model.
	Cells []Cell
	// Points is its course, in steps of PastStep counted from Span.From; the last one
	// may be short, and one in which nothing was spent is left out.
	Points []PastPoint
}

// PastPoint is what was spent in one step of a Past.
type PastPoint struct {
	At    int64
	Quota Quota
}

// PastStep is the length of a step of a Past in seconds.
const PastStep = 3600

// pastEnds is how old, in seconds, the end of a Past is at least, so that it is
// written down, and pastEvery is how often it moves on.
const (
	pastEnds  = 300
	pastEvery = 600
	// pastSlack is how far, in seconds, the log may be behind: the window on the screen
	// ends with the log, and may begin in the hour before.
	pastSlack = 120
)

// PastSpan is what a history is to be asked for, at a second of the gateway, to tell
// a long window: from the beginning of the hour in which it begins. It is empty
// where the rows in memory tell enough.
func PastSpan(w Window, now int64, zone *time.Location) Span {
	if w.Counted() {
		return Span{0, -1}
	}
	from := w.SpanAt(now-Lag, zone).From
	if w.Calendar == CalendarNone {
		from -= pastSlack
	}
	day := DayStart(time.Unix(from, 0).In(zone)).Unix()
	end := now - pastEnds
	return Span{from - (from-day)%PastStep, end - end%pastEvery - 1}
}

// remembers reports whether the history and the rows in memory tell all of a window
// that would be span: it may have begun up to an hour earlier.
func (b Book) remembers(span Span) bool {
	p := b.Past.Span
	return p.From > 0 && !p.Empty() && p.From <= span.From && span.From-p.From < 2*PastStep && b.Ledger.Covers(Span{p.To + 1, span.To})
}

// remembered fills the window from the history, and from the rows in memory since.
func (sum *Summary) remembered(s State) {
	b := s.Book()
	p := b.Past
	sum.past, sum.Span.From = true, p.Span.From
	for i := range p.Cells {
		b.ErrorsSeen = b.ErrorsSeen || p.Cells[i].Errors > 0
		b.KeyIDs = b.KeyIDs || p.Cells[i].Key.ID != 0
	}
	all := sum.split(s, b, true)
	sum.Totals = Totals{From: FromCounted, Coverage: 1, CoverageBy: ByTime}
	sum.Totals.fill(all, b.ErrorsSeen)
	sum.ErrorRate = errorRate(all.Calls, sum.Totals.Errors)
	sum.PerMinute = rateOver(all.Quota, sum.Span.Seconds())
	steps := map[int64]Quota{}
	for _, q := range p.Points {
		steps[q.At] += q.Quota
	}
	rest := Span{p.Span.To + 1, sum.Span.To}
	for at := p.Span.From; at <= sum.Span.To; at += PastStep {
		step := Span{at, min(at+PastStep-1, sum.Span.To)}
		quota := steps[at]
		if r := step.Meet(rest); !r.Empty() {
			quota += b.Usage.tally(r, b.Calls).Quota
		}
		sum.Series = append(sum.Series, Point{At: at, Seconds: step.Seconds(), PerMinute: rateOver(quota, step.Seconds())})
	}
}
