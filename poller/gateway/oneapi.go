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
type oneAPI struct{ c *Client }

const oneAPIPage = 10

func (o *oneAPI) name() string   { return OneAPI }
func (o *oneAPI) pageSize() int  { return oneAPIPage }
func (o *oneAPI) perMinute() int { return 480 / 3 }

func (o *oneAPI) account(ctx context.Context) (model.Account, error) {
	return o.c.self(ctx, nil)
}

// oneAPIRow is a row of the log (one-api model/log.go).
type oneAPIRow struct {
	CreatedAt        number `json:"created_at"`
	Type             number `json:"type"`
	Content          text   `json:"content"`
	Username         text   `json:"username"`
	TokenName        text   `json:"token_name"`
	ModelName        text   `json:"model_name"`
	Quota            number `json:"quota"`
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

func (r *oneAPIRow) call() model.Call {
	return model.Call{
		At: int64(r.CreatedAt), Kind: oneAPIKinds[r.Type], Model: intern(r.ModelName), Key: intern(r.TokenName),
		User: intern(r.Username), Channel: intern(r.Channel), Quota: model.Quota(r.Quota),
		Prompt: int64(r.PromptTokens), Completion: int64(r.CompletionTokens),
		Took: millis(r.ElapsedTime), Stream: bool(r.IsStream), RequestID: string(r.RequestID), Detail: intern(r.Content),
	}
}

func (o *oneAPI) calls(ctx context.Context, q CallsQuery) (CallsPage, error) {
	query := between(q.Span)
	query.Set("p", strconv.Itoa(q.Page))
	a, err := o.c.get(ctx, management, "/api/log/self", query, nil)
	if err != nil {
		return CallsPage{}, err
	}
	var page list[oneAPIRow]
	if err := o.c.data(a, &page); err != nil {
		return CallsPage{}, err
	}
	out := CallsPage{Calls: make([]model.Call, len(page.rows)), Last: len(page.rows) < oneAPIPage}
	for i := range page.rows {
		out.Calls[i] = page.rows[i].call()
	}
	return out, nil
}

func (o *oneAPI) count(context.Context, model.Scope, model.Span) (int64, error) {
	return 0, o.c.unsupported("a count of the log's rows")
}

func (o *oneAPI) total(ctx context.Context, scope model.Scope, span model.Span) (model.SpanTotal, error) {
	query := between(span)
	query.Set("type", "2")
	a, err := o.c.get(ctx, management, "/api/log/self/stat", query, nil)
	if err != nil {
		return model.SpanTotal{}, err
	}
	var stat struct {
		Quota number `json:"quota"`
	}
	if err := o.c.data(a, &stat); err != nil {
		return model.SpanTotal{}, err
	}
	return model.SpanTotal{Scope: scope, Span: span, Quota: model.Quota(stat.Quota)}, nil
}

const day = 86400

// periods asks for the last seven UTC days; the gateway takes no range. Its rows
// have no JSON tags, hence the capitals (one-api model/log.go).
func (o *oneAPI) periods(ctx context.Context, scope model.Scope, _ model.Span) (model.Periods, error) {
	a, err := o.c.get(ctx, management, "/api/user/dashboard", nil, nil)
	if err != nil {
		return model.Periods{}, err
	}
	var rows []struct {
		Day              text
		ModelName        text
		RequestCount     number
		Quota            number
		PromptTokens     number
		CompletionTokens number
	}
	if err := o.c.data(a, &rows); err != nil {
		return model.Periods{}, err
	}
	now := o.c.Now().Unix()
	out := model.Periods{Scope: scope, Step: day, Span: model.Span{From: now - now%day - 6*day, To: now}}
	for _, r := range rows {
		at, err := time.Parse(time.DateOnly, string(r.Day))
		if err != nil {
			continue // a row without a day says nothing about any day
		}
		out.Usage = append(out.Usage, model.PeriodUsage{
			From: at.Unix(), To: at.Unix() + day - 1, Model: intern(r.ModelName),
			Calls: int64(r.RequestCount), Quota: model.Quota(r.Quota),
			Prompt: model.Some(int64(r.PromptTokens)), Completion: model.Some(int64(r.CompletionTokens)),
		})
	}
	return out, nil
}

func (o *oneAPI) keys(ctx context.Context, page int) ([]model.APIKey, bool, error) {
	rows, err := o.c.tokens(ctx, url.Values{"p": {strconv.Itoa(page)}}, nil)
	if err != nil {
		return nil, false, err
	}
	keys := make([]model.APIKey, len(rows.rows))
	for i := range rows.rows {
		keys[i] = rows.rows[i].key(false)
	}
	return keys, len(rows.rows) == oneAPIPage, nil
}

func (o *oneAPI) details(context.Context) (model.Details, error) {
	return model.Details{}, o.c.unsupported("subscriptions")
}

func (o *oneAPI) channels(context.Context, int) ([]model.Channel, bool, error) {
	return nil, false, o.c.unsupported("the channels of the site")
}

func (o *oneAPI) atLeast(model.Source) time.Duration { return 0 }
