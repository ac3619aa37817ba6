package model

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// bell collects what Alerts says.
type bell struct {
	o   AlertOptions
	was AlertState
	log []string
}

func (b *bell) look(s State) []AlertEvent {
	var events []AlertEvent
	b.was, events = Alerts(s, b.o, b.was)
	for _, e := range events {
		sign := "-"
		if e.Raised {
			sign = "+"
		}
		b.log = append(b.log, sign+string(e.Kind))
	}
	return events
}

func (b *bell) heard() string {
	s := strings.Join(b.log, " ")
	b.log = nil
	return s
}

// TestAlertLowBalance walks a balance around its threshold.
func TestAlertLowBalance(t *testing.T) {
	b := &bell{}
	step := int64(0)
	with := func(q Quota) State {
		step += 10
		return State{Gateway: Gateway{Name: "prod"}}.Apply(update(t0+step, SourceAccount, Account{Quota: Some(q), Remind: Some[Quota](1000)}))
	}
	for _, c := range []struct {
		quota Quota
		want  string
	}{
		{5000, ""},
		{1000, ""},
		{999, "+low_balance"},
		{1001, ""},
		{998, ""},
		{1249, ""},
		{990, ""},
		{1250, "-low_balance"},
		{1000, ""},
		{500, "+low_balance"},
		{-7, ""},
		{9000, "-low_balance"},
	} {
		events := b.look(with(c.quota))
		if got := b.heard(); got != c.want {
			t.Errorf("at %d: %q, want %q", c.quota, got, c.want)
		}
		if len(events) > 0 && (events[0].Limit != Some[Quota](1000) || events[0].Gateway != "prod" || events[0].Raised && events[0].Left != Some(c.quota)) {
			t.Errorf("at %d: %+v", c.quota, events[0])
		}
	}
	if len(b.was.Active()) != 0 {
		t.Errorf("left: %+v", b.was.Active())
	}
	// The own option goes before the gateway's.
	b = &bell{o: AlertOptions{LowBalance: Some[Quota](50)}}
	b.look(with(999))
	b.look(with(49))
	if got := b.heard(); got != "+low_balance" {
		t.Errorf("with an own threshold: %q", got)
	}
}

// TestAlertHoursLeft spends 6,000 an hour.
func TestAlertHoursLeft(t *testing.T) {
	base := spend(t0-1, func(int) Quota { return 100 })
	for _, c := range []struct {
		o     AlertOptions
		quota Quota
		want  string
	}{
		{AlertOptions{}, 24*6000 - 1, "+low_balance"},
		{AlertOptions{}, 24 * 6000, ""},
		{AlertOptions{LowHours: Some(2.0)}, 3 * 6000, ""},
		{AlertOptions{LowHours: Some(2.0)}, 6000, "+low_balance"},
		{AlertOptions{LowHours: Some(2.0), LowBalance: Some[Quota](20_000)}, 3 * 6000, "+low_balance"},
		{AlertOptions{Off: []AlertKind{AlertLowBalance}}, 1, ""},
	} {
		b := &bell{o: c.o}
		events := b.look(base.Apply(update(t0+5, SourceAccount, Account{Quota: Some(c.quota)})))
		if got := b.heard(); got != c.want {
			t.Errorf("%d left with %+v: %q, want %q", c.quota, c.o, got, c.want)
		}
		if len(events) > 0 && (!events[0].Hours.OK || events[0].PerHour != Some(6000.0)) {
			t.Errorf("%+v", events[0])
		}
	}
	// Nothing is known: nothing is said, and nothing is taken back.
	b := &bell{}
	b.look(base.Apply(update(t0+5, SourceAccount, Account{Quota: Some[Quota](1)})))
	b.look(State{Gateway: base.Gateway}.Tick(at(t0 + 999)))
	if got := b.heard(); got != "+low_balance" {
		t.Errorf("after the state was lost: %q", got)
	}
}

func TestAlertKeyLow(t *testing.T) {
	base := spend(t0-1, func(int) Quota { return 100 }) // key "laptop", 6,000 an hour
	b := &bell{}
	step := int64(0)
	with := func(change func(*APIKey)) State {
		k := APIKey{ID: 1, Name: "laptop", Status: KeyEnabled, Remaining: 60_000}
		change(&k)
		step += 30
		return base.Apply(update(t0+step/10, SourceKeys, Keys{k, {ID: 2, Name: "idle", Status: KeyEnabled, Remaining: 1}, {ID: 3, Name: "open", Status: KeyEnabled, Unlimited: true}})).
			Tick(at(t0 + step/10))
	}
	for _, c := range []struct {
		name   string
		change func(*APIKey)
		want   string
	}{
		{"ten hours", func(*APIKey) {}, ""},
		{"less than two", func(k *APIKey) { k.Remaining = 11_999 }, "+key_low"},
		{"a little more", func(k *APIKey) { k.Remaining = 12_500 }, ""},
		{"exhausted", func(k *APIKey) { k.Remaining = -3 }, ""},
	} {
		events := b.look(with(c.change))
		if got := b.heard(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if len(events) > 0 && (events[0].Subject != "laptop" || events[0].Left != Some[Quota](11_999) || events[0].Hours.V >= 2) {
			t.Errorf("%s: %+v", c.name, events[0])
		}
	}
	// It was filled up, and a minute later it is over.
	for range 25 {
		b.look(with(func(*APIKey) {}))
	}
	if got := b.heard(); got != "-key_low" {
		t.Errorf("filled up: %q", got)
	}
	step, b = 0, &bell{}
	b.look(with(func(k *APIKey) { k.Remaining = 1 }))
	for range 25 {
		b.look(with(func(k *APIKey) { k.Status = KeyDisabled }))
	}
	if got := b.heard(); got != "+key_low -key_low" {
		t.Errorf("disabled: %q", got)
	}
}

// TestAlertDown lets a gateway come and go.
func TestAlertDown(t *testing.T) {
	b := &bell{}
	s := State{Gateway: Gateway{Name: "prod"}}
	now := int64(t0)
	poll := func(fail bool) {
		now += 10
		u := update(now, SourceAccount, Account{Quota: Some[Quota](1_000_000)})
		if fail {
			u.Payload, u.Err = nil, errors.New("no route to host")
		}
		s = s.Apply(u)
		b.look(s)
	}
	for _, c := range []struct{ polls, want string }{
		{"okokok", ""},
		{"fkfkffk", ""},
		{"fff", "+gateway_down"},
		{"fffffff", ""},
		{"kffkffk", ""},
		{"kkkkkkk", "-gateway_down"},
		{"ff", ""},
		{"ffff", "+gateway_down"},
	} {
		for _, p := range c.polls {
			poll(p == 'f')
		}
		if got := b.heard(); got != c.want {
			t.Errorf("after %s: %q, want %q", c.polls, got, c.want)
		}
	}
	active := b.was.Active()
	if len(active) != 1 || active[0].Fault.Sentence != "no route to host" || !active[0].Since.Before(at(now-40)) {
		t.Errorf("%+v", active)
	}
	// Another gateway does not clear it.
	b.look(State{Gateway: Gateway{Name: "staging"}}.Tick(at(now + 3600)))
	if len(b.was.Active()) != 1 {
		t.Error("the alert of one gateway was cleared by another")
	}
}

func TestAlertFailures(t *testing.T) {
	b := &bell{o: AlertOptions{Off: []AlertKind{AlertErrorSpike}}}
	s := State{Gateway: Gateway{Name: "prod"}}
	r := rand.New(rand.NewPCG(1, 1))
	minute := func(m int64, calls int, share float64) {
		span := Span{t0 + m*60, t0 + m*60 + 59}
		var rows []Call
		for i := range calls {
			kind := KindConsume
			if float64(i) < share*float64(calls) {
				kind = KindError
			}
			rows = append(rows, Call{At: span.From + r.Int64N(60), Kind: kind, Key: "k", Model: "m"})
		}
		s = s.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, Calls: rows, ReadAt: span.To + Lag}))
		b.look(s)
	}
	shares := []float64{0, 0, 0, 0, .1, .1, .1, .9, .9, .9, .2, .3, .2, .3, .2, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	for m, share := range shares {
		minute(int64(m), 20, share)
	}
	if got := b.heard(); got != "+failures -failures" {
		t.Errorf("%q", got)
	}
	for m := range int64(12) {
		minute(int64(len(shares))+m, 3*min(1, int(m)/6), 1)
	}
	if got := b.heard(); got != "" {
		t.Errorf("of 15 attempts: %q", got)
	}
}

func TestAlertSpike(t *testing.T) {
	b := &bell{}
	r := rand.New(rand.NewPCG(3, 3))
	s := play(State{Gateway: Gateway{Name: "prod"}}, r, t0, 30*60, 10, usualTimes, nil)
	var raised AlertEvent
	// It rises, halts for a minute and goes on: one alert.
	times := func(src source, sec int64) float64 {
		m := (sec - t0 - 30*60) / 60
		if src.key == "steady" && m < 5 && m != 2 {
			return 12
		}
		return 1
	}
	past := 0
	play(s, r, t0+30*60, 20*60, 10, times, func(s State) {
		for _, e := range b.look(s) {
			if e.Raised {
				raised = e
			}
		}
		// Told as past, before it is sure to be over.
		for _, a := range b.was.Active() {
			if minute := s.Now.Sub(at(t0+35*60)) / time.Minute; !a.Until.IsZero() && minute >= 0 {
				past++
				if a.Until.Before(at(t0+35*60)) || a.Until.After(s.Now.Add(-subsides)) {
					t.Errorf("at minute %d it was so until %v", minute, a.Until)
				}
			}
		}
	})
	if past < 20 {
		t.Errorf("told as past at %d polls", past)
	}
	if got := b.heard(); got != "+spike -spike" {
		t.Errorf("%q", got)
	}
	if raised.Subject != "steady gpt-4o" || raised.Times.V < 5 || raised.PerHour.V <= 0 || raised.Since.IsZero() || raised.Gateway != "prod" {
		t.Errorf("%+v", raised)
	}
}

// TestAlertsAreValues keeps an old state and looks at it again.
func TestAlertsAreValues(t *testing.T) {
	low := State{Gateway: Gateway{Name: "prod"}}.Apply(update(t0, SourceAccount, Account{Quota: Some[Quota](1), Remind: Some[Quota](10)}))
	var none AlertState
	one, events := Alerts(low, AlertOptions{}, none)
	if len(events) != 1 || len(none.Active()) != 0 || len(one.Active()) != 1 {
		t.Fatal("the old state was changed")
	}
	rich := low.Apply(update(t0+10, SourceAccount, Account{Quota: Some[Quota](1000), Remind: Some[Quota](10)}))
	if two, _ := Alerts(rich, AlertOptions{}, one); len(two.Active()) != 0 || len(one.Active()) != 1 {
		t.Fatal("the old state was changed")
	}
	if fmt.Sprint(one.Active()[0].Since.Sub(at(t0))) != (0 * time.Second).String() {
		t.Errorf("since %v", one.Active()[0].Since)
	}
}
