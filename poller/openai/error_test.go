package openai

import (
	"bytes"
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
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// The shapes of gateways.md §8, with what a code may be.
func TestErrorShapes(t *testing.T) {
	for name, c := range map[string]struct {
		body          string
		message, code string
		json          bool
	}{
		"object":          {`{"error":{"message":"no","type":"one_api_error","param":"","code":"x"}}`, "no", "x", true},
		"code null":       {`{"error":{"message":"no","code":null}}`, "no", "", true},
		"code number":     {`{"error":{"message":"no","code":429}}`, "no", "429", true},
		"text":            {`{"error":"no"}`, "no", "", true},
		"success false":   {`{"success":false,"message":"no"}`, "no", "", true},
		"message":         {`{"message":"no"}`, "no", "", true},
		"typed":           {`{"type":"error","error":{"type":"overloaded_error","message":"no"}}`, "no", "", true},
		"message outside": {`{"error":{"code":"x"},"message":"no"}`, "no", "x", true},
		"error null":      {`{"error":null,"message":"no"}`, "no", "", true},
		"detail":          {`{"detail":"no"}`, "no", "", true},
		"msg":             {`{"code":"x","msg":"no"}`, "no", "x", true},
		"message null":    {`{"error":{"message":null}}`, "", "", true},
		"blanks":          {"\n\n" + `{"error":"no"}`, "no", "", true},
		"mark":            {"\ufeff" + `{"error":"no"}`, "no", "", true},
		"event":           {"event: error\ndata: {\"error\":\"no\"}\n\n", "no", "", true},
		"empty":           {"", "", "", false},
		"html":            {"<html>", "", "", false},
		"half":            {`{"error":{"mess`, "", "", false},
		"array":           {`["no"]`, "", "", false},
	} {
		got, is := theirError([]byte(c.body))
		if got.message != c.message || got.code != c.code || is != c.json {
			t.Errorf("%s: %+v %v", name, got, is)
		}
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		status              int
		code, kind, message string
		want                Kind
	}{
		// The code decides, whatever the others say.
		{429, "insufficient_user_quota", "system_error", "上游负载已饱和，请稍后再试", KindBalance},
		{200, "rate_limit_exceeded", "", "", KindSaturated},
		{503, "system_cpu_overloaded", "new_api_error", "system cpu overloaded (current: 93.1%, threshold: 90%)", KindOverloaded},
		{401, "invalid_api_key", "invalid_request_error", "Incorrect API key provided", KindUpstreamKey},
		{429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota", KindUpstreamKey},
		{400, "context_length_exceeded", "invalid_request_error", "", KindTooLong},
		{400, "model_price_error", "new_api_error", "", KindNoPrice},
		// A provider that failed behind a body that had begun.
		{200, "do_request_failed", "new_api_error", "upstream error: do request failed", KindServer},
		{200, "read_response_body_failed", "new_api_error", "unexpected EOF", KindServer},
		{200, "channel:aws_client_error", "new_api_error", "", KindServer},
		{200, "", "upstream_error", "stream ID 77; INTERNAL_ERROR", KindServer},
		{200, "bad_response_status_code", "new_api_error", "bad response status code 429", KindSaturated},
		{200, "bad_response_status_code", "openai_error", "bad response status code 401, body: no", KindUpstreamKey},
		{200, "bad_response_status_code", "new_api_error", "bad response status code 502", KindServer},
		{200, "bad_response_status_code", "upstream_error", "", KindServer},
		{429, "bad_response_status_code", "upstream_error", "", KindSaturated},
		{400, "bad_response_status_code", "upstream_error", "", KindBadRequest},
		{404, "bad_response_status_code", "upstream_error", "", KindServer},
		{413, "bad_response_status_code", "upstream_error", "", KindTooLong},
		// Then the text, then the type.
		{401, "", "one_api_error", "令牌 nearly-out（#5）额度已用尽", KindKeyExhausted},
		{403, "", "new_api_error", "This token has no access to model o3", KindModel},
		{429, "", "", "您的速率达到上限，请稍后再试。", KindRateLimit},
		{429, "", "", "您已达到请求数限制：1分钟内最多请求10次", KindRateLimit},
		{529, "", "overloaded_error", "Overloaded", KindSaturated},
		{503, "one_hub_error", "one_hub_error", "当前分组 default 下对于模型 x 无可用渠道", KindNoChannel},
		// Then the status, which may be in the code.
		{401, "", "", "", KindKey},
		{402, "", "", "", KindBalance},
		{403, "", "", "", KindDenied},
		{404, "", "", "", KindNotGateway},
		{413, "", "", "", KindTooLong},
		{429, "", "", "", KindRateLimit},
		{422, "", "", "", KindBadRequest},
		{500, "x", "", "", KindServer},
		{524, "", "", "", KindServer},
		{200, "502", "", "", KindServer},
		{200, "9000", "", "", KindRefused},
		{200, "", "", "", KindRefused},
	} {
		if got := classify(c.status, theirs{c.message, c.code, c.kind}); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestKindsHaveWords(t *testing.T) {
	for k := range kinds {
		w := kinds[k]
		if w.what == "" || w.advice == "" || w.short == "" || w.fault == model.FaultNone {
			t.Errorf("kind %d: %+v", k, w)
		}
	}
	if len(kinds) != int(KindCut)+1 {
		t.Errorf("%d kinds", len(kinds))
	}
}

func TestErrorSentence(t *testing.T) {
	header := http.Header{"Retry-After": {"90"}, "X-Oneapi-Request-Id": {"r1"}}
	got := listen(t.Context(), t, newClient(t, answers(429, header, strings.NewReader(`{"error":{"message":"slow down (request id: other)"}}`))))
	want := `home: the gateway's rate limit is reached (HTTP 429) ("slow down"): try again in 1m30s`
	if got.err.Error() != want || got.err.RequestID != "r1" || got.err.Wait() != model.Some(90*time.Second) {
		t.Errorf("%v; %#v", got.err, got.err)
	}
	f := model.FaultOf(fmt.Errorf("chat: %w", got.err))
	if f.Kind != model.FaultLimited || f.Sentence != want || f.Short != "rate limit" || f.Theirs != "slow down" {
		t.Errorf("%+v", f)
	}
	// new-api writes the error behind its pings.
	late := ": PING\n\n" + `{"error":{"message":"upstream error: do request failed","type":"new_api_error","param":"","code":"do_request_failed"}}`
	got = listen(t.Context(), t, newClient(t, answers(200, nil, strings.NewReader(late))))
	want = `home: the gateway or the model's provider failed ("upstream error: do request failed"): try again, or another model; the gateway's log may say why`
	if got.err == nil || got.err.Error() != want {
		t.Errorf("%v", got.err)
	}
	e := &Error{Gateway: "home", Kind: KindServer, Code: 502}
	if f := e.Fault(); f.Short != "HTTP 502" || f.Kind != model.FaultServer {
		t.Errorf("%+v", f)
	}
	// Waiting mends no key.
	got = listen(t.Context(), t, newClient(t, answers(401, header, strings.NewReader(`{"message":"该令牌已过期"}`))))
	if got.err.Advice != kinds[KindKeyExpired].advice {
		t.Errorf("%v", got.err)
	}
}

func TestRequestIDs(t *testing.T) {
	for _, c := range []struct{ header, message, id, rest string }{
		{"", "no (request id: 2026abc)", "2026abc", "no"},
		{"r1", "no (request id: 2026abc)", "r1", "no"},
		{"", "no", "", "no"},
		{"\x1b[31m", "no", "", "no"},
		{strings.Repeat("x", 129), "no", "", "no"},
		{"", "no (request id: \x1b[31m)", "", "no (request id: \x1b[31m)"},
		{"", "a (request id: 1) b", "1", "a b"},
	} {
		header := http.Header{"X-Oneapi-Request-Id": {c.header}}
		body, _ := json.Marshal(map[string]string{"error": c.message})
		got := listen(t.Context(), t, newClient(t, answers(400, header, bytes.NewReader(body))))
		if got.err.RequestID != c.id || got.last.RequestID != c.id || got.err.Message != c.rest {
			t.Errorf("%+v: %q, at the end %q, %q", c, got.err.RequestID, got.last.RequestID, got.err.Message)
		}
	}
}

// Bodies that come with an error status and are no JSON.
func TestStatusAlone(t *testing.T) {
	for _, c := range []struct {
		status   int
		location string
		body     string
		kind     Kind
		says     string // in the sentence
	}{
		{429, "", "", KindRateLimit, "HTTP 429"},
		{502, "", "<html><h1>502 Bad Gateway</h1>", KindServer, "HTTP 502"},
		{502, "", "upstream connect error", KindServer, `"upstream connect error"`},
		{403, "", "<!doctype html><title>Just a moment...</title>", KindNotGateway, "challenge"},
		{404, "", "404 page not found", KindNotGateway, "404 page not found"},
		{301, "https://other.test/v1/chat/completions", "", KindNotGateway, "other.test"},
		{307, "/login", "", KindNotGateway, "gateway.test"},
		{500, "", strings.Repeat("x", 1<<20), KindServer, strings.Repeat("x", maxMessage) + "…"},
	} {
		got := listen(t.Context(), t, newClient(t, answers(c.status, http.Header{"Location": {c.location}}, strings.NewReader(c.body))))
		if got.last.End != model.ChatFailed || got.err.Kind != c.kind || !strings.Contains(got.err.Error(), c.says) || strings.Contains(got.err.Error(), "<") {
			t.Errorf("%d %.40q: %s: %v", c.status, c.body, got.err.Kind, got.err)
		}
	}
}

// A request is sent once, whatever comes; and the key follows no redirect.
func TestSentOnce(t *testing.T) {
	for _, status := range []int{200, 301, 307, 308, 429, 500, 503} {
		sent := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sent++
			w.Header().Set("Location", r.URL.Path)
			w.WriteHeader(status)
		}))
		c, err := NewClient(Options{Name: "home", URL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		listen(t.Context(), t, c)
		if sent != 1 {
			t.Errorf("HTTP %d: sent %d times", status, sent)
		}
		server.Close()
	}
}

func TestNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c, err := NewClient(Options{Name: "home", URL: "http://" + l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	got := listen(t.Context(), t, c)
	if got.last.End != model.ChatFailed || got.err.Kind != KindNetwork || !errors.Is(got.err, syscall.ECONNREFUSED) || got.err.Fault().Kind != model.FaultNetwork {
		t.Errorf("%q, %v", got.last.End, got.err)
	}
	if _, err := c.Models(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("models: %v", err)
	}
}

func TestNewClientChecksTheAddress(t *testing.T) {
	for _, raw := range []string{"", "gateway.test", "ftp://gateway.test", "https://me:secret@gateway.test"} {
		if _, err := NewClient(Options{Name: "home", URL: raw}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

// The key is in no error and no log, however the gateway or a proxy throws it
// back.
func TestSecretsStayIn(t *testing.T) {
	bare := strings.TrimPrefix(testKey, "sk-")
	hidden := func(t *testing.T, where string, v any) {
		t.Helper()
		raw, _ := json.Marshal(v)
		for _, text := range []string{fmt.Sprintf("%v", v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), fmt.Sprintf("%q", v), string(raw)} {
			if strings.Contains(text, bare) {
				t.Errorf("%s: the key is in %.300s", where, text)
			}
		}
	}
	long := strings.Repeat(testKey+" ", 40)
	var log bytes.Buffer
	try := func(name string, rt roundTrip) {
		c, err := NewClient(Options{
			Name: "home", URL: "http://gateway.test", APIKey: gateway.NewSecret(testKey), Transport: rt,
			Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		if err != nil {
			t.Fatal(err)
		}
		got := listen(t.Context(), t, c)
		if got.err == nil {
			t.Fatalf("%s: no error", name)
		}
		hidden(t, name, got.err)
		hidden(t, name, got.err.Fault())
		hidden(t, name, got.last)
		hidden(t, name, errors.Unwrap(got.err))
		hidden(t, "client", c)
		hidden(t, "client", *c)
		hidden(t, "options", c.opt)
		if _, err := c.Models(t.Context()); err != nil {
			hidden(t, name+", models", err)
		}
	}
	for _, echo := range []string{testKey, bare, long} {
		id := http.Header{"X-Oneapi-Request-Id": {echo}, "Location": {"http://" + bare + ".test/"}}
		for name, body := range map[string]string{
			"message": `{"error":{"message":"bad key ` + echo + ` (request id: ` + bare + `)","code":"` + echo + `","type":"` + echo + `"}}`,
			"text":    "bad key " + echo,
			"event":   eventsOf(says("a"), `{"error":"`+echo+`"}`),
			"odd":     eventsOf(says("a"), "bad key "+echo),
			"nothing": "",
		} {
			for _, status := range []int{200, 302, 401, 500} {
				try(fmt.Sprint(name, status), answersAgain(status, id, body))
			}
		}
		try("transport", func(*http.Request) (*http.Response, error) { return nil, errors.New("sent Bearer " + echo) })
		try("body", answers(200, id, io.MultiReader(strings.NewReader(eventsOf(says("a"))), failing{errors.New("at " + echo)})))
	}
	if log.Len() == 0 || strings.Contains(log.String(), bare) {
		t.Errorf("the log: %.300s", log.String())
	}
}

// answersAgain is answers for more than one request.
func answersAgain(status int, header http.Header, body string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return answers(status, header, strings.NewReader(body))(r)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// The error that a person's own cancelling makes is none.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := listen(ctx, t, newClient(t, answers(200, nil, strings.NewReader(eventsOf(says("a"))))))
	if got.last.End != model.ChatStopped || got.content != "" {
		t.Errorf("%q %q", got.last.End, got.content)
	}
	if _, err := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) { return nil, r.Context().Err() })).Models(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
