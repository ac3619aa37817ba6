package demo

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// heartbeat is whether a key's answers begin with blanks while nothing is there
// to be sent, and how often.
type heartbeat struct {
	On      bool `json:"enabled"`
	Seconds int  `json:"timeout_seconds"`
}

// oneHubSetting is what a key may do.
type oneHubSetting struct {
	Beat   heartbeat `json:"heartbeat"`
	Limits struct {
		Models struct {
			On   bool     `json:"enabled"`
			List []string `json:"models"`
		} `json:"limit_model_setting"`
		Addresses struct {
			On   bool     `json:"enabled"`
			List []string `json:"whitelist"`
		} `json:"limits_ip_setting"`
	} `json:"limits"`
}

// oneHubKey is a key, in full (082, 099). The remainder of an unlimited one is 0.
type oneHubKey struct {
	ID        int64         `json:"id"`
	User      int           `json:"user_id"`
	Key       string        `json:"key"`
	Status    int           `json:"status"`
	Name      string        `json:"name"`
	Created   int64         `json:"created_time"`
	Accessed  int64         `json:"accessed_time"`
	Expires   int64         `json:"expired_time"`
	Remain    int64         `json:"remain_quota"`
	Unlimited bool          `json:"unlimited_quota"`
	Used      int64         `json:"used_quota"`
	Group     string        `json:"group"`
	Backup    string        `json:"backup_group"`
	Setting   oneHubSetting `json:"setting"`
}

func oneHubToken(k *key) any {
	v := oneHubKey{
		ID: k.id, User: userID, Key: k.secret, Status: k.status, Name: k.name(), Created: k.created, Accessed: k.accessed,
		Expires: k.expires, Remain: k.remain, Unlimited: k.unlimited, Used: k.used, Group: k.group,
	}
	if k.unlimited {
		v.Remain = 0
	}
	v.Setting.Beat = k.beat
	v.Setting.Limits.Models.List = k.models()
	v.Setting.Limits.Models.On = len(k.models()) > 0
	return v
}

// oneHubList is a page with its number and size as they were understood, and the
// number of rows on all pages.
type oneHubList struct {
	Data  any `json:"data"`
	Page  int `json:"page"`
	Size  int `json:"size"`
	Total int `json:"total_count"`
}

// oneHubPage reads page, which counts from 1, and size: 10 by default, and too
// large a one is an error. Other names are ignored (026–046, 083–094).
func (x *exchange) oneHubPage() (page, size int, problem string) {
	page, size = max(1, int(x.parameter("page"))), int(x.parameter("size"))
	switch {
	case size > 100:
		return page, size, "size 参数不能超过 100"
	case size < 1:
		size = 10
	}
	return page, size, ""
}

// oneHubTokens is a page of the keys, the newest first. order is the name of a
// field, with a minus in front for the largest first (093).
func oneHubTokens(s *Server, x *exchange) answer {
	page, size, problem := x.oneHubPage()
	if problem != "" {
		return refused(problem)
	}
	q := x.r.URL.Query()
	keys := slices.DeleteFunc(s.listed(), func(k *key) bool { return !strings.HasPrefix(k.name(), q.Get("keyword")) })
	field, down := strings.CutPrefix(q.Get("order"), "-")
	by := map[string]func(*key) int64{
		"id": func(k *key) int64 { return k.id }, "status": func(k *key) int64 { return int64(k.status) },
		"used_quota": func(k *key) int64 { return k.used }, "created_time": func(k *key) int64 { return k.created },
		"expired_time": func(k *key) int64 { return k.expires },
	}[field]
	if by != nil {
		slices.Reverse(keys)
		slices.SortStableFunc(keys, func(a, b *key) int {
			if down {
				a, b = b, a
			}
			return cmp.Compare(by(a), by(b))
		})
	}
	items := []any{}
	for _, k := range cutPage(keys, page-1, size) {
		items = append(items, oneHubToken(k))
	}
	return data(oneHubList{items, page, size, len(keys)})
}

// oneHubDecode reads a key out of a body and finds what is wrong with it
// (104–107); a negative remainder is not. Fields left out are zero, and become
// so in the key (110). The type's name is in encoding/json's messages, so it
// has to be Token.
func oneHubDecode(x *exchange) (v tokenFields, problem string) {
	type Token struct {
		ID        int64         `json:"id"`
		Status    int           `json:"status"`
		Name      string        `json:"name"`
		Expires   int64         `json:"expired_time"`
		Remain    int           `json:"remain_quota"`
		Unlimited bool          `json:"unlimited_quota"`
		Group     string        `json:"group"`
		Setting   oneHubSetting `json:"setting"`
	}
	var t Token
	if err := json.Unmarshal(x.raw, &t); err != nil {
		return v, err.Error()
	}
	if len(t.Name) > 30 {
		return v, "令牌名称过长"
	}
	limits := ""
	if t.Setting.Limits.Models.On {
		limits = strings.Join(t.Setting.Limits.Models.List, ",")
	}
	return tokenFields{
		id: t.ID, status: t.Status, name: t.Name, expires: t.Expires, remain: int64(t.Remain), unlimited: t.Unlimited,
		limits: &limits, group: t.Group, beat: t.Setting.Beat,
	}, ""
}

// oneHubCreate says nothing about the key it has made (103).
func oneHubCreate(s *Server, x *exchange) answer {
	t, problem := oneHubDecode(x)
	if problem != "" {
		return refused(problem)
	}
	s.create(x, t)
	return done()
}

// oneHubUpdate answers with the key as it is then (108–112, 190, 191).
func oneHubUpdate(s *Server, x *exchange) answer {
	t, problem := oneHubDecode(x)
	if problem != "" {
		return refused(problem)
	}
	return s.update(x, t, oneHubToken, "令牌已过期，无法启用，请先修改令牌过期时间，或者设置为永不过期",
		"令牌可用额度已用尽，无法启用，请先修改令牌剩余额度，或者设置为无限额度")
}

// oneHubSubscription is a key's limit in dollars; an unlimited key's is the
// account's (135–141).
func oneHubSubscription(s *Server, x *exchange) answer {
	k := *x.key
	if k.unlimited {
		k.remain, k.used, k.unlimited = s.quota, s.used, false
	}
	return billingSubscription(s, &exchange{key: &k})
}

// oneHubUsage is what a key has used, in cents, or the account (136, 138).
func oneHubUsage(s *Server, x *exchange) answer {
	k := *x.key
	if k.unlimited {
		k.used = s.used
	}
	return billingUsage(s, &exchange{key: &k})
}

type oneHubModelRow struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	Owner   string `json:"owned_by"`
}

const oneHubModelsSince = 1677649963 // 129

// oneHubModels is OpenAI's list (129).
func oneHubModels(s *Server, x *exchange) answer {
	list := []oneHubModelRow{}
	for _, m := range s.world.models {
		if x.key.allows(m.name) {
			list = append(list, oneHubModelRow{m.name, "model", oneHubModelsSince, m.vendor})
		}
	}
	return ok(struct {
		Data   any    `json:"data"`
		Object string `json:"object"`
	}{list, "list"})
}

func oneHubModel(s *Server, x *exchange) answer {
	_, m := s.modelByName(x.args[0])
	if m == nil {
		return s.dialect.notFound(s, x)
	}
	return ok(oneHubModelRow{m.name, "model", oneHubModelsSince, m.vendor})
}

// oneHubPrice is what a model costs: ratios, of which 1 is $2 per million
// tokens (118, 120; extra_ratios: gateways.md §6).
type oneHubPrice struct {
	Model   string             `json:"model"`
	Type    string             `json:"type"`
	Channel int                `json:"channel_type"`
	Input   float64            `json:"input"`
	Output  float64            `json:"output"`
	Locked  bool               `json:"locked"`
	Extra   map[string]float64 `json:"extra_ratios,omitempty"`
}

func newOneHubPrice(m *llm) oneHubPrice {
	kinds := map[string]int{"OpenAI": 1, "Anthropic": 14, "Google": 25, "DeepSeek": 28}
	p := oneHubPrice{
		Model: m.name, Type: "tokens", Channel: kinds[m.vendor], Input: m.ratio, Output: m.ratio * m.completionRatio,
	}
	if m.cacheRatio > 0 {
		p.Extra = map[string]float64{"cached_tokens": m.cacheRatio}
	}
	return p
}

// oneHubAvailable is the public price list by model (118).
func oneHubAvailable(s *Server, _ *exchange) answer {
	list := map[string]any{}
	for _, m := range s.world.models {
		list[m.name] = map[string]any{"groups": []string{"default"}, "owned_by": m.vendor, "price": newOneHubPrice(m)}
	}
	return data(list)
}

// oneHubPrices is every price the gateway knows; the real one knows 180 (120).
func oneHubPrices(s *Server, _ *exchange) answer {
	var list []oneHubPrice
	for _, m := range s.world.models {
		list = append(list, newOneHubPrice(m))
	}
	return data(list)
}
