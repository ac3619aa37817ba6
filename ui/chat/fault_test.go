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

// An empty answer comes with a fault that explains it.
func TestAnEmptyAnswerIsExplainedOnce(t *testing.T) {
	empty := faultErr{model.Fault{Sentence: "prod: the answer finished with no content: raise the limit of tokens"}}
	g := newStage(t).typed("hello").press("enter").fails(model.Delta{End: model.ChatEmpty}, empty)
	if s := g.shown(100, 28); !strings.Contains(s, empty.f.Sentence) || strings.Contains(s, "the answer is empty") {
		t.Errorf("\n%s", s)
	}
}

func TestAFilteredAnswerIsNotWhole(t *testing.T) {
	g := newStage(t).typed("hello").press("enter").say(0, time.Second, model.Delta{Content: "As long as"}, model.Delta{End: model.ChatFinished, FinishReason: "content_filter"})
	for _, s := range []string{g.shown(100, 28), string(g.snapshot().Markdown())} {
		if !strings.Contains(s, "ended by the provider's content filter") {
			t.Errorf("\n%s", s)
		}
	}
}

// A gateway that lets a question not through need not write that down: nothing is to be
// wondered about.
func TestARefusalNeedNotBeInTheLog(t *testing.T) {
	refused := faultErr{model.Fault{Sentence: "prod: the account's balance is used up"}}
	g := newStage(t).typed("hello").press("enter").fails(model.Delta{End: model.ChatFailed, RequestID: "req-7"}, refused)
	g.run(g.Update(BilledMsg{Answer: g.items[1].ID}, g.d))
	if s := g.shown(100, 28); strings.Contains(s, "not in the log") {
		t.Errorf("\n%s", s)
	}
	if s := string(g.snapshot().Markdown()); strings.Contains(s, "not in the log") {
		t.Errorf("\n%s", s)
	}
	g.run(g.Update(bill(g.items[1].ID, 3935), g.d))
	if s := g.shown(100, 28); !strings.Contains(s, "$0.00787 billed") {
		t.Errorf("a row that came is not told:\n%s", s)
	}
}
