// Package gateway speaks with gateways of the one-api family: one HTTP client
// with one helper each for reads and for commands, and one file per dialect.
// Every answer is normalised to the model's types while it is decoded; secrets in
// answers are dropped or masked in the same step. Every request has one kind of
// error, *StatusError.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unique"

	"gatewatch/model"
)

// The dialects.
const (
	OneAPI   = "one-api"
	NewAPI   = "new-api"
	OneHub   = "one-hub"
	Veloera  = "veloera"
	ShellAPI = "shell-api"
	VAPI     = "v-api"
	AIHubMix = "aihubmix"
	OpenCatD = "opencatd"
)

// Dialects lists every dialect.
func Dialects() []string {
	return []string{OneAPI, NewAPI, OneHub, Veloera, ShellAPI, VAPI, AIHubMix, OpenCatD}
}

// Auto asks for the dialect to be found out.
const Auto = "auto"

// CallsQuery asks for one page of the log over a closed span.
type CallsQuery struct {
	Scope model.Scope
	Span  model.Span
	// Page counts from 0, whatever the gateway counts from.
	Page int
	// Key limits the log to the API keys of that name; "" is all. KeyText does the
	// same by the key itself, for Shell-API, whose names are not unique.
	Key     string
	KeyText Secret
}

// values is the query of the family for q, without its page.
func (q CallsQuery) values() url.Values {
	query := between(q.Span)
	if q.Key != "" {
		query.Set("token_name", q.Key)
	}
	return query
}

// CallsPage is one page of the log, newest row first.
type CallsPage struct {
	Calls []model.Call
	// Total is the rows that the whole span has, unknown where the gateway does
	// not say.
	Total model.Opt[int64]
	// Last is set when no page follows.
	Last bool
}

// dialect is what differs between the families. Each method is one request;
// what a gateway lacks is errors.ErrUnsupported.
type dialect interface {
	name() string
	// pageSize is the rows on a full page of the log.
	pageSize() int
	// perMinute is the dialect's own rate limit in requests per minute.
	perMinute() int
	account(ctx context.Context) (model.Account, error)
	calls(ctx context.Context, q CallsQuery) (CallsPage, error)
	count(ctx context.Context, scope model.Scope, span model.Span) (int64, error)
	total(ctx context.Context, scope model.Scope, span model.Span) (model.SpanTotal, error)
	periods(ctx context.Context, scope model.Scope, span model.Span) (model.Periods, error)
	keys(ctx context.Context, page int) (keys []model.APIKey, more bool, err error)
	// details asks what hardly changes: subscriptions, the site's own health.
	details(ctx context.Context) (model.Details, error)
	// channels asks for one page of the upstream channels, for administrators.
	channels(ctx context.Context, page int) (channels []model.Channel, more bool, err error)
	// atLeast is the shortest interval at which a source may be asked, 0 where the
	// request budget is the only bound.
	atLeast(src model.Source) time.Duration
}

// Gateway is one gateway that is spoken to in its dialect. It is safe for
// concurrent use.
type Gateway struct {
	c *Client

	mu    sync.Mutex
	d     dialect
	found model.Found
	// version and started are those the dialect was found for.
	version string
	started int64
	// told is set once /api/status was read.
	told bool
}

// Open returns a gateway for the options. It asks nothing yet: the dialect is
// found by the first Status.
func Open(opt Options) (*Gateway, error) {
	c, err := NewClient(opt)
	if err != nil {
		return nil, err
	}
	g := &Gateway{c: c}
	if opt.Dialect != "" && opt.Dialect != Auto {
		d, err := newDialect(c, opt.Dialect, statusData{})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", opt.Name, err)
		}
		g.d, g.found = d, g.becauseOf(model.Found{Dialect: opt.Dialect, Why: "set in the configuration"})
	}
	return g, nil
}

// newDialect makes the dialect of that name, as status (which may be empty)
// describes the gateway.
func newDialect(c *Client, name string, status statusData) (dialect, error) {
	if c.keyOnly() && name != OpenCatD {
		return newKeyOnly(c, name, status), nil
	}
	switch name {
	case OneAPI:
		c.auth.prefer(false, false)
		return &oneAPI{c: c}, nil
	case NewAPI:
		c.auth.prefer(false, false, "New-Api-User")
		return newNewAPI(c, status), nil
	case OneHub:
		c.auth.prefer(false, false)
		return &oneHub{c: c}, nil
	case Veloera:
		c.auth.prefer(false, false, "Veloera-User")
		return newVeloera(c, status), nil
	case ShellAPI:
		c.auth.prefer(true, false, "Rix-Api-User")
		return &shellAPI{c: c}, nil
	case VAPI:
		c.auth.prefer(false, false, "X-Api-User")
		return newVAPI(c), nil
	case AIHubMix:
		c.auth.prefer(true, false)
		return &aiHubMix{c: c}, nil
	case OpenCatD:
		c.auth.prefer(false, true)
		c.auth.oneToken()
		return newOpenCatD(c), nil
	}
	return nil, fmt.Errorf("there is no dialect %q: use auto, %s", name, strings.Join(Dialects(), ", "))
}

// Found returns the dialect in use and why; it is empty before the first Status.
func (g *Gateway) Found() model.Found {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.found
}

// errNotFound is the state before the first good Status.
var errNotFound = errors.New("the dialect is not known yet")

func (g *Gateway) dialect() (dialect, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.d == nil {
		return nil, fmt.Errorf("%s: %w", g.c.opt.Name, errNotFound)
	}
	return g.d, nil
}

// Ready reports whether the dialect is known.
func (g *Gateway) Ready() bool {
	_, err := g.dialect()
	return err == nil
}

// PageSize is the rows on a full page of the log; 0 before the dialect is known.
func (g *Gateway) PageSize() int {
	if d, err := g.dialect(); err == nil {
		return d.pageSize()
	}
	return 0
}

// unknownPerMinute is the budget's basis before the dialect is known: it gives
// 20 requests a minute.
const unknownPerMinute = 40

// PerMinute is the gateway's own limit of requests per minute and client
// address, as far as the dialect is known.
func (g *Gateway) PerMinute() int {
	if d, err := g.dialect(); err == nil {
		return d.perMinute()
	}
	return unknownPerMinute
}

// Account asks for the account and its balance.
func (g *Gateway) Account(ctx context.Context) (model.Account, error) {
	d, err := g.dialect()
	if err != nil {
		return model.Account{}, err
	}
	return d.account(ctx)
}

// Calls asks for one page of the log.
func (g *Gateway) Calls(ctx context.Context, q CallsQuery) (CallsPage, error) {
	d, err := g.dialect()
	if err != nil {
		return CallsPage{}, err
	}
	if q.KeyText.IsSet() && d.name() != ShellAPI {
		return CallsPage{}, g.c.unsupported("the log of one key, by the key itself")
	}
	return d.calls(ctx, q)
}

// Count asks how many consume rows span has.
func (g *Gateway) Count(ctx context.Context, scope model.Scope, span model.Span) (int64, error) {
	d, err := g.dialect()
	if err != nil {
		return 0, err
	}
	return d.count(ctx, scope, span)
}

// Total asks for the gateway's own sum over span and the rates beside it.
func (g *Gateway) Total(ctx context.Context, scope model.Scope, span model.Span) (model.SpanTotal, error) {
	d, err := g.dialect()
	if err != nil {
		return model.SpanTotal{}, err
	}
	return d.total(ctx, scope, span)
}

// Periods asks for the gateway's own usage per model and hour or UTC day. The
// span that comes back may be another than the one asked for.
func (g *Gateway) Periods(ctx context.Context, scope model.Scope, span model.Span) (model.Periods, error) {
	d, err := g.dialect()
	if err != nil {
		return model.Periods{}, err
	}
	return d.periods(ctx, scope, span)
}

// Keys asks for one page of the account's API keys, counted from 0.
func (g *Gateway) Keys(ctx context.Context, page int) (keys []model.APIKey, more bool, err error) {
	d, err := g.dialect()
	if err != nil {
		return nil, false, err
	}
	return d.keys(ctx, page)
}

// Details asks for what hardly changes: subscriptions, the site's own health.
func (g *Gateway) Details(ctx context.Context) (model.Details, error) {
	d, err := g.dialect()
	if err != nil {
		return model.Details{}, err
	}
	return d.details(ctx)
}

// Channels asks for one page of the site's upstream channels, counted from 0;
// for administrators.
func (g *Gateway) Channels(ctx context.Context, page int) (channels []model.Channel, more bool, err error) {
	d, err := g.dialect()
	if err != nil {
		return nil, false, err
	}
	return d.channels(ctx, page)
}

// AtLeast is the shortest interval at which a source may be asked, 0 where the
// request budget is the only bound.
func (g *Gateway) AtLeast(src model.Source) time.Duration {
	if d, err := g.dialect(); err == nil {
		return d.atLeast(src)
	}
	return 0
}

// unsupported is the error for something a dialect lacks.
func (c *Client) unsupported(what string) error {
	return &StatusError{Gateway: c.opt.Name, Path: what, Kind: model.FaultUnsupported, Err: errors.ErrUnsupported}
}

// optional turns "unknown path" into ErrUnsupported, for endpoints that not
// every version has.
func (c *Client) optional(what string, err error) error {
	var e *StatusError
	if errors.As(err, &e) && e.Kind == model.FaultNotGateway && e.Code == 404 {
		return c.unsupported(what)
	}
	return err
}

// between is a query for a closed span of seconds. Both ends are always sent: a
// query without them walks the whole table.
func between(span model.Span) url.Values {
	return url.Values{
		"start_timestamp": {strconv.FormatInt(span.From, 10)},
		"end_timestamp":   {strconv.FormatInt(span.To, 10)},
	}
}

// intern makes equal names share their memory: a page repeats a few names a
// hundred times.
func intern(t text) string { return unique.Make(string(t)).Value() }

// millis is a duration in ms, unknown unless positive.
func millis(n number) model.Opt[time.Duration] {
	if n <= 0 {
		return model.Opt[time.Duration]{}
	}
	return model.Some(time.Duration(n) * time.Millisecond)
}

// Skew is the gateway's clock minus ours; see Client.Skew.
func (g *Gateway) Skew() model.Opt[time.Duration] { return g.c.Skew() }
