package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// veloera is the dialect of Veloera, which left new-api at about 0.6 and kept
// what that was like: Chinese messages, logs whose pages count from 1 and are
// empty unless page_size is given, keys whose pages count from 0.
//
// There are no recordings of Veloera. Every fact in the veloera files is from
// new-api 0.6.3, its ancestor, unless gateways.md is named; the numbers are
// those of testdata/veloera, where the header's name is Veloera's.
func veloera() *dialect {
	return &dialect{
		bill:            billNewAPI,
		preConsumes:     true,
		countsUnlimited: true,
		firstKey:        1,
		chats:           chatStyle{pings: true},
		perAddress:      180,

		unlimited:   func(k *key) { k.remain = -k.used },
		accessToken: func(n int) string { return fmt.Sprintf("demo+access/token+%014d", n) },
		requestID: func(t time.Time, salt uint64) string {
			return fmt.Sprintf("%s%09d%s", t.Format("20060102150405"), t.Nanosecond(), letters(salt))
		},
		header:     func(h http.Header, x *exchange) { h.Set("X-Oneapi-Request-Id", x.id) },
		notFound:   func(_ *Server, x *exchange) answer { return notFound(x) },
		routes:     veloeraRoutes(),
		keyProblem: veloeraKeyProblem,
	}
}

// veloeraRoutes lists what Veloera answers; the order counts, as in newAPIRoutes.
func veloeraRoutes() []route {
	user := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return veloeraUser(serve, false)
	}
	admin := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return veloeraUser(serve, true)
	}
	return []route{
		{pattern: "GET /", serve: func(*Server, *exchange) answer { return front("Veloera") }},
		{pattern: "GET /api/status", serve: veloeraStatus},
		{pattern: "GET /api/notice", serve: func(*Server, *exchange) answer { return data("") }},
		{pattern: "POST /api/user/login", serve: critical(func(*Server, *exchange) answer {
			return refused("用户名或密码错误，或用户已被封禁")
		})},
		{pattern: "GET /api/user/self", serve: user(veloeraSelf)},
		{pattern: "GET /api/user/models", serve: user(userModels)},
		{pattern: "GET /api/user/token", serve: user(renewToken)},
		{pattern: "GET /api/user/:", serve: admin(noSuchUser)},
		{pattern: "GET /api/user/", serve: admin(veloeraUsers)},
		{pattern: "GET /api/channel/", serve: admin(veloeraChannels)},
		{pattern: "GET /api/group/", serve: admin(func(*Server, *exchange) answer { return data([]string{"default", "vip", "svip"}) })},
		{pattern: "GET /api/log/", serve: admin(veloeraSiteLog)},
		{pattern: "GET /api/log/stat", serve: admin(newAPISiteStat)},
		{pattern: "GET /api/data/", serve: admin(veloeraSiteData)},
		{pattern: "GET /api/log/self", serve: user(veloeraLogSelf)},
		{pattern: "GET /api/log/self/stat", serve: user(newAPILogStat)},
		{pattern: "GET /api/log/self/search", serve: user(veloeraLogSearch)},
		{pattern: "GET /api/log/token", serve: user(veloeraLogToken)},
		{pattern: "GET /api/data/self", serve: user(veloeraData)},
		{pattern: "GET /api/pricing", serve: veloeraPricing},
		{pattern: "GET /api/token/", serve: user(veloeraTokens)},
		{pattern: "GET /api/token/search", serve: user(veloeraTokenSearch)},
		{pattern: "GET /api/token/:", serve: user(oneToken(veloeraToken))},
		{pattern: "POST /api/token/", serve: user(veloeraCreate)},
		{pattern: "PUT /api/token/", serve: user(veloeraUpdate)},
		{pattern: "DELETE /api/token/:", serve: user(deleteToken)},
		{pattern: "GET /v1/models", serve: withKey(veloeraModels)},
		{pattern: "GET /v1/models/:", serve: withKey(oneAPIModel)},
		{pattern: "GET /v1/dashboard/billing/subscription", serve: withKey(billingSubscription)},
		{pattern: "GET /v1/dashboard/billing/usage", serve: withKey(billingUsage)},
		{pattern: "POST /v1/chat/completions", stream: relay(veloeraChat)},
	}
}

// veloeraUser lets a request with a valid access token and the user's id pass
// (022–030). admin routes refuse an ordinary user's then.
func veloeraUser(serve func(*Server, *exchange) answer, admin bool) func(*Server, *exchange) answer {
	unauthorized := func(why string) answer {
		return says(http.StatusUnauthorized, verdict{Message: "无权进行此操作，" + why})
	}
	return func(s *Server, x *exchange) answer {
		token := x.r.Header.Get("Authorization")
		id := x.r.Header.Get("Veloera-User")
		n, err := strconv.ParseInt(id, 10, 64)
		switch {
		case token == "":
			return unauthorized("未登录且未提供 access token")
		case strings.Replace(token, "Bearer ", "", 1) != s.dialect.accessToken(s.tokens):
			return refused("无权进行此操作，access token 无效")
		case id == "":
			return unauthorized("未提供 Veloera-User")
		case err != nil:
			return unauthorized("Veloera-User 格式错误")
		case n != userID:
			return unauthorized("Veloera-User 与登录用户不匹配")
		case admin && !s.Admin:
			return refused("无权进行此操作，权限不足")
		}
		return serve(s, x)
	}
}

// veloeraStatus is the public self-description (012); check_in_enabled is
// Veloera's own (gateways.md §2.3).
func veloeraStatus(s *Server, _ *exchange) answer {
	d := map[string]any{
		"chats": []any{map[string]string{"OpenCat": "opencat://team/join?domain={address}&token={key}"}},
		"price": 7.3, "min_topup": 1, "quota_per_unit": quotaPerUnit, "data_export_default_time": "hour",
		"server_address": s.URL(), "start_time": s.started, "system_name": "Veloera", "version": "8117f302",
		"docs_link": "https://docs.newapi.pro",
	}
	for _, name := range []string{
		"default_collapse_sidebar", "demo_site_enabled", "email_verification", "enable_batch_update", "enable_online_topup",
		"github_oauth", "linuxdo_oauth", "mj_notify_enabled", "oidc_enabled", "self_use_mode_enabled", "telegram_oauth",
		"turnstile_check", "wechat_login", "check_in_enabled",
	} {
		d[name] = false
	}
	for _, name := range []string{"display_in_currency", "enable_data_export", "enable_drawing", "enable_task", "setup"} {
		d[name] = true
	}
	for _, name := range []string{
		"footer_html", "github_client_id", "linuxdo_client_id", "logo", "oidc_authorization_endpoint", "oidc_client_id",
		"telegram_bot_name", "top_up_link", "turnstile_site_key", "wechat_qrcode",
	} {
		d[name] = ""
	}
	return data(d)
}

// veloeraAccount is a user (022; the last check-in and the null instead of a
// token: gateways.md §2.1).
type veloeraAccount struct {
	ID       int     `json:"id"`
	Name     string  `json:"username"`
	Password string  `json:"password"`
	Display  string  `json:"display_name"`
	Role     int     `json:"role"`
	Status   int     `json:"status"`
	Email    string  `json:"email"`
	GitHub   string  `json:"github_id"`
	OIDC     string  `json:"oidc_id"`
	WeChat   string  `json:"wechat_id"`
	Telegram string  `json:"telegram_id"`
	Code     string  `json:"verification_code"`
	Token    *string `json:"access_token"`
	Quota    int64   `json:"quota"`
	Used     int64   `json:"used_quota"`
	Requests int64   `json:"request_count"`
	Group    string  `json:"group"`
	Aff      string  `json:"aff_code"`
	AffCount int     `json:"aff_count"`
	AffQuota int64   `json:"aff_quota"`
	AffEver  int64   `json:"aff_history_quota"`
	Inviter  int     `json:"inviter_id"`
	Deleted  *string `json:"DeletedAt"`
	LinuxDo  string  `json:"linux_do_id"`
	Setting  string  `json:"setting"`
	CheckIn  *string `json:"last_check_in_time"`
}

func veloeraSelf(s *Server, _ *exchange) answer {
	return data(veloeraAccount{
		ID: userID, Name: userName, Display: displayName, Role: s.role(), Status: 1, Quota: s.quota, Used: s.used,
		Requests: s.requests, Group: "default", Aff: "demo",
	})
}

// veloeraProblem is an error of the relay's own: no code (182–193).
func veloeraProblem(x *exchange, status int, message string) *answer {
	type problem struct {
		Message string `json:"message"`
		Type    string `json:"type"`
	}
	a := says(status, map[string]problem{"error": {message + x.mark(), "veloera_error"}})
	return &a
}

// veloeraKeyProblem finds the key of a relay request, or says what is wrong with
// it.
func veloeraKeyProblem(s *Server, x *exchange) *answer {
	no := func(message string) *answer { return veloeraProblem(x, http.StatusUnauthorized, message) }
	k := s.keyBySecret(bearer(x))
	if k != nil && k.status == statusEnabled && k.expired(x.now.UnixNano()) {
		k.status = statusExpired
	}
	switch {
	case x.r.Header.Get("Authorization") == "":
		return no("未提供令牌")
	case k == nil:
		return no("无效的令牌")
	case k.status == statusExpired:
		return no("该令牌已过期")
	case k.status != statusEnabled:
		return no("该令牌状态不可用")
	case k.exhausted():
		return no("该令牌额度已用尽")
	}
	x.key = k
	return nil
}

// veloeraChat begins a chat, or says why not (176–200).
func veloeraChat(s *Server, x *exchange, fault Fault) (*chat, *answer) {
	var q chatRequest
	if err := json.Unmarshal(x.raw, &q); err != nil {
		return nil, veloeraProblem(x, http.StatusBadRequest, "Invalid request, 无效的请求, "+err.Error())
	}
	i, m := s.modelByName(q.Model)
	poor := func(code, message string) (*chat, *answer) {
		a := upstreamProblem(http.StatusForbidden, message+x.mark(), "veloera_error", code)
		return nil, &a
	}
	switch {
	case !x.key.allows(q.Model):
		return nil, veloeraProblem(x, http.StatusForbidden, "该令牌无权访问模型 "+q.Model)
	case m == nil:
		return nil, veloeraProblem(x, http.StatusServiceUnavailable, "当前分组 default 下对于模型 "+q.Model+" 无可用渠道")
	case s.quota < q.preConsumed(m):
		return poor("insufficient_user_quota", "user quota is not enough")
	case !x.key.unlimited && x.key.remain < q.preConsumed(m):
		return poor("pre_consume_token_quota_failed", fmt.Sprintf("token quota is not enough, token remain quota: ＄%.6f, need quota: ＄%.6f",
			float64(x.key.remain)/quotaPerUnit, float64(q.preConsumed(m))/quotaPerUnit))
	}
	if f, text := upstreamFailure(m, fault); f.status != 0 {
		if f.status == http.StatusTooManyRequests {
			text = "当前分组上游负载已饱和，请稍后再试"
		}
		a := upstreamProblem(f.status, text+x.mark(), f.code, f.code)
		return nil, &a
	}
	return s.newChat(&q, x, s.keyIndex(x.key), i), nil
}
