package main

import (
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
)

// TestAReportRecallsWhatIsSettled: of what a dashboard wrote down, a report takes what
// cannot change any more, and nothing where none is wanted.
func TestAReportRecallsWhatIsSettled(t *testing.T) {
	home := t.TempDir()
	env := func(name string) string { return map[string]string{"XDG_STATE_HOME": home}[name] }
	id := identityOf("https://gw.example", gateway.NewSecret("fake-token"))
	store, err := history.Open(t.Context(), historyPath(env), history.Options{CloseWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	read := func(from, to, readAt int64) model.Update {
		c := model.Call{At: now.Unix() + from, Kind: model.KindConsume, Model: "o3", Key: "laptop", Quota: 7}
		return model.Update{Source: model.SourceCalls, At: now, Payload: model.CallsRead{
			Span: model.Span{From: now.Unix() + from, To: now.Unix() + to}, ReadAt: now.Unix() + readAt, Calls: []model.Call{c},
		}}
	}
	hour := model.Span{From: now.Unix()/3600*3600 - 7200, To: now.Unix()/3600*3600 - 3601}
	for _, u := range []model.Update{
		read(-1800, -121, -20), read(-120, -30, -20), // the second is young
		{Source: model.SourceAccount, At: now, Payload: model.Account{Username: "alice", Quota: model.Some[model.Quota](1), Used: model.Some[model.Quota](1)}},
		{Source: model.SourceRates, At: now, Payload: model.HourTotal{Span: hour, Quota: 70}},
		{Source: model.SourceRates, At: now, Payload: model.HourTotal{Span: model.Span{From: hour.To + 1, To: hour.To + 100}, Quota: 7}},
	} {
		store.Fold(id, u)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	a := &app{getenv: env}
	cfg := DefaultConfig()
	w := &wiring{ids: map[string]string{"prod": id}}
	got := a.recalled(t.Context(), cfg, w)
	var calls, hours int
	for _, u := range got {
		switch p := u.Payload.(type) {
		case model.CallsRead:
			calls++
			if u.Gateway != "prod" || p.Span.To != now.Unix()-80 || len(p.Calls) != 2 {
				t.Errorf("%s: %+v", u.Gateway, p)
			}
		case model.HourTotal:
			hours++
		default:
			t.Errorf("a report recalls %T", p)
		}
	}
	if calls != 1 || hours != 1 {
		t.Errorf("%d spans of calls and %d hours", calls, hours)
	}
	cfg.History.Keep = false
	if got := a.recalled(t.Context(), cfg, w); got != nil {
		t.Error("keep = false, and a report recalls")
	}
	cfg.History.Keep, a.flags.noHistory = true, true
	if got := a.recalled(t.Context(), cfg, w); got != nil {
		t.Error("--no-history, and a report recalls")
	}
}
