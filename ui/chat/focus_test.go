package chat

import (
	"errors"
	"strings"
	"testing"

	"gatewatch/model"
	"gatewatch/ui/pane"
)

// Under a popup the keys of the transcript type text: its own are shown.
func TestTheFooterIsThePopups(t *testing.T) {
	foot := func(keys ...string) string {
		var out []string
		for _, b := range talk(t).press(keys...).Footer() {
			out = append(out, b.Shown+" "+b.Do.Short)
		}
		return strings.Join(out, ", ")
	}
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"esc", "u"}, "tab next, enter keeps, esc drops"},
		{[]string{"esc", "m"}, "←→ sort, enter chooses, esc closes"},
		{[]string{"esc", "L"}, "enter resumes, ctrl+r renames, ctrl+x deletes, esc closes"},
		{[]string{"esc", "R"}, "R asks, esc does not"},
	} {
		if got := foot(c.keys...); got != c.want {
			t.Errorf("%v: %q", c.keys, got)
		}
	}
	if got := foot("esc", "u", "esc"); !strings.Contains(got, "y copy") {
		t.Errorf("when it is closed: %q", got)
	}
}

func TestAttachLeadsBack(t *testing.T) {
	if g := talk(t).press("esc", "u", "esc"); g.focus != onTranscript {
		t.Error("esc leads into the composer")
	}
	if g := talk(t).press("esc", "u").typed("https://a.example/b.png").press("enter"); g.focus != onComposer || len(g.composer.attached) != 1 {
		t.Error("what was attached is not written on")
	}
}

func TestNoCodeIsSaidAtOnce(t *testing.T) {
	g := newStage(t).ask("q", "No code.").press("esc", "c")
	if g.chord != nil || g.notice != g.words.NoCodeHere {
		t.Errorf("%q", g.notice)
	}
}

// An answer that failed does not hide those above it.
func TestCopyAfterAFailure(t *testing.T) {
	g := newStage(t).ask("q", short).typed("more").press("enter").fails(model.Delta{End: model.ChatFailed}, errors.New("refused"))
	if said := g.press("esc").Run("copy answer", g.d)().(pane.Copied).Name; said != g.words.CopiedBefore {
		t.Errorf("%q is said", said)
	}
	if g.press("y"); g.copied != short {
		t.Errorf("copied %q, %q", g.copied, g.notice)
	}
	if g.press("c", "1"); !strings.HasPrefix(g.copied, "var mu") {
		t.Errorf("copied %q, %q", g.copied, g.notice)
	}
	// In a comparison it is the answer under the cursor or none.
	g = comparing(t).press("right", "right", "y")
	if g.copied != "" || g.notice != g.words.NoAnswer {
		t.Errorf("copied %q, %q", g.copied, g.notice)
	}
}
