package demo

import (
	"fmt"
	"net/http"
	"strings"
)

// vAPI is the dialect of V-API, the closed program behind iqqz, of which one
// document is known: the account (testdata/v-api). Its models, bills and chats
// are supposed to be one-api's; nothing else is there.
func vAPI() *dialect {
	d := shellAPI()
	d.routes = []route{
		{pattern: "GET /", serve: func(*Server, *exchange) answer { return front("V-API") }},
		{pattern: "GET /api/user/self", serve: vAPIUser(vAPISelf)},
		{pattern: "GET /api/user/available_models", serve: vAPIUser(userModels)},
		{pattern: "GET /v1/models", serve: withKey(oneAPIModels)},
		{pattern: "GET /v1/dashboard/billing/subscription", serve: withKey(billingSubscription)},
		{pattern: "GET /v1/dashboard/billing/usage", serve: withKey(billingUsage)},
		{pattern: "POST /v1/chat/completions", stream: relay(oneAPIChat)},
	}
	return d
}

// vAPIUser wants Bearer, as the document shows it, and X-Api-User only to be
// right if it is there.
func vAPIUser(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
	inner := oneAPIUser(serve, false)
	return func(s *Server, x *exchange) answer {
		token := x.r.Header.Get("Authorization")
		id := x.r.Header.Get("X-Api-User")
		switch {
		case token != "" && !strings.HasPrefix(token, "Bearer "):
			return refused("无权进行此操作，access token 无效")
		case id != "" && id != fmt.Sprint(userID):
			return says(http.StatusUnauthorized, verdict{Message: "无权进行此操作，X-Api-User 与登录用户不匹配"})
		}
		return inner(s, x)
	}
}

// vAPISelf is the account, by the document's schema.
func vAPISelf(s *Server, _ *exchange) answer {
	return data(map[string]any{
		"id": userID, "username": userName, "password": "", "display_name": displayName, "role": s.role(), "status": 1,
		"email": "", "github_id": "", "wechat_id": "", "oidc_id": "", "google_id": "", "verification_code": "",
		"access_token": nil, "quota": s.quota, "used_quota": s.used, "request_count": s.requests, "group": "default",
		"can_use_self_group": false, "aff_code": "demo", "inviter_id": 0, "aff_count": 0, "aff_quota": 0,
		"aff_history_quota": 0, "created_at": s.world.birth - 500*86400, "last_login_at": s.world.birth - 7000,
		"last_login_ip": "198.51.100.77", "deleted_at": nil, "group_ratio": 1, "topup_ratio": 1,
	})
}
