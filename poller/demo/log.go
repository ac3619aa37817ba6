package demo

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// kept is how far back the log goes.
const kept = 6 * 24 * time.Hour

// filter selects rows of the log; zero values select everything.
type filter struct {
	kind     int
	from, to int64 // created_at, unix seconds, both ends included; 0: open
	key      int   // index into Server.keys, counted from 1; 0: any
	keyName  string
	model    string // with a % in it: a pattern, where the dialect has them
	pattern  bool
	user     string // name; "" for any
	channel  int64  // id; 0 for any
}

// matches says whether a row passes a filter.
func (s *Server) matches(f *filter, c *call) bool {
	return (f.kind == 0 || f.kind == int(c.kind)) &&
		(f.key == 0 || f.key == int(c.key)+1) &&
		(f.keyName == "" || c.key >= 0 && s.keys[c.key].nameAt(c.at) == f.keyName) &&
		(f.user == "" || s.owner(c).name == f.user) &&
		(f.channel == 0 || f.channel == int64(s.channelOf(c))) &&
		(f.model == "" || c.model >= 0 && f.matchesModel(s.world.models[c.model].name))
}

func (f *filter) matchesModel(name string) bool {
	return f.model == name || f.pattern && like(f.model, name)
}

// like matches a name with a pattern in which % stands for anything.
func like(pattern, name string) bool {
	parts := strings.Split(pattern, "%")
	if len(parts) == 1 {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		if _, name, ok = strings.Cut(name, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(name, parts[last])
}

// bounds gives the window of a filter in unix nanoseconds, hi excluded: what is
// asked for and exists.
func (s *Server) bounds(f *filter) (lo, hi int64) {
	now := s.now().UnixNano()
	lo = max(s.wiped, now/1e9*1e9-int64(kept))
	hi = now - int64(s.logDelay) + 1
	if f.from > 0 {
		lo = max(lo, min(f.from, far)*1e9)
	}
	if f.to > 0 {
		hi = min(hi, (min(f.to, far)+1)*1e9)
	}
	return lo, hi
}

// generated calls fn with the world's rows in [lo, hi), oldest first; a row
// must not be kept. Both are unix nanoseconds.
func (s *Server) generated(lo, hi int64, fn func(*call)) {
	for sec := lo / 1e9; sec*1e9 < hi; sec++ {
		s.buf = s.world.second(sec, s.buf[:0])
		for i := range s.buf {
			c := &s.buf[i]
			if c.at < lo || c.at >= hi || c.kind > kindConsume && !s.dialect.logsFailures {
				continue
			}
			if c.key < 0 || s.keys[c.key].live(c.at) {
				fn(c)
			}
		}
	}
}

// rows appends to dst the log in [lo, hi) that matches, oldest first.
func (s *Server) rows(f *filter, lo, hi int64, dst []call) []call {
	extra := s.extraIn(lo, hi)
	s.generated(lo, hi, func(c *call) {
		for len(extra) > 0 && extra[0].at <= c.at {
			if s.matches(f, &extra[0]) {
				dst = append(dst, extra[0])
			}
			extra = extra[1:]
		}
		if s.matches(f, c) {
			dst = append(dst, *c)
		}
	})
	for i := range extra {
		if s.matches(f, &extra[i]) {
			dst = append(dst, extra[i])
		}
	}
	return dst
}

// extraIn gives the rows in [lo, hi) that did not come from the world.
func (s *Server) extraIn(lo, hi int64) []call {
	at := func(c call, t int64) int {
		if c.at < t {
			return -1
		}
		return 1
	}
	i, _ := slices.BinarySearchFunc(s.extra, lo, at)
	j, _ := slices.BinarySearchFunc(s.extra, hi, at)
	return s.extra[i:max(i, j)]
}

const hourNanos = int64(time.Hour)

// hour gives the world's calls of a whole hour, one sum for each pair. Hours
// that are over do not change any more and are remembered: about 2 kB each.
func (s *Server) hour(n int64) []Usage {
	if t, ok := s.hours[n]; ok {
		return t
	}
	t := make([]Usage, len(s.world.pairs))
	s.generated(n*hourNanos, (n+1)*hourNanos, func(c *call) {
		if c.pair >= 0 {
			t[c.pair].add(c)
		}
	})
	if (n+1)*hourNanos <= s.settled-int64(s.logDelay) {
		s.hours[n] = t
	}
	oldest := n - int64(kept/time.Hour) - 1
	for old := range s.hours {
		if old < oldest {
			delete(s.hours, old)
		}
	}
	return t
}

// piece is a stretch of the log within one hour, in unix nanoseconds.
type piece struct {
	n      int64 // the hour
	lo, hi int64
}

// pieces cuts [lo, hi) at the hours, newest first.
func pieces(lo, hi int64) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		for hi > lo {
			n := (hi - 1) / hourNanos
			from := max(lo, n*hourNanos)
			if !yield(piece{n, from, hi}) {
				return
			}
			hi = from
		}
	}
}

// sum adds up what matches.
func (s *Server) sum(f *filter) Usage {
	var t Usage
	lo, hi := s.bounds(f)
	for p := range pieces(lo, hi) {
		u, _ := s.count(f, p)
		t.merge(u)
	}
	return t
}

// count adds up what matches in one piece, and the number of matching rows that
// are not calls.
func (s *Server) count(f *filter, p piece) (t Usage, others int) {
	if !s.summed(f, p) {
		s.scratch = s.rows(f, p.lo, p.hi, s.scratch[:0])
		for i := range s.scratch {
			t.add(&s.scratch[i])
		}
		return t, len(s.scratch) - t.rows(0)
	}
	for i, u := range s.hour(p.n) {
		pair := &s.world.pairs[i]
		probe := call{at: p.lo, kind: uint8(f.kind), key: int16(pair.key), model: int16(pair.model)}
		if s.matches(f, &probe) {
			t.merge(u.only(f.kind))
		}
	}
	other := func(c *call) {
		if s.matches(f, c) {
			before := t.rows(0)
			t.add(c)
			others += 1 - (t.rows(0) - before)
		}
	}
	for _, e := range s.world.day(p.lo / 1e9 / 86400).events {
		if e.at >= p.lo && e.at < p.hi && (e.kind < kindConsume || s.dialect.logsFailures) {
			other(&e)
		}
	}
	for _, c := range s.extraIn(p.lo, p.hi) {
		other(&c)
	}
	return t, others
}

// summed says whether the hour's sums can answer for a piece: not for part
// of an hour, nor for a name that a key had only for a while.
func (s *Server) summed(f *filter, p piece) bool {
	renamed := func(k *key) bool { return len(k.names) > 1 }
	return p.hi-p.lo == hourNanos && (f.keyName == "" || !slices.ContainsFunc(s.keys, renamed))
}

// page gives the rows that match, newest first: n of them after the first skip,
// and how many there are altogether. Where total is not asked for, the number
// is only right up to the page's end.
func (s *Server) page(f *filter, skip, n int, total bool) (rows []call, seen int) {
	lo, hi := s.bounds(f)
	for p := range pieces(lo, hi) {
		if !total && seen >= skip+n {
			break
		}
		here, fetched := 0, false
		fetch := func() {
			s.scratch = s.rows(f, p.lo, p.hi, s.scratch[:0])
			here, fetched = len(s.scratch), true
		}
		if s.summed(f, p) {
			t, others := s.count(f, p)
			here = t.rows(f.kind) + others
		} else {
			fetch()
		}
		if seen+here > skip && seen < skip+n {
			if !fetched {
				fetch()
			}
			for i := max(0, skip-seen); i < min(here, skip+n-seen); i++ {
				rows = append(rows, s.scratch[len(s.scratch)-1-i])
			}
		}
		seen += here
	}
	return rows, seen
}
