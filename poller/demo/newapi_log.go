package demo

import (
	"encoding/json"
	"fmt"
	"time"
)

// newAPIRow is a log row as its own user sees it (033, 058, 059). Consume rows
// have no content.
type newAPIRow struct {
	ID          int64  `json:"id"` // rank in the list, newest first: not the real id
	User        int    `json:"user_id"`
	Created     int64  `json:"created_at"`
	Type        int    `json:"type"`
	Content     string `json:"content"`
	Username    string `json:"username"`
	Token       string `json:"token_name"`
	Model       string `json:"model_name"`
	Quota       int64  `json:"quota"`
	Prompt      int32  `json:"prompt_tokens"`
	Completion  int32  `json:"completion_tokens"`
	UseTime     int64  `json:"use_time"` // seconds
	Stream      bool   `json:"is_stream"`
	Channel     int    `json:"channel"`
	ChannelName string `json:"channel_name"`
	TokenID     int64  `json:"token_id"`
	Group       string `json:"group"`
	IP          string `json:"ip"`
	Request     string `json:"request_id"`
	Other       string `json:"other"` // a JSON document of its own
}

// newAPIOther is what a consume row says about its price.
type newAPIOther struct {
	Source          string   `json:"billing_source"`
	CacheRatio      float64  `json:"cache_ratio"`
	CacheTokens     int32    `json:"cache_tokens"`
	CompletionRatio float64  `json:"completion_ratio"`
	FirstResponse   int64    `json:"frt"` // milliseconds; -1000 where nothing was streamed
	GroupRatio      float64  `json:"group_ratio"`
	ModelPrice      float64  `json:"model_price"`
	ModelRatio      float64  `json:"model_ratio"`
	Conversion      []string `json:"request_conversion"`
	Path            string   `json:"request_path"`
	UserGroupRatio  float64  `json:"user_group_ratio"`
}

// newAPIErrorOther is what an error row says about the upstream's refusal (058).
type newAPIErrorOther struct {
	Channel     int    `json:"channel_id"`
	ChannelName string `json:"channel_name"`
	ChannelType int    `json:"channel_type"`
	Code        string `json:"error_code"`
	Type        string `json:"error_type"`
	Path        string `json:"request_path"`
	Status      int    `json:"status_code"`
}

// newAPIRow writes one row. What is not said of a call is empty: the channel's
// name and the address are kept from ordinary users.
func (s *Server) newAPIRow(c *call, rank int64) newAPIRow {
	at := time.Unix(0, c.at).UTC()
	owner := s.owner(c)
	row := newAPIRow{ID: rank, User: owner.id, Created: at.Unix(), Type: int(c.kind), Username: owner.name}
	if c.key < 0 {
		row.Request = s.dialect.requestID(at, c.detail)
		if c.kind == kindLogin {
			row.Content, row.IP = "Logged in successfully via password", "198.51.100.77"
			row.Other = `{"login_method":"password","op":{"action":"login","params":{"method":"password"}},"user_agent":""}`
			return row
		}
		// No top-up was captured. Of the rows of new-api 0.6.3 that are no calls
		// either, quota is 0 and other is "null".
		row.Content, row.Other = topUpText(c), "null"
		return row
	}
	m := s.world.models[c.model]
	h := s.details(c)
	row.Token, row.TokenID, row.Model = s.keys[c.key].nameAt(c.at), s.keys[c.key].id, m.name
	row.Channel = s.channelOf(c)
	row.Group, row.Stream, row.Request = "default", h.stream, h.request
	path := "/v1/chat/completions"
	if m.embeds {
		path = "/v1/embeddings"
	}
	var other any
	if c.kind == kindError {
		row.Content = fmt.Sprintf("status_code=%d, %s", h.failure.status, h.content)
		other = newAPIErrorOther{row.Channel, s.channelName(row.Channel), 1, h.failure.code, "openai_error", path, h.failure.status}
	} else {
		row.Quota, row.Prompt, row.Completion = c.quota, c.prompt, c.completion
		// Whole seconds of the clock at both ends.
		row.UseTime = at.Unix() - at.Add(-h.took).Unix()
		first := int64(-1000)
		if h.stream {
			first = h.first.Milliseconds()
		}
		other = newAPIOther{
			"wallet", m.cache(), c.cached, m.completionRatio, first, 1, -1, m.ratio,
			[]string{"OpenAI Compatible"},
			path, -1,
		}
	}
	raw, _ := json.Marshal(other)
	row.Other = string(raw)
	return row
}

// newAPIPageQuery reads p and page_size as new-api does (034–054): p counts
// from 1 and 0 means 1; page_size is also called ps and size, 10 by default and
// 100 at most; a negative one is no limit.
func (x *exchange) newAPIPageQuery() (page, size int) {
	q := x.r.URL.Query()
	page = int(x.parameter("p"))
	if page == 0 {
		page = 1
	}
	for _, name := range []string{"page_size", "ps", "size"} {
		if q.Get(name) != "" {
			size = int(x.parameter(name))
			break
		}
	}
	switch {
	case size == 0:
		size = 10
	case size > 100:
		size = 100
	}
	return page, size
}

// newAPIList is a page with its number and size as they were understood, and the
// number of rows on all pages at this moment.
type newAPIList struct {
	Page  int `json:"page"`
	Size  int `json:"page_size"`
	Total int `json:"total"`
	Items any `json:"items"`
}

// mostRows is where a list without limit ends here. The real one gave its whole
// log, which had 4116 rows; this one has a million.
const mostRows = 20_000

// newAPILogSelf is a page of the log, newest first. ids are ranks, going on from
// page to page, and negative where the page's number is (049).
func newAPILogSelf(s *Server, x *exchange) answer {
	page, size := x.newAPIPageQuery()
	f := x.filter()
	f.pattern = true
	skip, n := (page-1)*size, size
	if size < 0 {
		skip, n = 0, mostRows
	}
	rows, total := s.page(&f, max(0, skip), n, true)
	items := make([]newAPIRow, len(rows))
	for i := range rows {
		items[i] = s.newAPIRow(&rows[i], int64(skip+i+1))
	}
	return data(newAPIList{page, size, total, items})
}

// newAPILogStat adds up the consume rows of the window; rpm and tpm are always
// those of the last minute: they were watched falling to 0 within 62 seconds
// whatever window was asked for. type is ignored (078).
func newAPILogStat(s *Server, x *exchange) answer {
	f := x.filter()
	f.pattern, f.kind = true, kindConsume
	all := s.sum(&f)
	f.from, f.to = x.now.Unix()-60, 0
	last := s.sum(&f)
	return data(newAPIRates{all.Quota, last.Calls, last.Prompt + last.Completion})
}

type newAPIRates struct {
	Quota int64 `json:"quota"`
	RPM   int64 `json:"rpm"`
	TPM   int64 `json:"tpm"`
}

// newAPILogToken is the newest thousand rows of one key (083).
func newAPILogToken(s *Server, x *exchange) answer {
	rows, _ := s.page(&filter{key: s.keyIndex(x.key) + 1}, 0, 1000, false)
	items := make([]newAPIRow, len(rows))
	for i := range rows {
		items[i] = s.newAPIRow(&rows[i], int64(i+1))
	}
	return data(items)
}

// newAPIUsageToken is what a key may learn about itself (156–158). It says code
// and not success, and 0 for a key that does not expire.
func newAPIUsageToken(_ *Server, x *exchange) answer {
	k := x.key
	limits := map[string]bool{}
	for _, m := range k.models() {
		limits[m] = true
	}
	return ok(map[string]any{"code": true, "message": "ok", "data": map[string]any{
		"object": "token_usage", "name": k.name(), "unlimited_quota": k.unlimited, "expires_at": max(0, k.expires),
		"model_limits": limits, "model_limits_enabled": len(limits) > 0,
		"total_granted": k.remain + k.used, "total_used": k.used, "total_available": k.remain,
	}})
}

// newAPIDatum is what one model did in one hour (088).
type newAPIDatum struct {
	ID       int    `json:"id"`
	User     int    `json:"user_id"`
	Username string `json:"username"`
	Model    string `json:"model_name"`
	Created  int64  `json:"created_at"` // the hour's beginning
	Group    string `json:"use_group"`
	Token    int    `json:"token_id"`
	Channel  int    `json:"channel_id"`
	Node     string `json:"node_name"`
	Tokens   int64  `json:"token_used"`
	Count    int64  `json:"count"`
	Quota    int64  `json:"quota"`
}

const (
	dataFlush = 300     // seconds between two writes of the cache behind /api/data
	dataSpan  = 2592000 // longest window, seconds
)

// newAPIData gives hours by model, both ends of the window in unix seconds and
// required (087–089). The last minutes are missing until the next flush; flushes
// count from the start of the program.
func newAPIData(s *Server, x *exchange) answer {
	from, to, flushed, problem := s.dataWindow(x)
	if problem != "" {
		return refused(problem)
	}
	list := []newAPIDatum{}
	hours := s.hourly(&filter{}, from, to, flushed)
	for i, m := range s.world.models {
		for _, h := range hours {
			if u := h.models[i]; u.Calls > 0 {
				list = append(list, newAPIDatum{
					User: userID, Username: userName, Model: m.name, Created: h.begin,
					Tokens: u.Prompt + u.Completion, Count: u.Calls, Quota: u.Quota,
				})
			}
		}
	}
	return data(list)
}

// dataWindow is the window that /api/data is asked for, and the second up to
// which the cache behind it was written.
func (s *Server) dataWindow(x *exchange) (from, to, flushed int64, problem string) {
	from, to = x.parameter("start_timestamp"), x.parameter("end_timestamp")
	if to-from > dataSpan {
		problem = "时间跨度不能超过 1 个月"
	}
	return from, to, x.now.Unix() - (x.now.Unix()-s.started)%dataFlush, problem
}
