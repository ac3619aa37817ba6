package chat

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// What is left out of a request is not counted as sent.
func TestLeastCountsWhatIsSent(t *testing.T) {
	log := strings.Repeat("a line of a log\n", 60_000)
	for name, g := range map[string]*stage{
		"at first":        newStage(t),
		"after an answer": newStage(t).ask("q", "An answer."),
	} {
		g.Paste(pasted(log))
		g.press("enter").fails(model.Delta{End: model.ChatFailed}, errors.New("refused"))
		g.typed("hi")
		said := g.leastToSend([]string{"gpt-4o"})
		// A token per byte were the most, and the first answer's usage is all there is.
		most := perMillion(2.5).V / 1e6 * 2
		if len(g.items) > 2 {
			most += perMillion(1.25).V / 1e6 * (1204 + 567)
		}
		if !said.OK || said.V > most {
			t.Errorf("%s: at least %v is said, %v were a lot", name, said, most)
		}
	}
	g := newStage(t)
	g.Paste(pasted(log))
	if said := g.leastToSend([]string{"gpt-4o"}); said.V < perMillion(2.5).V/1e6*100_000 {
		t.Errorf("what is in the composer counts: %v", said)
	}
}

func TestLeastIsNotNothing(t *testing.T) {
	g := newStage(t)
	g.conv.Model = "gpt-4o-mini"
	if s := g.typed("h").shown(100, 20); strings.Contains(s, "$0.00 ") || strings.Contains(s, "≥") {
		t.Errorf("at least nothing:\n%s", s)
	}
	if s := g.typed(strings.Repeat("h", 400)).shown(100, 20); !strings.Contains(s, "≥ $0.00001") {
		t.Errorf("a long one costs something:\n%s", s)
	}
}

// An answer whose price nobody knows makes the total a lower bound.
func TestTotalSaysThatAPartIsUnknown(t *testing.T) {
	g := newStage(t).ask("q", "An answer.")
	g.conv.Model = offered[len(offered)-1].Name
	g.typed("more").press("enter").say(0, time.Second, model.Delta{Content: "An answer without a price."}, finished(10, 10))
	if got := g.totalLine(g.d); !strings.HasPrefix(got, "≥ $") {
		t.Errorf("%q", got)
	}
	g.Update(bill(g.items[3].ID, 7), g.d)
	if got := g.totalLine(g.d); !strings.HasPrefix(got, "≈ $") {
		t.Errorf("when it was billed: %q", got)
	}
	// What was refused cost nothing.
	g.typed("more").press("enter").fails(model.Delta{End: model.ChatFailed}, errors.New("refused"))
	if got := g.totalLine(g.d); !strings.HasPrefix(got, "≈ $") {
		t.Errorf("after a refusal: %q", got)
	}
}

func TestAgainSaysWhatItCosts(t *testing.T) {
	asked := func(g *stage) string { return g.press("esc", "R").pop.(*question).text }
	answer := strings.Repeat("An answer. ", 10)
	for name, c := range map[string]struct {
		g    *stage
		want string
	}{
		"an estimate": {newStage(t).ask("q", answer), "Ask gpt-4o again. It will likely cost what the last answer did, ≈ $0.00748, and at least $0.00151."},
		"a bill": {func() *stage {
			g := newStage(t).ask("q", answer)
			g.Update(bill(g.items[1].ID, 3935), g.d)
			return g
		}(), "Ask gpt-4o again. It will likely cost what the last answer did, $0.00787, and at least $0.00151."},
		"another model": {func() *stage {
			g := newStage(t).ask("q", answer)
			g.conv.Model = "claude-opus-4"
			return g
		}(), "Ask claude-opus-4 again. It will cost at least $0.000003."},
		"no price": {func() *stage {
			g := newStage(t).ask("q", answer)
			g.conv.Model = offered[len(offered)-1].Name
			return g
		}(), "Ask " + offered[len(offered)-1].Name + " again. What it costs is not known."},
		"a failure": {newStage(t).typed("q").press("enter").fails(model.Delta{End: model.ChatFailed}, errors.New("refused")), "Ask gpt-4o again. What it costs is not known."},
	} {
		if got := asked(c.g); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// In a comparison the model under the cursor is asked again, and named.
func TestAgainInAComparison(t *testing.T) {
	g := comparing(t)
	for len(g.running) > 0 {
		g.say(0, time.Second, model.Delta{Content: " end"}, finished(30, 10))
	}
	g.press("right", "R")
	if q := g.pop.(*question); !strings.HasPrefix(q.text, "Ask gpt-4o-mini again. It will likely cost what the last answer did, ≈ $0.0000") {
		t.Errorf("%q", q.text)
	}
	g.press("R")
	for _, it := range g.running {
		if it.Model != "gpt-4o-mini" {
			t.Errorf("%s is asked", it.Model)
		}
	}
}

func TestNoLineEndsInASign(t *testing.T) {
	g := newStage(t).ask("q", "Some answer.")
	g.Update(BilledMsg{Answer: g.items[1].ID}, g.d)
	for w := 24; w < 90; w++ {
		for _, l := range g.lines(w, 24) {
			if l = strings.TrimRight(l, "│ "); strings.HasSuffix(l, "≈") || strings.HasSuffix(l, "≥") || strings.Contains(l, "\u00a0") {
				t.Errorf("at %d cells: %q", w, l)
			}
		}
	}
}
