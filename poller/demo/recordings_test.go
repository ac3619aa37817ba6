package demo

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exchangeFile is one recording.
type exchangeFile struct {
	name     string // of the file, without folder and suffix
	method   string
	target   string
	request  http.Header
	sent     string
	status   int
	response http.Header
	body     []byte
}

func recordings(t *testing.T, folder string) []*exchangeFile {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.http"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings in %s: %v", folder, err)
	}
	var files []*exchangeFile
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f := &exchangeFile{name: strings.TrimSuffix(filepath.Base(path), ".http")}
		at := bytes.Index(raw, []byte("\nHTTP/1.1 ")) + 1
		var head, body string
		head, f.request, body = message(t, raw[:at])
		f.sent = strings.TrimSpace(body)
		fmt.Sscanf(head, "%s %s", &f.method, &f.target)
		head, f.response, body = message(t, raw[at:])
		fmt.Sscanf(head, "HTTP/1.1 %d", &f.status)
		f.body = []byte(body)
		files = append(files, f)
	}
	return files
}

func message(t *testing.T, raw []byte) (first string, h http.Header, body string) {
	t.Helper()
	b := bufio.NewReader(bytes.NewReader(raw))
	r := textproto.NewReader(b)
	first, err := r.ReadLine()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := r.ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	return first, http.Header(fields), string(rest)
}

// play sends a recorded request to the server.
func (f *exchangeFile) play(t *testing.T, s *Server) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(f.method, s.URL()+f.target, strings.NewReader(f.sent))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = f.request.Clone()
	client := http.Client{
		Transport:     s,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	return resp, body
}

// administrators says whether an administrator asked.
func (f *exchangeFile) administrators() bool {
	return strings.Contains(f.name, "-admin-") && !strings.Contains(f.name, "-as-user")
}

// ranks says whether the ids of rows are the same for everybody who asks so:
// Veloera's, and those that administrators see, depend on what was before.
func (f *exchangeFile) ranks() bool {
	return !f.administrators() && f.request.Get("Veloera-User") == ""
}

// number is what the recordings are referred to by.
func (f *exchangeFile) number() string { return f.name[:3] }

func unzip(t *testing.T, raw []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// do makes an authorised request and gives the answer's JSON.
func do(t *testing.T, s *Server, method, target, body string) any {
	t.Helper()
	resp, err := (&http.Client{Transport: s}).Do(request(t, s, method, target, body))
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	v, err := parse(raw)
	if err != nil {
		t.Fatalf("%s %s: %v in %.200q", method, target, err, raw)
	}
	return v
}

// authorise signs a request with the access token, or with an API key where one
// is wanted.
func authorise(req *http.Request, s *Server) {
	if strings.HasPrefix(req.URL.Path, "/1/") {
		req.Header.Set("Authorization", "Bearer "+s.AccessToken())
		return
	}
	if strings.HasPrefix(req.URL.Path, "/v1/") {
		req.Header.Set("Authorization", "Bearer "+s.APIKey())
		return
	}
	req.Header.Set("Authorization", s.AccessToken())
	if s.Dialect == "v-api" {
		req.Header.Set("Authorization", "Bearer "+s.AccessToken())
	}
	req.Header.Set("New-Api-User", fmt.Sprint(s.UserID()))
	req.Header.Set("Veloera-User", fmt.Sprint(s.UserID()))
}

func whole(t *testing.T, v any) int64 {
	t.Helper()
	n, ok := v.(json.Number)
	if !ok {
		t.Fatalf("%v is no number", v)
	}
	i, err := n.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// request makes an authorised request.
func request(t *testing.T, s *Server, method, target, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	authorise(req, s)
	return req
}
