package demo

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is the simulated gateway: an http.Handler to be listened with, and an
// http.RoundTripper that answers in process, without a port. The zero value
// works. Its world begins with the first request or method call. The fields
// must not be changed after that; everything else is safe for concurrent use.
type Server struct {
	// Dialect is one of Dialects: the program whose words the site speaks. ""
	// stands for "new-api".
	Dialect string
	// Seed chooses the world; 0 stands for a seed of its own.
	Seed uint64
	// Rate is the number of calls per second, averaged over a day: 0 stands for
	// 2, a negative one for no traffic at all. It is made for up to 100.
	Rate float64
	// Names is "mixed", the default, for key names in several scripts, or
	// "ascii".
	Names string
	// Admin makes the user an administrator (role 10) of a site with other users,
	// whose calls are in the site's log alone. Where a program has no such roles
	// it changes nothing.
	Admin bool
	// Fresh is an opencatd that nobody has set up: without users, provider keys
	// and calls, until somebody posts to /1/users/init.
	Fresh bool
	// OnRequest, if set, is called with every request before anything else, from
	// several goroutines at once. It must not read the body.
	OnRequest func(*http.Request)

	habits       []habit // nil for the user's own
	people       []*person
	providers    []catKey
	days         map[int64][]Usage // of opencatd, by unix day and index into keys
	listedModels int64             // unix day on which somebody did, 0 for never

	others *Server // the other users of the site, where there are any

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
	spent                 []int64 // quota units ever, by index into world.models
	keys                  []*key  // those of the habits first; deleted ones stay
	lastKey               int64
	extra                 []call // rows not of the world's making, oldest first
	hours                 map[int64][]Usage
	buf, scratch          []call
	limits                limits
	faults                []*pending
	tokens                int    // access tokens given out so far
	serial                uint64 // of requests and chats
}

// userID is the id of the only user, as in the recordings.
const userID = 2

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

// APIKey is an unlimited API key, with its sk- in front where the dialect has
// that. It is "" while a Fresh server has no users.
func (s *Server) APIKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	switch {
	case len(s.keys) == 0:
		return ""
	case s.dialect.bareKeys:
		return s.keys[0].secret
	}
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
	raw, _ := io.ReadAll(io.LimitReader(r.Body, bodyLimit(r.URL.Path)))
	x := &exchange{r: r, raw: raw}
	if a, stream := s.respond(x, fault, w.Header()); stream != nil {
		stream(s, x, w, fault)
	} else {
		a.write(w, r, fault)
	}
}

// bodyLimit is how much of a request is read, in bytes. A chat may be long and
// have pictures: 32 MB are new-api's default (MAX_REQUEST_BODY_MB).
func bodyLimit(path string) int64 {
	if strings.HasPrefix(path, "/v1/") {
		return 32 << 20
	}
	return 1 << 20
}

// respond finds the answer to a request, or what streams one, and sets the
// headers that everything gets.
func (s *Server) respond(x *exchange, fault Fault, h http.Header) (answer, streamer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	s.serial++
	x.now = s.now()
	x.id = s.dialect.requestID(x.now, mix(s.world.seed^s.serial))
	h.Set("Date", x.now.Format(http.TimeFormat))
	found, redirect := s.route(x)
	if redirect != "" && !fault.replaces(nil) {
		return moved(redirect), nil
	}
	s.dialect.header(h, x)
	switch {
	case fault.replaces(found):
		return fault.answer(), nil
	case found == nil:
		return s.dialect.notFound(s, x), nil
	case !s.admitted(x):
		return s.tooMany(), nil
	case found.stream != nil:
		return answer{}, found.stream
	}
	return found.serve(s, x), nil
}
