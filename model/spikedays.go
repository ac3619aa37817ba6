package model

// Usuals is a payload of SourceDays: what the minutes of the last days were like, from
// our own history, of each user × key × language model. It judges what was silent for
// as long as the rows in memory reach.
type Usuals struct {
	Scope Scope
	Cells []UsualCell
}

// UsualCell is what the minutes with calls of a key × model were like.
type UsualCell struct {
	User  string
	Key   KeyRef
	Model string
	// Minutes is how many minutes had calls, Sum what they cost together, and Most
	// what the dearest of them did.
	Minutes   int64
	Sum, Most Quota
}

// UsualDays is over how many days the history is asked for Usuals.
const UsualDays = 3

const (
	// awakeMinutes is how many minutes with calls the last days must have had.
	awakeMinutes = 10
	// awakeCalls is how many calls something must make that was silent, and awakeBeyond
	// how many times what its dearest minute cost they must.
	awakeCalls, awakeBeyond = 12, 1.5
)

// usuals are the cells by what idOf makes of them.
func (u Usuals) byID() map[uint64]UsualCell {
	out := make(map[uint64]UsualCell, len(u.Cells))
	for _, c := range u.Cells {
		out[idOf(c.User, c.Key, c.Model)] = c
	}
	return out
}

// awake judges a suspect that was silent for so long that the rows in memory do not
// tell what is usual of it: a key that nobody used, and that somebody has found.
func (h *spikeBook) awake(o *suspect, rate float64, t brief, seconds, since int64) (Spike, bool) {
	u := h.b.Usuals[o.id]
	if u.Minutes < awakeMinutes || t.calls < awakeCalls {
		return Spike{}, false
	}
	perMinute := float64(u.Sum) / float64(u.Minutes)
	until := h.end
	if seconds >= 60 {
		until = h.next - 1
	}
	span := Span{until - seconds + 1, until}
	rest := float64(t.quota - h.dearest(o, span))
	minutes := max(1, float64(seconds)/60)
	if perMinute <= 0 || rest/float64(seconds)*60 < perMinute*spikeTimes || rest < float64(u.Most)*awakeBeyond*minutes {
		return Spike{}, false
	}
	return Spike{
		Kind: SpikeSpend, Key: o.key(), User: o.call.User, Model: o.call.Model,
		Since: since, Times: rate / perMinute, PerHour: rate * 60,
	}, true
}
