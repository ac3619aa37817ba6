package gateway

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// routes is a transport that answers by method and path with what a function
// says: a file under testdata ("@one-api/self") or a JSON text; "" is a 404 in
// OpenAI's shape, and a number before a colon is the status ("401:{…}").
type routes struct {
	t      *testing.T
	answer map[string]func(*http.Request) string

	mu   sync.Mutex
	seen []*http.Request
	sent []string // the bodies
}

func (r *routes) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, req)
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	r.sent = append(r.sent, string(body))
	said := ""
	if f := r.answer[req.Method+" "+req.URL.Path]; f != nil {
		said = f(req)
	}
	if file, ok := strings.CutPrefix(said, "@"); ok {
		return recorded(r.t, file+".http", req), nil
	}
	code := 200
	switch {
	case said == "":
		code, said = 404, `{"error":{"message":"Invalid URL","type":"invalid_request_error"}}`
	case strings.HasPrefix(said, "401:"):
		code, said = 401, said[4:]
	}
	h := http.Header{"Content-Type": {jsonType}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(said)), Request: req}, nil
}

func (r *routes) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

func (r *routes) asked(path string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.seen {
		if q.URL.Path == path {
			n++
		}
	}
	return n
}

// says answers everything with the same.
func says(s string) func(*http.Request) string { return func(*http.Request) string { return s } }

// routed opens a gateway that r answers for.
func routed(t *testing.T, opt Options, answer map[string]func(*http.Request) string) (*Gateway, *routes) {
	t.Helper()
	r := &routes{t: t, answer: answer}
	opt.Name, opt.Transport = "prod", r
	if opt.URL == "" {
		opt.URL = "http://gw.localhost"
	}
	g, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	return g, r
}

// body is the JSON of a recorded answer.
func body(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(file)+".http"))
	if err != nil {
		t.Fatal(err)
	}
	_, answer, _ := strings.Cut(string(b), "\nHTTP/1.1 ")
	_, answer, _ = strings.Cut(answer, "\r\n\r\n")
	return answer
}

func (r *routes) last() *http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[len(r.seen)-1]
}
