package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// TestFailureBodies reads every way in which a gateway says no, as it was
// recorded or documented.
func TestFailureBodies(t *testing.T) {
	for _, c := range []struct {
		dialect, path, file string
		ask                 ask
		kind                model.FaultKind
		says                string
	}{
		{OneAPI, "/api/user/self", "one-api/self-no-auth", account, model.FaultUnauthorised, "check access_token"},
		{OneAPI, "/api/user/self", "one-api/self-wrong-token", account, model.FaultUnauthorised, "access token 无效"}, // HTTP 200
		{OneAPI, "/api/user/self", "one-api/rate-limited-self", account, model.FaultLimited, "HTTP 429"},
		{OneAPI, "/api/user/self", "one-api/rate-limited-gzip", account, model.FaultLimited, "HTTP 429"},
		{OneAPI, "/api/user/self", "one-api/not-found-api", account, model.FaultNotGateway, "Invalid URL"},
		{OneAPI, "/api/user/self", "one-api/root-page", account, model.FaultNotGateway, "did not answer with JSON"},
		{OneAPI, "/api/user/self", "faults/html", account, model.FaultNotGateway, "did not answer with JSON"},
		{OneAPI, "/api/user/self", "faults/banned", account, model.FaultUnauthorised, "用户已被封禁"}, // HTTP 200
		{OneAPI, "/api/channel/", "one-api/admin-channel-as-user", firstChannel, model.FaultForbidden, "administrators"},
		{NewAPI, "/api/user/self", "new-api-0.6.3/self-no-auth", account, model.FaultUnauthorised, "check access_token"},
		{NewAPI, "/api/user/self", "new-api-0.6.3/self-wrong-token", account, model.FaultUnauthorised, "access token"},
		{NewAPI, "/api/user/self", "new-api-0.6.3/self-missing-user-header", account, model.FaultUnauthorised, "user_id"},
		{NewAPI, "/api/user/self", "new-api-rc21/self-no-auth", account, model.FaultUnauthorised, "check access_token"},
		{NewAPI, "/api/user/self", "new-api-rc21/self-mismatched-user-header", account, model.FaultUnauthorised, "user_id \"2\" is not the id"},
		{NewAPI, "/api/user/self", "new-api-rc21/rate-limited-gzip", account, model.FaultLimited, "HTTP 429"},
		{NewAPI, "/api/user/self", "new-api-rc21/not-found-api", account, model.FaultNotGateway, "Invalid URL"},
		{NewAPI, "/api/user/self", "faults/banned-rc22", account, model.FaultUnauthorised, "User has been banned"},
		{NewAPI, "/api/log/", "new-api-rc21/admin-log-as-user", siteCall, model.FaultForbidden, "administrators"},
		{NewAPI, "/api/channel/", "faults/role-rc22", firstChannel, model.FaultForbidden, "more rights"},
		{OneHub, "/api/user/self", "one-hub/self-no-auth", account, model.FaultUnauthorised, "check access_token"},
		{OneHub, "/api/user/self", "one-hub/self-wrong-token", account, model.FaultUnauthorised, "access token 无效"},
		{OneHub, "/api/user/self", "one-hub/rate-limited-self", account, model.FaultLimited, "HTTP 429"},
		{OneHub, "/api/user/self", "one-hub/rate-limited-gzip", account, model.FaultLimited, "HTTP 429"},
		{OneHub, "/api/user/self", "one-hub/not-found-api", account, model.FaultNotGateway, "Invalid URL"},
		{OneHub, "/api/log/", "one-hub/admin-log-as-user", siteCall, model.FaultForbidden, "administrators"},
		{OneHub, "/api/channel/", "one-hub/admin-channel-as-user", firstChannel, model.FaultForbidden, "administrators"},
		{Veloera, "/api/user/self", "veloera/self-missing-user-header", account, model.FaultUnauthorised, "user_id"},
		{ShellAPI, "/api/user/self", "faults/html", account, model.FaultNotGateway, "did not answer with JSON"},
		{ShellAPI, "/api/user/self", "one-api/self-wrong-token", account, model.FaultUnauthorised, "check access_token"},
		{ShellAPI, "/api/log/self/model_usage", "shell-api/not-found", details, model.FaultUnsupported, "does not offer calls per model"},
		{VAPI, "/api/user/self", "v-api/self-missing-user-header", account, model.FaultUnauthorised, "user_id"},
		{AIHubMix, "/api/user/self", "one-api/self-wrong-token", account, model.FaultUnauthorised, "check access_token"},
		{AIHubMix, "/api/token/", "faults/html", firstKey, model.FaultNotGateway, "did not answer with JSON"},
		{OpenCatD, "/1/me", "opencatd/me-wrong", account, model.FaultUnauthorised, "Unauthorized"},
		{OpenCatD, "/1/me", "opencatd/me-noauth", account, model.FaultUnauthorised, "Unauthorized"},
		{OpenCatD, "/1/me", "opencatd/me-short-auth", account, model.FaultServer, "HTTP 500"},
		{OpenCatD, "/1/me", "opencatd/not-found", account, model.FaultNotGateway, "HTTP 404"},
		{OpenCatD, "/1/users", "opencatd/users-as-user", firstKey, model.FaultUnauthorised, "Unauthorized"},
	} {
		t.Run(c.file, func(t *testing.T) {
			g, r := open(t, c.dialect, map[string]string{c.path: c.file + ".http"})
			_, err := c.ask(t.Context(), g)
			var e *StatusError
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "prod: ") {
				t.Errorf("%s: %v", c.dialect, err)
			}
			// Two forms of the credential at most, and the second only after a failure
			// that speaks of the credential.
			if most := 2; len(r.seen) > most || (len(r.seen) > 1 && c.kind != model.FaultUnauthorised) {
				t.Errorf("%d requests", len(r.seen))
			}
		})
	}
}

// TestOpenCatDRole holds that a 401 after a good /1/me speaks of the role.
func TestOpenCatDRole(t *testing.T) {
	g, _ := open(t, OpenCatD, map[string]string{
		"/1/me": "opencatd/me-user.http", "/1/users": "opencatd/users-as-user.http",
		"/1/keys": "opencatd/keys-as-user.http", "/1/usages": "opencatd/users-as-user.http",
	})
	a, err := g.Account(t.Context())
	if err != nil || a.Role != model.RoleUser || a.Quota.OK || a.Used.OK {
		t.Fatalf("%+v %v", a, err)
	}
	for name, ask := range map[string]ask{"users": firstKey, "keys": firstChannel, "costs": firstPeriod(model.ScopeSelf)} {
		if _, err := ask(t.Context(), g); model.FaultOf(err).Kind != model.FaultForbidden || !strings.Contains(err.Error(), "root user") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCommandsAreSentOnce holds that nothing repeats a command, whatever comes
// back.
func TestCommandsAreSentOnce(t *testing.T) {
	commands := map[string]func(context.Context, *Gateway) error{
		"create": func(ctx context.Context, g *Gateway) error {
			_, err := g.CreateKey(ctx, model.NewKey{Name: "x"})
			return err
		},
		"delete": func(ctx context.Context, g *Gateway) error { return g.DeleteKey(ctx, 7) },
	}
	for name, do := range commands {
		for _, d := range Dialects() {
			for _, file := range []string{"one-api/self-no-auth", "one-api/self-wrong-token", "one-api/rate-limited-self", "faults/html", "opencatd/users-add-duplicate"} {
				g, r := open(t, d, map[string]string{
					"/api/token/": file + ".http", "/api/token/7": file + ".http", "/1/users": file + ".http", "/1/users/7": file + ".http",
				})
				if err := do(t.Context(), g); err == nil {
					t.Errorf("%s, %s, %s: no error", name, d, file)
				}
				if want := 1; len(r.seen) > want || (d != VAPI && len(r.seen) != want) {
					t.Errorf("%s, %s, %s: sent %d times", name, d, file, len(r.seen))
				}
			}
		}
	}
}

// TestCommandsAreNotRedirected holds that a command does not become a GET at
// another address, which is what net/http makes of it.
func TestCommandsAreNotRedirected(t *testing.T) {
	asked := 0
	g, err := Open(Options{Name: "prod", URL: "http://gw.localhost", AccessToken: NewSecret(fakeToken), Dialect: OneAPI, Transport: respond(func(r *http.Request) (*http.Response, error) {
		asked++
		return reply(http.StatusMovedPermanently, "", "", "Location", "/api/token")(r)
	})})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.DeleteKey(t.Context(), 7); model.FaultOf(err).Kind != model.FaultNotGateway || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	if _, err := g.CreateKey(t.Context(), model.NewKey{Name: "x"}); model.FaultOf(err).Kind != model.FaultNotGateway || asked != 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

// TestRetryAfterIsBounded holds that no header makes us wait for less than nothing
// or for ever.
func TestRetryAfterIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	for in, want := range map[string]model.Opt[time.Duration]{
		"": {}, "soon": {}, "1.5": {}, "0": some[time.Duration](0), "-1": some[time.Duration](0), " 180 ": some(3 * time.Minute),
		"1799": some(1799 * time.Second), "1801": some(30 * time.Minute), "9223372037": some(30 * time.Minute),
		"9223372036854775807": some(30 * time.Minute), "99999999999999999999999": some(30 * time.Minute), "-99999999999999999999999": some[time.Duration](0),
		"Fri, 20 Nov 2026 09:31:00 GMT": some(time.Minute), "Fri, 20 Nov 2026 09:29:00 GMT": some[time.Duration](0),
		"Sat, 20 Nov 2027 09:30:00 GMT": some(30 * time.Minute), "Fri, 31 Dec 9999 23:59:59 GMT": some(30 * time.Minute),
	} {
		if got := retryAfter(in, now); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}
