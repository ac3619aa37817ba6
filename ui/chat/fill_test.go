package chat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// numbered are lines of which each says which it is.
func numbered(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "line %d.\n\n", i)
	}
	return b.String()
}

// blank counts the lines at the end of a pane, its rows from to to, that hold nothing.
func blank(lines []string, from, to int) (n int) {
	for i := to - 1; i >= from && strings.Trim(lines[i], "│ ") == ""; i-- {
		n++
	}
	return n
}

func TestALargerPaneIsFilled(t *testing.T) {
	for _, ended := range []bool{true, false} {
		for _, c := range [][4]int{{40, 12, 120, 40}, {80, 24, 160, 48}} {
			g := newStage(t).typed("q").press("enter").say(0, time.Second, model.Delta{Content: numbered(0, 60)})
			if ended {
				g.say(0, time.Second, finished(10, 600))
			}
			g.lines(c[0], c[1])
			lines := g.lines(c[2], c[3])
			if n := blank(lines, 1, c[3]-4); n > 1 || !strings.Contains(strings.Join(lines, "\n"), "line 59.") {
				t.Errorf("ended %v, %v: %d lines are blank:\n%s", ended, c, n, strings.Join(lines, "\n"))
			}
			// What was scrolled to by hand stays.
			g.lines(c[0], c[1])
			g.press("esc", "g")
			if s := g.lines(c[0], c[1]); ended && !strings.Contains(s[1]+s[2]+s[3], "You") {
				t.Errorf("not at the top:\n%s", strings.Join(s, "\n"))
			}
			if s := g.lines(c[2], c[3]); ended && !strings.Contains(s[1]+s[2]+s[3], "You") {
				t.Errorf("it did not stay:\n%s", strings.Join(s, "\n"))
			}
		}
	}
}

// At one size a pane is scrolled by half, not by the line: that is what keeps a stream
// from sending all of it again and again.
func TestAStreamJumpsByHalf(t *testing.T) {
	g := newStage(t).typed("q").press("enter")
	jumps, top := 0, place{}
	for i := range 60 {
		g.say(0, 100*time.Millisecond, model.Delta{Content: numbered(i, i+1)})
		g.lines(100, 30)
		if g.script.top != top {
			jumps, top = jumps+1, g.script.top
		}
	}
	if jumps < 5 || jumps > 12 {
		t.Errorf("%d jumps over 120 lines", jumps)
	}
	g.say(0, time.Second, finished(10, 600))
	if lines := g.lines(100, 30); blank(lines, 1, 26) > 0 {
		t.Errorf("the end leaves room for nothing:\n%s", strings.Join(lines, "\n"))
	}
}

func TestAnEndedLaneIsFilled(t *testing.T) {
	g := newStage(t).press("esc", "v", "tab", "tab", "enter").typed("q").press("enter")
	for i := range 40 {
		for lane := range 2 {
			g.say(lane, 50*time.Millisecond, model.Delta{Content: numbered(i, i+1)})
		}
		g.lines(120, 44)
	}
	g.press("k") // the first is read
	g.lines(120, 44)
	top := g.cmp.views[0].top
	g.say(0, time.Second, finished(10, 600)).say(0, time.Second, finished(10, 600))
	lines := g.lines(120, 44)
	bottom := 0
	for i, l := range lines {
		if strings.HasPrefix(l, "╰") && bottom == 0 {
			bottom = i
		}
	}
	if l := lines[bottom-1] + lines[bottom-2]; !strings.Contains(l, "line 39.") {
		t.Errorf("the second is not shown from where it fills its pane:\n%s", strings.Join(lines, "\n"))
	}
	if g.cmp.views[0].top != top {
		t.Error("the first moved under the eye")
	}
}

// Every lane has words of its answer in sight while it is written, and says in its
// frame what it does.
func TestLowLanesShowWords(t *testing.T) {
	for _, c := range []struct{ n, w, h int }{{4, 80, 21}, {4, 80, 24}, {2, 40, 10}, {4, 40, 10}, {2, 60, 17}} {
		g := newStage(t).press("esc", "v")
		for range c.n {
			g.press("tab")
		}
		g.press("enter").typed("Say what a mutex is, and why.").press("enter")
		for i := range 50 {
			for lane := range c.n {
				g.say(lane, 10*time.Millisecond, model.Delta{Content: fmt.Sprintf("word%d ", i)})
			}
			s := g.shown(c.w, c.h)
			seen := strings.Count(s, "─ writing ─") + strings.Count(s, "─ writing · ")
			if seen == 0 || c.h > 12 && seen < c.n || strings.Count(s, fmt.Sprintf("word%d ", i)) < seen {
				t.Fatalf("%v: %d lanes at word %d:\n%s", c, seen, i, s)
			}
		}
		if s := g.shown(c.w, c.h); strings.Contains(s, "│  writing") {
			t.Errorf("%v: a line in the lane says it too:\n%s", c, s)
		}
	}
}

func TestEscStopsAComparison(t *testing.T) {
	g := comparing(t).press("esc")
	for _, it := range g.running {
		if !it.stopping {
			t.Errorf("%s goes on", it.Model)
		}
	}
}

func TestASilenceIsTold(t *testing.T) {
	g := newStage(t).typed("q").press("enter").say(0, time.Second, model.Delta{Content: "Half of"})
	quiet := func(by time.Duration) string {
		g.now = g.now.Add(by)
		g.run(g.Update(g.hub.collect(), g.d)) // what the hub's pulse does
		return g.shown(100, 28)
	}
	if s := quiet(4 * time.Second); !strings.Contains(s, "  writing · esc stops") {
		t.Errorf("too soon:\n%s", s)
	}
	if s := quiet(8 * time.Second); !strings.Contains(s, "  nothing for 12 s · esc stops") {
		t.Errorf("it is not told:\n%s", s)
	}
	before := quiet(0)
	if s := quiet(400 * time.Millisecond); s != before {
		t.Errorf("more than once a second something changes:\n%s", s)
	}
	g.say(0, time.Second, model.Delta{Content: " it"})
	if s := g.shown(100, 28); !strings.Contains(s, "writing · esc stops") {
		t.Errorf("it goes on:\n%s", s)
	}
}
