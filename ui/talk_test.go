package ui

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/ui/chat"
)

// parrot answers every question with itself.
type parrot struct{}

func (parrot) Stream(_ context.Context, _ chat.Via, r model.ChatRequest) iter.Seq2[model.Delta, error] {
	return func(yield func(model.Delta, error) bool) {
		said := r.Messages[len(r.Messages)-1].Text()
		_ = yield(model.Delta{Content: "you said: " + said}, nil) &&
			yield(model.Delta{End: model.ChatFinished, RequestID: "req-1", Usage: model.Some(model.ChatUsage{Prompt: 5, Completion: 7})}, nil)
	}
}

func (parrot) Models(context.Context, chat.Via) ([]chat.ModelInfo, error) {
	return []chat.ModelInfo{{Name: "gpt-4o"}}, nil
}
func (parrot) Keys(context.Context, string) ([]chat.KeyInfo, error) { return nil, nil }

func withChat(o *Options) {
	o.Chat = chat.Options{Service: parrot{}, Defaults: chat.Settings{Model: "gpt-4o"}, Go: func(f func()) { f() }, Now: func() time.Time { return at(t0) }}
}

func TestTheChatIsAScreen(t *testing.T) {
	for _, size := range sizes {
		u := screen(t, size[0], size[1], live(), withChat)
		pressKeys(u, "5")
		if !u.onChat() {
			t.Fatal("5 is not the chat")
		}
		golden(t, fmt.Sprintf("chat-%dx%d", size[0], size[1]), shown(t, u))
		// What is typed is the chat's: q does not quit, 1 is no screen.
		pressKeys(u, "q", "1")
		if !u.onChat() || size[0] >= 60 && !strings.Contains(shown(t, u), "q1") {
			t.Errorf("%v: a letter is not typed:\n%s", size, shown(t, u))
		}
		pressKeys(u, "esc", "1")
		if u.screen != ScreenOverview {
			t.Errorf("%v: from the transcript 1 does not lead back", size)
		}
	}
	u := screen(t, 120, 40, live())
	pressKeys(u, "5")
	if u.onChat() || u.notice == "" {
		t.Error("without a service there is a chat")
	}
}
