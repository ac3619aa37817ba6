package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"gatewatch/model"
)

// oneHub speaks with one-hub and done-hub. Pages count from 1 and more than 100
// rows are an error; the type parameter is called log_type; failures are not
// logged; the gateway tells how full its limiter is, not a rate. Sources:
// gateways.md §2 to §5, captures/one-hub.
type oneHub struct {
	c       *Client
	tariffs tariffs
}

const (
	oneHubPage = 100
	// oneHubKeeps is how far back done-hub answers for its log; nobody asks a
	// one-hub for more either.
	oneHubKeeps = 180 * day
)

func (o *oneHub) name() string   { return OneHub }
func (o *oneHub) pageSize() int  { return oneHubPage }
func (o *oneHub) perMinute() int { return 300 / 3 }

func (o *oneHub) account(ctx context.Context) (model.Account, error) { return o.c.self(ctx) }

// oneHubRow is a row of the log (one-hub model/log.go).
type oneHubRow struct {
	CreatedAt        number   `json:"created_at"`
	Type             figure   `json:"type"`
	Content          text     `json:"content"`
	Username         text     `json:"username"`
	TokenName        text     `json:"token_name"`
	ModelName        text     `json:"model_name"`
	Quota            figure   `json:"quota"`
	PromptTokens     number   `json:"prompt_tokens"`
	CompletionTokens number   `json:"completion_tokens"`
	ChannelID        number   `json:"channel_id"`
	RequestTime      number   `json:"request_time"` // ms
	IsStream         flag     `json:"is_stream"`
	RequestID        text     `json:"request_id"` // done-hub
	Metadata         embedded `json:"metadata"`
	// Channel is null for a user and an object for an administrator.
	Channel json.RawMessage `json:"channel"`
}

var oneHubKinds = map[number]model.Kind{
	1: model.KindTopUp, 2: model.KindConsume, 3: model.KindManage, 4: model.KindSystem,
}

func (r *oneHubRow) call(shared *tariffs) model.Call {
	call := model.Call{
		At: int64(r.CreatedAt), Kind: oneHubKinds[number(r.Type.V)], Model: intern(r.ModelName), Key: intern(r.TokenName),
		User: intern(r.Username), Quota: model.Quota(r.Quota.V), Prompt: int64(r.PromptTokens), Completion: int64(r.CompletionTokens),
		Took: millis(r.RequestTime), Stream: bool(r.IsStream), RequestID: string(r.RequestID), Detail: intern(r.Content),
	}
	if r.ChannelID > 0 {
		call.Channel = intern(text(strconv.FormatInt(int64(r.ChannelID), 10)))
	}
	var meta oneHubMeta
	r.Metadata.into(&meta)
	call.Group, call.FirstToken, call.Cached = intern(meta.Group), millis(meta.FirstToken), meta.cached()
	if call.Kind == model.KindConsume {
		call.Billing = meta.billing(shared)
	}
	return call
}

// inReach refuses a span that done-hub would refuse.
func (o *oneHub) inReach(span model.Span) error {
	if span.From < o.c.Now().Unix()-oneHubKeeps && span.From > 0 {
		return o.c.unsupported("the log of more than 180 days ago")
	}
	return nil
}

func (o *oneHub) calls(ctx context.Context, q CallsQuery) (CallsPage, error) {
	if err := o.inReach(q.Span); err != nil {
		return CallsPage{}, err
	}
	query := q.values()
	query.Set("page", strconv.Itoa(q.Page+1))
	query.Set("size", strconv.Itoa(oneHubPage))
	rows, err := logPage[oneHubRow](ctx, o.c, q.Scope, query, q.Page*oneHubPage)
	if err != nil {
		return CallsPage{}, err
	}
	out := CallsPage{Calls: make([]model.Call, len(rows.rows)), Total: rows.total, Last: len(rows.rows) < oneHubPage}
	for i := range rows.rows {
		out.Calls[i] = rows.rows[i].call(&o.tariffs)
	}
	if rows.total.OK && int64((q.Page+1)*oneHubPage) >= rows.total.V {
		out.Last = true
	}
	return out, nil
}

func (o *oneHub) count(ctx context.Context, scope model.Scope, span model.Span) (int64, error) {
	if err := o.inReach(span); err != nil {
		return 0, err
	}
	query := between(span)
	query.Set("log_type", "2")
	query.Set("page", "1")
	query.Set("size", "1")
	rows, err := logPage[oneHubRow](ctx, o.c, scope, query, 0)
	if err != nil {
		return 0, err
	}
	return counted(o.c, scope, rows)
}

func (o *oneHub) total(ctx context.Context, scope model.Scope, span model.Span) (model.SpanTotal, error) {
	if err := o.inReach(span); err != nil {
		return model.SpanTotal{}, err
	}
	return o.c.stat(ctx, scope, span, "log_type")
}

// periods asks for today and the seven days before. The gateway sums them up
// every ten minutes, so that today lags.
func (o *oneHub) periods(ctx context.Context, scope model.Scope, _ model.Span) (model.Periods, error) {
	if scope == model.ScopeSite {
		return model.Periods{}, o.c.unsupported("usage per day of the whole site")
	}
	usage, err := o.c.dashboard(ctx)
	if err != nil {
		return model.Periods{}, err
	}
	return model.Periods{Scope: scope, Step: day, Span: o.c.lastDays(8), Usage: usage}, nil
}

func (o *oneHub) keys(ctx context.Context, page int) ([]model.APIKey, bool, error) {
	rows, err := o.c.tokens(ctx, pageAndSize(page), page*oneHubPage)
	return keysOf(rows.rows, false), oneHubMore(page, len(rows.rows), rows.total), err
}

// details asks how full the limiter of requests is: the count of the running
// minute against what the group may. It is no rate (it stays at its value long
// after the last request), hence a field.
func (o *oneHub) details(ctx context.Context) (model.Details, error) {
	const what = "the limiter's fill"
	a, err := o.c.get(ctx, management, "/api/user/dashboard/rate", nil)
	if err != nil {
		return model.Details{}, o.c.optional(what, err)
	}
	var rate struct {
		RPM    figure `json:"rpm"`
		MaxRPM number `json:"maxRPM"`
	}
	if err := o.c.data(a, &rate); err != nil {
		return model.Details{}, err
	}
	if rate.MaxRPM <= 0 || !rate.RPM.OK {
		return model.Details{}, o.c.unsupported(what)
	}
	return model.Details{Fields: []model.Field{{
		Name: "requests at the limiter", Value: fmt.Sprintf("%d of %d a minute", rate.RPM.V, rate.MaxRPM),
	}}}, nil
}

func (o *oneHub) channels(ctx context.Context, page int) ([]model.Channel, bool, error) {
	channels, rows, err := o.c.channelPage(ctx, pageAndSize(page), page*oneHubPage)
	return channels, oneHubMore(page, len(channels), rows.total), err
}

// oneHubMore reports whether a page of so many rows is followed by another.
func oneHubMore(page, rows int, total model.Opt[int64]) bool {
	if total.OK {
		return int64((page+1)*oneHubPage) < total.V
	}
	return rows == oneHubPage
}

func pageAndSize(page int) url.Values {
	return url.Values{"page": {strconv.Itoa(page + 1)}, "size": {strconv.Itoa(oneHubPage)}}
}

func (o *oneHub) atLeast(model.Source) time.Duration { return 0 }

func (o *oneHub) createKey(ctx context.Context, k model.NewKey) (model.APIKey, error) {
	return o.c.createToken(ctx, k)
}

func (o *oneHub) deleteKey(ctx context.Context, id int64) error { return o.c.deleteToken(ctx, id) }
