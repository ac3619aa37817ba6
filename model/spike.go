package model

import (
	"cmp"
	"math"
	"slices"
)

// SpikeKind says what rose.
type SpikeKind string

// What can rise.
const (
	SpikeSpend  SpikeKind = "spend"
	SpikeErrors SpikeKind = "errors"
)

// Spike is a key × model that spends, or fails, far more than it uses to.
type Spike struct {
	Kind  SpikeKind
	Key   KeyRef
	User  string
	Model string
	// Since is the second of Unix time, on the gateway's clock, at which it began.
	Since int64
	// Times is how many times its usual it is; PerHour what it spends now, in quota
	// per hour.
	Times   float64
	PerHour float64
	// Errors is the share of attempts that fail, where that is what rose.
	Errors Opt[float64]
}

const (
	// spikeSeconds is the shortest time that is compared, two polls of 5 s, and
	// spikeLonger the next: for what calls too rarely to tell in so few seconds.
	spikeSeconds, spikeLonger = 10, 20
	// spikeCalls is how many calls, and spikeErrors how many failures, a rise must
	// at least consist of: one dear call is none.
	spikeCalls, spikeErrors = 6, 6
	// spikeTimes is the least rise that counts, spikeScore its least robust
	// z-score.
	spikeTimes, spikeScore = 4.0, 8.0
	// spikeHistory is how many minutes of history there must be, of which
	// spikeActive with calls.
	spikeHistory, spikeActive = 15, 4
	// spikeRun is after how many minutes a rise is the new normal.
	spikeRun = 30
	// spikeShare is the least share of attempts that fail in a spike of errors.
	spikeShare = 0.2
)

// suspect is a key × model with enough calls of late to be looked at.
type suspect struct {
	id uint64
	// first, now, last and five are the newest spikeSeconds, spikeLonger, whole minute
	// and five whole minutes.
	first, now, last, five brief
	two                    brief // the last two whole minutes
	call                   *Call // one of its calls
	// sum and minutes are those before the five.
	sum     Quota
	minutes int32
	errors  int32
	calls   int32
}

// Spikes returns what spends or fails far more than usual at the end of the log,
// dearest first; errors last. It compares each key × model with its own history
// in memory, and says nothing while that is short.
func Spikes(s State) []Spike {
	named, _ := spikes(s)
	return named
}

// spikes returns the spikes, and what spends more than it uses to and is none, which is
// no end of one: of few calls not every minute tells.
func spikes(s State) (named, more []Spike) {
	b := s.Book()
	end := b.Ledger.End()
	if !end.OK || !b.Ledger.Covers(Span{end.V - spikeLonger + 1, end.V}) {
		return nil, nil
	}
	h := spikeBook{b: b, end: end.V, next: minuteOf(end.V + 1)}
	history := Span{h.next - int64(Keep.Seconds()), h.next - 5*60 - 1}
	h.known = int(b.Ledger.Settled(history).Seconds() / 60)
	suspects := h.suspects()
	if len(suspects) == 0 {
		return nil, nil
	}
	h.weigh(suspects)
	for i := range suspects {
		o := &suspects[i]
		if sp, ok := h.spend(o); ok {
			named = append(named, sp)
		} else if float64(o.two.quota)/2 >= float64(o.sum)/float64(max(1, h.known))*spikeTimes/2 {
			more = append(more, Spike{Kind: SpikeSpend, Key: o.key(), User: o.call.User, Model: o.call.Model})
		}
		if sp, ok := h.failures(o); ok && b.ErrorsSeen {
			named = append(named, sp)
		}
	}
	slices.SortFunc(named, func(a, b Spike) int {
		return cmp.Or(-cmp.Compare(a.Kind, b.Kind), cmp.Compare(b.PerHour, a.PerHour), cmp.Compare(a.Key.Name, b.Key.Name), cmp.Compare(a.Model, b.Model))
	})
	return named, more
}

// spikeBook is a book as Spikes reads it.
type spikeBook struct {
	b Book
	// end is the last second that was read, next the first of the minute that is
	// not over by then.
	end, next int64
	// known is how many minutes before the newest five were read.
	known int
}

// suspects gathers what has called in the last two minutes, and had calls enough in any
// of the times that are compared.
func (h *spikeBook) suspects() []suspect {
	at := map[uint64]int{}
	var out []suspect
	for c := range h.b.Calls.In(Span{h.next - 120, h.end}) {
		if c.Kind != KindConsume && c.Kind != KindError {
			continue
		}
		id := idOf(c.User, KeyRef{c.KeyID, c.Key}, c.Model)
		i, known := at[id]
		if !known {
			i = len(out)
			at[id] = i
			out = append(out, suspect{id: id, call: c})
		}
		one := brief{quota: c.Quota, calls: 1}
		if c.Kind == KindError {
			one = brief{errors: 1}
		}
		if c.At > h.end-spikeLonger {
			out[i].now.add(&one)
		}
		if c.At > h.end-spikeSeconds {
			out[i].first.add(&one)
		}
	}
	slices.SortFunc(out, func(a, b suspect) int { return cmp.Compare(a.id, b.id) })
	first := h.b.Usage.index(h.next - 5*60)
	for _, m := range h.b.Usage.minutes[first:] {
		if m.at >= h.next {
			break
		}
		join(out, m.briefs, func(o *suspect, one *brief) {
			o.five.add(one)
			if m.at >= h.next-120 {
				o.two.add(one)
			}
			if m.at == h.next-60 {
				o.last = *one
			}
		})
	}
	return slices.DeleteFunc(out, func(o suspect) bool {
		return o.now.calls < steepCalls && o.last.calls < steepCalls && o.five.calls < steepCalls && o.five.errors+o.now.errors < spikeErrors
	})
}

// join calls f for what both lists have; what only the new one has is of no
// interest: it has stopped.
func join(have []suspect, more []brief, f func(*suspect, *brief)) {
	j := 0
	for i := range have {
		for j < len(more) && more[j].id < have[i].id {
			j++
		}
		if j < len(more) && more[j].id == have[i].id {
			f(&have[i], &more[j])
		}
	}
}

// weigh adds up the history of the suspects.
func (h *spikeBook) weigh(suspects []suspect) {
	for _, m := range h.b.Usage.minutes {
		if m.at >= h.next-5*60 {
			break
		}
		join(suspects, m.briefs, func(o *suspect, one *brief) {
			o.sum += one.quota
			o.calls += one.calls
			o.errors += one.errors
			o.minutes++
		})
	}
}

// spend judges what a suspect spends.
func (h *spikeBook) spend(o *suspect) (Spike, bool) {
	if h.known < spikeHistory-5 {
		return Spike{}, false
	}
	usual := float64(o.sum) / float64(h.known)
	for _, t := range [...]struct {
		brief
		seconds int64
	}{{o.first, spikeSeconds}, {o.now, spikeLonger}, {o.last, 60}, {o.five, 300}} {
		rate := float64(t.quota) / float64(t.seconds) * 60
		// Half of the rise that counts: the history may hold its first minutes. What
		// five minutes tell must still be so in the last of them.
		some := usual * spikeTimes / 2
		if t.calls < steepCalls || rate < some || rate == 0 || t.seconds > 60 && float64(o.last.quota) < some {
			continue
		}
		if sp, ok := h.judge(o, rate, t.brief, t.seconds); ok {
			return sp, true
		}
	}
	return Spike{}, false
}

// judge compares a rate in quota per minute with the history before it rose.
func (h *spikeBook) judge(o *suspect, rate float64, t brief, seconds int64) (Spike, bool) {
	minutes, from := h.series(o.id)
	// The rise goes back as long as minutes spend a third of what is spent now.
	run := 0
	for run < len(minutes) && run < spikeRun && minutes[len(minutes)-1-run].quota*3 >= Quota(rate) {
		run++
	}
	before := minutes[:len(minutes)-run]
	if len(before) < spikeHistory {
		return Spike{}, false
	}
	since := h.end - seconds + 1
	if run > 0 {
		since = from + int64(len(before))*60
	}
	u := usualOf(before)
	parts := 60 / float64(seconds)
	if u.active < spikeActive || u.spent == 0 {
		return h.awake(o, rate, t, seconds, since)
	}
	if rate < u.rate*spikeTimes || climbs(minutes[len(before):], u) {
		return Spike{}, false
	}
	until := h.end
	if seconds >= 60 {
		until = h.next - 1
	}
	now := Span{until - seconds + 1, until}
	history := Span{from, from + int64(len(before))*60 - 1}
	// It must be one without its two dearest calls, too: wholly where their sum tells,
	// by half where the number of the calls or what each costs does.
	rest := float64(t.quota-h.dearest(o, now)) * parts
	if rest < u.rate*spikeTimes/2 {
		return Spike{}, false
	}
	calls := float64(t.calls)
	dear := t.calls >= spikeCalls && rest >= u.rate*spikeTimes && u.dear(rest, parts, 1)
	many := t.calls >= spikeCalls && u.many(calls, parts, 1)
	if dear || many {
		// The history has its own bursts. Where it is mostly silent they tell little
		// of how large the next may be.
		largest, most := h.largest(o, seconds, history)
		beyond := 3.5 - 2*float64(u.active)/float64(len(before))
		bursts := h.bursts(o, seconds, history)
		dear = dear && rest/parts >= largest*beyond && u.dear(rest, parts, bursts)
		many = many && calls >= most*beyond && u.many(calls, parts, bursts)
	}
	if !dear && !many && !h.steep(o, u, now, history) {
		return Spike{}, false
	}
	if many && !dear {
		// Named by the number of its calls: among so few, some dear ones tell badly
		// what they cost on average.
		rate = min(rate, max(u.rate*spikeTimes, calls*parts*u.perCall))
	}
	return Spike{
		Kind: SpikeSpend, Key: o.key(), User: o.call.User, Model: o.call.Model,
		Since: since, Times: rate / u.rate, PerHour: rate * 60,
	}, true
}

// climbs reports whether the minutes of a rise are those of a slow one, as of a morning:
// on average, the first left out since it may have begun in it, they are none.
func climbs(rise []brief, u usual) bool {
	if len(rise) < 2 {
		return false
	}
	sum := 0.0
	for _, m := range rise[1:] {
		sum += float64(m.quota)
	}
	return sum < u.rate*spikeTimes*float64(len(rise)-1)
}

// series is a key × model's last whole minutes that were read without a gap,
// oldest first, and the first second of the oldest.
func (h *spikeBook) series(id uint64) ([]brief, int64) {
	settled := h.b.Ledger.Settled(Span{h.next - int64(Keep.Seconds()), h.next - 1})
	if len(settled) == 0 || settled[len(settled)-1].To != h.next-1 {
		return nil, h.next
	}
	from := minuteOf(settled[len(settled)-1].From + 59)
	out := make([]brief, max(0, h.next-from)/60)
	i := h.b.Usage.index(from)
	for _, m := range h.b.Usage.minutes[i:] {
		if m.at >= h.next {
			break
		}
		j, found := slices.BinarySearchFunc(m.briefs, id, func(b brief, id uint64) int { return cmp.Compare(b.id, id) })
		if found {
			out[(m.at-from)/60] = m.briefs[j]
		}
	}
	return out, from
}

func (o *suspect) key() KeyRef { return KeyRef{o.call.KeyID, o.call.Key} }

// made reports whether a row is a call of the suspect.
func (o *suspect) made(c *Call) bool {
	return c.Kind == KindConsume && c.KeyID == o.call.KeyID && c.Model == o.call.Model && c.Key == o.call.Key && c.User == o.call.User
}

// failures judges the share of a suspect's attempts that fail.
func (h *spikeBook) failures(o *suspect) (Spike, bool) {
	for _, t := range [...]struct {
		brief
		seconds int64
	}{{o.now, spikeLonger}, {o.five, 300}} {
		tries := float64(t.errors + t.calls)
		if t.errors < spikeErrors || o.now.errors == 0 {
			continue
		}
		share := float64(t.errors) / tries
		// One failure more than there were, so that a history without any is no
		// promise of none.
		usual := float64(o.errors+1) / float64(o.errors+o.calls+2)
		score := (float64(t.errors) - tries*usual) / math.Sqrt(tries*usual*(1-usual))
		if o.minutes < spikeActive || h.known < spikeHistory-5 ||
			share < spikeShare || share < usual*spikeTimes || score < spikeScore {
			continue
		}
		return Spike{
			Kind: SpikeErrors, Key: o.key(), User: o.call.User, Model: o.call.Model, Since: h.end - t.seconds + 1,
			Times: share / usual, PerHour: float64(t.quota) / float64(t.seconds) * 3600, Errors: Some(share),
		}, true
	}
	return Spike{}, false
}
