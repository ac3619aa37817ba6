package demo

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// An hour of calls is what a client reads when it has been away: 2 ms at most.
func BenchmarkHour(b *testing.B) {
	s := &Server{}
	s.Account()
	from := s.world.birth - 7200
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n = 0
		s.generated(from*1e9, (from+3600)*1e9, func(*call) { n++ })
	}
	b.ReportMetric(float64(n), "rows")
}

// Six days of hourly sums are what a new server is asked for first: 150 ms at
// most, and nothing the second time.
func BenchmarkSixDays(b *testing.B) {
	for _, cached := range []bool{false, true} {
		name := "cold"
		if cached {
			name = "cached"
		}
		b.Run(name, func(b *testing.B) {
			s := &Server{}
			s.Account()
			b.ReportAllocs()
			for b.Loop() {
				if !cached {
					clear(s.hours)
				}
				now := s.world.birth
				s.hourly(&filter{}, now-6*86400, now, now)
			}
		})
	}
}

// A client's minute: 25 requests, 60 ms of CPU at the very most (0.1 % of a
// core).
func BenchmarkMinute(b *testing.B) {
	for _, dialect := range families {
		b.Run(dialect, func(b *testing.B) {
			s := &Server{Dialect: dialect}
			token := s.AccessToken()
			now := time.Now().Unix()
			window := fmt.Sprintf("start_timestamp=%d&end_timestamp=%d", now-30, now)
			targets := []string{
				"/api/user/self", "/api/log/self?p=1&page_size=100&" + window, "/api/log/self/stat?" + window,
				"/api/user/self", "/api/token/?p=1&size=100",
			}
			b.ReportAllocs()
			for b.Loop() {
				s.limits = limits{}
				for i := range 25 {
					req, err := http.NewRequest("GET", s.URL()+targets[i%len(targets)], nil)
					if err != nil {
						b.Fatal(err)
					}
					req.Header.Set("Authorization", token)
					req.Header.Set("New-Api-User", "2")
					resp, err := s.RoundTrip(req)
					if err != nil {
						b.Fatal(err)
					}
					if n, err := io.Copy(io.Discard, resp.Body); err != nil || n < 40 {
						b.Fatal(n, err)
					}
					resp.Body.Close()
				}
			}
		})
	}
}
