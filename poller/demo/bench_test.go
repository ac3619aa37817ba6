package demo

import "testing"

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
				s.hourly(now-6*86400, now, now)
			}
		})
	}
}
