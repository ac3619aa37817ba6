package openai

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"gatewatch/model"
)

// Kind says what went wrong with a chat.
type Kind uint8

// The kinds of errors.
const (
	KindServer       Kind = iota // the gateway or the upstream failed; nothing more is known
	KindNetwork                  // no connection, no name, broken TLS
	KindTimeout                  // nothing came for the idle timeout
	KindBalance                  // the account has too little money
	KindKey                      // the key is not accepted; the gateway does not say why
	KindKeyDisabled              // the key is switched off
	KindKeyExpired               // the key's time is over
	KindKeyExhausted             // the key's own quota is used up
	KindModel                    // the key may not use the model
	KindDenied                   // the key may not do this
	KindNoChannel                // nothing serves the model
	KindNoPrice                  // the operator has set no price for the model
	KindSaturated                // the upstream's limit is reached
	KindOverloaded               // the gateway protects its own machine
	KindRateLimit                // the gateway's limit is reached
	KindUpstreamKey              // the provider refuses the gateway's own key or account
	KindFiltered                 // a filter refused the prompt or the answer
	KindTooLong                  // the conversation exceeds what the model takes
	KindBadRequest               // the request was not understood
	KindRefused                  // success:false, or an error without any clue
	KindNotGateway               // HTML, a redirect, an unknown path
	KindBadAnswer                // an answer that cannot be read, or is too large
	KindEmpty                    // finished with no content
	KindCut                      // the stream ended before the answer did
)

// kinds has the words of every kind.
var kinds = [...]struct {
	what, advice, short string
	fault               model.FaultKind
}{
	KindServer: {
		"the gateway or the model's provider failed", "try again, or another model; the gateway's log may say why",
		"failed", model.FaultServer,
	},
	KindNetwork: {
		"the connection to the gateway failed", "nothing was charged unless the gateway's log has the call",
		"no connection", model.FaultNetwork,
	},
	KindTimeout: {
		"nothing came from the gateway any more", "the provider may hang; try again, or another model",
		"no answer", model.FaultTimeout,
	},
	KindBalance: {
		"the account's balance is not enough",
		"top up on the gateway's website; where there is some left, a lower limit of tokens or a cheaper model may pass, since the longest answer is charged beforehand",
		"balance", model.FaultForbidden,
	},
	KindKey: {
		"the gateway does not accept the API key", "it may be wrong, disabled, expired or used up: look at it under Keys, or pick another",
		"key not accepted", model.FaultUnauthorised,
	},
	KindKeyDisabled: {
		"the API key is disabled", "enable it under Keys, or pick another",
		"key disabled", model.FaultUnauthorised,
	},
	KindKeyExpired: {
		"the API key has expired", "give it a new date on the gateway's website, or pick another",
		"key expired", model.FaultUnauthorised,
	},
	KindKeyExhausted: {
		"the API key's own quota is used up", "raise it on the gateway's website, or pick another key",
		"key used up", model.FaultUnauthorised,
	},
	KindModel: {
		"this API key may not use the model", "pick another model or another key",
		"model not allowed", model.FaultForbidden,
	},
	KindDenied: {
		"the gateway does not allow it with this API key", "pick another key",
		"not allowed", model.FaultForbidden,
	},
	KindNoChannel: {
		"nothing at the gateway serves the model at the moment", "pick another model, or a key of another group",
		"no channel", model.FaultServer,
	},
	KindNoPrice: {
		"the gateway has no price for the model", "its operator has to set one; pick another model",
		"no price", model.FaultForbidden,
	},
	KindSaturated: {
		"the model's provider takes no more requests at the moment", "try again in a while, or another model",
		"provider's limit", model.FaultLimited,
	},
	KindOverloaded: {
		"the gateway's own machine is overloaded", "try again in a while",
		"overloaded", model.FaultServer,
	},
	KindRateLimit: {
		"the gateway's rate limit is reached", "try again in a minute",
		"rate limit", model.FaultLimited,
	},
	KindUpstreamKey: {
		"the model's provider refuses the gateway's own key or account",
		"only the gateway's operator can mend that; another model may work",
		"provider refuses", model.FaultServer,
	},
	KindFiltered: {
		"a filter refused it", "say it in other words, or try another model",
		"filtered", model.FaultRefused,
	},
	KindTooLong: {
		"the conversation is too long for the model", "begin a new one, attach less, or lower the limit of tokens",
		"too long", model.FaultRefused,
	},
	KindBadRequest: {
		"the request was not accepted", "the model may not take these settings or attachments",
		"bad request", model.FaultRefused,
	},
	KindRefused: {
		"the gateway refused", "its own words are all that is known",
		"refused", model.FaultRefused,
	},
	KindNotGateway: {
		"the address did not answer like a gateway", "a login or challenge page stands before it, or url is not its base address",
		"not a gateway", model.FaultNotGateway,
	},
	KindBadAnswer: {
		"the answer cannot be read", "try again; the call may have been charged",
		"bad answer", model.FaultBadAnswer,
	},
	KindEmpty: {
		"the answer finished with no content",
		"the gateway may have swallowed an error of the provider; try again, the call may have been charged",
		"empty answer", model.FaultBadAnswer,
	},
	KindCut: {
		"the answer was cut off", "what came is kept and was probably charged; try again",
		"cut off", model.FaultNetwork,
	},
}

// String returns the kind in a few words.
func (k Kind) String() string { return kinds[k].short }

// codes are the words that gateways and providers have for their errors.
// Sources: new-api types/error.go and middleware/performance.go, one-api
// relay/controller, one-hub common/requester, the captures; OpenAI's and
// Anthropic's references.
var codes = map[string]Kind{
	"insufficient_user_quota":        KindBalance,
	"pre_consume_token_quota_failed": KindKeyExhausted,
	"model_not_found":                KindNoChannel,
	"get_channel_failed":             KindNoChannel,
	"channel:no_available_key":       KindNoChannel,
	"model_price_error":              KindNoPrice,
	"access_denied":                  KindDenied,
	"system_cpu_overloaded":          KindOverloaded,
	"system_memory_overloaded":       KindOverloaded,
	"system_disk_overloaded":         KindOverloaded,
	"channel:invalid_key":            KindUpstreamKey,
	"channel:response_time_exceeded": KindSaturated,
	"sensitive_words_detected":       KindFiltered,
	"prompt_blocked":                 KindFiltered,
	"invalid_request":                KindBadRequest,
	"bad_request_body":               KindBadRequest,
	"read_request_body_failed":       KindBadRequest,
	"convert_request_failed":         KindBadRequest,
	"upstream_request_too_large":     KindTooLong,
	"empty_response":                 KindEmpty,

	// The request to the provider, or its answer, went wrong at the gateway.
	"do_request_failed":              KindServer,
	"new_request_failed":             KindServer,
	"http_request_failed":            KindServer,
	"request_stream_failed":          KindServer,
	"stream_error":                   KindServer,
	"bad_response":                   KindServer,
	"bad_response_body":              KindServer,
	"read_response_body_failed":      KindServer,
	"unmarshal_response_body_failed": KindServer,
	"upstream_transport_interrupted": KindServer,
	"aws_invoke_error":               KindServer,

	"rate_limit_exceeded":        KindSaturated,
	"rate_limit_error":           KindSaturated,
	"overloaded_error":           KindSaturated,
	"engine_overloaded":          KindSaturated,
	"insufficient_quota":         KindUpstreamKey, // OpenAI's: the account of the gateway's operator
	"billing_hard_limit_reached": KindUpstreamKey,
	"billing_not_active":         KindUpstreamKey,
	"account_deactivated":        KindUpstreamKey,
	"invalid_api_key":            KindUpstreamKey, // the gateways have no code for a caller's bad key
	"authentication_error":       KindUpstreamKey,
	"content_filter":             KindFiltered,
	"content_policy_violation":   KindFiltered,
	"data_inspection_failed":     KindFiltered,
	"context_length_exceeded":    KindTooLong,
	"string_above_max_length":    KindTooLong,
	"request_too_large":          KindTooLong,
	"invalid_request_error":      KindBadRequest,
	"server_error":               KindServer,
	"api_error":                  KindServer,
}

// phrases find the kind where there is no code: one-api, one-hub and the older
// new-api tell what is wrong with a key in Chinese alone. The first that is found
// counts. From the captures, but for the rate limits (gateways.md §7).
var phrases = []struct {
	text string // lower case
	kind Kind
}{
	{"用户额度不足", KindBalance},
	{"user quota is not enough", KindBalance},
	{"额度已用尽", KindKeyExhausted},
	{"token quota is not enough", KindKeyExhausted},
	{"已过期", KindKeyExpired},
	{"token has expired", KindKeyExpired},
	{"状态不可用", KindKeyDisabled},
	{"无权使用模型", KindModel},
	{"无权访问模型", KindModel},
	{"no access to model", KindModel},
	{"无可用渠道", KindNoChannel},
	{"no available channel", KindNoChannel},
	{"no api-key available", KindNoChannel},
	{"负载已饱和", KindSaturated},
	{"速率达到上限", KindRateLimit},
	{"请求数限制", KindRateLimit},
	{"无效的令牌", KindKey},
	{"未提供令牌", KindKey},
	{"invalid token", KindKey},
}

// classify finds the kind of an error: the gateway's code decides, then its
// text, and the HTTP status only where both say nothing. one-hub tells that the
// balance is empty with status 429 and the text of a saturated upstream.
func classify(status int, t theirs) Kind {
	if k, ok := codes[t.code]; ok {
		return k
	}
	if t.code == badStatus {
		return provider(status, t.message)
	}
	text := strings.ToLower(t.message)
	for _, p := range phrases {
		if strings.Contains(text, p.text) {
			return p.kind
		}
	}
	if k, ok := codes[t.kind]; ok {
		return k
	}
	// Some relays put a status into the code, under HTTP 200 or in a stream.
	if n, err := strconv.Atoi(t.code); err == nil && n >= 400 && n < 600 {
		status = n
	}
	switch {
	case status == http.StatusUnauthorized:
		return KindKey
	case status == http.StatusPaymentRequired:
		return KindBalance
	case status == http.StatusForbidden:
		return KindDenied
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return KindNotGateway
	case status == http.StatusRequestEntityTooLarge:
		return KindTooLong
	case status == http.StatusTooManyRequests:
		return KindRateLimit
	case status >= 500:
		return KindServer
	case status >= 400:
		return KindBadRequest
	case strings.HasSuffix(t.kind, "_error"):
		// An error that names its type under HTTP 200, such as new_api_error or
		// upstream_error: the call was taken and failed behind the gateway.
		return KindServer
	}
	return KindRefused
}

// badStatus is the family's code for a provider's error that it cannot read.
const badStatus = "bad_response_status_code"

// badStatusText finds the provider's status, which the HTTP status is not where
// the answer had begun.
var badStatusText = regexp.MustCompile(`bad response status code (\d{3})\b`)

// provider finds the kind of a badStatus: the status is the provider's word to
// the gateway, whose own key and limits it speaks of.
func provider(status int, message string) Kind {
	if found := badStatusText.FindStringSubmatch(message); found != nil {
		status, _ = strconv.Atoi(found[1])
	}
	switch status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden:
		return KindUpstreamKey
	case http.StatusTooManyRequests:
		return KindSaturated
	case http.StatusRequestEntityTooLarge:
		return KindTooLong
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return KindBadRequest
	}
	return KindServer
}
