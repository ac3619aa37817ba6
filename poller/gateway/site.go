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

// logPage asks for one page of the log of a scope.
func logPage[T any](ctx context.Context, c *Client, scope model.Scope, query url.Values) (list[T], error) {
	var rows list[T]
	a, err := c.get(ctx, management, logPath(scope), query)
	if err == nil {
		err = c.data(a, &rows)
	}
	return rows, asAdmin(scope, err)
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
		Quota number  `json:"quota"`
		RPM   *number `json:"rpm"`
		TPM   *number `json:"tpm"`
		MPM   *number `json:"mpm"` // quota per minute
	}
	if err := c.data(a, &stat); err != nil {
		return model.SpanTotal{}, asAdmin(scope, err)
	}
	out := model.SpanTotal{Scope: scope, Span: span, Quota: model.Quota(stat.Quota)}
	if stat.RPM != nil {
		out.RPM = model.Some(int64(*stat.RPM))
	}
	if stat.TPM != nil {
		out.TPM = model.Some(int64(*stat.TPM))
	}
	if stat.MPM != nil {
		out.MPM = model.Some(model.Quota(*stat.MPM))
	}
	return out, nil
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
	UsedQuota    number   `json:"used_quota"`
	OtherInfo    embedded `json:"other_info"`
}

func (r *channelRow) channel() model.Channel {
	ch := model.Channel{
		ID: int64(r.ID), Name: string(r.Name), Type: string(r.Type), Endpoint: hostOf(string(r.BaseURL)),
		Status: model.ChannelStatus(r.Status), Group: string(r.Group), Tag: string(r.Tag),
		ResponseTime: millis(r.ResponseTime), TestedAt: opt(r.TestTime), BalanceAt: opt(r.BalanceTime),
		Used: model.Some(model.Quota(r.UsedQuota)), Created: opt(r.CreatedTime),
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

// channelPage asks for one page of the channels.
func (c *Client) channelPage(ctx context.Context, query url.Values) ([]model.Channel, list[channelRow], error) {
	var rows list[channelRow]
	a, err := c.get(ctx, management, "/api/channel/", query)
	if err == nil {
		err = c.data(a, &rows)
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
	RequestCount     number
	Quota            number
	PromptTokens     number
	CompletionTokens number
}

// dashboard asks for the account's usage per model and day; the gateway takes no
// range.
func (c *Client) dashboard(ctx context.Context) ([]model.PeriodUsage, error) {
	a, err := c.get(ctx, management, "/api/user/dashboard", nil)
	if err != nil {
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
		out = append(out, model.PeriodUsage{
			From: at.Unix(), To: at.Unix() + day - 1, Model: intern(r.ModelName),
			Calls: int64(r.RequestCount), Quota: model.Quota(r.Quota),
			Prompt: model.Some(int64(r.PromptTokens)), Completion: model.Some(int64(r.CompletionTokens)),
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
