// Package headless shows what the screen knows without a terminal: the report
// as JSON or for a person, and the thresholds that a script asks for.
package headless

import (
	"fmt"
	"strconv"
	"strings"

	"gatewatch/model"
)

// Check is one threshold of --check.
type Check struct {
	text  string
	what  measure
	below bool
	limit float64
}

// measure is a figure that can be checked; unknown figures cross nothing.
type measure struct {
	name string
	of   func(model.State, model.Summary) model.Opt[float64]
	unit string
}

// measures are the figures that --check knows.
var measures = []measure{
	{"balance", func(s model.State, _ model.Summary) model.Opt[float64] {
		left := s.Account.V.Quota
		if !left.OK {
			return model.Opt[float64]{}
		}
		return model.Some(s.Currency().Amount(float64(left.V)))
	}, "in the gateway's currency"},
	{"hours_left", func(s model.State, sum model.Summary) model.Opt[float64] {
		if !sum.Forecast.EmptyAt.OK || sum.Forecast.Sampled {
			return model.Opt[float64]{}
		}
		return model.Some(sum.Forecast.EmptyAt.V.Sub(s.Now).Hours())
	}, "hours"},
	{"spend_per_hour", func(s model.State, sum model.Summary) model.Opt[float64] {
		if !sum.Forecast.PerHour.OK || sum.Forecast.Sampled {
			return model.Opt[float64]{}
		}
		return model.Some(s.Currency().Amount(sum.Forecast.PerHour.V))
	}, "in the gateway's currency"},
	{"coverage", func(_ model.State, sum model.Summary) model.Opt[float64] {
		return model.Some(sum.Totals.Coverage)
	}, "between 0 and 1"},
}

// ParseCheck reads a threshold such as "balance<5" or "spend_per_hour>2.5".
func ParseCheck(s string) (Check, error) {
	var names []string
	for _, m := range measures {
		names = append(names, m.name)
		rest, ok := strings.CutPrefix(strings.TrimSpace(s), m.name)
		if !ok {
			continue
		}
		rest = strings.TrimSpace(rest)
		if rest == "" || (rest[0] != '<' && rest[0] != '>') {
			continue
		}
		limit, err := strconv.ParseFloat(strings.TrimSpace(rest[1:]), 64)
		if err != nil || limit != limit {
			return Check{}, fmt.Errorf("%q: %q is no number (%s)", s, strings.TrimSpace(rest[1:]), m.unit)
		}
		return Check{text: s, what: m, below: rest[0] == '<', limit: limit}, nil
	}
	return Check{}, fmt.Errorf("%q is no threshold: write one of %s, then < or >, then a number, as in balance<5", s, strings.Join(names, ", "))
}

// Crossed reports whether the threshold is crossed, and says so. What is not
// known crosses nothing.
func (c Check) Crossed(s model.State, sum model.Summary) (string, bool) {
	v := c.what.of(s, sum)
	if !v.OK || (c.below && v.V >= c.limit) || (!c.below && v.V <= c.limit) {
		return "", false
	}
	return fmt.Sprintf("%s: %s is crossed: it is %s", s.Gateway.Name, c.text, strconv.FormatFloat(v.V, 'f', -1, 64)), true
}
