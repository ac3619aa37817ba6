package model

import (
	"math"
	"testing"
)

func TestMoneyPrintsWhatMatters(t *testing.T) {
	usd := Currency{}
	for _, c := range []struct {
		q    Quota
		want string
	}{
		{49_826_629, "$99.65"},
		{206_100_000, "$412.20"},
		{617_283_000, "$1,234.57"},
		{6_150, "$0.0123"},
		{46, "$0.000092"},
		{47, "$0.000094"},
		{1, "$0.000002"},
		{0, "$0.00"},
		{500_000, "$1.00"},
		{499_999, "$1.00"},
		{499_000, "$0.998"},
		{50_000, "$0.10"},
		{250_000, "$0.50"},
		{-900_620, "-$1.80"},
		{-1, "-$0.000002"},
		{500_000_000_000, "$1,000,000.00"},
	} {
		if got := usd.Format(c.q); got != c.want {
			t.Errorf("%d quota prints as %s, want %s", c.q, got, c.want)
		}
	}
	cny := Currency{Code: "CNY", Symbol: "¥", Rate: 7.3}
	if got := cny.Format(500_000); got != "¥7.30" {
		t.Errorf("a dollar in yuan: %s", got)
	}
	if got := (Currency{Code: "TOKENS"}).Format(1_234_567); got != "1,234,567" {
		t.Errorf("raw quota: %s", got)
	}
	half := Currency{PerUnit: 1_000_000}
	if got := half.Format(500_000); got != "$0.50" {
		t.Errorf("with a million to the dollar: %s", got)
	}
	if got := usd.FormatFixed(-20, 2); got != "$0.00" {
		t.Errorf("minus nothing: %s", got)
	}
	for q, want := range map[float64]string{0: "$0.0000", 24: "<$0.0001", 25: "$0.0001", 88: "$0.0002"} {
		if got := usd.FormatFixed(q, 4); got != want {
			t.Errorf("%v with four decimals: %s, want %s", q, got, want)
		}
	}
	if got := (Currency{Code: "CUSTOM", Symbol: "¤", Rate: 2}).Format(500_000); got != "¤2.00" {
		t.Errorf("an operator's currency: %s", got)
	}
}

func TestAmountAndBack(t *testing.T) {
	for _, c := range []Currency{{}, {PerUnit: 1_000_000}, {Code: "CNY", Rate: 7.3}, {Code: "TOKENS"}} {
		for _, q := range []Quota{0, 1, 499_999, 49_826_629, -900_620, 1 << 50} {
			if back := c.Quota(c.Amount(float64(q))); back != q {
				t.Errorf("%+v: %d came back as %d", c, q, back)
			}
		}
	}
	if got := (Currency{}).Amount6(49_826_629); got != 99.653258 {
		t.Errorf("amount %v", got)
	}
	if math.IsInf(Currency{PerUnit: -5}.Amount(1), 0) {
		t.Error("a senseless quota_per_unit divides by zero")
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
