package gateway

import (
	"context"
	"fmt"
	"strings"

	"gatewatch/model"
)

// Status asks the public /api/status and, unless the dialect was set by hand,
// finds the dialect from it. When the gateway's version or start time changed
// since, the dialect is found anew.
func (g *Gateway) Status(ctx context.Context) (model.Status, error) {
	a, err := g.c.get(ctx, anonymous, "/api/status", nil, nil)
	if err != nil {
		return model.Status{}, err
	}
	var data statusData
	if err := g.c.data(a, &data); err != nil {
		return model.Status{}, err
	}
	if len(data.keys) == 0 {
		return model.Status{}, &StatusError{
			Gateway: g.c.opt.Name, Path: "/api/status", Kind: model.FaultNotGateway, Code: 200,
			Hint: "it holds no settings: is url the address of a gateway of the one-api family?",
		}
	}
	if v := a.header.Get("X-New-Api-Version"); v != "" && data.Version == "" {
		data.Version = text(v)
	}
	if err := g.adopt(data, a.header.Get("X-New-Api-Version") != ""); err != nil {
		return model.Status{}, err
	}
	return data.status(), nil
}

// adopt chooses the dialect that data describes.
func (g *Gateway) adopt(data statusData, newAPIHeader bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.d != nil && g.version == string(data.Version) && g.started == int64(data.StartTime) {
		return nil
	}
	found := g.found
	if auto := g.c.opt.Dialect; auto == "" || auto == Auto {
		found = tell(data, newAPIHeader)
	}
	d, err := newDialect(g.c, found.Dialect, data)
	if err != nil {
		return &StatusError{
			Gateway: g.c.opt.Name, Path: "/api/status", Kind: model.FaultUnsupported, Err: err,
			Hint: fmt.Sprintf("it looks like %s (%s); %v", found.Dialect, found.Why, err),
		}
	}
	g.d, g.found, g.version, g.started = d, found, string(data.Version), int64(data.StartTime)
	return nil
}

// tell finds the family from the names of the fields of /api/status (gateways.md
// §2.3; captures of one-api, new-api 0.6.3, rc.21 and one-hub).
func tell(data statusData, newAPIHeader bool) model.Found {
	has := func(names ...string) string {
		var got []string
		for _, n := range names {
			if data.keys[n] {
				got = append(got, n)
			}
		}
		return strings.Join(got, " and ")
	}
	because := func(what string) string { return "its /api/status has " + what }
	if k := has("check_in_enabled"); k != "" {
		return model.Found{Dialect: Veloera, Why: because(k)}
	}
	if k := has("PaymentUSDRate", "UptimeEnabled"); k != "" {
		return model.Found{Dialect: OneHub, Why: because(k)}
	}
	if newAPIHeader {
		return model.Found{Dialect: NewAPI, Why: "its answers carry X-New-Api-Version"}
	}
	if k := has("quota_display_type", "checkin_enabled", "self_use_mode_enabled", "enable_data_export"); k != "" {
		return model.Found{Dialect: NewAPI, Why: because(k)}
	}
	return model.Found{Dialect: OneAPI, Why: "its /api/status has none of the fields that only its successors have"}
}
