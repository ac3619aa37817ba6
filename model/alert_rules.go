package model

import (
	"slices"
	"time"
)

// lowBalance warns by money where a threshold in money is known, else by the
// hours that are left. An old balance, such as yesterday's after a restart, says
// nothing of the one now.
func lowBalance(s State, o AlertOptions) ([]found, bool) {
	a := s.Account.V
	f := found{Alert: Alert{Kind: AlertLowBalance, Left: a.Quota, Limit: o.LowBalance}}
	if !a.Quota.OK || a.Unlimited || o.Unpriced || s.Sources[SourceAccount].Late(s.Now) {
		return []found{f}, true
	}
	perHour := pace(s)
	f.PerHour = perHour
	f.Hours = mapOpt(EmptyIn(a.Quota, perHour), time.Duration.Hours)
	if !f.Limit.OK && !o.LowHours.OK && a.Remind.V > 0 {
		f.Limit = a.Remind
	}
	hours := o.LowHours
	if !f.Limit.OK && !hours.OK {
		hours = Some(defaultHours)
	}
	var is []condition
	if f.Limit.OK {
		is = append(is, between(float64(a.Quota.V), float64(f.Limit.V)))
	}
	switch {
	case !hours.OK:
	case f.Hours.OK:
		is = append(is, between(f.Hours.V, hours.V))
	case perHour.OK: // it lasts for years, or nothing is spent
		is = append(is, conditionGood)
	default:
		is = append(is, conditionUnsure)
	}
	// Of two thresholds either is enough.
	f.is = slices.Max(is)
	if f.is == conditionGood && slices.Contains(is, conditionUnsure) {
		f.is = conditionUnsure
	}
	return []found{f}, true
}

// pace is the spend in quota per hour over the last hour, by the log or else by
// the used quota. Over less it would rise and fall with every burst.
func pace(s State) Opt[float64] {
	s.Scope = ScopeSelf // the balance is the account's own
	if _, _, h1 := SpendRates(s); h1.OK {
		return Some(h1.V * 60)
	}
	return Burn(s)
}

// lowKeys warns of keys with a limit of their own that will not last, by what
// each spent in the last quarter of an hour.
func lowKeys(s State, o AlertOptions) ([]found, bool) {
	if src := s.Sources[SourceKeys]; src.LastOK.IsZero() || src.Late(s.Now) {
		return nil, false
	}
	b := s.Self
	// A gateway marks a key as exhausted when it is next used.
	limited := func(k APIKey) bool {
		return !k.Unlimited && (k.Status == KeyEnabled || k.Status == KeyExhausted)
	}
	if !slices.ContainsFunc(s.Keys.V, limited) {
		return nil, true
	}
	s.Scope = ScopeSelf
	end := windowEnd(s)
	span := Span{end - keyBurnOver + 1, end}
	known := b.Ledger.Covers(span)
	byKey := shares[KeyRef]{}
	if known {
		b.Usage.eachCell(span, b.Calls, func(c *Cell) { byKey.add(c.Key, c) })
	}
	used, _ := keyUsage(s.Keys.V, byKey, b, known)
	low := o.KeyHours.Or(defaultKeyHours)
	var out []found
	for _, k := range used {
		if !limited(k.APIKey) {
			continue
		}
		f := found{Alert: Alert{
			Kind: AlertKeyLow, Subject: k.Name, Key: KeyRef{k.ID, k.Name}, Left: Some(k.Remaining),
		}}
		switch {
		case k.Remaining <= 0 || k.Status == KeyExhausted:
			// Exhausted: it was about to, or has long been known to be.
			f.Hours = Some(0.0)
			if k.Spent.V > 0 {
				f.is = conditionBad
			}
		case k.Spent.OK:
			perHour := float64(k.Spent.V) / keyBurnOver * 3600
			f.PerHour = Some(perHour)
			f.is = conditionGood
			if perHour > 0 {
				f.Hours = Some(float64(k.Remaining) / perHour)
				f.is = between(f.Hours.V, low)
			}
		}
		out = append(out, f)
	}
	return out, true
}

// down warns of a gateway that does not answer, when its own account has failed
// several times in a row; see downAfter.
func down(s State, _ AlertOptions) ([]found, bool) {
	st := s.Sources[SourceAccount]
	f := found{Alert: Alert{Kind: AlertDown, Fault: st.Fault, Since: st.LastOK}}
	switch h := st.Health(s.Now); {
	case h == HealthDown || h == HealthUnauthorised && st.Failures >= downAfter:
		f.is = conditionBad
	case h == HealthUp:
		f.is = conditionGood
	}
	return []found{f}, true
}

// logEnd is the last second of the log on the screen, unknown while that is so far
// behind the gateway's now that its end says nothing of it.
func logEnd(s State) Opt[int64] {
	end := s.Book().Ledger.End()
	if windowEnd(s) != end.V {
		return Opt[int64]{}
	}
	return end
}

// failures warns of a share of attempts that fail, where failures are logged: of the
// account's own, or of the site's while that is on the screen.
func failures(s State, o AlertOptions) ([]found, bool) {
	b := s.Book()
	f := found{Alert: Alert{Kind: AlertFailures}}
	end := logEnd(s)
	span := Span{end.V - failuresOver + 1, end.V}
	if !b.ErrorsSeen || !end.OK || !b.Ledger.Covers(span) {
		return []found{f}, true
	}
	t := b.Usage.tally(span, b.Calls)
	f.Tries = t.Calls + t.Errors
	limit := o.Failures.Or(defaultFailures)
	if f.Tries > 0 {
		f.Share = Some(float64(t.Errors) / float64(f.Tries))
	}
	switch {
	case f.Share.V > limit && f.Tries >= failuresLeast:
		f.is = conditionBad
	case f.Share.V <= limit/again:
		f.is = conditionGood
	}
	return []found{f}, true
}

// spiking warns of spikes of the account's own calls, or of the site's.
func spiking(s State, _ AlertOptions) ([]found, bool) {
	if !logEnd(s).OK {
		return nil, false
	}
	var out []found
	named, more := spikes(s)
	for _, sp := range more {
		out = append(out, found{is: conditionUnsure, Alert: Alert{
			Kind: AlertSpike, Subject: sp.Key.Name + " " + sp.Model, Key: sp.Key, User: sp.User, Model: sp.Model,
		}})
	}
	for _, sp := range named {
		kind := AlertSpike
		if sp.Kind == SpikeErrors {
			kind = AlertErrorSpike
		}
		out = append(out, found{is: conditionBad, Alert: Alert{
			Kind: kind, Subject: sp.Key.Name + " " + sp.Model, Key: sp.Key, User: sp.User, Model: sp.Model,
			Since: time.Unix(sp.Since, 0).Add(-s.Skew.V), Times: Some(sp.Times), PerHour: Some(sp.PerHour), Share: sp.Errors,
		}})
	}
	return out, true
}
