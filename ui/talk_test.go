package ui

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
	"gatewatch/ui/chat"
	"gatewatch/ui/text"
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

// TestTheChatsKeysAreFound: help and palette hold every key that works in the chat,
// and none that does something else there.
func TestTheChatsKeysAreFound(t *testing.T) {
	u := screen(t, 160, 48, nil, withChat)
	pressKeys(u, "5", "esc", "?")
	help := strings.Join(strings.Fields(ansi.Strip(strings.Join(u.helpLines(90), "\n"))), " ") // as if it were one line
	ours := map[string]bool{}
	u.popup = nil
	u.openPalette()
	var palette []string
	for _, c := range u.popup.(*listPopup).choices {
		palette = append(palette, c.name)
	}
	for _, b := range u.chat.Bindings() {
		ours[b.Do.Long] = true
		if !strings.Contains(help, b.Shown+" ") || !strings.Contains(help, b.Do.Long) {
			t.Errorf("%s (%s) is not in the help", b.Name, b.Shown)
		}
		if !slices.ContainsFunc(palette, func(s string) bool { return strings.HasSuffix(s, b.Do.Long) }) {
			t.Errorf("%s is not in the palette", b.Name)
		}
	}
	for _, c := range u.commands {
		if c.where == inPane && !ours[c.do.Long] && (strings.Contains(help, c.do.Long) || slices.ContainsFunc(palette, func(s string) bool { return strings.HasSuffix(s, c.do.Long) })) {
			t.Errorf("%s is offered, and has no pane", c.name)
		}
	}
	if !strings.Contains(help, text.English.Do.Window.Long) {
		t.Error("what works beside the chat is not in its help")
	}
	u.popup = nil
	pressKeys(u, "ctrl+p")
	for _, r := range text.ChatEnglish.Do.Model.Long[:12] {
		pressKeys(u, map[rune]string{' ': "space"}[r]+strings.TrimSpace(string(r)))
	}
	pressKeys(u, "enter")
	if !u.chat.Capturing() || !strings.Contains(ansi.Strip(u.View().Content), text.ChatEnglish.PickModel) {
		t.Error("the palette does not open the models")
	}
}

// A key of the panes says why it does nothing, instead of moving an unseen focus.
func TestPanesHaveNoKeysBesideTheChat(t *testing.T) {
	u := screen(t, 160, 48, nil, withChat)
	pressKeys(u, "5", "esc")
	focus := u.focus
	for _, k := range []string{"tab", "/", "s", "x"} {
		u.notice = ""
		if pressKeys(u, k); u.notice != text.English.NotInChat || u.typing || u.popup != nil {
			t.Errorf("%s: %q", k, u.notice)
		}
	}
	if u.focus != focus {
		t.Error("the focus moved")
	}
}
