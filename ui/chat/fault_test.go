package chat

import (
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// Who runs the gateway asks for the code and the request id.
func TestAFaultHasItsCodeAndRequest(t *testing.T) {
	broke := faultErr{model.Fault{Sentence: "prod: the account's balance is used up", Theirs: "用户额度不足", Code: "insufficient_user_quota\x1b[31m"}}
	g := newStage(t).typed("hello").press("enter").fails(model.Delta{End: model.ChatFailed, RequestID: "20261120140233"}, broke)
	want := "code insufficient_user_quota␛[31m · request 20261120140233"
	if s := g.shown(100, 28); !strings.Contains(s, want) {
		t.Errorf("not told:\n%s", s)
	}
	g.golden("fault-code", 60, 17)
	g.press("esc", "n", "esc", "L", "enter")
	if s := g.shown(100, 28); !strings.Contains(s, want) {
		t.Errorf("not kept:\n%s", s)
	}
	if s := newStage(t).ask("q", "An answer.").shown(100, 28); strings.Contains(s, "request req") {
		t.Errorf("told of an answer that is well:\n%s", s)
	}
}

func TestCutOffIsSaidOnce(t *testing.T) {
	cut := faultErr{model.Fault{Sentence: "prod: the stream was cut off before the model was done"}}
	g := newStage(t).typed("hello").press("enter").say(0, time.Second, model.Delta{Content: "Half"})
	g.fails(model.Delta{End: model.ChatCutOff}, cut)
	if s := g.shown(100, 28); strings.Count(s, "cut off") != 1 || !strings.Contains(s, cut.f.Sentence) {
		t.Errorf("\n%s", s)
	}
}
