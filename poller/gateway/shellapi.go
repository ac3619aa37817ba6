package gateway

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"gatewatch/model"
)

// shellAPI speaks with Shell-API sites (ocoolai, apiyi, laozhang). Every page
// holds 10 rows whatever is asked, counts from 0, and tells no total. Sources:
// the seed, gateways.md §3 to §5 (the documents of ocoolai and apiyi); no running
// one was recorded, and the log's durations are in no document, so that they stay
// unknown.
type shellAPI struct{ c *Client }

const shellAPIPage = 10

func (s *shellAPI) name() string  { return ShellAPI }
func (s *shellAPI) pageSize() int { return shellAPIPage }

// perMinute is unknown; apiyi asks for a second between requests.
func (s *shellAPI) perMinute() int { return unknownPerMinute }

func (s *shellAPI) account(ctx context.Context) (model.Account, error) { return s.c.self(ctx) }

// shellAPIRow is a row of the log, as far as the documents name its fields.
type shellAPIRow struct {
	CreatedAt        number `json:"created_at"`
	Type             figure `json:"type"`
	Content          text   `json:"content"`
	Username         text   `json:"username"`
	TokenName        text   `json:"token_name"`
	ModelName        text   `json:"model_name"`
	Quota            figure `json:"quota"`
	PromptTokens     number `json:"prompt_tokens"`
	CompletionTokens number `json:"completion_tokens"`
	IsStream         flag   `json:"is_stream"`
	RequestID        text   `json:"request_id"`
}

func (r *shellAPIRow) call() model.Call {
	return model.Call{
		// The types up to 4 are those of the whole family; what its 5 and later ones
		// mean is not documented.
		At: int64(r.CreatedAt), Kind: oneHubKinds[number(r.Type.V)], Model: intern(r.ModelName), Key: intern(r.TokenName),
		User: intern(r.Username), Quota: model.Quota(r.Quota.V), Prompt: int64(r.PromptTokens), Completion: int64(r.CompletionTokens),
		Stream: bool(r.IsStream), RequestID: string(r.RequestID), Detail: intern(r.Content),
	}
}

// paged is the query of one page: ocoolai calls the size pageSize, apiyi
// page_size.
func paged(query url.Values, page int) url.Values {
	query.Set("p", strconv.Itoa(page))
	query.Set("pageSize", strconv.Itoa(shellAPIPage))
	query.Set("page_size", strconv.Itoa(shellAPIPage))
	return query
}

func (s *shellAPI) calls(ctx context.Context, q CallsQuery) (CallsPage, error) {
	if err := s.c.siteless(q.Scope); err != nil {
		return CallsPage{}, err
	}
	query := paged(q.values(), q.Page)
	if q.KeyText.IsSet() {
		query.Set("token_key", q.KeyText.Reveal())
	}
	rows, err := logPage[shellAPIRow](ctx, s.c, q.Scope, query, q.Page*shellAPIPage)
	if err != nil {
		return CallsPage{}, err
	}
	out := CallsPage{Calls: make([]model.Call, len(rows.rows)), Total: rows.total, Last: len(rows.rows) < shellAPIPage}
	for i := range rows.rows {
		out.Calls[i] = rows.rows[i].call()
	}
	return out, nil
}

func (s *shellAPI) count(context.Context, model.Scope, model.Span) (int64, error) {
	return 0, s.c.unsupported("a count of the log's rows")
}

func (s *shellAPI) total(ctx context.Context, scope model.Scope, span model.Span) (model.SpanTotal, error) {
	if err := s.c.siteless(scope); err != nil {
		return model.SpanTotal{}, err
	}
	return s.c.stat(ctx, scope, span, "type")
}

// shellZone is the zone of the days: the documents do not say, and the sites are
// run for China.
var shellZone = time.FixedZone("+08:00", 8*3600)

// maxStatPages bounds the pages of the usage per day that one call reads.
const maxStatPages = 10

// periods asks for usage per model and day, page by page. When there are more
// pages than are read, the span is cut to the days that are whole, which takes
// the rows to be newest first; in any other order nothing is claimed.
func (s *shellAPI) periods(ctx context.Context, scope model.Scope, span model.Span) (model.Periods, error) {
	const what = "usage per day"
	if err := s.c.siteless(scope); err != nil {
		return model.Periods{}, err
	}
	out := model.Periods{Scope: scope, Step: day, Span: span}
	whole := false
	for page := range maxStatPages {
		rows, err := s.dayPage(ctx, page)
		if err != nil {
			return model.Periods{}, s.c.optional(what, err)
		}
		out.Usage = append(out.Usage, rows...)
		if len(rows) < shellAPIPage {
			whole = true
			break
		}
	}
	if whole || len(out.Usage) == 0 {
		return out, nil
	}
	if !slices.IsSortedFunc(out.Usage, func(a, b model.PeriodUsage) int { return int(b.From - a.From) }) {
		return model.Periods{}, s.c.unsupported(what + " of an account with so many models")
	}
	partial := out.Usage[len(out.Usage)-1]
	out.Span.From = max(out.Span.From, partial.To+1)
	out.Usage = slices.DeleteFunc(out.Usage, func(u model.PeriodUsage) bool { return u.From <= partial.From })
	return out, nil
}

func (s *shellAPI) dayPage(ctx context.Context, page int) ([]model.PeriodUsage, error) {
	query := paged(url.Values{"dimension": {"model"}}, page)
	a, err := s.c.get(ctx, management, "/api/log/self/getDailyUsageStatsByDimension", query)
	if err != nil {
		return nil, err
	}
	rows, err := rowsOf[struct {
		ModelName text   `json:"modelName"`
		SumQuota  figure `json:"sumQuota"`
		Date      text   `json:"date"`
	}](s.c, a, page*shellAPIPage)
	if err != nil {
		return nil, err
	}
	out := make([]model.PeriodUsage, 0, len(rows.rows))
	for _, r := range rows.rows {
		date := string(r.Date)
		at, err := time.ParseInLocation(time.DateOnly, date[:min(len(date), len(time.DateOnly))], shellZone)
		if err != nil {
			return nil, s.c.unreadable(a, errors.New("a row has no date"))
		}
		if !r.SumQuota.OK {
			return nil, s.c.unreadable(a, errors.New("a row has no sumQuota"))
		}
		out = append(out, model.PeriodUsage{
			From: at.Unix(), To: at.Unix() + day - 1, Model: intern(r.ModelName), Quota: model.Quota(r.SumQuota.V), Uncounted: true,
		})
	}
	return out, nil
}

func (s *shellAPI) keys(ctx context.Context, page int) ([]model.APIKey, bool, error) {
	rows, err := s.c.tokens(ctx, paged(url.Values{}, page), page*shellAPIPage)
	return keysOf(rows.rows, true), len(rows.rows) == shellAPIPage, err
}

// details asks how often each model was called, the first pages of it.
func (s *shellAPI) details(ctx context.Context) (model.Details, error) {
	const what = "calls per model"
	var out model.Details
	for page := range maxPrices / shellAPIPage {
		a, err := s.c.get(ctx, management, "/api/log/self/model_usage", paged(url.Values{}, page))
		if err != nil {
			return model.Details{}, s.c.optional(what, err)
		}
		rows, err := rowsOf[struct {
			ModelName text   `json:"modelName"`
			Count     figure `json:"cnt"`
		}](s.c, a, page*shellAPIPage)
		if err != nil {
			return model.Details{}, err
		}
		for _, r := range rows.rows {
			if r.Count.OK {
				out.Fields = append(out.Fields, model.Field{Name: "calls of " + string(r.ModelName), Value: model.Count(r.Count.V)})
			}
		}
		if len(rows.rows) < shellAPIPage {
			break
		}
	}
	return out, nil
}

func (s *shellAPI) channels(context.Context, int) ([]model.Channel, bool, error) {
	return nil, false, s.c.unsupported("the channels of the site")
}

func (s *shellAPI) atLeast(model.Source) time.Duration { return 0 }

func (s *shellAPI) createKey(ctx context.Context, k model.NewKey) (model.APIKey, error) {
	return s.c.createToken(ctx, k)
}

func (s *shellAPI) deleteKey(ctx context.Context, id int64) error { return s.c.deleteToken(ctx, id) }
