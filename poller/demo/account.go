package demo

import (
	"slices"
)

const (
	autoTopUpAt = quotaPerUnit      // an unattended demonstration must not dry up:
	autoTopUp   = 50 * quotaPerUnit // below $1, $50 are put in
)

// settle charges a row that has just come into being. The rows come in order. A
// call that the gateway would have refused does not happen: its key, or every
// key, is not used from then on.
func (s *Server) settle(c *call) {
	switch c.kind {
	case kindTopUp:
		s.quota += c.quota
		s.owner(c).quota += c.quota
		s.review(c.at)
	case kindConsume:
		k := s.keys[c.key]
		switch {
		case k.expired(c.at):
			k.stop(k.expires * 1e9)
		case s.dialect.preConsumes && !k.unlimited && c.quota > k.remain:
			k.stop(c.at)
		case s.dialect.preConsumes && c.quota > s.quota:
			s.stop(c.at)
		default:
			s.charge(k, c)
		}
	}
}

// charge takes a call's price from its key and from the account.
func (s *Server) charge(k *key, c *call) {
	s.quota -= c.quota
	s.used += c.quota
	s.requests++
	s.spent[c.model] += c.quota
	k.total += c.quota
	k.calls++
	s.owner(c).quota -= c.quota
	if !k.unlimited || s.dialect.countsUnlimited {
		k.remain -= c.quota
		k.used += c.quota
		k.accessed = c.at / 1e9
	}
	if k.exhausted() {
		k.status = statusExhausted
		k.stop(c.at + 1)
	}
	switch {
	case s.quota < autoTopUpAt && s.autoTopUp:
		s.quota += autoTopUp
		s.insert(call{at: c.at, quota: autoTopUp, detail: mix(uint64(c.at)), pair: -1, key: -1, model: -1, kind: kindTopUp})
	case s.quota <= 0:
		s.stop(c.at + 1)
	}
}

// stop ends all traffic, because the account is empty.
func (s *Server) stop(at int64) {
	for _, k := range s.keys {
		k.stop(at)
	}
}

// review starts or stops the traffic of all keys as they and the balance are.
func (s *Server) review(at int64) {
	for _, k := range s.keys {
		k.review(at, s.quota > 0)
	}
}

// record writes the row of a call made through the server into the log. Its
// time has to be now, and s.mu held.
func (s *Server) record(c call) {
	if c.kind == kindConsume {
		s.charge(s.keys[c.key], &c)
	}
	s.insert(c)
}

// insert puts a row among the log's extra rows, and drops those that are too
// old to be asked for.
func (s *Server) insert(c call) {
	i := len(s.extra)
	for i > 0 && s.extra[i-1].at > c.at {
		i--
	}
	s.extra = slices.Insert(s.extra, i, c)
	for s.extra[0].at < c.at-int64(kept) {
		s.extra = s.extra[1:]
	}
}

// Account says what /api/user/self would: the remaining balance and what was
// ever spent, in quota units, and the number of successful calls.
func (s *Server) Account() (quota, usedQuota, requestCount int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return s.quota, s.used, s.requests
}

// SetQuota sets the balance, in quota units, for tests of what happens at the
// end of it. The demonstration is not topped up by itself any more.
func (s *Server) SetQuota(units int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	s.quota = units
	s.autoTopUp = false
	s.review(s.settled)
}

// Usage is what a number of log rows add up to: Calls are successful ones
// (type 2), Errors failed ones (type 5), Quota is in quota units, Prompt and
// Completion are tokens.
type Usage struct {
	Calls, Errors, Quota, Prompt, Completion int64
}

func (u *Usage) add(c *call) {
	switch c.kind {
	case kindConsume:
		u.Calls++
		u.Quota += c.quota
		u.Prompt += int64(c.prompt)
		u.Completion += int64(c.completion)
	case kindError:
		u.Errors++
	}
}

func (u *Usage) merge(v Usage) {
	u.Calls += v.Calls
	u.Errors += v.Errors
	u.Quota += v.Quota
	u.Prompt += v.Prompt
	u.Completion += v.Completion
}

// only leaves out what is not of a kind; 0 keeps both.
func (u Usage) only(kind int) Usage {
	switch kind {
	case 0:
	case kindConsume:
		u.Errors = 0
	case kindError:
		u = Usage{Errors: u.Errors}
	default:
		u = Usage{}
	}
	return u
}

// rows is the number of rows of a kind that were added up; 0: of both.
func (u *Usage) rows(kind int) int {
	switch kind {
	case 0:
		return int(u.Calls + u.Errors)
	case kindConsume:
		return int(u.Calls)
	case kindError:
		return int(u.Errors)
	}
	return 0
}

// Truth is what the gateway's own database says about a window of time.
type Truth struct {
	Usage
	ByModel   map[string]Usage
	ByKey     map[int64]Usage  // by the key's id
	ByKeyName map[string]Usage // by the name the key had then
}

// Truth gives what the gateway's own database says, at this moment, about the
// calls with created_at from from to to, unix seconds, both included.
func (s *Server) Truth(from, to int64) Truth {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	t := Truth{ByModel: map[string]Usage{}, ByKey: map[int64]Usage{}, ByKeyName: map[string]Usage{}}
	f := &filter{from: max(from, 1), to: max(to, 1)}
	lo, hi := s.bounds(f)
	for p := range pieces(lo, hi) {
		s.scratch = s.rows(f, p.lo, p.hi, s.scratch[:0])
		for i := range s.scratch {
			c := &s.scratch[i]
			if c.kind != kindConsume && c.kind != kindError {
				continue
			}
			k := s.keys[c.key]
			t.add(c)
			addTo(t.ByModel, s.world.models[c.model].name, c)
			addTo(t.ByKey, k.id, c)
			addTo(t.ByKeyName, k.nameAt(c.at), c)
		}
	}
	return t
}

func addTo[K comparable](m map[K]Usage, k K, c *call) {
	u := m[k]
	u.add(c)
	m[k] = u
}
