package demo

import (
	"slices"
	"strings"
)

// aiHubMix is the dialect of aihubmix, one closed site: an account, keys that
// are shown whole only once, lists of models, and no log. The facts are from
// its document of the account (testdata/aihubmix) and gateways.md §2, §5 and §6,
// which has the rest from a client of it; refusals and chats are as in one-api
// and not verified.
func aiHubMix() *dialect {
	d := shellAPI()
	// The manage key is sent as it is or behind Bearer.
	user := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return oneAPIUser(serve, false)
	}
	d.routes = []route{
		{pattern: "GET /", serve: func(*Server, *exchange) answer { return front("AIHubMix") }},
		{pattern: "GET /api/user/self", serve: user(hubMixSelf)},
		{pattern: "GET /api/user/available_models", serve: user(hubMixAvailable)},
		{pattern: "GET /api/v1/models", serve: hubMixCatalogue},
		{pattern: "GET /api/token/", serve: user(hubMixTokens)},
		{pattern: "GET /api/token/search", serve: user(hubMixTokens)},
		{pattern: "GET /api/token/:", serve: user(oneToken(hubMixToken))},
		{pattern: "POST /api/token/", serve: user(hubMixCreate)},
		{pattern: "PUT /api/token/", serve: user(hubMixUpdate)},
		{pattern: "DELETE /api/token/:", serve: user(deleteToken)},
		{pattern: "GET /v1/models", serve: withKey(oneAPIModels)},
		{pattern: "POST /v1/chat/completions", stream: relay(oneAPIChat)},
	}
	return d
}

// hubMixData is the envelope: the document gives message only when something
// failed.
func hubMixData(v any) answer {
	return ok(struct {
		Data    any  `json:"data"`
		Success bool `json:"success"`
	}{v, true})
}

// hubMixRemind is the balance, in units, below which the site sends a mail.
const hubMixRemind = 10 * quotaPerUnit

// hubMixSelf is the account, the manage key in it in clear. It has no number of
// requests.
func hubMixSelf(s *Server, _ *exchange) answer {
	v := map[string]any{
		"id": userID, "username": userName, "display_name": displayName, "role": s.role(), "status": 1,
		"access_token": s.dialect.accessToken(s.tokens), "quota": s.quota, "used_quota": s.used, "group": "default",
		"aff_code": "demo", "inviter_id": 0, "created_at": s.world.birth - 500*86400, "notify": true,
		"quota_remind_threshold": hubMixRemind, "notify_email": true, "migrated_at": "2025-06-01T00:00:00Z",
	}
	for _, name := range []string{
		"password", "email", "github_id", "google_id", "wechat_id", "lark_id", "oidc_id", "clerk_id", "verification_code",
	} {
		v[name] = ""
	}
	return hubMixData(v)
}

func hubMixAvailable(s *Server, _ *exchange) answer {
	var list []map[string]any
	for i, m := range s.world.models {
		list = append(list, map[string]any{"model": m.name, "developer_id": 1 + len(m.vendor), "order": i})
	}
	return hubMixData(list)
}

// hubMixCatalogue is the public list of models, with prices in US dollars per
// million tokens.
func hubMixCatalogue(s *Server, _ *exchange) answer {
	var list []map[string]any
	for _, m := range s.world.models {
		pricing := map[string]float64{"input": 2 * m.ratio, "output": 2 * m.ratio * m.completionRatio}
		if m.cacheRatio > 0 {
			pricing["cache_read"] = 2 * m.ratio * m.cacheRatio
		}
		list = append(list, map[string]any{
			"model_id": m.name, "desc": "", "developer_id": 1 + len(m.vendor), "endpoints": "chat_completions", "pricing": pricing,
		})
	}
	return hubMixData(list)
}

// hubMixToken is a key as lists show it.
func hubMixToken(k *key) any {
	v := shellToken(k).(map[string]any)
	v["key"] = mask(k.secret)
	for _, name := range []string{"billing_type", "is_initial_token", "remark", "advertisement", "ad_position"} {
		delete(v, name)
	}
	return v
}

// hubMixTokens is the keys, the newest first; keyword is the beginning of a
// name. Pages are not documented: all of them.
func hubMixTokens(s *Server, x *exchange) answer {
	keyword := x.r.URL.Query().Get("keyword")
	list := []any{}
	for _, k := range slices.DeleteFunc(s.listed(), func(k *key) bool { return !strings.HasPrefix(k.name(), keyword) }) {
		list = append(list, hubMixToken(k))
	}
	return hubMixData(list)
}

// hubMixCreate shows the key whole, for the only time.
func hubMixCreate(s *Server, x *exchange) answer {
	t, problem := shellDecode(x)
	if problem != "" {
		return refused(problem)
	}
	k := s.create(x, t)
	v := hubMixToken(k).(map[string]any)
	v["full_key"] = "sk-" + k.secret
	return hubMixData(v)
}

// hubMixUpdate takes the whole key, status included.
func hubMixUpdate(s *Server, x *exchange) answer {
	t, problem := shellDecode(x)
	if problem != "" {
		return refused(problem)
	}
	a := s.update(x, t, hubMixToken, "令牌已过期，无法启用", "令牌可用额度已用尽，无法启用")
	for _, k := range s.keys {
		if k.id == t.id && !k.deleted && t.status != 0 {
			k.status = t.status
			k.review(x.now.UnixNano(), s.quota > 0)
			a = hubMixData(hubMixToken(k))
		}
	}
	return a
}
