package gateway

import (
	"context"
	"errors"
	"fmt"

	"gatewatch/model"
)

// capabilities asks once for each thing that a dialect may have.
func (x *exam) capabilities(account model.Account) {
	g := x.g
	now := g.c.Now().Unix() - model.Lag
	hour := model.Span{From: now - 3599, To: now}
	week := model.Span{From: now - 7*day, To: now}

	var page CallsPage
	logged := x.try("log", func(ctx context.Context) (_ string, err error) {
		page, err = g.Calls(ctx, CallsQuery{Span: hour})
		return rowsWords(page), err
	})
	x.try("count of calls", func(ctx context.Context) (string, error) {
		n, err := g.Count(ctx, model.ScopeSelf, hour)
		return model.Count(n) + " calls in the last hour", err
	})
	x.try("sums and rates", func(ctx context.Context) (string, error) {
		t, err := g.Total(ctx, model.ScopeSelf, hour)
		return totalWords(t), err
	})
	x.try("usage per day", func(ctx context.Context) (string, error) {
		p, err := g.Periods(ctx, model.ScopeSelf, week)
		return model.Count(int64(len(p.Usage))) + " rows", err
	})
	x.try("keys", func(ctx context.Context) (string, error) {
		keys, more, err := g.Keys(ctx, 0)
		if more {
			return model.Count(int64(len(keys))) + " on the first page", err
		}
		return model.Count(int64(len(keys))), err
	})
	x.try("details", func(ctx context.Context) (string, error) {
		d, err := g.Details(ctx)
		return fmt.Sprintf("%d subscriptions, %d models' health, %d other fields", len(d.Plans), len(d.Models), len(d.Fields)), err
	})
	if account.Role >= model.RoleAdmin {
		x.try("channels", func(ctx context.Context) (string, error) {
			channels, _, err := g.Channels(ctx, 0)
			return model.Count(int64(len(channels))) + " on the first page", err
		})
		x.try("whole site", func(ctx context.Context) (string, error) {
			site, err := g.Calls(ctx, CallsQuery{Scope: model.ScopeSite, Span: hour})
			return rowsWords(site), err
		})
	} else {
		x.say("whole site", model.MarkInfo, "for administrators; this account is none", "")
	}
	if logged {
		x.logging(account, page)
	}
}

func rowsWords(p CallsPage) string {
	switch {
	case p.Total.OK:
		return model.Count(p.Total.V) + " rows in the last hour"
	case p.Last:
		return model.Count(int64(len(p.Calls))) + " rows in the last hour"
	}
	return "more than " + model.Count(int64(len(p.Calls))) + " rows in the last hour"
}

func totalWords(t model.SpanTotal) string {
	says := fmt.Sprintf("%s units in the last hour", model.Count(int64(t.Quota)))
	for _, rate := range []struct {
		name string
		v    model.Opt[int64]
	}{{"rpm", t.RPM}, {"tpm", t.TPM}, {"mpm", model.Opt[int64]{V: int64(t.MPM.V), OK: t.MPM.OK}}} {
		if rate.v.OK {
			says += fmt.Sprintf(", %s %s", model.Count(rate.v.V), rate.name)
		}
	}
	return says
}

// logging judges whether calls and failures get into the log. That calls do not
// is certain only when the account's spending rises while the log stays empty;
// an account with a past and an empty hour is a hint at most.
func (x *exam) logging(before model.Account, page CallsPage) {
	const consume, failures = "calls are logged", "failures are logged"
	var calls, errorRows int
	for i := range page.Calls {
		switch page.Calls[i].Kind {
		case model.KindConsume:
			calls++
		case model.KindError:
			errorRows++
		}
	}
	switch {
	case calls > 0:
		x.say(consume, model.MarkGood, fmt.Sprintf("%d of the newest rows are calls", calls), "")
	case before.Used.V == 0 && before.Requests.V == 0:
		x.say(consume, model.MarkInfo, "the account made no call yet", "")
	default:
		x.try(consume, func(ctx context.Context) (string, error) {
			after, err := x.g.Account(ctx)
			if err == nil && after.Used.V > before.Used.V {
				return "", errNotLogged
			}
			return "no call in the last hour, so that nothing can be told", err
		})
		f := &x.d.Findings[len(x.d.Findings)-1]
		if f.Says == errNotLogged.Error() {
			f.Mark, f.Advice = model.MarkWarn, "ask the operator whether consume logging is switched off; what is spent is still known from the balance"
		} else if f.Mark == model.MarkGood {
			f.Mark = model.MarkInfo
		}
	}
	switch {
	case errorRows > 0:
		x.say(failures, model.MarkGood, fmt.Sprintf("%d of the newest rows are failures", errorRows), "")
	case x.g.Found().Dialect == NewAPI:
		x.say(failures, model.MarkInfo, "none was in the last hour; the gateway logs them only where the operator set ERROR_LOG_ENABLED",
			"no failures on the screen does not mean that there are none")
	default:
		x.say(failures, model.MarkInfo, "this family does not log them", "no failures on the screen does not mean that there are none")
	}
}

var errNotLogged = errors.New("spending rose while the log of the last hour stayed empty")
