package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// TestConformance reads every kind of answer of every gateway that was recorded
// and checks what comes out, in one place for all dialects.
func TestConformance(t *testing.T) {
	for _, c := range []struct {
		dir, dialect, version string
		perMinute             int
		account               model.Account
		logFile               string
		rows                  int
		first                 model.Call
		total                 model.Quota
		rpm                   bool
		periodsPath, periods  string
		period                model.PeriodUsage
		tokens                string
		keys                  int
		more                  bool
		key                   model.APIKey
		tokenQuery            string
		logQuery              string
	}{
		{
			dir: "one-api", dialect: OneAPI, version: "v0.6.11-alpha.22-1-g8df4a267", perMinute: 160,
			account: model.Account{ID: 2, Username: "alice", Quota: model.Some[model.Quota](52229350), Used: model.Some[model.Quota](3591077), Requests: model.Some[int64](3802)},
			logFile: "log-self-p0", rows: 10, logQuery: "end_timestamp=200&p=0&start_timestamp=100",
			first: model.Call{At: 1795166868, Kind: model.KindConsume, Model: "gpt-4o", Key: "ci-bot", Quota: 7005, Prompt: 14, Completion: 697, Took: model.Some(1726 * time.Millisecond)},
			total: 3591077, periodsPath: "/api/user/dashboard", periods: "dashboard",
			period: model.PeriodUsage{From: 1794614400, To: 1794700799, Model: "claude-sonnet-4-5", Calls: 30, Quota: 63364},
			tokens: "tokens-p0", keys: 10, more: true, tokenQuery: "p=0",
			key: model.APIKey{ID: 24, Name: "svc-14", Remaining: 1400000, Masked: "sk-FAKE…KE0t"},
		},
		{
			dir: "new-api-0.6.3", dialect: NewAPI, version: "v0.6.3.1.1", perMinute: 60,
			account: model.Account{ID: 2, Username: "alice", Quota: model.Some[model.Quota](49807121), Used: model.Some[model.Quota](2289264), Requests: model.Some[int64](3497)},
			logFile: "log-self-p1-page_size5", rows: 5, logQuery: "end_timestamp=200&p=1&page_size=100&start_timestamp=100",
			first: model.Call{At: 1795166974, Kind: model.KindConsume, Model: "gpt-4o", Key: "ci-bot", KeyID: 2, Quota: 3041, Prompt: 33, Completion: 600, Took: model.Some(2 * time.Second), FirstToken: model.Some(204 * time.Millisecond)},
			total: 2289264, rpm: true, periodsPath: "/api/data/self", periods: "data-self-range",
			period: model.PeriodUsage{From: 1795165200, To: 1795168799, Model: "gpt-4o-mini", Calls: 81, Quota: 4671},
			tokens: "tokens-p0-size1000", keys: 22, tokenQuery: "p=0&size=100",
			key: model.APIKey{ID: 22, Name: "svc-14", Remaining: 1400000, Masked: "sk-FAKE…KE0t"},
		},
		{
			dir: "new-api-rc21", dialect: NewAPI, version: "v1.0.0-rc.21", perMinute: 120,
			account: model.Account{ID: 2, Username: "alice", Quota: model.Some[model.Quota](49844164), Used: model.Some[model.Quota](2315962), Requests: model.Some[int64](4099)},
			logFile: "log-self-p1-page_size100", rows: 60, logQuery: "end_timestamp=200&p=1&page_size=100&start_timestamp=100",
			first: model.Call{At: 1795167209, Kind: model.KindLogin},
			total: 2315962, rpm: true,
			periodsPath: "/api/data/self", periods: "data-self-range",
			period: model.PeriodUsage{From: 1794621600, To: 1794625199, Model: "claude-sonnet-4-5", Calls: 1, Quota: 2241},
			tokens: "tokens-p1-page_size100", keys: 22, tokenQuery: "p=1&size=100",
			key: model.APIKey{ID: 22, Name: "svc-14", Remaining: 1400000, Masked: "sk-FAKE…test"},
		},
	} {
		t.Run(c.dir, func(t *testing.T) {
			answers := map[string]string{}
			for path, file := range map[string]string{
				"/api/status": "status", "/api/user/self": "self", "/api/log/self": c.logFile,
				"/api/log/self/stat": "log-self-stat-plain", c.periodsPath: c.periods, "/api/token/": c.tokens,
			} {
				answers[path] = c.dir + "/" + file + ".http"
			}
			g, r := open(t, Auto, answers)
			ctx := t.Context()
			if _, err := g.Account(ctx); !errors.Is(err, errNotFound) {
				t.Fatalf("before detection: %v", err)
			}
			st, err := g.Status(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if st.Version != c.version || st.Currency.QuotaPerUnit() != 500000 || st.Currency.Name() != "USD" || st.Started == 0 {
				t.Errorf("status %+v", st)
			}
			if g.Found().Dialect != c.dialect || g.Found().Why == "" || g.PerMinute() != c.perMinute {
				t.Errorf("found %+v, %d a minute", g.Found(), g.PerMinute())
			}

			a, err := g.Account(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if a.ID != c.account.ID || a.Username != c.account.Username || a.Quota != c.account.Quota || a.Used != c.account.Used ||
				a.Requests != c.account.Requests || !a.Enabled || a.Role != model.RoleUser || a.DisplayName != "Alice 爱丽丝" {
				t.Errorf("account %+v", a)
			}
			for _, f := range a.Others {
				if strings.Contains(f.Value, "FAKE") || strings.Contains(f.Name, "token") {
					t.Errorf("the account shows a secret: %+v", f)
				}
			}
			if got := r.seen[len(r.seen)-1].Header.Get("Authorization"); got != "Bearer fake-access-token" {
				t.Errorf("authorization %q", got)
			}
			if got := r.seen[len(r.seen)-1].Header.Get("New-Api-User"); (got == "2") != (c.dialect == NewAPI) {
				t.Errorf("user header %q", got)
			}

			page, err := g.Calls(ctx, CallsQuery{Span: model.Span{From: 100, To: 200}})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.last().Encode(); got != c.logQuery {
				t.Errorf("log asked with %s, want %s", got, c.logQuery)
			}
			if len(page.Calls) != c.rows {
				t.Fatalf("%d rows, want %d", len(page.Calls), c.rows)
			}
			got := page.Calls[0]
			if got.At != c.first.At || got.Kind != c.first.Kind || got.Model != c.first.Model || got.Key != c.first.Key || got.KeyID != c.first.KeyID ||
				got.Quota != c.first.Quota || got.Prompt != c.first.Prompt || got.Completion != c.first.Completion ||
				got.Took != c.first.Took || got.FirstToken != c.first.FirstToken {
				t.Errorf("first row %+v\nwant %+v", got, c.first)
			}

			if c.total != 0 {
				total, err := g.Total(ctx, model.ScopeSelf, model.Span{From: 100, To: 200})
				if err != nil {
					t.Fatal(err)
				}
				if total.Quota != c.total || total.RPM.OK != c.rpm || total.TPM.OK != c.rpm {
					t.Errorf("total %+v", total)
				}
				if q := r.last(); q.Get("start_timestamp") != "100" || q.Get("end_timestamp") != "200" || q.Get("type") != "2" {
					t.Errorf("total asked with %s", q.Encode())
				}
			}

			periods, err := g.Periods(ctx, model.ScopeSelf, model.Span{From: 1794562412, To: 1795170812})
			if err != nil {
				t.Fatal(err)
			}
			p := periods.Usage[0]
			if p.From != c.period.From || p.To != c.period.To || p.Model != c.period.Model || p.Calls != c.period.Calls || p.Quota != c.period.Quota {
				t.Errorf("period %+v, want %+v", p, c.period)
			}

			keys, more, err := g.Keys(ctx, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.last().Encode(); got != c.tokenQuery {
				t.Errorf("keys asked with %s, want %s", got, c.tokenQuery)
			}
			k := keys[0]
			if len(keys) != c.keys || more != c.more || k.ID != c.key.ID || k.Name != c.key.Name || k.Remaining != c.key.Remaining ||
				k.Masked != c.key.Masked || k.Expires.OK || k.Status != model.KeyEnabled || !k.Created.OK {
				t.Errorf("%d keys, more %v, first %+v", len(keys), more, k)
			}
		})
	}
}

func TestErrorsAreRowsOfTheirOwnOnNewAPI(t *testing.T) {
	g, _ := open(t, NewAPI, map[string]string{"/api/log/self": "new-api-rc21/log-self-filter-type5.http"})
	page, err := g.Calls(t.Context(), CallsQuery{})
	if err != nil {
		t.Fatal(err)
	}
	c := page.Calls[0]
	if c.Kind != model.KindError || c.Detail != "status_code=500, forced upstream 500 for gpt-4o" || c.Quota != 0 || c.Took.OK || c.RequestID == "" {
		t.Errorf("error row %+v", c)
	}
	if page.Total != model.Some[int64](15) {
		t.Errorf("total %+v", page.Total)
	}
}

func TestOneAPITypes(t *testing.T) {
	for file, kind := range map[string]model.Kind{"log-self-filter-type1": model.KindTopUp, "log-self-filter-type3": model.KindManage} {
		g, _ := open(t, OneAPI, map[string]string{"/api/log/self": "one-api/" + file + ".http"})
		page, err := g.Calls(t.Context(), CallsQuery{Page: 3})
		if err != nil {
			t.Fatal(err)
		}
		if page.Calls[0].Kind != kind || !page.Last {
			t.Errorf("%s: %+v", file, page)
		}
	}
	if oneAPIKinds[5] != model.KindTest || newAPIKinds[5] != model.KindError {
		t.Error("type 5 is a channel test on one-api and an error on new-api")
	}
}

func TestPagesPastTheEnd(t *testing.T) {
	g, r := open(t, OneAPI, map[string]string{
		"/api/log/self": "one-api/log-self-p99999-page_size10.http", "/api/token/": "one-api/tokens-p2.http",
	})
	page, err := g.Calls(t.Context(), CallsQuery{Page: 7})
	if err != nil || len(page.Calls) != 0 || !page.Last || r.last().Get("p") != "7" {
		t.Errorf("%+v %v", page, err)
	}
	keys, more, err := g.Keys(t.Context(), 2)
	if err != nil || len(keys) != 3 || more {
		t.Errorf("%d keys, more %v: %v", len(keys), more, err)
	}
}

// TestOldKeyListIsAskedFromZero covers a fork whose version says nothing: the
// first answer's shape tells that its pages count from 0.
func TestOldKeyListIsAskedFromZero(t *testing.T) {
	g, r := open(t, NewAPI, map[string]string{"/api/token/": "new-api-0.6.3/tokens-p0.http"})
	if _, _, err := g.Keys(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if len(r.seen) != 2 || r.seen[0].URL.Query().Get("p") != "1" || r.seen[1].URL.Query().Get("p") != "0" {
		t.Fatalf("asked %v", r.seen)
	}
	if _, _, err := g.Keys(t.Context(), 0); err != nil || len(r.seen) != 3 {
		t.Fatalf("what was learnt is forgotten: %d requests, %v", len(r.seen), err)
	}
}

func TestDetection(t *testing.T) {
	for dir, want := range map[string]string{"one-api": OneAPI, "new-api-0.6.3": NewAPI, "new-api-rc21": NewAPI, "one-hub": OneHub} {
		g, _ := open(t, Auto, map[string]string{"/api/status": dir + "/status.http", "/api/user/self": dir + "/self.http"})
		if _, err := g.Status(t.Context()); err != nil || g.Found().Dialect != want {
			t.Errorf("%s: %+v %v", dir, g.Found(), err)
		}
	}
	if _, err := Open(Options{Name: "x", URL: "http://x", Dialect: "two-api"}); err == nil {
		t.Error("an unknown dialect was accepted")
	}
	for v, fast := range map[string]bool{
		"v0.6.3.1.1": false, "v0.13.2": false, "v1.0.0-rc.10": false, "v1.0.0-rc.11": true,
		"v1.0.0-rc.21": true, "v1.0.0": true, "1.2": true, "": false, "main": false,
	} {
		if n := newNewAPI(nil, statusData{Version: text(v)}); n.fast != fast {
			t.Errorf("version %q: fast %v", v, n.fast)
		}
	}
}

func TestCurrencies(t *testing.T) {
	yes, no := flag(true), flag(false)
	for _, c := range []struct {
		s    statusData
		want string
	}{
		{statusData{}, "$1.00"},
		{statusData{QuotaPerUnit: 1_000_000}, "$0.50"},
		{statusData{QuotaDisplayType: "USD", DisplayInCurrency: &yes}, "$1.00"},
		{statusData{QuotaDisplayType: "CNY", USDExchangeRate: 7.3}, "¥7.30"},
		{statusData{QuotaDisplayType: "CUSTOM", CustomSymbol: "€", CustomRate: 0.9}, "€0.90"},
		{statusData{QuotaDisplayType: "TOKENS"}, "500,000"},
		{statusData{DisplayInCurrency: &no}, "500,000"},
	} {
		if got := c.s.currency().Format(500_000); got != c.want {
			t.Errorf("%+v: %s, want %s", c.s, got, c.want)
		}
	}
}
