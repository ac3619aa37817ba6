package model

import (
	"slices"
	"time"
)

// ChatMark is what tells an answer's row in the gateway's log from others.
type ChatMark struct {
	// RequestID is how the log calls it, "" where the gateway does not say.
	RequestID string
	// Key is the key that asked, as far as it is known.
	Key   KeyRef
	Model string
	// Sent and Ended are by our clock. Open is set where we have not heard the end: a
	// gateway may go on reading then, and write the row when the model is done.
	Sent, Ended time.Time
	Open        bool
	Usage       Opt[ChatUsage]
}

const (
	// rowLate is how long after the end of an answer its row may come, in seconds, and
	// rowOpen after an end that only we know of.
	rowLate = 15
	rowOpen = 90
	// OpenFor is how long after that, in seconds, a row can still come: one-api and
	// one-hub go on reading a model that has fallen silent. It is known by its request
	// id, or where there is none by when its call began.
	OpenFor = 900
	// beganNear is how far the beginning of a call, as its row tells it in whole
	// seconds, may be from when it was sent. Of two answers that were sent beganApart
	// and more from each other, a row is of the one that it is beganNearer to: its
	// second and the skew are half a second wrong at most.
	beganNear   = 3 * time.Second
	beganApart  = 2 * time.Second
	beganNearer = time.Second
)

// Rows is where in the gateway's log the row can be: rows are written when a call
// ends, on the gateway's clock, which tells whole seconds, and some a few seconds
// late. skew is the gateway's clock minus ours.
func (m ChatMark) Rows(skew time.Duration) Span {
	late := int64(rowLate)
	if m.Open {
		late = rowOpen
	}
	return Span{m.Sent.Add(skew).Unix() - 2, m.Ended.Add(skew).Unix() + late}
}

// late is where a row can be that comes when the model is done, long after us.
func (m ChatMark) late(skew time.Duration) Span {
	span := m.Rows(skew)
	if m.Open {
		span.To += OpenFor - rowOpen
	}
	return span
}

// began reports whether a call began when the answer was asked for, known where its
// row tells how long it took.
func (m ChatMark) began(c *Call, skew time.Duration) (began, known bool) {
	if !c.Took.OK {
		return false, false
	}
	return m.off(c, skew) <= beganNear, true
}

// off is how far from when the answer was asked for a call began, of which the row
// names the second of its end.
func (m ChatMark) off(c *Call, skew time.Duration) time.Duration {
	return time.Unix(c.At, 5e8).Add(-c.Took.V).Sub(m.Sent.Add(skew)).Abs()
}

// nearerTo reports whether a row is rather the other answer's.
func (m ChatMark) nearerTo(other ChatMark, c *Call, skew time.Duration) bool {
	return c.Took.OK && m.Sent.Sub(other.Sent).Abs() >= beganApart && other.off(c, skew)+beganNearer <= m.off(c, skew)
}

// inTime reports whether the row of the answer can be at c's second. Of an answer whose
// end we did not see it may be minutes later, if the call began at the right time.
func (m ChatMark) inTime(c *Call, skew time.Duration) bool {
	if began, known := m.began(c, skew); m.Open && known {
		return began && m.late(skew).Has(c.At)
	}
	return m.Rows(skew).Has(c.At)
}

// Fits reports whether c is the row of the answer: for sure by its request id, which
// the row of a failure has as well, or maybe, where one of them has no id, by key,
// model and tokens as far as these are known.
func (m ChatMark) Fits(c *Call) (sure, maybe bool) {
	switch {
	case c.Kind != KindConsume && c.Kind != KindError:
		return false, false
	case m.RequestID != "" && c.RequestID != "":
		return c.RequestID == m.RequestID, false
	case c.Kind == KindError:
		return false, false
	case m.Key.ID != 0 && c.KeyID != 0:
		if m.Key.ID != c.KeyID {
			return false, false
		}
	case m.Key.Name != "" && c.Key != m.Key.Name:
		return false, false
	}
	return false, c.Model == m.Model && (!m.Usage.OK || c.Completion == m.Usage.V.Completion && c.Prompt == m.Usage.V.Prompt)
}

// RowFinder finds the rows of answers and gives no row to two of them. The zero
// RowFinder is ready.
type RowFinder struct {
	taken map[answerRow]int // rows that have an answer, equal ones counted
}

// answerRow is what a row is recognised by when it is read again.
type answerRow struct {
	at                 int64
	request, model     string
	key                KeyRef
	prompt, completion int64
	quota              Quota
}

func answerRowOf(c *Call) answerRow {
	return answerRow{c.At, c.RequestID, c.Model, KeyRef{c.KeyID, c.Key}, c.Prompt, c.Completion, c.Quota}
}

// Find returns the row of each answer, nil where there is none yet or it is not sure.
// rows are those of the log about their time; whole reports whether the log was read
// for all of a span, so that no other row can come. Of answers that cannot be told
// apart each gets a row when there is one for all of them and all cost the same: then
// it does not matter which is whose.
func (f *RowFinder) Find(marks []ChatMark, rows []*Call, skew time.Duration, whole func(Span) bool) []*Call {
	left := f.without(rows)
	found := make([]*Call, len(marks))
	for i, m := range marks {
		for _, c := range left {
			if sure, _ := m.Fits(c); sure {
				found[i] = c
			}
		}
	}
	// A row that has just the tokens of an answer is not also held for one of which
	// none are known.
	for _, known := range []bool{true, false} {
		maybe := make([][]*Call, len(marks))
		for i, m := range marks {
			for _, c := range left {
				if _, fits := m.Fits(c); fits && m.Usage.OK == known && found[i] == nil && m.inTime(c, skew) && !slices.Contains(found, c) {
					maybe[i] = append(maybe[i], c)
				}
			}
		}
		giveOut(marks, maybe, found, skew, whole)
	}
	for _, c := range found {
		if c != nil {
			if f.taken == nil {
				f.taken = map[answerRow]int{}
			}
			f.taken[answerRowOf(c)]++
		}
	}
	return found
}

// giveOut gives the answers rows of those that may be theirs.
func giveOut(marks []ChatMark, maybe [][]*Call, found []*Call, skew time.Duration, whole func(Span) bool) {
	fits := make([][]*Call, len(marks))
	for i, m := range marks {
		fits[i] = m.likely(slices.DeleteFunc(slices.Clone(maybe[i]), func(c *Call) bool {
			for j, other := range marks {
				if slices.Contains(maybe[j], c) && m.nearerTo(other, c, skew) {
					return true
				}
			}
			return false
		}), skew)
	}
	given := map[*Call]bool{}
	for i, m := range marks {
		fit, rivals := fits[i], 0
		for j := range marks {
			if slices.ContainsFunc(fits[j], func(c *Call) bool { return slices.Contains(fit, c) }) {
				rivals++
			}
		}
		if len(fit) == 0 || len(fit) < rivals {
			continue
		}
		same := !slices.ContainsFunc(fit, func(c *Call) bool { return c.Quota != fit[0].Quota })
		if !m.Usage.OK {
			// Any call of that model would fit: it must be the only one, of a key that
			// is known, and none may follow.
			all := m.Rows(skew)
			if fit[0].At > all.To {
				all = m.late(skew)
			}
			same = len(fit) == 1 && m.Key != KeyRef{} && whole(all)
		}
		if !same {
			continue
		}
		for _, c := range fit {
			if !given[c] {
				found[i], given[c] = c, true
				break
			}
		}
	}
}

// without are the rows that have no answer yet.
func (f *RowFinder) without(rows []*Call) []*Call {
	seen := map[answerRow]int{}
	var left []*Call
	for _, c := range rows {
		id := answerRowOf(c)
		if seen[id]++; seen[id] > f.taken[id] {
			left = append(left, c)
		}
	}
	return left
}

// likely are the rows that began with the answer and whose cached tokens are its own,
// where that tells them apart.
func (m ChatMark) likely(rows []*Call, skew time.Duration) []*Call {
	for _, is := range []func(c *Call) bool{
		func(c *Call) bool { began, _ := m.began(c, skew); return began },
		func(c *Call) bool { return m.Usage.V.Cached.OK && c.Cached == m.Usage.V.Cached },
	} {
		var fit []*Call
		for _, c := range rows {
			if is(c) {
				fit = append(fit, c)
			}
		}
		if len(fit) > 0 {
			rows = fit
		}
	}
	return rows
}

// RowsFor are the rows of the log in which those of answers can be. Of the whole
// site's log they are the account's own.
func (s State) RowsFor(marks []ChatMark) (rows []*Call) {
	span := Span{0, -1}
	for i, m := range marks {
		one := m.late(s.Skew.V)
		if i == 0 {
			span = one
		}
		span = Span{min(span.From, one.From), max(span.To, one.To)}
	}
	for c := range s.Book().Calls.In(span) {
		if s.Scope == ScopeSelf || c.User == s.Account.V.Username {
			rows = append(rows, c)
		}
	}
	return rows
}
