package demo

import (
	"math"
	"strconv"
	"time"
)

// oneHubRow is a log row (025, 151). Consume rows have no content.
type oneHubRow struct {
	ID         int64          `json:"id"` // 0 except in the administrators' list
	User       int            `json:"user_id"`
	Created    int64          `json:"created_at"`
	Type       int            `json:"type"`
	Content    string         `json:"content"`
	Username   string         `json:"username"`
	Token      string         `json:"token_name"`
	Model      string         `json:"model_name"`
	Quota      int64          `json:"quota"`
	Prompt     int32          `json:"prompt_tokens"`
	Completion int32          `json:"completion_tokens"`
	ChannelID  int            `json:"channel_id"`
	Time       int64          `json:"request_time"` // milliseconds
	Stream     bool           `json:"is_stream"`
	Source     string         `json:"source_ip"`
	Metadata   map[string]any `json:"metadata"`
	Channel    *oneHubChannel `json:"channel"` // nil for ordinary users
}

// oneHubRow writes one row. first_response is in milliseconds and only there if
// the call streamed (025, 054, 055).
func (s *Server) oneHubRow(c *call) oneHubRow {
	owner := s.owner(c)
	row := oneHubRow{
		User: owner.id, Created: c.at / 1e9, Type: int(c.kind), Username: owner.name, Quota: c.quota, ChannelID: s.channelOf(c),
	}
	if c.key < 0 {
		// No top-up was recorded.
		row.Quota, row.Content = 0, topUpText(c)
		return row
	}
	m, h := s.world.models[c.model], s.details(c)
	row.Token, row.Model, row.Prompt, row.Completion = s.keys[c.key].nameAt(c.at), m.name, c.prompt, c.completion
	row.Time, row.Stream, row.Source = h.took.Milliseconds(), h.stream, "198.51.100.77"
	row.Metadata = map[string]any{
		"backup_group_name": "", "group_name": "default", "group_ratio": 1, "input_ratio": m.ratio,
		"is_backup_group": false, "output_ratio": m.ratio * m.completionRatio, "price_type": "tokens",
	}
	if h.stream {
		row.Metadata["first_response"] = h.first.Milliseconds()
	}
	if c.cached > 0 {
		row.Metadata["cached_tokens"], row.Metadata["cached_tokens_ratio"] = c.cached, m.cache()
	}
	if m.reasons {
		row.Metadata["reasoning_tokens"], row.Metadata["reasoning_tokens_ratio"] = c.completion*3/5, 1
	}
	return row
}

// oneHubFilter reads the conditions: type is called log_type, and what is no
// number is an error (047–062).
func (x *exchange) oneHubFilter() (f filter, problem string) {
	q := x.r.URL.Query()
	for _, name := range []string{"log_type", "start_timestamp", "end_timestamp", "channel_id"} {
		if text := q.Get(name); text != "" {
			if _, err := strconv.ParseInt(text, 10, 64); err != nil {
				return f, err.Error()
			}
		}
	}
	f = x.filter()
	f.kind = int(x.parameter("log_type"))
	return f, ""
}

// oneHubLogSelf is a page of the log, newest first.
func oneHubLogSelf(s *Server, x *exchange) answer {
	f, problem := x.oneHubFilter()
	page, size, wrong := x.oneHubPage()
	if problem += wrong; problem != "" {
		return refused(problem)
	}
	rows, total := s.page(&f, (page-1)*size, size, true)
	items := make([]oneHubRow, len(rows))
	for i := range rows {
		items[i] = s.oneHubRow(&rows[i])
	}
	return data(oneHubList{items, page, size, total})
}

// oneHubLogStat is the sum of the consume rows, and nothing else (063–070).
func oneHubLogStat(s *Server, x *exchange) answer {
	f, problem := x.oneHubFilter()
	if problem != "" {
		return refused(problem)
	}
	f.kind = kindConsume
	return data(map[string]int64{"quota": s.sum(&f).Quota})
}

const (
	maxRPM          = 600 // calls per minute, of the group (078, 124)
	statisticsEvery = 600 // seconds between two runs of the job behind the dashboard
)

// oneHubRate is how full the limiter is: calls in the last minute. Tokens are
// not counted (078).
func oneHubRate(s *Server, x *exchange) answer {
	u := s.sum(&filter{from: x.now.Unix() - 60, kind: kindConsume})
	return data(map[string]any{
		"rpm": u.Calls, "maxRPM": maxRPM, "usageRpmRate": math.Round(float64(u.Calls)*10000/maxRPM) / 100,
		"tpm": 0, "maxTPM": 0, "usageTpmRate": 0,
	})
}

// oneHubDashboard is the last eight days of UTC by model, up to the last run of
// the job that adds them up; null before the first. Its keys have capitals (077).
func oneHubDashboard(s *Server, x *exchange) answer {
	type datum struct {
		Date             string
		RequestCount     int64
		Quota            int64
		PromptTokens     int64
		CompletionTokens int64
		RequestTime      int64 // milliseconds, all calls together
		ModelName        string
	}
	var list []datum
	now := x.now.Unix()
	counted := now - (now-s.started)%statisticsEvery
	if counted == s.started {
		return data(nil)
	}
	for d := now/86400 - 7; d <= now/86400; d++ {
		sums := make([]Usage, len(s.world.models))
		for _, h := range s.hourly(&filter{}, d*86400, d*86400+86399, counted) {
			for i := range sums {
				sums[i].merge(h.models[i])
			}
		}
		for i, u := range sums {
			if u.Calls > 0 {
				m := s.world.models[i]
				date := time.Unix(d*86400, 0).UTC().Format(time.DateOnly)
				list = append(list, datum{date, u.Calls, u.Quota, u.Prompt, u.Completion, m.meanTime(u), m.name})
			}
		}
	}
	return data(list)
}

// meanTime is about what so many calls took together, in milliseconds: adding up
// a week's rows one by one would take longer than anybody waits.
func (m *llm) meanTime(u Usage) int64 {
	seconds := float64(u.Calls) * m.firstToken.mean()
	if m.speed > 0 {
		seconds += float64(u.Completion) / m.speed * math.Exp(0.25*0.25/2)
	}
	return int64(1000 * seconds)
}

// oneHubChannel is an upstream. In a row of the log all but id and name is
// empty (151, 157).
type oneHubChannel struct {
	ID         int     `json:"id"`
	Type       int     `json:"type"`
	Key        string  `json:"key"`
	Status     int     `json:"status"`
	Name       string  `json:"name"`
	Weight     *int    `json:"weight"`
	Created    int64   `json:"created_time"`
	Tested     int64   `json:"test_time"`
	Response   int64   `json:"response_time"` // milliseconds
	URL        *string `json:"base_url"`
	Other      string  `json:"other"`
	Balance    float64 `json:"balance"` // US dollars
	BalanceAt  int64   `json:"balance_updated_time"`
	Models     string  `json:"models"`
	Group      string  `json:"group"`
	Tag        string  `json:"tag"`
	Used       int64   `json:"used_quota"`
	Mapping    *string `json:"model_mapping"`
	Headers    *string `json:"model_headers"`
	Custom     *string `json:"custom_parameter"`
	Priority   *int    `json:"priority"`
	Proxy      *string `json:"proxy"`
	TestModel  string  `json:"test_model"`
	OnlyChat   bool    `json:"only_chat"`
	PreCost    int     `json:"pre_cost"`
	Compatible bool    `json:"compatible_response"`
	AllowExtra bool    `json:"allow_extra_body"`
	Plugin     *string `json:"plugin"`
}

// oneHubChannels is a page of the upstreams, the newest first (157, 158). Why
// one was switched off is not said.
func oneHubChannels(s *Server, x *exchange) answer {
	page, size, problem := x.oneHubPage()
	if problem != "" {
		return refused(problem)
	}
	var list []oneHubChannel
	for _, ch := range newestFirst(channels()) {
		weight := 1
		list = append(list, oneHubChannel{
			ID: ch.id, Type: ch.kind, Status: ch.status, Name: ch.name, Weight: &weight, Created: s.world.birth - 300*86400,
			Tested: x.ago(ch.testAge), Response: ch.response, URL: &ch.url, Balance: ch.balance,
			BalanceAt: x.ago(ch.balanceAge), Models: s.sells(ch), Group: "default", Used: s.through(ch),
			Mapping: new(string), Headers: new(string), Custom: new(string), Priority: &ch.priority, Proxy: new(string),
			TestModel: "gpt-4o-mini", PreCost: 1,
		})
	}
	return data(oneHubList{cutPage(list, page-1, size), page, size, len(list)})
}

// oneHubUsers is a page of the users, the newest first, tokens included (160).
func oneHubUsers(s *Server, x *exchange) answer {
	page, size, problem := x.oneHubPage()
	if problem != "" {
		return refused(problem)
	}
	var list []oneHubAccount
	for _, m := range s.members() {
		list = append(list, oneHubAccount{
			ID: m.id, Name: m.name, Display: m.display, Role: m.role, Status: 1, Quota: m.quota, Used: m.used,
			Requests: m.requests, Group: "default", Login: s.world.birth - 7000, LoginFrom: "198.51.100.78",
			Created: s.world.birth - 500*86400,
		})
	}
	return data(oneHubList{cutPage(list, page-1, size), page, size, len(list)})
}

// oneHubSiteLog is a page of everybody's calls, with the ids of the database and
// the channels (151–156). The channel is filtered by channel_id.
func oneHubSiteLog(s *Server, x *exchange) answer {
	f, problem := x.oneHubFilter()
	page, size, wrong := x.oneHubPage()
	if problem += wrong; problem != "" {
		return refused(problem)
	}
	f.user, f.channel = x.r.URL.Query().Get("username"), x.parameter("channel_id")
	rows, total := s.sitePage(&f, (page-1)*size, size, true)
	items := make([]oneHubRow, len(rows))
	for i := range rows {
		items[i] = rows[i].of.oneHubRow(&rows[i].call)
		items[i].ID = rows[i].id()
		if id := items[i].ChannelID; id != 0 {
			items[i].Channel = &oneHubChannel{ID: id, Name: s.channelName(id)}
		}
	}
	return data(oneHubList{items, page, size, total})
}

// oneHubSiteStat is the sum of everybody's consume rows, or of one user's.
func oneHubSiteStat(s *Server, x *exchange) answer {
	f, problem := x.oneHubFilter()
	if problem != "" {
		return refused(problem)
	}
	f.kind, f.user, f.channel = kindConsume, x.r.URL.Query().Get("username"), x.parameter("channel_id")
	return data(map[string]int64{"quota": s.siteSum(&f).Quota})
}
