package demo

import (
	"fmt"
	"math"
	"net/http"
	"time"
)

// details derives what a row says beyond what was needed to bill it.
func (s *Server) details(c *call) *details {
	if c.details != nil {
		return c.details
	}
	m := s.world.models[c.model]
	bits := c.detail
	h := &details{stream: !m.embeds && bits&15 < 11}
	h.first = time.Duration(m.firstToken.at(normal[bits>>4&1023]) * float64(time.Second))
	h.took = h.first
	if c.completion > 0 {
		spread := math.Exp(0.25 * normal[bits>>14&1023])
		h.took += time.Duration(float64(c.completion) / m.speed * spread * float64(time.Second))
	}
	if c.kind == kindError {
		h.failure, h.content = pastFailure(m, bits>>24)
	}
	h.request = s.dialect.requestID(time.Unix(0, c.at).UTC().Add(-h.took), mix(bits))
	return h
}

// pastFailure is one of the upstream's errors; the texts are those that
// recorded rows show (new-api/058).
func pastFailure(m *llm, bits uint64) (failure, string) {
	if bits&1 == 0 {
		return failure{http.StatusInternalServerError, "server_error"},
			"The server had an error while processing your request. Sorry about that!"
	}
	return failure{http.StatusTooManyRequests, "rate_limit_exceeded"}, fmt.Sprintf(
		"Rate limit reached for %s on tokens per min (TPM): Limit 30000, Used 29500, Requested %d. Please try again in %.1fs.",
		m.name, 600+bits>>1&1023, 0.2+float64(bits>>11&63)/10)
}

// topUpText is the content of a top-up's row.
func topUpText(c *call) string {
	return fmt.Sprintf("Top-up of $%.2f", float64(c.quota)/quotaPerUnit)
}

// hourUse is what every model did in one hour.
type hourUse struct {
	begin  int64   // unix seconds
	models []Usage // by index into world.models
}

// hourly gives the hours that begin from from to to and have calls in the log that
// match, oldest first. Calls from the second end on are left out.
func (s *Server) hourly(f *filter, from, to, end int64) []hourUse {
	var hours []hourUse
	lo, hi := s.bounds(f)
	hi = min(hi, end*1e9)
	first := max(lo/hourNanos, (from+3599)/3600)
	for n := first; n*3600 <= to && n*hourNanos < hi; n++ {
		p := piece{n, max(lo, n*hourNanos), min(hi, (n+1)*hourNanos)}
		u := hourUse{n * 3600, make([]Usage, len(s.world.models))}
		if s.summed(f, p) {
			for i, v := range s.hour(n) {
				pair := &s.world.pairs[i]
				probe := call{at: p.lo, key: int16(pair.key), model: int16(pair.model)}
				if s.matches(f, &probe) {
					u.models[pair.model].merge(v)
				}
			}
			for _, c := range s.extraIn(p.lo, p.hi) {
				if s.matches(f, &c) {
					u.add(&c)
				}
			}
		} else {
			s.scratch = s.rows(f, p.lo, p.hi, s.scratch[:0])
			for i := range s.scratch {
				u.add(&s.scratch[i])
			}
		}
		hours = append(hours, u)
	}
	return hours
}

func (u *hourUse) add(c *call) {
	if c.model >= 0 {
		u.models[c.model].add(c)
	}
}
