package chat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// lanes is a comparison of the first n models.
func lanes(t *testing.T, n int) *stage {
	g := newStage(t).press("esc", "v")
	for range n {
		g.press("tab")
	}
	g.press("enter").typed("Say what a mutex is, and why.").press("enter")
	for i := range n {
		g.say(0, 300*time.Millisecond, model.Delta{Content: "A lock."}).say(0, time.Second, finished(30, int64(10*i+10)))
	}
	return g
}

func TestAllComparedModelsAreSeen(t *testing.T) {
	for _, c := range []struct {
		n, w, h int
		golden  bool
	}{
		{2, 60, 17, true},
		{3, 80, 21, true},
		{3, 102, 44, false},
		{3, 160, 44, false},
		{4, 80, 21, true},
		{4, 102, 44, false},
		{4, 120, 36, true},
		{4, 160, 44, false},
		{4, 60, 21, false},
	} {
		g := lanes(t, c.n)
		if c.golden {
			g.golden(fmt.Sprintf("compare-%d-%dx%d", c.n, c.w, c.h), c.w, c.h)
		}
		s := g.shown(c.w, c.h)
		for _, m := range offered[:c.n] {
			if !strings.Contains(s, "─ "+m.Name+" ") && !strings.Contains(s, "─▸"+m.Name+" ") {
				t.Errorf("%d models at %d×%d: %s is not seen:\n%s", c.n, c.w, c.h, m.Name, s)
			}
		}
		if !strings.Contains(s, "▌ Say what a mutex is, and why.") {
			t.Errorf("%d models at %d×%d: the question is not seen", c.n, c.w, c.h)
		}
	}
	g := lanes(t, 4)
	if s := g.shown(40, 12); !strings.Contains(s, "1/4") {
		t.Errorf("where there is no room it says which it is:\n%s", s)
	}
	g.press("right", "right", "right")
	if s := g.shown(80, 21); !strings.Contains(s, "─▸通义千问-max") {
		t.Errorf("the cursor is not on the last:\n%s", s)
	}
}

func TestAComparisonWantsTheWholeWidth(t *testing.T) {
	g := newStage(t).ask("q", "An answer.")
	if g.Wide() {
		t.Error("a conversation is wide")
	}
	if g = comparing(t); !g.Wide() {
		t.Error("a comparison is not")
	}
	for len(g.running) > 0 {
		g.say(0, time.Second, finished(1, 1))
	}
	if g.press("enter"); g.Wide() {
		t.Error("it is for ever")
	}
}
