package model

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// t0 is a minute boundary: 2026-11-20 14:00:00 in Shanghai.
const t0 = 1_795_154_400

var shanghai = time.FixedZone("CST", 8*3600)

func at(sec int64) time.Time { return time.Unix(sec, 0) }

func update(sec int64, src Source, payload any) Update {
	return Update{Gateway: "prod", Source: src, At: at(sec), Every: 5 * time.Second, Payload: payload}
}

// readHour settles the hour that ends at to with n calls and returns the state.
func readHour(to int64, n int) State {
	s := State{Gateway: Gateway{Name: "prod"}}
	span := Span{to - 3599, to}
	r := rand.New(rand.NewPCG(9, 9))
	calls := randomCalls(r, span, n)
	for i := range calls {
		calls[i].Kind = KindConsume
	}
	return s.Apply(update(to+Lag, SourceCalls, CallsRead{Span: span, Calls: calls, ReadAt: to + Lag}))
}

var hour = Window{Label: "1h", Length: time.Hour}

func TestUnknownIsNotZero(t *testing.T) {
	s := State{}.Tick(at(t0))
	sum := Summarise(s, hour, shanghai)
	if sum.Totals.Calls.OK || sum.Totals.Quota.OK || sum.Totals.Errors.OK || sum.PerMinute.OK ||
		sum.RPM.Value.OK || sum.MPM.Value.OK || sum.Today.Quota.OK || sum.Forecast.EmptyAt.OK || sum.Forecast.PerHour.OK {
		t.Fatalf("something is known before the first answer: %+v", sum)
	}
	s = readHour(t0, 100)
	sum = Summarise(s, hour, shanghai)
	if !sum.Totals.Calls.OK || sum.Totals.Calls.V != 100 || sum.Totals.From != FromCounted || sum.Totals.Coverage != 1 {
		t.Fatalf("totals: %+v", sum.Totals)
	}
	if sum.Totals.Errors.OK || sum.Models[0].Errors.OK || sum.ErrorRate.OK {
		t.Fatal("errors are known although no failure row was ever seen")
	}
	s = s.Apply(update(t0+10, SourceCalls, CallsRead{Span: Span{t0 + 1, t0 + 5}, ReadAt: t0 + 10, Calls: []Call{{At: t0 + 2, Kind: KindError, Model: "o3"}}}))
	sum = Summarise(s, hour, shanghai)
	if sum.Totals.Errors != Some[int64](1) || !sum.ErrorRate.OK {
		t.Fatalf("errors after a failure row: %+v", sum.Totals.Errors)
	}
}

func TestAnErrorNeverRemovesData(t *testing.T) {
	s := State{}.Apply(update(t0, SourceAccount, Account{Quota: Some[Quota](77), Username: "alice"}))
	u := update(t0+10, SourceAccount, nil)
	u.Err = errors.New("no route to host")
	s = s.Apply(u)
	if !s.Account.OK || s.Account.V.Quota.V != 77 {
		t.Fatalf("the balance is gone: %+v", s.Account)
	}
	st := s.Sources[SourceAccount]
	if st.Health(at(t0+10)) != HealthStale || st.Failures != 1 || !st.LastOK.Equal(at(t0)) {
		t.Fatalf("health %s, %+v", st.Health(at(t0+10)), st)
	}
	s = s.Apply(u).Apply(u)
	if h := s.Sources[SourceAccount].Health(at(t0 + 10)); h != HealthDown {
		t.Fatalf("after three failures: %s", h)
	}
	if s.Sources[SourceKeys].Health(at(t0)) != HealthOff {
		t.Fatal("a source that was never polled is not off")
	}
}

func TestHealthGoesStaleWithAge(t *testing.T) {
	s := State{}.Apply(update(t0, SourceAccount, Account{}))
	st := s.Sources[SourceAccount]
	for age, want := range map[int64]Health{0: HealthUp, 10: HealthUp, 11: HealthStale} {
		if got := st.Health(at(t0 + age)); got != want {
			t.Errorf("at %d s: %s, want %s", age, got, want)
		}
	}
	for kind, want := range map[FaultKind]Health{
		FaultUnauthorised: HealthUnauthorised, FaultForbidden: HealthUnauthorised, FaultLimited: HealthLimited,
		FaultUnsupported: HealthUnsupported, FaultServer: HealthStale, FaultNetwork: HealthStale,
	} {
		st := SourceState{LastOK: at(t0), LastTry: at(t0), Fault: Fault{Kind: kind}, Failures: 1}
		if got := st.Health(at(t0)); got != want {
			t.Errorf("fault %d: %s, want %s", kind, got, want)
		}
	}
}

func TestApplyLeavesOldStatesAlone(t *testing.T) {
	old := readHour(t0, 500)
	before := Summarise(old, hour, shanghai)
	s := old
	for i := int64(1); i < 200; i++ {
		span := Span{t0 + 5*i - 4, t0 + 5*i}
		s = s.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, ReadAt: span.To + Lag, Calls: []Call{
			{At: span.From, Kind: KindConsume, Model: "new", Key: "k", Quota: 1},
		}}))
		s = s.Apply(update(span.To+Lag, SourceAccount, Account{Quota: Some(Quota(i))}))
		s = s.Apply(update(span.To+Lag, SourceRates, SpanTotal{Span: span, Quota: 1}))
		s = s.Apply(update(span.To+Lag, SourceDays, HourTotal{Span: span, Quota: 1}))
	}
	after := Summarise(old, hour, shanghai)
	if before.Totals != after.Totals || len(before.Models) != len(after.Models) || len(old.Balances) != 0 || len(old.Self.Totals) != 0 {
		t.Fatal("an old state changed")
	}
	if s.Account.V.Quota.V != 199 || len(s.Self.Totals) != 8 {
		t.Fatalf("the new state is wrong: %d totals", len(s.Self.Totals))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var s State
	for m := range int64(180) {
		span := Span{t0 + m*60, t0 + m*60 + 59}
		s = s.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, ReadAt: span.To + Lag, Calls: randomCalls(rand.New(rand.NewPCG(1, 1)), span, 100)}))
	}
	if n := s.Self.Calls.Len(); n > 76*100 {
		t.Errorf("%d rows kept", n)
	}
	if n := len(s.Self.Usage.minutes); n > 77 {
		t.Errorf("%d minutes kept", n)
	}
	if s.Self.Ledger.Covers(Span{t0, t0 + 59}) {
		t.Error("the ledger still covers what was dropped")
	}
}

func TestTooManyCallsAreNotCovered(t *testing.T) {
	var s State
	rows := make([]Call, 60_000)
	for m := range int64(5) {
		span := Span{t0 + m*60, t0 + m*60 + 59}
		for i := range rows {
			rows[i] = Call{At: span.From + int64(i)/1000, Kind: KindConsume, Quota: 1}
		}
		s = s.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, ReadAt: span.To + Lag, Calls: rows}))
	}
	if s.Self.Calls.Len() > maxCalls {
		t.Fatalf("%d rows kept", s.Self.Calls.Len())
	}
	settled := s.Self.Ledger.Settled(Span{t0, t0 + 299})
	if len(settled) != 1 || settled[0].To != t0+299 {
		t.Fatalf("settled: %v", settled)
	}
	if got, want := s.Self.Usage.tally(settled[0], s.Self.Calls).Calls, int64(s.Self.Calls.Len()); got != want {
		t.Fatalf("the covered part holds %d calls, the log %d", got, want)
	}
}

func TestWindowTotalsWhenNotAllWasRead(t *testing.T) {
	s := State{}
	span := hour.Ending(t0)
	half := Span{t0 - 1799, t0}
	s = s.Apply(update(t0+5, SourceCalls, CallsRead{Span: half, ReadAt: t0 + 5, Calls: []Call{
		{At: t0 - 10, Kind: KindConsume, Model: "o3", Quota: 300, Prompt: 7},
	}}))
	sum := Summarise(s, hour, shanghai)
	if tt := sum.Totals; tt.From != FromSampled || tt.Coverage != 0.5 || tt.CoverageBy != ByTime || tt.Quota.V != 300 {
		t.Fatalf("sampled: %+v", tt)
	}
	s = s.Apply(update(t0+6, SourceRates, SpanTotal{Span: span, Quota: 1000, RPM: Some[int64](12)}))
	sum = Summarise(s, hour, shanghai)
	if tt := sum.Totals; tt.From != FromGateway || tt.Quota != Some[Quota](1000) || tt.Calls.OK || tt.Prompt.OK ||
		tt.CoverageBy != ByQuota || tt.Coverage != 0.3 {
		t.Fatalf("with the gateway's sum: %+v", tt)
	}
	if sum.Reconcile.State != ReconcilePartial {
		t.Fatalf("reconcile: %+v", sum.Reconcile)
	}
	s = s.Apply(update(t0+7, SourceCalls, CallsCount{Span: span, Calls: 4}))
	sum = Summarise(s, hour, shanghai)
	if tt := sum.Totals; tt.Calls != Some[int64](4) || tt.CoverageBy != ByCalls || tt.Coverage != 0.25 {
		t.Fatalf("with the gateway's count: %+v", tt)
	}
	if sum.RPM != (Rate{Some(12.0), FromGateway}) || sum.TPM.From != FromCounted {
		t.Fatalf("rates: %+v %+v", sum.RPM, sum.TPM)
	}
}

func TestReconcile(t *testing.T) {
	s := readHour(t0, 50)
	sum := Summarise(s, hour, shanghai)
	if sum.Reconcile.State != ReconcileUnknown {
		t.Fatalf("without a sum: %+v", sum.Reconcile)
	}
	total := sum.Totals.Quota.V
	s = s.Apply(update(t0+6, SourceRates, SpanTotal{Span: hour.Ending(t0), Quota: total}))
	if r := Summarise(s, hour, shanghai).Reconcile; r.State != ReconcileMatch || r.Counted != r.Gateway {
		t.Fatalf("equal sums: %+v", r)
	}
	// A sum over seconds that are not read yet must not hide the one that is.
	s = s.Apply(update(t0+8, SourceRates, SpanTotal{Span: hour.Ending(t0 + 3), Quota: total}))
	if r := Summarise(s, hour, shanghai).Reconcile; r.State != ReconcileMatch {
		t.Fatalf("while a newer sum waits for its rows: %+v", r)
	}
	s = s.Apply(update(t0+9, SourceRates, SpanTotal{Span: hour.Ending(t0), Quota: total + 5}))
	if r := Summarise(s, hour, shanghai).Reconcile; r.State != ReconcileGap || r.Gap != -5 || r.Cause != CauseLate {
		t.Fatalf("while young: %+v", r)
	}
	s = s.Apply(update(t0+90, SourceCalls, CallsRead{Span: Span{t0 - 70, t0}, ReadAt: t0 + 90}))
	if r := Summarise(s, hour, shanghai).Reconcile; r.State != ReconcileGap || r.Cause != CauseOther {
		t.Fatalf("when all is final: %+v", r)
	}
}

func TestKeysAddUp(t *testing.T) {
	calls := []Call{
		{At: t0, Kind: KindConsume, Key: "laptop", KeyID: 1, Quota: 10},
		{At: t0, Kind: KindConsume, Key: "old name", KeyID: 1, Quota: 5},
		{At: t0, Kind: KindConsume, Key: "twin", KeyID: 2, Quota: 3},
		{At: t0, Kind: KindConsume, Key: "twin", KeyID: 3, Quota: 4},
		{At: t0, Kind: KindConsume, Key: "gone", KeyID: 9, Quota: 1},
	}
	keys := Keys{{ID: 1, Name: "laptop"}, {ID: 2, Name: "twin"}, {ID: 3, Name: "twin"}}
	for _, ids := range []bool{true, false} {
		rows := slices.Clone(calls)
		for i := range rows {
			if !ids {
				rows[i].KeyID = 0
			}
		}
		s := State{}.Apply(update(t0, SourceKeys, keys))
		s = s.Apply(update(t0+5, SourceCalls, CallsRead{Span: hour.Ending(t0), Calls: rows, ReadAt: t0 + 5}))
		sum := Summarise(s, hour, shanghai)
		var all Quota
		got := map[string]string{}
		for _, k := range sum.Keys {
			all += k.Spent.V
			got[fmt.Sprint(k.ID)] = fmt.Sprint(k.Spent.OK, k.Spent.V)
		}
		for _, o := range sum.Others {
			all += o.Spent
			got[o.Name] = fmt.Sprint(o.Spent)
		}
		if all != 23 {
			t.Errorf("ids %v: keys and others add up to %d, want 23", ids, all)
		}
		want := map[string]string{"1": "true 15", "2": "true 3", "3": "true 4", "gone": "1"}
		if !ids {
			want = map[string]string{"1": "true 10", "2": "false 0", "3": "false 0", "gone": "1", "twin": "7", "old name": "5"}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("ids %v: %v, want %v", ids, got, want)
		}
	}
}

func TestEffectiveStatus(t *testing.T) {
	for _, c := range []struct {
		k    APIKey
		want KeyStatus
	}{
		{APIKey{Status: KeyEnabled, Unlimited: true}, KeyEnabled},
		{APIKey{Status: KeyEnabled, Unlimited: true, Expires: Some[int64](t0 - 1)}, KeyExpired},
		{APIKey{Status: KeyEnabled, Unlimited: true, Expires: Some[int64](t0)}, KeyEnabled},
		{APIKey{Status: KeyEnabled, Remaining: 0}, KeyExhausted},
		{APIKey{Status: KeyEnabled, Remaining: -7}, KeyExhausted},
		{APIKey{Status: KeyEnabled, Remaining: 7}, KeyEnabled},
		{APIKey{Status: KeyDisabled, Remaining: -7}, KeyDisabled},
	} {
		if got := c.k.Effective(t0); got != c.want {
			t.Errorf("%+v: %s, want %s", c.k, got, c.want)
		}
	}
}

func TestMPMIsDerivedWithoutALog(t *testing.T) {
	var s State
	for i := range int64(10) {
		s = s.Apply(update(t0+10*i, SourceAccount, Account{Quota: Some[Quota](0), Used: Some(Quota(1000 * i))}))
	}
	mpm := Summarise(s, hour, shanghai).MPM
	if mpm.From != FromDerived || mpm.Value.V != 6000 {
		t.Fatalf("mpm %+v", mpm)
	}
}

func TestFleet(t *testing.T) {
	f := Fleet{States: []State{{Gateway: Gateway{Name: "prod"}}, {Gateway: Gateway{Name: "staging"}}}}
	u := update(t0, SourceAccount, Account{Quota: Some[Quota](5)})
	u.Gateway = "staging"
	g := f.Apply(u)
	if f.States[1].Account.OK || !g.States[1].Account.OK || g.States[0].Account.OK {
		t.Fatal("the update went to the wrong state")
	}
	u.Gateway = "nobody"
	if h := g.Apply(u); h.States[1].Version != g.States[1].Version {
		t.Fatal("an unknown gateway changed something")
	}
	if g.Tick(at(t0 + 60)).States[0].Now != at(t0+60) {
		t.Fatal("tick")
	}
}

func BenchmarkApplyPage(b *testing.B) {
	for _, history := range []int{0, 5_000, 50_000, 150_000} {
		b.Run(fmt.Sprintf("history=%d", history), func(b *testing.B) {
			s := readHour(t0, history)
			r := rand.New(rand.NewPCG(1, 1))
			span := Span{t0 + 1, t0 + 5}
			u := update(t0+10, SourceCalls, CallsRead{Span: span, Calls: randomCalls(r, span, 100), ReadAt: t0 + 10})
			b.ReportAllocs()
			for b.Loop() {
				s.Apply(u)
			}
		})
	}
}

func BenchmarkSummarise(b *testing.B) {
	for _, calls := range []int{100, 7_200, 150_000} {
		b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) {
			s := readHour(t0, calls)
			b.ReportAllocs()
			for b.Loop() {
				Summarise(s, hour, shanghai)
			}
		})
	}
}
