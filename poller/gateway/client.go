package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"gatewatch/model"
)

const (
	// DefaultTimeout bounds one request. Log queries of 10 to 28 s are reported
	// from production databases.
	DefaultTimeout = 20 * time.Second
	// maxBody bounds an answer after decompression.
	maxBody = 8 << 20
	// maxMessage bounds what is kept of a gateway's own error text, in bytes.
	maxMessage = 300
)

// Options say how to reach one gateway.
type Options struct {
	// Name is the gateway's name in errors, URL its base address.
	Name string
	URL  string
	// AccessToken is the management credential, UserID the numeric id that the
	// new-api family wants beside it; "" where it is not known.
	AccessToken Secret
	UserID      string
	// APIKey is an sk- key, used for what is asked with one.
	APIKey Secret
	// Dialect is one of Dialects, or "auto" or "" to find out.
	Dialect string
	// Transport carries the requests; nil means the network.
	Transport http.RoundTripper
	// Timeout bounds one request; 0 means DefaultTimeout.
	Timeout time.Duration
	// Around carries every request out by calling do, and may wait before it or
	// refuse: the request budget. heavy marks a query of the log or of what is
	// summed up from it. nil means no budget.
	Around func(ctx context.Context, heavy bool, do func() error) error
	// Log receives one debug line per request; nil means none.
	Log *slog.Logger
	// Language is sent as Accept-Language; "" means English.
	Language string
}

// Client asks one gateway. It is the only place that does HTTP for the
// dialects, and is safe for concurrent use.
type Client struct {
	opt  Options
	base *url.URL
	http *http.Client

	mu    sync.Mutex
	skews []time.Duration // the last few, oldest first
	made  int64
}

// NewClient checks the address and returns a client for it. It asks nothing yet.
func NewClient(opt Options) (*Client, error) {
	base, err := ParseURL(opt.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", opt.Name, err)
	}
	if opt.Timeout <= 0 {
		opt.Timeout = DefaultTimeout
	}
	if opt.Transport == nil {
		opt.Transport = newTransport()
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Language == "" {
		opt.Language = "en"
	}
	c := &Client{opt: opt, base: base}
	c.http = &http.Client{Transport: opt.Transport, CheckRedirect: c.redirect}
	return c, nil
}

// ParseURL checks a gateway's base address and takes off what people paste with
// it: a trailing slash, and the /v1 of an API base.
func ParseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("url %q is not an address like https://gateway.example", raw)
	}
	if u.User != nil {
		return nil, fmt.Errorf("url %q holds a user name: leave it out and set access_token", u.Redacted())
	}
	u.RawQuery, u.Fragment = "", ""
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1")
	return u, nil
}

// Insecure reports whether a token sent to the address would travel unencrypted
// over a network: plain http to a host that is not loopback.
func Insecure(u *url.URL) bool {
	if u.Scheme != "http" {
		return false
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); ip != nil {
		return !ip.IsLoopback()
	}
	return host != "localhost" && !strings.HasSuffix(host, ".localhost")
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
		// The client asks for gzip itself and unpacks it, since some gateways
		// compress although they were not asked to.
		DisableCompression: true,
	}
}

// redirect lets a request follow to the same host alone, and never from https
// down to http: the token must not travel anywhere else.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	if len(via) > 3 || req.URL.Hostname() != from.Hostname() || (from.Scheme == "https" && req.URL.Scheme != "https") {
		return http.ErrUseLastResponse
	}
	return nil
}

// Skew is the gateway's clock minus ours, from the Date header, to about a
// second; unknown until the gateway has answered once. Date is cut to whole
// seconds, so each answer gives a lower bound and the largest of the last few is
// the best.
func (c *Client) Skew() model.Opt[time.Duration] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.skews) == 0 {
		return model.Opt[time.Duration]{}
	}
	best := c.skews[0]
	for _, s := range c.skews {
		best = max(best, s)
	}
	return model.Some(best)
}

// Now is the gateway's own time, ours until it has answered once.
func (c *Client) Now() time.Time { return time.Now().Add(c.Skew().V) }

// Made is how many requests were sent.
func (c *Client) Made() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made
}

func (c *Client) learnClock(h http.Header, at time.Time) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	skew := date.Sub(at)
	c.mu.Lock()
	defer c.mu.Unlock()
	const keep = 8
	if n := len(c.skews); n > 0 && (skew-c.skews[n-1]).Abs() > 30*time.Second {
		c.skews = c.skews[:0] // the gateway's clock was set: what was learnt is void
	}
	c.skews = append(c.skews, skew)
	if len(c.skews) > keep {
		c.skews = c.skews[1:]
	}
}

// credential says what a request is signed with.
type credential uint8

const (
	anonymous credential = iota
	management
	relayKey
)

// answer is what came back: a body that is known to be JSON.
type answer struct {
	body   []byte
	header http.Header
	path   string
}

// get asks for path with query and returns the JSON of a 2xx answer. Everything
// else is a *StatusError, except the context's own error when it was cancelled.
// header is added to the request.
func (c *Client) get(ctx context.Context, cred credential, path string, query url.Values, header http.Header) (answer, error) {
	if c.opt.Around == nil {
		return c.ask(ctx, cred, path, query, header)
	}
	var a answer
	err := c.opt.Around(ctx, heavy(path), func() (err error) {
		a, err = c.ask(ctx, cred, path, query, header)
		return err
	})
	return a, err
}

// heavy tells the queries that burden a gateway's database.
func heavy(path string) bool {
	return strings.HasPrefix(path, "/api/log/") || strings.HasPrefix(path, "/api/data/") || path == "/api/user/dashboard"
}

// ask sends one request and waits for the whole answer.
func (c *Client) ask(ctx context.Context, cred credential, path string, query url.Values, header http.Header) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	u := c.base.JoinPath(path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept-Language", c.opt.Language)
	req.Header.Set("User-Agent", "gatewatch")
	for k, v := range header {
		req.Header[k] = v
	}
	switch cred {
	case management:
		req.Header.Set("Authorization", "Bearer "+c.opt.AccessToken.Reveal())
	case relayKey:
		req.Header.Set("Authorization", "Bearer "+c.opt.APIKey.Reveal())
	case anonymous:
	}
	c.mu.Lock()
	c.made++
	c.mu.Unlock()

	start := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, c.noAnswer(ctx, path, start, err)
	}
	defer func() { _ = resp.Body.Close() }()
	c.learnClock(resp.Header, time.Now())
	body, err := readBody(resp)
	c.opt.Log.Debug("asked", "gateway", c.opt.Name, "path", path, "status", resp.StatusCode,
		"bytes", len(body), "took", time.Since(start))
	if err != nil && resp.StatusCode/100 == 2 {
		var big *tooBigError
		if errors.As(err, &big) {
			return answer{}, c.fault(path, resp, model.FaultBadAnswer, err)
		}
		return answer{}, c.noAnswer(ctx, path, start, err)
	}
	if err := c.check(path, resp, body); err != nil {
		return answer{}, err
	}
	return answer{body, resp.Header, path}, nil
}

// noAnswer is the error of a request that got no whole answer.
func (c *Client) noAnswer(ctx context.Context, path string, start time.Time, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	c.opt.Log.Debug("no answer", "gateway", c.opt.Name, "path", path, "took", time.Since(start), "error", c.redact(err.Error()))
	kind := transportFault(err)
	if kind == model.FaultNetwork && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind = model.FaultTimeout
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // the address is in the sentence already
	}
	return &StatusError{Gateway: c.opt.Name, Path: path, Kind: kind, Err: err}
}

type tooBigError struct{}

func (*tooBigError) Error() string {
	return fmt.Sprintf("it is larger than %d MiB", maxBody>>20)
}

// readBody unpacks and bounds an answer.
func readBody(resp *http.Response) ([]byte, error) {
	var r io.Reader = resp.Body
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(resp.Body)
		if errors.Is(err, io.EOF) {
			return nil, nil // one-hub: Content-Encoding: gzip over an empty 429
		}
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		r = z
	}
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err == nil && len(body) > maxBody {
		return nil, &tooBigError{}
	}
	return body, err
}

// check turns everything but a JSON answer of a 2xx status into an error.
func (c *Client) check(path string, resp *http.Response, body []byte) error {
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests:
		return c.faultBody(path, resp, model.FaultLimited, body)
	case code == http.StatusUnauthorized:
		return c.faultBody(path, resp, model.FaultUnauthorised, body)
	case code == http.StatusForbidden && isJSON(resp.Header, body):
		return c.faultBody(path, resp, model.FaultForbidden, body)
	case code >= 500 && code != http.StatusNotImplemented:
		return c.faultBody(path, resp, model.FaultServer, body)
	case code/100 == 3:
		e := c.fault(path, resp, model.FaultNotGateway, nil)
		where := resp.Header.Get("Location")
		if u, err := c.base.Parse(where); err == nil && u.Hostname() != c.base.Hostname() {
			e.Hint = fmt.Sprintf("it sends us to %s: if that is the gateway, set url to it; the token does not follow by itself", u.Host)
		} else {
			e.Hint = fmt.Sprintf("it sends us on to %q: set url to the address it ends at", where)
		}
		return e
	case code == http.StatusNotFound:
		return c.faultBody(path, resp, model.FaultNotGateway, body)
	case code/100 != 2:
		e := c.faultBody(path, resp, model.FaultNotGateway, body)
		e.Hint = fmt.Sprintf("HTTP %d; a login or challenge page may stand before it", code)
		return e
	case !isJSON(resp.Header, body):
		return c.fault(path, resp, model.FaultNotGateway, nil)
	}
	return nil
}

func (c *Client) fault(path string, resp *http.Response, kind model.FaultKind, err error) *StatusError {
	return &StatusError{
		Gateway: c.opt.Name, Path: path, Kind: kind, Code: resp.StatusCode, Err: err,
		RetryAfter: retryAfter(resp.Header.Get("Retry-After"), c.Now()),
	}
}

func (c *Client) faultBody(path string, resp *http.Response, kind model.FaultKind, body []byte) *StatusError {
	e := c.fault(path, resp, kind, nil)
	if isJSON(resp.Header, body) {
		e.Message = c.redact(messageIn(body))
	}
	return e
}

// isJSON looks at the content type before anything is decoded: a challenge page
// that comes with status 200 is HTML. A missing or plain type is forgiven when
// the body begins like JSON.
func isJSON(h http.Header, body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n\ufeff")
	if len(body) == 0 || (body[0] != '{' && body[0] != '[') {
		return false
	}
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return kind == "" || kind == "text/plain" || strings.HasSuffix(kind, "json")
}

// messageIn finds the message in the shapes that gateways fail in:
// {"message":…}, {"error":{"message":…}}, {"error":"…"}.
func messageIn(body []byte) string {
	var shapes struct {
		Message any `json:"message"`
		Error   any `json:"error"`
	}
	if json.Unmarshal(body, &shapes) != nil {
		return ""
	}
	if s, ok := shapes.Message.(string); ok && s != "" {
		return s
	}
	switch e := shapes.Error.(type) {
	case string:
		return e
	case map[string]any:
		s, _ := e["message"].(string)
		return s
	}
	return ""
}

// redact takes our own secrets out of a foreign text and bounds its length.
func (c *Client) redact(s string) string {
	for _, secret := range []Secret{c.opt.AccessToken, c.opt.APIKey} {
		if secret.IsSet() {
			s = strings.ReplaceAll(s, secret.Reveal(), masked)
			s = strings.ReplaceAll(s, strings.TrimPrefix(secret.Reveal(), "sk-"), masked)
		}
	}
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
