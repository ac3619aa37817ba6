package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// oneHub is the dialect of one-hub 0.14: Chinese in all messages, pages with a
// total, sizes that are refused when they are too large, milliseconds.
//
// Every fact in the onehub files is from the recordings of one-hub,
// testdata/one-hub, unless another source is named.
func oneHub() *dialect {
	return &dialect{
		bill:            billOneHub,
		countsUnlimited: true,
		firstKey:        1,
		chats:           chatStyle{lean: true},
		perAddress:      300,
		hollow:          true, // 203

		unlimited: func(*key) {},
		// 59 characters, _ and - among them (099).
		secret: func(id int64) string { return fmt.Sprintf("demo%011d_demo-%038d", 0, id) },
		dress:  func(k *key) { k.group, k.beat.Seconds = "default", 30 },

		accessToken: func(n int) string { return fmt.Sprintf("dead0000beef%020d", n) },
		requestID: func(t time.Time, salt uint64) string {
			return fmt.Sprintf("%s%09d%s", t.Format("20060102150405"), t.Nanosecond(), letters(salt))
		},
		header:     func(h http.Header, x *exchange) { h.Set("X-Oneapi-Request-Id", x.id) },
		notFound:   oneHubNotFound,
		routes:     oneHubRoutes(),
		keyProblem: oneHubKeyProblem,
	}
}

// oneHubRoutes lists what one-hub answers; the order counts, as in newAPIRoutes.
// Its ways in are one-api's (018–024).
func oneHubRoutes() []route {
	user := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return oneAPIUser(serve, false)
	}
	admin := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return oneAPIUser(serve, true)
	}
	constant := func(v any) func(*Server, *exchange) answer { return func(*Server, *exchange) answer { return data(v) } }
	return []route{
		{pattern: "GET /", serve: func(*Server, *exchange) answer {
			a := front("One Hub")
			a.header.Set("Accept-Ranges", "bytes")
			return a
		}},
		{pattern: "GET /api/status", serve: oneHubStatus},
		{pattern: "GET /api/notice", serve: constant("")},
		{pattern: "GET /api/about", serve: constant("")},
		{pattern: "GET /api/home_page_content", serve: constant("")},
		{pattern: "POST /api/user/login", serve: critical(func(*Server, *exchange) answer {
			return refused("用户名或密码错误，或用户已被封禁")
		})},
		{pattern: "GET /api/available_model", serve: oneHubAvailable},
		{pattern: "GET /api/prices", serve: oneHubPrices},
		{pattern: "GET /api/user_group_map", serve: constant(map[string]any{"default": map[string]any{
			"id": 1, "symbol": "default", "name": "默认分组", "ratio": 1, "api_rate": maxRPM, "public": true,
			"promotion": false, "min": 0, "max": 0, "enable": true,
		}})},
		{pattern: "GET /api/user/self", serve: user(oneHubSelf)},
		{pattern: "GET /api/user/aff", serve: user(constant("demo"))},
		{pattern: "GET /api/user/dashboard", serve: user(oneHubDashboard)},
		{pattern: "GET /api/user/dashboard/rate", serve: user(oneHubRate)},
		{pattern: "GET /api/user/token", serve: user(renewToken)},
		{pattern: "GET /api/user/:", serve: admin(noSuchUser)},
		{pattern: "GET /api/user/", serve: admin(oneHubUsers)},
		{pattern: "GET /api/channel/", serve: admin(oneHubChannels)},
		{pattern: "GET /api/group/", serve: admin(constant([]string{"svip", "default", "vip"}))},
		{pattern: "GET /api/log/", serve: admin(oneHubSiteLog)},
		{pattern: "GET /api/log/stat", serve: admin(oneHubSiteStat)},
		{pattern: "GET /api/log/self", serve: user(oneHubLogSelf)},
		{pattern: "GET /api/log/self/stat", serve: user(oneHubLogStat)},
		{pattern: "GET /api/token/", serve: user(oneHubTokens)},
		{pattern: "GET /api/token/:", serve: user(oneToken(oneHubToken))},
		{pattern: "POST /api/token/", serve: user(oneHubCreate)},
		{pattern: "PUT /api/token/", serve: user(oneHubUpdate)},
		{pattern: "DELETE /api/token/:", serve: user(deleteToken)},
		{pattern: "GET /v1/models", serve: withKey(oneHubModels)},
		{pattern: "GET /v1/models/:", serve: withKey(oneHubModel)},
		{pattern: "GET /v1/dashboard/billing/subscription", serve: withKey(oneHubSubscription)},
		{pattern: "GET /v1/dashboard/billing/usage", serve: withKey(oneHubUsage)},
		{pattern: "POST /v1/chat/completions", stream: relay(oneHubChat)},
	}
}

// oneHubError is an error in OpenAI's shape, its names in alphabetical order
// (014, 174, 179). Those about keys have no code.
type oneHubError struct {
	Code    *string `json:"code,omitempty"`
	Message string  `json:"message"`
	Type    string  `json:"type"`
}

func oneHubSays(status int, e oneHubError) answer {
	return says(status, map[string]oneHubError{"error": e})
}

func oneHubNotFound(_ *Server, x *exchange) answer {
	a := oneHubSays(http.StatusNotFound, oneHubError{
		Code: new(string), Message: fmt.Sprintf("Invalid URL (%s %s)", x.r.Method, x.r.URL.Path), Type: "invalid_request_error",
	})
	a.header = http.Header{"Cache-Control": {"max-age=604800"}}
	return a
}

// oneHubStatus is the public self-description (008). The real one has a list of
// forbidden words in it.
func oneHubStatus(s *Server, _ *exchange) answer {
	d := map[string]any{
		"EnableSafe": false, "PaymentMinAmount": 1, "PaymentUSDRate": 7.3, "SafeKeyWords": []string{},
		"SafeToolName": "Keyword", "UptimeEnabled": false, "UserInvoiceMonth": false, "display_in_currency": true,
		"email_verification": false, "github_oauth": false, "language": "zh_CN", "lark_login": false,
		"mj_notify_enabled": false, "oidc_auth": false, "quota_per_unit": quotaPerUnit, "server_address": s.URL(),
		"start_time": s.started, "system_name": "One Hub", "turnstile_check": false, "version": "v0.14.27-22-g387f8bf1",
		"wechat_login": false,
	}
	for _, name := range []string{
		"RechargeDiscount", "UptimeDomain", "UptimePageName", "analytics_code", "chat_link", "chat_links", "footer_html",
		"github_client_id", "lark_client_id", "logo", "telegram_bot", "top_up_link", "turnstile_site_key", "wechat_qrcode",
	} {
		d[name] = ""
	}
	return data(d)
}

// oneHubAccount is a user, with the access token in clear (018, 160).
type oneHubAccount struct {
	ID        int    `json:"id"`
	Name      string `json:"username"`
	Password  string `json:"password"`
	Display   string `json:"display_name"`
	Role      int    `json:"role"`
	Status    int    `json:"status"`
	Email     string `json:"email"`
	Avatar    string `json:"avatar_url"`
	OIDC      string `json:"oidc_id"`
	GitHub    string `json:"github_id"`
	GitHubNew int    `json:"github_id_new"`
	WeChat    string `json:"wechat_id"`
	Telegram  int64  `json:"telegram_id"`
	Lark      string `json:"lark_id"`
	Code      string `json:"verification_code"`
	Token     string `json:"access_token"`
	Quota     int64  `json:"quota"`
	Used      int64  `json:"used_quota"`
	Requests  int64  `json:"request_count"`
	Group     string `json:"group"`
	Aff       string `json:"aff_code"`
	AffCount  int    `json:"aff_count"`
	AffQuota  int64  `json:"aff_quota"`
	AffEver   int64  `json:"aff_history_quota"`
	Inviter   int    `json:"inviter_id"`
	Login     int64  `json:"last_login_time"`
	LoginFrom string `json:"last_login_ip"`
	Created   int64  `json:"created_time"`
}

func oneHubSelf(s *Server, _ *exchange) answer {
	return data(oneHubAccount{
		ID: userID, Name: userName, Display: displayName, Role: s.role(), Status: 1, Token: s.dialect.accessToken(s.tokens),
		Quota: s.quota, Used: s.used, Requests: s.requests, Group: "default", Aff: "demo",
		Login: s.world.birth - 7000, LoginFrom: "198.51.100.77", Created: s.world.birth - 500*86400,
	})
}

// oneHubKeyProblem finds the key of a relay request, or says what is wrong with
// it (174–177, 186). A key that has expired keeps its status (189).
func oneHubKeyProblem(s *Server, x *exchange) *answer {
	no := func(message string) *answer {
		a := oneHubSays(http.StatusUnauthorized, oneHubError{Message: message + x.mark(), Type: "one_hub_error"})
		return &a
	}
	k := s.keyBySecret(bearer(x))
	switch {
	case k == nil:
		return no("无效的令牌")
	case k.status == statusExhausted || k.exhausted():
		k.status = statusExhausted
		return no("令牌额度已用尽")
	case k.status != statusEnabled:
		return no("令牌状态不可用")
	case k.expired(x.now.UnixNano()):
		return no("令牌已过期")
	}
	x.key = k
	return nil
}

// oneHubChat begins a chat, or says why not (168–192). An empty account looks
// like an upstream that is busy, but for the code; other versions say it with
// 402 (gateways.md §8). What a key says that may not use a model was not
// recorded.
func oneHubChat(s *Server, x *exchange, fault Fault) (*chat, *answer) {
	no := func(status int, code, kind, message string) (*chat, *answer) {
		a := oneHubSays(status, oneHubError{&code, message, kind})
		return nil, &a
	}
	const own = "one_hub_error"
	var q chatRequest
	if err := json.Unmarshal(x.raw, &q); err != nil {
		return no(http.StatusBadRequest, own, own, err.Error()+x.mark())
	}
	i, m := s.modelByName(q.Model)
	switch {
	case !x.key.allows(q.Model):
		return no(http.StatusForbidden, own, own, "当前令牌不支持模型 "+q.Model+x.mark())
	case m == nil:
		return no(http.StatusServiceUnavailable, own, own, "当前分组 default 下对于模型 "+q.Model+" 无可用渠道"+x.mark())
	case s.quota < q.preConsumed(m):
		return no(http.StatusTooManyRequests, "insufficient_user_quota", "system_error", "上游负载已饱和，请稍后再试")
	}
	if f, text := upstreamFailure(m, fault); f.status != 0 {
		text = "Provider API error: " + text
		if f.status == http.StatusTooManyRequests {
			text = "当前分组上游负载已饱和，请稍后再试"
		}
		return no(f.status, f.code, f.code, text+x.mark())
	}
	return s.newChat(&q, x, s.keyIndex(x.key), i), nil
}
