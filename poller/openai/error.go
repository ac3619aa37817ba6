package openai

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gatewatch/model"
)

const (
	// maxErrorBody bounds what is read of an answer with an error status, in bytes.
	maxErrorBody = 64 << 10
	// maxMessage bounds what is kept of a gateway's own text, in bytes.
	maxMessage = 500
)

// Error is the one error of this package. It says what went wrong, at which
// gateway, in whose words, and what to do. All texts of the gateway are foreign;
// our own secrets have been taken out of them.
type Error struct {
	// Gateway is the name in the config.
	Gateway string
	// Kind says what went wrong, Code is the HTTP status, 0 when there was none.
	Kind Kind
	Code int
	// Message is the gateway's own text without the request id, TheirCode its
	// own word for the error; "" when it gave none.
	Message, TheirCode string
	// RequestID is what the gateway calls the request in its log, "" when it did
	// not say.
	RequestID string
	// Advice is what to do, in a clause.
	Advice string
	// RetryAfter is how long the gateway asks to wait, unknown when it does not
	// say.
	RetryAfter model.Opt[time.Duration]
	// Err is the cause below, nil when the gateway answered.
	Err error
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Error returns the sentence for a person.
func (e *Error) Error() string {
	s := e.Gateway + ": " + e.What()
	if e.Message != "" {
		s += fmt.Sprintf(" (%q)", e.Message)
	}
	if e.Advice != "" {
		s += ": " + e.Advice
	}
	return s
}

// What returns what went wrong, in our words and without the gateway's.
func (e *Error) What() string {
	s := kinds[e.Kind].what
	switch {
	case e.Err != nil:
		s += fmt.Sprintf(" (%v)", e.Err)
	case e.Code/100 != 2 && e.Code != 0:
		s += fmt.Sprintf(" (HTTP %d)", e.Code)
	}
	return s
}

// Fault is the error in the model's words.
func (e *Error) Fault() model.Fault {
	short := kinds[e.Kind].short
	if e.Kind == KindServer && e.Code/100 != 2 && e.Code != 0 {
		short = "HTTP " + strconv.Itoa(e.Code)
	}
	return model.Fault{Kind: kinds[e.Kind].fault, Sentence: e.Error(), Short: short, Theirs: e.Message, Code: e.TheirCode}
}

// Wait is how long the gateway asks to wait, unknown when it does not say.
func (e *Error) Wait() model.Opt[time.Duration] { return e.RetryAfter }

// retryAfter reads the header in both its forms, seconds and a date.
func retryAfter(h http.Header, now time.Time) model.Opt[time.Duration] {
	value := h.Get("Retry-After")
	if n, err := strconv.Atoi(value); err == nil {
		return model.Some(time.Duration(min(max(0, n), 1<<20)) * time.Second)
	}
	if t, err := http.ParseTime(value); err == nil {
		return model.Some(max(0, t.Sub(now)))
	}
	return model.Opt[time.Duration]{}
}

// cause is an error below ours, with our secrets taken out of its text.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.err }

// noAnswer is the error of a request that got none.
func (c *Client) noAnswer(err error) *Error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // the address would be in the sentence
	}
	e := c.fault(nil, KindNetwork, err)
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		e.Kind, e.Advice = KindTimeout, kinds[KindTimeout].advice
	}
	return e
}

// fault is an error of our own making; resp is nil where there is none.
func (c *Client) fault(resp *http.Response, kind Kind, err error) *Error {
	e := &Error{Gateway: c.opt.Name, Kind: kind, Advice: kinds[kind].advice}
	if err != nil {
		e.Err = &cause{c.redact(err.Error()), err}
	}
	if resp != nil {
		e.Code = resp.StatusCode
		e.RequestID = c.requestID(resp.Header)
		e.RetryAfter = retryAfter(resp.Header, time.Now())
	}
	return e
}

// rejected is an error of the gateway's own making.
func (c *Client) rejected(resp *http.Response, t theirs) *Error {
	e := c.fault(resp, classify(resp.StatusCode, t), nil)
	text := strings.TrimSpace(t.message)
	if found := requestIDs.FindStringSubmatchIndex(text); found != nil {
		if e.RequestID == "" {
			e.RequestID = c.redact(text[found[2]:found[3]])
		}
		text = strings.TrimSpace(text[:found[0]] + text[found[1]:])
	}
	e.Message = c.redact(text)
	e.TheirCode = c.redact(t.code)
	if e.RetryAfter.OK && (e.Kind == KindRateLimit || e.Kind == KindSaturated || e.Kind == KindOverloaded) {
		e.Advice = fmt.Sprintf("try again in %s", e.RetryAfter.V.Round(time.Second))
	}
	return e
}

// refusal is the error of an answer with an error status.
func (c *Client) refusal(resp *http.Response, body io.Reader) *Error {
	// What could be read decides; the status says enough without it.
	raw, _ := io.ReadAll(io.LimitReader(unzipped(resp, body), maxErrorBody))
	if t, is := theirError(raw); is {
		return c.rejected(resp, t)
	}
	text := strings.TrimSpace(string(raw))
	page := strings.HasPrefix(text, "<")
	switch {
	case resp.StatusCode/100 == 3:
		e := c.fault(resp, KindNotGateway, nil)
		if where, err := c.base.Parse(resp.Header.Get("Location")); err == nil {
			e.Advice = fmt.Sprintf("it sends us on to %s: set url to the address it ends at", c.redact(where.Host))
		}
		return e
	case page && resp.StatusCode < 500:
		return c.fault(resp, KindNotGateway, nil)
	case page:
		text = ""
	}
	return c.rejected(resp, theirs{message: text})
}

// requestIDs finds what the family puts behind its messages.
var requestIDs = regexp.MustCompile(`\s*\(request id: ([0-9A-Za-z._:-]{1,128})\)`)

// safeID is what a request id is made of; a header that is none is ignored.
var safeID = regexp.MustCompile(`^[0-9A-Za-z._:-]{1,128}$`)

func (c *Client) requestID(h http.Header) string {
	if id := h.Get("X-Oneapi-Request-Id"); safeID.MatchString(id) {
		return c.redact(id)
	}
	return ""
}

// redact takes our secret out of a foreign text and bounds its length.
func (c *Client) redact(s string) string {
	if key := c.opt.APIKey; key.IsSet() {
		s = strings.ReplaceAll(s, key.Reveal(), key.String())
		if bare := strings.TrimPrefix(key.Reveal(), "sk-"); bare != "" {
			s = strings.ReplaceAll(s, bare, key.String())
		}
	}
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
