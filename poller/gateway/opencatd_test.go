package gateway

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

var catd = Options{AccessToken: NewSecret(fakeToken), Dialect: OpenCatD}

func TestOpenCatDUsersAreItsKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the fake clock stands in January 2000
		g, r := routed(t, catd, map[string]func(*http.Request) string{"GET /1/users": says(body(t, "opencatd/users")), "GET /1/usages": says(body(t, "opencatd/usages"))})
		keys, more, err := g.Keys(t.Context(), 0)
		if err != nil || more || len(keys) != 4 {
			t.Fatalf("%d keys, more %v: %v", len(keys), more, err)
		}
		want := model.APIKey{
			ID: 2, Name: "alice", Status: model.KeyEnabled, Masked: "fa4e…fa4e", Unlimited: true,
			Used: some[model.Quota](50169), Created: some[int64](1795166557),
		}
		if !reflect.DeepEqual(keys[1], want) {
			t.Errorf("got  %+v\nwant %+v", keys[1], want)
		}
		if keys[3].Used != some[model.Quota](0) {
			t.Errorf("a user who is not among the costs spent %+v", keys[3].Used)
		}
		if got := r.seen[1].URL.RawQuery; got != "from=2000-01-01&to=2000-02-01" {
			t.Errorf("costs asked with %s", got)
		}
		for _, q := range r.seen {
			if q.Header.Get("Authorization") != "Bearer "+fakeToken {
				t.Errorf("authorization %q", q.Header.Get("Authorization"))
			}
		}
	})
}

// TestOpenCatDDays holds that a day that is over is asked for once, that today
// is asked for again, that to is exclusive, and that one call asks a few days.
func TestOpenCatDDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(20*24*time.Hour + 9*time.Hour) // to 2000-01-21 09:00 UTC
		g, r := routed(t, catd, map[string]func(*http.Request) string{"GET /1/usages": func(q *http.Request) string {
			if q.URL.Query().Get("from") == "2000-01-20" {
				return "[]"
			}
			return body(t, "opencatd/usages")
		}})
		now := time.Now().Unix()
		span := model.Span{From: now - 12*day, To: now}
		p, err := g.Periods(t.Context(), model.ScopeSelf, span)
		midnight := now - now%day
		if err != nil || len(p.Usage) != maxCatDays || r.count() != maxCatDays || p.Span != (model.Span{From: midnight - 9*day, To: now}) {
			t.Fatalf("%d days in %d requests, span %+v: %v", len(p.Usage), r.count(), p.Span, err)
		}
		if q := r.seen[0].URL.RawQuery; q != "from=2000-01-21&to=2000-01-22" {
			t.Errorf("today asked with %s", q)
		}
		today, yesterday := p.Usage[0], p.Usage[1]
		if today != (model.PeriodUsage{From: midnight, To: midnight + day - 1, Quota: 105955, Uncounted: true}) || yesterday.Quota != 0 || yesterday.To != midnight-1 {
			t.Errorf("today %+v, yesterday %+v", today, yesterday)
		}
		p, err = g.Periods(t.Context(), model.ScopeSelf, span)
		if err != nil || len(p.Usage) != 13 || r.count() != maxCatDays+4 || p.Span.From != midnight-12*day {
			t.Errorf("%d days in %d requests, span %+v: %v", len(p.Usage), r.count(), p.Span, err)
		}
		if p, err = g.Periods(t.Context(), model.ScopeSelf, span); err != nil || r.count() != maxCatDays+5 || len(p.Usage) != 13 {
			t.Errorf("%d requests: %v", r.count(), err)
		}
	})
}

func TestOpenCatDCommands(t *testing.T) {
	g, r := routed(t, catd, map[string]func(*http.Request) string{
		"POST /1/users": says("@opencatd/users-add"), "POST /1/users/4/reset": says("@opencatd/user-reset-token"),
		"DELETE /1/users/4": says("@opencatd/user-delete"), "POST /1/keys": says("@opencatd/keys-add-plain"),
		"DELETE /1/keys/2": says("@opencatd/user-delete"), "POST /1/users/init": says("@opencatd/users-init"),
	})
	ctx := t.Context()
	k, err := g.CreateKey(ctx, model.NewKey{Name: "alice"})
	if err != nil || k.ID != 2 || k.Name != "alice" || k.Masked != "fa4e…fa4e" || k.Created != some[int64](1795166557) {
		t.Errorf("created %+v: %v", k, err)
	}
	if err := g.ResetKey(ctx, 4); err != nil {
		t.Error(err)
	}
	if err := g.DeleteKey(ctx, 4); err != nil {
		t.Error(err)
	}
	if err := g.AddProviderKey(ctx, ProviderKey{Name: "plain", Type: "openai", Endpoint: "https://x", Key: NewSecret("sk-fake")}); err != nil {
		t.Error(err)
	}
	if err := g.DeleteProviderKey(ctx, 2); err != nil {
		t.Error(err)
	}
	root, err := g.InitRoot(ctx)
	if err != nil || root.Reveal() != "fa4e7e57-0000-4000-8000-00000000fa4e" {
		t.Errorf("root %v: %v", root, err)
	}
	want := []string{`{"name":"alice"}`, "", "", `{"api_type":"openai","endpoint":"https://x","key":"sk-fake","name":"plain"}`, "", ""}
	if !reflect.DeepEqual(r.sent, want) {
		t.Errorf("sent %q", r.sent)
	}
	if last := r.seen[5]; last.Header.Get("Authorization") != "" {
		t.Error("the first user is created without a credential")
	}
	was := r.count()
	if err := g.DeleteKey(ctx, 1); err == nil || r.count() != was {
		t.Errorf("the root user: %v", err)
	}
	other, _ := open(t, OneAPI, nil)
	if err := other.ResetKey(ctx, 4); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("one-api: %v", err)
	}
	refused, _ := routed(t, catd, map[string]func(*http.Request) string{
		"POST /1/users/init": says("@opencatd/users-init-again"), "POST /1/users": says("@opencatd/users-add-duplicate"),
	})
	if _, err := refused.InitRoot(ctx); err == nil || !strings.Contains(err.Error(), "super user already exists") {
		t.Errorf("a second root: %v", err)
	}
	if _, err := refused.CreateKey(ctx, model.NewKey{Name: "alice"}); model.FaultOf(err).Kind != model.FaultRefused {
		t.Errorf("a second alice: %v", err)
	}
}

func TestMicroDollars(t *testing.T) {
	for in, want := range map[string]model.Quota{
		"": 0, "0.000110": 110, "0.016576": 16576, "12.5": 12500000, "3": 3000000, "-0.000001": -1, "0.0000005": 1, "0.00000049": 0,
		"9000000000.123456": 9000000000123456,
	} {
		if got, err := parseMicro(in); err != nil || got != want {
			t.Errorf("%q: %d %v", in, got, err)
		}
	}
	for _, in := range []string{"x", "1,5", ".", "1.2.3", "+1", "--1", "1e3", "99999999999999999999", "0x1"} {
		if got, err := parseMicro(in); err == nil {
			t.Errorf("%q was read as %d", in, got)
		}
	}
}

func TestFamilyKeyCommands(t *testing.T) {
	for d, file := range map[string]string{OneAPI: "one-api/token-create", ShellAPI: "shell-api/token-create", NewAPI: "new-api-0.6.3/token-create", OneHub: "one-hub/token-create"} {
		opt := Options{AccessToken: NewSecret(fakeToken), Dialect: d}
		g, r := routed(t, opt, map[string]func(*http.Request) string{
			"POST /api/token/": says("@" + file), "DELETE /api/token/26": says("@one-api/token-delete"), "DELETE /api/token/27": says("@one-api/token-delete-again"),
		})
		k, err := g.CreateKey(t.Context(), model.NewKey{Name: "cap-temp", Quota: 12345, Models: []string{"a", "b"}, Group: "vip"})
		if err != nil || k.Name == "" || k.Status != model.KeyEnabled || (k.ID == 0) != (d == NewAPI || d == OneHub) {
			t.Errorf("%s: created %+v: %v", d, k, err)
		}
		const want = `{"expired_time":-1,"group":"vip","model_limits":"a,b","model_limits_enabled":true,"models":"a,b","name":"cap-temp",` +
			`"remain_quota":12345,"setting":{"limits":{"limit_model_setting":{"enabled":true,"models":["a","b"]}}},"unlimited_quota":false}`
		if r.sent[0] != want || r.seen[0].Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: sent %s", d, r.sent[0])
		}
		if err := g.DeleteKey(t.Context(), 26); err != nil {
			t.Errorf("%s: %v", d, err)
		}
		if err := g.DeleteKey(t.Context(), 27); err == nil || !strings.Contains(err.Error(), "record not found") {
			t.Errorf("%s: deleted twice: %v", d, err)
		}
		if err := g.DeleteKey(t.Context(), 0); err == nil || r.count() != 3 {
			t.Errorf("%s: %d requests, %v", d, r.count(), err)
		}
	}
}
