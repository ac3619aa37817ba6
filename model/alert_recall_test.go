package model

import (
	"math/rand/v2"
	"testing"
	"time"
)

// lasting is a line of the journal that an earlier run wrote an hour ago.
func lasting(kind AlertKind, subject string) AlertEntry {
	return AlertEntry{At: at(t0 - 3600), Gateway: "prod", Kind: string(kind), Subject: subject, Says: "as it was"}
}

// TestRecalledAlertsAreNotToldAgain begins with what the journal says of an
// earlier run.
func TestRecalledAlertsAreNotToldAgain(t *testing.T) {
	o := AlertOptions{LowBalance: Some[Quota](1000)}
	over := lasting(AlertDown, "")
	over.Cleared = Some(at(t0 - 3000))
	with := func(q Quota, sec int64) State {
		return State{Gateway: Gateway{Name: "prod"}}.Apply(update(t0+sec, SourceAccount, Account{Quota: Some(q)}))
	}
	b := &bell{o: o, was: AlertState{}.Recall([]AlertEntry{lasting(AlertLowBalance, ""), over})}
	if got := b.was.Active(); len(got) != 1 || got[0].Said != "as it was" {
		t.Fatalf("recalled: %+v", got)
	}
	b.look(with(1100, 0)) // neither low nor recovered
	b.look(with(900, 10))
	if got := b.was.Active(); b.heard() != "" || len(got) != 1 || got[0].Left != Some[Quota](900) || got[0].Said != "" || !got[0].Since.Equal(at(t0-3600)) {
		t.Errorf("what is still so: %+v", got)
	}
	b.look(with(5000, 20))
	b.look(with(900, 30))
	if got := b.heard(); got != "-low_balance +low_balance" {
		t.Errorf("it recovered and came back: %q", got)
	}
	b = &bell{o: o, was: AlertState{}.Recall([]AlertEntry{lasting(AlertLowBalance, "")})}
	b.look(with(5000, 0))
	if got := b.heard(); got != "-low_balance" {
		t.Errorf("it recovered while nobody looked: %q", got)
	}
	b = &bell{o: AlertOptions{Off: []AlertKind{AlertLowBalance}}, was: AlertState{}.Recall([]AlertEntry{lasting(AlertLowBalance, "")})}
	b.look(with(900, 0))
	if got := b.heard(); got != "-low_balance" {
		t.Errorf("it is not wanted any more: %q", got)
	}
}

func TestARecalledKeyWaitsForTheKeys(t *testing.T) {
	b := &bell{was: AlertState{}.Recall([]AlertEntry{lasting(AlertKeyLow, "laptop"), lasting(AlertKeyLow, "deleted")})}
	base := spend(t0-1, func(int) Quota { return 100 }) // 6,000 an hour
	base.Gateway.Name = "prod"
	for i := range int64(20) {
		b.look(base.Tick(at(t0 + 10*i)))
	}
	if got := b.heard(); got != "" || len(b.was.Active()) != 2 {
		t.Errorf("nobody has read the keys: %q", got)
	}
	low := update(t0, SourceKeys, Keys{{ID: 1, Name: "laptop", Status: KeyEnabled, Remaining: 6000}})
	low.Every = 10 * time.Minute
	for i := range int64(8) {
		b.look(base.Apply(low).Tick(at(t0 + 10*i)))
	}
	if got := b.was.Active(); b.heard() != "-key_low" || len(got) != 1 || got[0].Key.ID != 1 || got[0].Hours != Some(1.0) {
		t.Errorf("one is low, and one is gone: %+v", got)
	}
	// An old list says nothing of what is left.
	b = &bell{}
	low.Every = time.Second
	b.look(base.Apply(low).Tick(at(t0 + 10)))
	if got := b.heard(); got != "" {
		t.Errorf("of an old list: %q", got)
	}
}

// TestYesterdayIsNoAlarm looks at what was known when the last run ended.
func TestYesterdayIsNoAlarm(t *testing.T) {
	b := &bell{o: AlertOptions{LowBalance: Some[Quota](1000)}}
	was := State{Gateway: Gateway{Name: "prod"}}.Apply(update(t0, SourceAccount, Account{Quota: Some[Quota](1)}))
	b.look(was.Tick(at(t0 + 3600)))
	if got := b.heard(); got != "" {
		t.Errorf("a balance of an hour ago: %q", got)
	}
	b.look(was)
	b.look(was.Tick(at(t0 + 3600)))
	if got := b.heard(); got != "+low_balance" {
		t.Errorf("a balance that is heard of no more: %q", got)
	}
	// What answered well an hour ago may be down now, and may be up.
	b = &bell{was: AlertState{}.Recall([]AlertEntry{lasting(AlertDown, "")})}
	for i := range int64(20) {
		b.look(was.Tick(at(t0 + 3600 + 10*i)))
	}
	if got := b.heard(); got != "" {
		t.Errorf("a gateway that was not asked yet: %q", got)
	}
}

// TestAnOldLogIsNoAlarm looks at a log whose end is far behind the gateway's now:
// in the middle of a spike and of failures nothing is raised any more, and nothing
// is over.
func TestAnOldLogIsNoAlarm(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	s := play(State{Gateway: Gateway{Name: "prod"}}, r, t0, 30*60, 10, usualTimes, nil)
	s = play(s, r, t0+30*60, 180, 10, func(src source, _ int64) float64 {
		if src.key == "steady" {
			return 12
		}
		return 1
	}, nil)
	failing := State{Gateway: Gateway{Name: "prod"}}
	for m := range int64(6) {
		span := Span{t0 + m*60, t0 + m*60 + 59}
		var rows []Call
		for i := range int64(20) {
			rows = append(rows, Call{At: span.From + i, Kind: KindError, Key: "k", Model: "m"})
		}
		failing = failing.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, Calls: rows, ReadAt: span.To + Lag}))
	}
	for _, c := range []struct {
		kind  AlertKind
		off   AlertKind
		state State
	}{{AlertSpike, AlertErrorSpike, s}, {AlertFailures, AlertErrorSpike, failing}} {
		b := &bell{o: AlertOptions{Off: []AlertKind{c.off}}}
		old := c.state.Now.Add(10 * time.Minute)
		b.look(c.state.Tick(old))
		if got := b.heard(); got != "" {
			t.Errorf("%s: a log that ended ten minutes ago: %q", c.kind, got)
		}
		b.look(c.state)
		for i := range 100 {
			b.look(c.state.Tick(old.Add(time.Duration(i) * 10 * time.Second)))
		}
		if got := b.heard(); got != "+"+string(c.kind) {
			t.Errorf("%s: a log that is not read on: %q", c.kind, got)
		}
	}
}
