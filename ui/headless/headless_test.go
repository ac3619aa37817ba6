package headless

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/ui/text"
)

const t0 = 1_795_154_520

func state() Gateway {
	s := model.State{Gateway: model.Gateway{Name: "prod", URL: "https://gw.example", Dialect: "new-api"}}
	apply := func(src model.Source, payload any) {
		s = s.Apply(model.Update{Source: src, At: time.Unix(t0, 0), Every: time.Minute, Payload: payload, Pace: model.Pace{Budget: 60, Made: 9}})
	}
	window := model.Window{Label: "1h", Length: time.Hour}
	span := window.Ending(t0 - model.Lag)
	apply(model.SourceAccount, model.Account{ID: 2, Username: "ali\x1b[31mce", Group: "vip", Role: model.RoleUser, Enabled: true, Quota: model.Some[model.Quota](1_000_000), Used: model.Some[model.Quota](500_000)})
	apply(model.SourceKeys, model.Keys{{ID: 1, Name: "中文 令牌 🚀", Status: model.KeyEnabled, Remaining: 250_000}, {ID: 2, Name: "laptop", Status: model.KeyDisabled, Unlimited: true}})
	var calls []model.Call
	for at := span.From; at <= span.To; at += 60 {
		calls = append(calls, model.Call{At: at, Kind: model.KindConsume, Model: "gpt-4o", Key: "中文 令牌 🚀", KeyID: 1, Quota: 5_000, Prompt: 10, Completion: 3, Took: model.Some(1500 * time.Millisecond)})
	}
	apply(model.SourceCalls, model.CallsRead{Span: span, Calls: calls, ReadAt: t0})
	apply(model.SourceRates, model.SpanTotal{Span: span, Quota: 300_000})
	return Gateway{s, model.SummariseSpan(s, window, span, time.UTC)}
}

func TestText(t *testing.T) {
	var b strings.Builder
	if err := Text(&b, state(), time.UTC, &text.English); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"prod     https://gw.example · new-api",
		"user     alice · vip · user",
		"left     $2.00 (1,000,000)",
		"used     $1.00 (500,000)",
		"today    ≥ $0.60",
		"last 1h  $0.60 · 60 calls · errors – · coverage 100 %",
		"burn     $0.60/h · empty 09:22",
		"rates    rpm 1 counted · tpm 13 counted · $0.01/min counted",
		"Balance  ✓ equals the gateway's sum",
		"",
		"model   calls     cost    p50    p95",
		"gpt-4o     60  $0.6000  1.5 s  1.5 s",
		"",
		"key             status      left    spent",
		"中文 令牌 🚀   enabled     $0.50  $0.6000",
		"laptop        disabled  no limit  $0.0000",
		"",
	}, "\n")
	if b.String() != want {
		t.Errorf("printed:\n%s\nwant:\n%s", b.String(), want)
	}
}

// TestTextNamesTheCauseOfAGap tells gaps in either comparison, to the unit.
func TestTextNamesTheCauseOfAGap(t *testing.T) {
	for want, r := range map[string]model.Reconcile{
		"Balance  ≠ -$0.0247 (-12,345), counted $0.60, the gateway says $0.625: rows that came late": {
			State: model.ReconcileGap, Counted: model.Some[model.Quota](300_000), Gateway: model.Some[model.Quota](312_345), Gap: -12_345, Cause: model.CauseLate,
		},
		"Balance  ≠ $0.10 (50,001) between the calls and the balance: topped up": {
			State: model.ReconcileMatch, Balance: model.BalanceCheck{State: model.ReconcileGap, Gap: 50_001, Cause: model.CauseTopUp},
		},
		"Balance  not all was read within the request budget": {State: model.ReconcilePartial, Cause: model.CauseBudget},
		"Balance  the log is not all read yet":                {State: model.ReconcilePartial},
		"Balance  the gateway gave no sum yet":                {State: model.ReconcileUnknown, Balance: model.BalanceCheck{State: model.ReconcileUnknown}},
	} {
		g := state()
		g.Summary.Reconcile = r
		var b strings.Builder
		if err := Text(&b, g, time.UTC, &text.English); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "\n"+want+"\n") {
			t.Errorf("want %q in:\n%s", want, b.String())
		}
	}
}

func TestJSONIsOneObjectOfTheReport(t *testing.T) {
	var b strings.Builder
	if err := JSON(&b, time.Unix(t0, 0), []Gateway{state()}, time.UTC); err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(b.String()))
	dec.DisallowUnknownFields()
	var r model.Report
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if dec.More() {
		t.Error("there is more than one object")
	}
	g := r.Gateways[0]
	if r.Version != 1 || r.Timezone != "UTC" || g.Balance.Amount != 2 || g.Totals.Calls.V != 60 || g.Reconcile.State != "match" || g.Totals.Errors.OK {
		t.Errorf("%+v", g)
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("an escape sequence in the report")
	}
}

func TestChecks(t *testing.T) {
	g := state()
	for s, crossed := range map[string]bool{
		"balance<5": true, "balance<2": false, "balance < 2.01": true, "balance>1": true, "balance>2": false,
		"hours_left<24": true, "hours_left<1": false, "spend_per_hour>0.5": true, "spend_per_hour>0.6": false,
		"coverage<1": false, "coverage<1.01": true,
	} {
		c, err := ParseCheck(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		message, got := c.Crossed(g.State, g.Summary)
		if got != crossed || got != (message != "") {
			t.Errorf("%s crossed: %v (%q), want %v", s, got, message, crossed)
		}
	}
	// What is not known crosses nothing.
	for _, s := range []string{"balance<5", "hours_left<5", "spend_per_hour>0"} {
		c, err := ParseCheck(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, crossed := c.Crossed(model.State{}, model.Summary{}); crossed {
			t.Errorf("%s is crossed by nothing", s)
		}
	}
	for _, s := range []string{"", "balance", "balance=5", "balance<", "balance<x", "balance<NaN", "mood<5", "balance<<5"} {
		if _, err := ParseCheck(s); err == nil {
			t.Errorf("%q was accepted", s)
		} else if !strings.Contains(err.Error(), s) {
			t.Errorf("%q: the error does not repeat it: %v", s, err)
		}
	}
}
