package openai

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatewatch/poller/gateway"
)

// DefaultIdleTimeout is how long a gateway may be silent. It is new-api's own
// limit for its upstreams (STREAMING_TIMEOUT): one-api sends not even a header
// until a model that thinks has thought.
const DefaultIdleTimeout = 300 * time.Second

// Options say how to reach one gateway.
type Options struct {
	// Name is the gateway's name in errors, URL its base address, with or without
	// /v1.
	Name, URL string
	// APIKey is the sk- key that pays.
	APIKey gateway.Secret
	// Transport carries the requests; nil means the network.
	Transport http.RoundTripper
	// IdleTimeout ends a request when nothing has come for so long, not even a
	// comment; 0 means DefaultIdleTimeout. There is no limit on the whole.
	IdleTimeout time.Duration
	// Log receives one debug line per request; nil means none.
	Log *slog.Logger
	// UserAgent is what we call ourselves; "" means gatewatch.
	UserAgent string
	// Language is sent as Accept-Language; "" means English.
	Language string
}

// Client chats through one gateway with one key. It is safe for concurrent use.
type Client struct {
	opt  Options
	base *url.URL
	http *http.Client
}

// NewClient checks the address and returns a client for it. It asks nothing yet.
func NewClient(opt Options) (*Client, error) {
	base, err := gateway.ParseURL(opt.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", opt.Name, err)
	}
	if opt.Transport == nil {
		opt.Transport = newTransport()
	}
	if opt.IdleTimeout <= 0 {
		opt.IdleTimeout = DefaultIdleTimeout
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.UserAgent == "" {
		opt.UserAgent = "gatewatch"
	}
	if opt.Language == "" {
		opt.Language = "en"
	}
	c := &Client{opt: opt, base: base}
	c.http = &http.Client{
		Transport: opt.Transport,
		// A chat is paid for: it is never sent twice, and the key goes nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// WithKey returns a client that pays with another key over the same connections.
func (c *Client) WithKey(key gateway.Secret) *Client {
	other := *c
	other.opt.APIKey = key
	return &other
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     90 * time.Second,
		// A compressed stream arrives in lumps.
		DisableCompression: true,
	}
}

func (c *Client) newRequest(ctx context.Context, method, path string, body io.Reader) *http.Request {
	r, err := http.NewRequestWithContext(ctx, method, c.base.JoinPath(path).String(), body)
	if err != nil {
		panic(err) // the address was checked, the rest is ours
	}
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("Accept-Language", c.opt.Language)
	r.Header.Set("Authorization", "Bearer "+c.opt.APIKey.Reveal())
	r.Header.Set("User-Agent", c.opt.UserAgent)
	return r
}

// unzipped undoes the compression that some sites apply without being asked.
func unzipped(resp *http.Response, body io.Reader) io.Reader {
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return &gunzip{from: body}
	}
	return body
}

// gunzip reads its header with the first byte that is wanted, so that the wait
// for it happens where all waits do. Nothing at all is an empty body: one-hub
// announces gzip over an empty 429.
type gunzip struct {
	from io.Reader
	z    *gzip.Reader
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.z == nil {
		z, err := gzip.NewReader(g.from)
		if err != nil {
			return 0, err
		}
		g.z = z
	}
	return g.z.Read(p)
}
