package model

import "testing"

func TestSumsAddWhatIsPrintedAlike(t *testing.T) {
	gateway := func(cur Currency, left Opt[Quota]) State {
		return State{Status: Some(Status{Currency: cur}), Account: Some(Account{Quota: left})}
	}
	states := []State{
		gateway(Currency{}, Some[Quota](500_000)),
		gateway(Currency{PerUnit: 1_000_000}, Some[Quota](2_000_000)), // another unit, the same dollars
		gateway(Currency{}, Opt[Quota]{}),
		gateway(Currency{Code: "CUSTOM", Symbol: "€", Rate: 2}, Some[Quota](500_000)),
		gateway(Currency{Code: "TOKENS"}, Some[Quota](7)),
	}
	got := Sums(states, func(i int) Opt[float64] {
		if i < 2 {
			return Some(500_000.0)
		}
		return Opt[float64]{}
	})
	if len(got) != 3 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []struct {
		left, burn string
		n          int
	}{{"$3.00", "$1.50", 2}, {"€2.00", "", 1}, {"7", "", 1}} {
		s := got[i]
		if left := s.Currency.FormatFloat(s.Left.V); left != want.left || s.Gateways != want.n {
			t.Errorf("%s left at %d, want %+v", left, s.Gateways, want)
		}
		if s.PerHour.OK != (want.burn != "") || s.PerHour.OK && s.Currency.FormatFloat(s.PerHour.V) != want.burn {
			t.Errorf("%v an hour, want %+v", s.PerHour, want)
		}
	}
}
