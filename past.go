package main

import (
	"context"
	"time"

	"gatewatch/model"
	"gatewatch/poller"
)

// watched tells the poller what the screen shows, and has the history asked for the
// windows that are too long for the poller to count.
type watched struct {
	*poller.Poller
	past *pastReader
}

// Want says what the screen shows.
func (w watched) Want(want model.Want) {
	w.Poller.Want(want)
	w.past.want(want)
}

// pastReader reads what the history holds of the window on the screen.
type pastReader struct {
	mem    *memory
	zone   *time.Location
	skew   map[string]func() model.Opt[time.Duration] // by the gateway's name
	send   func(model.Update)
	now    func() time.Time
	wanted chan model.Want // holds the newest one
}

func newPastReader(mem *memory, zone *time.Location, targets []poller.Target, send func(model.Update)) *pastReader {
	r := &pastReader{mem: mem, zone: zone, send: send, now: time.Now, wanted: make(chan model.Want, 1), skew: map[string]func() model.Opt[time.Duration]{}}
	for _, t := range targets {
		r.skew[t.Name] = t.Gateway.Skew
	}
	return r
}

// want replaces what is to be read; it does not wait.
func (r *pastReader) want(w model.Want) {
	for {
		select {
		case r.wanted <- w:
			return
		case <-r.wanted:
		}
	}
}

// pastTurn is how often is looked whether the window has moved on.
const pastTurn = 20 * time.Second

// usualTurn is how often is looked what is usual: it changes slowly.
const usualTurn = time.Hour

// readUsuals tells what the last days were like, but for the hour that the rows in
// memory tell.
func (r *pastReader) readUsuals(ctx context.Context, want model.Want) bool {
	end := r.now().Add(-model.Keep).Unix()
	span := model.Span{From: end - model.UsualDays*86400, To: end}
	cells, err := r.mem.get().Usuals(ctx, r.mem.ids[want.Gateway], want.Scope, span)
	if err != nil {
		return false // a fault of the history says so itself
	}
	r.send(model.Update{Gateway: want.Gateway, Source: model.SourceDays, At: r.now(), Payload: model.Usuals{Scope: want.Scope, Cells: cells}})
	return true
}

// run reads until ctx ends. It reads anew when something else is on the screen, and
// when the window has moved on.
func (r *pastReader) run(ctx context.Context) {
	var now model.Want
	var told model.Past
	var toldOf string
	type usualOf struct {
		gateway string
		scope   model.Scope
	}
	usuals := map[usualOf]time.Time{} // when they were read
	for {
		select {
		case <-ctx.Done():
			return
		case now = <-r.wanted:
		case <-time.After(pastTurn):
		}
		skew, ok := r.skew[now.Gateway]
		if !ok {
			continue
		}
		if of := (usualOf{now.Gateway, now.Scope}); r.now().Sub(usuals[of]) >= usualTurn && r.readUsuals(ctx, now) {
			usuals[of] = r.now()
		}
		span := model.PastSpan(now.Window, r.now().Add(skew().V).Unix(), r.zone)
		if span.Empty() || told.Span == span && told.Scope == now.Scope && toldOf == now.Gateway {
			continue
		}
		past, err := r.read(ctx, now, span)
		if err != nil || past.Span.Empty() {
			continue // the gateway's own figures stay; a fault of the history says so itself
		}
		told, toldOf = past, now.Gateway
		r.send(model.Update{Gateway: now.Gateway, Source: model.SourceDays, At: r.now(), Payload: past})
	}
}

// read asks the history; the answer is empty where not every second of span is in it.
func (r *pastReader) read(ctx context.Context, want model.Want, span model.Span) (model.Past, error) {
	past := model.Past{Scope: want.Scope, Span: model.Span{From: 0, To: -1}}
	store, id := r.mem.get(), r.mem.ids[want.Gateway]
	q := model.HistoryQuery{Gateway: id, Scope: want.Scope, Span: span, By: model.PerCell}
	all, err := store.Usage(ctx, q)
	if err != nil || !all.Covered.Covers(span) {
		return past, err
	}
	q.Step, q.By = model.PastStep, model.PerModel
	steps, err := store.Usage(ctx, q)
	if err != nil {
		return past, err
	}
	past.Span = span
	for _, row := range all.Rows {
		past.Cells = append(past.Cells, row.Cell)
	}
	for _, row := range steps.Rows {
		past.Points = append(past.Points, model.PastPoint{At: row.Span.From, Quota: row.Quota})
	}
	return past, nil
}
