package demo

import (
	"encoding/json"
	"slices"
	"strings"
)

// veloeraKey is a key, in full (090).
type veloeraKey struct {
	ID        int64   `json:"id"`
	User      int     `json:"user_id"`
	Key       string  `json:"key"`
	Status    int     `json:"status"`
	Name      string  `json:"name"`
	Created   int64   `json:"created_time"`
	Accessed  int64   `json:"accessed_time"`
	Expires   int64   `json:"expired_time"`
	Remain    int64   `json:"remain_quota"`
	Unlimited bool    `json:"unlimited_quota"`
	Limited   bool    `json:"model_limits_enabled"`
	Limits    string  `json:"model_limits"`
	Addresses *string `json:"allow_ips"`
	Used      int64   `json:"used_quota"`
	Group     string  `json:"group"`
	Deleted   *string `json:"DeletedAt"`
}

func veloeraToken(k *key) any {
	return veloeraKey{
		ID: k.id, User: userID, Key: k.secret, Status: k.status, Name: k.name(), Created: k.created, Accessed: k.accessed,
		Expires: k.expires, Remain: k.remain, Unlimited: k.unlimited, Limited: len(k.models()) > 0,
		Limits: strings.Join(k.models(), ","), Addresses: k.addresses, Used: k.used,
	}
}

func veloeraKeys(keys []*key) answer {
	list := []any{}
	for _, k := range keys {
		list = append(list, veloeraToken(k))
	}
	return data(list)
}

// veloeraTokens is a page of the keys, without a total: p counts from 0 here, and
// the size is called size (090–100).
func veloeraTokens(s *Server, x *exchange) answer {
	size := int(x.parameter("size"))
	if size <= 0 {
		size = 10
	}
	return veloeraKeys(cutPage(s.listed(), int(x.parameter("p")), min(size, 100)))
}

// veloeraTokenSearch gives the keys whose names begin with the keyword and whose
// secrets begin with token, the oldest first (104, 106).
func veloeraTokenSearch(s *Server, x *exchange) answer {
	q := x.r.URL.Query()
	return veloeraKeys(newestFirst(slices.DeleteFunc(s.listed(), func(k *key) bool {
		return !strings.HasPrefix(k.name(), q.Get("keyword")) || !strings.HasPrefix(k.secret, q.Get("token"))
	})))
}

// veloeraDecode reads a key out of a body and finds what is wrong with it. The
// type's name is in encoding/json's messages, so it has to be Token.
func veloeraDecode(x *exchange) (v tokenFields, problem string) {
	type Token struct {
		ID        int64   `json:"id"`
		Status    int     `json:"status"`
		Name      string  `json:"name"`
		Expires   int64   `json:"expired_time"`
		Remain    int     `json:"remain_quota"`
		Unlimited bool    `json:"unlimited_quota"`
		Limited   bool    `json:"model_limits_enabled"`
		Limits    string  `json:"model_limits"`
		Addresses *string `json:"allow_ips"`
	}
	var t Token
	if err := json.Unmarshal(x.raw, &t); err != nil {
		return v, err.Error()
	}
	if len(t.Name) > 30 {
		return v, "令牌名称过长"
	}
	if !t.Limited {
		t.Limits = ""
	}
	return tokenFields{
		id: t.ID, status: t.Status, name: t.Name, expires: t.Expires, remain: int64(t.Remain), unlimited: t.Unlimited,
		limits: &t.Limits, addresses: t.Addresses,
	}, ""
}

// veloeraCreate says nothing about the key it has made (111).
func veloeraCreate(s *Server, x *exchange) answer {
	t, problem := veloeraDecode(x)
	if problem != "" {
		return refused(problem)
	}
	s.create(x, t)
	return done()
}

// veloeraUpdate answers with the key as it is then (198, 199).
func veloeraUpdate(s *Server, x *exchange) answer {
	t, problem := veloeraDecode(x)
	if problem != "" {
		return refused(problem)
	}
	return s.update(x, t, veloeraToken, "令牌已过期，无法启用，请先修改令牌过期时间，或者设置为永不过期", "")
}

// veloeraModels is the list of old, with success where object should be (137).
func veloeraModels(s *Server, x *exchange) answer {
	var list []oneAPIModelRow
	for _, name := range s.modelsFor(x.key) {
		list = append(list, newOneAPIModelRow(name))
	}
	return ok(struct {
		Data    any  `json:"data"`
		Success bool `json:"success"`
	}{list, true})
}

// veloeraPricing is the public price list (127): nothing about caches.
func veloeraPricing(s *Server, _ *exchange) answer {
	type price struct {
		Model      string   `json:"model_name"`
		Kind       int      `json:"quota_type"`
		Ratio      float64  `json:"model_ratio"`
		Price      float64  `json:"model_price"`
		Owner      string   `json:"owner_by"`
		Completion float64  `json:"completion_ratio"`
		Groups     []string `json:"enable_groups"`
	}
	var list []price
	for _, m := range s.world.models {
		list = append(list, price{Model: m.name, Ratio: m.ratio, Completion: m.completionRatio, Groups: []string{"default"}})
	}
	return ok(map[string]any{
		"data": list, "group_ratio": map[string]int{"default": 1, "vip": 1}, "success": true,
		"usable_group": map[string]string{"": "用户分组", "default": "默认分组", "vip": "vip分组"},
	})
}

// veloeraChannels is a page of the upstreams, the newest first: a bare list, p
// counted from 0 (165–167).
func veloeraChannels(s *Server, x *exchange) answer {
	size := int(x.parameter("page_size"))
	if size <= 0 {
		size = 10
	}
	var list []map[string]any
	for _, ch := range newestFirst(channels()) {
		c := s.newAPIChannel(x, ch)
		list = append(list, map[string]any{
			"id": c.ID, "type": c.Type, "key": "", "openai_organization": nil, "test_model": nil, "status": c.Status,
			"name": c.Name, "weight": 1, "created_time": c.Created, "test_time": c.Tested, "response_time": c.Response,
			"base_url": c.URL, "other": "", "balance": c.Balance, "balance_updated_time": c.BalanceAt, "models": c.Models,
			"group": "default", "used_quota": c.Used, "model_mapping": "", "status_code_mapping": "",
			"priority": c.Priority, "auto_ban": 1, "other_info": c.Info, "tag": nil, "setting": nil, "param_override": nil,
		})
	}
	return data(cutPage(list, int(x.parameter("p")), size))
}

// veloeraUsers is a page of the users, the newest first (168), p counted from 1.
func veloeraUsers(s *Server, x *exchange) answer {
	page, size := x.veloeraPage()
	if size == 0 {
		size = 10
	}
	list := []veloeraAccount{}
	for _, m := range s.members() {
		list = append(list, veloeraAccount{
			ID: m.id, Name: m.name, Display: m.display, Role: m.role, Status: 1, Quota: m.quota, Used: m.used,
			Requests: m.requests, Group: "default",
		})
	}
	return data(veloeraList{cutPage(list, page-1, size), page, size, len(list)})
}
