package model

import (
	"math"
	"testing"
	"time"
)

// TestWithoutALogTheBalanceTells: a gateway that offers no log is asked for its
// account every 10 s and spends 100 quota in each of them.
func TestWithoutALogTheBalanceTells(t *testing.T) {
	s := State{}.Apply(Update{Source: SourceCalls, At: at(t0 - 1200), Err: unsupportedError{}})
	for i := int64(-1200); i <= 0; i += 10 {
		s = s.Apply(update(t0+i, SourceAccount, Account{Quota: Some[Quota](1_000_000), Used: Some(Quota(100 * (i + 1200) / 10))}))
	}
	sum := Summarise(s, hour, time.UTC)
	if tt := sum.Totals; tt.From != FromDerived || tt.Quota != Some[Quota](12_000) || !tt.Partial || math.Abs(tt.Coverage-1200.0/3600) > 0.01 {
		t.Errorf("%+v", tt)
	}
	if math.Abs(sum.PerMinute.V-600) > 1 || math.Abs(sum.MPM.Value.V-600) > 1 || sum.MPM.From != FromDerived {
		t.Errorf("per minute %v, now %v", sum.PerMinute, sum.MPM)
	}
	if f := sum.Forecast; math.Abs(f.PerHour.V-36_000) > 100 || f.Samples < 15 || !f.EmptyAt.OK {
		t.Errorf("%+v", f)
	}
	for _, p := range sum.Series {
		if p.PerMinute.OK && math.Abs(p.PerMinute.V-600) > 150 {
			t.Errorf("a column of %v", p.PerMinute.V)
		}
	}
	if sum.Totals.Calls.OK || sum.RPM.Value.OK {
		t.Error("the balance tells no calls")
	}

	// A figure that falls, and a long silence, are not spending.
	s = s.Apply(update(t0+10, SourceAccount, Account{Quota: Some[Quota](1_000_000), Used: Some[Quota](0)}))
	s = s.Apply(update(t0+1000, SourceAccount, Account{Quota: Some[Quota](1_000_000), Used: Some[Quota](50_000)}))
	if got := Summarise(s, hour, time.UTC).Totals.Quota; got != Some[Quota](12_000) {
		t.Errorf("after a reset and a silence: %v", got)
	}
}

type unsupportedError struct{}

func (unsupportedError) Error() string { return "not offered" }
func (unsupportedError) Fault() Fault  { return Fault{Kind: FaultUnsupported} }

// TestARateIsNeverNegative: a used quota that fell, as when a call was given back,
// tells no rate.
func TestARateIsNeverNegative(t *testing.T) {
	sample := func(sec int64, used Quota) BalanceSample { return BalanceSample{At: at(t0 + sec), Used: used} }
	for _, c := range []struct {
		name    string
		samples []BalanceSample
		want    Rate
	}{
		{"it rose", []BalanceSample{sample(0, 100), sample(60, 400)}, Rate{Some(300.0), FromDerived}},
		{"it stood still", []BalanceSample{sample(0, 100), sample(60, 100)}, Rate{Some(0.0), FromDerived}},
		{"it fell", []BalanceSample{sample(0, 400), sample(60, 100)}, Rate{}},
		{"it fell, and rose since", []BalanceSample{sample(0, 400), sample(30, 0), sample(60, 100)}, Rate{}},
	} {
		if got := derivedMPM(c.samples, at(t0+60)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		s := State{Balances: c.samples}.Tick(at(t0 + 60))
		if got := Summarise(s, hour, time.UTC).MPM; got != c.want {
			t.Errorf("%s, on the screen: %+v", c.name, got)
		}
	}
}
