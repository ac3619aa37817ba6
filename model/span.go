package model

import "slices"

// Span is a closed range of whole seconds of Unix time on the gateway's own
// clock; both ends are inclusive. A Span with To < From is empty.
type Span struct{ From, To int64 }

// Seconds returns the number of seconds in the span, 0 when it is empty.
func (s Span) Seconds() int64 { return max(0, s.To-s.From+1) }

// Empty reports whether the span holds no second.
func (s Span) Empty() bool { return s.To < s.From }

// Has reports whether the second t lies in the span.
func (s Span) Has(t int64) bool { return s.From <= t && t <= s.To }

// Meet returns the seconds that s and o share.
func (s Span) Meet(o Span) Span { return Span{max(s.From, o.From), min(s.To, o.To)} }

// SpanSet is a set of seconds: spans in rising order that neither overlap nor
// touch. Its methods return new sets and never change the receiver.
type SpanSet []Span

// Add returns the set with the seconds of s in it.
func (set SpanSet) Add(s Span) SpanSet {
	if s.Empty() {
		return set
	}
	out := make(SpanSet, 0, len(set)+1)
	i := 0
	for ; i < len(set) && set[i].To+1 < s.From; i++ {
		out = append(out, set[i])
	}
	for ; i < len(set) && set[i].From <= s.To+1; i++ {
		s = Span{min(s.From, set[i].From), max(s.To, set[i].To)}
	}
	return append(append(out, s), set[i:]...)
}

// Remove returns the set without the seconds of s.
func (set SpanSet) Remove(s Span) SpanSet {
	if s.Empty() {
		return set
	}
	out := make(SpanSet, 0, len(set)+1)
	for _, have := range set {
		if left := (Span{have.From, min(have.To, s.From-1)}); !left.Empty() {
			out = append(out, left)
		}
		if right := (Span{max(have.From, s.To+1), have.To}); !right.Empty() {
			out = append(out, right)
		}
	}
	return out
}

// Within returns the part of the set that lies in s.
func (set SpanSet) Within(s Span) SpanSet {
	var out SpanSet
	for _, have := range set {
		if m := have.Meet(s); !m.Empty() {
			out = append(out, m)
		}
	}
	return out
}

// Gaps returns the seconds of s that are not in the set.
func (set SpanSet) Gaps(s Span) SpanSet {
	var out SpanSet
	from := s.From
	for _, have := range set.Within(s) {
		if gap := (Span{from, have.From - 1}); !gap.Empty() {
			out = append(out, gap)
		}
		from = have.To + 1
	}
	if gap := (Span{from, s.To}); !gap.Empty() {
		out = append(out, gap)
	}
	return out
}

// Minus returns the seconds of set that are not in o.
func (set SpanSet) Minus(o SpanSet) SpanSet {
	out := slices.Clone(set)
	for _, s := range o {
		out = out.Remove(s)
	}
	return out
}

// Covers reports whether every second of s is in the set. An empty span is
// always covered.
func (set SpanSet) Covers(s Span) bool {
	if s.Empty() {
		return true
	}
	for _, have := range set {
		if have.From <= s.From && s.To <= have.To {
			return true
		}
	}
	return false
}

// Seconds returns how many seconds are in the set.
func (set SpanSet) Seconds() int64 {
	var n int64
	for _, s := range set {
		n += s.Seconds()
	}
	return n
}
