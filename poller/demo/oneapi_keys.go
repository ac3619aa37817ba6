package demo

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// oneAPIKey is a key, in full (084, 100). models is null in keys that were made
// without (104).
type oneAPIKey struct {
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
	Used      int64   `json:"used_quota"`
	Models    *string `json:"models"`
	Subnet    *string `json:"subnet"`
}

func oneAPIToken(k *key) any {
	return oneAPIKey{
		ID: k.id, User: userID, Key: k.secret, Status: k.status, Name: k.name(), Created: k.created,
		Accessed: k.accessed, Expires: k.expires, Remain: k.remain, Unlimited: k.unlimited, Used: k.used,
		Models: k.limits, Subnet: k.addresses,
	}
}

// oneAPITokens is a page of the keys, p counted from 0 (084–095).
func oneAPITokens(s *Server, x *exchange) answer {
	keys := s.listed()
	switch x.r.URL.Query().Get("order") {
	case "used_quota":
		slices.SortStableFunc(keys, func(a, b *key) int { return cmp.Compare(b.used, a.used) })
	case "remain_quota":
		slices.SortStableFunc(keys, func(a, b *key) int { return cmp.Compare(b.remain, a.remain) })
	}
	first := min(int(max(0, x.parameter("p")))*oneAPIPage, len(keys))
	return oneAPIKeys(keys[first:min(first+oneAPIPage, len(keys))])
}

// oneAPITokenSearch gives every key whose name begins with the keyword, the
// oldest first (097–099).
func oneAPITokenSearch(s *Server, x *exchange) answer {
	keyword := x.r.URL.Query().Get("keyword")
	keys := slices.DeleteFunc(s.listed(), func(k *key) bool { return !strings.HasPrefix(k.name(), keyword) })
	slices.Reverse(keys)
	return oneAPIKeys(keys)
}

func oneAPIKeys(keys []*key) answer {
	list := []any{}
	for _, k := range keys {
		list = append(list, oneAPIToken(k))
	}
	return data(list)
}

// oneAPIDecode reads a key out of a body and finds what is wrong with it
// (105–108). Fields left out are zero, and become so in the key (111). The
// type's name is in encoding/json's messages, so it has to be Token.
func oneAPIDecode(x *exchange) (v tokenFields, problem string) {
	type Token struct {
		ID        int64   `json:"id"`
		Status    int     `json:"status"`
		Name      string  `json:"name"`
		Expires   int64   `json:"expired_time"`
		Remain    int64   `json:"remain_quota"`
		Unlimited bool    `json:"unlimited_quota"`
		Models    *string `json:"models"`
		Subnet    *string `json:"subnet"`
	}
	var t Token
	if err := json.Unmarshal(x.raw, &t); err != nil {
		return v, err.Error()
	}
	if len(t.Name) > 30 {
		return v, "参数错误：令牌名称过长"
	}
	return tokenFields{
		id: t.ID, status: t.Status, name: t.Name, expires: t.Expires, remain: t.Remain, unlimited: t.Unlimited,
		limits: t.Models, addresses: t.Subnet,
	}, ""
}

// oneAPICreate answers with the key (104).
func oneAPICreate(s *Server, x *exchange) answer {
	t, problem := oneAPIDecode(x)
	if problem != "" {
		return refused(problem)
	}
	return data(oneAPIToken(s.create(x, t)))
}

// oneAPIUpdate answers with the key as it is then (109–113, 191, 192).
func oneAPIUpdate(s *Server, x *exchange) answer {
	t, problem := oneAPIDecode(x)
	if problem != "" {
		return refused(problem)
	}
	return s.update(x, t, oneAPIToken,
		"令牌已过期，无法启用，请先修改令牌过期时间，或者设置为永不过期",
		"令牌可用额度已用尽，无法启用，请先修改令牌剩余额度，或者设置为无限额度")
}

// oneAPIModelRow is one model as one-api lists it (130).
type oneAPIModelRow struct {
	ID         string             `json:"id"`
	Object     string             `json:"object"`
	Created    int64              `json:"created"`
	Owner      string             `json:"owned_by"`
	Permission []oneAPIPermission `json:"permission"`
	Root       string             `json:"root"`
	Parent     *string            `json:"parent"`
}

type oneAPIPermission struct {
	ID           string  `json:"id"`
	Object       string  `json:"object"`
	Created      int64   `json:"created"`
	CreateEngine bool    `json:"allow_create_engine"`
	Sampling     bool    `json:"allow_sampling"`
	Logprobs     bool    `json:"allow_logprobs"`
	Search       bool    `json:"allow_search_indices"`
	View         bool    `json:"allow_view"`
	FineTuning   bool    `json:"allow_fine_tuning"`
	Organization string  `json:"organization"`
	Group        *string `json:"group"`
	Blocking     bool    `json:"is_blocking"`
}

func newOneAPIModelRow(name string) oneAPIModelRow {
	return oneAPIModelRow{
		ID: name, Object: "model", Created: modelsSince, Owner: "openai", Root: name,
		Permission: []oneAPIPermission{{
			ID: "modelperm-demo00000000000000000000", Object: "model_permission", Created: modelsSince,
			CreateEngine: true, Sampling: true, Logprobs: true, View: true, Organization: "*",
		}},
	}
}

// oneAPIModels is OpenAI's list of old, permissions included.
func oneAPIModels(s *Server, x *exchange) answer {
	var list []oneAPIModelRow
	for _, name := range s.modelsFor(x.key) {
		list = append(list, newOneAPIModelRow(name))
	}
	return ok(struct {
		Data   any    `json:"data"`
		Object string `json:"object"`
	}{list, "list"})
}

func oneAPIModel(s *Server, x *exchange) answer {
	if _, m := s.modelByName(x.args[0]); m == nil {
		return s.dialect.notFound(s, x)
	}
	return ok(newOneAPIModelRow(x.args[0]))
}
