package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const question = `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hello"}],"stream_options":{"include_usage":true}}`

func readJSON(t *testing.T, resp *http.Response) any {
	t.Helper()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	v, err := parse(raw)
	if err != nil {
		t.Fatalf("%v in %.200q", err, raw)
	}
	return v
}

// rowOf gives the log row of a request; where rows do not carry its id, the
// newest.
func rowOf(t *testing.T, s *Server, id string) any {
	t.Helper()
	for _, row := range list(do(t, s, "GET", "/api/log/self?page_size=100", "")) {
		if field(row, "request_id") == id || s.Dialect == "one-hub" || s.Dialect == "veloera" {
			return row
		}
	}
	return nil
}

// A stream arrives piece by piece, at the pace of the model, and becomes a row
// that is billed and counted like all others.
func TestChatStream(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		quota, used, requests := s.Account()
		began := time.Now()
		resp, err := s.RoundTrip(request(t, s, "POST", "/v1/chat/completions", question))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		arrivals := map[time.Time]int{}
		var text strings.Builder
		buf := make([]byte, 4096)
		for {
			n, err := resp.Body.Read(buf)
			if n > 0 {
				arrivals[time.Now()]++
				text.Write(buf[:n])
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(arrivals) < 25 || time.Since(began) < 500*time.Millisecond {
			t.Errorf("%d pieces in %v", len(arrivals), time.Since(began))
		}
		if !strings.HasSuffix(text.String(), "data: [DONE]\n\n") || !strings.Contains(text.String(), `"usage":{`) {
			t.Errorf("ends with %.300q", text.String()[max(0, text.Len()-300):])
		}
		row := rowOf(t, s, resp.Header.Get("X-Oneapi-Request-Id"))
		if row == nil {
			t.Fatal("no row in the log")
		}
		price := whole(t, field(row, "quota"))
		tokens := whole(t, field(row, "completion_tokens"))
		if n := strings.Count(text.String(), `"content":`) - 1; int64(n) != tokens {
			t.Errorf("%d tokens arrived, %d were billed", n, tokens)
		}
		if q, u, r := s.Account(); quota-q != price || u-used != price || r != requests+1 || price == 0 {
			t.Errorf("row %d; balance %+d, used %+d, requests %+d", price, q-quota, u-used, r-requests)
		}
		now := time.Now().Unix()
		if truth := s.Truth(now-60, now); truth.Calls != 1 || truth.Quota != price || truth.ByModel["gpt-4o-mini"].Calls != 1 {
			t.Errorf("truth %+v", truth)
		}
		if created := whole(t, field(row, "created_at")); created != now {
			t.Errorf("created_at %d at %d", created, now)
		}
	})
}

func TestChatWhole(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		v := do(t, s, "POST", "/v1/chat/completions", `{"model":"deepseek-reasoner","max_tokens":40,"messages":[{"role":"user","content":"你好"}]}`)
		choice := field(v, "choices").([]any)[0]
		if field(choice, "finish_reason") != "length" || whole(t, field(v, "usage", "completion_tokens")) != 40 {
			t.Errorf("%v", v)
		}
		if thought, _ := field(choice, "message", "reasoning_content").(string); thought == "" {
			t.Error("a reasoning model did not reason")
		}
	})
}

// A chat that is slow to begin is kept alive with comments by new-api, and is
// silent in one-api.
func TestPings(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Inject(Fault{Path: "/v1/chat", FirstToken: 35 * time.Second})
		began := time.Now()
		resp, err := s.RoundTrip(request(t, s, "POST", "/v1/chat/completions", question))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		header := time.Since(began)
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		pings := strings.Count(string(text), ": PING\n\n")
		switch {
		case s.Dialect == "new-api" && (pings != 3 || header != 10*time.Second):
			t.Errorf("%d pings, header after %v", pings, header)
		case s.Dialect == "one-api" && (pings != 0 || header != 35*time.Second):
			t.Errorf("%d pings, header after %v", pings, header)
		}
	})
}

// A client that hangs up is billed what it got by new-api, and everything by
// one-api.
func TestHangUp(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		for _, how := range []string{"cancel", "close"} {
			began := time.Now()
			ctx, cancel := context.WithCancel(t.Context())
			resp, err := s.RoundTrip(request(t, s, "POST", "/v1/chat/completions", question).WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 4096)
			for range 5 {
				if _, err := resp.Body.Read(buf); err != nil {
					t.Fatal(err)
				}
			}
			if how == "cancel" {
				cancel()
				if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) {
					t.Errorf("reading on gives %v", err)
				}
			}
			resp.Body.Close()
			cancel()
			synctest.Wait()
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s: the handler ended after %v", how, took)
			}
			row := rowOf(t, s, resp.Header.Get("X-Oneapi-Request-Id"))
			tokens := whole(t, field(row, "completion_tokens"))
			if s.Dialect == "new-api" && (tokens < 1 || tokens > 6) || s.Dialect != "new-api" && tokens < 30 {
				t.Errorf("%s: %d tokens were billed", how, tokens)
			}
		}
	})
}

// What the upstream refuses is logged by new-api and costs nothing.
func TestUpstreamErrors(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		s.Inject(Fault{Path: "/v1/chat", Status: 429, RetryAfter: "7"})
		_, used, requests := s.Account()
		resp, err := s.RoundTrip(request(t, s, "POST", "/v1/chat/completions", question))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "7" || field(readJSON(t, resp), "error", "code") != "rate_limit_exceeded" {
			t.Errorf("%v", resp)
		}
		if _, u, r := s.Account(); u != used || r != requests {
			t.Error("a refused chat was billed")
		}
		want := map[string]int64{"new-api": 1}[s.Dialect]
		if n := s.Truth(time.Now().Unix()-5, time.Now().Unix()).Errors; n != want {
			t.Errorf("%d error rows", n)
		}
	})
}

// The same over a real connection, where net/http does the streaming and the
// cutting.
func TestOverTheWire(t *testing.T) {
	s := &Server{}
	srv := httptest.NewServer(s)
	defer srv.Close()
	ask := func() (int, string, error) {
		req := request(t, s, "POST", "/v1/chat/completions", `{"model":"gpt-4o-mini","stream":true,"max_tokens":3,"messages":[]}`)
		req.URL.Host = strings.TrimPrefix(srv.URL, "http://")
		resp, err := srv.Client().Do(req)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text), err
	}
	if status, text, err := ask(); err != nil || status != 200 || !strings.Contains(text, "[DONE]") {
		t.Errorf("%d %v %q", status, err, text)
	}
	remove := s.Inject(Fault{Path: "/v1/chat", Cut: true, CutAfter: 300})
	if _, text, err := ask(); !errors.Is(err, io.ErrUnexpectedEOF) || len(text) != 300 {
		t.Errorf("cut after %d bytes: %v", len(text), err)
	}
	remove()
	resp, err := srv.Client().Get(srv.URL + "/api/status") // asks for gzip and undoes it
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if !resp.Uncompressed || field(readJSON(t, resp), "success") != true {
		t.Errorf("%v", resp)
	}
}

// Many clients at once: for the race detector.
func TestConcurrently(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = 0.2
		done := make(chan error)
		paths := []string{"/api/status", "/api/user/self", "/api/log/self?page_size=20", "/api/log/self/stat", "/api/token/"}
		for i := range 8 {
			go func() {
				for j := range 12 {
					req := request(t, s, "GET", paths[(i+j)%len(paths)], "")
					if j%6 == 5 {
						req = request(t, s, "POST", "/v1/chat/completions", question)
					}
					resp, err := s.RoundTrip(req)
					if err == nil {
						_, err = io.ReadAll(resp.Body)
						resp.Body.Close()
					}
					if err != nil {
						done <- fmt.Errorf("%s: %w", req.URL, err)
						return
					}
					s.Truth(1, 2)
					time.Sleep(time.Second)
				}
				done <- nil
			}()
		}
		remove := s.Inject(Fault{Path: "/api/token", SuccessFalse: "no"})
		s.SetSkew(time.Second)
		for range 8 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		remove()
	})
}
