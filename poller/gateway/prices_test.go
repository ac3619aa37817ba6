package gateway

import (
	"errors"
	"net/http"
	"reflect"
	"testing"

	"gatewatch/model"
)

func TestPrices(t *testing.T) {
	type answers = map[string]func(*http.Request) string
	const (
		vip    = `{"success":true,"data":{"id":2,"username":"a","quota":1,"used_quota":1,"group":"vip"}}`
		ratios = `{"success":true,"data":[
			{"model_name":"gpt-4o","quota_type":0,"model_ratio":1.25,"completion_ratio":4,"cache_ratio":0.5},
			{"model_name":"plain","quota_type":0,"model_ratio":"0.5","completion_ratio":null},
			{"model_name":"mj","quota_type":1,"model_price":0.1},
			{"model_name":"tiers","quota_type":0,"model_ratio":1,"billing_mode":"tiered_expr"},
			{"model_name":"minus","quota_type":0,"model_ratio":-1}],"group_ratio":{"default":1,"vip":0.8}}`
		available = `{"success":true,"data":{"gpt-4o":{"groups":["vip"],"price":{"type":"tokens","input":2.5,"output":7.5,"extra_ratios":{"cached_tokens":0.5}}},
			"mj":{"price":{"type":"times","input":50}}}}`
		list   = `{"success":true,"data":[{"model":"gpt-4o","type":"tokens","input":2.5,"output":7.5}]}`
		groups = `{"success":true,"data":{"vip":{"ratio":2}}}`
	)
	newPrices := map[string]model.ModelPrice{
		"gpt-4o": {In: some(1e6), Out: some(4e6), Cached: some(0.5e6)}, "plain": {In: some(0.4e6)}, "mj": {PerCall: some(40000.0)},
	}
	for name, c := range map[string]struct {
		dialect string
		answers answers
		want    map[string]model.ModelPrice
		kind    model.FaultKind
	}{
		"new-api": {NewAPI, answers{"GET /api/user/self": says(vip), "GET /api/pricing": says(ratios), "GET /api/status": says("@new-api-rc21/status")}, newPrices, model.FaultNone},
		"veloera": {Veloera, answers{"GET /api/user/self": says(vip), "GET /api/pricing": says(ratios), "GET /api/status": says("@new-api-0.6.3/status")}, newPrices, model.FaultNone},
		"group unknown": {
			NewAPI,
			answers{"GET /api/user/self": says(`{"success":true,"data":{"id":2,"quota":1,"used_quota":1,"group":"x"}}`), "GET /api/pricing": says(ratios)},
			nil, model.FaultUnsupported,
		},
		"no list":    {NewAPI, answers{"GET /api/user/self": says(vip), "GET /api/pricing": says("@new-api-rc21/not-found-api")}, nil, model.FaultUnsupported},
		"restricted": {NewAPI, answers{"GET /api/user/self": says(vip), "GET /api/pricing": says(`{"success":false,"message":"no"}`)}, nil, model.FaultRefused},
		"one-hub": {
			OneHub,
			answers{"GET /api/user/self": says(vip), "GET /api/user_group_map": says(groups), "GET /api/available_model": says(available)},
			map[string]model.ModelPrice{"gpt-4o": {In: some(5e6), Out: some(15e6), Cached: some(2.5e6)}, "mj": {PerCall: some(100000.0)}},
			model.FaultNone,
		},
		"one-hub's list": {
			OneHub,
			answers{"GET /api/user/self": says(vip), "GET /api/user_group_map": says(groups), "GET /api/available_model": says("@one-hub/not-found-api"), "GET /api/prices": says(list)},
			map[string]model.ModelPrice{"gpt-4o": {In: some(5e6), Out: some(15e6)}},
			model.FaultNone,
		},
		"shell-api": {
			ShellAPI,
			answers{"GET /api/user/self": says("@shell-api/self")},
			map[string]model.ModelPrice{"mj": {PerCall: some(80000.0)}, "mj-chat": {PerCall: some(70000.0)}},
			model.FaultNone,
		},
		"shell-api's rows": {
			ShellAPI,
			answers{"GET /api/user/self": says("@shell-api/self-array")},
			map[string]model.ModelPrice{"mj": {PerCall: some(80000.0)}, "sora-2": {PerCall: some(250000.0)}},
			model.FaultNone,
		},
		"one-api": {OneAPI, nil, nil, model.FaultUnsupported},
	} {
		opt := withToken
		opt.Dialect = c.dialect
		g, _ := routed(t, opt, c.answers)
		got, err := g.Prices(t.Context(), "")
		if model.FaultOf(err).Kind != c.kind || len(got)+len(c.want) > 0 && !near(got, c.want) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if c.kind == model.FaultUnsupported && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// near compares prices to the thousandth of a unit: ratios are decimals.
func near(got, want map[string]model.ModelPrice) bool {
	round := func(all map[string]model.ModelPrice) map[string]model.ModelPrice {
		out := map[string]model.ModelPrice{}
		for name, p := range all {
			for _, o := range []*model.Opt[float64]{&p.In, &p.Out, &p.Cached, &p.PerCall} {
				o.V = float64(int64(o.V*1000+0.5)) / 1000
			}
			out[name] = p
		}
		return out
	}
	return reflect.DeepEqual(round(got), round(want))
}
