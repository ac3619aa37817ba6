package gateway

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"gatewatch/model"
)

// What administrators can read of a whole site: the twins of an account's own
// log and sums, and the channels. They are reads only: the GET requests of the
// family that act (/api/channel/test, /api/channel/update_balance) are in no
// file here. Sources: gateways.md §9, the admin captures.

// logPath is where the log of a scope is.
func logPath(scope model.Scope) string {
	if scope == model.ScopeSite {
		return "/api/log/"
	}
	return "/api/log/self"
}

// statPath is where the sum over the log of a scope is.
func statPath(scope model.Scope) string {
	if scope == model.ScopeSite {
		return "/api/log/stat"
	}
	return "/api/log/self/stat"
}

// asAdmin says of a refusal at an administrators' path what it means: the role
// is too low, which comes with HTTP 200 on every gateway but new-api from rc.22
// on.
func asAdmin(scope model.Scope, err error) error {
	var e *StatusError
	if scope == model.ScopeSite && errors.As(err, &e) && e.Kind == model.FaultRefused {
		e.Kind, e.Hint = model.FaultForbidden, "the whole site is for administrators' accounts"
	}
	return err
}

// siteless is the error of a dialect that cannot read a whole site.
func (c *Client) siteless(scope model.Scope) error {
	if scope == model.ScopeSite {
		return c.unsupported("the figures of the whole site")
	}
	return nil
}

// logPage asks for one page of the log of a scope, of which so many rows are on the
// pages before.
func logPage[T any](ctx context.Context, c *Client, scope model.Scope, query url.Values, before int) (list[T], error) {
	a, err := c.get(ctx, management, logPath(scope), query)
	if err != nil {
		return list[T]{}, asAdmin(scope, err)
	}
	rows, err := rowsOf[T](c, a, before)
	return rows, asAdmin(scope, err)
}

// counted is the total of a page of the log that was asked for it alone. An old
// form has none; a form that has one and does not tell it is no answer.
func counted[T any](c *Client, scope model.Scope, page list[T]) (int64, error) {
	switch {
	case page.total.OK:
		return page.total.V, nil
	case page.bare:
		return 0, c.unsupported("a count of the log's rows")
	}
	return 0, c.unreadable(answer{path: logPath(scope)}, errors.New("it tells no total"))
}

// stat asks for the gateway's own sum over a span and the rates beside it, as far
// as the dialect has them.
func (c *Client) stat(ctx context.Context, scope model.Scope, span model.Span, typeParam string) (model.SpanTotal, error) {
	query := between(span)
	query.Set(typeParam, "2")
	a, err := c.get(ctx, management, statPath(scope), query)
	if err != nil {
		return model.SpanTotal{}, asAdmin(scope, err)
	}
	var stat struct {
		Quota figure `json:"quota"`
		RPM   figure `json:"rpm"`
		TPM   figure `json:"tpm"`
		MPM   figure `json:"mpm"` // quota per minute
	}
	if err := c.data(a, &stat); err != nil {
		return model.SpanTotal{}, asAdmin(scope, err)
	}
	if !stat.Quota.OK {
		return model.SpanTotal{}, c.unreadable(a, errors.New("it has no quota"))
	}
	return model.SpanTotal{
		Scope: scope, Span: span, Quota: model.Quota(stat.Quota.V),
		RPM: model.Opt[int64](stat.RPM), TPM: model.Opt[int64](stat.TPM), MPM: stat.MPM.quota(),
	}, nil
}

// channelRow is a row of /api/channel/ (one-api, new-api and one-hub
// model/channel.go).
type channelRow struct {
	ID           number   `json:"id"`
	Type         text     `json:"type"`
	Status       number   `json:"status"`
	Name         text     `json:"name"`
	CreatedTime  number   `json:"created_time"`
	TestTime     number   `json:"test_time"`
	ResponseTime number   `json:"response_time"` // ms, of the last test
	BaseURL      text     `json:"base_url"`
	Balance      decimal  `json:"balance"` // dollars
	BalanceTime  number   `json:"balance_updated_time"`
	Models       text     `json:"models"`
	Group        text     `json:"group"`
	Tag          text     `json:"tag"`
	UsedQuota    figure   `json:"used_quota"`
	OtherInfo    embedded `json:"other_info"`
}

func (r *channelRow) channel() model.Channel {
	ch := model.Channel{
		ID: int64(r.ID), Name: string(r.Name), Type: string(r.Type), Endpoint: hostOf(string(r.BaseURL)),
		Status: model.ChannelStatus(r.Status), Group: string(r.Group), Tag: string(r.Tag),
		ResponseTime: millis(r.ResponseTime), TestedAt: opt(r.TestTime), BalanceAt: opt(r.BalanceTime),
		Used: r.UsedQuota.quota(), Created: opt(r.CreatedTime),
	}
	if ch.BalanceAt.OK { // else nobody ever asked the provider, and 0 says nothing
		ch.Balance = model.Some(float64(r.Balance))
	}
	for m := range strings.SplitSeq(string(r.Models), ",") {
		if m = strings.TrimSpace(m); m != "" {
			ch.Models = append(ch.Models, m)
		}
	}
	var info struct {
		Reason text `json:"status_reason"`
	}
	r.OtherInfo.into(&info)
	ch.Reason = string(info.Reason)
	return ch
}

// hostOf is an upstream's address without what may be a secret in it: a user, a
// query.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	return ShownURL(u)
}

// channelPage asks for one page of the channels, of which so many are on the pages
// before.
func (c *Client) channelPage(ctx context.Context, query url.Values, before int) ([]model.Channel, list[channelRow], error) {
	var rows list[channelRow]
	a, err := c.get(ctx, management, "/api/channel/", query)
	if err == nil {
		rows, err = rowsOf[channelRow](c, a, before)
	}
	if err != nil {
		return nil, rows, asAdmin(model.ScopeSite, err)
	}
	channels := make([]model.Channel, len(rows.rows))
	for i := range rows.rows {
		channels[i] = rows.rows[i].channel()
	}
	return channels, rows, nil
}

// dayRow is a row of /api/user/dashboard: it has no JSON tags, hence the
// capitals (one-api model/log.go calls the day Day, one-hub Date).
type dayRow struct {
	Day, Date        text
	ModelName        text
	RequestCount     figure
	Quota            figure
	PromptTokens     figure
	CompletionTokens figure
}

// dashboard asks for the account's usage per model and day; the gateway takes no
// range. It is the one list that is null when it is empty: one-api and one-hub fill
// it from a raw query (gateways.md §4.2).
func (c *Client) dashboard(ctx context.Context) ([]model.PeriodUsage, error) {
	a, err := c.get(ctx, management, "/api/user/dashboard", nil)
	if err != nil {
		return nil, err
	}
	raw, err := c.opened(a)
	if err != nil || string(raw) == "null" {
		return nil, err
	}
	var rows []dayRow
	if err := c.data(a, &rows); err != nil {
		return nil, err
	}
	var out []model.PeriodUsage
	for _, r := range rows {
		at, err := time.Parse(time.DateOnly, string(r.Day+r.Date))
		if err != nil {
			continue // a row without a day says nothing about any day
		}
		if !r.Quota.OK {
			return nil, c.unreadable(a, errors.New("a row has no Quota"))
		}
		out = append(out, model.PeriodUsage{
			From: at.Unix(), To: at.Unix() + day - 1, Model: intern(r.ModelName),
			Calls: r.RequestCount.V, Uncounted: !r.RequestCount.OK, Quota: model.Quota(r.Quota.V),
			Prompt: model.Opt[int64](r.PromptTokens), Completion: model.Opt[int64](r.CompletionTokens),
		})
	}
	return out, nil
}

const day = 86400

// lastDays is the span of that many UTC days up to now.
func (c *Client) lastDays(n int64) model.Span {
	now := c.Now().Unix()
	return model.Span{From: now - now%day - (n-1)*day, To: now}
}
