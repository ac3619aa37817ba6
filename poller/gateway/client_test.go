package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

// respond is a transport that gives every request the same answer.
type respond func(*http.Request) (*http.Response, error)

func (f respond) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func reply(code int, kind, body string, headers ...string) respond {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {kind}, "Date": {"Fri, 20 Nov 2026 09:30:00 GMT"}}
		if kind == "" {
			h.Del("Content-Type")
		}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

const (
	fakeToken = "fake-access-token"
	fakeKey   = "sk-fakefakefakefakefakefake"
	jsonType  = "application/json; charset=utf-8"
)

func clientFor(t *testing.T, rt http.RoundTripper) *Client {
	t.Helper()
	c, err := NewClient(Options{Name: "prod", URL: "http://gw.localhost/v1/", AccessToken: NewSecret(fakeToken), APIKey: NewSecret(fakeKey), Transport: rt})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		rt    http.RoundTripper
		kind  model.FaultKind
		says  string
		short string
	}{
		"200 success:false":     {reply(200, jsonType, `{"success":false,"message":"无权进行此操作，access token 无效"}`), model.FaultUnauthorised, "access token 无效", "not authorised"},
		"401":                   {reply(401, jsonType, `{"success":false,"message":"Unauthorized"}`), model.FaultUnauthorised, "Unauthorized", "not authorised"},
		"missing user header":   {reply(401, jsonType, `{"success":false,"message":"Unauthorized, New-Api-User header not provided"}`), model.FaultUnauthorised, "set user_id", "not authorised"},
		"403":                   {reply(403, jsonType, `{"success":false,"message":"no"}`), model.FaultForbidden, "more rights", "not allowed"},
		"403 challenge page":    {reply(403, "text/html", `<html>Just a moment`), model.FaultNotGateway, "login or challenge page", "not JSON"},
		"404":                   {reply(404, jsonType, `{"error":{"message":"Invalid URL (GET /api/user/self)"}}`), model.FaultNotGateway, "Invalid URL", "HTTP 404"},
		"empty 429":             {reply(429, "", ``), model.FaultLimited, "half the budget", "rate limit"},
		"429 with seconds":      {reply(429, "", ``, "Retry-After", "180"), model.FaultLimited, "asking again in 3m0s", "rate limit"},
		"429 with a date":       {reply(429, "", ``, "Retry-After", "Fri, 20 Nov 2026 09:31:00 GMT"), model.FaultLimited, "asking again in 1m0s", "rate limit"},
		"500":                   {reply(500, jsonType, `{"message":"db is locked"}`), model.FaultServer, "db is locked", "HTTP 500"},
		"502 page":              {reply(502, "text/html", `<h1>502`), model.FaultServer, "HTTP 502", "HTTP 502"},
		"HTML with 200":         {reply(200, "text/html; charset=utf-8", `<!doctype html>`), model.FaultNotGateway, "did not answer with JSON", "not JSON"},
		"HTML typed as JSON":    {reply(200, jsonType, `<!doctype html>`), model.FaultNotGateway, "did not answer with JSON", "not JSON"},
		"JSON typed as HTML":    {reply(200, "text/html", `{"success":true,"data":{}}`), model.FaultNotGateway, "did not answer with JSON", "not JSON"},
		"empty 200":             {reply(200, jsonType, ``), model.FaultNotGateway, "did not answer with JSON", "not JSON"},
		"cut JSON":              {reply(200, jsonType, `{"success":true,"data":{"id":`), model.FaultBadAnswer, "cannot be read", "bad answer"},
		"wrong shape":           {reply(200, jsonType, `{"success":true,"data":[1,2]}`), model.FaultBadAnswer, "cannot be read", "bad answer"},
		"no data":               {reply(200, jsonType, `{"hello":1}`), model.FaultBadAnswer, "holds no data", "bad answer"},
		"error object with 200": {reply(200, jsonType, `{"error":{"message":"bad key","code":"x"}}`), model.FaultUnauthorised, "bad key", "not authorised"},
		"too large":             {reply(200, jsonType, `{"data":"`+strings.Repeat("x", maxBody)+`"}`), model.FaultBadAnswer, "larger than 8 MiB", "bad answer"},
		"broken gzip":           {reply(200, jsonType, `not gzip`, "Content-Encoding", "gzip"), model.FaultNetwork, "gzip", "no connection"},
		"empty gzip 429":        {reply(429, "", "", "Content-Encoding", "gzip"), model.FaultLimited, "HTTP 429", "rate limit"},
		"redirect to another":   {reply(302, "", ``, "Location", "https://login.example/x"), model.FaultNotGateway, "login.example", "redirected"},
		"no such host": {respond(func(*http.Request) (*http.Response, error) {
			return nil, &net.DNSError{Name: "gw.exmaple", IsNotFound: true}
		}), model.FaultNetwork, `no host named "gw.exmaple"`, "no connection"},
		"refused":                {respond(func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }), model.FaultNetwork, "is it running", "no connection"},
		"other connection fault": {respond(func(*http.Request) (*http.Response, error) { return nil, errors.New("broken pipe") }), model.FaultNetwork, "broken pipe", "no connection"},
		"cut in the middle": {respond(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"a`), errReader{})), Request: r}, nil
		}), model.FaultNetwork, "unexpected EOF", "no connection"},
		"echoes our credential": {reply(401, jsonType, `{"message":"token fake-access-token and fakefakefakefakefakefake are wrong"}`), model.FaultUnauthorised, "token *** and *** are wrong", "not authorised"},
		"answers with a novel":  {reply(500, jsonType, `{"message":"`+strings.Repeat("长", 500)+`"}`), model.FaultServer, "长…", "HTTP 500"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clientFor(t, c.rt).self(t.Context())
			var e *StatusError
			if !errors.As(err, &e) {
				t.Fatalf("not a StatusError: %v", err)
			}
			if e.Kind != c.kind || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "prod: ") {
				t.Errorf("kind %d: %v\nwant kind %d, saying %q", e.Kind, err, c.kind, c.says)
			}
			f := model.FaultOf(fmt.Errorf("wrapped: %w", err))
			if f.Kind != c.kind || f.Short != c.short || f.Sentence == "" {
				t.Errorf("fault %+v, want short %q", f, c.short)
			}
			for _, secret := range []string{fakeToken, fakeKey, fakeKey[3:]} {
				if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
					t.Errorf("the error shows %q: %v", secret, err)
				}
			}
		})
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestTimeoutAndCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := respond(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c := clientFor(t, hang)
		start := time.Now()
		_, err := c.self(t.Context())
		if f := model.FaultOf(err); f.Kind != model.FaultTimeout || time.Since(start) != DefaultTimeout {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		slowBody := respond(func(r *http.Request) (*http.Response, error) {
			pr, pw := io.Pipe()
			context.AfterFunc(r.Context(), func() { pw.CloseWithError(r.Context().Err()) })
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: pr, Request: r}, nil
		})
		_, err = clientFor(t, slowBody).self(t.Context())
		if f := model.FaultOf(err); f.Kind != model.FaultTimeout {
			t.Errorf("a body that never comes: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = c.self(ctx)
		if !errors.Is(err, context.Canceled) || model.FaultOf(err).Kind != model.FaultInternal {
			t.Errorf("cancelled: %v", err)
		}
	})
}

func TestHeaders(t *testing.T) {
	var got *http.Request
	c := clientFor(t, respond(func(r *http.Request) (*http.Response, error) {
		got = r
		return reply(200, jsonType, `{"success":true,"message":null,"data":{"id":"7","quota":"-900620","used_quota":620.0,"status":1,"username":null}}`)(r)
	}))
	c.auth.prefer(false, false, "New-Api-User")
	c.auth.user = "7"
	a, err := c.self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != 7 || a.Quota.V != -900620 || a.Used.V != 620 || a.Username != "" || a.Requests.OK {
		t.Errorf("lenient decoding: %+v", a)
	}
	if got.URL.String() != "http://gw.localhost/api/user/self" {
		t.Errorf("asked %s", got.URL)
	}
	for k, v := range map[string]string{
		"Authorization": "Bearer fake-access-token", "New-Api-User": "7", "Accept-Language": "en", "Accept-Encoding": "gzip",
	} {
		if got.Header.Get(k) != v {
			t.Errorf("%s: %q, want %q", k, got.Header.Get(k), v)
		}
	}
	if _, _ = c.tokens(t.Context(), nil, 0); got.URL.Path != "/api/token/" {
		t.Errorf("the key list is asked at %s: without the slash gateways redirect", got.URL.Path)
	}
}

func TestGzipIsUnpackedAskedOrNot(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte(`{"success":true,"data":{"id":5}}`))
	_ = w.Close()
	a, err := clientFor(t, reply(200, jsonType, z.String(), "Content-Encoding", "gzip")).self(t.Context())
	if err != nil || a.ID != 5 {
		t.Errorf("%+v %v", a, err)
	}
	// A small body that unpacks to more than the bound.
	z.Reset()
	w = gzip.NewWriter(&z)
	_, _ = w.Write([]byte(`{"data":"`))
	for range maxBody >> 16 {
		_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<16))
	}
	_ = w.Close()
	_, err = clientFor(t, reply(200, jsonType, z.String(), "Content-Encoding", "gzip")).self(t.Context())
	if f := model.FaultOf(err); f.Kind != model.FaultBadAnswer {
		t.Errorf("a bomb: %v", err)
	}
}

// TestTheTokenStaysWithItsHost runs real servers: one that redirects to itself
// and one that redirects to another host. Neither redirect is followed.
func TestTheTokenStaysWithItsHost(t *testing.T) {
	var stolen []string
	followed := 0
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stolen = append(stolen, r.Header.Get("Authorization")+r.Header.Get("New-Api-User"))
	}))
	defer thief.Close()
	to := strings.Replace(thief.URL, "127.0.0.1", "localhost", 1) + "/api/user/self"
	gw := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved/api/user/self":
			http.Redirect(w, r, "/api/user/self", http.StatusMovedPermanently)
		case "/away/api/user/self":
			http.Redirect(w, r, to, http.StatusFound)
		case "/api/user/self":
			followed++
		}
	}))
	defer gw.Close()
	for path, says := range map[string]string{
		"/moved": "it sends us to " + gw.URL + "/api/user/self: set url to " + gw.URL,
		"/away":  "set url to " + strings.TrimSuffix(to, "/api/user/self") + "; the token does not follow",
	} {
		c, err := NewClient(Options{Name: "prod", URL: gw.URL + path, AccessToken: NewSecret(fakeToken)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.self(t.Context()); model.FaultOf(err).Kind != model.FaultNotGateway || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v\nwant %s", path, err, says)
		}
	}
	if followed != 0 {
		t.Errorf("%d redirects were followed, which no budget has seen", followed)
	}
	if len(stolen) != 0 {
		t.Errorf("another host was asked, with %q", stolen)
	}
}

func TestTheBudgetIsAskedFirst(t *testing.T) {
	broke := errors.New("no budget")
	asked := false
	c, err := NewClient(Options{
		Name: "prod", URL: "http://x", Around: func(_ context.Context, heavy bool, _ func() error) error {
			if heavy {
				t.Error("the account is no heavy query")
			}
			return broke
		},
		Transport: respond(func(*http.Request) (*http.Response, error) { asked = true; return nil, io.EOF }),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.self(t.Context()); !errors.Is(err, broke) || asked {
		t.Errorf("asked %v: %v", asked, err)
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	opt := Options{Name: "prod", AccessToken: NewSecret(fakeToken), APIKey: NewSecret(fakeKey)}
	c := clientFor(t, reply(200, jsonType, `{}`))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "opt", opt, "secret", opt.AccessToken)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "opt", opt, "secret", opt.AccessToken)
	b, err := json.Marshal(map[string]any{"opt": opt.AccessToken, "key": &opt.APIKey})
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%v %+v %#v %s %q %x %d %v %+v %#v", opt, opt, opt, opt.AccessToken, opt.AccessToken, opt.AccessToken, opt.AccessToken, c, c, c) + log.String() + string(b)
	hex := fmt.Sprintf("%x", fakeToken)
	for _, secret := range []string{fakeToken, fakeKey, hex} {
		if strings.Contains(out, secret) {
			t.Errorf("%q is printed: %s", secret, out)
		}
	}
	if opt.AccessToken.Reveal() != fakeToken || (Secret{}).String() != "" {
		t.Error("the secret is lost")
	}
	for in, want := range map[string]string{"": "", "short": "sk-…", "sk-0123456789abcdefghij": "sk-0123…ghij", "GI5w**********JdRD": "sk-GI5w…JdRD"} {
		if got := maskKey(in); got != want {
			t.Errorf("%q is masked as %q, want %q", in, got, want)
		}
	}
}

func TestRecordedFailures(t *testing.T) {
	for file, want := range map[string]string{
		"one-api/self-wrong-token.http":                  "access token",
		"one-api/self-no-auth.http":                      "check access_token",
		"one-api/rate-limited-self.http":                 "rate limit",
		"one-api/rate-limited-gzip.http":                 "rate limit",
		"one-api/not-found-api.http":                     "HTTP 404",
		"one-api/root-page.http":                         "did not answer with JSON",
		"new-api-0.6.3/self-missing-user-header.http":    "set user_id",
		"new-api-0.6.3/self-mismatched-user-header.http": "set user_id",
		"new-api-rc21/self-wrong-token.http":             "check access_token",
		"new-api-rc21/self-missing-user-header.http":     "set user_id",
		"new-api-rc21/self-mismatched-user-header.http":  "set user_id",
		"new-api-rc21/self-nonnumeric-user-header.http":  "set user_id",
		"new-api-rc21/rate-limited-gzip.http":            "rate limit",
		"new-api-rc21/admin-channel-as-user.http":        "does not accept",
	} {
		c := clientFor(t, respond(func(r *http.Request) (*http.Response, error) { return recorded(t, file, r), nil }))
		_, err := c.self(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"success":true,"data":{"items":[{"created_at":"1","other":"{\"frt\":-1000}"}],"total":1}}`))
	f.Add([]byte(`{"data":[{"quota":1e99}]}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		c := &Client{opt: Options{Name: "x"}}
		a := answer{body: b, path: "/x"}
		var rows list[newAPIRow]
		if c.data(a, &rows) == nil {
			for i := range rows.rows {
				_ = rows.rows[i].call(newAPIKinds, &tariffs{})
			}
		}
		var keys list[token]
		if c.data(a, &keys) == nil {
			for i := range keys.rows {
				_ = keys.rows[i].key(true)
			}
		}
		var s self
		_ = c.data(a, &s)
		var st statusData
		_ = c.data(a, &st)
	})
}
