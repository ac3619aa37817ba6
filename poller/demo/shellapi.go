package demo

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// shellAPI is the dialect of Shell-API, the closed program behind ocoolai, apiyi
// and laozhang. There are no recordings: the facts are from the sites'
// documents, by way of gateways.md and testdata/shell-api; what those do not say
// is as in one-api, from which it comes, and so is not verified: its status, its
// refusals, its chats and that it has no limit per address.
func shellAPI() *dialect {
	d := oneAPI()
	d.bill, d.countsUnlimited, d.firstKey, d.perAddress = billNewAPI, true, 1, 0
	d.ownKeys = nil
	d.unlimited = func(*key) {}
	d.routes = shellRoutes()
	return d
}

func shellRoutes() []route {
	// The token is sent as it is; Bearer in front of it is taken too, and a
	// user's number in a header is not looked at.
	user := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return oneAPIUser(serve, false)
	}
	return []route{
		{pattern: "GET /", serve: func(*Server, *exchange) answer { return front("Shell API") }},
		{pattern: "GET /api/status", serve: oneAPIStatus},
		{pattern: "GET /api/user/self", serve: user(shellSelf)},
		{pattern: "GET /api/user/available_models", serve: user(userModels)},
		{pattern: "GET /api/user/token", serve: user(renewToken)},
		{pattern: "GET /api/log/self", serve: user(shellLogSelf)},
		{pattern: "GET /api/log/self/stat", serve: user(shellLogStat)},
		{pattern: "GET /api/log/self/model_usage", serve: user(shellModelUsage)},
		{pattern: "GET /api/log/self/getDailyUsageStatsByDimension", serve: user(shellDaily)},
		{pattern: "GET /api/token/", serve: user(shellTokens)},
		{pattern: "GET /api/token/search", serve: user(shellTokenSearch)},
		{pattern: "GET /api/token/:", serve: user(oneToken(shellToken))},
		{pattern: "POST /api/token/", serve: user(shellCreate)},
		{pattern: "PUT /api/token/", serve: user(shellUpdate)},
		{pattern: "DELETE /api/token/:", serve: user(deleteToken)},
		{pattern: "GET /v1/models", serve: withKey(oneAPIModels)},
		{pattern: "GET /v1/models/:", serve: withKey(oneAPIModel)},
		{pattern: "GET /v1/dashboard/billing/subscription", serve: withKey(billingSubscription)},
		{pattern: "GET /v1/dashboard/billing/usage", serve: withKey(billingUsage)},
		{pattern: "POST /v1/chat/completions", stream: relay(oneAPIChat)},
	}
}

// shellData is the envelope, in which message may be null (gateways.md §2.1).
func shellData(v any) answer {
	return ok(struct {
		Data    any     `json:"data"`
		Message *string `json:"message"`
		Success bool    `json:"success"`
	}{Data: v, Success: true})
}

// shellSelf is the account. The prices per call are an object here, as at
// ocoolai; at other sites they are an array.
func shellSelf(s *Server, _ *exchange) answer {
	v := map[string]any{
		"id": userID, "username": userName, "display_name": displayName, "role": s.role(), "status": 1,
		"quota": s.quota, "used_quota": s.used, "request_count": s.requests, "group": "default", "aff_code": "demo",
		"last_login_time": s.world.birth - 7000, "last_login_ip": "198.51.100.77",
		"TopupGroupMinLimit": 10, "ShowPackagePlan": false,
		"ModelFixedPrice": map[string]float64{"mj": 0.16, "mj-chat": 0.14},
	}
	for _, name := range []string{
		"password", "email", "github_id", "telegram_id", "wechat_id", "lark_id", "access_token", "rate_limit_exceeded_message",
		"remark", "phone_number", "sms_verification_code", "verification_code",
	} {
		v[name] = ""
	}
	for _, name := range []string{
		"inviter_id", "register_time", "rate_limit", "quota_expire_time", "admin_access_flags", "inviteUserNumber", "aff_quota",
		"aff_history_quota", "InviteBonusRatio",
	} {
		v[name] = 0
	}
	return shellData(v)
}

// shellRow is a log row, as apiyi documents it
// (docs.apiyi.com/en/api-capabilities/log-query).
type shellRow struct {
	Request    string `json:"request_id"`
	Created    int64  `json:"created_at"`
	Type       int    `json:"type"`
	Content    string `json:"content"`
	Username   string `json:"username"`
	Token      string `json:"token_name"`
	Group      string `json:"token_group"`
	Model      string `json:"model_name"`
	Quota      int64  `json:"quota"` // 0 where nothing was consumed
	Prompt     int32  `json:"prompt_tokens"`
	Completion int32  `json:"completion_tokens"`
	Duration   int64  `json:"duration_for_view"` // seconds
	Stream     bool   `json:"is_stream"`
	Error      string `json:"error_code"`
	Other      string `json:"other"` // a JSON document of its own
}

func (s *Server) shellRow(c *call) shellRow {
	at := time.Unix(0, c.at).UTC()
	row := shellRow{Created: at.Unix(), Type: int(c.kind), Username: userName}
	if c.key < 0 {
		row.Content, row.Request = topUpText(c), s.dialect.requestID(at, c.detail)
		return row
	}
	m, h := s.world.models[c.model], s.details(c)
	path := "/v1/chat/completions"
	if m.embeds {
		path = "/v1/embeddings"
	}
	other, _ := json.Marshal(map[string]any{
		"billing_type": "by_tokens", "request_path": path, "group_ratio": 1, "model_ratio": m.ratio, "usage": map[string]any{},
	})
	row.Content = fmt.Sprintf("模型倍率 %.2f，补全倍率 %.2f，分组倍率 %.2f", m.ratio, m.completionRatio, 1.0)
	row.Request, row.Token, row.Group, row.Model = h.request, s.keys[c.key].nameAt(c.at), "default", m.name
	row.Quota, row.Prompt, row.Completion, row.Stream = c.quota, c.prompt, c.completion, h.stream
	row.Duration, row.Other = int64(h.took.Round(time.Second).Seconds()), string(other)
	return row
}

// shellFilter reads the conditions; token_key asks for one key's rows, by the
// key itself. A key that does not exist has none.
func (s *Server) shellFilter(x *exchange) filter {
	f := x.filter()
	if secret := x.r.URL.Query().Get("token_key"); secret != "" {
		f.key = len(s.keys) + 1
		if k := s.keyBySecret(strings.TrimPrefix(secret, "sk-")); k != nil {
			f.key = s.keyIndex(k) + 1
		}
	}
	return f
}

// shellPage is how many rows or keys a page holds, whatever is asked for
// (gateways.md §3).
const shellPage = 10

// shellLogSelf is a page of the log, without a total; p counts from 0.
func shellLogSelf(s *Server, x *exchange) answer {
	f := s.shellFilter(x)
	rows, _ := s.page(&f, int(max(0, x.parameter("p")))*shellPage, shellPage, false)
	items := make([]shellRow, len(rows))
	for i := range rows {
		items[i] = s.shellRow(&rows[i])
	}
	return shellData(items)
}

// shellLogStat adds up the consume rows; rpm, tpm and mpm are those of the last
// minute, mpm in quota units. That it is the last minute is assumed.
func shellLogStat(s *Server, x *exchange) answer {
	f := s.shellFilter(x)
	f.kind = kindConsume
	all := s.sum(&f)
	f.from, f.to = x.now.Unix()-60, 0
	last := s.sum(&f)
	return shellData(map[string]int64{
		"mpm": last.Quota, "quota": all.Quota, "rpm": last.Calls, "tpm": last.Prompt + last.Completion,
	})
}

// shellSize is the size of a page of sums, which pageSize sets: the documents
// ask for 20.
func (x *exchange) shellSize() int {
	if n := int(x.parameter("pageSize")); n > 0 {
		return min(n, 100)
	}
	return shellPage
}

// shellModelUsage counts the calls of every model in the log.
func shellModelUsage(s *Server, x *exchange) answer {
	type datum struct {
		Model string `json:"modelName"`
		Count int64  `json:"cnt"`
	}
	list := []datum{}
	counts := make([]int64, len(s.world.models))
	f := x.filter()
	for _, h := range s.hourly(&filter{model: f.model, keyName: f.keyName}, max(f.from, 0), far, x.now.Unix()+1) {
		for i, u := range h.models {
			counts[i] += u.Calls
		}
	}
	for i, n := range counts {
		if n > 0 {
			list = append(list, datum{s.world.models[i].name, n})
		}
	}
	slices.SortFunc(list, func(a, b datum) int { return int(b.Count - a.Count) })
	return shellData(cutPage(list, int(x.parameter("p")), x.shellSize()))
}

// shellDaily is what every model cost on every day, the newest first. Only
// dimension=model is known; that days are those of UTC is assumed.
func shellDaily(s *Server, x *exchange) answer {
	type datum struct {
		Model string  `json:"modelName"`
		User  string  `json:"userId"`
		Name  string  `json:"username"`
		Quota int64   `json:"sumQuota"`
		USD   float64 `json:"sumUsd"`
		Date  string  `json:"date"`
	}
	list := []datum{}
	now := x.now.Unix()
	for d := now / 86400; d > now/86400-7; d-- {
		sums := make([]Usage, len(s.world.models))
		for _, h := range s.hourly(&filter{}, d*86400, d*86400+86399, now+1) {
			for i := range sums {
				sums[i].merge(h.models[i])
			}
		}
		date := time.Unix(d*86400, 0).UTC().Format(time.DateOnly)
		for i, u := range sums {
			if u.Calls > 0 {
				list = append(list, datum{s.world.models[i].name, "", userName, u.Quota, float64(u.Quota) / quotaPerUnit, date})
			}
		}
	}
	return shellData(cutPage(list, int(x.parameter("p")), x.shellSize()))
}

// shellToken is a key, in full; an unlimited one has -1 left.
func shellToken(k *key) any {
	remain := k.remain
	if k.unlimited {
		remain = -1
	}
	limits := ""
	if k.limits != nil {
		limits = *k.limits
	}
	return map[string]any{
		"id": k.id, "user_id": userID, "key": k.secret, "status": k.status, "name": k.name(), "created_time": k.created,
		"accessed_time": k.accessed, "expired_time": k.expires, "remain_quota": remain, "unlimited_quota": k.unlimited,
		"used_quota": k.used, "models": limits, "subnet": "", "ip_whitelist": "", "billing_type": 1,
		"is_initial_token": false, "remark": "", "advertisement": "", "ad_position": 0,
	}
}

func shellKeys(x *exchange, keys []*key) answer {
	list := []any{}
	for _, k := range cutPage(keys, int(x.parameter("p")), shellPage) {
		list = append(list, shellToken(k))
	}
	return shellData(list)
}

func shellTokens(s *Server, x *exchange) answer { return shellKeys(x, s.listed()) }

func shellTokenSearch(s *Server, x *exchange) answer {
	keyword := x.r.URL.Query().Get("keyword")
	return shellKeys(x, slices.DeleteFunc(s.listed(), func(k *key) bool { return !strings.HasPrefix(k.name(), keyword) }))
}

// shellDecode reads a key out of a body; -1 for what remains means no limit.
func shellDecode(x *exchange) (tokenFields, string) {
	t, problem := oneAPIDecode(x)
	if t.remain == -1 {
		t.remain, t.unlimited = 0, true
	}
	return t, problem
}

// shellCreate answers with the key.
func shellCreate(s *Server, x *exchange) answer {
	t, problem := shellDecode(x)
	if problem != "" {
		return refused(problem)
	}
	return shellData(shellToken(s.create(x, t)))
}

func shellUpdate(s *Server, x *exchange) answer {
	t, problem := shellDecode(x)
	if problem != "" {
		return refused(problem)
	}
	return s.update(x, t, shellToken, "令牌已过期，无法启用，请先修改令牌过期时间，或者设置为永不过期",
		"令牌可用额度已用尽，无法启用，请先修改令牌剩余额度，或者设置为无限额度")
}
