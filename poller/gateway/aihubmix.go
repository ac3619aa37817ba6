package gateway

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"gatewatch/model"
)

// aiHubMix speaks with aihubmix.com. Its documents describe the account, the
// keys and the models; it has no log and no sums that a program can ask for, so
// that spending is what the balance falls by. Sources: the seed, gateways.md §5
// and §11.
type aiHubMix struct {
	c *Client
	// firstKey is the id at the head of the key list's last page: how the pages
	// count is not documented, so a page that repeats is the end.
	firstKey atomic.Int64
}

func (a *aiHubMix) name() string  { return AIHubMix }
func (a *aiHubMix) pageSize() int { return oneAPIPage }

// perMinute is unknown: the strictest of the family is assumed.
func (a *aiHubMix) perMinute() int { return unknownPerMinute }

func (a *aiHubMix) account(ctx context.Context) (model.Account, error) { return a.c.self(ctx) }

func (a *aiHubMix) calls(context.Context, CallsQuery) (CallsPage, error) {
	return CallsPage{}, a.c.unsupported("the log")
}

func (a *aiHubMix) count(context.Context, model.Scope, model.Span) (int64, error) {
	return 0, a.c.unsupported("a count of the log's rows")
}

func (a *aiHubMix) total(context.Context, model.Scope, model.Span) (model.SpanTotal, error) {
	return model.SpanTotal{}, a.c.unsupported("a sum over a span")
}

func (a *aiHubMix) periods(context.Context, model.Scope, model.Span) (model.Periods, error) {
	return model.Periods{}, a.c.unsupported("usage per day")
}

func (a *aiHubMix) keys(ctx context.Context, page int) ([]model.APIKey, bool, error) {
	rows, err := a.c.tokens(ctx, url.Values{"p": {strconv.Itoa(page)}}, page*oneAPIPage)
	if err != nil || len(rows.rows) == 0 {
		return nil, false, err
	}
	first := int64(rows.rows[0].ID)
	if page > 0 && a.firstKey.Load() == first {
		return nil, false, nil
	}
	a.firstKey.Store(first)
	more := len(rows.rows) >= oneAPIPage
	if rows.total.OK && int64((page+1)*len(rows.rows)) >= rows.total.V {
		more = false
	}
	return keysOf(rows.rows, true), more, nil
}

func (a *aiHubMix) details(ctx context.Context) (model.Details, error) {
	return a.c.availableModels(ctx)
}

func (a *aiHubMix) channels(context.Context, int) ([]model.Channel, bool, error) {
	return nil, false, a.c.unsupported("the channels of the site")
}

func (a *aiHubMix) atLeast(model.Source) time.Duration { return 0 }

func (a *aiHubMix) createKey(ctx context.Context, k model.NewKey) (model.APIKey, error) {
	return a.c.createToken(ctx, k)
}

func (a *aiHubMix) deleteKey(ctx context.Context, id int64) error { return a.c.deleteToken(ctx, id) }

// modelName is a model in a list: its name, or an object with one.
type modelName string

func (m *modelName) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var o struct {
			ID      text `json:"id"`
			Model   text `json:"model"`
			ModelID text `json:"model_id"`
		}
		if err := json.Unmarshal(b, &o); err != nil {
			return err
		}
		for _, n := range []text{o.ID, o.Model, o.ModelID} {
			if n != "" {
				*m = modelName(n)
				break
			}
		}
		return nil
	}
	var t text
	err := json.Unmarshal(b, &t)
	*m = modelName(t)
	return err
}

// namesOf is the models' names, empty ones left out.
func namesOf(rows []modelName) []string {
	var names []string
	for _, m := range rows {
		if m != "" {
			names = append(names, intern(text(m)))
		}
	}
	return names
}
