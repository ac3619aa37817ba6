package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"gatewatch/model"
)

// keyOnly is what an sk- key alone can read, on any of the family: its own
// limit and spending in OpenAI's billing form, and on new-api the key itself and
// its newest calls. Sources: gateways.md §5 "Key-only access", the billing and
// usage captures.
type keyOnly struct {
	c       *Client
	dialect string
	// keyInURL is set for a new-api before 0.10.8, which takes the key of
	// /api/log/token in the address and answers a header with an empty list.
	keyInURL bool

	unitsMu sync.Mutex
	units   model.Currency

	mu   sync.Mutex // held while the list is fetched
	last keyLog

	tariffs tariffs
}

// keyLog is the log as it was fetched last, newest first.
type keyLog struct {
	calls []model.Call
	// upTo is the gateway's second up to which the list is whole.
	upTo int64
	// full is set when there may be older rows than those listed.
	full bool
}

const (
	// noLimit is the limit that the gateways give a key without one.
	noLimit = 100_000_000
	// keyLogRows is the most rows that /api/log/token lists.
	keyLogRows = 1000
	// The two /token endpoints share 20 requests in 20 minutes with the operator's
	// own login: sharedMost is what we take of it, as 4 lists and 2 looks at the key.
	sharedMost   = 6
	sharedWindow = 20 * time.Minute
	keyLogEvery  = 5 * time.Minute
	keyInfoEvery = 10 * time.Minute
)

// keyOnly reports whether there is an API key and no access token.
func (c *Client) keyOnly() bool { return c.opt.APIKey.IsSet() && !c.opt.AccessToken.IsSet() }

func newKeyOnly(c *Client, dialect string, status statusData) *keyOnly {
	v, known := parseVersion(string(status.Version))
	return &keyOnly{
		c: c, dialect: dialect, units: status.currency(),
		keyInURL: known && v.less(version{major: 0, minor: 10, patch: 8}),
	}
}

// spend takes one of the requests that share a counter with the operator's
// login; the one too many is refused here, before it locks a person out.
func (c *Client) spend(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.shared = slices.DeleteFunc(c.shared, func(t time.Time) bool { return now.Sub(t) >= sharedWindow })
	if len(c.shared) >= sharedMost {
		return &StatusError{
			Gateway: c.opt.Name, Path: path, Kind: model.FaultLimited,
			RetryAfter: model.Some(c.shared[0].Add(sharedWindow).Sub(now)),
			Hint:       fmt.Sprintf("not asked: %s shares 20 requests in 20 minutes with the operator's login, and gatewatch takes %d of them", path, sharedMost),
		}
	}
	c.shared = append(c.shared, now)
	return nil
}

func (k *keyOnly) name() string  { return k.dialect }
func (k *keyOnly) pageSize() int { return keyLogRows }

func (k *keyOnly) perMinute() int { return unknownPerMinute }

// account reads the key's limit and what it used. The amounts are in the
// currency that the gateway shows, and are the key's own unless the operator
// switched that off (DisplayTokenStatEnabled).
func (k *keyOnly) account(ctx context.Context) (model.Account, error) {
	var limit struct {
		Hard  *decimal `json:"hard_limit_usd"`
		Until number   `json:"access_until"`
	}
	if err := k.billing(ctx, "subscription", &limit); err != nil {
		return model.Account{}, err
	}
	if limit.Hard == nil {
		return model.Account{}, k.c.unreadable(answer{path: billingPath + "subscription"}, errors.New("it has no hard_limit_usd"))
	}
	var usage struct {
		Total *decimal `json:"total_usage"` // hundredths
	}
	if err := k.billing(ctx, "usage", &usage); err != nil {
		return model.Account{}, err
	}
	if usage.Total == nil {
		return model.Account{}, k.c.unreadable(answer{path: billingPath + "usage"}, errors.New("it has no total_usage"))
	}
	out := model.Account{Enabled: true, Role: model.RoleUser, Used: model.Some(k.quota(float64(*usage.Total) / 100)), Others: []model.Field{{
		Name: "whose figures", Value: "the API key's; the whole account's where the operator shows no figures of keys",
	}}}
	switch *limit.Hard {
	case noLimit:
		out.Unlimited = true
		if k.dialect == OneAPI && out.Used.V == 0 {
			out.Used = model.Opt[model.Quota]{} // it does not count what such a key spends
		}
	default:
		// Each is rounded to the unit before they are subtracted, since the limit is
		// the sum of two whole numbers.
		out.Quota = model.Some(k.quota(float64(*limit.Hard)) - out.Used.V)
	}
	if limit.Until > 0 {
		out.Others = append(out.Others, model.Field{Name: "key expires", At: model.Some(int64(limit.Until))})
	}
	return out, nil
}

// setUnits follows the currency that the gateway shows.
func (k *keyOnly) setUnits(c model.Currency) {
	k.unitsMu.Lock()
	defer k.unitsMu.Unlock()
	k.units = c
}

// quota converts an amount; one beyond any integer is cut to it.
func (k *keyOnly) quota(amount float64) model.Quota {
	k.unitsMu.Lock()
	defer k.unitsMu.Unlock()
	if q := amount / k.units.Amount(1); math.Abs(q) < 1<<62 {
		return model.Quota(math.Round(q))
	}
	return model.Quota(math.Copysign(1<<62, amount))
}

const billingPath = "/v1/dashboard/billing/"

func (k *keyOnly) billing(ctx context.Context, what string, v any) error {
	a, err := k.c.get(ctx, relayKey, billingPath+what, nil)
	if err == nil {
		err = k.c.plain(a, v)
	}
	return ofKey(err)
}

// ofKey puts the advice of an API key on an error that speaks of a credential.
func ofKey(err error) error {
	var e *StatusError
	if errors.As(err, &e) && e.Kind == model.FaultUnauthorised {
		e.Hint = "check api_key: it is wrong, disabled, expired or used up; an access token would show more"
	}
	return err
}

// errNeedsToken is the cause of what a key cannot read.
var errNeedsToken = fmt.Errorf("only an API key is set: %w", errors.ErrUnsupported)

// needsToken is the error of what a key cannot read.
func (k *keyOnly) needsToken(what string) error {
	return &StatusError{
		Gateway: k.c.opt.Name, Path: what, Kind: model.FaultUnsupported, Err: errNeedsToken,
		Hint: "only an API key is set; with an access token it is read where the gateway has it",
	}
}

// calls serves the query from one list of the newest rows, which is fetched anew
// when it ends before the query does.
func (k *keyOnly) calls(ctx context.Context, q CallsQuery) (CallsPage, error) {
	if k.dialect != NewAPI || q.Scope == model.ScopeSite {
		return CallsPage{}, k.needsToken("the log")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if q.Span.To > k.last.upTo {
		if err := k.fetch(ctx); err != nil {
			return CallsPage{}, err
		}
	}
	if n := len(k.last.calls); k.last.full && n > 0 && q.Span.From <= k.last.calls[n-1].At {
		return CallsPage{}, k.needsToken(fmt.Sprintf("calls older than the newest %d of a key", n))
	}
	page := CallsPage{Last: true}
	for _, c := range k.last.calls {
		if q.Span.Has(c.At) && q.Page == 0 && (q.Key == "" || q.Key == c.Key) {
			page.Calls = append(page.Calls, c)
		}
	}
	return page, nil
}

func (k *keyOnly) fetch(ctx context.Context) error {
	const path = "/api/log/token"
	if err := k.c.spend(path); err != nil {
		return err
	}
	var query url.Values
	if k.keyInURL {
		query = url.Values{"key": {k.c.opt.APIKey.Reveal()}}
	}
	upTo := k.c.Now().Unix() - 1 // the running second may still grow
	a, err := k.c.get(ctx, relayKey, path, query)
	if err != nil {
		return ofKey(k.c.optional("the log of a key", err))
	}
	rows, err := rowsOf[newAPIRow](k.c, a, 0)
	if err != nil {
		return err
	}
	k.last = keyLog{upTo: upTo, full: !k.keyInURL && len(rows.rows) >= keyLogRows}
	if n := len(rows.rows); n > 1 && rows.rows[0].CreatedAt < rows.rows[n-1].CreatedAt {
		slices.Reverse(rows.rows) // 0.6 lists them oldest first
	}
	for i := range rows.rows {
		k.last.calls = append(k.last.calls, rows.rows[i].call(newAPIKinds, &k.tariffs))
	}
	slices.SortStableFunc(k.last.calls, func(a, b model.Call) int { return cmp.Compare(b.At, a.At) })
	return nil
}

func (k *keyOnly) count(context.Context, model.Scope, model.Span) (int64, error) {
	return 0, k.needsToken("a count of the log's rows")
}

func (k *keyOnly) total(context.Context, model.Scope, model.Span) (model.SpanTotal, error) {
	return model.SpanTotal{}, k.needsToken("a sum over a span")
}

func (k *keyOnly) periods(context.Context, model.Scope, model.Span) (model.Periods, error) {
	return model.Periods{}, k.needsToken("usage per day")
}

// keys is the one key, where the gateway tells of it (new-api from 0.9 on; the
// answer has code where others have success).
func (k *keyOnly) keys(ctx context.Context, _ int) ([]model.APIKey, bool, error) {
	const path = "/api/usage/token/"
	if k.dialect != NewAPI {
		return nil, false, k.needsToken("the keys")
	}
	if err := k.c.spend(path); err != nil {
		return nil, false, err
	}
	a, err := k.c.get(ctx, relayKey, path, nil)
	if err != nil {
		return nil, false, ofKey(k.c.optional("the key's own figures", err))
	}
	var data struct {
		Name      text            `json:"name"`
		Used      figure          `json:"total_used"`
		Available figure          `json:"total_available"` // negative for a key without a limit
		Unlimited flag            `json:"unlimited_quota"`
		Limited   flag            `json:"model_limits_enabled"`
		Models    map[string]flag `json:"model_limits"`
		Expires   number          `json:"expires_at"` // 0 never
	}
	if err := k.c.data(a, &data); err != nil {
		return nil, false, err
	}
	if !data.Available.OK && !bool(data.Unlimited) {
		return nil, false, k.c.unreadable(a, errors.New("it has no total_available"))
	}
	key := model.APIKey{
		Name: string(data.Name), Status: model.KeyEnabled, Masked: maskKey(k.c.opt.APIKey.Reveal()),
		Unlimited: bool(data.Unlimited), Remaining: model.Quota(data.Available.V), Used: data.Used.quota(),
	}
	if data.Expires > 0 {
		key.Expires = model.Some(int64(data.Expires))
	}
	if data.Limited {
		key.Models = slices.Sorted(maps.Keys(data.Models))
	}
	return []model.APIKey{key}, false, nil
}

// details lists the models that the key may use.
func (k *keyOnly) details(ctx context.Context) (model.Details, error) {
	a, err := k.c.get(ctx, relayKey, "/v1/models", nil)
	if err != nil {
		return model.Details{}, ofKey(err)
	}
	var page list[modelName]
	if err := k.c.plain(a, &page); err != nil {
		return model.Details{}, err
	}
	names := namesOf(page.rows)
	slices.Sort(names)
	fields := append([]model.Field{{Name: "models", Value: strconv.Itoa(len(names))}}, modelFields(names)...)
	return model.Details{Fields: fields}, nil
}

func (k *keyOnly) channels(context.Context, int) ([]model.Channel, bool, error) {
	return nil, false, k.needsToken("the channels of the site")
}

// atLeast shares sharedMost among the two sources: 4 + 2 in 20 minutes.
func (k *keyOnly) atLeast(src model.Source) time.Duration {
	switch src {
	case model.SourceCalls:
		return keyLogEvery
	case model.SourceKeys:
		return keyInfoEvery
	}
	return 0
}
