package demo

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong with a request, for tests. It applies to
// paths that begin with Path; everything that is set happens. The first of
// Status, SuccessFalse, HTML, WrongJSON, HugeBody and Body that is set takes the
// place of the answer; without any of them the true answer is given.
type Fault struct {
	Path  string // prefix of the URL's path; "" for every request
	Times int    // how many requests it meets; 0: all until it is removed

	Latency time.Duration // before anything is answered
	Hang    bool          // nothing is answered until the client gives up

	Cut      bool // the connection ends after CutAfter bytes of the body,
	CutAfter int  // which the client sees as an unexpected end

	Status       int    // this status; on a chat, the upstream's
	Empty        bool   // … without body and Content-Type, like the real 429
	RetryAfter   string // this header
	SuccessFalse string // HTTP 200, success false, with this message
	HTML         bool   // HTTP 200, a challenge page
	WrongJSON    bool   // HTTP 200, JSON of which no client knows the shape
	HugeBody     int    // HTTP 200, well-formed JSON of about so many bytes
	Body         string // HTTP 200, application/json, this text

	ForceGzip  bool          // compressed though nobody asked for it
	FirstToken time.Duration // a stream's first token takes so long
}

// pending is a fault that waits for its requests.
type pending struct {
	Fault
	met int
}

// Inject makes a fault happen from now on, until it has met its requests or
// remove is called. Of several that fit a request, the first injected applies.
func (s *Server) Inject(f Fault) (remove func()) {
	p := &pending{Fault: f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, p)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(q *pending) bool { return q == p })
	}
}

// fault gives what goes wrong with a request for path; the zero Fault if nothing
// does.
func (s *Server) fault(path string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.faults {
		if strings.HasPrefix(path, p.Path) && (p.Times == 0 || p.met < p.Times) {
			p.met++
			return p.Fault
		}
	}
	return Fault{}
}

// wait lets the fault's time pass. It is false if the client gave up.
func (f *Fault) wait(ctx context.Context) bool {
	if f.Hang {
		<-ctx.Done()
		return false
	}
	return pause(ctx, f.Latency)
}

func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// replaces says whether the fault takes the place of the answer. Chats deal
// with an error status themselves: there it is the upstream that fails.
func (f *Fault) replaces(r *route) bool {
	if f.Status != 0 && r != nil && r.stream != nil && !f.Empty {
		return false
	}
	return f.Status != 0 || f.SuccessFalse != "" || f.HTML || f.WrongJSON || f.HugeBody > 0 || f.Body != ""
}

const challenge = `<!doctype html><html><head><title>Just a moment...</title></head><body><noscript>Enable JavaScript and cookies to continue</noscript></body></html>`

func (f *Fault) answer() answer {
	a := answer{status: http.StatusOK, kind: jsonType}
	switch {
	case f.Status != 0:
		a = says(f.Status, verdict{Message: http.StatusText(f.Status)})
		if f.Empty {
			a.kind, a.body = "", nil
		}
	case f.SuccessFalse != "":
		a = refused(f.SuccessFalse)
	case f.HTML:
		a.kind, a.body = "text/html; charset=UTF-8", []byte(challenge)
	case f.WrongJSON:
		a.body = []byte(`[["unexpected",{"data":42}]]`)
	case f.HugeBody > 0:
		a.body = []byte(`{"data":"` + strings.Repeat("x", f.HugeBody) + `","message":"","success":true}`)
	default:
		a.body = []byte(f.Body)
	}
	return a
}

// cutWriter passes so many bytes of the body on, then fails.
type cutWriter struct {
	http.ResponseWriter
	left int
	over bool
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if w.over || len(p) > w.left {
		n, _ := w.ResponseWriter.Write(p[:w.left])
		w.left -= n
		w.over = true
		return n, http.ErrAbortHandler
	}
	n, err := w.ResponseWriter.Write(p)
	w.left -= n
	return n, err
}

// Unwrap lets http.ResponseController flush.
func (w *cutWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// hangUp ends the connection, once the handler has returned, without the end
// that HTTP wants. What was written so far is sent.
func (w *cutWriter) hangUp() {
	if w.over {
		_ = http.NewResponseController(w.ResponseWriter).Flush() // the connection ends here either way
		panic(http.ErrAbortHandler)
	}
}
