package model

import (
	"encoding/binary"
	"errors"
	"iter"
	"time"
)

// HistoryBy says what tells the rows of a history query apart.
type HistoryBy uint8

// What rows can be told apart by. PerCell is user × key × language model.
const (
	PerModel HistoryBy = iota
	PerKey
	PerUser
	PerCell
)

// HistoryQuery asks what was used over a span. The roll-ups behind it are per
// minute and, for ever, per hour: what a row's edge cuts from them is left out of
// the sums and of what is covered.
type HistoryQuery struct {
	Gateway string
	Scope   Scope
	Span    Span
	// Step is the length of a row in seconds, counted from Span.From; 0 is one row
	// over all of Span.
	Step int64
	// Spans, where given, are the rows instead: in rising order, without overlap.
	// Days of a zone are asked for in this way.
	Spans []Span
	By    HistoryBy
}

// HistoryRow is the usage of one user, key or model over one span. What its
// query does not tell apart is empty in the Cell.
type HistoryRow struct {
	Span Span
	Cell
}

// History is the answer to a HistoryQuery: rows in the order of their spans, none
// where nothing was used, and the seconds that they are complete for.
type History struct {
	Rows    []HistoryRow
	Covered SpanSet
}

// AlertEntry is one line of the journal of alerts.
type AlertEntry struct {
	At                           time.Time
	Gateway, Kind, Subject, Says string
	// Key is the id of the key that it is about, 0 where that is none or not known:
	// several keys may have one name.
	Key int64
	// Cleared is when what it tells was over, unknown while it lasts.
	Cleared Opt[time.Time]
}

// RollUp folds calls into the usage per user × key × language model, in the
// order of first appearance.
func RollUp(calls iter.Seq[*Call]) []Cell { return rollUp(calls) }

// Add counts what o counted.
func (t *Tally) Add(o *Tally) { t.add(o) }

// errDist says that bytes do not encode a distribution.
var errDist = errors.New("not a distribution")

// AppendTo appends the distribution in its stored form: the number of buckets,
// then of each the distance to the code before and the count, as varints.
func (d Dist) AppendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(d.buckets)))
	last := uint16(0)
	for _, k := range d.buckets {
		b = binary.AppendUvarint(b, uint64(k.code-last))
		b = binary.AppendUvarint(b, uint64(k.n))
		last = k.code
	}
	return b
}

// DistMerger adds distributions up in their stored form. The zero value is
// ready, and empty again after Dist.
type DistMerger struct {
	sum distSum
	// Codes in [lo,hi) may have been counted.
	lo, hi, used int
}

// Add counts a distribution that AppendTo stored. After an error the merger is
// of no use.
func (m *DistMerger) Add(b []byte) error {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > distCodes {
		return errDist
	}
	b = b[size:]
	code := 0
	for i := range n {
		var step, count uint64
		if len(b) >= 2 && b[0]|b[1] < 0x80 { // most of them
			step, count = uint64(b[0]), uint64(b[1])
			b = b[2:]
		} else {
			var s1, s2 int
			step, s1 = binary.Uvarint(b)
			count, s2 = binary.Uvarint(b[max(0, s1):])
			if s1 <= 0 || s2 <= 0 || step >= distCodes || count > 1<<32-1 {
				return errDist
			}
			b = b[s1+s2:]
		}
		if code += int(step); code >= distCodes || i > 0 && step == 0 {
			return errDist
		}
		if i == 0 && (m.used == 0 || code < m.lo) {
			m.lo = code
		}
		m.sum.counts[code] += uint32(count)
		m.sum.n += int64(count)
	}
	if n > 0 {
		m.hi = max(m.hi, code+1)
		m.used++
	}
	if len(b) != 0 {
		return errDist
	}
	return nil
}

// Dist returns the sum and begins anew.
func (m *DistMerger) Dist() Dist {
	d := Dist{n: m.sum.n}
	counts := m.sum.counts[m.lo:m.hi]
	n := 0
	for _, c := range counts {
		if c > 0 {
			n++
		}
	}
	if n > 0 {
		d.buckets = make([]bucket, 0, n)
	}
	for i, c := range counts {
		if c > 0 {
			d.buckets = append(d.buckets, bucket{uint16(m.lo + i), c})
		}
	}
	clear(counts)
	m.sum.n, m.lo, m.hi, m.used = 0, 0, 0, 0
	return d
}
