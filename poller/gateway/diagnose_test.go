package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

func finding(d model.Diagnosis, what string) model.Finding {
	for _, f := range d.Findings {
		if f.What == what {
			return f
		}
	}
	return model.Finding{}
}

func TestDiagnose(t *testing.T) {
	opt := Options{AccessToken: NewSecret(fakeToken), APIKey: NewSecret(fakeKey), UserID: "2"}
	g, r := routed(t, opt, map[string]func(*http.Request) string{
		"GET /api/status": says("@new-api-rc21/status"), "GET /api/user/self": says("@new-api-rc21/self"),
		"GET /api/log/self": says("@new-api-rc21/log-self-p1-page_size100"), "GET /api/log/self/stat": says("@new-api-rc21/log-self-stat-plain"),
		"GET /api/data/self": says("@new-api-rc21/data-self-range"), "GET /api/token/": says("@new-api-rc21/tokens-p1-page_size100"),
		"GET /api/subscription/self": says("@new-api-rc21/subscription-self"),
	})
	d := g.Diagnose(t.Context())
	if d.Name != "prod" || d.URL != "http://gw.localhost" {
		t.Errorf("%s %s", d.Name, d.URL)
	}
	for _, want := range []struct {
		what    string
		mark    model.Mark
		says    string
		request string
	}{
		{"reachable", model.MarkGood, "the first answer came in", "GET /api/status"},
		{"encryption", model.MarkGood, "stays on this machine", ""},
		{"dialect", model.MarkGood, "new-api: its answers carry X-New-Api-Version", ""},
		{"version", model.MarkInfo, "v1.0.0-rc.21", ""},
		{"account", model.MarkGood, "alice, user, $99.69 left, $4.63 used", "GET /api/user/self"},
		{"credential", model.MarkGood, "as Bearer", ""},
		{"user header", model.MarkGood, "New-Api-User: 2, as configured", ""},
		{"money", model.MarkGood, "500,000 units are a dollar", ""},
		{"log", model.MarkGood, "rows in the last hour", "GET /api/log/self"},
		{"sums and rates", model.MarkGood, "2,315,962 units in the last hour, 0 rpm, 0 tpm", "GET /api/log/self/stat"},
		{"usage per day", model.MarkGood, "rows", "GET /api/data/self"},
		{"keys", model.MarkGood, "22", "GET /api/token/"},
		{"details", model.MarkGood, "0 subscriptions", "GET /api/perf-metrics/summary (last of 2 requests)"},
		{"whole site", model.MarkInfo, "for administrators", ""},
		{"calls are logged", model.MarkGood, "of the newest rows are calls", ""},
		{"failures are logged", model.MarkGood, "of the newest rows are failures", ""},
		{"limit", model.MarkInfo, "120 requests a minute", ""},
	} {
		f := finding(d, want.what)
		if f.Mark != want.mark || !strings.Contains(f.Says, want.says) || f.Request != want.request {
			t.Errorf("%s: %+v", want.what, f)
		}
	}
	if f := finding(d, "clock"); f.Mark != model.MarkWarn || !strings.Contains(f.Says, "this machine's") {
		t.Errorf("the recording's clock: %+v", f)
	}
	for _, q := range r.seen {
		if q.Method != http.MethodGet {
			t.Errorf("%s %s changes something", q.Method, q.URL)
		}
	}
	if text := fmt.Sprintf("%+v", d); strings.Contains(text, fakeToken) || strings.Contains(text, fakeKey) {
		t.Errorf("a secret in %s", text)
	}
}

func TestDiagnoseFaults(t *testing.T) {
	opt := withToken
	g, _ := routed(t, opt, map[string]func(*http.Request) string{"GET /api/status": says("@one-hub/status"), "GET /api/user/self": says("@one-hub/self-wrong-token")})
	d := g.Diagnose(t.Context())
	if f := finding(d, "account"); f.Mark != model.MarkBad || !strings.Contains(f.Says, "access token 无效") || !strings.Contains(f.Advice, "check access_token") {
		t.Errorf("%+v", f)
	}
	if finding(d, "keys").What != "" || finding(d, "dialect").What == "" {
		t.Errorf("%+v", d)
	}

	// A token that is refused does not make the gateway unreachable.
	g, _ = routed(t, opt, map[string]func(*http.Request) string{"GET /1/me": says("@opencatd/me-wrong")})
	d = g.Diagnose(t.Context())
	if finding(d, "reachable").Mark != model.MarkGood || finding(d, "account").Mark != model.MarkBad || d.Worst() != model.MarkBad {
		t.Errorf("%+v", d)
	}

	// What one role may not read is refused, and what one family lacks is not
	// offered.
	g, _ = routed(t, opt, map[string]func(*http.Request) string{
		"GET /1/me": says("@opencatd/me-user"), "GET /1/users": says("@opencatd/users-as-user"), "GET /1/usages": says("@opencatd/users-as-user"),
	})
	d = g.Diagnose(t.Context())
	if f := finding(d, "keys"); f.Mark != model.MarkWarn || !strings.HasPrefix(f.Says, "refused: ") || !strings.Contains(f.Advice, "root user") {
		t.Errorf("%+v", f)
	}
	if f := finding(d, "log"); f.Mark != model.MarkInfo || f.Says != "not offered: the log" || f.Request != "" {
		t.Errorf("%+v", f)
	}

	broken, err := Open(Options{Name: "prod", URL: "http://gw.example", AccessToken: NewSecret(fakeToken), Transport: respond(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("broken pipe")
	})})
	if err != nil {
		t.Fatal(err)
	}
	d = broken.Diagnose(t.Context())
	if f := finding(d, "reachable"); f.Mark != model.MarkBad || f.Request != "GET /api/status" || len(d.Findings) != 2 {
		t.Errorf("%+v", d)
	}
	if f := finding(d, "encryption"); f.Mark != model.MarkBad || !strings.Contains(f.Advice, "https") {
		t.Errorf("%+v", f)
	}
}

// TestDiagnoseLogging tells a log that is switched off from one that is merely
// empty.
func TestDiagnoseLogging(t *testing.T) {
	for _, c := range []struct {
		used  []int // at the account, then at the second look
		mark  model.Mark
		words string
	}{
		{[]int{10, 10}, model.MarkInfo, "nothing can be told"},
		{[]int{10, 30}, model.MarkWarn, "spending rose"},
		{[]int{0, 0}, model.MarkInfo, "no call yet"},
	} {
		asked := 0
		opt := withToken
		opt.Dialect = OneAPI
		g, _ := routed(t, opt, map[string]func(*http.Request) string{
			"GET /api/status": says("@one-api/status"),
			"GET /api/user/self": func(*http.Request) string {
				asked++
				return fmt.Sprintf(`{"success":true,"data":{"id":2,"status":1,"used_quota":%d}}`, c.used[min(asked, 2)-1])
			},
			"GET /api/log/self": says(`{"success":true,"data":[]}`),
		})
		f := finding(g.Diagnose(t.Context()), "calls are logged")
		if f.Mark != c.mark || !strings.Contains(f.Says, c.words) || (f.Mark == model.MarkWarn) != (f.Advice != "") {
			t.Errorf("%v: %+v", c.used, f)
		}
	}
}

func TestDiagnoseEncryption(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		_, _ = w.Write([]byte(body(t, "one-hub/status")))
	}))
	defer srv.Close()
	g, err := Open(Options{Name: "prod", URL: srv.URL, AccessToken: NewSecret(fakeToken), Transport: srv.Client().Transport, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	f := finding(g.Diagnose(t.Context()), "encryption")
	if f.Mark != model.MarkGood || !strings.Contains(f.Says, "TLS 1.3; the certificate of 127.0.0.1 ends on ") {
		t.Errorf("%+v", f)
	}
}
