package model

import (
	"cmp"
	"slices"
	"time"
)

// Kind says what a log row records. The gateways number their rows differently
// (type 5 is a channel test on one-api, an error on new-api, a check-in on
// Veloera), so a dialect translates the number and nobody else sees it.
type Kind uint8

// The kinds of log rows. Only KindConsume rows are calls that were paid for.
const (
	KindOther Kind = iota
	KindConsume
	KindError
	KindRefund
	KindTopUp
	KindManage
	KindSystem
	KindLogin
	KindTest
	KindCheckIn
)

// String returns the kind in the words of an export.
func (k Kind) String() string {
	return [...]string{"other", "call", "error", "refund", "topup", "manage", "system", "login", "test", "checkin"}[k]
}

// Call is one row of a gateway's log, normalised. A row is written when its
// request ends.
type Call struct {
	// At is the second the row was written, Unix time on the gateway's clock.
	At   int64
	Kind Kind
	// Model is the language model's name; Key the API key's name; KeyID its id,
	// 0 where rows carry none; User the account's name.
	Model string
	Key   string
	KeyID int64
	User  string
	Group string
	// Channel is the upstream channel's id as text, "" when not shown.
	Channel string
	// Quota is what the call cost; on a refund row, what was given back.
	Quota Quota
	// Prompt and Completion are tokens; Cached is the part of Prompt that was
	// read from the provider's cache.
	Prompt, Completion int64
	Cached             Opt[int64]
	// Took is the whole duration and FirstToken the time to the first token.
	// Coarse marks a duration in whole seconds (new-api, Veloera).
	Took       Opt[time.Duration]
	FirstToken Opt[time.Duration]
	Coarse     bool
	Stream     bool
	// Billing is what the row tells of its price, nil where it tells nothing. Rows
	// of one price share it.
	Billing *Billing
	// BySubscription marks a call that a plan paid for and not the balance.
	BySubscription bool
	// RequestID is the gateway's id of the request, "" where rows carry none.
	RequestID string
	// Detail is the row's own text: an error message or a price note. It is
	// foreign text and has not been sanitised.
	Detail string
}

// promptWithCache is the prompt tokens with those that came from the cache,
// which some rows count beside the others.
func (c *Call) promptWithCache() int64 {
	if c.Billing != nil && c.Billing.CacheApart {
		return c.Prompt + c.Cached.V
	}
	return max(c.Prompt, c.Cached.V)
}

// chunkCap bounds the calls in one chunk, so that adding a page copies at most
// one chunk and the list of chunks.
const chunkCap = 512

// CallLog holds calls in the order of their time, oldest first, in immutable
// chunks. It is a value; its methods return a new log that shares the chunks
// that did not change.
type CallLog struct {
	chunks [][]Call
	n      int
}

// Len returns the number of rows of every kind.
func (l CallLog) Len() int { return l.n }

// chunkSpan returns the indices [lo,hi) of the chunks that may hold rows of s.
func (l CallLog) chunkSpan(s Span) (lo, hi int) {
	lo, _ = slices.BinarySearchFunc(l.chunks, s.From, func(c []Call, t int64) int {
		return cmp.Compare(c[len(c)-1].At, t)
	})
	hi = lo
	for hi < len(l.chunks) && l.chunks[hi][0].At <= s.To {
		hi++
	}
	return lo, hi
}

// Replace returns the log with everything known of span replaced by rows, which
// must lie in span and may be in any order. Rows of one second keep the order
// they are given in.
func (l CallLog) Replace(span Span, rows []Call) CallLog {
	lo, hi := l.chunkSpan(span)
	var before, after []Call
	for _, c := range l.chunks[lo:hi] {
		for i := range c {
			switch {
			case c[i].At < span.From:
				before = append(before, c[i])
			case c[i].At > span.To:
				after = append(after, c[i])
			}
		}
	}
	// A short chunk in front is refilled, so that a log fed a few rows at a time
	// does not become a list of tiny chunks.
	if lo > 0 && len(l.chunks[lo-1]) < chunkCap {
		lo--
		before = append(slices.Clone(l.chunks[lo]), before...)
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Call) int { return cmp.Compare(a.At, b.At) })
	merged := slices.Concat(before, rows, after)

	out := make([][]Call, 0, len(l.chunks)+len(merged)/chunkCap+1)
	out = append(out, l.chunks[:lo]...)
	for c := range slices.Chunk(merged, chunkCap) {
		out = append(out, slices.Clip(c))
	}
	out = append(out, l.chunks[hi:]...)
	n := 0
	for _, c := range out {
		n += len(c)
	}
	return CallLog{chunks: out, n: n}
}

// DropBefore returns the log without the rows older than from.
func (l CallLog) DropBefore(from int64) CallLog {
	if len(l.chunks) == 0 || l.chunks[0][0].At >= from {
		return l
	}
	i := 0
	for i < len(l.chunks) && l.chunks[i][len(l.chunks[i])-1].At < from {
		l.n -= len(l.chunks[i])
		i++
	}
	l.chunks = l.chunks[i:]
	if len(l.chunks) == 0 {
		return CallLog{}
	}
	first := l.chunks[0]
	cut, _ := slices.BinarySearchFunc(first, from, func(c Call, t int64) int { return cmp.Compare(c.At, t) })
	if cut > 0 {
		l.chunks = slices.Clone(l.chunks)
		// Cloned, so that the dropped rows can be collected.
		l.chunks[0] = slices.Clone(first[cut:])
		l.n -= cut
	}
	return l
}

// In yields the rows of span, oldest first.
func (l CallLog) In(span Span) func(yield func(*Call) bool) {
	return func(yield func(*Call) bool) {
		if span.Empty() {
			return
		}
		lo, hi := l.chunkSpan(span)
		for _, c := range l.chunks[lo:hi] {
			for i := range c {
				if span.Has(c[i].At) && !yield(&c[i]) {
					return
				}
			}
		}
	}
}

// Newest yields the rows, newest first.
func (l CallLog) Newest() func(yield func(*Call) bool) {
	return func(yield func(*Call) bool) {
		for i := len(l.chunks) - 1; i >= 0; i-- {
			c := l.chunks[i]
			for j := len(c) - 1; j >= 0; j-- {
				if !yield(&c[j]) {
					return
				}
			}
		}
	}
}

// First returns the second of the oldest row, unknown when the log is empty.
func (l CallLog) First() Opt[int64] {
	if l.n == 0 {
		return Opt[int64]{}
	}
	return Some(l.chunks[0][0].At)
}
