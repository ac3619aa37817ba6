package chat

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// unpriced is the list as it comes when the request for the prices failed or was slow.
func unpriced() []ModelInfo {
	return []ModelInfo{{Name: "gpt-4o"}, {Name: "gpt-4o-mini"}}
}

// unread is a stage whose gateway did not tell its prices yet.
func unread(t *testing.T) *stage {
	g := newStage(t)
	g.models, g.svc.models = unpriced(), unpriced()
	g.rev++
	return g
}

func TestPricesThatWereNotReadAreAskedForAgain(t *testing.T) {
	for name, later := range map[string]func(g *stage){
		"when a question is sent": func(g *stage) { g.now = g.now.Add(10 * time.Second); g.press("enter") },
		"a minute later":          func(g *stage) { g.now = g.now.Add(time.Minute); g.typed("y") },
	} {
		g := unread(t).typed("x")
		if s := g.shown(100, 20); !strings.Contains(s, "price not read yet") {
			t.Fatalf("%s: it is not said:\n%s", name, s)
		}
		g.svc.models = offered
		g.now = g.now.Add(10 * time.Second)
		if g.typed(strings.Repeat("x", 100)); g.priced() {
			t.Fatalf("%s: they are asked for with every key", name)
		}
		if later(g); !g.priced() {
			t.Errorf("%s they are not asked for", name)
		}
	}
	g := newStage(t)
	g.conv.Model = offered[len(offered)-1].Name
	if s := g.typed("x").shown(140, 20); !strings.Contains(s, "price unknown") {
		t.Errorf("where the others have one it is unknown:\n%s", s)
	}
}

// Models that could not be listed at all are asked for again too.
func TestModelsThatWereNotReadAreAskedForAgain(t *testing.T) {
	g := newStage(t)
	g.models, g.svc.fault = nil, errors.New("no answer")
	g.now = g.now.Add(2 * time.Minute)
	g.typed("x")
	g.svc.fault = nil
	if g.typed("x"); len(g.models) > 0 {
		t.Error("they are asked for with every key")
	}
	g.now = g.now.Add(time.Minute)
	if g.typed("x"); !g.priced() {
		t.Error("they are not asked for again")
	}
}

func TestPricesThatWereReadAreKept(t *testing.T) {
	g := newStage(t)
	g.svc.models = unpriced()
	g.now = g.now.Add(2 * time.Minute)
	g.press("esc", "m", "esc")
	if got := g.price("gpt-4o"); len(g.models) != 2 || got != offered[0].Price {
		t.Errorf("%d models, %+v", len(g.models), got)
	}
	if got := g.price("gpt-4o-mini").PerCall; got != (model.Opt[float64]{}) {
		t.Errorf("%+v", got)
	}
}
