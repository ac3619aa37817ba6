package gateway

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"gatewatch/model"
)

// credential says what a request is signed with.
type credential uint8

const (
	anonymous credential = iota
	management
	relayKey
)

// userHeaders are the headers in which gateways of the family want the numeric
// user id beside the access token (gateways.md §1). X-Api-User is last: its
// name is the end of another one.
var userHeaders = []string{
	"New-Api-User", "Veloera-User", "Rix-Api-User", "Neo-Api-User", "Voapi-User", "User-Id", "X-Api-User",
}

// auth is how requests are signed: the form of Authorization and the header that
// names the user. What was learnt is used from then on. It is safe for
// concurrent use.
type auth struct {
	mu sync.Mutex
	// raw sends the token alone, without "Bearer".
	raw bool
	// fixed is set where the gateway takes one form alone, settled once an answer
	// accepted the form, tried once the other form was tried.
	fixed, settled, tried bool
	// headers are sent with the user's id where that is known.
	headers []string
	user    string
	// keyIsToken is set where the API key serves for everything (opencatd).
	keyIsToken bool
}

// sign adds the credential to a request.
func (a *auth) sign(req *http.Request, cred credential, opt *Options) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch cred {
	case management:
		token := opt.AccessToken
		if !token.IsSet() && a.keyIsToken {
			token = opt.APIKey
		}
		form := "Bearer "
		if a.raw {
			form = ""
		}
		req.Header.Set("Authorization", form+token.Reveal())
		if a.user != "" {
			for _, h := range a.headers {
				req.Header.Set(h, a.user)
			}
		}
	case relayKey:
		req.Header.Set("Authorization", "Bearer "+opt.APIKey.Reveal())
	case anonymous:
	}
}

// prefer sets the form that the gateway's documents name first and the header
// that it wants, unless an answer has settled the form already.
func (a *auth) prefer(raw, fixed bool, headers ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.settled || fixed {
		a.raw = raw
	}
	a.fixed, a.headers = fixed, headers
}

// begin lets the other form be tried again, when a dialect is to be found.
func (a *auth) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tried = false
}

// oneToken lets the API key serve where there is no access token.
func (a *auth) oneToken() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keyIsToken = true
}

// accepted notes that the gateway took the credential, of that user.
func (a *auth) accepted(user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settled = true
	if a.user == "" && user != "0" {
		a.user = user
	}
}

// other changes to what is tried next after a failure with that message: the
// header that it names, else the other form of Authorization. It reports whether
// there is something to try; each is tried once.
func (a *auth) other(message string) (undo func(), ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := *a.state()
	undo = func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.raw, a.headers = was.raw, was.headers
	}
	if h := namedHeader(message); h != "" {
		if a.user == "" || slices.Contains(a.headers, h) {
			return nil, false
		}
		a.headers = append(slices.Clip(a.headers), h)
		return undo, true
	}
	if a.fixed || a.settled || a.tried {
		return nil, false
	}
	a.raw, a.tried = !a.raw, true
	return undo, true
}

// form is a copy of what can be undone.
type form struct {
	raw     bool
	headers []string
	user    string
}

func (a *auth) state() *form { return &form{a.raw, a.headers, a.user} }

// now returns how requests are signed, for the doctor.
func (a *auth) now() form {
	a.mu.Lock()
	defer a.mu.Unlock()
	return *a.state()
}

// namedHeader is the user header that a failure names, which is the one message
// whose text tells more than its code (gateways.md §1).
func namedHeader(message string) string {
	for _, h := range userHeaders {
		if strings.Contains(strings.ToLower(message), strings.ToLower(h)) {
			return h
		}
	}
	return ""
}

// withAuth carries ask out, and when the credential is not accepted once more in
// each other way that is left to try.
func (c *Client) withAuth(ask func() error) error {
	err := ask()
	for {
		var e *StatusError
		if !errors.As(err, &e) || e.Kind != model.FaultUnauthorised {
			return err
		}
		undo, ok := c.auth.other(e.Message)
		if !ok {
			return err
		}
		again := ask()
		if again == nil {
			return nil
		}
		if !errors.As(again, &e) || e.Kind != model.FaultUnauthorised || namedHeader(e.Message) == "" {
			undo()
			return err // the first failure is the one of the documented form
		}
		err = again
	}
}

// tracer collects what was asked while a capability is diagnosed.
type tracer struct {
	method, path string
	took, first  time.Duration // of all requests, of the first
	requests     int
}

type tracerKey struct{}

func withTracer(ctx context.Context, t *tracer) context.Context {
	return context.WithValue(ctx, tracerKey{}, t)
}

func noteRequest(ctx context.Context, r request, took time.Duration) {
	if t, ok := ctx.Value(tracerKey{}).(*tracer); ok {
		if t.requests == 0 {
			t.first = took
		}
		t.method, t.path = r.method, r.path
		t.took += took
		t.requests++
	}
}
