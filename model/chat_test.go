package model

import "testing"

func TestChatMessageText(t *testing.T) {
	m := ChatMessage{Role: ChatUser, Parts: []ChatPart{
		{Kind: PartText, Text: "one"},
		{Kind: PartImage, URL: "data:image/png;base64,AA=="},
		{Kind: PartLink, URL: "https://example.com/a.pdf"},
		{Kind: PartText, Text: "two"},
	}}
	if got := m.Text(); got != "one\n\ntwo" {
		t.Errorf("got %q", got)
	}
	if got := TextMessage(ChatUser, "你好").Text(); got != "你好" {
		t.Errorf("got %q", got)
	}
	if got := (ChatMessage{}).Text(); got != "" {
		t.Errorf("nothing says %q", got)
	}
}

func TestChatEnds(t *testing.T) {
	for end, want := range map[ChatEnd]struct{ done, whole bool }{
		ChatOpen:        {false, false},
		ChatFinished:    {true, true},
		ChatUnconfirmed: {true, true},
		ChatCutOff:      {true, false},
		ChatEmpty:       {true, false},
		ChatStopped:     {true, false},
		ChatFailed:      {true, false},
	} {
		if got := (Delta{End: end}).Done(); got != want.done {
			t.Errorf("%q: done %v", end, got)
		}
		if got := end.Whole(); got != want.whole {
			t.Errorf("%q: whole %v", end, got)
		}
	}
}

func TestModelPriceCost(t *testing.T) {
	tokens := ModelPrice{In: Some(1e6), Out: Some(4e6)}
	cheap := tokens
	cheap.Cached = Some(0.5e6)
	u := ChatUsage{Prompt: 100, Completion: 10, Cached: Some[int64](40)}
	for i, c := range []struct {
		p    ModelPrice
		u    ChatUsage
		want Opt[float64]
	}{
		{tokens, u, Some(140.0)},
		{cheap, u, Some(120.0)},
		{ModelPrice{PerCall: Some(50.0)}, u, Some(50.0)},
		{ModelPrice{In: Some(1e6)}, u, Opt[float64]{}},
		{ModelPrice{In: Some(1e6)}, ChatUsage{Prompt: 5}, Some(5.0)},
		{ModelPrice{}, u, Opt[float64]{}},
	} {
		if got := c.p.Cost(c.u); got != c.want {
			t.Errorf("%d: %v, not %v", i, got, c.want)
		}
	}
}
