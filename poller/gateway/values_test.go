package gateway

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"gatewatch/model"
)

// The values of TestDecodedValues are what people read on the screen: each is
// compared to the field.

type ask func(context.Context, *Gateway) (any, error)

func account(ctx context.Context, g *Gateway) (any, error) { return g.Account(ctx) }

func firstCall(ctx context.Context, g *Gateway) (any, error) {
	p, err := g.Calls(ctx, CallsQuery{})
	if err != nil {
		return nil, err
	}
	return p.Calls[0], nil
}

func siteCall(ctx context.Context, g *Gateway) (any, error) {
	p, err := g.Calls(ctx, CallsQuery{Scope: model.ScopeSite})
	if err != nil {
		return nil, err
	}
	return p.Calls[0], nil
}

func total(scope model.Scope, span model.Span) ask {
	return func(ctx context.Context, g *Gateway) (any, error) { return g.Total(ctx, scope, span) }
}

func firstPeriod(scope model.Scope) ask {
	return func(ctx context.Context, g *Gateway) (any, error) {
		p, err := g.Periods(ctx, scope, model.Span{From: 1_700_000_000, To: 1_700_086_399})
		if err != nil {
			return nil, err
		}
		return p.Usage[0], nil
	}
}

func firstKey(ctx context.Context, g *Gateway) (any, error) {
	k, _, err := g.Keys(ctx, 0)
	if err != nil {
		return nil, err
	}
	return k[0], nil
}

func details(ctx context.Context, g *Gateway) (any, error) { return g.Details(ctx) }

func firstChannel(ctx context.Context, g *Gateway) (any, error) {
	ch, _, err := g.Channels(ctx, 0)
	if err != nil {
		return nil, err
	}
	ch[0].Models = nil
	return ch[0], nil
}

func some[T any](v T) model.Opt[T] { return model.Some(v) }

var decoded = []struct {
	name, dialect string
	path, file    string
	ask           ask
	want          any
}{
	{"one-hub account", OneHub, "/api/user/self", "one-hub/self", account, model.Account{
		ID: 2, Username: "alice", DisplayName: "Alice 爱丽丝", Group: "default", Role: 1, Enabled: true,
		Quota: some[model.Quota](48108807), Used: some[model.Quota](28016919), Requests: some[int64](4377),
		Others: []model.Field{
			{Name: "invitation code", Value: "DHsE"},
			{Name: "registered", At: some[int64](1795166533)},
			{Name: "last login", At: some[int64](1795166830)},
			{Name: "last login from", Value: "198.51.100.77"},
		},
	}},
	{"one-hub call", OneHub, "/api/log/self", "one-hub/log-self-p1", firstCall, model.Call{
		At: 1795166905, Kind: model.KindConsume, Model: "gpt-4o", Key: "ci-bot", User: "alice", Group: "default", Channel: "1",
		Quota: 4583, Prompt: 33, Completion: 600, Cached: some[int64](0), Took: some(2106 * time.Millisecond), FirstToken: some(576 * time.Millisecond), Stream: true,
		Billing: &model.Billing{Tariff: model.Tariff{Rule: model.RuleOneHub, Input: some(2.5), Output: some(7.5), Group: some(1.0)}},
	}},
	{"one-hub total", OneHub, "/api/log/self/stat", "one-hub/log-self-stat-plain", total(model.ScopeSelf, model.Span{}), model.SpanTotal{Quota: 28016919}},
	{"one-hub day", OneHub, "/api/user/dashboard", "one-hub/dashboard", firstPeriod(model.ScopeSelf), model.PeriodUsage{
		From: 1794614400, To: 1794700799, Model: "claude-sonnet-4-5", Calls: 36, Quota: 349530, Prompt: some[int64](5080), Completion: some[int64](6571),
	}},
	{"one-hub key", OneHub, "/api/token/", "one-hub/tokens-p1-page_size5", firstKey, model.APIKey{
		ID: 22, Name: "svc-14", Status: model.KeyEnabled, Masked: "sk-FAKE…st0k", Remaining: 1400000, Used: some[model.Quota](0),
		Created: some[int64](1795166533), Group: "default",
	}},
	{"one-hub limiter", OneHub, "/api/user/dashboard/rate", "one-hub/dashboard-rate", details, model.Details{
		Fields: []model.Field{{Name: "requests at the limiter", Value: "0 of 600 a minute"}},
	}},
	{"one-hub site call", OneHub, "/api/log/", "one-hub/admin-log", siteCall, model.Call{
		At: 1795166905, Kind: model.KindConsume, Model: "gpt-4o", Key: "ci-bot", User: "alice", Group: "default", Channel: "1",
		Quota: 4583, Prompt: 33, Completion: 600, Cached: some[int64](0), Took: some(2106 * time.Millisecond), FirstToken: some(576 * time.Millisecond), Stream: true,
		Billing: &model.Billing{Tariff: model.Tariff{Rule: model.RuleOneHub, Input: some(2.5), Output: some(7.5), Group: some(1.0)}},
	}},
	{"one-hub site total", OneHub, "/api/log/stat", "one-hub/admin-log-stat", total(model.ScopeSite, model.Span{}), model.SpanTotal{Scope: model.ScopeSite, Quota: 28545499}},
	{"one-hub channel", OneHub, "/api/channel/", "one-hub/admin-channel", firstChannel, model.Channel{
		ID: 3, Name: "fake-broken", Type: "1", Endpoint: "http://127.0.0.1:4100", Status: model.ChannelEnabled, Group: "default",
		Used: some[model.Quota](0), Created: some[int64](1795166533),
	}},

	{"veloera account", Veloera, "/api/user/self", "veloera/self", account, model.Account{
		ID: 2, Username: "alice", DisplayName: "Alice", Group: "default", Role: 1, Enabled: true,
		Quota: some[model.Quota](100), Used: some[model.Quota](50), Requests: some[int64](3),
		Others: []model.Field{{Name: "last check-in", At: some[int64](1795075200)}},
	}},
	{"veloera check-in", Veloera, "/api/log/self", "veloera/log-self", firstCall, model.Call{At: 1795166974, Kind: model.KindCheckIn, Quota: 500, Detail: "签到"}},

	{"shell-api account", ShellAPI, "/api/user/self", "shell-api/self", account, model.Account{
		ID: 5381, Username: "APItest", DisplayName: "APItest", Group: "default", Role: 1, Enabled: true,
		Quota: some[model.Quota](-900620), Used: some[model.Quota](620), Requests: some[int64](4),
		Others: []model.Field{
			{Name: "smallest top-up", Value: "$10"},
			{Name: "invitation code", Value: "C1mk"},
			{Name: "last login", At: some[int64](1720142836)},
			{Name: "last login from", Value: "111.197.18.21"},
			{Name: "price per call of mj", Value: "$0.16"},
			{Name: "price per call of mj-chat", Value: "$0.14"},
		},
	}},
	{"shell-api account, prices in an array", ShellAPI, "/api/user/self", "shell-api/self-array", account, model.Account{
		ID: 5381, Username: "APItest", DisplayName: "APItest", Group: "default", Role: 1, Enabled: true,
		Quota: some[model.Quota](24997909), Used: some[model.Quota](620), Requests: some[int64](4),
		Others: []model.Field{
			{Name: "smallest top-up", Value: "$10"},
			{Name: "balance expires", At: some[int64](1800000000)},
			{Name: "bonus not yet used", Quota: some[model.Quota](250000)},
			{Name: "bonus in all", Quota: some[model.Quota](500000)},
			{Name: "people invited", Value: "3"},
			{Name: "invitation code", Value: "C1mk"},
			{Name: "last login", At: some[int64](1720142836)},
			{Name: "last login from", Value: "111.197.18.21"},
			{Name: "price per call of mj", Value: "$0.16"},
			{Name: "price per call of sora-2", Value: "$0.5"},
		},
	}},
	{"shell-api call", ShellAPI, "/api/log/self", "shell-api/log-self", firstCall, model.Call{
		At: 1720142900, Kind: model.KindConsume, Model: "gpt-4-turbo", Key: "k1", User: "APItest", Quota: 310,
		Prompt: 11, Completion: 5, Stream: true, RequestID: "20240705-b",
	}},
	{"shell-api rates", ShellAPI, "/api/log/self/stat", "shell-api/log-self-stat", total(model.ScopeSelf, model.Span{}), model.SpanTotal{
		Quota: 620, RPM: some[int64](2), TPM: some[int64](32), MPM: some[model.Quota](620),
	}},
	{"shell-api day", ShellAPI, "/api/log/self/getDailyUsageStatsByDimension", "shell-api/daily", firstPeriod(model.ScopeSelf), model.PeriodUsage{
		From: 1720108800, To: 1720195199, Model: "gpt-4-turbo", Quota: 620, Uncounted: true, // from 16:00 UTC, midnight at +08:00
	}},
	{"shell-api key", ShellAPI, "/api/token/", "shell-api/tokens", firstKey, model.APIKey{
		ID: 7, Name: "k1", Status: model.KeyEnabled, Masked: "sk-FAKE…KE0t", Unlimited: true, Remaining: -1, Used: some[model.Quota](620),
		Created: some[int64](1720142000), LastUsed: some[int64](1720142900), Models: []string{"gpt-4-turbo", "mj"},
	}},
	{"shell-api calls per model", ShellAPI, "/api/log/self/model_usage", "shell-api/model-usage", details, model.Details{
		Fields: []model.Field{{Name: "calls of gpt-4-turbo", Value: "4"}},
	}},

	{"v-api account", VAPI, "/api/user/self", "v-api/self", account, model.Account{
		ID: 77, Username: "vera", DisplayName: "Vera", Group: "vip", Role: 1, Enabled: true,
		Quota: some[model.Quota](1250000), Used: some[model.Quota](750000), Requests: some[int64](12),
		Others: []model.Field{
			{Name: "group ratio", Value: "1"},
			{Name: "may use own group", Value: "yes"},
			{Name: "top-up ratio", Value: "1"},
			{Name: "bonus not yet used", Quota: some[model.Quota](100000)},
			{Name: "bonus in all", Quota: some[model.Quota](300000)},
			{Name: "people invited", Value: "2"},
			{Name: "invitation code", Value: "AbCd"},
			{Name: "invited by user", Value: "3"},
			{Name: "registered", At: some[int64](1700000000)},
			{Name: "last login", At: some[int64](1720000000)},
			{Name: "last login from", Value: "198.51.100.7"},
			{Name: "e-mail", Value: "vera@example.com"},
		},
	}},
	{"v-api call", VAPI, "/api/log/self", "v-api/log-self", firstCall, model.Call{
		At: 1720000100, Kind: model.KindConsume, Model: "gpt-4o", Key: "k", User: "vera", Channel: "1", Quota: 1000, Prompt: 10, Completion: 20,
		Took: some(3 * time.Second), FirstToken: some(250 * time.Millisecond), Coarse: true, Stream: true,
	}},

	{"aihubmix account", AIHubMix, "/api/user/self", "aihubmix/self", account, model.Account{
		ID: 123, Username: "mia", DisplayName: "Mia", Group: "default", Role: 1, Enabled: true,
		Quota: some[model.Quota](2500000), Used: some[model.Quota](500000), Remind: some[model.Quota](1000000),
		Others: []model.Field{
			{Name: "gateway warns below", Quota: some[model.Quota](1000000)},
			{Name: "low-balance warning", Value: "yes"},
			{Name: "warning by e-mail", Value: "no"},
			{Name: "invitation code", Value: "mia1"},
			{Name: "registered", At: some[int64](1700000000)},
			{Name: "clerk id", Value: "user_FAKE"},
			{Name: "e-mail", Value: "mia@example.com"},
			{Name: "migrated", At: some[int64](1740823200)},
		},
	}},
	{"aihubmix key", AIHubMix, "/api/token/", "aihubmix/tokens", firstKey, model.APIKey{
		ID: 5, Name: "cli", Status: model.KeyEnabled, Masked: "sk-FAKE…test", Unlimited: true, Remaining: -1, Used: some[model.Quota](10),
		Created: some[int64](1700000100), LastUsed: some[int64](1700000200),
	}},
	{"aihubmix models", AIHubMix, "/api/user/available_models", "aihubmix/available-models", details, model.Details{
		Fields: []model.Field{{Name: "model", Value: "gpt-4o"}, {Name: "model", Value: "claude-sonnet-4-5"}},
	}},

	{"opencatd account", OpenCatD, "/1/me", "opencatd/me-root", account, model.Account{
		ID: 1, Username: "root", Role: model.RoleRoot, Enabled: true,
		Others: []model.Field{{Name: "registered", At: some[int64](1795166557)}, {Name: "last changed", At: some[int64](1795166557)}},
	}},
	{"opencatd day", OpenCatD, "/1/usages", "opencatd/usages-today", total(model.ScopeSelf, model.Span{From: 20000 * day, To: 20001*day - 1}), model.SpanTotal{
		Span: model.Span{From: 20000 * day, To: 20001*day - 1}, Quota: 16576 + 50169 + 39210,
	}},
	{"opencatd provider key", OpenCatD, "/1/keys", "opencatd/keys", firstChannel, model.Channel{
		ID: 1, Name: "fake one", Type: "openai", Endpoint: "http://127.0.0.1:4100", Status: model.ChannelEnabled, Masked: "sk-…",
		Created: some[int64](1795166557),
	}},

	{"one-api site call", OneAPI, "/api/log/", "one-api/admin-log", siteCall, model.Call{
		At: 1795166845, Kind: model.KindConsume, Model: "gpt-4o", Key: "ci-bot", User: "alice", Channel: "1", Quota: 2053, Prompt: 21, Completion: 200,
		Took: some(94 * time.Millisecond), RequestID: "2026112009272546523422604375506", Detail: "倍率：2.50 × 1.00 × 4.00",
		Billing: &model.Billing{Tariff: model.Tariff{Rule: model.RuleOneAPI, Rounded: true, Model: some(2.5), Group: some(1.0), Completion: some(4.0)}},
	}},
	{"one-api site total", OneAPI, "/api/log/stat", "one-api/admin-log-stat", total(model.ScopeSite, model.Span{}), model.SpanTotal{Scope: model.ScopeSite, Quota: 3957971}},
	{"new-api site total", NewAPI, "/api/log/stat", "new-api-rc21/admin-log-stat", total(model.ScopeSite, model.Span{}), model.SpanTotal{
		Scope: model.ScopeSite, Quota: 2410184, RPM: some[int64](0), TPM: some[int64](0),
	}},
	{"new-api site hours", NewAPI, "/api/data/", "new-api-rc21/admin-data", firstPeriod(model.ScopeSite), model.PeriodUsage{
		From: 1794621600, To: 1794625199, Model: "claude-sonnet-4-5", Calls: 1, Quota: 2241, Tokens: some[int64](386),
	}},
	{"new-api channel", NewAPI, "/api/channel/", "new-api-rc21/admin-channel", firstChannel, model.Channel{
		ID: 1, Name: "fake-primary", Type: "1", Endpoint: "http://127.0.0.1:4100", Status: model.ChannelEnabled, Group: "default",
		Used: some[model.Quota](2410184), Created: some[int64](1795167018),
	}},
}

func TestDecodedValues(t *testing.T) {
	for _, c := range decoded {
		t.Run(c.name, func(t *testing.T) {
			g, r := open(t, c.dialect, map[string]string{c.path: c.file + ".http"})
			got, err := c.ask(t.Context(), g)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			if len(r.seen) != 1 {
				t.Errorf("%d requests for one answer", len(r.seen))
			}
		})
	}
}

// TestNotOffered holds what a family lacks: the panes say so in words, and
// nothing is asked.
func TestNotOffered(t *testing.T) {
	site := total(model.ScopeSite, model.Span{})
	count := func(ctx context.Context, g *Gateway) (any, error) { return g.Count(ctx, model.ScopeSelf, model.Span{}) }
	for _, c := range []struct {
		dialect string
		asks    map[string]ask
	}{
		{OneAPI, map[string]ask{"count": count, "details": details, "site days": firstPeriod(model.ScopeSite)}},
		{OneHub, map[string]ask{"site days": firstPeriod(model.ScopeSite), "180 days": func(ctx context.Context, g *Gateway) (any, error) {
			return g.Calls(ctx, CallsQuery{Span: model.Span{From: 1_000_000_000, To: 1_000_000_001}})
		}}},
		{Veloera, map[string]ask{"details": details}},
		{ShellAPI, map[string]ask{"count": count, "channels": firstChannel, "site": site, "site log": siteCall}},
		{VAPI, map[string]ask{"keys": firstKey, "total": total(model.ScopeSelf, model.Span{}), "days": firstPeriod(model.ScopeSelf), "channels": firstChannel, "site log": siteCall}},
		{AIHubMix, map[string]ask{"log": firstCall, "count": count, "total": total(model.ScopeSelf, model.Span{}), "days": firstPeriod(model.ScopeSelf), "channels": firstChannel}},
		{OpenCatD, map[string]ask{"log": firstCall, "count": count, "part of a day": total(model.ScopeSelf, model.Span{From: day, To: 2 * day}), "details": details}},
	} {
		for name, ask := range c.asks {
			g, _ := open(t, c.dialect, nil)
			_, err := ask(t.Context(), g)
			if f := model.FaultOf(err); !errors.Is(err, errors.ErrUnsupported) || f.Kind != model.FaultUnsupported || f.Short != "not offered by this gateway" {
				t.Errorf("%s, %s: %v", c.dialect, name, err)
			}
		}
	}
}

// TestUnverified holds that a guess that fails is "not offered", and that a
// credential that fails is not.
func TestUnverified(t *testing.T) {
	for file, kind := range map[string]model.FaultKind{
		"shell-api/not-found": model.FaultUnsupported, "faults/html": model.FaultUnsupported, "shell-api/log-self": model.FaultUnsupported,
		"faults/banned": model.FaultUnsupported, "v-api/self-missing-user-header": model.FaultUnauthorised, "one-hub/rate-limited-self": model.FaultLimited,
	} {
		g, _ := open(t, VAPI, map[string]string{"/api/log/self": file + ".http"})
		if _, err := firstCall(t.Context(), g); model.FaultOf(err).Kind != kind {
			t.Errorf("%s: %v", file, err)
		}
	}
}
