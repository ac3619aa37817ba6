package model

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// AlertKind says what an alert is about.
type AlertKind string

// The kinds of alerts.
const (
	AlertLowBalance AlertKind = "low_balance"
	AlertSpike      AlertKind = "spike"
	AlertErrorSpike AlertKind = "error_spike"
	AlertKeyLow     AlertKind = "key_low"
	AlertDown       AlertKind = "gateway_down"
	AlertFailures   AlertKind = "failures"
)

// AlertOptions are the thresholds of one gateway. The zero value has the
// defaults.
type AlertOptions struct {
	// LowBalance is the balance below which to warn; where neither it nor LowHours
	// is given, the gateway's own threshold, and 24 hours left where it has none.
	LowBalance Opt[Quota]
	// Unpriced is set while the gateway has not said what LowBalance is in its quota.
	Unpriced bool
	LowHours Opt[float64]
	// KeyHours is how long a key with a limit may last at least: 2 hours unless
	// given.
	KeyHours Opt[float64]
	// Failures is the share of attempts that may fail: a quarter unless given.
	Failures Opt[float64]
	// Off lists kinds that are not wanted.
	Off []AlertKind
}

const (
	defaultHours    = 24.0
	defaultKeyHours = 2.0
	defaultFailures = 0.25
	// again is how far beyond its threshold a figure must be to have recovered.
	again = 1.25
	// failuresOver and failuresLeast are the seconds and the attempts that a share
	// of failures needs.
	failuresOver, failuresLeast = 300, 20
	// keyBurnOver is the time, in seconds, whose spend says how long a key lasts.
	keyBurnOver = 15 * 60
	// subsides is how long a spike must be no more to be told as past.
	subsides = 30 * time.Second
)

// recovery is how long a condition must be good before it counts as over.
var recovery = map[AlertKind]time.Duration{
	AlertLowBalance: 0, AlertKeyLow: time.Minute, AlertDown: time.Minute,
	AlertSpike: 5 * time.Minute, AlertErrorSpike: 5 * time.Minute, AlertFailures: 2 * time.Minute,
}

// Alert is a condition that a person should know of, with the figures of the
// sentence that says so. Those that do not belong to its kind are unknown.
type Alert struct {
	Kind    AlertKind
	Gateway string
	// Subject is what it is about: "", a key's name, or of a spike key and model.
	Subject string
	Key     KeyRef
	User    string
	Model   string
	// Since is when it began, on the local clock.
	Since time.Time
	// Left is the balance or what a key may still spend, Limit the threshold, and
	// Hours how long it lasts at the present pace.
	Left, Limit Opt[Quota]
	Hours       Opt[float64]
	// Times is how many times the usual, PerHour the quota per hour.
	Times, PerHour Opt[float64]
	// Share is of attempts that failed, of Tries.
	Share Opt[float64]
	Tries int64
	// Fault says why a gateway is down.
	Fault Fault
	// Until is when a spike was last so, where it has been over for a while and it is not
	// yet sure that it does not come back.
	Until time.Time
	// Said is the sentence of an alert that an earlier run raised, whose figures
	// are not known.
	Said string
}

// rises reports whether it is about a spike.
func (k AlertKind) rises() bool { return k == AlertSpike || k == AlertErrorSpike }

// AlertEvent is an alert that was raised or is over.
type AlertEvent struct {
	Alert
	Raised bool
	At     time.Time
}

// alertID tells alerts apart.
type alertID struct {
	kind          AlertKind
	gateway, user string
	key           KeyRef
	model         string
	line          string // the subject of one that only the journal knows
}

func (a *Alert) id() alertID {
	return alertID{kind: a.Kind, gateway: a.Gateway, user: a.User, key: a.Key, model: a.Model}
}

// lineID is what the journal tells alerts apart by.
func (a *Alert) lineID() alertID {
	return alertID{kind: a.Kind, gateway: a.Gateway, line: a.Subject, key: KeyRef{ID: a.Key.ID}}
}

// held is an alert that was raised, since when its condition has been good again, zero
// while it is not, when it was looked at last, and when it was last seen to be so.
type held struct {
	Alert
	good, seen, so time.Time
}

// AlertState is what was raised and is not over. It is a value, and one serves
// all gateways.
type AlertState struct{ active map[alertID]held }

// Active lists the alerts that are not over, the oldest first.
func (s AlertState) Active() []Alert {
	out := make([]Alert, 0, len(s.active))
	for _, h := range s.active {
		h.Until = time.Time{}
		if h.Kind.rises() && !h.so.IsZero() && h.seen.Sub(h.so) >= subsides {
			h.Until = h.so
		}
		out = append(out, h.Alert)
	}
	slices.SortFunc(out, func(a, b Alert) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
	return out
}

// Recall adds what the journal has as raised and not over: what an earlier run told
// and nobody has seen end. It is told again only after it has recovered.
func (s AlertState) Recall(lines []AlertEntry) AlertState {
	next := map[alertID]held{}
	for _, e := range lines {
		a := Alert{Kind: AlertKind(e.Kind), Gateway: e.Gateway, Subject: e.Subject, Key: KeyRef{ID: e.Key}, Since: e.At, Said: e.Says}
		if !e.Cleared.OK {
			next[a.lineID()] = held{Alert: a}
		}
	}
	maps.Copy(next, s.active) // with the figures of this run
	return AlertState{next}
}

// condition is what a rule finds: an alert that is bad, that has recovered, or,
// between both and where nothing is known, neither.
type condition uint8

const (
	conditionUnsure condition = iota
	conditionGood
	conditionBad
)

// found is one rule's finding.
type found struct {
	Alert
	is condition
}

// Alerts applies the rules to one gateway. Each alert is raised once, and again
// only after it recovered for a while.
func Alerts(s State, o AlertOptions, was AlertState) (AlertState, []AlertEvent) {
	var all []found
	blind := map[AlertKind]bool{}
	for _, rule := range []struct {
		kinds []AlertKind
		// find reports false where it cannot see what it speaks of.
		find func(State, AlertOptions) ([]found, bool)
	}{
		{[]AlertKind{AlertLowBalance}, lowBalance},
		{[]AlertKind{AlertKeyLow}, lowKeys},
		{[]AlertKind{AlertDown}, down},
		{[]AlertKind{AlertFailures}, failures},
		{[]AlertKind{AlertSpike, AlertErrorSpike}, spiking},
	} {
		if slices.ContainsFunc(rule.kinds, func(k AlertKind) bool { return !slices.Contains(o.Off, k) }) {
			some, sees := rule.find(s, o)
			all = append(all, some...)
			for _, k := range rule.kinds {
				blind[k] = !sees
			}
		}
	}
	var events []AlertEvent
	next := maps.Clone(was.active)
	if next == nil {
		next = map[alertID]held{}
	}
	bad := map[alertID]condition{}
	for _, f := range all {
		f.Gateway = s.Gateway.Name
		id := f.id()
		if slices.Contains(o.Off, f.Kind) {
			continue
		}
		bad[id] = f.is
		line := f.lineID()
		older := line
		older.key = KeyRef{} // lines of before keys had their ids in them
		for _, line := range []alertID{line, older} {
			if h, ok := next[line]; ok { // from now on it goes by its own name
				delete(next, line)
				next[id] = h
			}
		}
		have, active := next[id]
		switch {
		case f.is == conditionBad && !active:
			if f.Since.IsZero() {
				f.Since = s.Now
			}
			next[id] = held{Alert: f.Alert, so: s.Now}
			events = append(events, AlertEvent{f.Alert, true, s.Now})
		case f.is == conditionBad:
			// The figures move on, the beginning stays.
			f.Since = have.Since
			next[id] = held{Alert: f.Alert, so: s.Now}
		}
	}
	for id, h := range next {
		if id.gateway != s.Gateway.Name {
			continue
		}
		is, looked := bad[id]
		if !looked && !blind[h.Kind] {
			is = conditionGood // what is no more, as a key that was deleted, is no cause for alarm
		}
		h.seen = s.Now
		switch {
		case h.Kind.rises() && !looked && blind[h.Kind]:
			next[id] = h // what is past stays so, and what nobody sees becomes it
			continue
		case is == conditionBad || is == conditionUnsure:
			h.good, h.so = time.Time{}, s.Now
			next[id] = h
			continue
		case h.good.IsZero():
			h.good = s.Now
		}
		if h.so.IsZero() { // an earlier run's
			h.so = h.good
		}
		next[id] = h
		if s.Now.Sub(h.good) >= recovery[h.Kind] {
			delete(next, id)
			events = append(events, AlertEvent{h.Alert, false, s.Now})
		}
	}
	slices.SortFunc(events, func(a, b AlertEvent) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.User, b.User))
	})
	return AlertState{next}, events
}

// between judges a figure that must not fall below low: it has recovered well
// above it.
func between(figure, low float64) condition {
	switch {
	case figure < low:
		return conditionBad
	case figure >= low*again:
		return conditionGood
	}
	return conditionUnsure
}
