package model

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"
)

// charges reads the consume rows of shared/captures: all 1,711 of the four
// programs' logs, which are 535 different ones. Dollars hold 500,000 quota.
func charges(t *testing.T) (programs []string, calls []Call) {
	t.Helper()
	f, err := os.Open("testdata/charges.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		num := func(i int) int64 {
			n, err := strconv.ParseInt(row[i], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		ratio := func(s string) Opt[float64] {
			if s == "" {
				return Opt[float64]{}
			}
			f, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			return Some(f)
		}
		c := Call{Kind: KindConsume, Quota: Quota(num(1)), Prompt: num(2), Completion: num(3), Billing: &Billing{}}
		b := c.Billing
		switch b.Group = ratio(row[6]); row[0] {
		case "one-api":
			b.Rule, b.Rounded, b.Model, b.Completion = RuleOneAPI, true, ratio(row[5]), ratio(row[7])
		case "one-hub":
			b.Rule, b.Input, b.Output = RuleOneHub, ratio(row[5]), ratio(row[7])
			for _, field := range strings.Fields(row[10]) {
				name, value, _ := strings.Cut(field, "=")
				count, times, _ := strings.Cut(value, "x")
				n, err := strconv.ParseInt(count, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				b.Parts = append(b.Parts, Part{Kind: TermExtra, Name: name, Count: n, Ratio: ratio(times).V, Answer: name == "reasoning_tokens"})
			}
		default:
			b.Rule, b.Model, b.Completion, b.Cache = RuleNewAPI, ratio(row[5]), ratio(row[7]), ratio(row[8])
			c.Cached = Some(num(4))
			b.PerCall, b.Price = row[9] != "-1", ratio(row[9])
		}
		programs, calls = append(programs, row[0]), append(calls, c)
	}
	return programs, calls
}

func termSum(e Explanation) Quota {
	var sum Quota
	for _, t := range e.Terms {
		sum += t.Quota
	}
	return sum
}

// TestExplainCaptures explains every charge that the recorded gateways made.
func TestExplainCaptures(t *testing.T) {
	programs, calls := charges(t)
	got := map[string]map[ExplainState]int{}
	for i, c := range calls {
		e := Explain(c, Currency{})
		if got[programs[i]] == nil {
			got[programs[i]] = map[ExplainState]int{}
		}
		got[programs[i]][e.State]++
		switch e.State {
		case ExplainRounded:
			if programs[i] != "one-api" || !(e.Low.V < e.High.V) || e.High.V < c.Billing.Model.V-0.005-1e-9 {
				t.Errorf("%s: %+v", programs[i], e)
			}
			fallthrough
		case ExplainExact:
			if sum := termSum(e); sum != c.Quota || e.Sum != c.Quota || e.Gap != 0 {
				t.Errorf("%s: the terms come to %d, the charge is %d: %+v", programs[i], sum, c.Quota, e)
			}
		default:
			t.Errorf("%s: %s of %+v: %+v", programs[i], e.State, c, e)
		}
	}
	t.Log(got)
	if len(calls) != 535 {
		t.Errorf("%d rows were explained", len(calls))
	}
}

// TestExplainTerms computes charges by hand after the sources that Rule names.
func TestExplainTerms(t *testing.T) {
	newAPI := Tariff{Rule: RuleNewAPI, Model: Some(1.25), Group: Some(1.0), Completion: Some(4.0), Cache: Some(0.5)}
	claude := Tariff{Rule: RuleNewAPI, Model: Some(1.5), Group: Some(0.5), Completion: Some(5.0), Cache: Some(0.1), CacheApart: true}
	with := func(t Tariff, change func(*Tariff)) Tariff { change(&t); return t }
	hub := Tariff{Rule: RuleOneHub, Input: Some(0.075), Output: Some(0.3), Group: Some(1.5)}
	for _, c := range []struct {
		name   string
		tariff Tariff
		parts  []Part
		call   Call
		terms  string
		state  ExplainState
		untold string
	}{
		{"cache", newAPI, nil, Call{Prompt: 100, Completion: 10, Cached: Some[int64](64), Quota: 135}, "prompt 45, cache_read 40, completion 50", ExplainExact, ""},
		{"halves go up", newAPI, nil, Call{Prompt: 2, Quota: 3}, "prompt 3", ExplainExact, ""},
		{"cache writes come out of the prompt", newAPI, []Part{{Kind: TermCacheWrite, Count: 40, Ratio: 1.25}}, Call{Prompt: 100, Completion: 10, Quota: 188}, "prompt 75, cache_write 63, completion 50", ExplainExact, ""},
		{"images", newAPI, []Part{{Kind: TermImage, Count: 20, Ratio: 2}}, Call{Prompt: 100, Quota: 150}, "prompt 100, image 50", ExplainExact, ""},
		{"a search and a file search", newAPI, []Part{{Kind: TermWebSearch, Count: 2, Price: 10}, {Kind: TermFileSearch, Count: 1, Price: 2.5}}, Call{Prompt: 100, Quota: 11375}, "prompt 125, web_search 10000, file_search 1250", ExplainExact, ""},
		{"an image by the call", newAPI, []Part{{Kind: TermService, Count: 1, Price: 0.04}}, Call{Prompt: 100, Quota: 20125}, "prompt 125, service 20000", ExplainExact, ""},
		{"audio by the million", newAPI, []Part{{Kind: TermAudioInput, Count: 40, Price: 1}}, Call{Prompt: 100, Quota: 95}, "prompt 75, audio_input 20", ExplainExact, ""},
		{
			"an audio model", with(newAPI, func(t *Tariff) { t.Audio, t.AudioOut = Some(16.0), Some(2.0) }),
			[]Part{{Kind: TermTextIn, Count: 10}, {Kind: TermTextOut, Count: 5}, {Kind: TermAudioIn, Count: 8}, {Kind: TermAudioOut, Count: 3}},
			Call{Prompt: 18, Completion: 8, Quota: 318},
			"text_in 13, text_out 25, audio_in 160, audio_out 120", ExplainExact, "",
		},
		{"Claude's cache stands apart", claude, []Part{{Kind: TermCacheWrite, Count: 200, Ratio: 1.25}}, Call{Prompt: 10, Completion: 4, Cached: Some[int64](1000), Quota: 285}, "prompt 8, cache_read 75, cache_write 187, completion 15", ExplainExact, ""},
		{"an old Claude rounds down", claude, nil, Call{Prompt: 10, Completion: 4, Quota: 22}, "prompt 7, completion 15", ExplainExact, ""},
		{"apart, but not said", newAPI, nil, Call{Prompt: 10, Cached: Some[int64](1000), Quota: 638}, "prompt 13, cache_read 625", ExplainExact, ""},
		{"at least one", with(newAPI, func(t *Tariff) { t.Model = Some(0.01) }), nil, Call{Prompt: 3, Quota: 1}, "prompt 0, minimum 1", ExplainExact, ""},
		{"nothing was used", newAPI, []Part{{Kind: TermWebSearch, Count: 1, Price: 10}}, Call{Quota: 0}, "prompt 0, web_search 5000, no_usage -5000", ExplainExact, ""},
		{"a free model", with(newAPI, func(t *Tariff) { t.Model = Some(0.0) }), nil, Call{Prompt: 3, Completion: 1}, "prompt 0, completion 0", ExplainExact, ""},
		{"a price per call", with(newAPI, func(t *Tariff) { t.PerCall, t.Price, t.Group = true, Some(0.1), Some(0.5) }), nil, Call{Prompt: 3, Completion: 1, Quota: 25_000}, "call 25000", ExplainExact, ""},
		{"one-hub by the call", with(hub, func(t *Tariff) { t.PerCall, t.Input = true, Some(2.5) }), nil, Call{Prompt: 3, Quota: 3750}, "call 3750", ExplainExact, ""},
		// 100 tokens and int(64×(0.5−1)) = −32 of the cache: ceil(68×0.1125 + 10×0.45) = 13.
		{"one-hub's cache", hub, []Part{{Kind: TermExtra, Name: "cached_tokens", Count: 64, Ratio: 0.5}}, Call{Prompt: 100, Completion: 10, Quota: 13}, "prompt 13, completion 4, extra -4", ExplainExact, ""},
		{"one-hub's services", hub, []Part{{Kind: TermService, Count: 2, Price: 0.01}}, Call{Prompt: 100, Quota: 15_012}, "prompt 12, service 15000", ExplainExact, ""},
		{"another factor", newAPI, nil, Call{Prompt: 100, Quota: 250}, "prompt 125", ExplainGap, "unit"},
		{"no group", with(newAPI, func(t *Tariff) { t.Group = Opt[float64]{} }), nil, Call{Prompt: 100, Quota: 250}, "", ExplainUntold, "group"},
		{"no completion", with(newAPI, func(t *Tariff) { t.Completion = Opt[float64]{} }), nil, Call{Completion: 1, Quota: 250}, "", ExplainUntold, "completion"},
		{"a formula", with(newAPI, func(t *Tariff) { t.Tiered, t.Tier = true, "long" }), nil, Call{Prompt: 100, Quota: 250}, "", ExplainUntold, "tier"},
		{"one-api, out of its rounding", Tariff{Rule: RuleOneAPI, Rounded: true, Model: Some(0.07), Group: Some(1.0), Completion: Some(4.0)}, nil, Call{Prompt: 1000, Quota: 90}, "prompt 70", ExplainGap, "unit"},
		{"one-api, within it", Tariff{Rule: RuleOneAPI, Rounded: true, Model: Some(0.07), Group: Some(1.0), Completion: Some(4.0)}, nil, Call{Prompt: 1000, Quota: 75}, "prompt 70, rounded_ratios 5", ExplainRounded, "model"},
	} {
		call := c.call
		call.Kind, call.Billing = KindConsume, &Billing{Tariff: c.tariff, Parts: c.parts}
		e := Explain(call, Currency{})
		terms := make([]string, len(e.Terms))
		for i, term := range e.Terms {
			terms[i] = string(term.Kind) + " " + strconv.FormatInt(int64(term.Quota), 10)
		}
		if got := strings.Join(terms, ", "); got != c.terms || e.State != c.state || e.Untold != c.untold {
			t.Errorf("%s: %s %q, %s; want %s %q, %s", c.name, e.State, e.Untold, got, c.state, c.untold, c.terms)
		}
		if e.Sum+e.Gap != call.Quota || termSum(e) != e.Sum {
			t.Errorf("%s: %d of terms and a gap of %d are not %d", c.name, e.Sum, e.Gap, call.Quota)
		}
	}
	for name, c := range map[string]Call{
		"no billing": {Kind: KindConsume, Quota: 9}, "a refund": {Kind: KindRefund, Quota: 9, Billing: &Billing{Tariff: newAPI}},
	} {
		if e := Explain(c, Currency{}); e.State != ExplainUntold || e.Untold != "price" || e.Gap != 9 {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
