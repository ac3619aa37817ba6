package history

import (
	"cmp"
	"slices"

	"gatewatch/model"
)

const (
	// outOfOrder is how long, in nanoseconds, after an answer an older one may still
	// be written, by another process with a slower beat: the newer one stands. What
	// seems to be newer by more was written under a clock that has been set back.
	outOfOrder = 120e9
	// settleAfter is model.Ledger's: a second that was read at that age, in seconds,
	// is final.
	settleAfter = 60
)

// piece is a run of seconds of a log, and how they were last read.
type piece struct {
	span model.Span
	at   int64 // when the answer came, nanoseconds of our clock
	// readAt is the second of the reading on the gateway's clock.
	readAt int64
	told   bool
	gone   bool // what was read holds no longer
}

// final reports whether all of the piece was read when it was old enough.
func (p piece) final() bool { return !p.gone && p.readAt-settleAfter >= p.span.To }

// pieces lie in rising order and do not overlap.
type pieces []piece

// put records p, and returns the seconds that it decides: all but those with
// newer knowledge. The outcome does not depend on the order in which pieces are
// put.
func (ps pieces) put(p piece) (pieces, model.SpanSet) {
	take := model.SpanSet{}.Add(p.span)
	fresh := take
	var out pieces
	for _, o := range ps {
		m := o.span.Meet(p.span)
		if m.Empty() {
			out = append(out, o)
			continue
		}
		fresh = fresh.Remove(m)
		if o.at > p.at && o.at-p.at < outOfOrder {
			take = take.Remove(m)
			out = append(out, o)
			continue
		}
		for _, rest := range (model.SpanSet{o.span}).Remove(m) {
			left := o
			left.span = rest
			out = append(out, left)
		}
		q := p
		q.span = m
		if !o.gone && !p.gone { // a second that was final stays so
			q.readAt = max(o.readAt, p.readAt)
			q.told = o.told || p.told
		}
		out = append(out, q)
	}
	for _, f := range fresh {
		q := p
		q.span = f
		out = append(out, q)
	}
	slices.SortFunc(out, func(a, b piece) int { return cmp.Compare(a.span.From, b.span.From) })
	return out, take
}

// compact joins neighbours that say the same; what was read for the last time
// before a moment does so whenever it was. Tombstones older than that go.
func (ps pieces) compact(before int64) pieces {
	var out pieces
	for _, p := range ps {
		if p.gone && p.at < before {
			continue
		}
		if len(out) > 0 {
			last := &out[len(out)-1]
			same := last.at == p.at && last.readAt == p.readAt && last.told == p.told && last.gone == p.gone
			old := last.final() && p.final() && last.at < before && p.at < before
			if last.span.To+1 == p.span.From && (same || old) {
				last.span.To = p.span.To
				last.at, last.readAt = max(last.at, p.at), max(last.readAt, p.readAt)
				last.told = last.told || p.told
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

// settled are the seconds that were read.
func (ps pieces) settled() model.SpanSet { return ps.which(false) }

// gone are the seconds that are to be read again.
func (ps pieces) gone() model.SpanSet { return ps.which(true) }

func (ps pieces) which(gone bool) model.SpanSet {
	var set model.SpanSet
	for _, p := range ps {
		if p.gone == gone {
			set = set.Add(p.span)
		}
	}
	return set
}
