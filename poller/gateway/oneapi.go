package gateway

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"gatewatch/model"
)

// oneAPI speaks with songquanpeng/one-api. Pages hold 10 rows, count from 0 and
// nothing changes that; a page tells no total; failures are not logged; rates
// are not reported. Sources: gateways.md §2 to §5, captures/one-api.
type oneAPI struct {
	c       *Client
	tariffs tariffs
}

const oneAPIPage = 10

func (o *oneAPI) name() string   { return OneAPI }
func (o *oneAPI) pageSize() int  { return oneAPIPage }
func (o *oneAPI) perMinute() int { return 480 / 3 }

func (o *oneAPI) account(ctx context.Context) (model.Account, error) {
	return o.c.self(ctx)
}

// oneAPIRow is a row of the log (one-api model/log.go).
type oneAPIRow struct {
	CreatedAt        number `json:"created_at"`
	Type             figure `json:"type"`
	Content          text   `json:"content"`
	Username         text   `json:"username"`
	TokenName        text   `json:"token_name"`
	ModelName        text   `json:"model_name"`
	Quota            figure `json:"quota"`
	PromptTokens     number `json:"prompt_tokens"`
	CompletionTokens number `json:"completion_tokens"`
	Channel          text   `json:"channel"`
	RequestID        text   `json:"request_id"`
	ElapsedTime      number `json:"elapsed_time"` // ms; 0 on rows from before it was measured
	IsStream         flag   `json:"is_stream"`
}

// oneAPIKinds are one-api's row types: its 5 is a channel test.
var oneAPIKinds = map[number]model.Kind{
	1: model.KindTopUp, 2: model.KindConsume, 3: model.KindManage, 4: model.KindSystem, 5: model.KindTest,
}

func (r *oneAPIRow) call(shared *tariffs) model.Call {
	call := model.Call{
		At: int64(r.CreatedAt), Kind: oneAPIKinds[number(r.Type.V)], Model: intern(r.ModelName), Key: intern(r.TokenName),
		User: intern(r.Username), Channel: intern(r.Channel), Quota: model.Quota(r.Quota.V),
		Prompt: int64(r.PromptTokens), Completion: int64(r.CompletionTokens),
		Took: millis(r.ElapsedTime), Stream: bool(r.IsStream), RequestID: string(r.RequestID), Detail: intern(r.Content),
	}
	if call.Kind == model.KindConsume {
		call.Billing = oneAPIBilling(call.Detail, shared)
	}
	return call
}

func (o *oneAPI) calls(ctx context.Context, q CallsQuery) (CallsPage, error) {
	query := q.values()
	query.Set("p", strconv.Itoa(q.Page))
	page, err := logPage[oneAPIRow](ctx, o.c, q.Scope, query, q.Page*oneAPIPage)
	if err != nil {
		return CallsPage{}, err
	}
	out := CallsPage{Calls: make([]model.Call, len(page.rows)), Last: len(page.rows) < oneAPIPage}
	for i := range page.rows {
		out.Calls[i] = page.rows[i].call(&o.tariffs)
	}
	return out, nil
}

func (o *oneAPI) count(context.Context, model.Scope, model.Span) (int64, error) {
	return 0, o.c.unsupported("a count of the log's rows")
}

func (o *oneAPI) total(ctx context.Context, scope model.Scope, span model.Span) (model.SpanTotal, error) {
	return o.c.stat(ctx, scope, span, "type")
}

// periods asks for the last seven UTC days.
func (o *oneAPI) periods(ctx context.Context, scope model.Scope, _ model.Span) (model.Periods, error) {
	if scope == model.ScopeSite {
		return model.Periods{}, o.c.unsupported("usage per day of the whole site")
	}
	usage, err := o.c.dashboard(ctx)
	if err != nil {
		return model.Periods{}, err
	}
	return model.Periods{Scope: scope, Step: day, Span: o.c.lastDays(7), Usage: usage}, nil
}

func (o *oneAPI) keys(ctx context.Context, page int) ([]model.APIKey, bool, error) {
	rows, err := o.c.tokens(ctx, url.Values{"p": {strconv.Itoa(page)}}, page*oneAPIPage)
	if err != nil {
		return nil, false, err
	}
	return keysOf(rows.rows, false), len(rows.rows) == oneAPIPage, nil
}

func (o *oneAPI) details(context.Context) (model.Details, error) {
	return model.Details{}, o.c.unsupported("subscriptions")
}

func (o *oneAPI) channels(ctx context.Context, page int) ([]model.Channel, bool, error) {
	channels, _, err := o.c.channelPage(ctx, url.Values{"p": {strconv.Itoa(page)}}, page*oneAPIPage)
	return channels, len(channels) == oneAPIPage, err
}

func (o *oneAPI) atLeast(model.Source) time.Duration { return 0 }

func (o *oneAPI) createKey(ctx context.Context, k model.NewKey) (model.APIKey, error) {
	return o.c.createToken(ctx, k)
}

func (o *oneAPI) deleteKey(ctx context.Context, id int64) error { return o.c.deleteToken(ctx, id) }
