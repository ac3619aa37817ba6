package demo

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The recorded refusals, after as many requests as it took, and the end of them.
func TestLimits(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		general := map[string]int{"new-api": 360, "one-api": 480}[s.Dialect]
		for _, f := range recordings(t, s.Dialect) {
			if !strings.Contains(f.name, "rate-limited") {
				continue
			}
			times, window := general, generalWindow
			for part, calls := range map[string]int{"login": criticalCalls, "log-token": criticalCalls, "usage-token": criticalCalls, "log-search": searchCalls} {
				if strings.Contains(f.name, part) {
					times, window = calls, criticalWindow
				}
			}
			if strings.Contains(f.name, "search") {
				window = searchWindow
				authorise(&http.Request{URL: request(t, s, "GET", f.target, "").URL, Header: f.request}, s)
			}
			// An address of its own for each: the windows are long.
			f.request.Set("X-Forwarded-For", "203.0.113."+f.number())
			before := *f
			before.request = f.request.Clone()
			if strings.Contains(f.name, "log-token") {
				before.request.Set("Authorization", "Bearer sk-wrong") // counts as well, and has less to say
			}
			if strings.Contains(f.name, "gzip") || strings.Contains(f.name, "v1-models") {
				before.target, before.method = "/api/status", "GET"
			}
			for i := range times {
				if resp, _ := before.play(t, s); resp.StatusCode == http.StatusTooManyRequests {
					t.Fatalf("%s: refused at request %d of %d", f.name, i+1, times)
				}
			}
			refused := func() bool {
				resp, body := f.play(t, s)
				if f.status == http.StatusTooManyRequests && resp.StatusCode == f.status {
					compareHeads(t, f, resp)
					if len(body) != len(f.body) {
						t.Errorf("%s: %d bytes, recorded %d", f.name, len(body), len(f.body))
					}
				}
				return resp.StatusCode == http.StatusTooManyRequests
			}
			if refused() != (f.status == http.StatusTooManyRequests) {
				t.Errorf("%s: request %d answered otherwise than recorded", f.name, times+1)
			}
			time.Sleep(window - time.Second)
			if refused() != (f.status == http.StatusTooManyRequests) {
				t.Errorf("%s: lifted too early", f.name)
			}
			time.Sleep(time.Second)
			if refused() {
				t.Errorf("%s: not lifted after %v", f.name, window)
			}
		}
	})
}

// The tight limit is one for everything that is under it.
func TestCriticalIsShared(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		if s.Dialect == "one-api" {
			t.Skip("only login is under it")
		}
		get := func(method, target string) int {
			req := request(t, s, method, target, "")
			if strings.HasPrefix(target, "/api/usage") {
				req.Header.Set("Authorization", "Bearer "+s.APIKey())
			}
			resp, err := s.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		for i := range criticalCalls {
			if status := get("POST", fmt.Sprintf("/api/token/%d/key", 1+i%3)); status != 200 {
				t.Fatalf("call %d: %d", i, status)
			}
		}
		if status := get("GET", "/api/usage/token/"); status != 429 {
			t.Errorf("a key's usage: %d", status)
		}
		if status := get("GET", "/api/user/self"); status != 200 {
			t.Errorf("the account: %d", status)
		}
	})
}
