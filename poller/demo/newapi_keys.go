package demo

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// newAPIKey is a key in lists and answers (090, 107): masked.
type newAPIKey struct {
	ID         int64   `json:"id"`
	User       int     `json:"user_id"`
	Key        string  `json:"key"`
	Status     int     `json:"status"`
	Name       string  `json:"name"`
	Created    int64   `json:"created_time"`
	Accessed   int64   `json:"accessed_time"`
	Expires    int64   `json:"expired_time"`
	Remain     int64   `json:"remain_quota"`
	Unlimited  bool    `json:"unlimited_quota"`
	Limited    bool    `json:"model_limits_enabled"`
	Limits     string  `json:"model_limits"`
	Addresses  *string `json:"allow_ips"`
	Used       int64   `json:"used_quota"`
	Group      string  `json:"group"`
	CrossGroup bool    `json:"cross_group_retry"`
	Deleted    *string `json:"DeletedAt"`
}

func newAPIToken(k *key) any {
	return newAPIKey{
		ID: k.id, User: userID, Key: mask(k.secret), Status: k.status, Name: k.name(), Created: k.created,
		Accessed: k.accessed, Expires: k.expires, Remain: k.remain, Unlimited: k.unlimited,
		Limited: len(k.models()) > 0, Limits: strings.Join(k.models(), ","), Addresses: k.addresses, Used: k.used,
	}
}

// newAPITokens is a page of the keys, newest first (090–102).
func newAPITokens(s *Server, x *exchange) answer { return newAPITokenPage(x, s.listed()) }

// newAPITokenSearch wants the whole name, or a pattern with %, and the whole key
// (104–106).
func newAPITokenSearch(s *Server, x *exchange) answer {
	q := x.r.URL.Query()
	name, secret := q.Get("keyword"), strings.TrimPrefix(q.Get("token"), "sk-")
	return newAPITokenPage(x, slices.DeleteFunc(s.listed(), func(k *key) bool {
		return name != "" && !like(name, k.name()) || secret != "" && secret != k.secret
	}))
}

func newAPITokenPage(x *exchange, keys []*key) answer {
	page, size := x.newAPIPageQuery()
	total := len(keys)
	if size >= 0 {
		first := min(max(0, page-1)*size, total)
		keys = keys[first:min(first+size, total)]
	}
	items := []any{}
	for _, k := range keys {
		items = append(items, newAPIToken(k))
	}
	return data(newAPIList{page, size, total, items})
}

// newAPIDecode reads a key out of a body and finds what is wrong with it
// (112–115). Fields left out are zero, and become so in the key (118). The
// type's name is in encoding/json's messages, so it has to be Token.
func newAPIDecode(x *exchange) (v tokenFields, problem string) {
	type Token struct {
		ID        int64   `json:"id"`
		Status    int     `json:"status"`
		Name      string  `json:"name"`
		Expires   int64   `json:"expired_time"`
		Remain    int     `json:"remain_quota"`
		Unlimited bool    `json:"unlimited_quota"`
		Limited   bool    `json:"model_limits_enabled"`
		Limits    string  `json:"model_limits"`
		Addresses *string `json:"allow_ips"`
	}
	var t Token
	if err := json.Unmarshal(x.raw, &t); err != nil {
		return v, err.Error()
	}
	switch {
	case len(t.Name) > 50:
		return v, "Token name is too long"
	case !t.Unlimited && t.Remain < 0:
		return v, "Quota value cannot be negative"
	}
	if !t.Limited {
		t.Limits = ""
	}
	return tokenFields{
		id: t.ID, status: t.Status, name: t.Name, expires: t.Expires, remain: int64(t.Remain), unlimited: t.Unlimited,
		limits: &t.Limits, addresses: t.Addresses,
	}, ""
}

// newAPICreate says nothing about the key it has made (111).
func newAPICreate(s *Server, x *exchange) answer {
	t, problem := newAPIDecode(x)
	if problem != "" {
		return refused(problem)
	}
	s.create(x, t)
	return done()
}

// newAPIUpdate answers with the key as it is then (116–120, 200).
func newAPIUpdate(s *Server, x *exchange) answer {
	t, problem := newAPIDecode(x)
	if problem != "" {
		return refused(problem)
	}
	return s.update(x, t, newAPIToken,
		"Token has expired and cannot be enabled. Please modify the expiration time or set it to never expire",
		"") // keys do not become exhausted: calls are refused before (198, 201)
}

// newAPIReveal is the only way to a whole key (123); the answer must not be
// kept.
func newAPIReveal(s *Server, x *exchange) answer {
	k, problem := s.keyByID(x.args[0])
	if problem != "" {
		return refused(problem)
	}
	return secretly(data(map[string]string{"key": k.secret}))
}

// newAPIRevealBatch leaves out what does not exist (124).
func newAPIRevealBatch(s *Server, x *exchange) answer {
	var q struct {
		IDs []int64 `json:"ids"`
	}
	if err := json.Unmarshal(x.raw, &q); err != nil {
		return refused(err.Error())
	}
	keys := map[string]string{}
	for _, id := range q.IDs {
		if k, problem := s.keyByID(strconv.FormatInt(id, 10)); problem == "" {
			keys[strconv.FormatInt(id, 10)] = k.secret
		}
	}
	return secretly(data(map[string]any{"keys": keys}))
}

func secretly(a answer) answer {
	a.header = http.Header{
		"Cache-Control": {"no-store, no-cache, must-revalidate, private, max-age=0"},
		"Expires":       {"0"},
		"Pragma":        {"no-cache"},
	}
	return a
}

type newAPIModelRow struct {
	ID        string   `json:"id"`
	Object    string   `json:"object"`
	Created   int64    `json:"created"`
	Owner     string   `json:"owned_by"`
	Endpoints []string `json:"supported_endpoint_types"`
}

// modelsSince is the creation date that both families give every model.
const modelsSince = 1626777600

// newAPIModels is OpenAI's list, with success in it (139, 140).
func newAPIModels(s *Server, x *exchange) answer {
	list := []newAPIModelRow{}
	for _, name := range s.modelsFor(x.key) {
		list = append(list, newAPIModelRow{name, "model", modelsSince, "openai", []string{"openai"}})
	}
	return ok(struct {
		Data    any    `json:"data"`
		Object  string `json:"object"`
		Success bool   `json:"success"`
	}{list, "list", true})
}

// newAPIModel is one model (143), which looks different from the list.
func newAPIModel(s *Server, x *exchange) answer {
	if _, m := s.modelByName(x.args[0]); m == nil {
		return s.dialect.notFound(s, x)
	}
	return ok(newAPIModelRow{x.args[0], "model", modelsSince, "advanced_custom", nil})
}
