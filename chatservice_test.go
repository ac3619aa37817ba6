package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
	"gatewatch/ui/chat"
)

// demoChat is a service over an embedded gateway.
func demoChat(t *testing.T, server *demo.Server, seen *history.Store) *chatService {
	t.Helper()
	e, err := demoEntry(server, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newChatService([]chatEntry{e}, func() *history.Store { return seen }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestChatService(t *testing.T) {
	t.Parallel()
	for _, dialect := range demo.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			server := &demo.Server{Dialect: dialect, Rate: -1}
			s := demoChat(t, server, nil)
			models, err := s.Models(t.Context(), chat.Via{Gateway: "demo"})
			if err != nil || len(models) < 5 {
				t.Fatalf("%d models, %v", len(models), err)
			}
			priced := 0
			for _, m := range models {
				if m.Price.Known() {
					priced++
				}
				if m.Calls != 0 || m.First.OK || m.Errors.OK || m.Mean.OK {
					t.Errorf("measured without a history: %+v", m)
				}
			}
			if want := dialect == gateway.NewAPI || dialect == gateway.Veloera || dialect == gateway.OneHub; want != (priced > 0) {
				t.Errorf("%d of %d have a price", priced, len(models))
			}

			keys, err := s.Keys(t.Context(), "demo")
			if err != nil || len(keys) == 0 || keys[0].ID != "" || keys[0].Name != "from the configuration" {
				t.Fatalf("%+v, %v", keys, err)
			}
			var asked bool
			for _, k := range keys[1:] {
				if k.Why != "" || asked {
					continue
				}
				asked = true
				text, last := "", model.Delta{}
				for d, err := range s.Stream(t.Context(), chat.Via{Gateway: "demo", Key: k.ID}, model.ChatRequest{
					Model: "gpt-4o", Messages: []model.ChatMessage{model.TextMessage(model.ChatUser, "hello")}, MaxTokens: model.Some[int64](5),
				}) {
					if err != nil {
						t.Errorf("with key %+v: %v", k, err)
					}
					text += d.Content
					last = d
				}
				if text == "" || !last.End.Whole() {
					t.Errorf("%q, %+v", text, last)
				}
			}
		})
	}
}

func TestChatServiceRefusals(t *testing.T) {
	t.Parallel()
	server := &demo.Server{Rate: -1}
	s := demoChat(t, server, nil)
	s.entries["demo"].key = gateway.Secret{}
	for via, want := range map[chat.Via]string{
		{Gateway: "demo"}:             "names no api_key",
		{Gateway: "else"}:             `no gateway "else"`,
		{Gateway: "demo", Key: "x"}:   `no key "x"`,
		{Gateway: "demo", Key: "999"}: "refused",
	} {
		n := 0
		for d, err := range s.Stream(t.Context(), via, model.ChatRequest{Model: "gpt-4o"}) {
			if n++; d.End != model.ChatFailed || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %+v, %v", via, d, err)
			}
		}
		if n != 1 {
			t.Errorf("%+v: %d deltas", via, n)
		}
	}
	// The prices name the models where no key does.
	if models, err := s.Models(t.Context(), chat.Via{Gateway: "demo"}); err != nil || len(models) == 0 {
		t.Errorf("%v, %v", models, err)
	}
	if keys, err := s.Keys(t.Context(), "demo"); err != nil || len(keys) == 0 || keys[0].ID == "" {
		t.Errorf("%v, %v", keys, err)
	}
}

// pricesLate is a gateway that says what a model costs when it is let.
type pricesLate struct {
	chatGateway
	asked int
	say   chan error
}

func (p *pricesLate) Ready() bool { return true }

func (p *pricesLate) OwnKey(context.Context, gateway.Secret, int) (model.APIKey, error) {
	return model.APIKey{}, errors.ErrUnsupported
}

func (p *pricesLate) Prices(ctx context.Context, _ string) (map[string]model.ModelPrice, error) {
	p.asked++
	select {
	case err := <-p.say:
		return map[string]model.ModelPrice{"m": {PerCall: model.Some(1.0)}}, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// RoundTrip lists one model at once.
func (p *pricesLate) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"data":[{"id":"m"}]}`))}, nil
}

// TestChatPricesComeLater asks again for a list that came without its prices: those
// that are on their way are waited for, and those that failed are asked for.
func TestChatPricesComeLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := &pricesLate{say: make(chan error)}
		s, err := newChatService([]chatEntry{{name: "g", url: "http://g.example", gateway: late, key: gateway.NewSecret("sk-x"), transport: late}}, noHistory, nil)
		if err != nil {
			t.Fatal(err)
		}
		priced := make(chan bool)
		ask := func() {
			models, err := s.Models(t.Context(), chat.Via{Gateway: "g"})
			if err != nil || len(models) != 1 {
				t.Errorf("%+v, %v", models, err)
			}
			priced <- err == nil && models[0].Price.Known()
		}
		start := time.Now()
		go ask()
		if <-priced || time.Since(start) != priceWait {
			t.Errorf("a list without prices came after %s", time.Since(start))
		}
		go ask()
		synctest.Wait()
		late.say <- errors.New("the gateway failed")
		if <-priced || late.asked != 1 {
			t.Errorf("asked %d times", late.asked)
		}
		go ask()
		synctest.Wait()
		late.say <- nil
		if !<-priced || late.asked != 2 || time.Since(start) != priceWait {
			t.Errorf("no prices after %s, asked %d times", time.Since(start), late.asked)
		}
		go ask()
		if !<-priced || late.asked != 2 {
			t.Errorf("asked %d times", late.asked)
		}
	})
}

// TestChatMeasures holds our own figures to what the history saw.
func TestChatMeasures(t *testing.T) {
	t.Parallel()
	seen, err := history.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"), history.Options{CloseWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = seen.Close() }()
	start := time.Now().Unix()/60*60 - 600
	call := model.Call{At: start, Kind: model.KindConsume, Model: "gpt-4o", Quota: 30, FirstToken: model.Some(500 * time.Millisecond)}
	other := call
	other.Quota = 10
	failed := model.Call{At: start, Kind: model.KindError, Model: "gpt-4o"}
	seen.Fold("demo", model.Update{
		Source: model.SourceCalls, At: time.Unix(start+130, 0), Every: 5 * time.Second,
		Payload: model.CallsRead{Span: model.Span{From: start, To: start + 59}, Calls: []model.Call{call, other, failed, failed}, ReadAt: start + 130},
	})
	s := demoChat(t, &demo.Server{Rate: -1}, seen)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		m := s.measured(t.Context(), s.entries["demo"])["gpt-4o"]
		if m.Calls == 2 && m.Mean == model.Some(20.0) && m.Errors == model.Some(0.5) && m.First.OK && m.First.V > 450*time.Millisecond && m.First.V < 550*time.Millisecond {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", m)
		}
	}
}

func TestChatStore(t *testing.T) {
	t.Parallel()
	seen, err := history.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"), history.Options{CloseWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = seen.Close() }()
	s, ctx := chatStore{func() *history.Store { return seen }}, t.Context()
	saved := chat.Saved{ID: "a", Name: "n", Gateway: "demo", Model: "gpt-4o", Updated: time.Now(), Messages: 1, Body: []byte("{}")}
	if err := errors.Join(s.Save(ctx, saved), s.Rename(ctx, "a", "other")); err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(ctx); err != nil || len(list) != 1 || list[0].Name != "other" || list[0].Body != nil {
		t.Errorf("%+v, %v", list, err)
	}
	if c, err := s.Load(ctx, "a"); err != nil || string(c.Body) != "{}" || c.Model != "gpt-4o" {
		t.Errorf("%+v, %v", c, err)
	}
	if err := s.Delete(ctx, "a"); err != nil {
		t.Error(err)
	}
	if _, err := (chatStore{noHistory}).List(ctx); err == nil {
		t.Error("conversations without a history")
	}
}
