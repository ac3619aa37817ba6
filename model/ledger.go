package model

// Lag is how far behind the gateway's own clock a window of calls ends, in
// seconds: rows of a closed window can no longer appear in the ordinary way, so
// the set cannot grow while its pages are read.
const Lag = 5

// settleAfter is the age, in seconds, from which a second that was read is
// final. One-hub writes its log in batches and any gateway may commit a row
// late, so every second is read when it closes and once more a minute later.
const settleAfter = 60

// Ledger says which seconds of a gateway's log were read whole. It is a value:
// its methods return a new Ledger. The poller keeps one to decide what to read
// next and State keeps another, folded from the same updates.
type Ledger struct {
	settled SpanSet // read whole at least once
	final   SpanSet // read whole when at least settleAfter old
}

// Settle records that span was read whole at readAt, a second on the gateway's
// clock.
func (l Ledger) Settle(span Span, readAt int64) Ledger {
	l.settled = l.settled.Add(span)
	l.final = l.final.Add(span.Meet(Span{span.From, readAt - settleAfter}))
	return l
}

// Unsettle forgets that span was ever read: its rows are to be read again.
func (l Ledger) Unsettle(span Span) Ledger {
	l.settled = l.settled.Remove(span)
	l.final = l.final.Remove(span)
	return l
}

// Forget drops every second before from, to keep the ledger small.
func (l Ledger) Forget(from int64) Ledger {
	return l.Unsettle(Span{-1 << 62, from - 1})
}

// Covers reports whether all of span was read.
func (l Ledger) Covers(span Span) bool { return l.settled.Covers(span) }

// Settled returns the part of span that was read.
func (l Ledger) Settled(span Span) SpanSet { return l.settled.Within(span) }

// Gaps returns the seconds of span that were never read.
func (l Ledger) Gaps(span Span) SpanSet { return l.settled.Gaps(span) }

// Due returns the seconds up to now that were read only while they were young
// and are old enough to be read for the second and last time.
func (l Ledger) Due(now int64) SpanSet {
	old := Span{-1 << 62, now - settleAfter}
	return l.settled.Within(old).Minus(l.final)
}

// Share returns the part of span that was read, between 0 and 1. An empty span
// is covered.
func (l Ledger) Share(span Span) float64 {
	if span.Empty() {
		return 1
	}
	return float64(l.settled.Within(span).Seconds()) / float64(span.Seconds())
}

// End returns the last second that was read, unknown when none was.
func (l Ledger) End() Opt[int64] {
	if len(l.settled) == 0 {
		return Opt[int64]{}
	}
	return Some(l.settled[len(l.settled)-1].To)
}
