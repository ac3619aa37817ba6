package gateway

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gatewatch/model"
)

// vAPI speaks with V-API (api.iqqz.com, gpt.ge), whose one document describes
// /api/user/self. Its log is unverified: gateways.md §11 calls new-api's form
// likely, so it is asked for in that form, and whatever else comes back is "not
// offered". Nothing is known of its keys, sums and days.
type vAPI struct {
	log *newAPI
	// logged is set once the guess was right: what fails from then on is a failure,
	// not a log that is missing.
	logged atomic.Bool
}

func newVAPI(c *Client) *vAPI { return &vAPI{log: newNewAPI(c, statusData{})} }

func (v *vAPI) name() string  { return VAPI }
func (v *vAPI) pageSize() int { return newAPIPage }

// perMinute is unknown: the strictest of the family is assumed.
func (v *vAPI) perMinute() int { return unknownPerMinute }

func (v *vAPI) account(ctx context.Context) (model.Account, error) { return v.log.c.self(ctx) }

func (v *vAPI) calls(ctx context.Context, q CallsQuery) (CallsPage, error) {
	if err := v.log.c.siteless(q.Scope); err != nil {
		return CallsPage{}, err
	}
	page, err := v.log.calls(ctx, q)
	return page, v.verify("the log", err)
}

func (v *vAPI) count(ctx context.Context, scope model.Scope, span model.Span) (int64, error) {
	if err := v.log.c.siteless(scope); err != nil {
		return 0, err
	}
	n, err := v.log.count(ctx, scope, span)
	return n, v.verify("a count of the log's rows", err)
}

func (v *vAPI) verify(what string, err error) error {
	if err == nil {
		v.logged.Store(true)
	}
	if v.logged.Load() {
		return err
	}
	return v.log.c.unverified(what, err)
}

func (v *vAPI) total(context.Context, model.Scope, model.Span) (model.SpanTotal, error) {
	return model.SpanTotal{}, v.log.c.unsupported("a sum over a span")
}

func (v *vAPI) periods(context.Context, model.Scope, model.Span) (model.Periods, error) {
	return model.Periods{}, v.log.c.unsupported("usage per day")
}

func (v *vAPI) keys(context.Context, int) ([]model.APIKey, bool, error) {
	return nil, false, v.log.c.unsupported("the list of keys")
}

func (v *vAPI) details(ctx context.Context) (model.Details, error) {
	return v.log.c.availableModels(ctx)
}

func (v *vAPI) channels(context.Context, int) ([]model.Channel, bool, error) {
	return nil, false, v.log.c.unsupported("the channels of the site")
}

func (v *vAPI) atLeast(model.Source) time.Duration { return 0 }

// unverified turns what a guess at an undocumented endpoint can bring into
// ErrUnsupported: an unknown path, a page, another form. Failures that say
// something of the credential or the connection stay what they are.
func (c *Client) unverified(what string, err error) error {
	var e *StatusError
	if errors.As(err, &e) {
		switch e.Kind {
		case model.FaultNotGateway, model.FaultBadAnswer, model.FaultRefused:
			return c.unsupported(what)
		}
	}
	return err
}

// availableModels asks for the models that the account may use (V-API,
// aihubmix): names, or objects with one.
func (c *Client) availableModels(ctx context.Context) (model.Details, error) {
	const what = "the list of models"
	a, err := c.get(ctx, management, "/api/user/available_models", nil)
	if err != nil {
		return model.Details{}, c.unverified(what, err)
	}
	var rows []modelName
	if err := c.data(a, &rows); err != nil {
		return model.Details{}, c.unverified(what, err)
	}
	return model.Details{Fields: modelFields(namesOf(rows))}, nil
}
