package demo

import (
	"slices"
	"strings"
	"time"
)

// What an administrator sees beyond the own account: the other users' calls, and
// the channels that calls go out through. The others are a Server of their own,
// with another world; nothing of theirs is in the user's log.

// person is one user of the site.
type person struct {
	id            int
	name, display string
	quota         int64 // units left; the demo user's own are Server.quota
}

// rootName is the name of user 1, who never calls.
const rootName = "root"

// newOthers makes the users with whom an administrator shares the site; rate is
// the own calls per second.
func newOthers(s *Server, seed uint64, rate float64) *Server {
	return &Server{
		Dialect: s.Dialect, Seed: mix(seed ^ saltOthers), Rate: 0.6 * rate, Names: s.Names, Admin: true,
		habits: othersHabits(),
		people: []*person{
			{id: 3, name: "alice", display: "Alice 爱丽丝", quota: 31 * quotaPerUnit},
			{id: 4, name: "bob", display: "Bob", quota: 4 * quotaPerUnit},
			{id: 5, name: "梅", display: "梅 (research)", quota: 120 * quotaPerUnit},
			{id: 6, name: "night-batch", display: "Night batch", quota: 800 * quotaPerUnit},
		},
	}
}

const saltOthers = 1 << 40

// othersHabits are the keys of the others. Names may be the same as the user's:
// nothing forbids that.
func othersHabits() []habit {
	return []habit{
		{name: "laptop", calls: 5, age: 120, user: 0, uses: []use{{"claude-sonnet-4-5", 40}, {"gpt-4o-mini", 60}}},
		{name: "notebook", calls: 3, age: 70, user: 0, uses: []use{{"gpt-4o", 30}, {"gpt-4o-mini", 70}}},
		{name: "bob-main", calls: 6, age: 88, user: 1, uses: []use{{"gpt-4o-mini", 80}, {"deepseek-chat", 20}}},
		{name: "论文", ascii: "papers", calls: 8, age: 33, user: 2, uses: []use{{"deepseek-reasoner", 70}, {"gemini-2.5-pro", 30}}},
		{name: "embed", calls: 30, age: 140, user: 3, uses: []use{{"text-embedding-3-small", 95}, {"deepseek-chat", 5}}},
		{name: "summaries", calls: 20, age: 140, user: 3, uses: []use{{"deepseek-chat", 90}, {"gpt-4o-mini", 10}}},
	}
}

// owner gives the user whose row it is.
func (s *Server) owner(c *call) *person {
	if c.key >= 0 {
		return s.people[s.keys[c.key].user]
	}
	return s.people[c.detail%uint64(len(s.people))]
}

// site gives the servers that make up the site.
func (s *Server) site() []*Server {
	if s.others == nil {
		return []*Server{s}
	}
	return []*Server{s, s.others}
}

// siteRow is a row of the site's log and the server that can tell about it.
type siteRow struct {
	call
	of *Server
}

// id is the row's number in the gateway's database, which administrators alone
// are shown: higher for later rows, and the same whenever it is asked for.
func (r *siteRow) id() int64 {
	const step = 61_035 // nanoseconds, as in world.call
	since := r.at - (r.of.world.birth-30*86400)*1e9
	return since/step<<16 | int64(mix(uint64(r.at)^r.detail)&0xffff)
}

// sitePage is page for the whole site.
func (s *Server) sitePage(f *filter, skip, n int, total bool) (rows []siteRow, seen int) {
	lo, hi := s.bounds(f)
	for p := range pieces(lo, hi) {
		if !total && seen >= skip+n {
			break
		}
		here := 0
		for _, t := range s.site() {
			u, others := t.count(f, p)
			here += u.rows(f.kind) + others
		}
		if seen+here > skip && seen < skip+n {
			merged := s.siteRows(f, p)
			for i := max(0, skip-seen); i < min(here, skip+n-seen); i++ {
				rows = append(rows, merged[len(merged)-1-i])
			}
		}
		seen += here
	}
	return rows, seen
}

// siteRows gives the site's rows in one piece, oldest first.
func (s *Server) siteRows(f *filter, p piece) []siteRow {
	var rows []siteRow
	for _, t := range s.site() {
		t.scratch = t.rows(f, p.lo, p.hi, t.scratch[:0])
		for _, c := range t.scratch {
			rows = append(rows, siteRow{c, t})
		}
	}
	slices.SortFunc(rows, func(a, b siteRow) int { return int(a.id() - b.id()) })
	return rows
}

// siteSum is sum for the whole site.
func (s *Server) siteSum(f *filter) Usage {
	var t Usage
	for _, one := range s.site() {
		t.merge(one.sum(f))
	}
	return t
}

// siteHours is hourly for the whole site, or for the user of a name.
func (s *Server) siteHours(from, to, end int64, name string) []hourUse {
	var hours []hourUse
	for _, t := range s.site() {
		for _, h := range t.hourly(&filter{user: name}, from, to, end) {
			i, found := slices.BinarySearchFunc(hours, h.begin, func(u hourUse, at int64) int { return int(u.begin - at) })
			if !found {
				hours = slices.Insert(hours, i, hourUse{h.begin, make([]Usage, len(h.models))})
			}
			for m, u := range h.models {
				hours[i].models[m].merge(u)
			}
		}
	}
	return hours
}

// idOf gives the id of the user of a name, 0 if there is none.
func (s *Server) idOf(name string) int {
	for _, m := range s.members() {
		if m.name == name {
			return m.id
		}
	}
	return 0
}

// siteFilter adds what only administrators may ask for.
func (x *exchange) siteFilter() filter {
	f := x.filter()
	f.user = x.r.URL.Query().Get("username")
	f.channel = x.parameter("channel")
	return f
}

// member is a user as administrators see one.
type member struct {
	*person
	role                  int
	quota, used, requests int64
}

// members gives all users, the newest first.
func (s *Server) members() []member {
	list := []member{{person: &person{id: 1, name: rootName, display: "Root User"}, role: roleRoot, quota: 100_000_000}}
	list = append(list, member{person: s.people[0], role: roleAdmin, quota: s.quota, used: s.used, requests: s.requests})
	if s.others != nil {
		for i, p := range s.others.people {
			m := member{person: p, role: roleUser, quota: p.quota}
			for _, k := range s.others.keys {
				if k.user == i {
					m.used += k.total
					m.requests += k.calls
				}
			}
			list = append(list, m)
		}
	}
	slices.Reverse(list)
	return list
}

func newestFirst[T any](list []T) []T {
	slices.Reverse(list)
	return list
}

// The states of a channel (gateways.md §9.2).
const (
	channelOn      = 1
	channelOff     = 2 // by hand
	channelTripped = 3 // by the gateway itself
)

// channel is one upstream account. The ages are those at any time: the balances
// are asked for again and again.
type channel struct {
	id, kind, status, priority int
	name, url                  string
	vendors                    []string // whose models are sold through it
	balance                    float64  // US dollars; 0 where the gateway cannot ask
	balanceAge, testAge        time.Duration
	response                   int64  // milliseconds, of the last test
	reason                     string // why it was switched off by itself
}

// channels lists the site's upstreams. The types are the family's numbers for
// OpenAI, Anthropic, DeepSeek, Gemini and OpenRouter (new-api
// constant/channel.go).
func channels() []channel {
	return []channel{
		{
			id: 1, kind: 1, status: channelOn, priority: 10, name: "openai-primary", url: "https://api.openai.com",
			vendors: []string{"OpenAI"}, testAge: 9 * time.Minute, response: 612,
		},
		{
			id: 2, kind: 14, status: channelOn, priority: 10, name: "anthropic-direct", url: "https://api.anthropic.com",
			vendors: []string{"Anthropic"}, testAge: 9 * time.Minute, response: 1180,
		},
		{
			id: 3, kind: 43, status: channelOn, priority: 10, name: "deepseek 官方", url: "https://api.deepseek.com",
			vendors: []string{"DeepSeek"}, balance: 3.71, balanceAge: 6 * time.Minute, testAge: 8 * time.Minute, response: 903,
		},
		{
			id: 4, kind: 24, status: channelTripped, priority: 10, name: "gemini-eu", url: "https://generativelanguage.googleapis.com",
			vendors: []string{"Google"}, testAge: 47 * time.Minute, response: 0,
			reason: "status_code=403, Your API key was reported as leaked. Please use another API key.",
		},
		{
			id: 5, kind: 20, status: channelOn, priority: 0, name: "openrouter-fallback", url: "https://openrouter.ai/api",
			vendors: []string{"OpenAI", "Anthropic", "Google"}, balance: 58.2, balanceAge: 31 * time.Hour, testAge: 9 * time.Minute,
			response: 2044,
		},
		{
			id: 6, kind: 1, status: channelOff, priority: 0, name: "old-azure-proxy", url: "https://proxy.invalid",
			vendors: []string{"OpenAI"}, balance: 0.4, balanceAge: 62 * 24 * time.Hour, testAge: 60 * 24 * time.Hour, response: 5210,
		},
	}
}

// channelOf gives the id of the channel that a row's call went through, 0 for no
// call: the first by priority that is on. Without an administrator there is one.
func (s *Server) channelOf(c *call) int {
	switch {
	case c.model < 0:
		return 0
	case !s.Admin:
		return 1
	}
	return s.channelFor(int(c.model))
}

func (s *Server) channelFor(model int) int {
	for _, ch := range channels() {
		if ch.status == channelOn && slices.Contains(ch.vendors, s.world.models[model].vendor) {
			return ch.id
		}
	}
	return 1
}

func (s *Server) channelName(id int) string {
	if !s.Admin {
		return "primary"
	}
	for _, ch := range channels() {
		if ch.id == id {
			return ch.name
		}
	}
	return ""
}

// through is what a channel has cost, in units.
func (s *Server) through(ch channel) (units int64) {
	for _, t := range s.site() {
		for m, u := range t.spent {
			if s.channelFor(m) == ch.id {
				units += u
			}
		}
	}
	return units
}

// sells lists a channel's models as gateways do: separated by commas.
func (s *Server) sells(ch channel) string {
	var names []string
	for _, m := range s.world.models {
		if slices.Contains(ch.vendors, m.vendor) {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ",")
}

// ago is an age as a time in unix seconds; 0 for none.
func (x *exchange) ago(age time.Duration) int64 {
	if age == 0 {
		return 0
	}
	return x.now.Add(-age).Unix()
}

// The roles of the family (gateways.md §2.1).
const (
	roleUser  = 1
	roleAdmin = 10
	roleRoot  = 100
)

// role is the demo user's.
func (s *Server) role() int {
	if s.Admin {
		return roleAdmin
	}
	return roleUser
}

// noSuchUser answers for single users, whom nothing here asks for.
func noSuchUser(*Server, *exchange) answer { return refused("record not found") }
