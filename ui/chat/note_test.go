package chat

import (
	"testing"

	"gatewatch/model"
	"gatewatch/ui/text"
)

// What the note leaves out first is worth the least; what it costs is never left out.
func TestNoteLeavesOutOneThingAfterTheOther(t *testing.T) {
	g := newStage(t).typed("A question of some length, so that it costs something.")
	g.conv.Model, g.conv.KeyName, g.conv.System = "claude-opus-4", "docs-search", "x"
	g.conv.Temperature, g.conv.MaxTokens = model.Some(0.3), model.Some(int64(500))
	was := ""
	var seen []string
	for room := 120; room > 10; room-- {
		s := g.note(g.d, room)
		if room >= 22 && text.Width(s) > room {
			t.Errorf("%q is wider than %d", s, room)
		}
		if s != was {
			seen, was = append(seen, s), s
		}
	}
	want := []string{
		"claude-opus-4 · docs-search · system prompt · t 0.3 · ≤ 500 · ≥ $0.000138 to send",
		"claude-opus-4 · docs-search · system prompt · t 0.3 · ≤ 500 · ≥ $0.000138",
		"claude-opus-4 · docs-search · system prompt · t 0.3 · ≥ $0.000138",
		"claude-opus-4 · docs-search · system prompt · ≥ $0.000138",
		"claude-opus-4 · docs-search · ≥ $0.000138",
		"claude-opus… · docs-search · ≥ $0.000138",
		"claude-opus-4 · ≥ $0.000138",
	}
	for i, w := range want {
		if i >= len(seen) || seen[i] != w {
			t.Fatalf("%d: %q", i, seen)
		}
	}
	g.conv.KeyName, g.versus = "", []string{"gpt-4o", "unpriced"}
	if s := g.note(g.d, 100); s != "gpt-4o + unpriced · system prompt · t 0.3 · ≤ 500 · price unknown" {
		t.Errorf("%q", s)
	}
}
