package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const catText = "text/plain; charset=utf-8"

// catUsage is what a user spent, in US dollars. What is 0 is left out, and the
// units are always 0 (023).
type catUsage struct {
	User  int64  `json:"userId,omitempty"`
	Units int64  `json:"totalUnit,omitempty"`
	Cost  string `json:"cost"`
}

// catUsages adds up the days of UTC from from to to, to excluded, by user. Both
// are compared with a day's midnight as texts, which is why other forms of a
// date find nothing (023–030). Unless both are given it is this month.
func catUsages(s *Server, x *exchange) answer {
	from, to := x.r.URL.Query().Get("from"), x.r.URL.Query().Get("to")
	if from == "" || to == "" {
		month := time.Date(x.now.Year(), x.now.Month(), 1, 0, 0, 0, 0, time.UTC)
		from, to = month.Format(time.DateOnly), month.AddDate(0, 1, 0).Format(time.DateOnly)
	}
	within := func(day int64) bool {
		text := time.Unix(day*86400, 0).UTC().Format("2006-01-02 15:04:05-07:00")
		return from <= text && text < to
	}
	sums := make([]Usage, len(s.keys))
	// The program was set up five days before the server was born.
	for day := s.world.birth/86400 - 5; day <= x.now.Unix()/86400; day++ {
		if !within(day) {
			continue
		}
		for i, u := range s.dayUse(day) {
			sums[i].merge(u)
		}
	}
	rows := []catUsage{}
	if s.listedModels != 0 && within(s.listedModels) {
		rows = append(rows, catUsage{Cost: "0.000000"}) // of nobody (056)
	}
	for id := int64(1); id <= s.lastKey; id++ {
		for i, k := range s.keys {
			if k.id == id && sums[i].Calls > 0 {
				rows = append(rows, catUsage{User: id, Cost: fmt.Sprintf("%.6f", float64(sums[i].Quota)/quotaPerUnit)})
			}
		}
	}
	return ok(rows)
}

// dayUse gives the calls of a unix day, by index into keys. Days that are over
// are remembered: about 1 kB each.
func (s *Server) dayUse(day int64) []Usage {
	if u, ok := s.days[day]; ok {
		return u
	}
	sums := make([]Usage, len(s.keys))
	add := func(c *call) {
		if c.key >= 0 {
			sums[c.key].add(c)
		}
	}
	end := min((day+1)*86400e9, s.settled-int64(s.logDelay)+1)
	for p := range pieces(max(day*86400e9, s.wiped), end) {
		if p.hi-p.lo < hourNanos {
			s.scratch = s.rows(&filter{}, p.lo, p.hi, s.scratch[:0])
			for i := range s.scratch {
				add(&s.scratch[i])
			}
			continue
		}
		for i, u := range s.hour(p.n) {
			if k := s.world.pairs[i].key; k < len(sums) { // a Fresh server has habits, but nobody who has them
				sums[k].merge(u)
			}
		}
		for _, c := range s.extraIn(p.lo, p.hi) {
			add(&c)
		}
	}
	if end == (day+1)*86400e9 {
		s.days[day] = sums
	}
	return sums
}

// proxied marks what comes straight from the provider (046, 047, 051).
func proxied(h http.Header) {
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "no-store")
}

func fromProvider(status int, v any) answer {
	a := says(status, v)
	a.kind, a.plain, a.header = "application/json", true, http.Header{}
	proxied(a.header)
	return a
}

// catProblem is an error in the provider's own words, its names in alphabetical
// order.
type catProblem struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Param   *string `json:"param"`
	Type    string  `json:"type"`
}

// catNotFound passes everything under /v1 on to the provider, who does not know
// it either (047, 057).
func catNotFound(_ *Server, x *exchange) answer {
	if strings.HasPrefix(x.r.URL.Path, "/v1/") {
		return fromProvider(http.StatusNotFound, map[string]catProblem{"error": {
			Code: "not_found", Message: x.r.Method + " " + x.r.URL.Path, Type: "not_found",
		}})
	}
	return answer{status: http.StatusNotFound, kind: "text/plain", body: []byte("404 page not found"), plain: true}
}

// catModels is the provider's own list. Asking for it leaves a row for a user 0
// in the sums of the day (046, 056).
func catModels(s *Server, x *exchange) answer {
	s.listedModels = x.now.Unix() / 86400
	var list []map[string]any
	for _, name := range s.modelsFor(nil) {
		list = append(list, map[string]any{"created": 1_700_000_000, "id": name, "object": "model", "owned_by": "demo"})
	}
	return fromProvider(http.StatusOK, map[string]any{"data": list, "object": "list"})
}

// catChat begins a chat, or says why not (009, 048–055). What the provider
// refuses comes with HTTP 200, models of other names with nothing at all, and
// who is not known is passed on to the provider as is.
func catChat(s *Server, x *exchange, fault Fault) (*chat, *answer) {
	no := func(a answer) (*chat, *answer) { return nil, &a }
	var q chatRequest
	if err := json.Unmarshal(x.raw, &q); err != nil {
		return no(catError(http.StatusBadRequest, err.Error()))
	}
	if len(s.providers) == 0 {
		return no(says(http.StatusBadGateway, map[string]any{"error": map[string]string{"message": "No Api-Key Available"}}))
	}
	known := false
	for _, prefix := range []string{"gpt", "claude", "gemini"} {
		known = known || strings.HasPrefix(q.Model, prefix)
	}
	if x.key != nil && !known {
		return no(answer{status: http.StatusOK})
	}
	refuse := func(code, message string) (*chat, *answer) {
		a := ok(map[string]catProblem{"error": {Code: code, Message: message, Type: code}})
		a.kind, a.plain = catText, true
		return no(a)
	}
	i, m := s.modelByName(q.Model)
	if m == nil {
		return refuse("model_not_found", "The model `"+q.Model+"` does not exist")
	}
	if f, text := upstreamFailure(m, fault); f.status != 0 {
		return refuse(f.code, text)
	}
	if x.key == nil {
		c := s.newChat(&q, x, -1, i)
		c.direct = true
		return c, nil
	}
	return s.newChat(&q, x, s.keyIndex(x.key), i), nil
}
