package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// TestNewAPIDetails reads subscriptions and the site's health, either of which
// may be missing.
func TestNewAPIDetails(t *testing.T) {
	const (
		plans = `{"success":true,"message":"","data":{"billing_preference":"subscription_first","all_subscriptions":[],"subscriptions":[
			{"subscription":{"id":1,"plan_id":3,"amount_total":5000000,"amount_used":1250000,"start_time":1790000000,"end_time":1800000000,"next_reset_time":1796000000,"status":"active"}},
			{"subscription":{"id":2,"plan_id":4,"amount_total":0,"amount_used":7,"end_time":0,"status":"active"}},
			{"subscription":{"id":3,"plan_id":4,"status":"expired"}}]}}`
		health = `{"success":true,"data":{"models":[{"model_name":"gpt-4o","avg_latency_ms":1500,"success_rate":97.5,"avg_tps":42.5},{"model_name":"o3","avg_latency_ms":0,"avg_tps":0}]}}`
		off    = `{"success":false,"message":"off"}`
	)
	wantPlans := []model.Plan{
		{Name: "plan 3", Total: 5000000, Used: 1250000, Ends: some[int64](1800000000), Resets: some[int64](1796000000)},
		{Name: "plan 4", Used: 7},
	}
	wantHealth := []model.ModelHealth{
		{Model: "gpt-4o", Took: some(1500 * time.Millisecond), Success: some(0.975), TokensPerSecond: some(42.5)}, {Model: "o3"},
	}
	for name, c := range map[string]struct {
		plans, health string
		want          model.Details
		kind          model.FaultKind
	}{
		"both":       {plans, health, model.Details{Plans: wantPlans, Models: wantHealth}, model.FaultNone},
		"no plans":   {"", health, model.Details{Models: wantHealth}, model.FaultNone},
		"no health":  {plans, off, model.Details{Plans: wantPlans}, model.FaultNone},
		"neither":    {off, "", model.Details{}, model.FaultUnsupported},
		"recorded":   {"@new-api-rc21/subscription-self", "@new-api-rc21/perf-metrics-summary", model.Details{}, model.FaultNone},
		"limited":    {plans, "@new-api-rc21/rate-limited-self", model.Details{}, model.FaultLimited},
		"not signed": {`401:{"success":false,"message":"no"}`, health, model.Details{}, model.FaultUnauthorised},
	} {
		opt := withToken
		opt.Dialect = NewAPI
		g, r := routed(t, opt, map[string]func(*http.Request) string{
			"GET /api/subscription/self": says(c.plans), "GET /api/perf-metrics/summary": says(c.health),
		})
		d, err := g.Details(t.Context())
		if model.FaultOf(err).Kind != c.kind || (len(d.Plans)+len(c.want.Plans) > 0 && !reflect.DeepEqual(d.Plans, c.want.Plans)) ||
			(len(d.Models)+len(c.want.Models) > 0 && !reflect.DeepEqual(d.Models, c.want.Models)) {
			t.Errorf("%s: %+v %v", name, d, err)
		}
		if name == "both" && r.last().URL.RawQuery != "hours=24" {
			t.Errorf("health asked with %q", r.last().URL.RawQuery)
		}
	}
}

func TestChannelsSayWhyTheyAreDown(t *testing.T) {
	opt := withToken
	opt.Dialect = NewAPI
	g, _ := routed(t, opt, map[string]func(*http.Request) string{"GET /api/channel/": says(`{"success":true,"data":{"total":101,"items":[
		{"id":9,"type":14,"key":"sk-FAKE","status":3,"name":"claude","created_time":1790000000,"test_time":1795000000,"response_time":1234,
		 "base_url":"https://user:fake@up.example/v1?key=fake","balance":12.5,"balance_updated_time":1795000001,"models":"a, b,","group":"vip","tag":"t",
		 "used_quota":77,"other_info":"{\"status_reason\":\"status code 401\",\"status_time\":1795000002}"}]}}`)})
	channels, more, err := g.Channels(t.Context(), 0)
	want := model.Channel{
		ID: 9, Name: "claude", Type: "14", Endpoint: "https://up.example/v1", Status: model.ChannelAutoDisabled, Reason: "status code 401",
		Group: "vip", Tag: "t", Models: []string{"a", "b"}, ResponseTime: some(1234 * time.Millisecond), TestedAt: some[int64](1795000000),
		Balance: some(12.5), BalanceAt: some[int64](1795000001), Used: some[model.Quota](77), Created: some[int64](1790000000),
	}
	if err != nil || !more || len(channels) != 1 || !reflect.DeepEqual(channels[0], want) {
		t.Errorf("more %v, %v\ngot  %+v\nwant %+v", more, err, channels, want)
	}
}

// TestPagesCountAsTheFamilyDoes holds what each dialect asks for its second page.
func TestPagesCountAsTheFamilyDoes(t *testing.T) {
	const empty = `{"success":true,"data":[]}`
	now := time.Now().Unix() // done-hub refuses what is older than 180 days
	span, from := fmt.Sprintf("end_timestamp=%d&", now), fmt.Sprintf("&start_timestamp=%d&token_name=ci", now-100)
	for _, c := range []struct{ dialect, log, keys, channels string }{
		{OneAPI, span + "p=1" + from, "p=1", "p=1"},
		{NewAPI, span + "p=2&page_size=100" + from, "p=2&size=100", "p=2&page_size=100"},
		{OneHub, span + "page=2&size=100" + from, "page=2&size=100", "page=2&size=100"},
		{Veloera, span + "p=2&page_size=100" + from, "p=1&size=100", "p=1&page_size=100"},
		{ShellAPI, span + "p=1&pageSize=10&page_size=10" + from, "p=1&pageSize=10&page_size=10", ""},
	} {
		opt := withToken
		opt.Dialect = c.dialect
		g, r := routed(t, opt, map[string]func(*http.Request) string{
			"GET /api/log/self": says(empty), "GET /api/token/": says(empty), "GET /api/channel/": says(empty),
		})
		first := func(path string) string {
			for _, q := range r.seen {
				if q.URL.Path == path {
					return q.URL.Query().Encode()
				}
			}
			return ""
		}
		_, _ = g.Calls(t.Context(), CallsQuery{Span: model.Span{From: now - 100, To: now}, Page: 1, Key: "ci"})
		_, _, _ = g.Keys(t.Context(), 1)
		_, _, _ = g.Channels(t.Context(), 1)
		for path, want := range map[string]string{"/api/log/self": c.log, "/api/token/": c.keys, "/api/channel/": c.channels} {
			if got := first(path); got != want {
				t.Errorf("%s %s asked with %q, want %q", c.dialect, path, got, want)
			}
		}
	}
}

func TestShellAPILogOfOneKey(t *testing.T) {
	opt := withToken
	opt.Dialect = ShellAPI
	g, r := routed(t, opt, map[string]func(*http.Request) string{"GET /api/log/self": says("@shell-api/log-self")})
	if _, err := g.Calls(t.Context(), CallsQuery{KeyText: NewSecret(fakeKey)}); err != nil || r.last().URL.Query().Get("token_key") != fakeKey {
		t.Errorf("asked with %s: %v", r.last().URL.RawQuery, err)
	}
	if got := r.last().Header.Get("Authorization"); got != fakeToken {
		t.Errorf("authorization %q", got)
	}
	other, _ := open(t, OneAPI, nil)
	if _, err := other.Calls(t.Context(), CallsQuery{KeyText: NewSecret(fakeKey)}); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

// TestShellAPIDaysAreWholeOrLeftOut cuts the span where the pages end, and claims
// nothing of rows in another order.
func TestShellAPIDaysAreWholeOrLeftOut(t *testing.T) {
	page := func(days func(i int) int) func(*http.Request) string {
		return func(r *http.Request) string {
			var p int
			_, _ = fmt.Sscan(r.URL.Query().Get("p"), &p)
			var rows []string
			for i := p * shellAPIPage; i < (p+1)*shellAPIPage; i++ {
				at := time.Date(2024, 7, 31, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -days(i))
				rows = append(rows, fmt.Sprintf(`{"modelName":"m%d","sumQuota":1,"date":"%s"}`, i, at.Format(time.DateOnly)))
			}
			return `{"success":true,"data":[` + strings.Join(rows, ",") + `]}`
		}
	}
	opt := withToken
	opt.Dialect = ShellAPI
	ask := func(f func(*http.Request) string) (model.Periods, int, error) {
		g, r := routed(t, opt, map[string]func(*http.Request) string{"GET /api/log/self/getDailyUsageStatsByDimension": f})
		p, err := g.Periods(t.Context(), model.ScopeSelf, model.Span{From: 1_700_000_000, To: 1_722_400_000})
		return p, r.count(), err
	}
	// 100 rows are read, 7 a day: the 15th day is cut off in the middle.
	p, n, err := ask(page(func(i int) int { return i / 7 }))
	firstWhole := time.Date(2024, 7, 18, 0, 0, 0, 0, shellZone).Unix()
	if err != nil || n != maxStatPages || len(p.Usage) != 98 || p.Span != (model.Span{From: firstWhole, To: 1_722_400_000}) {
		t.Errorf("%d rows in %d requests, span %+v (want from %d): %v", len(p.Usage), n, p.Span, firstWhole, err)
	}
	if _, _, err := ask(page(func(i int) int { return i % 7 })); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("in any order: %v", err)
	}
	if p, n, err := ask(says("@shell-api/daily")); err != nil || n != 1 || p.Span.From != 1_700_000_000 {
		t.Errorf("one page: %+v in %d requests: %v", p, n, err)
	}
	if _, _, err := ask(says(`{"success":true,"data":[{"modelName":"m","sumQuota":1}]}`)); model.FaultOf(err).Kind != model.FaultBadAnswer {
		t.Errorf("no date: %v", err)
	}
}

func TestAIHubMixKeyPages(t *testing.T) {
	// Its pages are taken to count from 0; when that is wrong the second is the
	// first again, and ends the list.
	row := func(from int) string {
		var rows []string
		for i := range oneAPIPage {
			rows = append(rows, fmt.Sprintf(`{"id":%d,"status":1,"remain_quota":-1}`, from+i))
		}
		return `{"success":true,"data":[` + strings.Join(rows, ",") + `]}`
	}
	opt := withToken
	opt.Dialect = AIHubMix
	g, _ := routed(t, opt, map[string]func(*http.Request) string{"GET /api/token/": func(r *http.Request) string {
		if r.URL.Query().Get("p") == "2" {
			return row(20)
		}
		return row(10)
	}})
	for page, want := range []int{10, 0} {
		if keys, _, err := g.Keys(t.Context(), page); err != nil || len(keys) != want {
			t.Errorf("page %d: %d keys, %v", page, len(keys), err)
		}
	}
	if keys, more, err := g.Keys(t.Context(), 2); err != nil || !more || len(keys) != 10 {
		t.Errorf("another page: %d keys, %v", len(keys), err)
	}
}

func TestOpenCatDMoney(t *testing.T) {
	g, _ := routed(t, catd, map[string]func(*http.Request) string{"GET /1/me": says("@opencatd/me-root")})
	st, err := g.Status(t.Context())
	if err != nil || st.Currency.Format(105955) != "$0.106" || st.Currency.Format(1) != "$0.000001" {
		t.Errorf("%+v %v", st, err)
	}
}

func TestOneHubCachedTokens(t *testing.T) {
	for meta, want := range map[string]model.Opt[int64]{
		`{"cached_tokens":7}`: some[int64](7), `{"cached_read_tokens":9}`: some[int64](9), `{"input_ratio":0.075}`: some[int64](0), `{}`: {}, `null`: {}, `"x"`: {},
	} {
		opt := withToken
		opt.Dialect = OneHub
		g, _ := routed(t, opt, map[string]func(*http.Request) string{
			"GET /api/log/self": says(`{"success":true,"data":{"data":[{"created_at":1,"type":2,"quota":1,"metadata":` + meta + `}],"total_count":1}}`),
		})
		p, err := g.Calls(t.Context(), CallsQuery{})
		if err != nil || p.Calls[0].Cached != want {
			t.Errorf("%s: %+v %v", meta, p, err)
		}
	}
}
