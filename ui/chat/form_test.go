package chat

import (
	"strings"
	"testing"
)

// On a small screen the field that is written in is seen, with its label, the cursor and
// what is wrong with it.
func TestALowFormShowsItsField(t *testing.T) {
	for _, h := range []int{10, 8, 7} {
		g := newStage(t).press("esc", "p")
		for i, label := range []string{"system prompt", "temperature", "max tokens"} {
			if i > 0 {
				g.press("tab")
			}
			g.typed("9")
			s := g.shown(40, h)
			if _, cursor := g.View(g.d, 40, h); cursor == nil || !strings.Contains(g.lines(40, h)[cursor.Y], "│ 9") {
				t.Errorf("%d lines: the cursor is not in %s:\n%s", h, label, s)
			}
			if !strings.Contains(s, label) {
				t.Errorf("%d lines: %s is not seen:\n%s", h, label, s)
			}
		}
		s := g.press("enter").shown(40, h)
		if !strings.Contains(s, "the temperature goes from 0 to 2") || !strings.Contains(s, "max tokens") {
			t.Errorf("%d lines: it is not seen what is wrong:\n%s", h, s)
		}
	}
}
