package main

import (
	"context"
	"os"
	"time"

	"gatewatch/model"
)

// recalled is what a dashboard has written down of the gateways that a report need not
// ask for again: calls that were read twice, the sums of hours and days, and what
// makes up a long window. What tells of now is left out: a report asks for that.
func (a *app) recalled(ctx context.Context, cfg Config, w *wiring) []model.Update {
	path := historyPath(a.getenv)
	if a.flags.noHistory || a.flags.demo || !cfg.History.Keep || path == "" {
		return nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil // no dashboard was ever here
	}
	mem := &memory{ids: w.ids}
	defer mem.close()
	var out []model.Update
	mem.begin()
	skew := model.Opt[time.Duration]{}
	mem.open(ctx, path, cfg.History.options(nil), func(u model.Update) {
		skew = u.Skew
		switch p := u.Payload.(type) {
		case model.CallsRead:
			u.Payload = p.Final()
			if p.Final().Span.Empty() {
				return
			}
		case model.HourTotal:
			if p.Span.Seconds() != 3600 {
				return
			}
		case model.DayTotal:
		default:
			return
		}
		out = append(out, u)
	})
	for _, t := range w.targets {
		span := model.PastSpan(cfg.Window, time.Now().Add(skew.V).Unix(), cfg.Zone)
		if span.Empty() || mem.get() == nil {
			continue
		}
		r := pastReader{mem: mem}
		if past, err := r.read(ctx, model.Want{Gateway: t.Name, Scope: t.Scope}, span); err == nil && !past.Span.Empty() {
			out = append(out, model.Update{Gateway: t.Name, Source: model.SourceDays, At: time.Now(), Payload: past})
		}
	}
	return out
}
