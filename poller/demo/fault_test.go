package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// faulty asks for a path of a server with a fault and gives what comes.
func faulty(t *testing.T, s *Server, path string) (*http.Response, string, error) {
	t.Helper()
	resp, err := s.RoundTrip(request(t, s, "GET", path, ""))
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  Fault
		status int
		kind   string // of the Content-Type, its beginning
		body   func(string) bool
	}{
		{"none", Fault{}, 200, "application/json", func(b string) bool { return strings.Contains(b, `"success":true`) }},
		{"status", Fault{Status: 502}, 502, "application/json", func(b string) bool { return strings.Contains(b, `"success":false`) }},
		{"empty", Fault{Status: 429, Empty: true}, 429, "", func(b string) bool { return b == "" }},
		{"refusal", Fault{SuccessFalse: "nope"}, 200, "application/json", func(b string) bool { return b == `{"message":"nope","success":false}` }},
		{"html", Fault{HTML: true}, 200, "text/html", func(b string) bool { return strings.HasPrefix(b, "<!doctype html>") }},
		{"json", Fault{WrongJSON: true}, 200, "application/json", func(b string) bool { return !strings.Contains(b, "success") }},
		{"huge", Fault{HugeBody: 1 << 22}, 200, "application/json", func(b string) bool { return len(b) > 1<<22 }},
		{"body", Fault{Body: `{"half":`}, 200, "application/json", func(b string) bool { return b == `{"half":` }},
		{"gzip", Fault{ForceGzip: true}, 200, "application/json", func(b string) bool { return strings.HasPrefix(b, "\x1f\x8b") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Server) {
				s.Rate = -1
				s.Inject(c.fault)
				resp, body, err := faulty(t, s, "/api/user/self")
				if err != nil {
					t.Fatal(err)
				}
				kind := resp.Header.Get("Content-Type")
				if resp.StatusCode != c.status || !strings.HasPrefix(kind, c.kind) || (kind == "") != (c.kind == "") || !c.body(body) {
					t.Errorf("%d %q %.100q", resp.StatusCode, kind, body)
				}
			})
		})
	}
}

func TestFaultsChooseTheirRequests(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		failing := func(path string) bool {
			_, body, err := faulty(t, s, path)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Contains(body, `"success":false`)
		}
		remove := s.Inject(Fault{Path: "/api/log", SuccessFalse: "no"})
		if !failing("/api/log/self") || failing("/api/user/self") {
			t.Error("the path does not choose")
		}
		remove()
		s.Inject(Fault{Times: 2, SuccessFalse: "no"})
		if got := [...]bool{failing("/api/status"), failing("/api/status"), failing("/api/status")}; got != [...]bool{true, true, false} {
			t.Errorf("two of three: %v", got)
		}
		if failing("/api/log/self") {
			t.Error("a removed fault goes on")
		}
	})
}

func TestLatency(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Inject(Fault{Latency: 3 * time.Second})
		began := time.Now()
		if _, _, err := faulty(t, s, "/api/status"); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("answered after %v: %v", time.Since(began), err)
		}
	})
}

func TestHang(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Inject(Fault{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := s.RoundTrip(request(t, s, "GET", "/api/status", "").WithContext(ctx))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		synctest.Wait() // the handler has ended: nothing is left running
	})
}

func TestCut(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		for _, after := range []int{0, 100} {
			remove := s.Inject(Fault{Cut: true, CutAfter: after})
			long := fmt.Sprintf("/api/log/self?page_size=100&start_timestamp=%d", time.Now().Unix()-300)
			for _, path := range []string{"/api/user/self", long} {
				resp, body, err := faulty(t, s, path)
				if resp == nil || !errors.Is(err, io.ErrUnexpectedEOF) || len(body) != after {
					t.Errorf("%s after %d: %d bytes, %v", path, after, len(body), err)
				}
			}
			remove()
		}
		// What is shorter than that arrives whole.
		s.Inject(Fault{Cut: true, CutAfter: 1 << 20})
		if _, _, err := faulty(t, s, "/api/user/self"); err != nil {
			t.Error(err)
		}
	})
}

// A stream that is cut is billed like one that the client left.
func TestCutStream(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		s.Inject(Fault{Path: "/v1/chat", Cut: true, CutAfter: 2000})
		resp, err := s.RoundTrip(request(t, s, "POST", "/v1/chat/completions", question))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(body) != 2000 {
			t.Errorf("%d bytes, %v", len(body), err)
		}
		if row := rowOf(t, s, resp.Header.Get("X-Oneapi-Request-Id")); row == nil {
			t.Error("no row in the log")
		}
	})
}

func TestOnRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		s := &Server{OnRequest: func(r *http.Request) { seen = append(seen, r.Method+" "+r.URL.Path) }}
		faulty(t, s, "/api/status")
		faulty(t, s, "/api/user/self?x=1")
		if got := strings.Join(seen, ", "); got != "GET /api/status, GET /api/user/self" {
			t.Error(got)
		}
	})
}
