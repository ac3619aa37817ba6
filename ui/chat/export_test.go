package chat

import (
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// An export holds every answer, and what is known of each.
func TestMarkdownHoldsAll(t *testing.T) {
	g := newStage(t).ask("q", "First version.")
	g.run(g.Update(BilledMsg{Answer: g.items[1].ID, Billed: model.Some(Billed{Quota: 3935})}, g.d))
	g.press("esc", "p", "B", "tab", "1", "enter", "esc", "R", "R")
	g.say(0, time.Second, model.Delta{Reasoning: "thought one\nthought two"})
	g.say(0, time.Second, model.Delta{Content: "Second version.\n\n```go\ncut"}, model.Delta{End: model.ChatCutOff, Usage: model.Some(model.ChatUsage{Prompt: 12_345, Completion: 90})})
	g.openExport(g.d)
	c := g.snapshot()
	c.paper = paper{g.words, g.d.MoneyFloat}
	md := string(c.Markdown())
	for _, want := range []string{
		"First version.", "Second version.\n\n```go\ncut\n```\n", "> thought one\n> thought two", "answer 1 of 2", "answer 2 of 2",
		"- model: gpt-4o", "- key: laptop", "- temperature: 1", "## system prompt\n\nB", "(cut off)", "≈ $", "$0.00787 (quota 3935) billed",
		"12,345 → 90 tokens", "first 400 ms", "took 2.4 s", "request req-1",
	} {
		if !strings.Contains(md, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(md)
	}
	// Answers that were compared are answers as well.
	g = comparing(t)
	md = string(g.snapshot().Markdown())
	for _, want := range []string{"A lock.", "var mu", "## gpt-4o,", "### gpt-4o-mini,", "answer 3 of 3"} {
		if !strings.Contains(md, want) {
			t.Errorf("compared: it lacks %q:\n%s", want, md)
		}
	}
}

// Nothing that a model says does anything where a file is looked at, and JSON keeps
// it all the same.
func TestExportsDoNothing(t *testing.T) {
	for _, say := range append([]string{"tag \U000e0041 mono \U0001d173"}, evil...) {
		say = strings.ToValidUTF8(say, "")
		g := newStage(t).ask("q", "x "+say)
		g.conv.Name, g.conv.KeyName, g.items[1].Model, g.items[1].Fault, g.items[1].Cost.RequestID = say, say, say, say, say
		g.items[0].Parts = append(g.items[0].Parts, model.ChatPart{Text: say, Name: say}, model.ChatPart{Kind: model.PartLink, URL: say, Name: say})
		md := string(g.snapshot().Markdown())
		j, err := g.snapshot().JSON()
		if err != nil {
			t.Fatal(err)
		}
		for what, out := range map[string]string{"Markdown": md, "JSON": string(j)} {
			if safe(out) != out {
				t.Errorf("%s obeys %q:\n%q", what, say, out)
			}
		}
		if c, err := Decode(j); err != nil || c.Messages[1].Text != "x "+say || c.Name != say {
			t.Errorf("JSON changes %q: %q, %v", say, c.Messages[1].Text, err)
		}
	}
}
