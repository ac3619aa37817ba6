package gateway

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gatewatch/model"
)

// newAPI speaks with new-api from 0.4 on and its forks. Rows have no stable id;
// page_size is always sent, since 0.6 answers nothing without it and rc.21
// answers everything to -1. Sources: gateways.md §2 to §5, captures/new-api-0.6.3
// and captures/new-api-rc21.
type newAPI struct {
	c     *Client
	title string
	kinds map[number]model.Kind
	// keysFrom0 and channelsFrom0 are set where the pages of those lists count
	// from 0 (before 0.8.7), although the log's count from 1.
	keysFrom0, channelsFrom0 atomic.Bool
	// fast is set where the limit is 360 requests in 180 s (rc.11 and later).
	fast bool
	// noDays is set where the operator switched the usage per hour off.
	noDays  bool
	tariffs tariffs
}

const newAPIPage = 100

func newNewAPI(c *Client, status statusData) *newAPI {
	v, known := parseVersion(string(status.Version))
	n := &newAPI{c: c, title: NewAPI, kinds: newAPIKinds}
	if known {
		old := v.less(version{major: 0, minor: 8, patch: 7})
		n.keysFrom0.Store(old)
		n.channelsFrom0.Store(old)
		n.fast = !v.less(version{major: 1}) && (v.rc == 0 || v.rc >= 11)
	}
	n.noDays = status.DataExport != nil && !bool(*status.DataExport)
	return n
}

// version is major, minor, patch and, for a release candidate, its number.
type version struct{ major, minor, patch, rc int }

func (v version) less(o version) bool {
	if v.major != o.major {
		return v.major < o.major
	}
	if v.minor != o.minor {
		return v.minor < o.minor
	}
	return v.patch < o.patch
}

var versionForm = regexp.MustCompile(`^v?(\d+)\.(\d+)(?:\.(\d+))?[^-]*(?:-rc\.?(\d+))?`)

func parseVersion(s string) (version, bool) {
	m := versionForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return version{}, false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	return version{n(1), n(2), n(3), n(4)}, true
}

func (n *newAPI) name() string  { return n.title }
func (n *newAPI) pageSize() int { return newAPIPage }

func (n *newAPI) perMinute() int {
	if n.fast {
		return 360 / 3
	}
	return 180 / 3
}

func (n *newAPI) account(ctx context.Context) (model.Account, error) {
	return n.c.self(ctx)
}

// newAPIRow is a row of the log (new-api model/log.go).
type newAPIRow struct {
	CreatedAt        number   `json:"created_at"`
	Type             figure   `json:"type"`
	Content          text     `json:"content"`
	Username         text     `json:"username"`
	TokenName        text     `json:"token_name"`
	ModelName        text     `json:"model_name"`
	Quota            figure   `json:"quota"`
	PromptTokens     number   `json:"prompt_tokens"`
	CompletionTokens number   `json:"completion_tokens"`
	UseTime          number   `json:"use_time"` // whole seconds
	IsStream         flag     `json:"is_stream"`
	Channel          text     `json:"channel"`
	TokenID          number   `json:"token_id"`
	Group            text     `json:"group"`
	RequestID        text     `json:"request_id"`
	Other            embedded `json:"other"`
}

// newAPIKinds are new-api's row types: its 5 is an error.
var newAPIKinds = map[number]model.Kind{
	1: model.KindTopUp, 2: model.KindConsume, 3: model.KindManage, 4: model.KindSystem,
	5: model.KindError, 6: model.KindRefund, 7: model.KindLogin,
}

func (r *newAPIRow) call(kinds map[number]model.Kind, shared *tariffs) model.Call {
	call := model.Call{
		At: int64(r.CreatedAt), Kind: kinds[number(r.Type.V)], Model: intern(r.ModelName), Key: intern(r.TokenName),
		KeyID: int64(r.TokenID), User: intern(r.Username), Group: intern(r.Group), Channel: intern(r.Channel),
		Quota: model.Quota(r.Quota.V), Prompt: int64(r.PromptTokens), Completion: int64(r.CompletionTokens),
		Stream: bool(r.IsStream), RequestID: string(r.RequestID), Detail: intern(r.Content),
	}
	if call.Kind != model.KindConsume {
		return call
	}
	call.Took, call.Coarse = model.Some(time.Duration(r.UseTime)*time.Second), true
	var other struct {
		// FirstToken is in ms; it is -1000 or far below where no first token came.
		FirstToken  decimal `json:"frt"`
		CacheTokens figure  `json:"cache_tokens"`
		newAPIPrice
	}
	r.Other.into(&other)
	call.FirstToken = millis(number(other.FirstToken))
	call.Cached = model.Opt[int64](other.CacheTokens)
	call.BySubscription = other.Source == "subscription"
	call.Billing = other.billing(&call, shared)
	return call
}

func (n *newAPI) calls(ctx context.Context, q CallsQuery) (CallsPage, error) {
	query := q.values()
	query.Set("p", strconv.Itoa(q.Page+1))
	query.Set("page_size", strconv.Itoa(newAPIPage))
	rows, err := logPage[newAPIRow](ctx, n.c, q.Scope, query, q.Page*newAPIPage)
	if err != nil {
		return CallsPage{}, err
	}
	if rows.bare {
		return CallsPage{}, n.c.unsupported("the log in a form that is known")
	}
	out := CallsPage{Calls: make([]model.Call, len(rows.rows)), Total: rows.total}
	for i := range rows.rows {
		out.Calls[i] = rows.rows[i].call(n.kinds, &n.tariffs)
	}
	out.Last = len(rows.rows) < newAPIPage
	if rows.total.OK && int64((q.Page+1)*newAPIPage) >= rows.total.V {
		out.Last = true
	}
	return out, nil
}

func (n *newAPI) count(ctx context.Context, scope model.Scope, span model.Span) (int64, error) {
	query := between(span)
	query.Set("type", "2")
	// A page past the end brings the total and no rows. One row of a quiet account
	// can take a database 20 s to find (docs/queries.md).
	const past = 2000
	query.Set("p", strconv.Itoa(past))
	query.Set("page_size", strconv.Itoa(newAPIPage))
	rows, err := logPage[newAPIRow](ctx, n.c, scope, query, (past-1)*newAPIPage)
	if err != nil {
		return 0, err
	}
	return counted(n.c, scope, rows)
}

// total asks for the consume rows' sum over span. rpm and tpm are of the last
// 60 s whatever the span (measured: 0.6.3, rc.21); some forks apply the span to
// them, so the span should end now.
func (n *newAPI) total(ctx context.Context, scope model.Scope, span model.Span) (model.SpanTotal, error) {
	return n.c.stat(ctx, scope, span, "type")
}

// maxPeriods is the longest span that /api/data/self answers, in seconds.
const maxPeriods = 30 * day

// periods asks for usage per model and hour. It is written from memory every
// five minutes, so the newest minutes are missing.
func (n *newAPI) periods(ctx context.Context, scope model.Scope, span model.Span) (model.Periods, error) {
	const what = "usage per hour"
	if n.noDays {
		return model.Periods{}, n.c.unsupported(what)
	}
	span.From = max(span.From, span.To-maxPeriods+1)
	query := between(span)
	query.Set("default_time", "hour")
	path := "/api/data/self"
	if scope == model.ScopeSite {
		path = "/api/data/"
	}
	a, err := n.c.get(ctx, management, path, query)
	if err != nil {
		return model.Periods{}, asAdmin(scope, n.c.optional(what, err))
	}
	var rows []struct {
		CreatedAt number `json:"created_at"`
		ModelName text   `json:"model_name"`
		Count     figure `json:"count"`
		Quota     figure `json:"quota"`
		TokenUsed figure `json:"token_used"`
	}
	if err := n.c.data(a, &rows); err != nil {
		return model.Periods{}, asAdmin(scope, err)
	}
	out := model.Periods{Scope: scope, Step: 3600, Span: span}
	for _, r := range rows {
		if r.CreatedAt == 0 || !r.Quota.OK {
			return model.Periods{}, n.c.unreadable(a, errors.New("a row has no hour or no quota"))
		}
		out.Usage = append(out.Usage, model.PeriodUsage{
			From: int64(r.CreatedAt), To: int64(r.CreatedAt) + 3599, Model: intern(r.ModelName),
			Calls: r.Count.V, Uncounted: !r.Count.OK, Quota: model.Quota(r.Quota.V), Tokens: model.Opt[int64](r.TokenUsed),
		})
	}
	return out, nil
}

func (n *newAPI) keys(ctx context.Context, page int) ([]model.APIKey, bool, error) {
	var rows list[token]
	err := n.fromOneOrZero(&n.keysFrom0, page, func(p int) (bare bool, err error) {
		rows, err = n.c.tokens(ctx, url.Values{"p": {strconv.Itoa(p)}, "size": {strconv.Itoa(newAPIPage)}}, page*newAPIPage)
		return rows.bare, err
	})
	if err != nil {
		return nil, false, err
	}
	more := len(rows.rows) == newAPIPage
	if rows.total.OK {
		more = int64((page+1)*newAPIPage) < rows.total.V
	}
	return keysOf(rows.rows, true), more, nil
}

// fromOneOrZero asks for a page of a list whose pages count from 1, or from 0
// where it is bare: that is the old form, and what came was the second page.
func (n *newAPI) fromOneOrZero(from0 *atomic.Bool, page int, ask func(p int) (bare bool, err error)) error {
	if from0.Load() {
		_, err := ask(page)
		return err
	}
	bare, err := ask(page + 1)
	if err == nil && bare {
		from0.Store(true)
		_, err = ask(page)
	}
	return err
}

// channels asks for one page of the site's channels.
func (n *newAPI) channels(ctx context.Context, page int) ([]model.Channel, bool, error) {
	var channels []model.Channel
	var rows list[channelRow]
	err := n.fromOneOrZero(&n.channelsFrom0, page, func(p int) (bare bool, err error) {
		channels, rows, err = n.c.channelPage(ctx, url.Values{"p": {strconv.Itoa(p)}, "page_size": {strconv.Itoa(newAPIPage)}}, page*newAPIPage)
		return rows.bare, err
	})
	more := len(channels) == newAPIPage
	if rows.total.OK {
		more = int64((page+1)*newAPIPage) < rows.total.V
	}
	return channels, more, err
}

func (n *newAPI) atLeast(model.Source) time.Duration { return 0 }

func (n *newAPI) createKey(ctx context.Context, k model.NewKey) (model.APIKey, error) {
	return n.c.createToken(ctx, k)
}

func (n *newAPI) deleteKey(ctx context.Context, id int64) error { return n.c.deleteToken(ctx, id) }
