package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// newAPIKeyProblem finds the key of a relay request. Whatever is wrong with it,
// the answer is the same (141, 142, 184–187).
func newAPIKeyProblem(s *Server, x *exchange) *answer {
	k := s.keyBySecret(bearer(x))
	if k != nil && k.status == statusEnabled && k.expired(x.now.UnixNano()) {
		k.status = statusExpired
	}
	if k == nil || k.status != statusEnabled || k.exhausted() {
		a := newAPIProblem(x, http.StatusUnauthorized, "", "Invalid token")
		return &a
	}
	x.key = k
	return nil
}

// newAPIProblem is an error of the relay's own (141, 188, 189).
func newAPIProblem(x *exchange, status int, code, message string) answer {
	type problem struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Type    string `json:"type"`
	}
	return says(status, map[string]problem{"error": {code, fmt.Sprintf("%s (request id: %s)", message, x.id), "new_api_error"}})
}

// newAPIChat begins a chat, or says why not (178–202).
func newAPIChat(s *Server, x *exchange, fault Fault) (*chat, *answer) {
	no := func(a answer) (*chat, *answer) { return nil, &a }
	var q chatRequest
	if json.Unmarshal(x.raw, &q) != nil {
		return no(newAPIProblem(x, http.StatusBadRequest, "", "Invalid request: Invalid request: invalid JSON request body"))
	}
	k := x.key
	if !k.allows(q.Model) {
		return no(newAPIProblem(x, http.StatusForbidden, "", "This token has no access to model "+q.Model))
	}
	i, m := s.modelByName(q.Model)
	if m == nil {
		return no(newAPIProblem(x, http.StatusServiceUnavailable, "model_not_found",
			fmt.Sprintf("No available channel for model %s under group default (distributor)", q.Model)))
	}
	need := q.preConsumed(m)
	poor := func(code, format string, have int64) (*chat, *answer) {
		text := fmt.Sprintf(format, float64(have)/quotaPerUnit, float64(need)/quotaPerUnit)
		return no(upstreamProblem(http.StatusForbidden, fmt.Sprintf("%s (request id: %s)", text, x.id), "new_api_error", code))
	}
	if s.quota < need {
		return poor("insufficient_user_quota", "预扣费额度失败, 用户剩余额度: ＄%.6f, 需要预扣费额度: ＄%.6f", s.quota)
	}
	if !k.unlimited && k.remain < need {
		return poor("pre_consume_token_quota_failed", "token quota is not enough, token remain quota: ＄%.6f, need quota: ＄%.6f", k.remain)
	}
	if f, text := upstreamFailure(m, fault); f.status != 0 {
		s.record(call{
			at: x.now.UnixNano(), pair: -1, key: int16(s.keyIndex(k)), model: int16(i), kind: kindError,
			details: &details{request: x.id, stream: q.Stream, content: text, failure: f},
		})
		a := upstreamProblem(f.status, text, f.code, f.code)
		if q.Stream {
			// The headers of a stream are out before the upstream has answered
			// (193).
			a.kind, a.header = "text/event-stream", http.Header{}
			eventStream(a.header)
		}
		return no(a)
	}
	return s.newChat(&q, x, s.keyIndex(k), i), nil
}
