package model

import (
	"math"
	"strconv"
	"strings"
)

// Quota is an amount of money in the gateway's own integer unit. It is summed
// as an integer and becomes a decimal only when it is printed.
type Quota int64

// DefaultQuotaPerUnit is how much quota makes one dollar on a gateway that does
// not say (one-api common/config, new-api common/constants, one-hub, Veloera:
// all 500*1000; Shell-API, V-API and aihubmix document it as fixed).
const DefaultQuotaPerUnit = 500_000

// Currency is how a gateway shows its quota. The zero Currency is the dollar at
// DefaultQuotaPerUnit.
type Currency struct {
	// PerUnit is the quota in one dollar; 0 means DefaultQuotaPerUnit.
	PerUnit float64
	// Code is "USD", "CNY", "TOKENS" or, for a currency of the operator's own,
	// "CUSTOM"; "" means USD (new-api operation_setting/general_setting.go).
	Code string
	// Symbol stands before an amount: "$", "¥", or the operator's own.
	Symbol string
	// Rate is how many units of the currency a dollar is worth; 0 means 1.
	Rate float64
}

// Tokens reports whether the gateway shows raw quota instead of money.
func (c Currency) Tokens() bool { return c.Code == "TOKENS" }

// Name returns the currency's code, "USD" when the gateway named none.
func (c Currency) Name() string {
	if c.Code == "" {
		return "USD"
	}
	return c.Code
}

// QuotaPerUnit returns the quota in one dollar.
func (c Currency) QuotaPerUnit() float64 {
	if c.PerUnit > 0 {
		return c.PerUnit
	}
	return DefaultQuotaPerUnit
}

// Amount converts quota to the currency; where the gateway shows raw quota it
// is returned as it is.
func (c Currency) Amount(q float64) float64 {
	if c.Tokens() {
		return q
	}
	rate := c.Rate
	if rate == 0 {
		rate = 1
	}
	return q / c.QuotaPerUnit() * rate
}

// Quota converts an amount in the currency back to quota, rounded to the
// nearest unit.
func (c Currency) Quota(amount float64) Quota {
	one := c.Amount(1)
	return Quota(math.Round(amount / one))
}

// Amount6 is the amount of q rounded to six decimals, for the report.
func (c Currency) Amount6(q Quota) float64 {
	return math.Round(c.Amount(float64(q))*1e6) / 1e6
}

// Format prints quota as money to the precision that matters: two decimals from
// one up ("$1,234.56"), three significant digits below, six decimals at most
// ("$0.0123", "$0.000093").
func (c Currency) Format(q Quota) string { return c.FormatFloat(float64(q)) }

// FormatFloat is Format for quota that is a rate or a mean and so need not be
// whole.
func (c Currency) FormatFloat(q float64) string {
	a := c.Amount(q)
	if c.Tokens() {
		return c.decimals(a, 0)
	}
	abs := math.Abs(a)
	switch {
	case abs == 0:
		return c.decimals(0, 2)
	case abs >= 0.9995:
		return c.decimals(a, 2)
	}
	// 3 significant digits: 0.0123 has its first digit at the second decimal.
	first := int(-math.Floor(math.Log10(abs)))
	s := c.decimals(a, min(6, first+2))
	if t := strings.TrimRight(s, "0"); t != s {
		// Keep cents: "$0.5" reads as a slip of the pen.
		point := strings.IndexByte(t, '.')
		for len(t)-point < 3 {
			t += "0"
		}
		return t
	}
	return s
}

// FormatFixed prints quota with exactly n decimals, for columns whose digits
// should change in place. What n decimals cannot show is "<$0.0001", not 0.
func (c Currency) FormatFixed(q float64, n int) string {
	if c.Tokens() {
		n = 0
	}
	a := c.Amount(q)
	if least := math.Pow10(-n); a > 0 && a < least/2 {
		return "<" + c.decimals(least, n)
	}
	return c.decimals(a, n)
}

func (c Currency) decimals(a float64, n int) string {
	symbol := c.Symbol
	if symbol == "" && !c.Tokens() && c.Name() == "USD" {
		symbol = "$"
	}
	s := group(strconv.FormatFloat(math.Abs(a), 'f', n, 64))
	if a < 0 && strings.ContainsAny(s, "123456789") {
		return "-" + symbol + s
	}
	return symbol + s
}

// group puts a comma between every three digits before the point.
func group(s string) string {
	whole, frac, _ := strings.Cut(s, ".")
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	if frac != "" {
		b.WriteByte('.')
		b.WriteString(frac)
	}
	return b.String()
}

// Count prints a whole number with a comma between every three digits.
func Count(n int64) string {
	if n < 0 {
		return "-" + group(strconv.FormatInt(-n, 10))
	}
	return group(strconv.FormatInt(n, 10))
}
