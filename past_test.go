package main

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/poller/history"
)

// TestADayFromTheHistory has a day and more in the history and the last hour in
// memory, as after a night beside the gateway.
func TestADayFromTheHistory(t *testing.T) {
	for _, minute := range []int{0, 3, 9, 29, 30, 31, 59} {
		t.Run(fmt.Sprint(minute), func(t *testing.T) {
			hour := time.Now().Truncate(time.Hour).Add(-time.Hour)
			aDayFromTheHistory(t, hour.Add(time.Duration(minute)*time.Minute+2*time.Second))
		})
	}
}

func aDayFromTheHistory(t *testing.T, now time.Time) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	open := func() *history.Store {
		store, err := history.Open(t.Context(), path, history.Options{CloseWithin: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	store := open()
	zone := time.FixedZone("IST", 5*3600+1800)
	day := model.Window{Label: "24h", Length: 24 * time.Hour}
	state := model.State{}.Apply(model.Update{Source: model.SourceKeys, At: now, Payload: model.Keys{{ID: 1, Name: "laptop"}}})
	var all []model.Call
	fold := func(from, to int64, f func(model.Update)) {
		for at := from; at <= to; at += 1800 {
			span := model.Span{From: at, To: min(to, at+1799)}
			read := model.CallsRead{Span: span, ReadAt: span.To + 70}
			for c := span.From; c <= span.To; c += 41 {
				read.Calls = append(read.Calls, model.Call{At: c, Kind: model.KindConsume, Model: "o3", Key: "laptop", KeyID: 1, Quota: model.Quota(c % 89), Took: model.Some(time.Second)})
			}
			all = append(all, read.Calls...)
			f(model.Update{Source: model.SourceCalls, At: time.Unix(read.ReadAt, 0), Payload: read})
		}
	}
	end := now.Unix() - 70
	fold(end-26*3600, end-3600, func(u model.Update) { store.Fold("id of prod", u) })
	fold(end-3599, end, func(u model.Update) { store.Fold("id of prod", u); state = state.Apply(u) })
	state = state.Tick(now)
	if err := store.Close(); err != nil { // everything is written
		t.Fatal(err)
	}
	store = open()
	t.Cleanup(func() { _ = store.Close() })
	mem := &memory{store: store, ids: map[string]string{"prod": "id of prod"}}

	told := make(chan model.Update, 4)
	r := newPastReader(mem, zone, nil, func(u model.Update) { told <- u })
	r.skew["prod"] = func() model.Opt[time.Duration] { return model.Opt[time.Duration]{} }
	r.now = func() time.Time { return now }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go r.run(ctx)
	r.want(model.Want{Gateway: "prod", Window: model.Window{Label: "1h", Length: time.Hour}})
	r.want(model.Want{Gateway: "prod", Window: model.Window{Label: "7d", Length: 7 * 24 * time.Hour}}) // more than there is
	r.want(model.Want{Gateway: "prod", Window: day})
	u := <-told
	// What was usual comes first: a call every 41 s of up to 88.
	usual, ok := u.Payload.(model.Usuals)
	if !ok || len(usual.Cells) != 1 || usual.Cells[0].Key.Name != "laptop" || usual.Cells[0].Minutes < 23*60 || usual.Cells[0].Most < 88 || usual.Cells[0].Most > 2*88 {
		t.Errorf("%+v", u.Payload)
	}
	u = <-told
	sum := model.Summarise(state.Apply(u), day, zone)
	var want model.Quota
	calls := int64(0)
	for _, c := range all {
		if sum.Span.Has(c.At) {
			want += c.Quota
			calls++
		}
	}
	if !sum.Counted() || sum.Totals.Quota != model.Some(want) || sum.Totals.Calls != model.Some(calls) {
		t.Errorf("%+v, want %d calls of %d", sum.Totals, calls, want)
	}
	if k := sum.Keys[0]; k.Spent != model.Some(want) || k.N != calls || k.P95 != model.Some(time.Second) {
		t.Errorf("the key: %+v", k)
	}
	if from := time.Unix(sum.Span.From, 0).In(zone); from.Minute() != 0 || now.Sub(from) < 24*time.Hour || now.Sub(from) > 25*time.Hour+3*time.Minute {
		t.Errorf("24 hours begin at %s", from)
	}
	select {
	case u := <-told:
		t.Errorf("told %+v besides", u)
	default:
	}
}
