package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatewatch/model"
	"gatewatch/poller/hook"
)

// HistoryConfig says what is kept of what was seen.
type HistoryConfig struct {
	Keep bool
	// Calls are kept for so many days and at most so many megabytes, usage per
	// minute for so many days.
	CallsDays, CallsMB, MinutesDays int
}

// AlertConfig says what is warned of and how.
type AlertConfig struct {
	Bell, Notify bool
	// Failures is the share of calls that may fail, between 0 and 1.
	Failures float64
	Off      []model.AlertKind
	Hook     hook.Hook
}

// LowBalance is the balance below which a gateway's user is warned: an amount in
// its currency, or hours that it lasts. The zero LowBalance is the default.
type LowBalance struct{ Amount, Hours model.Opt[float64] }

func defaultHistory() HistoryConfig {
	return HistoryConfig{Keep: true, CallsDays: 3, CallsMB: 500, MinutesDays: 90}
}

func defaultAlerts() AlertConfig { return AlertConfig{Bell: true, Notify: true, Failures: 0.25} }

// alertKinds are the kinds of alerts that can be switched off.
var alertKinds = []model.AlertKind{
	model.AlertLowBalance, model.AlertSpike, model.AlertErrorSpike, model.AlertKeyLow, model.AlertDown, model.AlertFailures,
}

// historySettings are the keys of [history].
func (h *HistoryConfig) settings() []setting {
	return []setting{
		{"keep", func(v any) error { return setBool(&h.Keep, v) }},
		{"calls_days", func(v any) error { return setCount(&h.CallsDays, v, maxDays, "days") }},
		{"calls_mb", func(v any) error { return setCount(&h.CallsMB, v, maxMB, "megabytes") }},
		{"minutes_days", func(v any) error { return setCount(&h.MinutesDays, v, maxDays, "days") }},
	}
}

// settings are the keys of [alerts].
func (c *AlertConfig) settings() []setting {
	return []setting{
		{"bell", func(v any) error { return setBool(&c.Bell, v) }},
		{"notify", func(v any) error { return setBool(&c.Notify, v) }},
		{"failures", func(v any) error {
			f, ok := v.(float64)
			if !ok || f <= 0 || f > 1 {
				return fmt.Errorf("it must be a share above 0 and at most 1, such as 0.25")
			}
			c.Failures = f
			return nil
		}},
		{"off", func(v any) error {
			list, ok := v.([]any)
			if !ok {
				return wrongType(v, `a list such as ["spike"]`)
			}
			for _, x := range list {
				var kind string
				names := make([]string, len(alertKinds))
				for i, k := range alertKinds {
					names[i] = string(k)
				}
				if err := setOneOf(&kind, x, names); err != nil {
					return err
				}
				c.Off = append(c.Off, model.AlertKind(kind))
			}
			return nil
		}},
		{"on_alert", func(v any) error { return setStrings(&c.Hook.Command, v) }},
		{"webhook", func(v any) error {
			if err := setString(&c.Hook.URL, v); err != nil {
				return err
			}
			return c.Hook.Check()
		}},
	}
}

// The most that [history] may keep, a hundred years and a terabyte: what is far more
// does not fit into the nanoseconds and bytes that it is counted in.
const (
	maxDays = 36_500
	maxMB   = 1_000_000
)

// setCount reads a number of units, at most most.
func setCount(dst *int, v any, most int64, units string) error {
	n, ok := v.(int64)
	if !ok || n < 1 {
		return wrongType(v, "a whole number, at least 1")
	}
	if n > most {
		return fmt.Errorf("%d is too many; at most %d %s", n, most, units)
	}
	*dst = int(n)
	return nil
}

// setLowBalance reads 5, "5" or "24h"; "" is the default.
func setLowBalance(dst *LowBalance, v any) error {
	switch v := v.(type) {
	case int64:
		dst.Amount = model.Some(float64(v))
		return nil
	case float64:
		dst.Amount = model.Some(v)
		return nil
	case string:
		if v == "" {
			*dst = LowBalance{}
			return nil
		}
		if d, err := time.ParseDuration(v); err == nil && d > 0 {
			dst.Hours = model.Some(d.Hours())
			return nil
		}
		if f, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			dst.Amount = model.Some(f)
			return nil
		}
	}
	return fmt.Errorf(`it must be an amount such as 5, or the time that is left, such as "24h"`)
}

// alertOptions are a gateway's thresholds in its own quota.
func (c Config) alertOptions(s model.State) model.AlertOptions {
	o := model.AlertOptions{Failures: model.Some(c.Alerts.Failures), Off: c.Alerts.Off}
	for _, g := range c.Gateways {
		if g.Name != s.Gateway.Name {
			continue
		}
		o.LowHours = g.LowBalance.Hours
		if a := g.LowBalance.Amount; a.OK {
			o.LowBalance, o.Unpriced = model.Some(s.Currency().Quota(a.V)), !s.Status.OK
		}
	}
	return o
}
