package demo

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// dialect is what differs between the programs: everything that is written to
// the wire. The world behind them is the same.
type dialect struct {
	routes   []route
	notFound func(*Server, *exchange) answer
	// keyProblem says what is wrong with the sk- key of a request, or puts the
	// key into it.
	keyProblem func(*Server, *exchange) *answer

	bill            func(p prices, prompt, completion, cached int32) int64
	logsFailures    bool // failed calls and logins are in the user's log
	preConsumes     bool // what a call may cost has to be there before it starts
	countsUnlimited bool // unlimited keys have a used_quota that moves
	unlimited       func(*key)
	firstKey        int64                 // id
	secret          func(id int64) string // nil for 48 characters
	dress           func(*key)            // what only this dialect's keys have
	bareKeys        bool                  // nothing stands before a secret
	ownKeys         func(birth int64) []*key
	accessToken     func(n int) string
	chats           chatStyle

	perAddress int  // requests per address in generalWindow; 0 for no limit
	hollow     bool // a compressed 429 has no bytes at all, not a gzip of nothing
	header     func(h http.Header, x *exchange)
	requestID  func(t time.Time, salt uint64) string
}

type namedDialect struct {
	name string
	new  func() *dialect
}

// dialects lists all there are, the default first.
func dialects() []namedDialect {
	return []namedDialect{
		{"new-api", newAPI},
		{"one-api", oneAPI},
		{"one-hub", oneHub},
		{"veloera", veloera},
		{"shell-api", shellAPI},
		{"v-api", vAPI},
		{"aihubmix", aiHubMix},
		{"opencatd", openCatd},
	}
}

// Dialects gives the names that Server.Dialect may have, the default first.
func Dialects() []string {
	var names []string
	for _, d := range dialects() {
		names = append(names, d.name)
	}
	return names
}

func newDialect(name string) *dialect {
	for _, d := range dialects() {
		if d.name == name || name == "" {
			return d.new()
		}
	}
	panic(fmt.Sprintf("demo: unknown dialect %q", name))
}

// exchange is one request on its way.
type exchange struct {
	r    *http.Request
	raw  []byte // the body
	now  time.Time
	id   string // X-Oneapi-Request-Id
	args []string
	key  *key // who asks, on routes that take an sk- key
}

// streamer is a handler that writes its answer itself, bit by bit. s.mu is not
// held.
type streamer func(*Server, *exchange, http.ResponseWriter, Fault)

// route is one path of a dialect. A segment ":" stands for anything; the first
// route that fits is taken.
type route struct {
	pattern string                          // method, space, path
	serve   func(*Server, *exchange) answer // with s.mu held
	stream  streamer                        // instead of serve
}

// route finds the handler of a request, and remembers what stood where the
// pattern has a ":". Where only a slash at the end is amiss it gives the right
// path instead.
func (s *Server) route(x *exchange) (found *route, redirect string) {
	path := x.r.URL.Path
	for i := range s.dialect.routes {
		r := &s.dialect.routes[i]
		method, pattern, _ := strings.Cut(r.pattern, " ")
		if method != x.r.Method {
			continue
		}
		if args, ok := match(pattern, path); ok {
			x.args = args
			return r, ""
		}
		if pattern == path+"/" {
			redirect = pattern
		}
	}
	return nil, redirect
}

func match(pattern, path string) (args []string, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	for i := range want {
		switch {
		case want[i] == ":" && got[i] != "":
			args = append(args, got[i])
		case want[i] != got[i]:
			return nil, false
		}
	}
	return args, true
}

// far is beyond every page and every second, and still far from overflowing when
// it is multiplied.
const far = 1 << 33

// parameter reads a number out of the query; what is no number is 0, as in the
// real ones (new-api/050, 070).
func (x *exchange) parameter(name string) int64 {
	n, _ := strconv.ParseInt(x.r.URL.Query().Get(name), 10, 64)
	return min(max(n, -far), far)
}

// filter reads the conditions that all dialects share out of the query.
func (x *exchange) filter() filter {
	q := x.r.URL.Query()
	return filter{
		kind:    int(x.parameter("type")),
		from:    x.parameter("start_timestamp"),
		to:      x.parameter("end_timestamp"),
		keyName: q.Get("token_name"),
		model:   q.Get("model_name"),
	}
}

// letters makes the eight characters at the end of most request ids.
func letters(salt uint64) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var tail [8]byte
	for i := range tail {
		tail[i] = alphabet[salt%62]
		salt /= 62
	}
	return string(tail[:])
}
