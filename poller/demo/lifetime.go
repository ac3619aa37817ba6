package demo

import "time"

const (
	openingQuota = 49_826_500 // units at birth: $99.653
	defaultRate  = 2          // calls per second
	defaultSeed  = 2026
)

// now is the server's clock: the only place that asks for the time.
func (s *Server) now() time.Time { return time.Now().Add(s.skew).UTC() }

// tick brings the world up to date. It starts it if need be, so everything that
// looks at the world calls it first, with s.mu held.
func (s *Server) tick() {
	now := s.now()
	if s.world == nil {
		s.start(now)
	}
	if until := now.UnixNano(); until > s.settled {
		from := s.settled + 1
		s.settled = until
		s.generated(from, until+1, s.settle)
	}
	if s.others != nil {
		s.others.skew, s.others.logDelay = s.skew, s.logDelay
		s.others.tick()
	}
}

// start makes the world at the time of the first request.
func (s *Server) start(now time.Time) {
	s.dialect = newDialect(s.Dialect)
	rate, seed := s.Rate, s.Seed
	if rate == 0 {
		rate = defaultRate
	}
	if seed == 0 {
		seed = defaultSeed
	}
	if s.Fresh {
		rate = -1
	}
	birth := now.Unix()
	h := s.habits
	if h == nil {
		h = habits()
		s.people = []*person{{id: userID, name: userName, display: displayName}}
		if s.Admin {
			s.others = newOthers(s, seed, rate)
		}
	}
	s.world = newWorld(seed, rate, birth, s.dialect.bill, h)
	s.keys = newKeys(s.world, h, s.dialect.firstKey, birth, s.Names == "ascii")
	s.spent = make([]int64, len(s.world.models))
	for _, p := range s.world.pairs {
		s.spent[p.model] += s.world.lifetime(p.share * p.spend)
	}
	for _, k := range s.keys {
		if s.dialect.secret != nil {
			k.secret = s.dialect.secret(k.id)
		}
		if s.dialect.dress != nil {
			s.dialect.dress(k)
		}
	}
	s.lastKey = s.keys[len(s.keys)-1].id
	if s.Fresh {
		s.keys, s.lastKey = nil, 0
	} else if s.dialect.ownKeys != nil {
		s.keys = append(s.keys, s.dialect.ownKeys(birth)...)
	}
	if !s.Fresh {
		s.providers = catProviders(birth)
	}
	s.days = map[int64][]Usage{}
	s.hours = map[int64][]Usage{}
	s.settled = now.UnixNano()
	s.started = birth - 3*3600 - int64(mix(seed)%(5*3600))
	s.quota, s.autoTopUp = openingQuota, true
	s.requests = int64(max(0, rate) * s.world.usedSeconds())
	for _, k := range s.keys {
		s.used += k.used
		if k.unlimited {
			s.dialect.unlimited(k)
		}
	}
	s.review(s.settled)
}

// SetSkew puts the server's clock ahead of the real one, or behind it: its Date
// header and created_at with it. Set it before the first request to have a
// server that was always wrong. Set later, it is somebody setting the clock:
// forward, the calls of the time that was skipped appear at once; backward, the
// calls after the new time stay out of the log until the clock gets there, but
// are in the balance.
func (s *Server) SetSkew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
}

// SetLogDelay makes rows appear in the log only so long after their created_at,
// as a gateway does that writes in batches. Balances move at once.
func (s *Server) SetLogDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logDelay = d
	clear(s.hours)
	clear(s.days)
	if s.others != nil {
		clear(s.others.hours)
	}
}

// Restart is the gateway started anew over a wiped database: start_time is now,
// the log is empty, rate limits are forgotten. Balances and keys stay.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	now := s.now()
	s.started = now.Unix()
	s.wiped = now.UnixNano() + 1
	s.extra = nil
	clear(s.hours)
	clear(s.days)
	s.limits = limits{}
	if s.others != nil {
		s.others.wiped = s.wiped
		clear(s.others.hours)
	}
}
