package demo

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// answer is what a handler says. It is written after s.mu is released.
type answer struct {
	status int
	kind   string // Content-Type; none where there is no body
	body   []byte
	header http.Header
	plain  bool // never compressed
	hollow bool // compressed to no bytes at all
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

func zipped(body []byte) []byte {
	var b bytes.Buffer
	z := zippers.Get().(*gzip.Writer)
	z.Reset(&b)
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	zippers.Put(z)
	return b.Bytes()
}

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
		if !a.hollow {
			body = zipped(body)
		}
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
		_, _ = w.Write(body) // who has hung up misses nothing
	}
}
