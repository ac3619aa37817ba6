package gateway

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gatewatch/model"
)

// details asks for the subscriptions (new-api model/subscription.go) and for how
// the models do for everybody on the site (from 1.0.0-rc.3). Either may be
// missing, by version or by the operator's choice.
func (n *newAPI) details(ctx context.Context) (model.Details, error) {
	plans, err := n.plans(ctx)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return model.Details{}, err
	}
	health, healthErr := n.siteHealth(ctx)
	if healthErr != nil && !errors.Is(healthErr, errors.ErrUnsupported) {
		return model.Details{}, healthErr
	}
	if err != nil && healthErr != nil {
		return model.Details{}, n.c.unsupported("subscriptions and the site's own health")
	}
	return model.Details{Plans: plans, Models: health}, nil
}

func (n *newAPI) plans(ctx context.Context) ([]model.Plan, error) {
	const what = "subscriptions"
	a, err := n.c.get(ctx, management, "/api/subscription/self", nil)
	if err != nil {
		return nil, n.c.optional(what, err)
	}
	var data struct {
		Subscriptions *[]struct {
			Subscription struct {
				PlanID    number `json:"plan_id"`
				Total     figure `json:"amount_total"` // 0 is no limit
				Used      figure `json:"amount_used"`
				EndTime   number `json:"end_time"`
				NextReset number `json:"next_reset_time"`
				Status    text   `json:"status"`
			} `json:"subscription"`
			Plan struct {
				Title text `json:"title"`
			} `json:"plan"` // forks
		} `json:"subscriptions"`
	}
	if err := n.c.data(a, &data); err != nil {
		return nil, n.c.refusedIsMissing(what, err)
	}
	if data.Subscriptions == nil {
		return nil, n.c.unreadable(a, errors.New("it lists no subscriptions"))
	}
	var plans []model.Plan
	for _, row := range *data.Subscriptions {
		s := row.Subscription
		if s.Status != "" && s.Status != "active" {
			continue
		}
		if !s.Total.OK || !s.Used.OK {
			return nil, n.c.unreadable(a, errors.New("a subscription has no amount"))
		}
		p := model.Plan{
			Name: string(row.Plan.Title), Total: model.Quota(s.Total.V), Used: model.Quota(s.Used.V),
			Ends: opt(s.EndTime), Resets: opt(s.NextReset),
		}
		if p.Name == "" {
			p.Name = fmt.Sprintf("plan %d", s.PlanID)
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// siteHealth asks for the last 24 hours of every model, over all users of the
// site.
func (n *newAPI) siteHealth(ctx context.Context) ([]model.ModelHealth, error) {
	const what = "the site's own health"
	a, err := n.c.get(ctx, management, "/api/perf-metrics/summary", map[string][]string{"hours": {"24"}})
	if err != nil {
		return nil, n.c.optional(what, err)
	}
	var data struct {
		Models *[]struct {
			Name    text     `json:"model_name"`
			Latency number   `json:"avg_latency_ms"`
			Success *decimal `json:"success_rate"` // per cent (new-api pkg/perf_metrics/metrics.go)
			Speed   decimal  `json:"avg_tps"`
		} `json:"models"`
	}
	if err := n.c.data(a, &data); err != nil {
		return nil, n.c.refusedIsMissing(what, err)
	}
	if data.Models == nil {
		return nil, n.c.unreadable(a, errors.New("it lists no models"))
	}
	var out []model.ModelHealth
	for _, m := range *data.Models {
		h := model.ModelHealth{Model: intern(m.Name), Took: millis(m.Latency)}
		if m.Success != nil {
			h.Success = model.Some(math.Min(1, math.Max(0, float64(*m.Success)/100)))
		}
		if m.Speed > 0 {
			h.TokensPerSecond = model.Some(float64(m.Speed))
		}
		out = append(out, h)
	}
	return out, nil
}

// refusedIsMissing is for what an operator can switch off: the refusal comes as
// success:false.
func (c *Client) refusedIsMissing(what string, err error) error {
	var e *StatusError
	if errors.As(err, &e) && e.Kind == model.FaultRefused {
		return c.unsupported(what)
	}
	return err
}
