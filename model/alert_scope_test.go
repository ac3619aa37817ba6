package model

import (
	"slices"
	"testing"
	"time"
)

// loud is a minute of ten times as many calls as in the hour before, of which many fail.
func loud(scope Scope) State {
	s := State{Gateway: Gateway{Name: "prod"}, Scope: scope}
	var calls []Call
	for sec := int64(t0 - 4199); sec <= t0; sec++ {
		n := 0
		switch {
		case sec > t0-60:
			n = 10
		case sec%2 == 0:
			n = 1
		}
		for range n {
			calls = append(calls, Call{At: sec, Kind: KindConsume, Model: "o3", User: "bob", Key: "ci", KeyID: 7, Quota: 100})
		}
		if sec > t0-300 {
			calls = append(calls, slices.Repeat([]Call{{At: sec, Kind: KindError, Model: "o3", User: "bob", Key: "ci", KeyID: 7}}, 3)...)
		}
	}
	s = s.Apply(update(t0, SourceCalls, CallsRead{Scope: scope, Span: Span{t0 - 4199, t0}, ReadAt: t0 + 5, Calls: calls}))
	return s.Tick(at(t0 + 6))
}

// TestTheSiteRaisesAlerts: of the whole site's log, while that is what is read.
func TestTheSiteRaisesAlerts(t *testing.T) {
	for _, scope := range []Scope{ScopeSelf, ScopeSite} {
		b := &bell{}
		b.look(loud(scope))
		if got := b.heard(); got != "+error_spike +failures +spike" {
			t.Errorf("scope %v: %q", scope, got)
		}
	}
}

// TestWhatNobodySeesIsPast: a spike of a gateway that went off the screen is told with
// the time at which it was last seen.
func TestWhatNobodySeesIsPast(t *testing.T) {
	b := &bell{o: AlertOptions{Off: []AlertKind{AlertErrorSpike, AlertFailures}}}
	s := loud(ScopeSelf)
	b.look(s)
	for i := range int64(480) {
		u := update(t0+60*(i+1), SourceAccount, Account{Quota: Some[Quota](5_000_000_000)})
		u.Every = time.Minute
		s = s.Apply(u)
		b.look(s)
	}
	active := b.was.Active()
	if len(active) != 1 || active[0].Until.Before(at(t0)) || active[0].Until.After(at(t0+300)) {
		t.Errorf("%+v", active)
	}
}

// TestAnExhaustedKeyStaysAnAlert: the gateway marks it so when it is next used.
func TestAnExhaustedKeyStaysAnAlert(t *testing.T) {
	b := &bell{}
	s := loud(ScopeSelf)
	key := APIKey{ID: 7, Name: "ci", Status: KeyEnabled, Remaining: 10}
	for i := range int64(30) {
		if i > 3 {
			key.Status, key.Remaining = KeyExhausted, 0
		}
		s = s.Apply(update(t0+10*i, SourceKeys, Keys{key}))
		b.look(s)
	}
	for _, a := range b.was.Active() {
		if a.Kind == AlertKeyLow {
			return
		}
	}
	t.Errorf("%q", b.heard())
}

// TestNoUnitNoBalance: an amount means nothing before the gateway has said what it is.
func TestNoUnitNoBalance(t *testing.T) {
	b := &bell{o: AlertOptions{LowBalance: Some[Quota](1000), Unpriced: true}}
	s := State{Gateway: Gateway{Name: "prod"}}.Apply(update(t0, SourceAccount, Account{Quota: Some[Quota](10)}))
	if b.look(s); b.heard() != "" {
		t.Error("judged by the wrong unit")
	}
	b.o.Unpriced = false
	if b.look(s); b.heard() != "+low_balance" {
		t.Error("not judged")
	}
}
