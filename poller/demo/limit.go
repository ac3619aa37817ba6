package demo

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// The gateways' own limits, as they were hit (new-api/211–219, one-api/198–203).
// What differs between the dialects is dialect.perAddress.
const (
	generalWindow  = 180 * time.Second
	criticalCalls  = 20
	criticalWindow = 20 * time.Minute
	searchCalls    = 10
	searchWindow   = time.Minute
)

// limits holds the times of the requests that were let through, in unix
// nanoseconds, oldest first, by who made them.
type limits struct {
	general, critical, search map[string][]int64
}

// limited says whether a path is under the limit per address. Chats and
// /v1/models are not (new-api/214).
func limited(path string) bool {
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/v1/dashboard/")
}

// admitted counts a request against the limit per address. Requests that were
// refused do not count, so the limit is lifted when the first of a burst is a
// window old.
func (s *Server) admitted(x *exchange) bool {
	return !limited(x.r.URL.Path) || s.dialect.perAddress == 0 ||
		allow(&s.limits.general, address(x.r), x.now, s.dialect.perAddress, generalWindow)
}

// critical makes a handler one of those that share the tight limit per address:
// login, key reveal, and what a bare key may ask for.
func critical(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
	return func(s *Server, x *exchange) answer {
		if !allow(&s.limits.critical, address(x.r), x.now, criticalCalls, criticalWindow) {
			return s.tooMany()
		}
		return serve(s, x)
	}
}

// tooMany is the answer without a body, a Content-Type or a Retry-After.
func (s *Server) tooMany() answer {
	return answer{status: http.StatusTooManyRequests, hollow: s.dialect.hollow}
}

// searching makes a handler one of new-api's searches, limited per user
// (new-api/219).
func searching(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
	return func(s *Server, x *exchange) answer {
		if !allow(&s.limits.search, "", x.now, searchCalls, searchWindow) {
			return s.tooMany()
		}
		return serve(s, x)
	}
}

func allow(seen *map[string][]int64, who string, now time.Time, calls int, window time.Duration) bool {
	if *seen == nil || len(*seen) > 1000 {
		// Addresses can be made up: forget them all rather than keep them all.
		*seen = map[string][]int64{}
	}
	times := (*seen)[who]
	for len(times) > 0 && times[0] <= now.Add(-window).UnixNano() {
		times = times[1:]
	}
	if len(times) >= calls {
		return false
	}
	(*seen)[who] = append(times, now.UnixNano())
	return true
}

// address is the client's: the real ones believe X-Forwarded-For.
func address(r *http.Request) string {
	if first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-For"), ","); first != "" {
		return strings.TrimSpace(first)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
