package main

import (
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/internal/crash"
	"gatewatch/model"
	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
)

// past writes an hour of one gateway's history, as the dashboard would.
func past(t *testing.T, home string) (now int64) {
	t.Helper()
	store, err := history.Open(t.Context(), filepath.Join(home, "gatewatch", "history.db"), history.Options{CloseWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	now = time.Now().Unix()
	id := identityOf("https://gw.example", gateway.NewSecret("fake-token"))
	at := time.Unix(now, 0)
	span := model.Span{From: now - 3600, To: now - 100}
	var calls []model.Call
	for i := range int64(50) {
		calls = append(calls, model.Call{At: span.From + i*60, Kind: model.KindConsume, Model: "o3", Key: "laptop 🚀", User: "alice", Quota: 7, Prompt: 3})
	}
	for _, u := range []model.Update{
		{Source: model.SourceStatus, At: at, Payload: model.Status{Currency: model.Currency{PerUnit: 1000}}},
		{Source: model.SourceAccount, At: at, Payload: model.Account{Quota: model.Some[model.Quota](5000), Used: model.Some[model.Quota](350)}},
		{Source: model.SourceCalls, At: at, Payload: model.CallsRead{Span: span, Calls: calls, ReadAt: now}},
	} {
		store.Fold(id, u)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return now
}

func TestExport(t *testing.T) {
	home := t.TempDir()
	env := []string{"XDG_STATE_HOME=" + home, "GATEWATCH_URL=https://gw.example", "GATEWATCH_ACCESS_TOKEN=fake-token"}
	if _, errOut, code := gatewatch(t, env, "export", "calls"); code != exitUsage || !strings.Contains(errOut, "no history yet") {
		t.Errorf("without a history: exit %d, %s", code, errOut)
	}
	if _, errOut, code := gatewatch(t, append([]string{"HOME=", "XDG_STATE_HOME="}, env[1:]...), "export", "calls"); code != exitUsage || !strings.Contains(errOut, "there is no history: neither HOME nor XDG_STATE_HOME is set") {
		t.Errorf("without a place for one: exit %d, %s", code, errOut)
	}
	now := past(t, home)
	from := time.Unix(now-7200, 0).UTC().Format(time.RFC3339)
	// What was never read is said, beside rows as without any.
	out, errOut, code := gatewatch(t, env, "export", "calls", "--from", time.Unix(now-20*3600, 0).UTC().Format(time.RFC3339), "--to", time.Unix(now-19*3600, 0).UTC().Format(time.RFC3339))
	if code != exitOK || !strings.HasPrefix(out, "time,kind,key,") || strings.Count(out, "\n") != 1 || !strings.Contains(errOut, "the calls of 1 h 0 m are not kept: ") {
		t.Errorf("exit %d: %q, %q", code, out, errOut)
	}
	out, errOut, code = gatewatch(t, env, "export", "calls", "--from", from, "--timezone", "UTC")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if code != exitOK || err != nil || len(rows) != 51 || rows[1][2] != "laptop 🚀" || rows[1][8] != "7" || rows[1][9] != "0.007" || rows[1][3] != "" {
		t.Errorf("exit %d, %v, %d rows: %s%.300s", code, err, len(rows), errOut, out)
	}
	out, _, code = gatewatch(t, env, "export", "usage", "--from", from, "--by", "day", "--format", "json")
	var usage []struct {
		Calls  int64  `json:"calls"`
		Errors any    `json:"errors"`
		Quota  int64  `json:"quota"`
		Model  string `json:"model"`
	}
	if err := json.Unmarshal([]byte(out), &usage); code != exitOK || err != nil {
		t.Fatalf("exit %d, %v: %.300s", code, err, out)
	}
	var calls, quota int64
	for _, u := range usage {
		calls += u.Calls
		if u.Errors != nil {
			t.Errorf("%v errors of a gateway that was never seen to log one", u.Errors)
		}
		quota += u.Quota
	}
	// Only whole minutes are kept as usage: the first and the last may be cut.
	if calls < 47 || calls > 50 || quota != 7*calls {
		t.Errorf("%d calls, %d quota: %s", calls, quota, out)
	}
	out, _, code = gatewatch(t, env, "export", "balance", "--from", from, "--format", "jsonl")
	if code != exitOK || !strings.Contains(out, `"quota":5000`) || !strings.Contains(out, `"amount":5`) {
		t.Errorf("exit %d: %s", code, out)
	}
	for _, args := range [][]string{{"--from", "yesterday"}, {"--by", "week"}, {"--format", "xml"}, {"--gateway", "x"}, {"--from", "2026-11-20", "--to", "2026-11-19"}} {
		if _, errOut, code := gatewatch(t, env, append([]string{"export", "usage"}, args...)...); code != exitUsage || errOut == "" {
			t.Errorf("%v: exit %d, %q", args, code, errOut)
		}
	}
	other := []string{env[0], env[1], "GATEWATCH_ACCESS_TOKEN=another"}
	if out, _, _ := gatewatch(t, other, "export", "calls", "--from", from); strings.Contains(out, "laptop") {
		t.Error("another account at the same address sees these calls")
	}
	for _, name := range []string{"history.db"} {
		info, err := os.Stat(filepath.Join(home, "gatewatch", name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestLowBalanceIsAnAmountOrATime(t *testing.T) {
	for v, want := range map[any]LowBalance{
		int64(5): {Amount: model.Some(5.0)}, 2.5: {Amount: model.Some(2.5)}, "7": {Amount: model.Some(7.0)},
		"36h": {Hours: model.Some(36.0)}, "": {},
	} {
		var got LowBalance
		if err := setLowBalance(&got, v); err != nil || got != want {
			t.Errorf("%v: %+v, %v", v, got, err)
		}
	}
	var got LowBalance
	if setLowBalance(&got, "soon") == nil || setLowBalance(&got, true) == nil {
		t.Error("what is no amount is one")
	}
	cfg := DefaultConfig()
	cfg.Gateways = []GatewayConfig{{Name: "prod", LowBalance: LowBalance{Amount: model.Some(2.0)}}}
	s := model.State{Gateway: model.Gateway{Name: "prod"}}.Apply(model.Update{Source: model.SourceStatus, Payload: model.Status{Currency: model.Currency{Code: "CNY", Rate: 8}}})
	if o := cfg.alertOptions(s); o.LowBalance != model.Some[model.Quota](125_000) {
		t.Errorf("¥2 at 8 to the dollar are %+v", o.LowBalance)
	}
}

// TestWhatIsKnownComesLate opens the file slowly: what it knows is shown where the
// gateway has not answered, and never over what it said.
func TestWhatIsKnownComesLate(t *testing.T) {
	var shown []model.Source
	n := &newest{send: func(u model.Update) { shown = append(shown, u.Source) }}
	n.new(model.Update{Gateway: "a", Source: model.SourceAccount})
	n.old([]model.Update{
		{Gateway: "a", Source: model.SourceAccount},
		{Gateway: "b", Source: model.SourceAccount},
		{Gateway: "a", Source: model.SourceCalls},
		{Gateway: "a", Source: model.SourceCalls},
	})
	if want := []model.Source{model.SourceAccount, model.SourceAccount, model.SourceCalls, model.SourceCalls}; !slices.Equal(shown, want) {
		t.Errorf("shown: %v, want %v", shown, want)
	}
}

// TestAnAlertThatNobodyHearsIsSaid: a command that cannot be run shows on the screen,
// until the next alert is heard.
func TestAnAlertThatNobodyHearsIsSaid(t *testing.T) {
	var cfg Config
	cfg.Zone = time.UTC
	cfg.Alerts.Hook.Command = []string{filepath.Join(t.TempDir(), "missing")}
	untold := &lastFault{}
	synctest.Test(t, func(*testing.T) {
		opt := (&app{getenv: func(string) string { return "" }}).alerts(cfg, &memory{}, false, &crash.Guard{}, slog.New(slog.DiscardHandler), untold)
		opt.Told(model.AlertEvent{Alert: model.Alert{Kind: model.AlertDown}, At: time.Unix(1_763_636_400, 0)}, "it does not answer")
		synctest.Wait()
	})
	if says := untold.get(); !strings.HasPrefix(says, "the alert at 11:00 was not handed on: on_alert: ") {
		t.Errorf("%q", says)
	}
}

// TestAKeyOfTheSameNameIsHandedOnToo: the journal is told which of two keys an alert is
// about.
func TestAKeyOfTheSameNameIsHandedOnToo(t *testing.T) {
	store, err := history.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	m := &memory{ids: map[string]string{"prod": "id"}, store: store}
	now := time.Now()
	for id := int64(1); id <= 2; id++ {
		a := model.Alert{Kind: model.AlertKeyLow, Gateway: "prod", Subject: "ci", Key: model.KeyRef{ID: id, Name: "ci"}, Since: now}
		if !m.claim(t.Context(), model.AlertEvent{Alert: a, Raised: true, At: now}, "low") {
			t.Errorf("nobody hears of key %d", id)
		}
		if m.claim(t.Context(), model.AlertEvent{Alert: a, Raised: true, At: now}, "low") {
			t.Errorf("key %d is told twice", id)
		}
	}
}
