package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/model"
)

// The fuzz tests feed every decoder any body. None may panic, and none may make
// much of little: what comes out is bounded by what came in.

// fuzzDialect runs everything that a dialect can read over one body.
func fuzzDialect(f *testing.F, dialect string, key bool, dirs ...string) {
	for _, dir := range append(dirs, "faults") {
		files, err := filepath.Glob(filepath.Join("testdata", dir, "*.http"))
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %d recordings, %v", dir, len(files), err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if _, body, ok := strings.Cut(string(b), "\r\n\r\n"); ok && len(body) < 4<<10 && !strings.HasPrefix(body, "\x1f") {
				f.Add([]byte(body))
			}
		}
	}
	for _, s := range []string{
		``, `null`, `[]`, `{}`, `{"data":null}`, `{"success":true}`, `{"success":true,"data":[[]]}`, `{"success":true,"data":{"items":{}}}`,
		`{"success":true,"data":{"data":[null,{}],"total_count":-1}}`, `[null,{"id":1e400,"cost":"9"}]`, `[{"cost":"99999999999999999999"}]`,
		`{"data":[{"created_at":-9223372036854775808,"type":2,"use_time":9e18,"other":"{\"frt\":-1e308}"}]}`,
		`{"data":{"items":[{"created_at":1,"type":2,"quota":1,"prompt_tokens":9223372036854775807,"other":"{\"model_ratio\":1e15,\"group_ratio\":1e-300,\"model_price\":-1,\"tool_surcharges\":[{\"count\":9e15,\"price\":1e-300}]}"}]}}`,
		`{"data":[{"created_at":1,"type":2,"quota":1,"prompt_tokens":9,"metadata":{"input_ratio":1e15,"group_ratio":1e15,"output_ratio":9,"cached_tokens":9e15,"cached_tokens_ratio":9e15,"extra_billing":{"a":{"call_count":9e15,"price":9e15}}}}]}`,
		`{"hard_limit_usd":1e308,"total_usage":-1e308}`,
		`{"success":true,"data":{"ModelFixedPrice":[[[[]]]],"quota":"x"}}`, strings.Repeat("[", 5000),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		opt := Options{Name: "fuzz", URL: "http://gw.localhost", Dialect: dialect, UserID: "1"}
		if key {
			opt.APIKey = NewSecret(fakeKey)
		} else {
			opt.AccessToken = NewSecret(fakeToken)
		}
		opt.Transport = respond(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {jsonType}}, Body: io.NopCloser(strings.NewReader(string(b))), Request: r}, nil
		})
		g, err := Open(opt)
		if err != nil {
			t.Fatal(err)
		}
		everything(t, g, len(b))
	})
}

// everything asks for all there is; in is the length of the body of each answer.
func everything(t *testing.T, g *Gateway, in int) {
	ctx := t.Context()
	check := func(what string, made int, err error) {
		var e *StatusError
		if err != nil && !errors.As(err, &e) && !errors.Is(err, context.Canceled) && !errors.Is(err, errNotFound) {
			t.Errorf("%s: not a StatusError: %v", what, err)
		}
		// At least two bytes of JSON stand behind every value; paged reads ask ten
		// times at most.
		if most := 10 * (in/2 + 2); made > most {
			t.Errorf("%s made %d values of %d bytes", what, made, in)
		}
		if err != nil && len(err.Error()) > 2000 {
			t.Errorf("%s: an error of %d bytes", what, len(err.Error()))
		}
		_ = model.FaultOf(err)
	}
	_, err := g.Status(ctx)
	check("status", 0, err)
	if !g.Ready() {
		return
	}
	a, err := g.Account(ctx)
	check("account", len(a.Others), err)
	if len(a.Others) > maxFields+maxPrices+1 {
		t.Errorf("%d fields", len(a.Others))
	}
	for _, scope := range []model.Scope{model.ScopeSelf, model.ScopeSite} {
		p, err := g.Calls(ctx, CallsQuery{Scope: scope})
		check("calls", len(p.Calls), err)
		for i := range p.Calls {
			_ = model.Explain(p.Calls[i], model.Currency{})
		}
		_, err = g.Count(ctx, scope, model.Span{})
		check("count", 0, err)
		_, err = g.Total(ctx, scope, model.Span{From: 0, To: day - 1})
		check("total", 0, err)
		u, err := g.Periods(ctx, scope, model.Span{From: 0, To: 3 * day})
		check("periods", len(u.Usage), err)
	}
	keys, _, err := g.Keys(ctx, 0)
	check("keys", len(keys), err)
	d, err := g.Details(ctx)
	check("details", len(d.Fields)+len(d.Models)+len(d.Plans), err)
	channels, _, err := g.Channels(ctx, 0)
	check("channels", len(channels), err)
}

func FuzzOneAPI(f *testing.F)   { fuzzDialect(f, OneAPI, false, "one-api") }
func FuzzNewAPI(f *testing.F)   { fuzzDialect(f, NewAPI, false, "new-api-0.6.3", "new-api-rc21") }
func FuzzOneHub(f *testing.F)   { fuzzDialect(f, OneHub, false, "one-hub") }
func FuzzVeloera(f *testing.F)  { fuzzDialect(f, Veloera, false, "veloera", "new-api-0.6.3") }
func FuzzShellAPI(f *testing.F) { fuzzDialect(f, ShellAPI, false, "shell-api") }
func FuzzVAPI(f *testing.F)     { fuzzDialect(f, VAPI, false, "v-api") }
func FuzzAIHubMix(f *testing.F) { fuzzDialect(f, AIHubMix, false, "aihubmix") }
func FuzzOpenCatD(f *testing.F) { fuzzDialect(f, OpenCatD, false, "opencatd") }
func FuzzKeyOnly(f *testing.F)  { fuzzDialect(f, NewAPI, true, "new-api-rc21", "new-api-0.6.3") }
func FuzzDetect(f *testing.F) {
	fuzzDialect(f, Auto, false, "one-api", "one-hub", "opencatd", "aihubmix")
}
