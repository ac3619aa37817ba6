package model

import (
	"math/rand/v2"
	"testing"
	"time"
)

// purse is a gateway's account for the tests: rows, charges and samples on one
// clock, a second at a time.
type purse struct {
	s           State
	quota, used Quota
	flight      Quota // charged in advance
	rows        []Call
	now         int64
	read        int64
	silent      bool // writes no rows
	pending     []Call
	lag         int64 // how many seconds after a row its charge is booked, in batches
	booked      Quota
	readAll     bool // every second, not only the new ones
}

func newPurse() *purse {
	return &purse{quota: 1_000_000, now: t0, read: t0 - 20, readAll: true}
}

func (p *purse) spend(c Call) {
	c.At, c.Kind = p.now, KindConsume
	p.booked += c.Quota
	if c.BySubscription {
		p.quota += c.Quota // taken back when it is booked
	}
	if !p.silent {
		p.pending = append(p.pending, c)
	}
}

// tick lets a second pass: every 5 s what is booked in batches, every 5 s a
// reading of the log, every 10 s a sample.
func (p *purse) tick() {
	if p.lag == 0 || p.now%p.lag == 0 {
		p.quota, p.used, p.booked = p.quota-p.booked, p.used+p.booked, 0
	}
	for len(p.pending) > 0 && p.pending[0].At <= p.now {
		p.rows = append(p.rows, p.pending[0])
		p.pending = p.pending[1:]
	}
	p.now++
	if p.now%5 == 0 {
		to := p.now - Lag
		span := Span{p.read + 1, to}
		if p.readAll { // the second reading of everything, so that nothing stays late
			span.From = max(t0, to-100)
		}
		var rows []Call
		for _, c := range p.rows {
			if span.Has(c.At) {
				rows = append(rows, c)
			}
		}
		p.s = p.s.Apply(update(p.now, SourceCalls, CallsRead{Span: span, Calls: rows, ReadAt: p.now}))
		p.read = to
	}
	if p.now%10 == 3 {
		p.s = p.s.Apply(update(p.now, SourceAccount, Account{Quota: Some(p.quota - p.flight), Used: Some(p.used)}))
	}
}

func (p *purse) check() BalanceCheck { return ReconcileNow(p.s).Balance }

// run lets n seconds pass with a call of 100 every third second.
func (p *purse) run(n int) {
	for range n {
		if p.now%3 == 0 {
			p.spend(Call{Quota: 100})
		}
		p.tick()
	}
}

// idle lets n seconds pass.
func (p *purse) idle(n int) {
	for range n {
		p.tick()
	}
}

func TestBalanceMatches(t *testing.T) {
	p := newPurse()
	if c := p.check(); c.State != ReconcileUnknown {
		t.Fatalf("before the first sample: %+v", c)
	}
	p.run(200)
	p.idle(60)
	c := p.check()
	if c.State != ReconcileMatch || c.Gap != 0 || c.Slack > 1000 || c.Spent.V < 3000 || abs(c.Spent.V-c.Rose.V) > c.Slack {
		t.Fatalf("%+v", c)
	}
}

// TestBalanceDoesNotFlap runs forty busy minutes with calls under way that were
// charged in advance, and looks every second.
func TestBalanceDoesNotFlap(t *testing.T) {
	seed := uint64(0)
	for name, change := range map[string]func(*purse){
		"at once": func(*purse) {}, "in batches": func(p *purse) { p.lag = 5 },
		"a clock that is half a second off": func(p *purse) { p.s.Skew = Some(-500 * time.Millisecond) },
	} {
		seed++
		r := rand.New(rand.NewPCG(seed, 7))
		p := newPurse()
		change(p)
		type flight struct {
			ends  int64
			quota Quota
		}
		var flights []flight
		seen := false
		for range 2400 {
			for range r.IntN(4) {
				// Charged in advance with more than it will cost, for up to 20 s.
				f := flight{p.now + r.Int64N(20), Quota(500 + r.IntN(3000))}
				flights = append(flights, f)
				p.flight += f.quota
			}
			kept := flights[:0]
			for _, f := range flights {
				if f.ends > p.now {
					kept = append(kept, f)
					continue
				}
				p.flight -= f.quota
				p.spend(Call{Quota: Quota(r.IntN(int(f.quota)))})
			}
			flights = kept
			p.tick()
			c := p.check()
			if c.State == ReconcileGap {
				t.Errorf("%s: after %d s: %+v", name, p.now-t0, c)
				break
			}
			seen = seen || c.State == ReconcileMatch
			if seen && c.State != ReconcileMatch {
				t.Errorf("%s: after %d s a match became %+v", name, p.now-t0, c)
				break
			}
		}
		if !seen {
			t.Errorf("%s: never a match", name)
		}
	}
}

func TestCausesOfABalanceGap(t *testing.T) {
	for _, c := range []struct {
		cause  string
		gap    Quota
		happen func(p *purse)
	}{
		{CauseTopUp, 50_000, func(p *purse) { p.quota += 50_000; p.idle(60) }},
		{CauseRefund, 400, func(p *purse) {
			p.quota += 400
			p.rows = append(p.rows, Call{At: p.now, Kind: KindRefund, Quota: 400})
			p.idle(60)
		}},
		{CauseRefund, 400, func(p *purse) { // one that takes back the used quota as well
			p.quota, p.used = p.quota+400, p.used-400
			p.rows = append(p.rows, Call{At: p.now, Kind: KindRefund, Quota: 400})
			p.idle(60)
		}},
		{CauseInFlight, -7000, func(p *purse) { p.flight = 7000; p.idle(90) }},
		{CauseOther, -7000, func(p *purse) { p.quota -= 7000; p.idle(6 * 60) }},
		{CauseLoggingOff, -4000, func(p *purse) {
			p.silent = true
			p.run(120)
			p.idle(80)
		}},
		{CauseLate, -4000, func(p *purse) {
			p.quota, p.used = p.quota-4000, p.used+4000
			p.idle(70)
		}},
		{CauseOther, -4000, func(p *purse) {
			p.quota, p.used = p.quota-4000, p.used+4000
			p.run(10)
			p.idle(170)
		}},
		{CauseSubscription, 600, func(p *purse) {
			for range 3 {
				p.spend(Call{Quota: 200, BySubscription: true})
				p.idle(10)
			}
			p.idle(60)
		}},
	} {
		p := newPurse()
		p.run(200)
		p.idle(300)
		if got := p.check(); got.State != ReconcileMatch {
			t.Fatalf("%s: before: %+v", c.cause, got)
		}
		c.happen(p)
		got := p.check()
		if got.State != ReconcileGap || got.Cause != c.cause || got.Gap != c.gap || got.Slack != 0 {
			t.Errorf("want %s of %d: %+v", c.cause, c.gap, got)
		}
		if state, gap, cause := ReconcileNow(p.s).Verdict(); state != ReconcileGap || gap != got.Gap || cause != got.Cause {
			t.Errorf("%s: the verdict is %s %d %s", c.cause, state, gap, cause)
		}
		p.idle(20 * 60)
		if got := p.check(); c.cause != CauseInFlight && got.State != ReconcileMatch {
			t.Errorf("%s: twenty minutes later: %+v", c.cause, got)
		}
	}
}

// TestACauseMustComeToTheGap: a refund of another amount is not why.
func TestACauseMustComeToTheGap(t *testing.T) {
	for _, c := range []struct {
		name   string
		cause  string
		gap    Quota
		happen func(p *purse)
	}{
		{"the used quota fell by more than was given back", CauseOther, 900, func(p *purse) {
			p.quota, p.used = p.quota+900, p.used-900
			p.rows = append(p.rows, Call{At: p.now, Kind: KindRefund, Quota: 400})
		}},
		{"and by less", CauseOther, 300, func(p *purse) {
			p.quota, p.used = p.quota+300, p.used-300
			p.rows = append(p.rows, Call{At: p.now, Kind: KindRefund, Quota: 400})
		}},
		{"the balance rose by more than was given back", CauseTopUp, 50_400, func(p *purse) {
			p.quota += 50_400
			p.rows = append(p.rows, Call{At: p.now, Kind: KindRefund, Quota: 400})
		}},
	} {
		p := newPurse()
		p.run(200)
		p.idle(300)
		c.happen(p)
		p.idle(60)
		if got := p.check(); got.State != ReconcileGap || got.Cause != c.cause || got.Gap != c.gap {
			t.Errorf("%s: want %s of %d: %+v", c.name, c.cause, c.gap, got)
		}
	}
}

func TestAPlanThatRowsDoNotTell(t *testing.T) {
	p := newPurse()
	p.s = p.s.Apply(update(t0, SourceDetails, Details{Plans: []Plan{{Name: "pro"}}}))
	for range 40 {
		p.spend(Call{Quota: 200})
		p.quota += 200
		p.idle(4)
	}
	p.idle(70)
	if c := p.check(); c.State != ReconcileGap || c.Cause != CauseSubscription {
		t.Errorf("%+v", c)
	}
}

func TestPartialForTheBudget(t *testing.T) {
	p := newPurse()
	p.run(100)
	p.s.Self.Ledger = p.s.Self.Ledger.Unsettle(Span{p.now - 40, p.now - 30})
	if c := p.check(); c.State != ReconcilePartial || c.Cause != "" {
		t.Errorf("while it is read: %+v", c)
	}
	// The same of the gateway's sum, while the budget is not what keeps us.
	idle := p.s.Apply(Update{At: at(p.now), Source: SourceRates, Payload: SpanTotal{Span: hour.Ending(p.now), Quota: 1}, Pace: Pace{Budget: 30, Used: 3, Stretch: 1}})
	if r := ReconcileNow(idle); r.State != ReconcilePartial || r.Cause != "" {
		t.Errorf("the gateway's sum, while the log is read: %+v", r)
	}
	p.s.Pace = Pace{Budget: 30, Used: 30, Stretch: 1}
	if c := p.check(); c.State != ReconcilePartial || c.Cause != CauseBudget {
		t.Errorf("with the budget spent: %+v", c)
	}
	p.s = p.s.Apply(Update{At: at(p.now), Source: SourceRates, Payload: SpanTotal{Span: hour.Ending(p.now), Quota: 1}, Pace: Pace{Stretch: 2}})
	if r := ReconcileNow(p.s); r.State != ReconcilePartial || r.Cause != CauseBudget {
		t.Errorf("the gateway's sum: %+v", r)
	}
}

// TestPurgedRows takes rows from the gateway that were read an hour ago.
func TestPurgedRows(t *testing.T) {
	s := readHour(t0, 500)
	all := Summarise(s, hour, shanghai).Totals.Quota.V
	young := s.Self.Usage.tally(Span{t0 - 60 + Lag, t0}, s.Self.Calls).Quota
	span := hour.Ending(t0)
	for quota, want := range map[Quota]string{all - 1: CauseLate, all - young - 1: CausePurged, 0: CausePurged, all + 1: CauseLate} {
		r := ReconcileNow(s.Apply(update(t0+Lag, SourceRates, SpanTotal{Span: span, Quota: quota})))
		if r.State != ReconcileGap || r.Cause != want || r.Gap != all-quota {
			t.Errorf("the gateway says %d of %d: %+v, want %s", quota, all, r, want)
		}
	}
	// A sum of what was final when it was taken cannot lack late rows.
	r := ReconcileNow(s.Apply(update(t0+120, SourceRates, SpanTotal{Span: span, Quota: all - 1})))
	if r.Cause != CausePurged {
		t.Errorf("long after: %+v", r)
	}
}
