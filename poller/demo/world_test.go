package demo

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// collect gives the generated rows of [from, to), unix seconds.
func collect(s *Server, from, to int64) []call {
	var rows []call
	s.generated(from*1e9, to*1e9, func(c *call) { rows = append(rows, *c) })
	return rows
}

func TestSameSeedSameRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b, other := &Server{Seed: 7}, &Server{Seed: 7}, &Server{Seed: 8}
		for _, s := range []*Server{a, b, other} {
			s.Account()
		}
		now := time.Now().Unix()
		rows := collect(a, now-7200, now)
		if len(rows) < 5000 {
			t.Fatalf("only %d rows in two hours", len(rows))
		}
		if !slices.Equal(rows, collect(b, now-7200, now)) {
			t.Error("the same seed gave other rows")
		}
		if slices.Equal(rows, collect(other, now-7200, now)) {
			t.Error("another seed gave the same rows")
		}
		seen := map[uint64]bool{}
		for _, c := range rows {
			if seen[c.detail] {
				t.Fatal("a row came twice")
			}
			seen[c.detail] = true
		}
		// A window in the middle, asked for alone and later, is the same again.
		time.Sleep(3 * time.Hour)
		part := collect(a, now-4000, now-1000)
		i := slices.IndexFunc(rows, func(c call) bool { return c.at >= (now-4000)*1e9 })
		if !slices.Equal(part, rows[i:i+len(part)]) {
			t.Error("overlapping windows disagree")
		}
	})
}

func TestSecondsAreOrdered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Rate: 50}
		s.Account()
		at := int64(0)
		for _, c := range collect(s, s.world.birth-60, s.world.birth) {
			if c.at < at {
				t.Fatal("a row is older than the one before")
			}
			at = c.at
		}
	})
}

// A day of the default world: about two calls a second and one to three dollars
// an hour, more by day than by night, a few failures and a few cached tokens.
func TestBelievable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		s.Account()
		end := s.world.birth/86400*86400 - 86400
		var all, night, noon Usage
		cached := 0
		for d := end - 86400; d < end; d += 86400 {
			for _, c := range collect(s, d, d+86400) {
				all.add(&c)
				switch hour := c.at / hourNanos % 24; {
				case hour >= 1 && hour < 4:
					night.add(&c)
				case hour >= 13 && hour < 16:
					noon.add(&c)
				}
				if c.cached > 0 {
					cached++
				}
			}
		}
		hours := 24.0
		if rate := float64(all.Calls) / hours / 3600; rate < 1.7 || rate > 2.4 {
			t.Errorf("%.2f calls per second", rate)
		}
		if burn := float64(all.Quota) / quotaPerUnit / hours; burn < 1 || burn > 3 {
			t.Errorf("$%.2f per hour", burn)
		}
		if noon.Calls < 2*night.Calls {
			t.Errorf("%d calls around noon, %d at night", noon.Calls, night.Calls)
		}
		if part := float64(all.Errors) / float64(all.Calls); part < 0.004 || part > 0.03 {
			t.Errorf("%.2f%% of the calls fail", 100*part)
		}
		if part := float64(cached) / float64(all.Calls); part < 0.05 || part > 0.4 {
			t.Errorf("%.0f%% of the calls have cached tokens", 100*part)
		}
	})
}

// Whoever looks for the first time sees a key that runs away, and sees it stop.
func TestOpeningRunaway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for seed := range uint64(5) {
			s := &Server{Seed: seed + 1}
			s.Account()
			birth := s.world.birth
			open := s.world.opening()
			p := s.world.pairs[open.pair]
			spend := func(from, to int64) float64 {
				sum := int64(0)
				for _, c := range collect(s, from, to) {
					if int(c.pair) == open.pair {
						sum += c.quota
					}
				}
				return float64(sum) / float64(to-from)
			}
			usual := s.world.rate * p.share * p.spend
			if during := spend(birth-1100, birth+2300); during < 5*usual {
				t.Errorf("seed %d: runs at %.1f units a second, usually %.1f", seed, during, usual)
			}
			if after := spend(birth+2500, birth+6000); after > 3*usual {
				t.Errorf("seed %d: goes on at %.1f units a second, usually %.1f", seed, after, usual)
			}
			if open.factor < 10 || open.factor > 20 {
				t.Errorf("seed %d: factor %.1f", seed, open.factor)
			}
			hour := 0.0
			for _, c := range collect(s, birth-600, birth+1200) {
				hour += 2 * float64(c.quota) / quotaPerUnit
			}
			if hour > 5 {
				t.Errorf("seed %d: $%.2f an hour at the start", seed, hour)
			}
		}
	})
}

func TestTopUpsAreRare(t *testing.T) {
	w := newWorld(1, 2, 1_700_000_000, billNewAPI, habits())
	days := 0
	for n := range int64(30) {
		ups := 0
		for _, e := range w.day(n).events {
			if e.kind == kindTopUp {
				ups++
			}
		}
		if ups > 1 {
			t.Errorf("%d top-ups in a day", ups)
		}
		days += ups
	}
	if days < 10 || days > 26 {
		t.Errorf("a top-up on %d days of 30", days)
	}
}

func TestBurstsFail(t *testing.T) {
	w := &world{seed: 1, models: catalogue()}
	minutes := 0
	for n := range int64(6 * 1440) {
		if w.failing((20_000*1440+n)*60) >= 0 {
			minutes++
		}
	}
	if minutes < 20 || minutes > 300 {
		t.Errorf("%d minutes of error bursts in six days", minutes)
	}
}

func TestPoisson(t *testing.T) {
	for _, rate := range []float64{0.02, 2, 40} {
		sum, n := 0, 20_000
		for i := range n {
			sum += poisson(mix(uint64(i)), rate, math.Exp(-rate))
		}
		if mean := float64(sum) / float64(n); math.Abs(mean-rate) > 0.1*rate {
			t.Errorf("mean %.3f at rate %.3f", mean, rate)
		}
	}
}

func TestNoTraffic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Rate: -1, Seed: 3}
		quota, used, requests := s.Account()
		time.Sleep(time.Hour)
		if q, u, r := s.Account(); q != quota || u != used || r != requests {
			t.Errorf("the account moved: %d %d %d, was %d %d %d", q, u, r, quota, used, requests)
		}
	})
}

func TestASCIINames(t *testing.T) {
	mixed, ascii := &Server{}, &Server{Names: "ascii"}
	strange := func(s *Server) (n int) {
		s.Account()
		for _, k := range s.keys {
			if slices.ContainsFunc([]rune(k.name()), func(r rune) bool { return r > 126 }) {
				n++
			}
		}
		return n
	}
	if n := strange(ascii); n != 0 {
		t.Errorf("%d names are not ASCII", n)
	}
	if n := strange(mixed); n < 4 {
		t.Errorf("only %d names are not ASCII", n)
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"gpt-4o", "gpt-4o", true},
		{"gpt-4o", "gpt-4o-mini", false},
		{"gpt%", "gpt-4o", true},
		{"gpt%", "o-gpt", false},
		{"%mini", "gpt-4o-mini", true},
		{"%4o%", "gpt-4o-mini", true},
		{"%5%", "gpt-4o-mini", false},
		{"a%a", "a", false},
		{"%", "", true},
	} {
		if got := like(c.pattern, c.name); got != c.want {
			t.Errorf("like(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}
