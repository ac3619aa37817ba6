package ui

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

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

func (parrot) Models(context.Context, string) ([]chat.ModelInfo, error) {
	return []chat.ModelInfo{{Name: "gpt-4o"}}, nil
}
func (parrot) Keys(context.Context, string) ([]chat.KeyInfo, error) { return nil, nil }

func withChat(o *Options) {
	o.Chat = chat.Options{Service: parrot{}, Defaults: chat.Settings{Model: "gpt-4o"}, Go: func(f func()) { f() }, Now: func() time.Time { return at(t0) }}
	o.Chat.Later = func(time.Duration, tea.Msg) tea.Cmd { return nil } // a second would pass
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

// answered is an answer that is over, with its row in the log to come.
func answered(answer, request string, prompt, completion int64) chat.Answered {
	return chat.Answered{
		Via: chat.Via{Gateway: "prod", Key: "1", KeyName: "laptop"}, Answer: answer, ChatMark: model.ChatMark{
			RequestID: request, Model: "gpt-4o", Key: model.KeyRef{ID: 1, Name: "laptop"},
			Sent: at(t0 - 9), Ended: at(t0 - 5), Usage: model.Some(model.ChatUsage{Prompt: prompt, Completion: completion}),
		},
	}
}

// rows gives the screen rows of the log.
func rows(u *UI, calls ...model.Call) {
	for i := range calls {
		calls[i].Kind, calls[i].Model = model.KindConsume, "gpt-4o"
		if calls[i].Key == "" {
			calls[i].Key = "laptop"
		}
	}
	f := feed{}
	f.add(model.SourceCalls, model.CallsRead{Span: model.Span{From: t0 - 20, To: t0}, Calls: calls, ReadAt: t0 + 5})
	u.Update(f[0])
}

func TestAnAnswersRowIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		answers []chat.Answered
		rows    []model.Call
		left    int // answers still looked for
	}{
		"by its request id": {
			[]chat.Answered{answered("a", "req-1", 5, 7)},
			[]model.Call{{At: t0 - 5, RequestID: "req-2", Prompt: 5, Completion: 7, Quota: 1}, {At: t0 - 5, RequestID: "req-1", Prompt: 6, Completion: 8, Quota: 2}},
			0,
		},
		"by its tokens": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 5, Prompt: 50, Completion: 7}},
			0,
		},
		"two rows fit": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 4, Prompt: 5, Completion: 7, Quota: 4}},
			1,
		},
		"two equal questions, one row yet": {
			[]chat.Answered{answered("a", "", 5, 7), answered("b", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}},
			2,
		},
		"two equal questions, two equal rows": {
			[]chat.Answered{answered("a", "", 5, 7), answered("b", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 4, Prompt: 5, Completion: 7, Quota: 3}},
			0,
		},
		"another key's row fits as well": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 4, Prompt: 5, Completion: 7, Quota: 4, Key: "ci-bot"}},
			0,
		},
		"only another key's row fits": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3, Key: "laptop", KeyID: 2}},
			1,
		},
		"another time": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 19, Prompt: 5, Completion: 7, Quota: 3}},
			1,
		},
	} {
		u := screen(t, 120, 40, nil, withChat)
		for _, a := range c.answers {
			u.Update(a)
		}
		rows(u, c.rows...)
		if len(u.awaited) != c.left {
			t.Errorf("%s: %d answers are still looked for, want %d", name, len(u.awaited), c.left)
		}
	}
	u := screen(t, 120, 40, nil, withChat)
	u.Update(answered("a", "req-1", 5, 7))
	u.now = u.now.Add(2 * billWait)
	u.bill()
	if len(u.awaited) != 0 {
		t.Error("an answer is looked for for ever")
	}
}

// A gateway that keeps no log is not waited for.
func TestAnAnswerOfAGatewayWithoutALog(t *testing.T) {
	u := screen(t, 120, 40, nil, withChat)
	u.Update(model.Update{Gateway: "prod", Source: model.SourceCalls, At: at(t0), Err: errors.ErrUnsupported})
	u.Update(answered("a", "", 5, 7))
	if len(u.awaited) != 0 {
		t.Error("its row is looked for")
	}
}
