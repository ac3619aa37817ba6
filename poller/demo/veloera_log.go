package demo

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// veloeraRow is a log row (025, 159): of new-api before it had request ids.
type veloeraRow struct {
	ID          int64  `json:"id"` // the real one modulo 1024 except in the administrators' list
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
	Other       string `json:"other"` // a JSON document of its own
}

// veloeraOther is what a consume row says about its price.
type veloeraOther struct {
	Admin           *veloeraAdmin `json:"admin_info,omitempty"`
	CacheRatio      float64       `json:"cache_ratio"`
	CacheTokens     int32         `json:"cache_tokens"`
	CompletionRatio float64       `json:"completion_ratio"`
	FirstResponse   int64         `json:"frt"` // milliseconds; -1000 where nothing was streamed
	GroupRatio      float64       `json:"group_ratio"`
	ModelPrice      float64       `json:"model_price"`
	ModelRatio      float64       `json:"model_ratio"`
}

type veloeraAdmin struct {
	Channels []string `json:"use_channel"`
}

// veloeraRow writes one row, for an ordinary user or with what administrators
// see.
func (r *siteRow) veloeraRow(admin bool) veloeraRow {
	s, c := r.of, &r.call
	at := time.Unix(0, c.at).UTC()
	owner := s.owner(c)
	row := veloeraRow{ID: r.id(), User: owner.id, Created: at.Unix(), Type: int(c.kind), Username: owner.name, Other: "null"}
	if !admin {
		row.ID %= 1024
	}
	if c.key < 0 {
		row.Content = topUpText(c)
		return row
	}
	m, h := s.world.models[c.model], s.details(c)
	row.Content = fmt.Sprintf("模型倍率 %.2f，补全倍率 %.2f，分组倍率 %.2f", m.ratio, m.completionRatio, 1.0)
	row.Token, row.TokenID, row.Model = s.keys[c.key].nameAt(c.at), s.keys[c.key].id, m.name
	row.Quota, row.Prompt, row.Completion = c.quota, c.prompt, c.completion
	row.UseTime = at.Unix() - at.Add(-h.took).Unix()
	row.Stream, row.Channel, row.Group = h.stream, s.channelOf(c), "default"
	other := veloeraOther{
		CacheRatio: m.cache(), CacheTokens: c.cached, CompletionRatio: m.completionRatio, FirstResponse: -1000,
		GroupRatio: 1, ModelPrice: -1, ModelRatio: m.ratio,
	}
	if h.stream {
		other.FirstResponse = h.first.Milliseconds()
	}
	if admin {
		row.ChannelName = s.channelName(row.Channel)
		other.Admin = &veloeraAdmin{[]string{fmt.Sprint(row.Channel)}}
	}
	raw, _ := json.Marshal(other)
	row.Other = string(raw)
	return row
}

func (s *Server) veloeraRows(calls []call) []veloeraRow {
	rows := make([]veloeraRow, len(calls))
	for i, c := range calls {
		rows[i] = (&siteRow{c, s}).veloeraRow(false)
	}
	return rows
}

// veloeraPage reads p, which counts from 1, and page_size: without it, and with
// 0, there is no row at all (034–052); a negative one means 10.
func (x *exchange) veloeraPage() (page, size int) {
	page, size = max(1, int(x.parameter("p"))), int(x.parameter("page_size"))
	if size < 0 {
		size = 10
	}
	return page, min(size, 100)
}

// veloeraList is a page; the total is there even where no rows are.
type veloeraList struct {
	Items any `json:"items"`
	Page  int `json:"page"`
	Size  int `json:"page_size"`
	Total int `json:"total"`
}

// veloeraLogSelf is a page of the log, newest first.
func veloeraLogSelf(s *Server, x *exchange) answer {
	page, size := x.veloeraPage()
	f := x.filter()
	f.pattern = true
	rows, total := s.page(&f, (page-1)*size, size, true)
	return data(veloeraList{s.veloeraRows(rows), page, size, total})
}

// veloeraSiteLog is a page of everybody's calls. Administrators' pages have no
// largest size (gateways.md §3); the pages end at mostRows here.
func veloeraSiteLog(s *Server, x *exchange) answer {
	page, _ := x.veloeraPage()
	size := min(max(0, int(x.parameter("page_size"))), mostRows)
	f := x.siteFilter()
	f.pattern = true
	rows, total := s.sitePage(&f, (page-1)*size, size, true)
	items := make([]veloeraRow, len(rows))
	for i := range rows {
		items[i] = rows[i].veloeraRow(true)
	}
	return data(veloeraList{items, page, size, total})
}

// veloeraLogSearch compares the keyword with the type's number (080).
func veloeraLogSearch(s *Server, x *exchange) answer {
	f := filter{kind: int(x.parameter("keyword"))}
	if f.kind == 0 {
		return data([]veloeraRow{})
	}
	rows, _ := s.page(&f, 0, 100, false)
	return data(s.veloeraRows(rows))
}

// veloeraLogToken is every row of one key, the oldest first, to its owner (082;
// that a user has to ask: gateways.md §3).
func veloeraLogToken(s *Server, x *exchange) answer {
	k := s.keyBySecret(strings.TrimPrefix(x.r.URL.Query().Get("key"), "sk-"))
	if k == nil {
		return data([]veloeraRow{})
	}
	rows, _ := s.page(&filter{key: s.keyIndex(k) + 1}, 0, mostRows, false)
	return data(newestFirst(s.veloeraRows(rows)))
}

// veloeraDatum is what one model did in one hour (088).
type veloeraDatum struct {
	ID       int64  `json:"id"`
	User     int    `json:"user_id"`
	Username string `json:"username"`
	Model    string `json:"model_name"`
	Created  int64  `json:"created_at"` // the hour's beginning
	Tokens   int64  `json:"token_used"`
	Count    int64  `json:"count"`
	Quota    int64  `json:"quota"`
}

// veloeraData gives hours by model, as newAPIData does, with ids.
func veloeraData(s *Server, x *exchange) answer {
	return s.veloeraHours(x, func(from, to, end int64) []hourUse { return s.hourly(&filter{}, from, to, end) }, userID, userName)
}

// veloeraSiteData is every model's hours, of everybody together (171).
func veloeraSiteData(s *Server, x *exchange) answer {
	name := x.r.URL.Query().Get("username")
	hours := func(from, to, end int64) []hourUse { return s.siteHours(from, to, end, name) }
	return s.veloeraHours(x, hours, s.idOf(name), name)
}

func (s *Server) veloeraHours(x *exchange, hours func(from, to, end int64) []hourUse, id int, name string) answer {
	from, to, flushed, problem := s.dataWindow(x)
	if problem != "" {
		return refused(problem)
	}
	list := []veloeraDatum{}
	for _, h := range hours(from, to, flushed) {
		for i, u := range h.models {
			if u.Calls == 0 {
				continue
			}
			d := veloeraDatum{
				User: id, Username: name, Model: s.world.models[i].name, Created: h.begin,
				Tokens: u.Prompt + u.Completion, Count: u.Calls, Quota: u.Quota,
			}
			if name != "" {
				d.ID = h.begin/3600%100_000*10 + int64(i)
			}
			list = append(list, d)
		}
	}
	return data(list)
}
