package gateway

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gatewatch/model"
)

// StatusError is the one error of every request to a gateway. It says what
// failed, at which gateway, and what to do.
type StatusError struct {
	// Gateway is the name in the config, Path the path asked for.
	Gateway, Path string
	// Kind says what went wrong; Code is the HTTP status, 0 when there was none.
	Kind model.FaultKind
	Code int
	// Message is the gateway's own text, "" when it gave none. It is foreign text,
	// with our own secrets taken out.
	Message string
	// RetryAfter is how long the gateway asks to wait, unknown when it does not say.
	RetryAfter model.Opt[time.Duration]
	// Hint is what to do, in a sentence; "" for the usual one of the kind.
	Hint string
	// Err is the cause below, nil when the gateway answered.
	Err error
	// elsewhere is set when the whole gateway is at another address, so that none of
	// its other paths need be tried.
	elsewhere bool
}

// Unwrap returns the cause.
func (e *StatusError) Unwrap() error { return e.Err }

// Error returns the sentence for a person.
func (e *StatusError) Error() string {
	s := e.Gateway + ": " + e.what()
	if e.Message != "" {
		s += fmt.Sprintf(" (%q)", e.Message)
	}
	if hint := e.hint(); hint != "" {
		s += ": " + hint
	}
	return s
}

func (e *StatusError) redirected() bool { return e.Code/100 == 3 }

func (e *StatusError) what() string {
	switch e.Kind {
	case model.FaultNetwork:
		return networkWhat(e.Err)
	case model.FaultTimeout:
		return "no answer from " + e.Path + " in time"
	case model.FaultUnauthorised:
		return "the gateway does not accept the credential"
	case model.FaultForbidden:
		return "the credential may not use " + e.Path
	case model.FaultLimited:
		return "the gateway's rate limit is reached (HTTP 429)"
	case model.FaultServer:
		return fmt.Sprintf("the gateway failed at %s (HTTP %d)", e.Path, e.Code)
	case model.FaultRefused:
		return "the gateway refused " + e.Path
	case model.FaultNotGateway:
		if e.Code == http.StatusNotFound {
			return e.Path + " is unknown there (HTTP 404)"
		}
		if e.redirected() {
			return fmt.Sprintf("%s is redirected (HTTP %d)", e.Path, e.Code)
		}
		return e.Path + " did not answer with JSON"
	case model.FaultBadAnswer:
		return "the answer of " + e.Path + " cannot be read"
	case model.FaultUnsupported:
		if errors.Is(e.Err, errNeedsToken) {
			return "an API key alone does not show " + e.Path
		}
		return "this gateway does not offer " + e.Path
	}
	return "the request for " + e.Path + " failed"
}

func (e *StatusError) hint() string {
	if e.Hint != "" {
		return e.Hint
	}
	switch e.Kind {
	case model.FaultNetwork:
		return networkHint(e.Err)
	case model.FaultTimeout:
		return "it may be overloaded; gatewatch asks less and goes on trying"
	case model.FaultUnauthorised:
		return "check access_token; a new one is made on the gateway's personal settings page"
	case model.FaultForbidden:
		return "it needs an account with more rights"
	case model.FaultLimited:
		if e.RetryAfter.OK {
			return fmt.Sprintf("asking again in %s, with half the budget", e.RetryAfter.V.Round(time.Second))
		}
		return "other programs at this address share it; asking again later, with half the budget"
	case model.FaultServer:
		return "its own log will say why; gatewatch goes on trying"
	case model.FaultNotGateway:
		if e.Code == http.StatusNotFound {
			return "is url the gateway's base address, and dialect the right one?"
		}
		return "a login or challenge page stands before it, or url is not a gateway's address"
	case model.FaultBadAnswer:
		if e.Err != nil {
			return e.Err.Error()
		}
	}
	return ""
}

// short is the cause in a few words.
func (e *StatusError) short() string {
	switch e.Kind {
	case model.FaultNetwork:
		return "no connection"
	case model.FaultTimeout:
		return "no answer"
	case model.FaultUnauthorised:
		return "not authorised"
	case model.FaultForbidden:
		return "not allowed"
	case model.FaultLimited:
		return "rate limit"
	case model.FaultServer:
		return "HTTP " + strconv.Itoa(e.Code)
	case model.FaultRefused:
		return "refused"
	case model.FaultNotGateway:
		if e.Code == http.StatusNotFound {
			return "HTTP 404"
		}
		if e.redirected() {
			return "redirected"
		}
		return "not JSON"
	case model.FaultBadAnswer:
		return "bad answer"
	case model.FaultUnsupported:
		if errors.Is(e.Err, errNeedsToken) {
			return "needs an access token"
		}
		return "not offered by this gateway"
	}
	return "error"
}

// Fault is the error in the model's words.
func (e *StatusError) Fault() model.Fault {
	return model.Fault{Kind: e.Kind, Sentence: e.Error(), Short: e.short(), Theirs: e.Message}
}

func networkWhat(err error) string {
	var dns *net.DNSError
	var tls *x509.UnknownAuthorityError
	var host *x509.HostnameError
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("no host named %q was found", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at the gateway's address (connection refused)"
	case errors.As(err, &tls), errors.As(err, &host):
		return "the gateway's TLS certificate is not trusted"
	}
	return "the connection to the gateway failed"
}

func networkHint(err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "check url and the name server"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "is it running, and is the port in url right?"
	case err != nil:
		return err.Error()
	}
	return ""
}

// transportFault classifies what net/http returned instead of an answer.
func transportFault(err error) model.FaultKind {
	var timeout interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout()) {
		return model.FaultTimeout
	}
	return model.FaultNetwork
}

// mostRetryAfter bounds what a gateway can make us wait: a longer wait would be an
// ended dashboard, and the longest window of the family's limits is 20 minutes.
const mostRetryAfter = 30 * time.Minute

// retryAfter reads the header in both its forms, seconds and a date; now is the
// gateway's own time, against which the date is meant. It is cut to mostRetryAfter.
func retryAfter(value string, now time.Time) model.Opt[time.Duration] {
	value = strings.TrimSpace(value)
	if value == "" {
		return model.Opt[time.Duration]{}
	}
	// Beyond its range ParseInt returns the end of it, which is cut like the rest.
	if n, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return model.Some(time.Duration(min(max(0, n), int64(mostRetryAfter/time.Second))) * time.Second)
	}
	if t, err := http.ParseTime(value); err == nil {
		return model.Some(min(max(0, t.Sub(now)), mostRetryAfter))
	}
	return model.Opt[time.Duration]{}
}

// Wait is how long the gateway asks to wait, unknown when it does not say.
func (e *StatusError) Wait() model.Opt[time.Duration] { return e.RetryAfter }

// NeedsUser reports whether the gateway misses the user id beside the token.
func (e *StatusError) NeedsUser() bool {
	return e.Kind == model.FaultUnauthorised && userHint(e.Message, "") != ""
}
