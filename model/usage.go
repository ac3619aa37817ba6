package model

import (
	"cmp"
	"slices"
	"time"
)

// KeyRef names the key of a call: by id where rows carry one (new-api, Veloera),
// else by name alone. Names are not unique and can change.
type KeyRef struct {
	ID   int64
	Name string
}

// Tally is what a set of calls adds up to. Calls, tokens and Quota count
// consume rows alone, as the gateways' own sums do.
type Tally struct {
	Calls  int64
	Errors int64
	Quota  Quota
	// Refunded is the sum of refund rows (new-api type 6).
	Refunded Quota
	// ByPlan is the part of Quota that a plan paid and not the balance.
	ByPlan             Quota
	Prompt, Completion int64
	// Cached is the prompt tokens read from cache, over the CachedOf calls whose
	// rows tell.
	Cached   int64
	CachedOf int64
	// CachedPrompt is all prompt tokens of those calls.
	CachedPrompt int64
	// Timed is the sum of the durations that rows tell, TimedTokens the completion
	// tokens of their calls.
	Timed       time.Duration
	TimedTokens int64
}

func (t *Tally) add(o *Tally) {
	t.Calls += o.Calls
	t.Errors += o.Errors
	t.Quota += o.Quota
	t.Refunded += o.Refunded
	t.ByPlan += o.ByPlan
	t.Prompt += o.Prompt
	t.Completion += o.Completion
	t.Cached += o.Cached
	t.CachedOf += o.CachedOf
	t.CachedPrompt += o.CachedPrompt
	t.Timed += o.Timed
	t.TimedTokens += o.TimedTokens
}

func (t *Tally) count(c *Call) {
	switch c.Kind {
	case KindConsume:
		t.Calls++
		t.Quota += c.Quota
		t.Prompt += c.Prompt
		t.Completion += c.Completion
		if c.BySubscription {
			t.ByPlan += c.Quota
		}
		if c.Cached.OK {
			t.Cached += c.Cached.V
			t.CachedOf++
			t.CachedPrompt += c.promptWithCache()
		}
		if c.Took.OK {
			t.Timed += c.Took.V
			t.TimedTokens += c.Completion
		}
	case KindError:
		t.Errors++
	case KindRefund:
		t.Refunded += c.Quota
	}
}

// Cell is the usage of one user × key × model over some time.
type Cell struct {
	User  string
	Key   KeyRef
	Model string
	Tally
	// Took and FirstToken are distributions over the consume rows that tell.
	Took, FirstToken Dist
	// Coarse is set when some duration was in whole seconds.
	Coarse bool
}

// rollUp folds calls into cells, in the order of first appearance.
func rollUp(calls func(yield func(*Call) bool)) []Cell {
	type id struct {
		user, key, model string
		keyID            int64
	}
	// Sorting the durations of a cell once is quicker than keeping them in order.
	type codes struct{ took, first []uint16 }
	at := map[id]int{}
	var cells []Cell
	var durations []codes
	for c := range calls {
		if c.Kind != KindConsume && c.Kind != KindError && c.Kind != KindRefund {
			continue
		}
		k := id{c.User, c.Key, c.Model, c.KeyID}
		i, ok := at[k]
		if !ok {
			i = len(cells)
			at[k] = i
			cells = append(cells, Cell{User: c.User, Key: KeyRef{c.KeyID, c.Key}, Model: c.Model})
			durations = append(durations, codes{})
		}
		cell := &cells[i]
		cell.count(c)
		if c.Kind != KindConsume {
			continue
		}
		if c.Took.OK {
			durations[i].took = append(durations[i].took, distCode(c.Took.V.Milliseconds()))
			cell.Coarse = cell.Coarse || c.Coarse
		}
		if c.FirstToken.OK {
			durations[i].first = append(durations[i].first, distCode(c.FirstToken.V.Milliseconds()))
		}
	}
	for i := range cells {
		cells[i].Took, cells[i].FirstToken = distOf(durations[i].took), distOf(durations[i].first)
	}
	return cells
}

// minute is the immutable roll-up of one minute of the log.
type minute struct {
	at    int64 // its first second
	cells []Cell
	total Tally
	// briefs are the cells in short, in the order of their ids.
	briefs []brief
}

// Rollup holds the usage of each minute of a log, oldest first. It is a value.
type Rollup struct{ minutes []*minute }

func minuteOf(t int64) int64 {
	m := t - t%60
	if t < m {
		m -= 60
	}
	return m
}

// refresh rolls the minutes of span up anew from log.
func (r Rollup) refresh(span Span, log CallLog) Rollup {
	first, last := minuteOf(span.From), minuteOf(span.To)
	lo := r.index(first)
	hi := lo
	for hi < len(r.minutes) && r.minutes[hi].at <= last {
		hi++
	}
	out := make([]*minute, 0, len(r.minutes)+int((last-first)/60)+1)
	out = append(out, r.minutes[:lo]...)
	for m := first; m <= last; m += 60 {
		cells := rollUp(log.In(Span{m, m + 59}))
		if len(cells) == 0 {
			continue
		}
		one := &minute{at: m, cells: cells, briefs: briefs(cells)}
		for i := range cells {
			one.total.add(&cells[i].Tally)
		}
		out = append(out, one)
	}
	return Rollup{append(out, r.minutes[hi:]...)}
}

// without rolls up anew after the rows of span were dropped from log.
func (r Rollup) without(span Span, log CallLog) Rollup {
	if span.Empty() {
		return r
	}
	lo := r.index(minuteOf(span.From))
	hi := lo
	for hi < len(r.minutes) && r.minutes[hi].at <= span.To {
		hi++
	}
	r.minutes = slices.Concat(r.minutes[:lo], r.minutes[hi:])
	// The minutes at both ends may keep rows outside the span.
	return r.refresh(Span{span.From, span.From}, log).refresh(Span{span.To, span.To}, log)
}

// index is the position of the first minute that starts at or after at.
func (r Rollup) index(at int64) int {
	i, _ := slices.BinarySearchFunc(r.minutes, at, func(m *minute, at int64) int { return cmp.Compare(m.at, at) })
	return i
}

// dropBefore returns the roll-up without the minutes that end before from.
func (r Rollup) dropBefore(from int64) Rollup {
	i := r.index(minuteOf(from))
	if i == 0 {
		return r
	}
	return Rollup{slices.Clone(r.minutes[i:])}
}

// eachCell calls f for the cells of exactly the seconds of span: whole minutes
// from the roll-up, the ends from the rows themselves.
func (r Rollup) eachCell(span Span, log CallLog, f func(*Cell)) {
	edge := func(s Span) {
		if s.Empty() {
			return
		}
		cells := rollUp(log.In(s))
		for i := range cells {
			f(&cells[i])
		}
	}
	minutes, before, after := wholeMinutes(span)
	edge(before)
	for _, m := range r.minutes[r.index(minutes.From):] {
		if m.at > minutes.To {
			break
		}
		for i := range m.cells {
			f(&m.cells[i])
		}
	}
	edge(after)
}

// wholeMinutes cuts span into the clock minutes wholly inside it and the seconds
// before and after them, each of which may be empty.
func wholeMinutes(span Span) (minutes, before, after Span) {
	none := Span{0, -1}
	first := minuteOf(span.From + 59)
	next := minuteOf(span.To + 1)
	if span.Empty() || first >= next {
		return none, span, none
	}
	return Span{first, next - 1}, Span{span.From, first - 1}, Span{next, span.To}
}

// tally adds up the calls of exactly the seconds of span.
func (r Rollup) tally(span Span, log CallLog) Tally {
	var t Tally
	edge := func(s Span) {
		for c := range log.In(s) {
			t.count(c)
		}
	}
	minutes, before, after := wholeMinutes(span)
	edge(before)
	for _, m := range r.minutes[r.index(minutes.From):] {
		if m.at > minutes.To {
			break
		}
		t.add(&m.total)
	}
	edge(after)
	return t
}
