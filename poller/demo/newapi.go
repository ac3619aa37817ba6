package demo

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The version of new-api that this dialect answers as; every fact in the newapi
// files is from its recordings, testdata/new-api, unless another source is named.
const newAPIVersion = "v1.0.0-rc.21"

// newAPI is the default dialect.
func newAPI() *dialect {
	return &dialect{
		bill:            billNewAPI,
		logsFailures:    true, // ERROR_LOG_ENABLED=true, as in the recordings
		preConsumes:     true,
		countsUnlimited: true,
		firstKey:        1,
		chats:           chatStyle{pings: true, usage: true, stopsSoon: true},
		perAddress:      360,

		// An unlimited key counts down from zero (107).
		unlimited: func(k *key) { k.remain = -k.used },
		// 32 characters, with + and / in them.
		accessToken: func(n int) string { return fmt.Sprintf("demo+access/token+%014d", n) },
		// Time to the nanosecond, the host's mark, eight characters.
		requestID: func(t time.Time, salt uint64) string {
			return fmt.Sprintf("%s%09dde300000%s", t.Format("20060102150405"), t.Nanosecond(), letters(salt))
		},
		header: func(h http.Header, x *exchange) {
			h.Set("X-Oneapi-Request-Id", x.id)
			h.Set("X-New-Api-Version", newAPIVersion)
		},
		notFound: func(_ *Server, x *exchange) answer { return newAPIPage(notFound(x)) },

		routes:     newAPIRoutes(),
		keyProblem: newAPIKeyProblem,
	}
}

// newAPIRoutes lists what new-api answers. The order counts: "/api/user/:" takes
// what the lines above it leave, which is how administrators' paths refuse an
// ordinary user where nothing else is (085, 126).
func newAPIRoutes() []route {
	admin := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return newAPIUser(serve, true)
	}
	user := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return newAPIUser(serve, false)
	}
	return []route{
		{pattern: "GET /", serve: func(*Server, *exchange) answer { return newAPIPage(front("New API")) }},
		{pattern: "GET /api/status", serve: newAPIStatus},
		{pattern: "GET /api/notice", serve: func(*Server, *exchange) answer { return data("") }},
		{pattern: "POST /api/user/login", serve: critical(func(*Server, *exchange) answer {
			return refused("Username or password is incorrect, or user has been banned")
		})},
		{pattern: "GET /api/user/self", serve: user(newAPISelf)},
		{pattern: "GET /api/user/models", serve: user(userModels)},
		{pattern: "GET /api/user/token", serve: user(renewToken)},
		{pattern: "GET /api/user/:", serve: admin(noSuchUser)},
		{pattern: "GET /api/user/", serve: admin(newAPIUsers)},
		{pattern: "GET /api/channel/", serve: admin(newAPIChannels)},
		{pattern: "GET /api/group/", serve: admin(func(*Server, *exchange) answer { return data([]string{"vip", "svip", "default"}) })},
		{pattern: "GET /api/log/", serve: admin(newAPISiteLog)},
		{pattern: "GET /api/log/stat", serve: admin(newAPISiteStat)},
		{pattern: "GET /api/data/", serve: admin(newAPISiteData)},
		{pattern: "GET /api/log/self", serve: user(newAPILogSelf)},
		{pattern: "GET /api/log/self/stat", serve: user(newAPILogStat)},
		{pattern: "GET /api/log/self/search", serve: user(searching(func(*Server, *exchange) answer { return refused("该接口已废弃") }))},
		{pattern: "GET /api/log/token", serve: critical(newAPIKeyOnly(newAPILogToken))},
		{pattern: "GET /api/usage/token/", serve: critical(newAPIKeyOnly(newAPIUsageToken))},
		{pattern: "GET /api/data/self", serve: user(newAPIData)},
		{pattern: "GET /api/pricing", serve: newAPIPricing},
		{pattern: "GET /api/subscription/self", serve: user(newAPISubscription)},
		{pattern: "GET /api/perf-metrics/summary", serve: func(*Server, *exchange) answer {
			return ok(map[string]any{"data": map[string]any{"models": []any{}}, "success": true})
		}},
		{pattern: "GET /api/token/", serve: user(newAPITokens)},
		{pattern: "GET /api/token/search", serve: user(searching(newAPITokenSearch))},
		{pattern: "GET /api/token/:", serve: user(oneToken(newAPIToken))},
		{pattern: "POST /api/token/", serve: user(newAPICreate)},
		{pattern: "PUT /api/token/", serve: user(newAPIUpdate)},
		{pattern: "DELETE /api/token/:", serve: user(deleteToken)},
		{pattern: "POST /api/token/:/key", serve: user(critical(newAPIReveal))},
		{pattern: "POST /api/token/batch/keys", serve: user(critical(newAPIRevealBatch))},
		{pattern: "GET /v1/models", serve: withKey(newAPIModels)},
		{pattern: "GET /v1/models/:", serve: withKey(newAPIModel)},
		{pattern: "GET /v1/dashboard/billing/subscription", serve: withKey(billingSubscription)},
		{pattern: "GET /v1/dashboard/billing/usage", serve: withKey(billingUsage)},
		{pattern: "POST /v1/chat/completions", stream: relay(newAPIChat)},
	}
}

// newAPIPage adds what new-api puts on whatever its web interface answers,
// unknown paths included (018, 020).
func newAPIPage(a answer) answer {
	a.header.Set("Cache-Version", "b688f2fb5be447c25e5aa3bd063087a83db32a288bf6a4f35f2d8db310e40b14")
	return a
}

// newAPIUser lets a request with a valid access token and the user's id pass
// (022–031). admin routes refuse an ordinary one then.
func newAPIUser(serve func(*Server, *exchange) answer, admin bool) func(*Server, *exchange) answer {
	unauthorized := func(why string) answer {
		return says(http.StatusUnauthorized, verdict{Message: "Unauthorized, " + why})
	}
	return func(s *Server, x *exchange) answer {
		token := x.r.Header.Get("Authorization")
		id := x.r.Header.Get("New-Api-User")
		n, err := strconv.ParseInt(id, 10, 64)
		switch {
		case token == "":
			return unauthorized("not logged in and no access token provided")
		case strings.TrimPrefix(token, "Bearer ") != s.dialect.accessToken(s.tokens):
			return refused("Unauthorized, invalid access token")
		case id == "":
			return unauthorized("New-Api-User header not provided")
		case err != nil:
			return unauthorized("New-Api-User header format error")
		case n != userID:
			return unauthorized("New-Api-User does not match logged in user")
		case admin && !s.Admin:
			return refused("Unauthorized, insufficient privileges")
		}
		a := serve(s, x)
		if a.header == nil {
			a.header = http.Header{}
		}
		a.header.Set("Auth-Version", "864b7076dbcd0a3c01b5520316720ebf")
		return a
	}
}

// newAPIKeyOnly is the way in of the two routes that only want an sk- key: Bearer is
// a must, expired and exhausted keys pass, disabled ones do not (082–084,
// 156–160).
func newAPIKeyOnly(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
	return func(s *Server, x *exchange) answer {
		token := x.r.Header.Get("Authorization")
		secret, bearer := strings.CutPrefix(token, "Bearer ")
		switch {
		case token == "":
			return says(http.StatusUnauthorized, verdict{Message: "Token not provided"})
		case !bearer:
			return says(http.StatusUnauthorized, verdict{Message: "Invalid Bearer token"})
		}
		x.key = s.keyBySecret(strings.TrimPrefix(secret, "sk-"))
		if x.key == nil || x.key.status == statusDisabled {
			return says(http.StatusUnauthorized, verdict{Message: "Invalid token"})
		}
		return serve(s, x)
	}
}

// newAPIStatus is the public self-description (012). A restart shows in
// start_time, in unix seconds.
func newAPIStatus(s *Server, _ *exchange) answer {
	off := []string{
		"default_collapse_sidebar", "default_use_auto_group", "demo_site_enabled", "discord_oauth", "email_verification",
		"enable_batch_update", "github_oauth", "linuxdo_oauth", "mj_notify_enabled", "oidc_enabled",
		"passkey_allow_insecure", "passkey_login", "privacy_policy_enabled", "self_use_mode_enabled", "telegram_oauth",
		"turnstile_check", "user_agreement_enabled", "wechat_login", "checkin_enabled",
	}
	on := []string{
		"announcements_enabled", "api_info_enabled", "display_in_currency", "enable_data_export", "enable_drawing",
		"enable_task", "faq_enabled", "password_login_enabled", "password_register_enabled", "register_enabled", "setup",
		"uptime_kuma_enabled",
	}
	blank := []string{
		"HeaderNavModules", "SidebarModulesAdmin", "discord_client_id", "footer_html", "github_client_id",
		"linuxdo_client_id", "logo", "oidc_authorization_endpoint", "oidc_client_id", "passkey_attachment",
		"telegram_bot_name", "turnstile_site_key", "wechat_qrcode",
	}
	d := map[string]any{
		"announcements": []any{}, "api_info": []any{}, "faq": []any{},
		"chats":                         []any{map[string]string{"OpenCat": "opencat://team/join?domain={address}&token={key}"}},
		"custom_currency_exchange_rate": 1, "custom_currency_symbol": "¤", "quota_display_type": "USD",
		"quota_per_unit": quotaPerUnit, "price": 7.3, "usd_exchange_rate": 7.3, "stripe_unit_price": 8,
		"data_export_default_time": "hour", "docs_link": "https://docs.newapi.pro", "theme": "classic",
		"linuxdo_minimum_trust_level": 0,
		"passkey_display_name":        "New API", "passkey_origins": s.URL(), "passkey_rp_id": "demo.localhost",
		"passkey_user_verification": "preferred",
		"server_address":            s.URL(), "start_time": s.started, "system_name": "New API", "version": newAPIVersion,
	}
	for _, name := range off {
		d[name] = false
	}
	for _, name := range on {
		d[name] = true
	}
	for _, name := range blank {
		d[name] = ""
	}
	return data(d)
}

// newAPISelf is the account (022). quota is what remains and used_quota what was
// ever spent, both in units; setting is a JSON document in a string, with
// another in it.
func newAPISelf(s *Server, _ *exchange) answer {
	const modules = `{"chat":{"chat":true,"enabled":true,"playground":true},"console":{"detail":true,"enabled":true,"log":true,"midjourney":true,"task":true,"token":true},"personal":{"enabled":true,"personal":true,"topup":true}}`
	channel := map[string]bool{"operate": false, "read": s.Admin, "secret_view": false, "sensitive_write": false, "write": false}
	return data(map[string]any{
		"aff_code": "demo", "aff_count": 0, "aff_history_quota": 0, "aff_quota": 0, "inviter_id": 0,
		"discord_id": "", "github_id": "", "linux_do_id": "", "oidc_id": "", "telegram_id": "", "wechat_id": "",
		"id": userID, "username": userName, "display_name": displayName, "email": "", "group": "default", "role": s.role(),
		"status": 1, "stripe_customer": "",
		"quota": s.quota, "used_quota": s.used, "request_count": s.requests,
		"setting":         fmt.Sprintf(`{"gotify_priority":0,"sidebar_modules":%q}`, modules),
		"sidebar_modules": modules,
		"permissions": map[string]any{
			"admin_permissions": map[string]any{"channel": channel},
			"sidebar_modules":   map[string]bool{"admin": s.Admin},
			"sidebar_settings":  true,
		},
	})
}

// newAPISubscription says that there is none: everything is paid from the
// balance (137).
func newAPISubscription(*Server, *exchange) answer {
	return data(map[string]any{
		"all_subscriptions": []any{}, "billing_preference": "subscription_first", "subscriptions": []any{},
	})
}

// newAPIPricing is the public price list (129). A model without a cache ratio
// of its own has no such field.
func newAPIPricing(s *Server, _ *exchange) answer {
	vendors := []string{"OpenAI", "Anthropic", "Google", "DeepSeek"}
	type price struct {
		Model      string   `json:"model_name"`
		Vendor     int      `json:"vendor_id,omitempty"`
		Kind       int      `json:"quota_type"`
		Ratio      float64  `json:"model_ratio"`
		Price      float64  `json:"model_price"`
		Owner      string   `json:"owner_by"`
		Completion float64  `json:"completion_ratio"`
		Cache      float64  `json:"cache_ratio,omitempty"`
		Groups     []string `json:"enable_groups"`
		Endpoints  []string `json:"supported_endpoint_types"`
		Version    string   `json:"pricing_version,omitempty"`
	}
	var list []price
	for _, m := range s.world.models {
		p := price{
			Model: m.name, Ratio: m.ratio, Completion: m.completionRatio, Cache: m.cacheRatio,
			Groups: []string{"default"}, Endpoints: []string{"openai"},
		}
		for i, v := range vendors {
			if v == m.vendor && !m.embeds {
				p.Vendor = i + 1
			}
		}
		list = append(list, p)
	}
	list[0].Version = strings.Repeat("0", 64)
	var named []any
	for i, v := range vendors {
		named = append(named, map[string]any{"id": i + 1, "name": v, "icon": v})
	}
	return ok(map[string]any{
		"auto_groups": []string{"default"}, "data": list, "group_ratio": map[string]int{"default": 1, "vip": 1},
		"pricing_version": strings.Repeat("0", 32), "success": true,
		"supported_endpoint": map[string]any{"openai": map[string]string{"path": "/v1/chat/completions", "method": "POST"}},
		"usable_group":       map[string]string{"default": "默认分组", "vip": "vip分组"}, "vendors": named,
	})
}
