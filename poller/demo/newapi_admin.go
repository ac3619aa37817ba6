package demo

import (
	"encoding/json"
	"fmt"
	"strings"
)

// What new-api shows administrators (161–173). The shapes are its own; the rows
// of the log are those of newapi_log.go with more in them.

// newAPIAdminRow adds to a row what is kept from ordinary users (161, 205).
func (r *siteRow) newAPIAdminRow() newAPIRow {
	row := r.of.newAPIRow(&r.call, r.id())
	if r.key < 0 {
		return row
	}
	row.ChannelName = r.of.channelName(row.Channel)
	path := `"usage_billing_path":"upstream",`
	if r.kind == kindError {
		path = ""
	}
	row.Other = strings.Replace(row.Other, "{", fmt.Sprintf(`{"admin_info":{%s"use_channel":["%d"]},`, path, row.Channel), 1)
	return row
}

// newAPISiteLog is a page of everybody's calls.
func newAPISiteLog(s *Server, x *exchange) answer {
	page, size := x.newAPIPageQuery()
	f := x.siteFilter()
	f.pattern = true
	skip, n := (page-1)*size, size
	if size < 0 {
		skip, n = 0, mostRows
	}
	rows, total := s.sitePage(&f, max(0, skip), n, true)
	items := make([]newAPIRow, len(rows))
	for i := range rows {
		items[i] = rows[i].newAPIAdminRow()
	}
	return data(newAPIList{page, size, total, items})
}

// newAPISiteStat is newAPILogStat for everybody (163, 164).
func newAPISiteStat(s *Server, x *exchange) answer {
	f := x.siteFilter()
	f.pattern, f.kind = true, kindConsume
	all := s.siteSum(&f)
	f.from, f.to = x.now.Unix()-60, 0
	last := s.siteSum(&f)
	return data(newAPIRates{all.Quota, last.Calls, last.Prompt + last.Completion})
}

// newAPISiteData is every model's hours, of everybody together and so without a
// user's name, or of one user (173).
func newAPISiteData(s *Server, x *exchange) answer {
	name := x.r.URL.Query().Get("username")
	from, to, flushed, problem := s.dataWindow(x)
	if problem != "" {
		return refused(problem)
	}
	list := []newAPIDatum{}
	hours := s.siteHours(from, to, flushed, name)
	for i, m := range s.world.models {
		for _, h := range hours {
			u := h.models[i]
			if u.Calls == 0 {
				continue
			}
			d := newAPIDatum{Model: m.name, Created: h.begin, Tokens: u.Prompt + u.Completion, Count: u.Calls, Quota: u.Quota}
			if name != "" {
				d.Username, d.User = name, s.idOf(name)
			}
			list = append(list, d)
		}
	}
	return data(list)
}

// newAPIChannel is an upstream as lists show it (167): without its key.
type newAPIChannel struct {
	ID           int             `json:"id"`
	Type         int             `json:"type"`
	Key          string          `json:"key"`
	Organization *string         `json:"openai_organization"`
	TestModel    *string         `json:"test_model"`
	Status       int             `json:"status"`
	Name         string          `json:"name"`
	Weight       int             `json:"weight"`
	Created      int64           `json:"created_time"`
	Tested       int64           `json:"test_time"`
	Response     int64           `json:"response_time"` // milliseconds
	URL          string          `json:"base_url"`
	Other        string          `json:"other"`
	Balance      float64         `json:"balance"` // US dollars
	BalanceAt    int64           `json:"balance_updated_time"`
	Models       string          `json:"models"`
	Group        string          `json:"group"`
	Used         int64           `json:"used_quota"`
	Mapping      string          `json:"model_mapping"`
	StatusMap    string          `json:"status_code_mapping"`
	Priority     int             `json:"priority"`
	AutoBan      int             `json:"auto_ban"`
	Info         string          `json:"other_info"` // a JSON document of its own, or nothing
	Tag          *string         `json:"tag"`
	Setting      *string         `json:"setting"`
	Params       *string         `json:"param_override"`
	Headers      *string         `json:"header_override"`
	Remark       *string         `json:"remark"`
	Keys         newAPIMultiKeys `json:"channel_info"`
	Settings     string          `json:"settings"`
}

type newAPIMultiKeys struct {
	Multi   bool           `json:"is_multi_key"`
	Size    int            `json:"multi_key_size"`
	States  map[string]int `json:"multi_key_status_list"`
	Polling int            `json:"multi_key_polling_index"`
	Mode    string         `json:"multi_key_mode"`
}

func (s *Server) newAPIChannel(x *exchange, ch channel) newAPIChannel {
	c := newAPIChannel{
		ID: ch.id, Type: ch.kind, Status: ch.status, Name: ch.name, Weight: 1, Created: s.world.birth - 300*86400,
		Tested: x.ago(ch.testAge), Response: ch.response, URL: ch.url, Balance: ch.balance, BalanceAt: x.ago(ch.balanceAge),
		Models: s.sells(ch), Group: "default", Used: s.through(ch), Priority: ch.priority, AutoBan: 1,
	}
	if ch.reason != "" {
		raw, _ := json.Marshal(map[string]any{"status_reason": ch.reason, "status_time": x.ago(ch.testAge)})
		c.Info = string(raw)
	}
	return c
}

// newAPIChannels is a page of the upstreams, in this order, whose number by type
// counts all pages. status filters: 1 what is on, 0 what is not.
func newAPIChannels(s *Server, x *exchange) answer {
	page, size := x.newAPIPageQuery()
	items, types := []newAPIChannel{}, map[string]int{}
	wanted := x.r.URL.Query().Get("status")
	for _, ch := range channels() {
		types[fmt.Sprint(ch.kind)]++
		on := ch.status == channelOn
		if wanted == "1" && !on || wanted == "0" && on {
			continue
		}
		items = append(items, s.newAPIChannel(x, ch))
	}
	total := len(items)
	return data(map[string]any{
		"items": cutPage(items, page-1, size), "page": page, "page_size": size, "total": total, "type_counts": types,
	})
}

// newAPIUsers is a page of the users, newest first (170). Their tokens are not in
// it.
func newAPIUsers(s *Server, x *exchange) answer {
	page, size := x.newAPIPageQuery()
	items := []map[string]any{}
	for _, m := range s.members() {
		items = append(items, map[string]any{
			"id": m.id, "username": m.name, "password": "", "original_password": "", "display_name": m.display,
			"role": m.role, "status": 1, "email": "", "github_id": "", "discord_id": "", "oidc_id": "", "wechat_id": "",
			"telegram_id": "", "verification_code": "", "quota": m.quota, "used_quota": m.used, "request_count": m.requests,
			"group": "default", "aff_code": "", "aff_count": 0, "aff_quota": 0, "aff_history_quota": 0, "inviter_id": 0,
			"DeletedAt": nil, "linux_do_id": "", "setting": "", "stripe_customer": "",
			"created_at": s.world.birth - 400*86400, "last_login_at": s.world.birth - 7000,
		})
	}
	return data(newAPIList{page, size, len(items), cutPage(items, page-1, size)})
}

// cutPage gives one page of a list, counted from 0; a size below 0 is no limit.
func cutPage[T any](list []T, page, size int) []T {
	if size < 0 {
		return list
	}
	first := min(max(0, page)*size, len(list))
	return list[first:min(first+size, len(list))]
}
