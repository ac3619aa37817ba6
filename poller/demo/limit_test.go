package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The recorded refusals, after as many requests as it took, and the end of them.
func TestLimits(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		groups := []struct {
			calls  int
			window time.Duration
			what   func(name string) bool
		}{
			{criticalCalls, criticalWindow, func(name string) bool { return strings.Contains(name, "login") }},
			{criticalCalls, criticalWindow, func(name string) bool { return strings.Contains(name, "log-token") }},
			{criticalCalls, criticalWindow, func(name string) bool { return strings.Contains(name, "usage-token") }},
			{searchCalls, searchWindow, func(name string) bool { return strings.Contains(name, "log-search") }},
			{map[string]int{"new-api": 360, "one-api": 480, "one-hub": 300, "veloera": 180}[s.Dialect], generalWindow, func(string) bool { return true }},
		}
		files := slices.DeleteFunc(recordings(t, s.Dialect), func(f *exchangeFile) bool {
			return !strings.Contains(f.name, "rate-limited")
		})
		for i, g := range groups {
			var group, rest []*exchangeFile
			for _, f := range files {
				if g.what(f.name) {
					group = append(group, f)
				} else {
					rest = append(rest, f)
				}
			}
			files = rest
			if len(group) == 0 && s.Dialect == "new-api" {
				t.Errorf("no recordings for limit %d", i)
			}
			limitedGroup(t, s, group, g.calls, g.window)
		}
	})
}

// limitedGroup plays recordings from one address: calls of the first of them,
// then all of them, at once, shortly before the window is over, and after it.
func limitedGroup(t *testing.T, s *Server, group []*exchangeFile, calls int, window time.Duration) {
	t.Helper()
	if len(group) == 0 {
		return
	}
	for _, f := range group {
		if strings.Contains(f.name, "log-search") { // another user's, who does not exist here
			f.request.Set("Authorization", s.AccessToken())
			f.request.Set("New-Api-User", fmt.Sprint(s.UserID()))
		}
	}
	for i := range calls {
		if resp, _ := group[0].play(t, s); resp.StatusCode == http.StatusTooManyRequests {
			t.Fatalf("%s: refused at request %d of %d", group[0].name, i+1, calls)
		}
	}
	all := func(when string, limited bool) {
		for _, f := range group {
			resp, body := f.play(t, s)
			refused := resp.StatusCode == http.StatusTooManyRequests
			if refused != (limited && f.status == http.StatusTooManyRequests) {
				t.Errorf("%s: status %d %s", f.name, resp.StatusCode, when)
			}
			if refused {
				compareHeads(t, f, resp)
				if len(body) != len(f.body) {
					t.Errorf("%s: %d bytes, recorded %d", f.name, len(body), len(f.body))
				}
			}
		}
	}
	all("at once", true)
	time.Sleep(window - time.Second)
	all("before the window is over", true)
	time.Sleep(time.Second)
	all("after the window", false)
}

// The tight limit is one for everything that is under it.
func TestCriticalIsShared(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		if s.Dialect != "new-api" {
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
