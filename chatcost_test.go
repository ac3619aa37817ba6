package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
	"gatewatch/ui/chat"
)

// TestChatSaysHowItEnded tells the ends that leave something unsaid.
func TestChatSaysHowItEnded(t *testing.T) {
	t.Parallel()
	if _, errOut, code := gatewatch(t, nil, "chat", "--demo", "-m", "gpt-4o", "--max-tokens", "5", "hello"); code != exitOK || !strings.Contains(errOut, ", ended at the token limit\n") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	for reason, want := range map[string]string{"stop": "", "length": ", ended at the token limit", "content_filter": ", ended by a content filter"} {
		c := chatAnswer{question: model.ChatRequest{Model: "m"}, last: model.Delta{End: model.ChatFinished, FinishReason: reason}}
		r := c.report("demo")
		r.Estimate = model.Some(1.0)
		if got := r.line(func(float64) string { return "$1" }); got != "m: ≈ $1"+want || r.FinishReason.V != reason {
			t.Errorf("%s: %q", reason, got)
		}
	}
}

// logOf is a gateway that has nothing but a log.
type logOf struct {
	chatGateway
	rows []model.Call
}

func (l logOf) Skew() model.Opt[time.Duration] { return model.Opt[time.Duration]{} }

func (l logOf) Calls(context.Context, gateway.CallsQuery) (gateway.CallsPage, error) {
	return gateway.CallsPage{Calls: l.rows, Last: true}, nil
}

func TestRowOfAnAnswer(t *testing.T) {
	t.Parallel()
	row := func(id, name string, prompt, completion int64) model.Call {
		return model.Call{At: time.Now().Unix(), Kind: model.KindConsume, Key: "laptop", RequestID: id, Model: name, Prompt: prompt, Completion: completion}
	}
	failed := row("mine", "m", 1, 2)
	failed.Kind = model.KindError
	dear := row("", "m", 1, 2)
	dear.Quota = 9
	usage, none := model.Some(model.ChatUsage{Prompt: 1, Completion: 2}), model.Opt[model.ChatUsage]{}
	for name, c := range map[string]struct {
		id    string
		usage model.Opt[model.ChatUsage]
		key   string
		last  bool
		rows  []model.Call
		want  bool
	}{
		"by id":            {"mine", usage, "", false, []model.Call{row("other", "m", 1, 2), row("mine", "m", 9, 9)}, true},
		"another's id":     {"mine", usage, "", true, []model.Call{row("other", "m", 1, 2)}, false},
		"a failure by id":  {"mine", usage, "", false, []model.Call{failed}, true},
		"another failure":  {"yours", usage, "", true, []model.Call{failed}, false},
		"by tokens":        {"", usage, "", false, []model.Call{row("", "m", 1, 2), row("", "m", 1, 3), row("", "n", 1, 2)}, true},
		"rows without ids": {"mine", usage, "", false, []model.Call{row("", "m", 1, 2)}, true},
		"two that fit":     {"", usage, "", false, []model.Call{row("", "m", 1, 2), row("", "m", 1, 2)}, true},
		"two prices":       {"", usage, "", true, []model.Call{row("", "m", 1, 2), dear}, false},
		"another key":      {"", usage, "ci-bot", true, []model.Call{row("", "m", 1, 2)}, false},
		"no tokens yet":    {"", none, "laptop", false, []model.Call{row("", "m", 1, 2)}, false},
		"no tokens":        {"", none, "laptop", true, []model.Call{row("", "m", 1, 2)}, true},
		"nothing known":    {"", none, "", true, []model.Call{row("", "m", 1, 2)}, false},
	} {
		talk := &chatTalk{chatEntry: chatEntry{gateway: logOf{rows: c.rows}}}
		got, err := talk.rowOf(t.Context(), chat.Answered{ChatMark: model.ChatMark{RequestID: c.id, Key: model.KeyRef{Name: c.key}, Model: "m", Usage: c.usage, Sent: time.Now(), Ended: time.Now()}}, c.last)
		if err != nil || got.OK != c.want || c.id != "" && got.V.RequestID != "" && got.V.RequestID != c.id {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
