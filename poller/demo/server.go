package demo

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is the simulated gateway: an http.Handler to be listened with, and an
// http.RoundTripper that answers in process, without a port. The zero value
// works. Its world begins with the first request or method call. The fields
// must not be changed after that; everything else is safe for concurrent use.
type Server struct {
	// Dialect is "new-api", the default, which answers as new-api 1.0.0-rc.21
	// does, or "one-api", which answers as one-api 0.6.11-alpha.22.
	Dialect string
	// Seed chooses the world; 0 stands for a seed of its own.
	Seed uint64
	// Rate is the number of calls per second, averaged over a day: 0 stands for
	// 2, a negative one for no traffic at all. It is made for up to 100.
	Rate float64
	// Names is "mixed", the default, for key names in several scripts, or
	// "ascii".
	Names string
	// OnRequest, if set, is called with every request before anything else, from
	// several goroutines at once. It must not read the body.
	OnRequest func(*http.Request)

	mu        sync.Mutex
	dialect   *dialect
	world     *world
	started   int64 // start_time, unix seconds
	wiped     int64 // the log begins here, unix nanoseconds
	settled   int64 // the balances are right up to here, unix nanoseconds
	skew      time.Duration
	logDelay  time.Duration
	autoTopUp bool

	quota, used, requests int64
	keys                  []*key // those of the habits first; deleted ones stay
	lastKey               int64
	extra                 []call // rows not of the world's making, oldest first
	hours                 map[int64][]Usage
	buf, scratch          []call
	limits                limits
	faults                []*pending
	tokens                int    // access tokens given out so far
	serial                uint64 // of requests and chats
}

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
	firstKey        int64 // id
	ownKeys         func(birth int64) []*key
	accessToken     func(n int) string
	chats           chatStyle

	perAddress int // requests per address in generalWindow
	header     func(h http.Header)
	requestID  func(t time.Time, salt uint64) string
}

func newDialect(name string) *dialect {
	switch name {
	case "", "new-api":
		return newAPI()
	case "one-api":
		return oneAPI()
	}
	panic(fmt.Sprintf("demo: unknown dialect %q", name))
}

// userID is the id of the only user, as in the captures.
const userID = 2

// exchange is one request on its way.
type exchange struct {
	r    *http.Request
	raw  []byte // the body
	now  time.Time
	id   string // X-Oneapi-Request-Id
	args []string
	key  *key // who asks, on routes that take an sk- key
}

// answer is what a handler says. It is written after s.mu is released.
type answer struct {
	status int
	kind   string // Content-Type; none where there is no body
	body   []byte
	header http.Header
	plain  bool // never compressed
	bare   bool // without the headers that the dialect puts on everything
}

// route is one path of a dialect. A segment ":" stands for anything.
type route struct {
	pattern string // method, space, path
	serve   func(*Server, *exchange) answer
	stream  func(*Server, *exchange, http.ResponseWriter, Fault)
}

// URL is an address that leads nowhere, for clients whose transport is the
// server itself.
func (s *Server) URL() string { return "http://demo.localhost" }

// UserID is the id of the user whose access token AccessToken gives.
func (s *Server) UserID() int64 { return userID }

// AccessToken is the management credential that is valid now; a GET of
// /api/user/token replaces it, as in the real gateways.
func (s *Server) AccessToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return s.dialect.accessToken(s.tokens)
}

// APIKey is an unlimited API key, with its sk- in front.
func (s *Server) APIKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return "sk-" + s.keys[0].secret
}

// ServeHTTP answers one request as the dialect would, unless a fault is in the
// way.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.OnRequest != nil {
		s.OnRequest(r)
	}
	fault := s.fault(r.URL.Path)
	if !fault.wait(r.Context()) {
		panic(http.ErrAbortHandler)
	}
	if fault.Cut {
		cut := &cutWriter{ResponseWriter: w, left: fault.CutAfter}
		defer cut.hangUp()
		w = cut
	}
	// Read before locking: a client may take its time.
	raw, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))

	s.mu.Lock()
	s.tick()
	s.serial++
	x := &exchange{r: r, raw: raw, now: s.now()}
	x.id = s.dialect.requestID(x.now, mix(s.world.seed^s.serial))
	route, redirect := s.route(x)
	var a answer
	switch {
	case fault.replaces(route):
		a = fault.answer()
	case redirect != "":
		a = moved(redirect)
	case route == nil:
		a = s.dialect.notFound(s, x)
	case !s.admitted(x):
		a = answer{status: http.StatusTooManyRequests}
	case route.stream != nil:
		h := w.Header()
		s.headers(h, x)
		s.mu.Unlock()
		route.stream(s, x, w, fault)
		return
	default:
		a = route.serve(s, x)
	}
	if !a.bare {
		s.headers(w.Header(), x)
	}
	w.Header().Set("Date", x.now.Format(http.TimeFormat))
	s.mu.Unlock()
	a.write(w, r, fault)
}

func (s *Server) headers(h http.Header, x *exchange) {
	s.dialect.header(h)
	h.Set("X-Oneapi-Request-Id", x.id)
	h.Set("Date", x.now.Format(http.TimeFormat))
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

const jsonType = "application/json; charset=utf-8"

// ok is an answer with a body of JSON.
func ok(v any) answer { return says(http.StatusOK, v) }

func says(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // only for what cannot be written at all, like a channel
	}
	return answer{status: status, kind: jsonType, body: body}
}

// envelope is what both families put around an answer; its keys are in
// alphabetical order on the wire.
type envelope struct {
	Data    any    `json:"data"`
	Message string `json:"message"`
	Success bool   `json:"success"`
}

func data(v any) answer { return ok(envelope{Data: v, Success: true}) }

type verdict struct {
	Message string `json:"message"`
	Success bool   `json:"success"`
}

func done() answer { return ok(verdict{Success: true}) }

// refused is HTTP 200 with success false: how the families say no.
func refused(message string) answer { return ok(verdict{Message: message}) }

// moved is gin's redirect to the path with the slash, which comes before any
// middleware (new-api/103, one-api/096).
func moved(path string) answer {
	return answer{
		status: http.StatusMovedPermanently,
		kind:   "text/html; charset=utf-8",
		body:   fmt.Appendf(nil, "<a href=\"%s\">Moved Permanently</a>.\n\n", path),
		header: http.Header{"Location": {path}},
		plain:  true,
		bare:   true,
	}
}

// notFound is the answer to an unknown path (new-api/018, one-api/015),
// HEAD included.
func notFound(x *exchange) answer {
	type problem struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Param   string `json:"param"`
		Code    string `json:"code"`
	}
	a := says(http.StatusNotFound, map[string]problem{"error": {
		Message: fmt.Sprintf("Invalid URL (%s %s)", x.r.Method, x.r.URL.Path),
		Type:    "invalid_request_error",
	}})
	a.header = http.Header{"Cache-Control": {"max-age=604800"}}
	return a
}

// front is the page at "/".
func front(name string) answer {
	return answer{
		status: http.StatusOK,
		kind:   "text/html; charset=utf-8",
		body:   []byte("<!doctype html><title>" + name + "</title>\n"),
		header: http.Header{"Cache-Control": {"no-cache"}},
	}
}

var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// write sends an answer, compressed where the real ones compress: /api and the
// billing paths, if the client can take it (new-api/013, 215).
func (a answer) write(w http.ResponseWriter, r *http.Request, fault Fault) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	if a.kind != "" {
		h.Set("Content-Type", a.kind)
	}
	body := a.body
	asked := !a.plain && limited(r.URL.Path) && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	if fault.RetryAfter != "" {
		h.Set("Retry-After", fault.RetryAfter)
	}
	if asked || fault.ForceGzip {
		var b bytes.Buffer
		z := zippers.Get().(*gzip.Writer)
		z.Reset(&b)
		z.Write(body)
		z.Close()
		zippers.Put(z)
		body = b.Bytes()
		h.Set("Content-Encoding", "gzip")
		h.Set("Vary", "Accept-Encoding")
	}
	if r.Method == http.MethodHead {
		h.Set("Content-Length", strconv.Itoa(len(body)))
		body = nil
	}
	if a.kind == "" && len(body) == 0 {
		h.Set("Content-Length", "0")
	}
	w.WriteHeader(a.status)
	if len(body) > 0 {
		w.Write(body)
	}
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
