package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

func withKey(dialect string) Options {
	return Options{APIKey: NewSecret(fakeKey), Dialect: dialect}
}

func billing(subscription, usage string) map[string]func(*http.Request) string {
	return map[string]func(*http.Request) string{
		"GET /v1/dashboard/billing/subscription": says(subscription), "GET /v1/dashboard/billing/usage": says(usage),
		"GET /api/status": says(`{"success":true,"data":{"version":"v1.0.0-rc.21","quota_per_unit":500000,"quota_display_type":"USD"}}`),
	}
}

func TestKeyOnlyAccount(t *testing.T) {
	const whose = "the API key's; the whole account's where the operator shows no figures of keys"
	for name, c := range map[string]struct {
		dialect, subscription, usage string
		want                         model.Account
	}{
		"limited": {NewAPI, "@new-api-rc21/billing-subscription-ci-bot", "@new-api-rc21/billing-usage-ci-bot", model.Account{
			Quota: some[model.Quota](4951248), Used: some[model.Quota](725791),
		}},
		"unlimited": {NewAPI, "@new-api-rc21/billing-subscription-laptop", "@new-api-rc21/billing-usage-laptop", model.Account{
			Unlimited: true, Used: some[model.Quota](1008830),
		}},
		"unlimited and not counted": {OneAPI, "@one-api/billing-subscription-laptop", `{"object":"list","total_usage":0}`, model.Account{Unlimited: true}},
		"the account's own":         {OneHub, "@one-hub/billing-subscription-laptop", "@one-hub/billing-usage-laptop", model.Account{}},
		"overdrawn":                 {NewAPI, `{"hard_limit_usd":1.5}`, `{"total_usage":200}`, model.Account{Quota: some[model.Quota](-250000), Used: some[model.Quota](1000000)}},
		"no bounds":                 {NewAPI, `{"hard_limit_usd":1e300}`, `{"total_usage":"0"}`, model.Account{Quota: some[model.Quota](1 << 62), Used: some[model.Quota](0)}},
	} {
		t.Run(name, func(t *testing.T) {
			g, r := routed(t, withKey(c.dialect), billing(c.subscription, c.usage))
			a, err := g.Account(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if name == "the account's own" {
				if !a.Quota.OK || !a.Used.OK || a.Unlimited {
					t.Errorf("%+v", a)
				}
				return
			}
			if a.Quota != c.want.Quota || a.Used != c.want.Used || a.Unlimited != c.want.Unlimited || !a.Enabled || a.Others[0].Value != whose {
				t.Errorf("got %+v\nwant %+v", a, c.want)
			}
			if h := r.seen[0].Header.Get("Authorization"); h != "Bearer "+fakeKey {
				t.Errorf("authorization %q", h)
			}
		})
	}
	// The amounts are in the currency that the gateway shows.
	answers := billing(`{"hard_limit_usd":7.3,"access_until":1800000000}`, `{"total_usage":365}`)
	answers["GET /api/status"] = says(`{"success":true,"data":{"version":"v1","quota_per_unit":500000,"quota_display_type":"CNY","usd_exchange_rate":7.3}}`)
	g, _ := routed(t, withKey(NewAPI), answers)
	if _, err := g.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, err := g.Account(t.Context())
	if err != nil || a.Quota.V != 250000 || a.Used.V != 250000 || a.Others[1].At != some[int64](1800000000) {
		t.Errorf("%+v %v", a, err)
	}
}

func TestKeyOnlyFaults(t *testing.T) {
	for _, c := range []struct {
		subscription string
		kind         model.FaultKind
		says         string
	}{
		{"@new-api-rc21/billing-subscription-expired", model.FaultUnauthorised, "check api_key"},
		{"@one-api/billing-subscription-expired", model.FaultUnauthorised, "该令牌已过期"},
		{`{"error":{"message":"quota of key","type":"one_api_error"}}`, model.FaultRefused, "quota of key"}, // HTTP 200
		{"@one-api/rate-limited-gzip", model.FaultLimited, "429"},
		{"@faults/html", model.FaultNotGateway, "did not answer with JSON"},
	} {
		g, _ := routed(t, withKey(NewAPI), billing(c.subscription, `{}`))
		if _, err := g.Account(t.Context()); model.FaultOf(err).Kind != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.subscription, err)
		}
	}
	g, _ := routed(t, withKey(NewAPI), map[string]func(*http.Request) string{"GET /api/usage/token/": says("@new-api-rc21/usage-token-bad")})
	if _, _, err := g.Keys(t.Context(), 0); model.FaultOf(err).Kind != model.FaultUnauthorised || !strings.Contains(err.Error(), "check api_key") {
		t.Error(err)
	}
	if _, err := g.Calls(t.Context(), CallsQuery{Scope: model.ScopeSite}); model.FaultOf(err).Kind != model.FaultUnsupported {
		t.Error(err)
	}
	for _, d := range []string{OneAPI, OneHub, Veloera, ShellAPI} {
		g, r := routed(t, withKey(d), nil)
		_, callsErr := g.Calls(t.Context(), CallsQuery{})
		_, _, keysErr := g.Keys(t.Context(), 0)
		for _, err := range []error{callsErr, keysErr} {
			if model.FaultOf(err).Kind != model.FaultUnsupported || !strings.Contains(err.Error(), "only an API key is set") || r.count() != 0 {
				t.Errorf("%s: %v", d, err)
			}
		}
	}
}

func TestKeyOnlyKey(t *testing.T) {
	for file, want := range map[string]model.APIKey{
		"usage-token":         {Name: "laptop", Status: model.KeyEnabled, Masked: "sk-fake…fake", Unlimited: true, Remaining: -69012, Used: some[model.Quota](1008830)},
		"usage-token-limited": {Name: "limited-models", Status: model.KeyEnabled, Masked: "sk-fake…fake", Remaining: 799412, Used: some[model.Quota](8412), Models: []string{"gpt-4o", "gpt-4o-mini"}},
		"usage-token-expired": {Name: "expired", Status: model.KeyEnabled, Masked: "sk-fake…fake", Remaining: 500000, Used: some[model.Quota](0), Expires: some[int64](1795163418)},
	} {
		g, _ := routed(t, withKey(NewAPI), map[string]func(*http.Request) string{"GET /api/usage/token/": says("@new-api-rc21/" + file)})
		keys, more, err := g.Keys(t.Context(), 0)
		if err != nil || more || len(keys) != 1 || !reflect.DeepEqual(keys[0], want) {
			t.Errorf("%s: %+v %v", file, keys, err)
		}
	}
}

func TestKeyOnlyModels(t *testing.T) {
	g, _ := routed(t, withKey(NewAPI), map[string]func(*http.Request) string{"GET /v1/models": says("@new-api-rc21/v1-models")})
	d, err := g.Details(t.Context())
	if err != nil || len(d.Fields) != 9 || d.Fields[0] != (model.Field{Name: "models", Value: "8"}) || d.Fields[1] != (model.Field{Name: "model", Value: "claude-sonnet-4-5"}) {
		t.Errorf("%+v %v", d, err)
	}
}

// TestKeyOnlyCalls serves every query of a poll from one list, and asks again
// when the list ends before the query does.
func TestKeyOnlyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, r := routed(t, withKey(NewAPI), map[string]func(*http.Request) string{"GET /api/log/token": says(body(t, "new-api-rc21/log-token-header"))})
		now := func() int64 { return time.Now().Unix() }
		get := func(from, to int64) CallsPage {
			t.Helper()
			p, err := g.Calls(t.Context(), CallsQuery{Span: model.Span{From: from, To: to}})
			if err != nil {
				t.Fatal(err)
			}
			if !p.Last {
				t.Error("a list has one page")
			}
			return p
		}
		time.Sleep(30 * 365 * 24 * time.Hour) // past the rows
		all := get(0, now()-5)
		if len(all.Calls) == 0 || all.Calls[0].At != 1795167048 || all.Calls[0].Quota != 326 || all.Calls[0].KeyID != 1 {
			t.Fatalf("%d calls: %+v", len(all.Calls), all.Calls)
		}
		if some := get(1795167047, 1795167048); len(some.Calls) == 0 || len(some.Calls) >= len(all.Calls) || r.count() != 1 {
			t.Errorf("%d of %d calls, %d requests", len(some.Calls), len(all.Calls), r.count())
		}
		if p, err := g.Calls(t.Context(), CallsQuery{Span: model.Span{To: now() - 5}, Page: 1}); err != nil || len(p.Calls) != 0 {
			t.Errorf("a second page of %d calls: %v", len(p.Calls), err)
		}
		time.Sleep(keyLogEvery)
		if get(now()-300, now()-5); r.count() != 2 {
			t.Errorf("%d requests", r.count())
		}
	})
}

// TestKeyOnlyOldForm holds that a new-api before 0.10.8 is asked with the key in
// the address, since it answers a header with an empty list, and that its rows
// are turned round.
func TestKeyOnlyOldForm(t *testing.T) {
	g, r := routed(t, withKey(Auto), map[string]func(*http.Request) string{
		"GET /api/status": says("@new-api-0.6.3/status"), "GET /api/log/token": says("@new-api-0.6.3/log-token-query"),
	})
	if _, err := g.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := g.Calls(t.Context(), CallsQuery{Span: model.Span{From: 1, To: time.Now().Unix() - 5}})
	if err != nil || len(p.Calls) < 2 || p.Calls[0].At < p.Calls[1].At {
		t.Fatalf("%d calls: %v", len(p.Calls), err)
	}
	if got := r.last().URL.Query().Get("key"); got != fakeKey {
		t.Errorf("key %q", got)
	}
}

// TestKeyOnlyKnowsWhereItsListEnds holds that nothing is claimed of the time
// before a full list.
func TestKeyOnlyKnowsWhereItsListEnds(t *testing.T) {
	var rows []string
	for i := range keyLogRows {
		rows = append(rows, fmt.Sprintf(`{"created_at":%d,"type":2,"quota":1}`, 1_700_001_000-i))
	}
	g, _ := routed(t, withKey(NewAPI), map[string]func(*http.Request) string{
		"GET /api/log/token": says(`{"success":true,"data":[` + strings.Join(rows, ",") + `]}`),
	})
	oldest := int64(1_700_001_000 - keyLogRows + 1)
	p, err := g.Calls(t.Context(), CallsQuery{Span: model.Span{From: oldest + 1, To: 1_700_001_000}})
	if err != nil || len(p.Calls) != keyLogRows-1 {
		t.Errorf("%d calls: %v", len(p.Calls), err)
	}
	// Of the oldest second, some rows may be missing.
	if _, err := g.Calls(t.Context(), CallsQuery{Span: model.Span{From: oldest, To: 1_700_001_000}}); model.FaultOf(err).Kind != model.FaultUnsupported {
		t.Errorf("older than the list: %v", err)
	}
}

// TestKeyOnlyLeavesTheLoginAlone holds the six in twenty minutes.
func TestKeyOnlyLeavesTheLoginAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, r := routed(t, withKey(NewAPI), map[string]func(*http.Request) string{
			"GET /api/log/token": says(`{"success":true,"data":[]}`), "GET /api/usage/token/": says(body(t, "new-api-rc21/usage-token")),
		})
		if g.AtLeast(model.SourceCalls) < 5*time.Minute || g.AtLeast(model.SourceKeys) < 10*time.Minute || g.AtLeast(model.SourceAccount) != 0 {
			t.Error("the intervals")
		}
		start := time.Now()
		calls := func() error {
			_, err := g.Calls(t.Context(), CallsQuery{Span: model.Span{To: time.Now().Unix() - 1}})
			return err
		}
		key := func() error { _, _, err := g.Keys(t.Context(), 0); return err }
		for range 3 {
			if err := calls(); err != nil {
				t.Fatal(err)
			}
			if err := key(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
		}
		for _, err := range []error{calls(), key()} {
			f := model.FaultOf(err)
			if f.Kind != model.FaultLimited || !strings.Contains(f.Sentence, "operator's login") || r.count() != 6 {
				t.Errorf("the seventh: %v", err)
			}
			var e *StatusError
			if !errors.As(err, &e) || e.Wait() != some(sharedWindow-time.Since(start)) {
				t.Errorf("wait %+v", e)
			}
		}
		time.Sleep(sharedWindow)
		if err := key(); err != nil || r.count() != 7 {
			t.Errorf("later: %v", err)
		}
	})
}
