package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"gatewatch/model"
)

// everyPath answers everything with the same.
func everyPath(t *testing.T, opt Options, said string) *Gateway {
	t.Helper()
	opt.Name, opt.URL, opt.Transport = "prod", "http://gw.localhost", reply(200, jsonType, said)
	g, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestThinAnswers holds that a success without its data is no balance of zero and
// no log without a call, whatever the dialect.
func TestThinAnswers(t *testing.T) {
	reads := map[string]func(context.Context, *Gateway) error{
		"account": func(ctx context.Context, g *Gateway) error { _, err := g.Account(ctx); return err },
		"calls": func(ctx context.Context, g *Gateway) error {
			_, err := g.Calls(ctx, CallsQuery{Span: model.Span{To: 100}})
			return err
		},
		"site": func(ctx context.Context, g *Gateway) error {
			_, err := g.Calls(ctx, CallsQuery{Scope: model.ScopeSite})
			return err
		},
		"count": func(ctx context.Context, g *Gateway) error {
			_, err := g.Count(ctx, model.ScopeSelf, model.Span{})
			return err
		},
		"total": func(ctx context.Context, g *Gateway) error {
			_, err := g.Total(ctx, model.ScopeSelf, model.Span{From: 0, To: day - 1})
			return err
		},
		"keys":     func(ctx context.Context, g *Gateway) error { _, _, err := g.Keys(ctx, 0); return err },
		"channels": func(ctx context.Context, g *Gateway) error { _, _, err := g.Channels(ctx, 0); return err },
		"details":  func(ctx context.Context, g *Gateway) error { _, err := g.Details(ctx); return err },
		"days": func(ctx context.Context, g *Gateway) error {
			_, err := g.Periods(ctx, model.ScopeSelf, model.Span{From: 0, To: day - 1})
			return err
		},
	}
	for _, thin := range []string{
		`{"success":true,"data":null}`, `{"success":true}`, `{"success":true,"message":"","data":{}}`, `{"success":true,"data":{ }}`, `{"data":null}`, `{}`,
		`{"success":true,"data":{"items":null,"total":0}}`, `{"success":true,"data":{"data":null}}`, `{"success":true,"data":{"total":0}}`,
		`{"success":true,"data":{"items":[],"total":3}}`, `{"success":true,"data":{"data":[],"total_count":3}}`,
		`{"success":true,"data":[null]}`, `{"success":true,"data":[{}]}`, `{"success":true,"data":{"items":[{}],"total":1}}`,
	} {
		for _, d := range Dialects() {
			for _, key := range []bool{false, true} {
				opt := Options{AccessToken: NewSecret(fakeToken), Dialect: d}
				if key {
					opt = withKey(d)
				}
				for what, read := range reads {
					if dashboard := what == "days" && (d == OneAPI || d == OneHub) && strings.Contains(thin, `"data":null}`); dashboard {
						continue // that list is null when it is empty
					}
					if rows := what == "days" || what == "details" || what == "count"; rows && strings.Contains(thin, `[`) {
						continue // of rows that have no figure, those tests are below
					}
					kind := model.FaultOf(read(t.Context(), everyPath(t, opt, thin))).Kind
					if kind != model.FaultBadAnswer && kind != model.FaultUnsupported && kind != model.FaultRefused {
						t.Errorf("%s, key %v, %s of %s: fault %d", d, key, what, thin, kind)
					}
					if must := !key && (what == "account" || (what == "calls" && d != VAPI && d != AIHubMix && d != OpenCatD && !strings.Contains(thin, "["))); must && kind != model.FaultBadAnswer {
						t.Errorf("%s, %s of %s: fault %d", d, what, thin, kind)
					}
				}
			}
		}
	}
}

// TestThinStatus holds that nothing is found, and no money told, by an empty status.
func TestThinStatus(t *testing.T) {
	for _, d := range []string{Auto, OneAPI, NewAPI, OneHub, Veloera} {
		for _, thin := range []string{`{"success":true,"data":null}`, `{"success":true,"data":{}}`, `{"success":true}`, `{"success":true,"data":{"maintenance":true}}`} {
			opt := withToken
			opt.Dialect = d
			g, _ := routed(t, opt, map[string]func(*http.Request) string{"GET /api/status": says(thin), "GET /api/user/self": says("@one-api/self")})
			if st, err := g.Status(t.Context()); model.FaultOf(err).Kind != model.FaultBadAnswer {
				t.Errorf("%s, %s: %+v %v", d, thin, st, err)
			}
			if d == Auto && g.Ready() {
				t.Errorf("%s: found %+v", thin, g.Found())
			}
		}
	}
}

// TestMissingFigures holds that a figure that is not there is unknown, or a fault
// where it is what was asked for.
func TestMissingFigures(t *testing.T) {
	ok := func(data string) string { return `{"success":true,"data":` + data + `}` }
	opt := withToken
	opt.Dialect = NewAPI
	for _, data := range []string{`{"id":2,"username":"alice"}`, `{"id":2,"quota":null,"used_quota":null,"request_count":null}`, `{"id":2,"quota":"","used_quota":"","request_count":""}`} {
		a, err := everyPath(t, opt, ok(data)).Account(t.Context())
		if err != nil || a.Quota.OK || a.Used.OK || a.Requests.OK || a.Role != model.RoleUser || !a.Enabled {
			t.Errorf("%s: %+v %v", data, a, err)
		}
	}
	if a, err := everyPath(t, opt, ok(`{"id":2,"quota":0,"used_quota":"0","role":0,"status":2}`)).Account(t.Context()); err != nil || a.Quota != some[model.Quota](0) || a.Used != some[model.Quota](0) || a.Role != 0 || a.Enabled {
		t.Errorf("zeros: %+v %v", a, err)
	}
	if _, err := everyPath(t, opt, ok(`{"theme":"dark"}`)).Account(t.Context()); model.FaultOf(err).Kind != model.FaultBadAnswer {
		t.Errorf("nobody's account: %v", err)
	}
	for _, c := range []struct {
		dialect, data string
		ask           ask
	}{
		{NewAPI, `{"rpm":1,"tpm":2}`, total(model.ScopeSelf, model.Span{})},
		{OneAPI, `{"quota":null}`, total(model.ScopeSelf, model.Span{})},
		{OneHub, `{"quota":""}`, total(model.ScopeSite, model.Span{})},
		{ShellAPI, `{"mpm":1}`, total(model.ScopeSelf, model.Span{})},
		{NewAPI, `{"items":[{"created_at":1,"type":2,"quota":1}]}`, func(ctx context.Context, g *Gateway) (any, error) { return g.Count(ctx, 0, model.Span{}) }},
		{OneHub, `{"data":[{"created_at":1,"type":2,"quota":1}],"total_count":null}`, func(ctx context.Context, g *Gateway) (any, error) { return g.Count(ctx, 0, model.Span{}) }},
		{NewAPI, `{"items":[{"created_at":1,"type":2}],"total":1}`, firstCall},
		{NewAPI, `{"items":[{"created_at":1,"quota":5}],"total":1}`, firstCall},
		{OneAPI, `[{"type":2,"quota":5}]`, firstCall},
		{OneHub, `{"data":[{"created_at":1,"type":2,"quota":null}],"total_count":1}`, firstCall},
		{ShellAPI, `[{"created_at":1,"type":2}]`, firstCall},
		{NewAPI, `[{"created_at":3600,"model_name":"m","count":1}]`, firstPeriod(model.ScopeSelf)},
		{OneAPI, `[{"Day":"2026-11-20","ModelName":"m","RequestCount":1}]`, firstPeriod(model.ScopeSelf)},
		{ShellAPI, `[{"date":"2026-11-20","modelName":"m"}]`, firstPeriod(model.ScopeSelf)},
		{NewAPI, `{"items":[{"id":1}],"total":1}`, firstKey},
		{OneAPI, `[{"remain_quota":1}]`, firstKey},
		{OneAPI, `[{"name":"x"}]`, firstChannel},
		{NewAPI, `{"subscriptions":[{"subscription":{"plan_id":1,"status":"active"}}]}`, details},
	} {
		opt.Dialect = c.dialect
		if got, err := c.ask(t.Context(), everyPath(t, opt, ok(c.data))); model.FaultOf(err).Kind != model.FaultBadAnswer {
			t.Errorf("%s, %s: %+v %v", c.dialect, c.data, got, err)
		}
	}
	opt.Dialect = OneAPI
	p, err := everyPath(t, opt, ok(`[{"Day":"2026-11-20","ModelName":"m","Quota":7}]`)).Periods(t.Context(), model.ScopeSelf, model.Span{})
	if err != nil || !p.Usage[0].Uncounted || p.Usage[0].Prompt.OK || p.Usage[0].Quota != 7 {
		t.Errorf("a day without a count: %+v %v", p, err)
	}
	for _, empty := range []string{`{"success":true,"data":null}`, `{"success":true,"data":[]}`} {
		if p, err := everyPath(t, opt, empty).Periods(t.Context(), model.ScopeSelf, model.Span{}); err != nil || len(p.Usage) != 0 {
			t.Errorf("an account without usage, %s: %+v %v", empty, p, err)
		}
	}
	for _, thin := range []string{`{"object":"x"}`, `{"hard_limit_usd":null,"object":"x"}`, `{"hard_limit_usd":5}`} { // the last without total_usage
		if a, err := everyPath(t, withKey(NewAPI), thin).Account(t.Context()); model.FaultOf(err).Kind != model.FaultBadAnswer {
			t.Errorf("a key's limit from %s: %+v %v", thin, a, err)
		}
	}
	if keys, _, err := everyPath(t, withKey(NewAPI), `{"code":true,"data":{"name":"x"}}`).Keys(t.Context(), 0); model.FaultOf(err).Kind != model.FaultBadAnswer {
		t.Errorf("a key from its name: %+v %v", keys, err)
	}
}

// TestEmptyPages tells the end of a list from a page that was lost.
func TestEmptyPages(t *testing.T) {
	for _, c := range []struct {
		dialect, data string
		page          int
		ok            bool
	}{
		{NewAPI, `{"items":[],"total":0}`, 0, true},
		{NewAPI, `{"items":[],"total":250}`, 3, true},
		{NewAPI, `{"items":[],"total":250}`, 2, false},
		{NewAPI, `{"items":[],"total":1}`, 0, false},
		{OneHub, `{"data":[],"total_count":0}`, 0, true},
		{OneHub, `{"data":[],"total_count":9}`, 0, false},
		{OneAPI, `[]`, 0, true},
		{ShellAPI, `[]`, 0, true},
	} {
		opt := withToken
		opt.Dialect = c.dialect
		p, err := everyPath(t, opt, `{"success":true,"data":`+c.data+`}`).Calls(t.Context(), CallsQuery{Page: c.page})
		if c.ok && (err != nil || !p.Last || len(p.Calls) != 0) || !c.ok && model.FaultOf(err).Kind != model.FaultBadAnswer {
			t.Errorf("%s page %d, %s: %+v %v", c.dialect, c.page, c.data, p, err)
		}
	}
}

// TestVAPILogStaysVerified holds that a log that was read once does not become one
// that is not offered.
func TestVAPILogStaysVerified(t *testing.T) {
	opt := withToken
	opt.Dialect = VAPI
	said := "@v-api/log-self"
	g, _ := routed(t, opt, map[string]func(*http.Request) string{"GET /api/log/self": func(*http.Request) string { return said }})
	if _, err := g.Calls(t.Context(), CallsQuery{}); err != nil {
		t.Fatal(err)
	}
	said = `{"success":true,"data":null}`
	if _, err := g.Calls(t.Context(), CallsQuery{}); model.FaultOf(err).Kind != model.FaultBadAnswer {
		t.Error(err)
	}
}
