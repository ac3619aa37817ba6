package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"gatewatch/model"
)

func TestRevealKey(t *testing.T) {
	type answers = map[string]func(*http.Request) string
	const (
		key    = "FAKEkeyFAKEkeyFAKEkeyFAKEkeyFAKE"
		one    = `{"success":true,"message":"","data":{"id":3,"key":"` + key + `","status":1}}`
		masked = `{"success":true,"message":"","data":{"id":3,"key":"FAKE**********FAKE"}}`
		gone   = `{"success":false,"message":"record not found"}`
	)
	shell := func(r *http.Request) string {
		if r.URL.Query().Get("p") == "0" {
			rows := ""
			for i := range shellAPIPage {
				rows += fmt.Sprintf(`,{"id":%d,"key":"other"}`, 100+i)
			}
			return `{"success":true,"data":[` + rows[1:] + `]}`
		}
		return `{"success":true,"data":[{"id":3,"key":"` + key + `"}]}`
	}
	for name, c := range map[string]struct {
		dialect string
		answers answers
		want    string
		kind    model.FaultKind
	}{
		"new-api":         {NewAPI, answers{"POST /api/token/3/key": says(one)}, "sk-" + key, model.FaultNone},
		"new-api of old":  {NewAPI, answers{"POST /api/token/3/key": says("@new-api-rc21/not-found-api"), "GET /api/token/3": says(one)}, "sk-" + key, model.FaultNone},
		"new-api between": {NewAPI, answers{"POST /api/token/3/key": says("@new-api-rc21/not-found-api"), "GET /api/token/3": says(masked)}, "", model.FaultUnsupported},
		"new-api gone":    {NewAPI, answers{"POST /api/token/3/key": says(gone)}, "", model.FaultRefused},
		"veloera":         {Veloera, answers{"GET /api/token/3": says(one)}, "sk-" + key, model.FaultNone},
		"one-api":         {OneAPI, answers{"GET /api/token/3": says(one)}, "sk-" + key, model.FaultNone},
		"one-hub":         {OneHub, answers{"GET /api/token/3": says(one)}, "sk-" + key, model.FaultNone},
		"shell-api":       {ShellAPI, answers{"GET /api/token/": shell}, "sk-" + key, model.FaultNone},
		"aihubmix":        {AIHubMix, nil, "", model.FaultUnsupported},
		"opencatd":        {OpenCatD, answers{"GET /1/users": says(`[{"id":1,"token":"x"},{"id":3,"name":"a","token":"` + key + `"}]`)}, key, model.FaultNone},
	} {
		opt := withToken
		opt.Dialect = c.dialect
		g, _ := routed(t, opt, c.answers)
		got, err := g.RevealKey(t.Context(), 3)
		if model.FaultOf(err).Kind != c.kind || got.Reveal() != c.want {
			t.Errorf("%s: %q %v", name, got.Reveal(), err)
		}
	}
}

// TestRevealIsCounted holds the requests that share a counter with the operator's
// login to four in twenty minutes.
func TestRevealIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		opt := withToken
		opt.Dialect = NewAPI
		g, _ := routed(t, opt, map[string]func(*http.Request) string{"POST /api/token/3/key": func(*http.Request) string {
			asked++
			return `{"success":true,"data":{"key":"FAKEkeyFAKEkeyFAKEkeyFAKEkeyFAKE"}}`
		}})
		for i := range revealMost + 2 {
			_, err := g.RevealKey(t.Context(), 3)
			var e *StatusError
			if limited := errors.As(err, &e) && e.Kind == model.FaultLimited; limited != (i >= revealMost) {
				t.Errorf("%d: %v", i, err)
			}
			if i >= revealMost && e.Wait() != some(sharedWindow) {
				t.Errorf("wait %v", e.Wait())
			}
		}
		if asked != revealMost {
			t.Errorf("asked %d times", asked)
		}
	})
}
