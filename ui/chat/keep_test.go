package chat

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
)

// withoutStore is a stage that keeps no history, as --demo and --no-history.
func withoutStore(t testing.TB) *stage {
	g := newStage(t)
	opt := g.opt
	opt.Store = nil
	g.Screen = New(opt)
	g.hub.wakeless = true
	g.run(g.Open(g.d))
	return g
}

// body is the conversation as it is stored.
func (g *stage) body(id string) Conversation {
	g.t.Helper()
	c, err := Decode(g.store.of[id].Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return c
}

// Without a history nothing that was paid for is gone while the program runs, and
// what is said of it is true.
func TestNothingIsLostWithoutAHistory(t *testing.T) {
	g := withoutStore(t).ask("first", "A paid answer.")
	g.press("esc", "e")
	if !strings.Contains(g.notice, "until the program ends") {
		t.Errorf("e says %q", g.notice)
	}
	g.press("esc", "L")
	if s := g.shown(100, 30); !strings.Contains(s, "first") {
		t.Fatalf("the old branch is not in the list:\n%s", s)
	}
	g.press("enter")
	if s := g.shown(100, 30); !strings.Contains(s, "A paid answer") {
		t.Errorf("the answer is gone:\n%s", s)
	}
	g.press("esc", "n")
	if !strings.Contains(g.notice, "until the program ends") {
		t.Errorf("n says %q", g.notice)
	}
	g.press("esc", "L", "ctrl+r").typed("!").press("enter")
	if s := g.shown(100, 30); !strings.Contains(s, "first!") {
		t.Errorf("n: the conversation is gone:\n%s", s)
	}
	g.press("ctrl+x", "D")
	if s := g.shown(100, 30); strings.Contains(s, "first!") {
		t.Errorf("it is not deleted:\n%s", s)
	}
}

func TestNothingIsWrittenWhereNothingCame(t *testing.T) {
	g := newStage(t).typed("q").press("enter")
	before := g.store.saves
	for range 60 { // a minute without a token
		g.now = g.now.Add(time.Second)
		g.run(g.Update(g.hub.collect(), g.d))
	}
	if n := g.store.saves - before; n != 0 {
		t.Errorf("%d writes while nothing came", n)
	}
	g.say(0, time.Second, model.Delta{Content: "word"})
	if n := g.store.saves - before; n != 1 {
		t.Errorf("%d writes after a word", n)
	}
	g.say(0, time.Second, finished(1, 1))
	before = g.store.saves
	g.press("esc", "L", "esc", "t", "g", "G", "i", "esc")
	if n := g.store.saves - before; n != 0 {
		t.Errorf("%d writes after looking around", n)
	}
	g.press("p", "B", "enter")
	if n := g.store.saves - before; n != 1 || g.body(g.conv.ID).System != "B" {
		t.Errorf("%d writes after the settings changed", n)
	}
	if _, ok := g.Close(); ok {
		t.Error("there is something new at the end")
	}
}

func TestADraftIsKept(t *testing.T) {
	g := newStage(t)
	ticks := 0
	g.opt.Later = func(after time.Duration, msg tea.Msg) tea.Cmd {
		if _, ok := msg.(draftDue); ok && after <= time.Second {
			ticks++
		}
		return nil
	}
	g.ask("q", "An answer.").press("R", "x") // anything that is typed
	ticks, g.drafting = 0, false
	g.typed("yz")
	if ticks != 1 {
		t.Fatalf("%d times it is seen to that the draft is saved", ticks)
	}
	g.Paste(pasted(aPaste))
	g.run(g.Update(draftDue{}, g.d))
	want := "Rxyz" + aPaste
	// The program is killed here.
	h := newStage(t)
	h.now = h.now.Add(time.Hour)
	h.store, h.opt.Store = g.store, g.store
	h.typed("other").press("esc", "L", "enter")
	if got := h.composer.text(); got != want {
		t.Fatalf("resumed with %q", short40(got))
	}
	if h.press("up"); h.composer.text() != "other" {
		t.Errorf("what stood there is gone: %q", h.composer.text())
	}
	// Sent, it is a draft no more.
	h.press("down", "enter").say(0, time.Second, finished(1, 1))
	if c := h.body(h.conv.ID); c.Draft != nil || len(c.Messages) != 4 {
		t.Errorf("%d messages and the draft %q", len(c.Messages), c.Draft)
	}
}

// A draft is kept before anything was asked, and until it is taken back.
func TestADraftAloneIsKept(t *testing.T) {
	g := newStage(t).typed("what if")
	g.run(g.Update(draftDue{}, g.d))
	if len(g.store.of) != 1 || g.store.of[g.conv.ID].Name != "what if" {
		t.Fatalf("stored: %v", g.store.of)
	}
	for range "what if" {
		g.press("backspace")
	}
	g.run(g.Update(draftDue{}, g.d))
	if len(g.store.of) != 0 {
		t.Errorf("still stored: %v", g.store.of)
	}
	g.typed("again")
	last, ok := g.Close()
	if c, err := Decode(last.Body); !ok || err != nil || len(c.Draft) != 1 {
		t.Errorf("at the end %v: %+v, %v", ok, c.Draft, err)
	}
	// Taken along into another conversation, it leaves nothing behind.
	g = newStage(t).ask("q", "An answer.").press("esc", "n").typed("draft")
	g.run(g.Update(draftDue{}, g.d))
	if len(g.store.of) != 2 {
		t.Fatalf("%d conversations", len(g.store.of))
	}
	g.press("esc", "L", "enter")
	if len(g.items) != 2 || g.composer.text() != "draft" || len(g.store.of) != 1 {
		t.Errorf("%d items, %q is written, %d conversations", len(g.items), g.composer.text(), len(g.store.of))
	}
	// Asked, the conversation is called after the question.
	g = newStage(t).typed("drft")
	g.run(g.Update(draftDue{}, g.d))
	h := newStage(t)
	h.now = h.now.Add(time.Hour)
	h.store, h.opt.Store = g.store, g.store
	h.press("esc", "L", "enter", "backspace").typed("x").ask("", "An answer.")
	if len(h.store.of) != 1 || h.store.of[h.conv.ID].Name != "drfx" {
		t.Errorf("stored: %v", h.store.of)
	}
}
