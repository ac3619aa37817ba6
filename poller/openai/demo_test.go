package openai

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
)

// embedded runs a test against the embedded gateway in both its dialects, on fake
// time.
func embedded(t *testing.T, f func(t *testing.T, s *demo.Server, c *Client)) {
	t.Helper()
	for _, dialect := range []string{"new-api", "one-api"} {
		t.Run(dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &demo.Server{Dialect: dialect, Rate: -1}
				c, err := NewClient(Options{Name: "home", URL: s.URL(), APIKey: gateway.NewSecret(s.APIKey()), Transport: s})
				if err != nil {
					t.Fatal(err)
				}
				f(t, s, c)
			})
		})
	}
}

// newestRow is the newest row of the gateway's own log.
func newestRow(t *testing.T, s *demo.Server) (row struct {
	RequestID  string `json:"request_id"`
	Prompt     int64  `json:"prompt_tokens"`
	Completion int64  `json:"completion_tokens"`
},
) {
	t.Helper()
	r, _ := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"/api/log/self?p=0&type=2", nil)
	r.Header.Set("Authorization", "Bearer "+s.AccessToken())
	r.Header.Set("New-Api-User", "2")
	resp, err := s.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	var answer struct{ Data json.RawMessage }
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%v in %.200q", err, raw)
	}
	var page struct{ Items json.RawMessage }
	if json.Unmarshal(answer.Data, &page) == nil {
		answer.Data = page.Items
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(answer.Data, &rows); err != nil || len(rows) == 0 {
		t.Fatalf("%v in %.200q", err, raw)
	}
	_ = json.Unmarshal(rows[0], &row)
	return row
}

// What the stream says is what the gateway's log says.
func TestDemo(t *testing.T) {
	embedded(t, func(t *testing.T, s *demo.Server, c *Client) {
		got := listen(t.Context(), t, c)
		if got.last.End != model.ChatFinished || got.last.FinishReason != "stop" || got.pieces < 20 {
			t.Fatalf("%+v in %d pieces, %v", got.last, got.pieces, got.err)
		}
		row, u := newestRow(t, s), got.last.Usage.V
		if row.RequestID != got.last.RequestID || row.Prompt != u.Prompt || row.Completion != u.Completion || u.Completion == 0 {
			t.Errorf("the log has %+v, the stream %+v", row, got.last)
		}
	})
}

func TestDemoSettings(t *testing.T) {
	embedded(t, func(t *testing.T, _ *demo.Server, c *Client) {
		q := hello
		q.Model, q.MaxTokens = "deepseek-reasoner", model.Some(int64(5))
		var thought, said string
		var last model.Delta
		for d := range c.Stream(t.Context(), q) {
			thought, said, last = thought+d.Reasoning, said+d.Content, d
		}
		if last.End != model.ChatEmpty || last.FinishReason != "length" || thought == "" || said != "" {
			t.Errorf("%+v after %q and %q", last, thought, said)
		}
	})
}

func TestDemoRefusals(t *testing.T) {
	embedded(t, func(t *testing.T, _ *demo.Server, c *Client) {
		q := hello
		q.Model = "no-such-model"
		for d, err := range c.Stream(t.Context(), q) {
			var e *Error
			if d.End != model.ChatFailed || !errors.As(err, &e) || e.Kind != KindNoChannel || e.Code != 503 || e.RequestID == "" {
				if d.Done() {
					t.Errorf("%+v %v", d, err)
				}
			}
		}
		got := listen(t.Context(), t, c.WithKey(gateway.NewSecret("sk-wrong")))
		if got.err == nil || got.err.Kind != KindKey || got.err.Fault().Kind != model.FaultUnauthorised {
			t.Errorf("%v", got.err)
		}
		list, err := c.Models(t.Context())
		if err != nil || !slices.Contains(list, "gpt-4o-mini") {
			t.Errorf("%v %v", list, err)
		}
	})
}

func TestDemoFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault demo.Fault
		end   model.ChatEnd
		kind  Kind
		took  time.Duration // exactly, where it is set
	}{
		"hang":          {fault: demo.Fault{Hang: true}, end: model.ChatFailed, kind: KindTimeout, took: DefaultIdleTimeout},
		"cut at once":   {fault: demo.Fault{Cut: true, CutAfter: 10}, end: model.ChatCutOff, kind: KindCut},
		"cut":           {fault: demo.Fault{Cut: true, CutAfter: 2000}, end: model.ChatCutOff, kind: KindCut},
		"html":          {fault: demo.Fault{HTML: true}, end: model.ChatFailed, kind: KindNotGateway},
		"wrong json":    {fault: demo.Fault{WrongJSON: true}, end: model.ChatFailed, kind: KindBadAnswer},
		"half an error": {fault: demo.Fault{Body: `{"error":{"mess`}, end: model.ChatFailed, kind: KindBadAnswer},
		"huge":          {fault: demo.Fault{HugeBody: 9 << 20}, end: model.ChatFailed, kind: KindBadAnswer},
		"success false": {fault: demo.Fault{SuccessFalse: "用户额度不足"}, end: model.ChatFailed, kind: KindBalance},
		"json error":    {fault: demo.Fault{Body: `{"error":"boom"}`}, end: model.ChatFailed, kind: KindRefused},
		"empty 429":     {fault: demo.Fault{Status: 429, Empty: true, RetryAfter: "7"}, end: model.ChatFailed, kind: KindRateLimit},
		"zipped 429":    {fault: demo.Fault{Status: 429, Empty: true, ForceGzip: true}, end: model.ChatFailed, kind: KindRateLimit},
		"zipped error":  {fault: demo.Fault{Body: `{"error":"boom"}`, ForceGzip: true}, end: model.ChatFailed, kind: KindRefused},
		"upstream 500":  {fault: demo.Fault{Status: 500}, end: model.ChatFailed, kind: KindServer},
		"upstream 429":  {fault: demo.Fault{Status: 429}, end: model.ChatFailed, kind: KindSaturated},
		"slow answer":   {fault: demo.Fault{Latency: 299 * time.Second}, end: model.ChatFinished},
		"slow token":    {fault: demo.Fault{FirstToken: 299 * time.Second}, end: model.ChatFinished},
		"too slow":      {fault: demo.Fault{Latency: 301 * time.Second}, end: model.ChatFailed, kind: KindTimeout, took: DefaultIdleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			embedded(t, func(t *testing.T, s *demo.Server, client *Client) {
				s.Inject(c.fault)
				began := time.Now()
				got := listen(t.Context(), t, client)
				if got.last.End != c.end || (got.err != nil && got.err.Kind != c.kind) {
					t.Errorf("%q: %v", got.last.End, got.err)
				}
				if took := time.Since(began); c.took > 0 && took != c.took {
					t.Errorf("it took %v", took)
				}
				if c.fault.RetryAfter != "" && got.err.Wait() != model.Some(7*time.Second) {
					t.Errorf("wait %+v", got.err.Wait())
				}
				if name == "cut" && (got.content == "" || got.last.RequestID == "") {
					t.Errorf("what came is lost: %+v", got)
				}
				synctest.Wait() // nothing is left running, or the bubble says so
			})
		})
	}
}

// A comment is a sign of life: new-api's pings carry an answer over any wait,
// one-api is silent for too long.
func TestDemoPings(t *testing.T) {
	embedded(t, func(t *testing.T, s *demo.Server, c *Client) {
		s.Inject(demo.Fault{FirstToken: 20 * time.Minute})
		got := listen(t.Context(), t, c)
		switch {
		case s.Dialect == "new-api" && got.last.End != model.ChatFinished:
			t.Errorf("%q: %v", got.last.End, got.err)
		case s.Dialect == "one-api" && (got.err == nil || got.err.Kind != KindTimeout):
			t.Errorf("%q: %v", got.last.End, got.err)
		}
	})
}

// Stopping ends the answer at once, as no error, and the handler with it.
func TestDemoStop(t *testing.T) {
	for name, after := range map[string]time.Duration{"before the header": time.Millisecond, "in the stream": 4300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			embedded(t, func(t *testing.T, s *demo.Server, c *Client) {
				s.Inject(demo.Fault{FirstToken: 4 * time.Second})
				ctx, cancel := context.WithTimeout(t.Context(), after)
				defer cancel()
				began := time.Now()
				got := listen(ctx, t, c)
				if got.last.End != model.ChatStopped || time.Since(began) != after {
					t.Errorf("%q after %v: %v", got.last.End, time.Since(began), got.err)
				}
				if inStream := after > time.Second; (got.content != "") != inStream || (got.last.RequestID != "") != inStream {
					t.Errorf("%q, %q", got.content, got.last.RequestID)
				}
				synctest.Wait()
			})
		})
	}
}

// Who is slow to read is not the gateway's silence.
func TestDemoSlowReader(t *testing.T) {
	embedded(t, func(t *testing.T, _ *demo.Server, c *Client) {
		n := 0
		for d, err := range c.Stream(t.Context(), hello) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n < 4 {
				time.Sleep(time.Hour)
			}
			if d.Done() && d.End != model.ChatFinished {
				t.Errorf("%q", d.End)
			}
		}
	})
}

// Silence in the middle of an answer.
func TestSilence(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		idle time.Duration // 0 for the default
		took time.Duration
		end  model.ChatEnd
	}{
		"nothing":      {"", 0, DefaultIdleTimeout, model.ChatFailed},
		"a ping":       {": PING\n\n", 0, DefaultIdleTimeout, model.ChatFailed},
		"text":         {eventsOf(says("a")), 0, DefaultIdleTimeout, model.ChatCutOff},
		"short":        {eventsOf(says("a")), 9 * time.Second, 9 * time.Second, model.ChatCutOff},
		"held back":    {eventsOf(says("<")), 0, DefaultIdleTimeout, model.ChatCutOff},
		"half a line":  {eventsOf(says("a")) + "data: {", 0, DefaultIdleTimeout, model.ChatCutOff},
		"whole answer": {`{"choices":[`, 0, DefaultIdleTimeout, model.ChatFailed},
		// The model was done: only the end of the stream is missing.
		"after the end":        {eventsOf(says("a"), stops), 0, lastWait, model.ChatFinished},
		"after the end, short": {eventsOf(says("a"), stops), 9 * time.Second, 9 * time.Second, model.ChatFinished},
		"after [DONE]":         {eventsOf(says("a"), stops, "[DONE]"), 0, 0, model.ChatFinished},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, err := NewClient(Options{Name: "home", URL: "http://gateway.test", IdleTimeout: c.idle, Transport: silent(c.body)})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				got := listen(t.Context(), t, client)
				if took := time.Since(began); got.last.End != c.end || took != c.took {
					t.Errorf("%q after %v: %v", got.last.End, took, got.err)
				}
				if got.err != nil && (got.err.Kind != KindTimeout || !strings.Contains(got.err.Error(), c.took.String())) {
					t.Errorf("%v", got.err)
				}
				if name == "held back" && got.content != "<" {
					t.Errorf("%q", got.content)
				}
			})
		})
	}
}

// An error whose body never ends: the status is enough, and stopping is no error.
func TestSilentRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask := func(ctx context.Context) conversation {
			return listen(ctx, t, newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
				resp, err := silent("")(r)
				resp.StatusCode = 429
				return resp, err
			})))
		}
		began := time.Now()
		if got := ask(t.Context()); got.last.End != model.ChatFailed || got.err.Kind != KindRateLimit || time.Since(began) != lastWait {
			t.Errorf("%q after %v: %v", got.last.End, time.Since(began), got.err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := ask(ctx); got.last.End != model.ChatStopped {
			t.Errorf("%q: %v", got.last.End, got.err)
		}
	})
}

// silent gives a body that ends only with its request.
func silent(body string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		reader, writer := io.Pipe()
		stop := context.AfterFunc(r.Context(), func() { writer.CloseWithError(r.Context().Err()) })
		go func() { _, _ = io.WriteString(writer, body) }()
		return answers(200, nil, &until{reader, stop})(r)
	}
}

type until struct {
	*io.PipeReader
	stop func() bool
}
