package gateway

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gatewatch/model"
)

// explained counts how far charges are explained, and reports those that are not.
// A dollar holds 500,000 quota on every gateway that was recorded.
func explained(t *testing.T, name string, calls []model.Call) map[model.ExplainState]int {
	t.Helper()
	states := map[model.ExplainState]int{}
	for _, c := range calls {
		if c.Kind != model.KindConsume {
			if c.Billing != nil || c.BySubscription {
				t.Errorf("%s: a %s has a price: %+v", name, c.Kind, c)
			}
			continue
		}
		e := model.Explain(c, model.Currency{})
		states[e.State]++
		if e.State != model.ExplainExact && (e.State != model.ExplainRounded || c.Billing.Rule != model.RuleOneAPI) {
			t.Errorf("%s: %s: %+v of %+v", name, e.State, e, c)
		}
	}
	return states
}

// TestRecordedCharges explains every charge of the recorded logs.
func TestRecordedCharges(t *testing.T) {
	rows := map[string]int{}
	for _, c := range [...]struct{ dialect, dir string }{
		{OneAPI, "one-api"},
		{NewAPI, "new-api-0.6.3"},
		{NewAPI, "new-api-rc21"},
		{OneHub, "one-hub"},
		{Veloera, "new-api-0.6.3"}, // whose rows it has
	} {
		files, err := filepath.Glob("testdata/" + c.dir + "/*log*.http")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := filepath.ToSlash(strings.TrimPrefix(file, "testdata"+string(filepath.Separator)))
			opt := withToken
			if strings.Contains(name, "log-token") {
				opt = Options{APIKey: NewSecret(fakeKey)}
			}
			opt.Name, opt.URL, opt.Dialect = "prod", "http://gw.localhost", c.dialect
			opt.Transport = respond(func(r *http.Request) (*http.Response, error) { return recorded(t, name, r), nil })
			g, err := Open(opt)
			if err != nil {
				t.Fatal(err)
			}
			// Answers that are no page of the log fail, and are left out.
			if page, err := g.Calls(t.Context(), CallsQuery{Span: model.Span{To: math.MaxInt64}}); err == nil {
				for _, n := range explained(t, name, page.Calls) {
					rows[c.dialect+" "+c.dir] += n
				}
			}
		}
	}
	want := map[string]int{
		"one-api one-api": 30, "new-api new-api-0.6.3": 22, "new-api new-api-rc21": 69, "one-hub one-hub": 10,
		"veloera new-api-0.6.3": 10, // no log by an sk- key
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("%v rows were explained, want %v", rows, want)
	}
}

// TestCharges decodes the charges of model's test, put back into the form of
// their rows, and explains them as that test does. It is all that was recorded.
func TestCharges(t *testing.T) {
	f, err := os.Open(filepath.FromSlash("../../model/testdata/charges.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for _, l := range lines[1:] {
		rows[l[0]] = append(rows[l[0]], wireRow(l))
	}
	states := map[string]map[model.ExplainState]int{}
	for program, rows := range rows {
		body := `{"success":true,"data":{"items":[` + strings.Join(rows, ",") + `]}}`
		dialect := NewAPI
		switch program {
		case "one-api":
			dialect, body = OneAPI, `{"success":true,"data":[`+strings.Join(rows, ",")+`]}`
		case "one-hub":
			dialect = OneHub
		}
		opt := withToken
		opt.Dialect = dialect
		g, _ := routed(t, opt, map[string]func(*http.Request) string{"GET /api/log/self": says(body)})
		page, err := g.Calls(t.Context(), CallsQuery{})
		if err != nil {
			t.Fatal(program, err)
		}
		states[program] = explained(t, program, page.Calls)
		shared := map[*model.Billing]bool{}
		for i := range page.Calls {
			shared[page.Calls[i].Billing] = true
		}
		t.Logf("%s: %d charges of %d prices", program, len(page.Calls), len(shared))
	}
	want := map[string]map[model.ExplainState]int{
		"new-api-0.6.3": {model.ExplainExact: 191}, "new-api-rc21": {model.ExplainExact: 187}, "one-hub": {model.ExplainExact: 94},
		"one-api": {model.ExplainExact: 37, model.ExplainRounded: 26},
	}
	if !reflect.DeepEqual(states, want) {
		t.Errorf("%v, want %v", states, want)
	}
}

// wireRow is a line of charges.csv in its program's form.
func wireRow(l []string) string {
	row := fmt.Sprintf(`{"created_at":1,"type":2,"quota":%s,"prompt_tokens":%s,"completion_tokens":%s,`, l[1], l[2], l[3])
	switch l[0] {
	case "one-api":
		ratio := func(i int) float64 { f, _ := strconv.ParseFloat(l[i], 64); return f }
		return row + fmt.Sprintf(`"content":"倍率：%.2f × %.2f × %.2f"}`, ratio(5), ratio(6), ratio(7))
	case "one-hub":
		meta := fmt.Sprintf(`"price_type":"tokens","input_ratio":%s,"group_ratio":%s,"output_ratio":%s`, l[5], l[6], l[7])
		for _, field := range strings.Fields(l[10]) {
			name, value, _ := strings.Cut(field, "=")
			count, ratio, _ := strings.Cut(value, "x")
			meta += fmt.Sprintf(`,%q:%s,%q:%s`, name, count, name+"_ratio", ratio)
		}
		return row + `"metadata":{` + meta + `}}`
	}
	other := fmt.Sprintf(`{"cache_tokens":%s,"model_ratio":%s,"group_ratio":%s,"completion_ratio":%s,"cache_ratio":%s,"model_price":%s}`, l[4], l[5], l[6], l[7], l[8], l[9])
	return row + `"other":` + strconv.Quote(other) + `}`
}

// TestBillingOfNewAPI reads what no recording has, after the sources that
// newAPIPrice names.
func TestBillingOfNewAPI(t *testing.T) {
	const ratios = `"model_ratio":1.5,"group_ratio":0.5,"completion_ratio":5,"cache_ratio":0.1,"model_price":-1`
	base := model.Tariff{Rule: model.RuleNewAPI, Model: some(1.5), Group: some(0.5), Completion: some(5.0), Cache: some(0.1)}
	claude := base
	claude.CacheApart = true
	tiered := base
	tiered.Tiered, tiered.Tier = true, "long"
	perCall := base
	perCall.PerCall, perCall.Price = true, some(0.1)
	audio := base
	audio.Audio, audio.AudioOut = some(16.0), some(2.0)
	write := model.Part{Kind: model.TermCacheWrite, Count: 40, Ratio: 1.25}
	for _, c := range []struct {
		name, other string
		want        *model.Billing
	}{
		{"plain", ratios, &model.Billing{Tariff: base}},
		{"text for numbers", `"model_ratio":"1.5","group_ratio":"0.5","completion_ratio":"5","cache_ratio":"0.1","model_price":null`, &model.Billing{Tariff: base}},
		{"a broken ratio", `"model_ratio":1.5,"group_ratio":{},"completion_ratio":1e999,"cache_ratio":"x"`, &model.Billing{Tariff: model.Tariff{Rule: model.RuleNewAPI, Model: some(1.5)}}},
		{"nothing", `"frt":1`, nil},
		{"Claude, old", ratios + `,"claude":true,"cache_creation_tokens":40,"cache_creation_ratio":1.25`, &model.Billing{Tariff: claude, Parts: []model.Part{write}}},
		{"Claude", ratios + `,"claude":true,"usage_semantic":"anthropic","cache_creation_tokens":100,"cache_creation_ratio":1.25,"cache_creation_tokens_5m":50,"cache_creation_ratio_5m":1.25,"cache_creation_tokens_1h":10,"cache_creation_ratio_1h":2`, &model.Billing{
			Tariff: claude, Parts: []model.Part{{Kind: model.TermCacheWrite, Count: 50, Ratio: 1.25}, {Kind: model.TermCacheWrite, Count: 10, Ratio: 2}, write},
		}},
		{"converted from Claude's", ratios + `,"cache_creation_tokens":40,"cache_creation_tokens_5m":40,"cache_creation_ratio_5m":1.25`, &model.Billing{Tariff: claude, Parts: []model.Part{write}}},
		{"converted, and the total told", ratios + `,"input_tokens_total":200,"cache_creation_tokens":40,"cache_creation_ratio":1.25,"cache_creation_tokens_5m":40,"cache_creation_ratio_5m":1.25`, &model.Billing{Tariff: base, Parts: []model.Part{write}}},
		{"not as Claude counts", ratios + `,"claude":true,"usage_semantic":"openai"`, &model.Billing{Tariff: base}},
		{"a write at an untold ratio", ratios + `,"cache_creation_tokens":40`, nil},
		{"images", ratios + `,"image":true,"image_output":20,"image_ratio":2,"image_generation_call":true,"image_generation_call_price":0.04`, &model.Billing{
			Tariff: base, Parts: []model.Part{{Kind: model.TermImage, Count: 20, Ratio: 2}, {Kind: model.TermService, Count: 1, Price: 0.04}},
		}},
		{"searches", ratios + `,"web_search":true,"web_search_call_count":2,"web_search_price":10,"file_search":true,"file_search_call_count":1,"file_search_price":2.5`, &model.Billing{
			Tariff: base, Parts: []model.Part{{Kind: model.TermWebSearch, Count: 2, Price: 10}, {Kind: model.TermFileSearch, Count: 1, Price: 2.5}},
		}},
		{"tools", ratios + `,"tool_surcharges":[{"name":"code_interpreter","count":3,"price":0.07},{"name":"file_search","count":1,"price":2.5},{"name":"web_search_preview","count":2,"price":25}]`, &model.Billing{
			Tariff: base, Parts: []model.Part{
				{Kind: model.TermService, Name: "code_interpreter", Count: 3, Price: 0.00007},
				{Kind: model.TermFileSearch, Count: 1, Price: 2.5},
				{Kind: model.TermWebSearch, Count: 2, Price: 25},
			},
		}},
		{"tools of another form", ratios + `,"tool_surcharges":{}`, &model.Billing{Tariff: base}},
		{"audio by the million", ratios + `,"audio_input_seperate_price":true,"audio_input_token_count":40,"audio_input_price":1`, &model.Billing{
			Tariff: base, Parts: []model.Part{{Kind: model.TermAudioInput, Count: 40, Price: 1}},
		}},
		{"an audio model", ratios + `,"audio":true,"text_input":10,"text_output":5,"audio_input":8,"audio_output":3,"audio_ratio":16,"audio_completion_ratio":2`, &model.Billing{
			Tariff: audio, Parts: []model.Part{{Kind: model.TermTextIn, Count: 10}, {Kind: model.TermTextOut, Count: 5}, {Kind: model.TermAudioIn, Count: 8}, {Kind: model.TermAudioOut, Count: 3}},
		}},
		{"an audio model without audio", ratios + `,"ws":true,"audio_ratio":16,"audio_completion_ratio":2`, &model.Billing{Tariff: audio, Parts: []model.Part{{Kind: model.TermTextIn}}}},
		{"a price per call", ratios + `,"model_price":0.1,"cache_creation_tokens":40`, &model.Billing{Tariff: perCall}},
		{"a fork's 0", ratios + `,"model_price":0`, &model.Billing{Tariff: base}},
		{"a formula", ratios + `,"billing_mode":"tiered_expr","matched_tier":"long"`, &model.Billing{Tariff: tiered}},
	} {
		call := newAPICall(t, `"quota":5,"prompt_tokens":10`, c.other)
		if !reflect.DeepEqual(call.Billing, c.want) || call.BySubscription {
			t.Errorf("%s: %+v, want %+v", c.name, call.Billing, c.want)
		}
	}
	if call := newAPICall(t, `"quota":50000`, `"is_task":true,"model_price":0.1,"group_ratio":1`); call.Billing != nil {
		t.Errorf("a task is priced as text: %+v", call.Billing)
	}
	if call := newAPICall(t, `"quota":0`, ratios); call.Billing == nil {
		t.Error("a call that used nothing and cost nothing has no price")
	}
	for source, plan := range map[string]bool{"subscription": true, "wallet": false} {
		if call := newAPICall(t, `"quota":5,"prompt_tokens":10`, ratios+`,"billing_source":"`+source+`"`); call.BySubscription != plan || call.Billing == nil {
			t.Errorf("%s: %+v", source, call)
		}
	}
}

func newAPICall(t *testing.T, row, other string) model.Call {
	t.Helper()
	var r newAPIRow
	if err := json.Unmarshal([]byte(`{"created_at":1,"type":2,`+row+`,"other":`+strconv.Quote("{"+other+"}")+`}`), &r); err != nil {
		t.Fatal(err)
	}
	return r.call(newAPIKinds, &tariffs{})
}

// TestBillingOfOneHub does so for one-hub and done-hub.
func TestBillingOfOneHub(t *testing.T) {
	const ratios = `"price_type":"tokens","input_ratio":0.075,"output_ratio":0.3,"group_ratio":1.5`
	base := model.Tariff{Rule: model.RuleOneHub, Input: some(0.075), Output: some(0.3), Group: some(1.5)}
	times := base
	times.PerCall = true
	for _, c := range []struct {
		name, meta string
		want       *model.Billing
	}{
		{"plain", ratios, &model.Billing{Tariff: base}},
		{"nothing", `"group_name":"default"`, nil},
		{"by the call", ratios + `,"price_type":"times","cached_tokens":64`, &model.Billing{Tariff: times}},
		{"at the usual price", ratios + `,"reasoning_tokens":64,"reasoning_tokens_ratio":1`, &model.Billing{Tariff: base}},
		{"dearer and cheaper", ratios + `,"cached_tokens":64,"cached_tokens_ratio":0.5,"output_audio_tokens":10,"output_audio_tokens_ratio":20`, &model.Billing{
			Tariff: base, Parts: []model.Part{
				{Kind: model.TermExtra, Name: "cached_tokens", Count: 64, Ratio: 0.5},
				{Kind: model.TermExtra, Name: "output_audio_tokens", Count: 10, Ratio: 20, Answer: true},
			},
		}},
		{"an old row", ratios + `,"cached_tokens":64`, nil},
		{"services", ratios + `,"extra_billing":{"web_search_preview":{"type":"","call_count":2,"price":0.01},"code_interpreter":{"call_count":1,"price":0.03}}`, &model.Billing{
			Tariff: base, Parts: []model.Part{
				{Kind: model.TermService, Name: "code_interpreter", Count: 1, Price: 0.03},
				{Kind: model.TermService, Name: "web_search_preview", Count: 2, Price: 0.01},
			},
		}},
	} {
		var r oneHubRow
		if err := json.Unmarshal([]byte(`{"created_at":1,"type":2,"quota":5,"prompt_tokens":10,"metadata":{`+c.meta+`}}`), &r); err != nil {
			t.Fatal(err)
		}
		if call := r.call(&tariffs{}); !reflect.DeepEqual(call.Billing, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, call.Billing, c.want)
		}
	}
}

func TestBillingOfOneAPI(t *testing.T) {
	want := &model.Billing{Tariff: model.Tariff{Rule: model.RuleOneAPI, Rounded: true, Model: some(2.5), Group: some(1.0), Completion: some(4.0)}}
	for note, priced := range map[string]bool{
		"倍率：2.50 × 1.00 × 4.00":                       true,
		"模型倍率 2.50，分组倍率 1.00，补全倍率 4.00":               true,
		"模型倍率 2.50，分组倍率 1.00，补全倍率 4.00 （注意系统提示词已被重置）": true,
		"模型倍率 2.50，补全倍率 4.00，分组倍率 1.00":               false, // new-api's order
		"倍率：2.50 × 1.00":                              false,
		"倍率： × 1.00 × 4.00":                           false,
		"倍率：2.5.0 × 1.00 × 4.00":                      false,
		"":                                            false,
	} {
		switch got := oneAPIBilling(note, &tariffs{}); {
		case priced && !reflect.DeepEqual(got, want):
			t.Errorf("%q: %+v", note, got)
		case !priced && got != nil:
			t.Errorf("%q has a price: %+v", note, got)
		}
	}
}

// TestPricesAreShared holds that equal prices are one pointer, also over the
// change of the maps, and that others are not.
func TestPricesAreShared(t *testing.T) {
	var p tariffs
	tariff := func(i int) model.Tariff { return model.Tariff{Rule: model.RuleNewAPI, Model: some(float64(i))} }
	part := func(n int64) []model.Part { return []model.Part{{Kind: model.TermCacheWrite, Count: n, Ratio: 1.25}} }
	seen := map[*model.Billing]bool{}
	for i := range 5 * keptPrices {
		plain, with := p.share(tariff(i), nil), p.share(tariff(i), part(1))
		if plain == with || with == p.share(tariff(i), part(2)) || seen[plain] {
			t.Fatal("two prices are one")
		}
		seen[plain] = true
		// The row at the end of a page begins the next one.
		if p.share(tariff(i), nil) != plain || p.share(tariff(i), part(1)) != with {
			t.Fatal("a price that was just used is forgotten")
		}
		if len(p.now) > keptPrices || len(p.before) > keptPrices {
			t.Fatalf("%d and %d prices are kept", len(p.now), len(p.before))
		}
	}
	// Names cannot run into each other.
	a := []model.Part{{Kind: "ab", Name: "c"}, {Kind: "d"}}
	b := []model.Part{{Kind: "a", Name: "bc"}, {Kind: "d"}}
	if partsKey(a) == partsKey(b) || partsKey(a[:1]) == partsKey(a) {
		t.Error("different parts are the same")
	}
}

func TestPricesAreSharedAmongReadings(t *testing.T) {
	opt := withToken
	opt.Name, opt.URL, opt.Dialect = "prod", "http://gw.localhost", NewAPI
	opt.Transport = respond(func(r *http.Request) (*http.Response, error) {
		return recorded(t, "new-api-rc21/log-self-p1-page_size100.http", r), nil
	})
	g, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	pages := make([]CallsPage, 8)
	var all sync.WaitGroup
	for i := range pages {
		all.Go(func() {
			scope := model.ScopeSelf
			if i%2 == 1 {
				scope = model.ScopeSite
			}
			pages[i], _ = g.Calls(t.Context(), CallsQuery{Scope: scope})
		})
	}
	all.Wait()
	for i, page := range pages {
		if len(page.Calls) != 60 || !reflect.DeepEqual(page.Calls, pages[0].Calls) {
			t.Fatalf("reading %d differs", i)
		}
		for j := range page.Calls {
			if page.Calls[j] != pages[0].Calls[j] {
				t.Errorf("row %d is not equal to itself, read again", j)
			}
		}
	}
}

func TestFactor(t *testing.T) {
	for in, want := range map[string]factor{
		`0`: {0, true}, `1.25`: {1.25, true}, `"0.075"`: {0.075, true}, `9007199254740992`: {1 << 53, true},
		`null`: {}, `""`: {}, `-1`: {}, `1e300`: {}, `"NaN"`: {}, `"Inf"`: {}, `true`: {}, `[1]`: {}, `{"a":1}`: {},
	} {
		got := factor{1, true}
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %+v %v, want %+v", in, got, err, want)
		}
	}
	if n := (factor{math.Pi, true}).count(); n != 3 {
		t.Errorf("a count of %d", n)
	}
}
