package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatewatch/model"
)

// openCatD speaks with opencatd. It has no balance, no log and no models, only
// what each user cost per UTC day; one token serves for everything, and all but
// /1/me is for the root user. Its users take the place of keys. Tokens and
// provider keys come in clear and are masked while they are decoded. Sources: the
// seed, gateways.md §9.4, captures/opencatd.
type openCatD struct {
	c *Client
	// known is set once /1/me took the token: a 401 elsewhere then means that it is
	// not the root user's.
	known atomic.Bool

	mu   sync.Mutex
	past map[int64]model.Quota // what a UTC day cost, by its first second, once it is over
}

// microDollars is the unit of money here: cost is a string in dollars with six
// decimals.
const microDollars = 1_000_000

const (
	// maxCatDays bounds the days that one call asks for.
	maxCatDays = 10
	// catSettles is how long after its end a day may still grow, in seconds: calls
	// are booked on the day they end, and written a moment later.
	catSettles = 600
)

func newOpenCatD(c *Client) *openCatD {
	return &openCatD{c: c, past: map[int64]model.Quota{}}
}

func (o *openCatD) name() string  { return OpenCatD }
func (o *openCatD) pageSize() int { return 0 }

// perMinute is a courtesy: opencatd has no limit.
func (o *openCatD) perMinute() int { return 120 }

// record is a row with its exact field names: opencatd sends ID beside id and
// CreatedAt beside createdAt, which encoding/json would take for the same.
type record map[string]json.RawMessage

func field[T any](r record, name string) (v T) {
	_ = json.Unmarshal(r[name], &v)
	return v
}

// second is a time in RFC 3339 as Unix time, unknown when it is none or the year
// 1 of a row that was never touched.
func (r record) second(name string) model.Opt[int64] {
	t, err := time.Parse(time.RFC3339, string(field[text](r, name)))
	if err != nil || t.Unix() <= 0 {
		return model.Opt[int64]{}
	}
	return model.Some(t.Unix())
}

// get asks with the one token.
func (o *openCatD) get(ctx context.Context, path string, query url.Values, v any) error {
	a, err := o.c.get(ctx, management, path, query)
	if err == nil {
		err = o.c.plain(a, v)
	}
	return o.role(path, err)
}

// rows asks for a list. A row without a field is none: read as one it would be a
// user without a cost.
func (o *openCatD) rows(ctx context.Context, path string, query url.Values, rows *[]record) error {
	if err := o.get(ctx, path, query, rows); err != nil {
		return err
	}
	if slices.ContainsFunc(*rows, func(r record) bool { return len(r) == 0 }) {
		return o.c.unreadable(answer{path: path}, errors.New("a row is empty"))
	}
	return nil
}

// role tells a token that is wrong from one that is not the root user's, which
// the gateway does not.
func (o *openCatD) role(path string, err error) error {
	var e *StatusError
	if errors.As(err, &e) && e.Kind == model.FaultUnauthorised && path != "/1/me" && o.known.Load() {
		e.Kind, e.Hint = model.FaultForbidden, "opencatd shows users, costs and keys to its root user alone"
	}
	return err
}

// status is what there is to know: that the gateway takes the token, and the
// unit of money.
func (o *openCatD) status(ctx context.Context) (model.Status, error) {
	if _, err := o.account(ctx); err != nil {
		return model.Status{}, err
	}
	return model.Status{SystemName: "opencatd", Currency: model.Currency{PerUnit: microDollars}}, nil
}

func (o *openCatD) account(ctx context.Context) (model.Account, error) {
	var me record
	if err := o.get(ctx, "/1/me", nil, &me); err != nil {
		return model.Account{}, err
	}
	id := int64(field[number](me, "id"))
	if id == 0 {
		return model.Account{}, &StatusError{
			Gateway: o.c.opt.Name, Path: "/1/me", Kind: model.FaultBadAnswer, Code: 200, Hint: "it names no user: is this an opencatd?",
		}
	}
	o.known.Store(true)
	a := model.Account{ID: id, Username: string(field[text](me, "name")), Role: model.RoleUser, Enabled: true}
	if id == 1 { // the first user, whom /1/users/init creates
		a.Role = model.RoleRoot
	}
	if at := me.second("createdAt"); at.OK {
		a.Others = append(a.Others, model.Field{Name: "registered", At: at})
	}
	if at := me.second("updatedAt"); at.OK {
		a.Others = append(a.Others, model.Field{Name: "last changed", At: at})
	}
	return a, nil
}

// costs asks what every user cost from a UTC day on up to, but not including,
// another. Users without cost are missing; a row without a user is relaying that
// belongs to nobody (user 0).
func (o *openCatD) costs(ctx context.Context, from, to time.Time) (map[int64]model.Quota, error) {
	var rows []record
	query := url.Values{"from": {from.UTC().Format(time.DateOnly)}, "to": {to.UTC().Format(time.DateOnly)}}
	if err := o.rows(ctx, "/1/usages", query, &rows); err != nil {
		return nil, err
	}
	out := map[int64]model.Quota{}
	for _, r := range rows {
		cost, err := parseMicro(string(field[text](r, "cost")))
		if err != nil {
			return nil, &StatusError{Gateway: o.c.opt.Name, Path: "/1/usages", Kind: model.FaultBadAnswer, Err: err}
		}
		out[int64(field[number](r, "userId"))] += cost
	}
	return out, nil
}

// day asks for the sum over all users of one UTC day.
func (o *openCatD) day(ctx context.Context, from int64) (model.Quota, error) {
	costs, err := o.costs(ctx, time.Unix(from, 0), time.Unix(from+day, 0))
	var sum model.Quota
	for _, c := range costs {
		sum += c
	}
	return sum, err
}

func (o *openCatD) calls(context.Context, CallsQuery) (CallsPage, error) {
	return CallsPage{}, o.c.unsupported("the log")
}

func (o *openCatD) count(context.Context, model.Scope, model.Span) (int64, error) {
	return 0, o.c.unsupported("a count of the log's rows")
}

// total answers for whole UTC days alone: the gateway knows nothing smaller.
func (o *openCatD) total(ctx context.Context, scope model.Scope, span model.Span) (model.SpanTotal, error) {
	if span.Empty() || span.From%day != 0 || (span.To+1)%day != 0 {
		return model.SpanTotal{}, o.c.unsupported("a sum over less than a UTC day")
	}
	costs, err := o.costs(ctx, time.Unix(span.From, 0), time.Unix(span.To+1, 0))
	if err != nil {
		return model.SpanTotal{}, err
	}
	out := model.SpanTotal{Scope: scope, Span: span}
	for _, c := range costs {
		out.Quota += c
	}
	return out, nil
}

// periods asks for today and for the days before that were not asked for yet,
// newest first, at most maxCatDays of them: the span that comes back grows from
// call to call. The sums are those of all users in either scope, since the root
// user's token is the whole gateway's.
func (o *openCatD) periods(ctx context.Context, scope model.Scope, span model.Span) (model.Periods, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.c.Now().Unix()
	to := min(span.To, now)
	out := model.Periods{Scope: scope, Step: day, Span: model.Span{From: to - to%day, To: to}}
	asked := 0
	for from := to - to%day; from > span.From-day; from -= day {
		cost, known := o.past[from]
		if !known {
			if asked++; asked > maxCatDays {
				break
			}
			var err error
			if cost, err = o.day(ctx, from); err != nil {
				return model.Periods{}, err
			}
			if from+day+catSettles <= now {
				o.past[from] = cost
			}
		}
		out.Span.From = from
		out.Usage = append(out.Usage, model.PeriodUsage{From: from, To: from + day - 1, Quota: cost, Uncounted: true})
	}
	return out, nil
}

// keys are the users. Used is what they cost in this UTC calendar month, the only
// sum that means the same every time it is asked for.
func (o *openCatD) keys(ctx context.Context, _ int) ([]model.APIKey, bool, error) {
	var rows []record
	if err := o.rows(ctx, "/1/users", nil, &rows); err != nil {
		return nil, false, err
	}
	now := o.c.Now().UTC()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	costs, err := o.costs(ctx, month, month.AddDate(0, 1, 0))
	if err != nil {
		return nil, false, err
	}
	keys := make([]model.APIKey, len(rows))
	for i, r := range rows {
		keys[i] = userKey(r)
		keys[i].Used = model.Some(costs[keys[i].ID])
	}
	return keys, false, nil
}

func userKey(r record) model.APIKey {
	k := model.APIKey{
		ID: int64(field[number](r, "id")), Name: string(field[text](r, "name")), Status: model.KeyEnabled, Unlimited: true,
		Masked: maskPlain(string(field[text](r, "token"))), Created: r.second("createdAt"),
	}
	if bool(field[flag](r, "IsDelete")) {
		k.Status = model.KeyDisabled
	}
	return k
}

func (o *openCatD) details(context.Context) (model.Details, error) {
	return model.Details{}, o.c.unsupported("subscriptions and the site's own health")
}

// channels are the provider keys.
func (o *openCatD) channels(ctx context.Context, _ int) ([]model.Channel, bool, error) {
	var rows []record
	if err := o.rows(ctx, "/1/keys", nil, &rows); err != nil {
		return nil, false, err
	}
	channels := make([]model.Channel, len(rows))
	for i, r := range rows {
		channels[i] = model.Channel{
			ID: int64(field[number](r, "id")), Name: string(field[text](r, "name")), Type: string(field[text](r, "ApiType")),
			Endpoint: hostOf(string(field[text](r, "EndPoint"))), Status: model.ChannelEnabled,
			Masked: maskPlain(string(field[text](r, "key"))), Created: r.second("createdAt"),
		}
	}
	return channels, false, nil
}

func (o *openCatD) atLeast(model.Source) time.Duration { return 0 }

// command sends what changes something. A bare {"error":…} with HTTP 200 is a
// refusal.
func (o *openCatD) command(ctx context.Context, method, path string, body any) (record, error) {
	a, err := o.c.send(ctx, management, method, path, body)
	var r record
	if err == nil {
		err = o.c.plain(a, &r)
	}
	return r, o.role(path, err)
}

func (o *openCatD) createKey(ctx context.Context, k model.NewKey) (model.APIKey, error) {
	r, err := o.command(ctx, http.MethodPost, "/1/users", map[string]string{"name": k.Name})
	if err != nil {
		return model.APIKey{}, err
	}
	return userKey(r), nil
}

func (o *openCatD) deleteKey(ctx context.Context, id int64) error {
	if id <= 1 {
		return fmt.Errorf("%s: the root user cannot be deleted", o.c.opt.Name)
	}
	_, err := o.command(ctx, http.MethodDelete, fmt.Sprintf("/1/users/%d", id), nil)
	return err
}

func (o *openCatD) resetUser(ctx context.Context, id int64) error {
	_, err := o.command(ctx, http.MethodPost, fmt.Sprintf("/1/users/%d/reset", id), nil)
	return err
}

func (o *openCatD) addProviderKey(ctx context.Context, k ProviderKey) error {
	_, err := o.command(ctx, http.MethodPost, "/1/keys", map[string]string{
		"key": k.Key.Reveal(), "name": k.Name, "api_type": k.Type, "endpoint": k.Endpoint,
	})
	return err
}

func (o *openCatD) deleteProviderKey(ctx context.Context, id int64) error {
	_, err := o.command(ctx, http.MethodDelete, fmt.Sprintf("/1/keys/%d", id), nil)
	return err
}

// initRoot needs no credential: there is none yet.
func (o *openCatD) initRoot(ctx context.Context) (Secret, error) {
	a, err := o.c.send(ctx, anonymous, http.MethodPost, "/1/users/init", nil)
	if err != nil {
		return Secret{}, err
	}
	var r record
	if err := o.c.plain(a, &r); err != nil {
		return Secret{}, err
	}
	token := NewSecret(string(field[text](r, "token")))
	if !token.IsSet() {
		return Secret{}, o.c.unreadable(a, errors.New("it holds no token"))
	}
	return token, nil
}
