package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/poller/history"
)

// written makes a file that nobody else can read.
func written(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// filled is a reading of a minute with so many rows.
func filled(from int64, rows int) model.Update {
	span := model.Span{From: from, To: from + 59}
	read := model.CallsRead{Span: span, ReadAt: span.To + 100}
	for range rows {
		read.Calls = append(read.Calls, model.Call{At: from, Kind: model.KindConsume, Model: "o3", Quota: 1})
	}
	return model.Update{Gateway: "prod", Source: model.SourceCalls, At: time.Unix(span.To+100, 0), Payload: read}
}

// TestNothingIsLostBeforeTheFileIsOpen polls while the history is slow to open.
func TestNothingIsLostBeforeTheFileIsOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	from := time.Now().Unix()/3600*3600 - 7200
	mem := &memory{ids: map[string]string{"prod": "id"}}
	mem.keep(filled(from, 1)) // nothing is kept
	mem.begin()
	mem.keep(filled(from+60, 2))
	mem.keep(filled(from+120, maxWaiting)) // more than may wait
	mem.keep(filled(from+180, 3))
	mem.Sent("gw.example:443", time.Now())
	if lines, ok := mem.unfinished(); ok || lines != nil || mem.get() != nil {
		t.Error("the file is open")
	}
	mem.open(t.Context(), path, history.Options{CloseWithin: time.Minute}, func(u model.Update) { t.Errorf("%+v is known", u) })
	mem.keep(filled(from+240, 4))
	if _, ok := mem.unfinished(); !ok {
		t.Error("the file is not open")
	}
	n, err := mem.SentSince("gw.example:443", time.Now().Add(-time.Minute))
	for range 20 {
		if err == nil { // while much is written, nobody waits for long
			break
		}
		n, err = mem.SentSince("gw.example:443", time.Now().Add(-time.Minute))
	}
	if n != 1 || err != nil {
		t.Errorf("%d requests, %v", n, err)
	}
	mem.close()
	store, err := history.Open(t.Context(), path, history.Options{CloseWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	span := model.Span{From: from, To: from + 299}
	got, err := store.Settled(t.Context(), "id", model.ScopeSelf, span)
	if want := (model.SpanSet{{From: from + 60, To: from + 119}, {From: from + 180, To: from + 299}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, not %v", got, err, want)
	}
}

// TestOfTwoDashboardsOneTells lets both find out the same, and start again.
func TestOfTwoDashboardsOneTells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	now := time.Now()
	begin := func(name string) *memory {
		mem := &memory{ids: map[string]string{name: "id"}}
		mem.begin()
		mem.open(t.Context(), path, history.Options{CloseWithin: time.Minute}, func(model.Update) {})
		t.Cleanup(mem.close)
		return mem
	}
	alert := func(name string, raised bool, since, at time.Duration) model.AlertEvent {
		a := model.Alert{Kind: model.AlertLowBalance, Gateway: name, Since: now.Add(since)}
		return model.AlertEvent{Alert: a, Raised: raised, At: now.Add(at)}
	}
	one, two := begin("prod"), begin("prod")
	if !one.claim(t.Context(), alert("prod", true, 0, 0), "$1.00 left") || two.claim(t.Context(), alert("prod", true, time.Second, time.Second), "$0.99 left") {
		t.Error("not one of them tells that it is raised")
	}
	// A third one calls the account by another name.
	three := begin("production")
	lines, ok := three.unfinished()
	if !ok || len(lines) != 1 || lines[0].Gateway != "production" || lines[0].Says != "$1.00 left" {
		t.Errorf("%+v", lines)
	}
	if three.claim(t.Context(), alert("production", true, time.Hour, time.Hour), "$0.50 left") {
		t.Error("it is told again after a restart")
	}
	if !two.claim(t.Context(), alert("prod", false, time.Second, 2*time.Hour), "") || one.claim(t.Context(), alert("prod", false, 0, 2*time.Hour), "") {
		t.Error("not one of them tells that it is over")
	}
	got, err := one.journal(t.Context())
	if err != nil || len(got) != 1 || !got[0].Cleared.OK {
		t.Errorf("the journal is %+v, %v", got, err)
	}
	if none := (&memory{}); !none.claim(t.Context(), alert("prod", true, 0, 0), "") {
		t.Error("without a history nobody tells")
	}
}

// busyHour is an account that spends 21,600 an hour, for which the balance lasts ten
// hours, and two of whose five attempts fail.
func busyHour() model.State {
	const now = 1_800_000_000
	span := model.Span{From: now - 3604, To: now - 5}
	read := model.CallsRead{Span: span, ReadAt: now}
	for i := range int64(360) {
		c := model.Call{At: span.From + 10*i, Kind: model.KindConsume, Key: "laptop", Model: "o3", Quota: 100}
		if i%5 < 2 {
			c.Kind, c.Quota = model.KindError, 0
		}
		read.Calls = append(read.Calls, c)
	}
	s := model.State{Gateway: model.Gateway{Name: "prod"}}
	for _, u := range []model.Update{
		{Source: model.SourceCalls, Payload: read},
		{Source: model.SourceStatus, Payload: model.Status{}},
		{Source: model.SourceAccount, Payload: model.Account{Quota: model.Some[model.Quota](216_000)}},
	} {
		u.At, u.Every = time.Unix(now, 0), 10*time.Second
		s = s.Apply(u)
	}
	return s
}

// TestAlertsAreAsConfigured warns as the configuration says.
func TestAlertsAreAsConfigured(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "failures low_balance ",
		"low_balance = \"24h\"\n": "failures low_balance ",
		"low_balance = \"8h\"\n":  "failures ",
		"low_balance = 0.4\n":     "failures ",
		"low_balance = 0.5\n[alerts]\nfailures = 0.5\n":              "low_balance ",
		"low_balance = 0.4\n[alerts]\nfailures = 0.3\n":              "failures ",
		"[alerts]\noff = [\"failures\"]\n":                           "low_balance ",
		"[alerts]\noff = [\"low_balance\", \"spike\"]\n":             "failures ",
		"[alerts]\noff = [\"low_balance\", \"failures\"]\n":          "",
		"low_balance = \"24h\"\n[alerts]\noff = [\"low_balance\"]\n": "failures ",
	} {
		path := filepath.Join(t.TempDir(), "config.toml")
		written(t, path, "[[gateway]]\nname = \"prod\"\nurl = \"https://gw.example\"\naccess_token = \"fake\"\n"+text)
		cfg, err := loadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := busyHour()
		_, events := model.Alerts(s, cfg.alertOptions(s), model.AlertState{})
		got := ""
		for _, e := range events {
			got += string(e.Kind) + " "
		}
		if got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}
