package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// oneAPI is the dialect of the family's ancestor: Chinese in all messages, pages
// of ten, nothing about caches, first tokens or failures in its log.
//
// Every fact in the oneapi files is from the recordings of one-api,
// testdata/one-api, unless another source is named.
func oneAPI() *dialect {
	return &dialect{
		bill:       billOneAPI,
		firstKey:   3, // as recorded (086)
		perAddress: 480,

		// It makes a key for every new user, unasked (086).
		ownKeys: func(birth int64) []*key {
			return []*key{{
				id: 1, secret: secret(1), status: statusEnabled, created: birth - 500*86400, accessed: birth - 500*86400,
				expires: never, remain: -1, unlimited: true, addresses: new(string), names: []naming{{name: "default"}},
			}}
		},
		// An unlimited key's numbers never move: laptop's used_quota (086) lacks
		// just what its calls cost (068).
		unlimited:   func(k *key) { k.used, k.accessed = 0, k.created },
		accessToken: func(n int) string { return fmt.Sprintf("dead0000beef%020d", n) },
		// Time to the nanosecond, and eight digits.
		requestID: func(t time.Time, salt uint64) string {
			return fmt.Sprintf("%s%09d%08d", t.Format("20060102150405"), t.Nanosecond(), salt%1e8)
		},
		header:     func(h http.Header, x *exchange) { h.Set("X-Oneapi-Request-Id", x.id) },
		notFound:   func(_ *Server, x *exchange) answer { return notFound(x) },
		routes:     oneAPIRoutes(),
		keyProblem: oneAPIKeyProblem,
	}
}

// oneAPIRoutes lists what one-api answers; the order counts, as in newAPIRoutes.
func oneAPIRoutes() []route {
	admin := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return oneAPIUser(serve, true)
	}
	user := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return oneAPIUser(serve, false)
	}
	return []route{
		{pattern: "GET /", serve: func(*Server, *exchange) answer {
			a := front("One API")
			a.header.Set("Accept-Ranges", "bytes")
			return a
		}},
		{pattern: "GET /api/status", serve: oneAPIStatus},
		{pattern: "GET /api/notice", serve: func(*Server, *exchange) answer { return data("") }},
		{pattern: "POST /api/user/login", serve: critical(func(*Server, *exchange) answer {
			return refused("用户名或密码错误，或用户已被封禁")
		})},
		{pattern: "GET /api/user/self", serve: user(oneAPISelf)},
		{pattern: "GET /api/user/available_models", serve: user(userModels)},
		{pattern: "GET /api/user/dashboard", serve: user(oneAPIDashboard)},
		{pattern: "GET /api/user/token", serve: user(renewToken)},
		{pattern: "GET /api/user/:", serve: admin(noSuchUser)},
		{pattern: "GET /api/user/", serve: admin(oneAPIUsers)},
		{pattern: "GET /api/channel/", serve: admin(oneAPIChannels)},
		{pattern: "GET /api/group/", serve: admin(func(*Server, *exchange) answer { return data([]string{"default", "vip", "svip"}) })},
		{pattern: "GET /api/log/", serve: admin(oneAPISiteLog)},
		{pattern: "GET /api/log/stat", serve: admin(oneAPISiteStat)},
		{pattern: "GET /api/log/self", serve: user(oneAPILogSelf)},
		{pattern: "GET /api/log/self/stat", serve: user(oneAPILogStat)},
		{pattern: "GET /api/log/self/search", serve: user(oneAPILogSearch)},
		{pattern: "GET /api/token/", serve: user(oneAPITokens)},
		{pattern: "GET /api/token/search", serve: user(oneAPITokenSearch)},
		{pattern: "GET /api/token/:", serve: user(oneToken(oneAPIToken))},
		{pattern: "POST /api/token/", serve: user(oneAPICreate)},
		{pattern: "PUT /api/token/", serve: user(oneAPIUpdate)},
		{pattern: "DELETE /api/token/:", serve: user(deleteToken)},
		{pattern: "GET /v1/models", serve: withKey(oneAPIModels)},
		{pattern: "GET /v1/models/:", serve: withKey(oneAPIModel)},
		{pattern: "GET /v1/dashboard/billing/subscription", serve: withKey(billingSubscription)},
		{pattern: "GET /v1/dashboard/billing/usage", serve: withKey(billingUsage)},
		{pattern: "POST /v1/chat/completions", stream: relay(oneAPIChat)},
	}
}

// oneAPIUser lets a request with a valid access token pass (019–024). admin
// routes refuse an ordinary user's then.
func oneAPIUser(serve func(*Server, *exchange) answer, admin bool) func(*Server, *exchange) answer {
	return func(s *Server, x *exchange) answer {
		token := x.r.Header.Get("Authorization")
		switch {
		case token == "":
			return says(http.StatusUnauthorized, verdict{Message: "无权进行此操作，未登录且未提供 access token"})
		case strings.Replace(token, "Bearer ", "", 1) != s.dialect.accessToken(s.tokens):
			return refused("无权进行此操作，access token 无效")
		case admin && !s.Admin:
			return refused("无权进行此操作，权限不足")
		}
		return serve(s, x)
	}
}

// oneAPIStatus is the public self-description (009).
func oneAPIStatus(s *Server, _ *exchange) answer {
	d := map[string]any{
		"display_in_currency": true, "email_verification": false, "github_oauth": false, "oidc": false,
		"turnstile_check": false, "wechat_login": false,
		"quota_per_unit": quotaPerUnit, "server_address": s.URL(), "start_time": s.started, "system_name": "One API",
		"version": "v0.6.11-alpha.22-1-g8df4a267",
	}
	for _, name := range []string{
		"chat_link", "footer_html", "github_client_id", "lark_client_id", "logo", "oidc_authorization_endpoint",
		"oidc_client_id", "oidc_token_endpoint", "oidc_userinfo_endpoint", "oidc_well_known", "top_up_link",
		"turnstile_site_key", "wechat_qrcode",
	} {
		d[name] = ""
	}
	return data(d)
}

// oneAPIAccount is a user, in units. Password and token are there, and always
// empty; only administrators' lists show the token.
type oneAPIAccount struct {
	ID       int    `json:"id"`
	Name     string `json:"username"`
	Password string `json:"password"`
	Display  string `json:"display_name"`
	Role     int    `json:"role"`
	Status   int    `json:"status"`
	Email    string `json:"email"`
	GitHub   string `json:"github_id"`
	WeChat   string `json:"wechat_id"`
	Lark     string `json:"lark_id"`
	OIDC     string `json:"oidc_id"`
	Code     string `json:"verification_code"`
	Token    string `json:"access_token"`
	Quota    int64  `json:"quota"`
	Used     int64  `json:"used_quota"`
	Requests int64  `json:"request_count"`
	Group    string `json:"group"`
	Aff      string `json:"aff_code"`
	Inviter  int    `json:"inviter_id"`
}

// oneAPISelf is the own account (019).
func oneAPISelf(s *Server, _ *exchange) answer {
	return data(oneAPIAccount{
		ID: userID, Name: userName, Display: displayName, Role: s.role(), Status: 1,
		Quota: s.quota, Used: s.used, Requests: s.requests, Group: "default", Aff: "demo",
	})
}

// oneAPIRow is a log row (026, 048).
type oneAPIRow struct {
	ID         int64  `json:"id"` // 0 except in the administrators' list
	User       int    `json:"user_id"`
	Created    int64  `json:"created_at"`
	Type       int    `json:"type"`
	Content    string `json:"content"`
	Username   string `json:"username"`
	Token      string `json:"token_name"`
	Model      string `json:"model_name"`
	Quota      int64  `json:"quota"`
	Prompt     int32  `json:"prompt_tokens"`
	Completion int32  `json:"completion_tokens"`
	Channel    int    `json:"channel"`
	Request    string `json:"request_id"`
	Elapsed    int64  `json:"elapsed_time"` // milliseconds
	Stream     bool   `json:"is_stream"`
	Reset      bool   `json:"system_prompt_reset"`
}

// oneAPIRows writes rows. The content of a consume row is the price: model ratio,
// group ratio, completion ratio, with two decimals.
func (s *Server) oneAPIRows(calls []call) []oneAPIRow {
	rows := make([]oneAPIRow, len(calls))
	for i := range calls {
		c := &calls[i]
		at := time.Unix(0, c.at).UTC()
		owner := s.owner(c)
		rows[i] = oneAPIRow{User: owner.id, Created: at.Unix(), Type: int(c.kind), Username: owner.name, Quota: c.quota}
		if c.key < 0 {
			rows[i].Content, rows[i].Request = topUpText(c), s.dialect.requestID(at, c.detail)
			continue
		}
		m, h := s.world.models[c.model], s.details(c)
		rows[i].Content = fmt.Sprintf("倍率：%.2f × %.2f × %.2f", m.ratio, 1.0, m.completionRatio)
		rows[i].Token, rows[i].Model = s.keys[c.key].nameAt(c.at), m.name
		rows[i].Prompt, rows[i].Completion, rows[i].Channel = c.prompt, c.completion, s.channelOf(c)
		rows[i].Request, rows[i].Elapsed, rows[i].Stream = h.request, h.took.Milliseconds(), h.stream
	}
	return rows
}

const oneAPIPage = 10 // rows; nothing changes it (027–047)

// oneAPILogSelf is a page of the log. p counts from 0; no total is given.
func oneAPILogSelf(s *Server, x *exchange) answer {
	f := x.filter()
	rows, _ := s.page(&f, int(max(0, x.parameter("p")))*oneAPIPage, oneAPIPage, false)
	return data(s.oneAPIRows(rows))
}

// oneAPILogStat is the sum of the consume rows, and nothing else (064–071).
func oneAPILogStat(s *Server, x *exchange) answer {
	f := x.filter()
	f.kind = kindConsume
	return data(struct {
		Quota int64 `json:"quota"`
	}{s.sum(&f).Quota})
}

// oneAPILogSearch compares the keyword with the type's number, whatever it is
// (072–074).
func oneAPILogSearch(s *Server, x *exchange) answer {
	f := filter{kind: int(x.parameter("keyword"))}
	if f.kind == 0 {
		return data([]oneAPIRow{})
	}
	rows, _ := s.page(&f, 0, 100, false)
	return data(s.oneAPIRows(rows))
}

// oneAPIDashboard is the last seven days of UTC by model; its keys have
// capitals (078).
func oneAPIDashboard(s *Server, x *exchange) answer {
	type datum struct {
		Day              string
		ModelName        string
		RequestCount     int64
		Quota            int64
		PromptTokens     int64
		CompletionTokens int64
	}
	var list []datum
	now := x.now.Unix()
	for d := now/86400 - 6; d <= now/86400; d++ {
		sums := make([]Usage, len(s.world.models))
		for _, h := range s.hourly(&filter{}, d*86400, d*86400+86399, now+1) {
			for i := range sums {
				sums[i].merge(h.models[i])
			}
		}
		for i, u := range sums {
			if u.Calls > 0 {
				day := time.Unix(d*86400, 0).UTC().Format(time.DateOnly)
				list = append(list, datum{day, s.world.models[i].name, u.Calls, u.Quota, u.Prompt, u.Completion})
			}
		}
	}
	return data(list)
}

// oneAPIProblem is an error of the relay's own (175–180): no code.
func oneAPIProblem(x *exchange, status int, message string) *answer {
	type problem struct {
		Message string `json:"message"`
		Type    string `json:"type"`
	}
	a := says(status, map[string]problem{"error": {message + x.mark(), "one_api_error"}})
	return &a
}

// mark is what the relay puts at the end of its messages.
func (x *exchange) mark() string { return " (request id: " + x.id + ")" }

// oneAPIKeyProblem finds the key of a relay request, or says what is wrong with
// it (175–178, 187). Only now do expired and exhausted keys become that.
func oneAPIKeyProblem(s *Server, x *exchange) *answer {
	no := func(message string) *answer { return oneAPIProblem(x, http.StatusUnauthorized, message) }
	if x.r.Header.Get("Authorization") == "" {
		return no("未提供令牌")
	}
	k := s.keyBySecret(bearer(x))
	if k == nil {
		return no("无效的令牌")
	}
	if k.status == statusEnabled && k.expired(x.now.UnixNano()) {
		k.status = statusExpired
	}
	if k.status == statusEnabled && k.exhausted() {
		k.status = statusExhausted
	}
	switch k.status {
	case statusEnabled:
		x.key = k
		return nil
	case statusExpired:
		return no("该令牌已过期")
	case statusExhausted:
		return no(fmt.Sprintf("令牌 %s（#%d）额度已用尽", k.name(), k.id))
	}
	return no("该令牌状态不可用")
}

// oneAPIChat begins a chat, or says why not (169–193).
func oneAPIChat(s *Server, x *exchange, fault Fault) (*chat, *answer) {
	var q chatRequest
	if err := json.Unmarshal(x.raw, &q); err != nil {
		return nil, oneAPIProblem(x, http.StatusBadRequest, "common.UnmarshalBodyReusable failed: "+err.Error())
	}
	i, m := s.modelByName(q.Model)
	switch {
	case !x.key.allows(q.Model):
		return nil, oneAPIProblem(x, http.StatusForbidden, "该令牌无权使用模型："+q.Model)
	case m == nil:
		return nil, oneAPIProblem(x, http.StatusServiceUnavailable, "当前分组 default 下对于模型 "+q.Model+" 无可用渠道")
	case s.quota < q.preConsumed(m):
		a := upstreamProblem(http.StatusForbidden, "user quota is not enough"+x.mark(), "one_api_error", "insufficient_user_quota")
		return nil, &a
	}
	if f, text := upstreamFailure(m, fault); f.status != 0 {
		if f.status == http.StatusTooManyRequests {
			text = "当前分组上游负载已饱和，请稍后再试"
		}
		a := upstreamProblem(f.status, text+x.mark(), f.code, f.code)
		return nil, &a
	}
	return s.newChat(&q, x, slices.Index(s.keys, x.key), i), nil
}
