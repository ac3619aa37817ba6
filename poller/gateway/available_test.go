package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"gatewatch/model"
)

func TestModelsOfTheAccount(t *testing.T) {
	type answers = map[string]func(*http.Request) string
	recorded := []string{
		"claude-sonnet-4-5", "deepseek-chat", "deepseek-reasoner", "gemini-2.5-pro", "gpt-4o", "gpt-4o-mini", "gpt-5-broken", "o3", "text-embedding-3-small",
	}
	for _, c := range []struct {
		dialect string
		answers answers
		want    []string
	}{
		{OneAPI, answers{"GET /api/user/available_models": says("@one-api/available-models")}, recorded},
		{NewAPI, answers{"GET /api/user/models": says("@new-api-rc21/user-models")}, recorded},
		{Veloera, answers{"GET /api/user/models": says("@new-api-rc21/user-models")}, recorded},
		{OneHub, answers{"GET /api/available_model": says("@one-hub/available-model")}, recorded},
		{AIHubMix, answers{"GET /api/user/available_models": says("@aihubmix/available-models")}, []string{"claude-sonnet-4-5", "gpt-4o"}},
		{OpenCatD, nil, nil},
	} {
		opt := withToken
		opt.Dialect = c.dialect
		g, _ := routed(t, opt, c.answers)
		got, err := g.Models(t.Context())
		if !slices.Equal(got, c.want) || (c.want == nil) != errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %q, %v", c.dialect, got, err)
		}
	}
}

func TestTheConfiguredKeyInTheList(t *testing.T) {
	row := func(id int, name, key string) string {
		return fmt.Sprintf(`{"id":%d,"name":%q,"key":%q,"status":1,"unlimited_quota":true,"group":"vip"}`, id, name, key)
	}
	// new-api masks keys itself, one-api shows them.
	masked, plain := row(7, "laptop", "FAKE**********0001"), row(8, "ci-bot", "FAKE000000000000000000000000000000000000000000002")
	for name, c := range map[string]struct {
		rows string
		key  string
		want int64
	}{
		"masked by the gateway": {masked + "," + plain, "sk-FAKE999999999999999999999999999999999999999990001", 7},
		"in clear":              {masked + "," + plain, "sk-FAKE000000000000000000000000000000000000000000002", 8},
		"not listed":            {masked + "," + plain, "sk-FAKE000000000000000000000000000000000000000000009", 0},
		"two alike":             {masked + "," + row(9, "other", "FAKE**********0001"), "sk-FAKE999999999999999999999999999999999999999990001", 0},
	} {
		opt := withToken
		opt.Dialect = NewAPI
		g, _ := routed(t, opt, map[string]func(*http.Request) string{
			"GET /api/token/": says(`{"success":true,"data":{"items":[` + c.rows + `],"total":2,"page":1,"page_size":100}}`),
		})
		got, err := g.OwnKey(t.Context(), NewSecret(c.key), 3)
		if err != nil || got.ID != c.want || c.want != 0 && got.Group != "vip" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A key of another group pays that group's ratio.
func TestPricesOfAGroup(t *testing.T) {
	opt := withToken
	opt.Dialect = NewAPI
	g, _ := routed(t, opt, map[string]func(*http.Request) string{
		"GET /api/pricing": says(`{"success":true,"data":[{"model_name":"m","quota_type":0,"model_ratio":1,"completion_ratio":2}],"group_ratio":{"default":1,"vip":0.5}}`),
	})
	got, err := g.Prices(t.Context(), "vip") // the account is not asked for its own
	if err != nil || got["m"] != (model.ModelPrice{In: model.Some(0.5e6), Out: model.Some(1e6)}) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := g.Prices(t.Context(), "gone"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a group without a ratio: %v", err)
	}
}
