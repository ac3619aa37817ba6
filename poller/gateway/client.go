package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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

	mu    sync.Mutex
	clock clock
	made  int64
	tls   *tls.ConnectionState // of the last answer, nil over plain http
	// shared are the moments of the last requests to what shares a counter with
	// the operator's own login, see spend.
	shared []time.Time

	auth auth
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
	return &Client{opt: opt, base: base, auth: auth{user: opt.UserID}}, nil
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

// Made is how many requests were sent.
func (c *Client) Made() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made
}

// get asks for path with query and returns the JSON of a 2xx answer. Everything
// else is a *StatusError, except the context's own error when it was cancelled.
func (c *Client) get(ctx context.Context, cred credential, path string, query url.Values) (answer, error) {
	return c.do(ctx, request{method: http.MethodGet, cred: cred, path: path, query: query})
}

// send carries out a command. Commands are never repeated: what has no answer
// may have been done all the same.
func (c *Client) send(ctx context.Context, cred credential, method, path string, body any) (answer, error) {
	r := request{method: method, cred: cred, path: path}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		r.body = b
	}
	return c.do(ctx, r)
}

// request is one request before it is signed.
type request struct {
	method string
	cred   credential
	path   string
	query  url.Values
	body   []byte // JSON, nil for none
}

// do sends a request within the budget.
func (c *Client) do(ctx context.Context, r request) (answer, error) {
	if c.opt.Around == nil {
		return c.ask(ctx, r)
	}
	var a answer
	err := c.opt.Around(ctx, heavy(r.path), func() (err error) {
		a, err = c.ask(ctx, r)
		return err
	})
	return a, err
}

// heavy tells the queries that burden a gateway's database.
func heavy(path string) bool {
	return strings.HasPrefix(path, "/api/log/") || strings.HasPrefix(path, "/api/data/") || path == "/api/user/dashboard"
}

// ask sends one request and waits for the whole answer.
func (c *Client) ask(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	u := c.base.JoinPath(r.path)
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept-Language", c.opt.Language)
	req.Header.Set("User-Agent", "gatewatch")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	} else {
		req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	}
	c.auth.sign(req, r.cred, &c.opt)
	c.mu.Lock()
	c.made++
	c.mu.Unlock()

	start := time.Now()
	// The transport alone, since a client would follow redirects, see moved.
	resp, err := c.opt.Transport.RoundTrip(req)
	defer func() { noteRequest(ctx, r, time.Since(start)) }()
	if err != nil {
		return answer{}, c.noAnswer(ctx, r.path, start, err)
	}
	defer func() { _ = resp.Body.Close() }()
	skew, dated := c.arrived(resp)
	body, err := readBody(resp)
	c.opt.Log.Debug("asked", "gateway", c.opt.Name, "method", r.method, "path", r.path, "status", resp.StatusCode,
		"bytes", len(body), "took", time.Since(start))
	if err != nil && resp.StatusCode/100 == 2 {
		var big *tooBigError
		if errors.As(err, &big) {
			return answer{}, c.fault(r.path, resp, model.FaultBadAnswer, err)
		}
		return answer{}, c.noAnswer(ctx, r.path, start, err)
	}
	if err := c.check(r.path, resp, body); err != nil {
		return answer{}, err
	}
	if dated {
		c.learnClock(skew)
	}
	return answer{body, resp.Header, r.path}, nil
}
