package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/url"

	"gatewatch/model"
)

const (
	// perRatio is the quota of a million tokens at ratio 1 ($2 at 500000 to the
	// dollar, but what is billed is tokens × ratio whatever the dollar is worth).
	perRatio = 1e6
	// perTime is the quota of a call at ratio 1 on one-hub (0.002 × 500000: HUB
	// relay/relay_util/quota.go).
	perTime = 1000
	// maxListed bounds the models of a price list, maxModelName a name in it, in
	// bytes.
	maxListed    = 10_000
	maxModelName = 200
)

// Prices asks what the language models cost, by name, in quota and with the ratio of
// a group, "" for the account's own; a key of another group pays that one's. Where
// the gateway has no list, or tells no ratio of that group, it is ErrUnsupported. It
// takes two or three requests.
func (g *Gateway) Prices(ctx context.Context, group string) (map[string]model.ModelPrice, error) {
	d, err := g.dialect()
	if err != nil {
		return nil, err
	}
	switch d := d.(type) {
	case *newAPI:
		return g.ratioPrices(ctx, group)
	case veloera:
		return g.ratioPrices(ctx, group)
	case *oneHub:
		return d.prices(ctx, group)
	case *shellAPI:
		return d.prices(ctx)
	}
	return nil, g.c.unsupported("a list of prices")
}

// ratioPrices reads /api/pricing of new-api and its forks. Sources: gateways.md §6,
// captures/new-api-rc21/129-pricing.
func (g *Gateway) ratioPrices(ctx context.Context, of string) (map[string]model.ModelPrice, error) {
	const what = "a list of prices"
	if of == "" {
		account, err := g.Account(ctx)
		if err != nil {
			return nil, err
		}
		of = account.Group
	}
	a, err := g.c.get(ctx, management, "/api/pricing", nil)
	if err != nil {
		return nil, g.c.optional(what, err)
	}
	if _, err := g.c.opened(a); err != nil {
		return nil, err
	}
	var list struct {
		Data []struct {
			Model      text     `json:"model_name"`
			Type       number   `json:"quota_type"`
			Ratio      *decimal `json:"model_ratio"`
			Price      *decimal `json:"model_price"`
			Completion *decimal `json:"completion_ratio"`
			Cache      *decimal `json:"cache_ratio"`
			Mode       text     `json:"billing_mode"`
		} `json:"data"`
		Groups map[string]decimal `json:"group_ratio"`
	}
	if err := json.Unmarshal(a.body, &list); err != nil {
		return nil, g.c.unreadable(a, err)
	}
	group, known := list.Groups[of]
	if !known {
		return nil, g.c.unsupported("the ratio of the group " + of)
	}
	perUnit := 0.0
	out := map[string]model.ModelPrice{}
	for _, m := range list.Data {
		var p model.ModelPrice
		switch {
		case m.Mode != "" && m.Mode != "ratio": // by expressions that only the gateway works out
			continue
		case m.Type == 1 && m.Price != nil:
			if perUnit == 0 {
				st, err := g.Status(ctx)
				if err != nil {
					return nil, err
				}
				perUnit = st.Currency.QuotaPerUnit()
			}
			p.PerCall = price(float64(*m.Price) * perUnit * float64(group))
		case m.Type == 0 && m.Ratio != nil:
			in := float64(*m.Ratio) * float64(group) * perRatio
			p.In = price(in)
			p.Out, p.Cached = times(in, m.Completion), times(in, m.Cache)
		}
		put(out, string(m.Model), p)
	}
	return out, nil
}

// hubPrice is one price of one-hub (model/price.go). Input and output are ratios
// of their own.
type hubPrice struct {
	Model  text               `json:"model"`
	Type   text               `json:"type"`
	Input  *decimal           `json:"input"`
	Output *decimal           `json:"output"`
	Extra  map[string]decimal `json:"extra_ratios"`
}

func (h *hubPrice) price(group float64) (p model.ModelPrice) {
	switch h.Type {
	case "tokens":
		p.In, p.Out = times(group*perRatio, h.Input), times(group*perRatio, h.Output)
		for _, name := range []string{"cached_tokens", "cached_read_tokens"} {
			if r, ok := h.Extra[name]; ok && p.In.OK && !p.Cached.OK {
				p.Cached = price(p.In.V * float64(r))
			}
		}
	case "times":
		p.PerCall = times(group*perTime, h.Input)
	}
	return p
}

// prices asks for what each model that the account may use costs, or for the
// whole list where that is not offered. Sources: gateways.md §6,
// captures/one-hub/119-available-model, 121-prices, 125-user-group-map.
func (o *oneHub) prices(ctx context.Context, of string) (map[string]model.ModelPrice, error) {
	if of == "" {
		account, err := o.account(ctx)
		if err != nil {
			return nil, err
		}
		of = account.Group
	}
	a, err := o.c.get(ctx, management, "/api/user_group_map", nil)
	if err != nil {
		return nil, o.c.optional("the ratio of a group", err)
	}
	var groups map[string]struct {
		Ratio *decimal `json:"ratio"`
	}
	if err := o.c.data(a, &groups); err != nil {
		return nil, err
	}
	own := groups[of].Ratio
	if own == nil {
		return nil, o.c.unsupported("the ratio of the group " + of)
	}
	group := float64(*own)

	out := map[string]model.ModelPrice{}
	a, err = o.c.get(ctx, management, "/api/available_model", nil)
	if err == nil {
		var models map[string]struct {
			Price hubPrice `json:"price"`
		}
		if err := o.c.data(a, &models); err != nil {
			return nil, err
		}
		for name, m := range models {
			put(out, name, m.Price.price(group))
		}
		return out, nil
	}
	if !errors.Is(o.c.optional("", err), errors.ErrUnsupported) {
		return nil, err
	}
	if a, err = o.c.get(ctx, management, "/api/prices", url.Values{"type": {"db"}}); err != nil {
		return nil, o.c.optional("a list of prices", err)
	}
	var rows []hubPrice
	if err := o.c.data(a, &rows); err != nil {
		return nil, err
	}
	for i := range rows {
		put(out, string(rows[i].Model), rows[i].price(group))
	}
	return out, nil
}

// prices are the fixed prices per call, in dollars, that the account itself
// carries; what is billed by tokens is in no answer of Shell-API's.
func (s *shellAPI) prices(ctx context.Context) (map[string]model.ModelPrice, error) {
	a, err := s.c.get(ctx, management, "/api/user/self", nil)
	if err != nil {
		return nil, err
	}
	var self struct {
		Fixed json.RawMessage `json:"ModelFixedPrice"`
	}
	if err := s.c.data(a, &self); err != nil {
		return nil, err
	}
	raw := map[string]json.RawMessage{}
	var rows []json.RawMessage
	if json.Unmarshal(self.Fixed, &raw) != nil && json.Unmarshal(self.Fixed, &rows) == nil {
		for _, row := range rows {
			if name, p := priceRow(row); name != "" {
				raw[name] = p
			}
		}
	}
	out := map[string]model.ModelPrice{}
	for name, p := range raw {
		var usd *decimal
		if json.Unmarshal(p, &usd) == nil {
			put(out, name, model.ModelPrice{PerCall: times(model.DefaultQuotaPerUnit, usd)})
		}
	}
	if len(out) == 0 {
		return nil, s.c.unsupported("a list of prices")
	}
	return out, nil
}

// put enters a price, unless nothing is known of it.
func put(all map[string]model.ModelPrice, name string, p model.ModelPrice) {
	if name != "" && len(name) <= maxModelName && len(all) < maxListed && (p.In.OK || p.PerCall.OK) {
		all[name] = p
	}
}

// price is a price that makes sense; one below zero is unknown.
func price(p float64) model.Opt[float64] {
	if p < 0 || math.IsInf(p, 0) || math.IsNaN(p) {
		return model.Opt[float64]{}
	}
	return model.Some(p)
}

// times is a multiple of a price, unknown where the ratio is.
func times(p float64, ratio *decimal) model.Opt[float64] {
	if ratio == nil {
		return model.Opt[float64]{}
	}
	return price(p * float64(*ratio))
}
