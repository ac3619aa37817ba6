package demo

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What the dialects have in common about the account, its keys and its models.

const (
	userName    = "demo"
	displayName = "Demo 演示"
)

// renewToken gives the user a new access token. The old one is void from then
// on: a GET with a side effect, in all gateways of the family.
func renewToken(s *Server, _ *exchange) answer {
	s.tokens++
	return data(s.dialect.accessToken(s.tokens))
}

// userModels is every model's name, in order.
func userModels(s *Server, _ *exchange) answer { return data(s.modelsFor(nil)) }

// modelsFor gives the names of the models that a key may use; nil may use all.
func (s *Server) modelsFor(k *key) []string {
	if k != nil && len(k.models()) > 0 {
		return k.models()
	}
	var names []string
	for _, m := range s.world.models {
		names = append(names, m.name)
	}
	return names
}

func (s *Server) modelByName(name string) (int, *llm) {
	for i, m := range s.world.models {
		if m.name == name {
			return i, m
		}
	}
	return -1, nil
}

// models gives the models that the key is limited to; none if it is not.
func (k *key) models() []string {
	if k.limits == nil || *k.limits == "" {
		return nil
	}
	return strings.Split(*k.limits, ",")
}

// bearer is the key in a request's Authorization, without prefixes.
func bearer(x *exchange) string {
	token := strings.TrimPrefix(x.r.Header.Get("Authorization"), "Bearer ")
	return strings.TrimPrefix(token, "sk-")
}

func (s *Server) keyBySecret(secret string) *key {
	i := slices.IndexFunc(s.keys, func(k *key) bool { return !k.deleted && k.secret == secret })
	if i < 0 {
		return nil
	}
	return s.keys[i]
}

// keyByID finds one of the user's keys. The problem is what both families say
// (new-api/108–110, one-api/101–103).
func (s *Server) keyByID(text string) (k *key, problem string) {
	id, err := strconv.Atoi(text)
	if err != nil {
		return nil, err.Error()
	}
	i := slices.IndexFunc(s.keys, func(k *key) bool { return !k.deleted && k.id == int64(id) })
	if i < 0 {
		return nil, "record not found"
	}
	return s.keys[i], ""
}

func (s *Server) keyIndex(k *key) int { return slices.Index(s.keys, k) }

// listed gives the keys as lists show them: the newest first.
func (s *Server) listed() []*key {
	keys := slices.DeleteFunc(slices.Clone(s.keys), func(k *key) bool { return k.deleted })
	slices.SortFunc(keys, func(a, b *key) int { return cmp.Compare(b.id, a.id) })
	return keys
}

// oneToken answers with one key.
func oneToken(show func(*key) any) func(*Server, *exchange) answer {
	return func(s *Server, x *exchange) answer {
		k, problem := s.keyByID(x.args[0])
		if problem != "" {
			return refused(problem)
		}
		return data(show(k))
	}
}

func deleteToken(s *Server, x *exchange) answer {
	k, problem := s.keyByID(x.args[0])
	if problem != "" {
		return refused(problem)
	}
	k.deleted = true
	k.review(x.now.UnixNano(), s.quota > 0)
	return done()
}

// tokenFields are what a client may set of a key; id and status only of one
// that exists.
type tokenFields struct {
	id        int64
	status    int
	name      string
	expires   int64
	remain    int64
	unlimited bool
	limits    *string
	addresses *string
	group     string
	beat      heartbeat
}

func (t *tokenFields) apply(k *key, now int64) {
	k.rename(now, t.name)
	k.expires, k.remain, k.unlimited, k.limits, k.addresses = t.expires, t.remain, t.unlimited, t.limits, t.addresses
	k.group, k.beat = t.group, t.beat
}

// create makes a key. Nobody uses it, except through chats.
func (s *Server) create(x *exchange, t tokenFields) *key {
	now := x.now.Unix()
	s.lastKey++
	k := &key{
		id: s.lastKey, status: statusEnabled, created: now, accessed: now,
		names: []naming{{name: t.name}},
	}
	if t.addresses == nil {
		t.addresses = new(string)
	}
	k.secret = secret(k.id)
	if s.dialect.secret != nil {
		k.secret = s.dialect.secret(k.id)
	}
	t.apply(k, x.now.UnixNano())
	s.keys = append(s.keys, k)
	return k
}

// update changes a key: with status_only its status and nothing else, without it
// everything else and not the status (new-api/116–120). The messages are
// those for switching on a key that cannot be used; "" lets it be.
func (s *Server) update(x *exchange, t tokenFields, show func(*key) any, expired, exhausted string) answer {
	k, problem := s.keyByID(strconv.FormatInt(t.id, 10))
	if problem != "" {
		return refused(problem)
	}
	now := x.now.UnixNano()
	if t.status == statusEnabled {
		if k.status == statusExpired && k.expired(now) {
			return refused(expired)
		}
		if k.status == statusExhausted && k.exhausted() && exhausted != "" {
			return refused(exhausted)
		}
	}
	if x.r.URL.Query().Get("status_only") != "" {
		k.status = t.status
	} else {
		t.apply(k, now)
	}
	k.review(now, s.quota > 0)
	return data(show(k))
}

// withKey lets requests with a usable sk- key pass.
func withKey(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
	return func(s *Server, x *exchange) answer {
		if a := s.dialect.keyProblem(s, x); a != nil {
			return *a
		}
		return serve(s, x)
	}
}

// billingSubscription is a key's limit in dollars, used and unused together
// (new-api/145–151, one-api/136–142).
func billingSubscription(_ *Server, x *exchange) answer {
	k := x.key
	limit := float64(k.remain+k.used) / quotaPerUnit
	if k.unlimited {
		limit = 100_000_000
	}
	return ok(struct {
		Object  string  `json:"object"`
		Payment bool    `json:"has_payment_method"`
		Soft    float64 `json:"soft_limit_usd"`
		Hard    float64 `json:"hard_limit_usd"`
		System  float64 `json:"system_hard_limit_usd"`
		Until   int64   `json:"access_until"`
	}{"billing_subscription", true, limit, limit, limit, max(0, k.expires)})
}

// billingUsage is what a key has used, in cents, whatever dates are asked for.
func billingUsage(_ *Server, x *exchange) answer {
	return ok(struct {
		Object string  `json:"object"`
		Total  float64 `json:"total_usage"`
	}{"list", float64(x.key.used) / quotaPerUnit * 100})
}

// upstreamProblem is an error with all four fields.
func upstreamProblem(status int, message, kind, code string) answer {
	type problem struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Param   string `json:"param"`
		Code    string `json:"code"`
	}
	return says(status, map[string]problem{"error": {Message: message, Type: kind, Code: code}})
}

// upstreamFailure gives the error with which the upstream refuses a chat; its
// status is 0 if it does not.
func upstreamFailure(m *llm, fault Fault) (failure, string) {
	if m.embeds {
		return failure{http.StatusBadRequest, "invalid_request_error"}, m.name + " is not a chat model"
	}
	code := "server_error"
	switch fault.Status {
	case 0:
		return failure{}, ""
	case http.StatusTooManyRequests:
		code = "rate_limit_exceeded"
	case http.StatusBadRequest:
		code = "invalid_request_error"
	}
	return failure{fault.Status, code}, "forced upstream " + strconv.Itoa(fault.Status) + " for " + m.name
}
