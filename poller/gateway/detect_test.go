package gateway

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"gatewatch/model"
)

var withToken = Options{AccessToken: NewSecret(fakeToken)}

// TestDetectionOfEveryFamily finds all eight, says why, and asks six times at
// most.
func TestDetectionOfEveryFamily(t *testing.T) {
	type handlers = map[string]func(*http.Request) string
	const refused = `{"success":false,"message":"no"}`
	for name, c := range map[string]struct {
		opt     Options
		answers handlers
		dialect string
		why     string
	}{
		"one-api":               {withToken, handlers{"GET /api/status": says("@one-api/status"), "GET /api/user/self": says("@one-api/self")}, OneAPI, "none of the fields"},
		"new-api old":           {withToken, handlers{"GET /api/status": says("@new-api-0.6.3/status"), "GET /api/user/self": says("@new-api-0.6.3/self")}, NewAPI, "enable_data_export"},
		"new-api":               {withToken, handlers{"GET /api/status": says("@new-api-rc21/status")}, NewAPI, "X-New-Api-Version"},
		"one-hub":               {withToken, handlers{"GET /api/status": says("@one-hub/status")}, OneHub, "PaymentUSDRate"},
		"veloera":               {withToken, handlers{"GET /api/status": says("@veloera/status")}, Veloera, "check_in_enabled"},
		"shell-api":             {withToken, handlers{"GET /api/status": says("@one-api/status"), "GET /api/user/self": says("@shell-api/self")}, ShellAPI, "its /api/user/self has ModelFixedPrice"},
		"shell-api bare":        {withToken, handlers{"GET /api/user/self": says("@shell-api/self")}, ShellAPI, "ModelFixedPrice"},
		"v-api":                 {withToken, handlers{"GET /api/status": says("@new-api-0.6.3/status"), "GET /api/user/self": says("@v-api/self")}, VAPI, "can_use_self_group"},
		"aihubmix":              {withToken, handlers{"GET /api/user/self": says("@aihubmix/self")}, AIHubMix, "quota_remind_threshold"},
		"aihubmix.com":          {Options{URL: "https://aihubmix.com", AccessToken: NewSecret(fakeToken)}, nil, AIHubMix, "its address"},
		"opencatd":              {withToken, handlers{"GET /1/me": says("@opencatd/me-root")}, OpenCatD, "its /1/me says"},
		"opencatd, wrong token": {withToken, handlers{"GET /1/me": says("@opencatd/me-wrong")}, OpenCatD, "refuses a token"},
		"opencatd by its key":   {Options{APIKey: NewSecret(fakeToken)}, handlers{"GET /1/me": says("@opencatd/me-root")}, OpenCatD, "its /1/me says"},
		"wrong token":           {withToken, handlers{"GET /api/status": says("@one-api/status"), "GET /api/user/self": says(refused)}, OneAPI, "none of the fields"},
		"an API key alone":      {Options{APIKey: NewSecret(fakeKey)}, handlers{"GET /api/status": says("@new-api-rc21/status")}, NewAPI, "; only an API key is set"},
		"an API key, no status": {Options{APIKey: NewSecret(fakeKey)}, handlers{"GET /v1/dashboard/billing/subscription": says("@one-api/billing-subscription-laptop")}, OneAPI, "billing; only an API key"},
	} {
		t.Run(name, func(t *testing.T) {
			g, r := routed(t, c.opt, c.answers)
			_, err := g.Status(t.Context())
			if err != nil && model.FaultOf(err).Kind != model.FaultUnauthorised {
				t.Fatal(err)
			}
			if f := g.Found(); f.Dialect != c.dialect || !strings.Contains(f.Why, c.why) {
				t.Errorf("found %+v", f)
			}
			if r.count() > 6 {
				t.Errorf("%d requests", r.count())
			}
			was := r.count()
			if _, err := g.Status(t.Context()); err == nil && r.count() != was+1 {
				t.Errorf("what was found is forgotten: %d more requests", r.count()-was)
			}
			keyOnly := c.opt.APIKey.IsSet() && c.dialect != OpenCatD
			if g.KeyOnly() != keyOnly {
				t.Errorf("key only: %v", g.KeyOnly())
			}
		})
	}
}

func TestNothingFits(t *testing.T) {
	for name, c := range map[string]struct {
		self string
		kind model.FaultKind
	}{
		"no gateway":  {"@faults/html", model.FaultNotGateway},
		"wrong token": {`401:{"success":false,"message":"no"}`, model.FaultUnauthorised},
	} {
		g, r := routed(t, withToken, map[string]func(*http.Request) string{
			"GET /api/status": says("@faults/html"), "GET /1/me": says("@faults/html"), "GET /api/user/self": says(c.self),
		})
		_, err := g.Status(t.Context())
		if model.FaultOf(err).Kind != c.kind || !strings.Contains(err.Error(), "/api/status, /1/me, /api/user/self") || !strings.Contains(err.Error(), "set dialect") {
			t.Errorf("%s: %v", name, err)
		}
		if r.count() > 6 || g.Ready() {
			t.Errorf("%s: %d requests, ready %v", name, r.count(), g.Ready())
		}
	}
}

func TestDetectedAnewAfterAnUpgrade(t *testing.T) {
	version := "v0.6.3"
	g, r := routed(t, withToken, map[string]func(*http.Request) string{
		"GET /api/status": func(*http.Request) string {
			return `{"success":true,"data":{"version":"` + version + `","start_time":7,"quota_display_type":"USD"}}`
		},
		"GET /api/user/self": says("@new-api-rc21/self"),
	})
	for i, want := range []int{60, 60, 120} {
		if i == 2 {
			version = "v1.0.0"
		}
		if _, err := g.Status(t.Context()); err != nil || g.PerMinute() != want {
			t.Fatalf("%d: %d a minute, %v", i, g.PerMinute(), err)
		}
	}
	if r.asked("/api/user/self") != 2 {
		t.Errorf("the account was asked %d times", r.asked("/api/user/self"))
	}
}

func TestDialectSetByHandStays(t *testing.T) {
	for _, d := range Dialects() {
		opt := withToken
		opt.Dialect = d
		g, _ := routed(t, opt, map[string]func(*http.Request) string{"GET /api/status": says("@one-hub/status"), "GET /1/me": says("@opencatd/me-root")})
		if _, err := g.Status(t.Context()); err != nil || g.Found() != (model.Found{Dialect: d, Why: "set in the configuration"}) {
			t.Errorf("%s: %+v %v", d, g.Found(), err)
		}
	}
	for _, d := range []string{ShellAPI, VAPI, AIHubMix} {
		opt := withToken
		opt.Dialect = d
		g, _ := routed(t, opt, nil)
		if st, err := g.Status(t.Context()); err != nil || st.Currency.QuotaPerUnit() != 500000 {
			t.Errorf("%s without /api/status: %+v %v", d, st, err)
		}
	}
}

// TestAuthForms tries the other form of the credential once, and stays with the
// one that works.
func TestAuthForms(t *testing.T) {
	only := func(want string) func(*http.Request) string {
		return func(r *http.Request) string {
			if r.Header.Get("Authorization") != want {
				return "@one-api/self-wrong-token"
			}
			return "@one-api/self"
		}
	}
	for _, c := range []struct {
		dialect, takes string
		first          int // requests of the first account
	}{
		{OneAPI, "Bearer " + fakeToken, 1},
		{OneAPI, fakeToken, 2},
		{ShellAPI, fakeToken, 1},
		{ShellAPI, "Bearer " + fakeToken, 2},
		{AIHubMix, fakeToken, 1},
		{AIHubMix, "Bearer " + fakeToken, 2},
		{VAPI, "Bearer " + fakeToken, 1},
	} {
		opt := withToken
		opt.Dialect = c.dialect
		g, r := routed(t, opt, map[string]func(*http.Request) string{"GET /api/user/self": only(c.takes), "GET /api/token/": only(c.takes)})
		for i, want := range []int{c.first, c.first + 1} {
			if _, err := g.Account(t.Context()); err != nil || r.count() != want {
				t.Errorf("%s takes %q, %d: %d requests, %v", c.dialect, c.takes, i, r.count(), err)
			}
		}
		g, r = routed(t, opt, map[string]func(*http.Request) string{"GET /api/user/self": says("@one-api/self-wrong-token")})
		for _, want := range []int{2, 3, 4} {
			if _, err := g.Account(t.Context()); err == nil || r.count() != want {
				t.Errorf("%s, wrong token: %d requests, want %d: %v", c.dialect, r.count(), want, err)
			}
		}
	}
}

func TestUserHeader(t *testing.T) {
	// A fork wants a header of its own, which it names; it is learnt.
	wants := func(header string) func(*http.Request) string {
		return func(r *http.Request) string {
			if r.Header.Get(header) != "2" {
				return `401:{"success":false,"message":"` + header + ` header not provided"}`
			}
			return "@new-api-0.6.3/self"
		}
	}
	opt := Options{AccessToken: NewSecret(fakeToken), UserID: "2", Dialect: NewAPI}
	g, r := routed(t, opt, map[string]func(*http.Request) string{"GET /api/user/self": wants("Rix-Api-User")})
	for _, want := range []int{2, 3} {
		if _, err := g.Account(t.Context()); err != nil || r.count() != want {
			t.Errorf("%d requests: %v", r.count(), err)
		}
	}
	// Without an id there is nothing to send, and the advice says so.
	opt.UserID = ""
	g, r = routed(t, opt, map[string]func(*http.Request) string{"GET /api/user/self": wants("New-Api-User")})
	var e *StatusError
	if _, err := g.Account(t.Context()); !errors.As(err, &e) || !e.NeedsUser() || r.count() != 1 {
		t.Errorf("%d requests: %v", r.count(), err)
	}
	// A learnt id is sent from then on.
	g, r = routed(t, opt, map[string]func(*http.Request) string{"GET /api/user/self": says("@new-api-rc21/self"), "GET /api/token/": says("@new-api-rc21/tokens-p1-page_size100")})
	_, _ = g.Account(t.Context())
	if _, _, err := g.Keys(t.Context(), 0); err != nil || r.seen[1].Header.Get("New-Api-User") != "2" {
		t.Errorf("header %q: %v", r.seen[1].Header.Get("New-Api-User"), err)
	}
}

// TestFixedUnits holds that the families whose documents fix the unit say so
// without /api/status, and that what /api/status said stands when it fails.
func TestFixedUnits(t *testing.T) {
	for _, d := range []string{ShellAPI, VAPI, AIHubMix} {
		opt := withToken
		opt.Dialect = d
		said := ""
		g, _ := routed(t, opt, map[string]func(*http.Request) string{"GET /api/status": func(*http.Request) string { return said }})
		if st, err := g.Status(t.Context()); err != nil || st.Currency != (model.Currency{PerUnit: 500000}) {
			t.Errorf("%s: %+v %v", d, st, err)
		}
		said = `{"success":true,"data":{"quota_per_unit":1000000}}`
		if st, err := g.Status(t.Context()); err != nil || st.Currency.PerUnit != 1000000 {
			t.Errorf("%s: %+v %v", d, st, err)
		}
		said = ""
		if st, err := g.Status(t.Context()); err == nil {
			t.Errorf("%s: the unit became %+v", d, st.Currency)
		}
	}
}

// TestNoMoneyIsMadeUp holds that a classic gateway is not found without its status,
// which says what its money is worth.
func TestNoMoneyIsMadeUp(t *testing.T) {
	g, _ := routed(t, withToken, map[string]func(*http.Request) string{"GET /api/user/self": says("@one-api/self")})
	if _, err := g.Status(t.Context()); g.Ready() || err == nil || !strings.Contains(err.Error(), "/api/status") || !strings.Contains(err.Error(), "set dialect by hand") {
		t.Errorf("found %+v: %v", g.Found(), err)
	}
}
