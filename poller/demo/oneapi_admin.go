package demo

import "fmt"

// What one-api shows administrators (152–162). Pages count from 0.

// oneAPISiteLog is a page of everybody's calls, with the ids of the database.
func oneAPISiteLog(s *Server, x *exchange) answer {
	f := x.siteFilter()
	rows, _ := s.sitePage(&f, int(max(0, x.parameter("p")))*oneAPIPage, oneAPIPage, false)
	items := make([]oneAPIRow, len(rows))
	for i := range rows {
		items[i] = rows[i].of.oneAPIRows([]call{rows[i].call})[0]
		items[i].ID = rows[i].id()
	}
	return data(items)
}

// oneAPISiteStat is the sum of everybody's consume rows, or of one user's (154,
// 155).
func oneAPISiteStat(s *Server, x *exchange) answer {
	f := x.siteFilter()
	f.kind = kindConsume
	return data(map[string]int64{"quota": s.siteSum(&f).Quota})
}

// oneAPIChannel is an upstream (159). Why it was switched off is not said.
type oneAPIChannel struct {
	ID        int     `json:"id"`
	Type      int     `json:"type"`
	Key       string  `json:"key"`
	Status    int     `json:"status"`
	Name      string  `json:"name"`
	Weight    int     `json:"weight"`
	Created   int64   `json:"created_time"`
	Tested    int64   `json:"test_time"`
	Response  int64   `json:"response_time"` // milliseconds
	URL       string  `json:"base_url"`
	Other     string  `json:"other"`
	Balance   float64 `json:"balance"` // US dollars
	BalanceAt int64   `json:"balance_updated_time"`
	Models    string  `json:"models"`
	Group     string  `json:"group"`
	Used      int64   `json:"used_quota"`
	Mapping   string  `json:"model_mapping"`
	Priority  int     `json:"priority"`
	Config    string  `json:"config"`
	Prompt    *string `json:"system_prompt"`
}

// oneAPIChannels is a page of the upstreams, the newest first (158, 159).
func oneAPIChannels(s *Server, x *exchange) answer {
	items := []oneAPIChannel{}
	for _, ch := range newestFirst(channels()) {
		items = append(items, oneAPIChannel{
			ID: ch.id, Type: ch.kind, Status: ch.status, Name: ch.name, Weight: 1, Created: s.world.birth - 300*86400,
			Tested: x.ago(ch.testAge), Response: ch.response, URL: ch.url, Balance: ch.balance,
			BalanceAt: x.ago(ch.balanceAge), Models: s.sells(ch), Group: "default", Used: s.through(ch),
			Priority: ch.priority, Config: "{}",
		})
	}
	return data(cutPage(items, int(x.parameter("p")), oneAPIPage))
}

// oneAPIUsers is a page of the users, the newest first, tokens included (161,
// 162).
func oneAPIUsers(s *Server, x *exchange) answer {
	items := []oneAPIAccount{}
	for _, m := range s.members() {
		items = append(items, oneAPIAccount{
			ID: m.id, Name: m.name, Display: m.display, Role: m.role, Status: 1, Token: fmt.Sprintf("deadbeef%024d", m.id),
			Quota: m.quota, Used: m.used, Requests: m.requests, Group: "default",
		})
	}
	return data(cutPage(items, int(x.parameter("p")), oneAPIPage))
}
