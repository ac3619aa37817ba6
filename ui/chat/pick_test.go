package chat

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// at shows another gateway.
func (g *stage) at(gateway string) *stage {
	g.d.State.Gateway.Name = gateway
	return g
}

func (g *stage) list() *list { return g.pop.(*list) }

// found are the rows of the list, as it was drawn.
func (g *stage) found() (ids []string) {
	g.shown(120, 30)
	for _, c := range g.list().found {
		ids = append(ids, c.id)
	}
	return ids
}

// A key's number and a model's name mean something else, or nothing, elsewhere.
func TestAnotherGatewayIsAskedWithItsOwnKey(t *testing.T) {
	for name, there := range map[string]func(g *stage){
		"with n":              func(g *stage) { g.ask("q", "An answer.").at("staging").press("esc", "n") },
		"when it is put up":   func(g *stage) { g.run(g.at("staging").Open(g.d)) },
		"from a comparison's": func(g *stage) { g.versus = []string{"a", "b"}; g.run(g.at("staging").Open(g.d)) },
	} {
		g := newStage(t).press("esc", "m", "down", "down", "enter", "esc", "K", "down", "down", "enter")
		if g.conv.Model != "claude-opus-4" || g.conv.Key != "4" || g.focus != onComposer {
			t.Fatalf("%+v", g.conv)
		}
		there(g)
		g.typed("hi").press("enter")
		for _, it := range g.running {
			if it.via != (Via{Gateway: "staging", KeyName: "laptop"}) || it.Model != "gpt-4o" {
				t.Errorf("%s: %s is asked by %+v", name, it.Model, it.via)
			}
		}
		if len(g.running) != 1 {
			t.Errorf("%s: %d are asked", name, len(g.running))
			continue
		}
		g.say(0, time.Second, model.Delta{Content: "x"}, finished(1, 1))
		g.at("prod").press("esc", "n")
		if c := g.conv; c.Gateway != "prod" || c.Model != "claude-opus-4" || c.Key != "4" || c.KeyName != "客服机器人" {
			t.Errorf("%s: back it is %+v", name, c)
		}
	}
}

func TestTheNewestConversationSaysWhatToAskWith(t *testing.T) {
	g := newStage(t).press("esc", "K", "down", "down", "enter").ask("old", "An answer.")
	g.now = g.now.Add(time.Minute)
	g.press("esc", "n", "esc", "m", "down", "enter").ask("new", "An answer.")
	g.now = g.now.Add(time.Minute)
	g.at("staging").press("esc", "n").ask("elsewhere", "An answer.")
	n := g.at("prod").later(24 * time.Hour)
	if c := n.conv; len(n.items) != 0 || c.Model != "gpt-4o-mini" || c.Key != "4" || c.KeyName != "客服机器人" {
		t.Errorf("a day later: %+v", c)
	}
}

func TestTheListOfAnotherGatewayIsNotShown(t *testing.T) {
	g := newStage(t).at("staging")
	g.svc.fault = errors.New("staging: down")
	waits := g.Update(keyPress("esc"), g.d)
	g.run(waits)
	answer := g.Update(keyPress("n"), g.d)
	g.press("esc", "m")
	s := g.shown(100, 28)
	if strings.Contains(s, "claude-opus-4") || !strings.Contains(s, g.words.Loading) {
		t.Errorf("while it is read:\n%s", s)
	}
	g.run(answer)
	if s := g.shown(100, 28); strings.Contains(s, "claude-opus-4") || !strings.Contains(s, "staging: down") {
		t.Errorf("when it failed:\n%s", s)
	}
	// What prod says meanwhile comes too late.
	g.run(g.Update(modelsRead{via: Via{Gateway: "prod", KeyName: "laptop"}, models: offered}, g.d))
	if s := g.shown(100, 28); strings.Contains(s, "claude-opus-4") {
		t.Errorf("the other one's list came in:\n%s", s)
	}
	g.svc.fault = nil
	g.press("esc", "m")
	if s := g.shown(100, 28); !strings.Contains(s, "claude-opus-4") || strings.Contains(s, "staging: down") {
		t.Errorf("when it is there again:\n%s", s)
	}
}

// choosy lists other models for another key.
type choosy struct{ *fake }

func (f choosy) Models(_ context.Context, via Via) ([]ModelInfo, error) {
	switch via.Key {
	case "3":
		return []ModelInfo{{Name: "for-laptop"}}, nil
	case "4":
		return nil, errors.New("prod: the key is refused")
	}
	return f.models, nil
}

func TestModelsAreThoseOfTheKey(t *testing.T) {
	g := newStage(t)
	g.opt.Service = choosy{g.svc}
	g.press("esc", "K", "down", "enter", "esc", "m")
	if got := g.found(); !slices.Equal(got, []string{"for-laptop"}) {
		t.Errorf("%q", got)
	}
	g.press("esc", "esc", "K", "down", "enter", "esc", "m")
	if s := g.shown(100, 28); !strings.Contains(s, "for-laptop") || !strings.Contains(s, "the key is refused") {
		t.Errorf("a refused key:\n%s", s)
	}
}

func TestAModelThatIsNotListedCanBeAsked(t *testing.T) {
	g := newStage(t)
	g.models, g.svc.models, g.conv.Model = nil, nil, ""
	g.press("esc", "m").typed("my-model")
	if s := g.shown(100, 28); !strings.Contains(s, "▸ ask for my-model") {
		t.Errorf("not offered:\n%s", s)
	}
	if g.press("enter"); g.conv.Model != "my-model" || g.pop != nil {
		t.Errorf("%q was chosen", g.conv.Model)
	}
	g = newStage(t).press("esc", "m").typed("gpt-4o")
	if got := g.found(); slices.Contains(got[1:], "gpt-4o") || len(got) != 3 {
		t.Errorf("one that is listed is offered twice: %q", got)
	}
	g.press("enter", "esc", "v").typed("zzzz").press("tab", "backspace", "backspace", "backspace", "backspace", "tab", "enter")
	if !slices.Equal(g.versus, []string{"zzzz", "gpt-4o"}) {
		t.Errorf("compared are %q", g.versus)
	}
}

func TestModelsAreSorted(t *testing.T) {
	g := newStage(t).press("esc", "m")
	given := g.found()
	for _, want := range []string{"claude-opus-4", "gpt-4o-mini", "gpt-4o-mini", "gpt-4o-mini", "gpt-4o-mini", "gpt-4o-mini", "gpt-4o"} {
		g.press("right")
		got := g.found()
		if got[0] != want || g.list().table.Selected(len(got), g.list().id) != 0 {
			t.Errorf("sorted by column %d: %q, want %s", g.list().sort, got, want)
		}
		if n := g.list().sort; n > 1 && slices.Index(got, given[len(given)-1]) < len(got)-2 {
			t.Errorf("sorted by column %d: what is not known is not at the end: %q", n, got)
		}
	}
	g.press("left", "left").typed("gpt")
	if s := g.shown(120, 30); g.found()[0] != "gpt-4o-mini" || !strings.Contains(s, "↑err") {
		t.Errorf("a search keeps the order: %q\n%s", g.found(), s)
	}
	g.press("enter")
	if g.conv.Model != "gpt-4o-mini" {
		t.Errorf("%s was chosen", g.conv.Model)
	}
}

func TestTheConfiguredKeyIsOneRow(t *testing.T) {
	g := newStage(t).press("esc", "K")
	if got := g.found(); !slices.Equal(got, []string{"", "3", "4", "5"}) {
		t.Errorf("%q", got)
	}
	if s := g.shown(100, 28); strings.Contains(s, "from the configuration") {
		t.Errorf("the row has two names:\n%s", s)
	}
	g.press("down", "down", "enter", "esc", "K")
	if s := g.shown(100, 28); !strings.Contains(s, "▸ 客服机器人") {
		t.Errorf("it does not stand on the chosen one:\n%s", s)
	}
	g.press("esc")
	g.svc.keys = g.svc.keys[1:]
	g.press("K")
	if got := g.found(); !slices.Equal(got, []string{"3", "4", "5"}) {
		t.Errorf("a key is offered that is not configured: %q", got)
	}
	g.press("esc")
	g.svc.keys, g.svc.fault = nil, errors.New("prod: no keys for you")
	g.press("K")
	if s := g.shown(100, 28); !strings.Contains(s, "no keys for you") {
		t.Errorf("the fault is not told:\n%s", s)
	}
}

func TestFourAtMost(t *testing.T) {
	g := newStage(t).press("esc", "v", "tab", "tab", "tab", "tab", "tab")
	if s := g.shown(100, 28); len(g.list().marked) != 4 || !strings.Contains(s, "four at most") {
		t.Errorf("%q:\n%s", g.list().marked, s)
	}
	if s := g.press("down").shown(100, 28); strings.Contains(s, "four at most") {
		t.Error("it is said for ever")
	}
}

// The selection and the marks are told without colour, and nothing moves by them.
func TestTheSelectionIsToldWithoutColour(t *testing.T) {
	g := newStage(t)
	for _, name := range []string{"m", "K", "v"} {
		g.press("esc", name)
		if s := g.shown(100, 28); strings.Count(s, " ▸ ") != 1 {
			t.Errorf("%s:\n%s", name, s)
		}
		g.press("esc")
	}
	g.press("v")
	at := func(name string) int {
		for _, l := range g.lines(100, 28) {
			if before, _, ok := strings.Cut(l, name); ok {
				return len([]rune(before))
			}
		}
		return -1
	}
	was := at("gpt-4o ")
	if g.press("tab"); at("gpt-4o ") != was || was < 0 {
		t.Errorf("a marked name moves from %d to %d", was, at("gpt-4o "))
	}
}
