package chat

import (
	"testing"
	"time"

	"gatewatch/model"
)

// esc that was meant to stop an answer comes a moment after its end: it does not
// make commands of what is typed next.
func TestEscAfterTheEnd(t *testing.T) {
	g := newStage(t).typed("q").press("enter").say(0, time.Second, model.Delta{Content: "done"}, finished(1, 1))
	g.now = g.endedAt.Add(300 * time.Millisecond)
	if !g.Takes(keyPress("esc")) {
		t.Error("esc is the program's")
	}
	g.press("esc").typed("pmy next")
	if g.composer.text() != "pmy next" || g.pop != nil {
		t.Errorf("written is %q, popup %T", g.composer.text(), g.pop)
	}
	g.now = g.endedAt.Add(600 * time.Millisecond)
	if g.press("esc"); g.focus != onTranscript {
		t.Error("esc does not leave the composer later")
	}
	// One that esc stopped needs no second esc.
	g = newStage(t).typed("q").press("enter").say(0, time.Second, model.Delta{Content: "half"})
	g.press("esc").say(0, 0, model.Delta{End: model.ChatStopped})
	g.now = g.now.Add(-time.Second)
	if g.press("esc"); g.focus != onTranscript {
		t.Error("a second esc does not leave the composer")
	}
}

func TestSettingsLeadBackToTheComposer(t *testing.T) {
	g := newStage(t).press("esc", "p", "B", "enter")
	if g.focus != onComposer || g.conv.System != "B" {
		t.Errorf("the focus is %v", g.focus)
	}
}
