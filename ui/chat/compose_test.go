package chat

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// aPaste is a text too long for the composer itself.
var aPaste = strings.Repeat("x\n", 100)

// TestAPasteIsOneThing: the word that stands for a long text is taken away whole or
// not at all, and what is left of it is never sent.
func TestAPasteIsOneThing(t *testing.T) {
	del := tea.KeyPressMsg{Code: tea.KeyDelete}
	for name, c := range map[string]struct {
		keys []tea.KeyPressMsg
		want string
	}{
		"nothing":                      {nil, "see " + aPaste + " ok"},
		"backspace after it":           {[]tea.KeyPressMsg{keyPress("left"), keyPress("left"), keyPress("left"), keyPress("backspace")}, "see  ok"},
		"ctrl+w after it":              {[]tea.KeyPressMsg{keyPress("left"), keyPress("left"), keyPress("left"), keyPress("ctrl+w")}, "see  ok"},
		"delete before it":             {[]tea.KeyPressMsg{keyPress("ctrl+a"), keyPress("right"), keyPress("right"), keyPress("right"), keyPress("right"), del}, "see  ok"},
		"a word deleted before it":     {[]tea.KeyPressMsg{keyPress("ctrl+a"), keyPress("right"), keyPress("right"), keyPress("right"), keyPress("right"), {Code: 'd', Mod: tea.ModAlt}}, "see  ok"},
		"a letter in it goes after it": {[]tea.KeyPressMsg{keyPress("ctrl+a"), keyPress("right"), keyPress("right"), keyPress("right"), keyPress("right"), keyPress("right"), keyPress("y")}, "see " + aPaste + "y ok"},
		"a letter before it": {
			[]tea.KeyPressMsg{keyPress("left"), keyPress("left"), keyPress("left"), keyPress("left"), keyPress("y")}, "see y" + aPaste + " ok",
		},
		"its letters are not swapped": {[]tea.KeyPressMsg{keyPress("left"), keyPress("left"), keyPress("left"), keyPress("ctrl+t")}, "see " + aPaste + " ok"},
		"nor made large":              {[]tea.KeyPressMsg{keyPress("ctrl+a"), {Code: 'u', Mod: tea.ModAlt}, {Code: 'u', Mod: tea.ModAlt}}, "SEE " + aPaste + " ok"},
		"a piece of it selected": {
			[]tea.KeyPressMsg{keyPress("left"), keyPress("left"), keyPress("left"), {Code: tea.KeyLeft, Mod: tea.ModShift}, {Code: tea.KeyLeft, Mod: tea.ModShift}, keyPress("backspace")}, "see  ok",
		},
		"all before the cursor": {[]tea.KeyPressMsg{keyPress("left"), keyPress("left"), keyPress("left"), keyPress("ctrl+u")}, " ok"},
	} {
		g := newStage(t).typed("see ")
		g.Paste(pasted(aPaste))
		g.typed(" ok")
		for _, k := range c.keys {
			g.run(g.Update(k, g.d))
		}
		if got := g.composer.text(); got != c.want {
			t.Errorf("%s: the message is %q", name, short40(got))
		}
		g.shown(80, 24)
	}
}

func short40(s string) string {
	return strings.ReplaceAll(s, aPaste, "<paste>")
}

// Two long texts, one of which speaks of the other's word, and both go as they are.
func TestAPasteThatNamesAnother(t *testing.T) {
	g := newStage(t)
	other := aPaste + "[paste 1 · 101 lines · 200 B]"
	g.Paste(pasted(aPaste))
	g.typed(" and ")
	g.Paste(pasted(other))
	g.press("enter")
	if got := g.items[0].prompt(); got != aPaste+" and "+other {
		t.Errorf("sent %q", short40(got))
	}
}

func TestTabsAreSent(t *testing.T) {
	const makefile = "all:\n\tgo build\n\t\t# ␛ 日志"
	g := newStage(t)
	g.Paste(pasted(makefile))
	if s := g.shown(80, 24); !strings.Contains(s, "␉go build") {
		t.Errorf("the tab is not seen:\n%s", s)
	}
	g.press("enter")
	if got := g.items[0].prompt(); got != makefile {
		t.Errorf("pasted %q, sent %q", makefile, got)
	}
	// What is fetched from the history still has them.
	g.say(0, 0, finished(1, 1)).press("up", "!", "enter")
	if got := g.items[2].prompt(); got != makefile+"!" {
		t.Errorf("from the history %q", got)
	}
}

func TestTheDraftIsKeptWhenAQuestionIsEdited(t *testing.T) {
	g := newStage(t).ask("first", "An answer.")
	g.typed("see ")
	g.Paste(pasted(aPaste))
	g.press("esc", "e")
	if g.composer.text() != "first" {
		t.Fatalf("%q is edited", g.composer.text())
	}
	if g.press("up"); g.composer.text() != "see "+aPaste {
		t.Errorf("↑ shows %q, not the draft", short40(g.composer.text()))
	}
	if g.press("down"); g.composer.text() != "first" {
		t.Errorf("↓ shows %q, not the question", g.composer.text())
	}
}

func TestHistoryGoesOnInTheNextConversation(t *testing.T) {
	g := newStage(t).ask("first question", "An answer.").ask("second question", "An answer.")
	g.press("esc", "n", "up")
	if got := g.composer.text(); got != "second question" {
		t.Errorf("↑ after n shows %q", got)
	}
	if g.press("up"); g.composer.text() != "first question" {
		t.Errorf("↑ ↑ after n shows %q", g.composer.text())
	}
	g.press("enter").say(0, 0, finished(1, 1)).press("up", "up", "up")
	if got := g.history(); len(got) != 2 || got[0] != "first question" {
		t.Errorf("a question asked twice stands there as %q", got)
	}
}

func TestAnAttachmentIsTakenOff(t *testing.T) {
	g := newStage(t)
	for _, name := range []string{"right.txt", "wrong.txt"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
		g.run(attach(g.words, path))
	}
	if !strings.Contains(g.notice, "backspace") {
		t.Errorf("how it is taken off is not said: %q", g.notice)
	}
	g.typed("x").press("backspace")
	if len(g.composer.attached) != 2 {
		t.Fatal("a letter and an attachment went together")
	}
	g.press("backspace")
	if a := g.composer.attached; len(a) != 1 || !strings.HasPrefix(a[0].Name, "right.txt") || !strings.Contains(g.notice, "wrong.txt") {
		t.Errorf("left is %v, and it says %q", a, g.notice)
	}
}

// FuzzPaste presses any keys: no piece of a word that stands for a paste is ever in
// the message.
func FuzzPaste(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15"))
	f.Add([]byte("\x00\x00\x02\x02\x09\x09\x05\x0a\x0b\x14\x14\x0f\x10\x11\x11\x12"))
	keys := []tea.KeyPressMsg{
		{Code: tea.KeyLeft},
		{Code: tea.KeyRight},
		{Code: tea.KeyBackspace},
		{Code: tea.KeyDelete},
		{Code: tea.KeyUp},
		{Code: tea.KeyDown},
		{Code: 'w', Mod: tea.ModCtrl},
		{Code: 'd', Mod: tea.ModAlt},
		{Code: 'k', Mod: tea.ModCtrl},
		{Code: 'u', Mod: tea.ModCtrl},
		{Code: 't', Mod: tea.ModCtrl},
		{Code: 'u', Mod: tea.ModAlt},
		{Code: 'c', Mod: tea.ModAlt},
		{Code: 'a', Mod: tea.ModCtrl},
		{Code: 'e', Mod: tea.ModCtrl},
		{Code: tea.KeyLeft, Mod: tea.ModShift},
		{Code: tea.KeyRight, Mod: tea.ModShift},
		{Code: 'g', Mod: tea.ModCtrl},
		{Code: 'j', Mod: tea.ModCtrl},
		{Code: '日', Text: "日"},
		{Code: '1', Text: "1"},
	}
	f.Fuzz(func(t *testing.T, pressed []byte) {
		g := newStage(t)
		for _, b := range pressed[:min(len(pressed), 60)] {
			if int(b)%(len(keys)+1) == len(keys) {
				g.Paste(pasted(aPaste))
				continue
			}
			g.composer.press(g.words, keys[int(b)%(len(keys)+1)], g.history)
			if got := g.composer.text(); strings.ContainsAny(strings.ToLower(strings.ReplaceAll(got, aPaste, "")), "[paste·b]") {
				t.Fatalf("after %v the message is %q", b, short40(got))
			}
		}
	})
}
