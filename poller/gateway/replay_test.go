package gateway

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// replay is a transport that answers from recorded exchanges, chosen by path,
// and keeps the requests it saw.
type replay struct {
	t       *testing.T
	answers map[string]string // path → file
	seen    []*http.Request
}

func (r *replay) RoundTrip(req *http.Request) (*http.Response, error) {
	r.seen = append(r.seen, req)
	file, ok := r.answers[req.URL.Path]
	if !ok {
		r.t.Errorf("unexpected request: %s", req.URL)
		return nil, io.ErrUnexpectedEOF
	}
	return recorded(r.t, file, req), nil
}

// recorded reads the answer of an exchange under testdata.
func recorded(t testing.TB, file string, req *http.Request) *http.Response {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(b, []byte("\nHTTP/1.1 "))
	head, body, _ := bytes.Cut(b[i+1:], []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	code, err := strconv.Atoi(strings.Fields(lines[0])[1])
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	resp := &http.Response{
		StatusCode: code, Header: http.Header{}, Request: req, ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(body)),
	}
	for _, l := range lines[1:] {
		k, v, _ := strings.Cut(l, ": ")
		resp.Header.Add(k, v)
	}
	return resp
}

// open returns a gateway of the dialect whose answers are recorded.
func open(t *testing.T, dialect string, answers map[string]string) (*Gateway, *replay) {
	t.Helper()
	r := &replay{t: t, answers: answers}
	g, err := Open(Options{
		Name: "prod", URL: "http://gw.localhost", AccessToken: NewSecret("fake-access-token"), UserID: "2",
		Dialect: dialect, Transport: r,
	})
	if err != nil {
		t.Fatal(err)
	}
	return g, r
}

func (r *replay) last() url.Values { return r.seen[len(r.seen)-1].URL.Query() }
