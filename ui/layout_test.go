package ui

import (
	"fmt"
	"strings"
	"testing"

	"gatewatch/model"
)

// draw paints an arrangement: each pane by its initial, the header as ^, the
// alert line as !, the footer as _.
func draw(w, h int, a Arrangement) string {
	grid := make([][]rune, h)
	for y := range grid {
		grid[y] = []rune(strings.Repeat(".", w))
	}
	paint := func(r Rect, c rune) {
		for y := r.Y; y < r.Y+r.H; y++ {
			for x := r.X; x < r.X+r.W; x++ {
				if grid[y][x] != '.' {
					c = '#' // painted twice
				}
				grid[y][x] = c
			}
		}
	}
	paint(a.Header, '^')
	paint(a.Alert, '!')
	paint(a.Footer, '_')
	for _, p := range a.Panes {
		paint(p.Rect, []rune("BSNMKCGHU")[p.ID])
	}
	lines := make([]string, h)
	for y := range grid {
		lines[y] = string(grid[y])
	}
	return strings.Join(lines, "\n")
}

// squash keeps every eighth column and one of equal neighbouring lines, with
// their number.
func squash(s string) string {
	var out []string
	n := 0
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		n++
		if i+1 < len(lines) && lines[i+1] == l {
			continue
		}
		var b strings.Builder
		for x := 0; x < len(l); x += 8 {
			b.WriteByte(l[x])
		}
		out = append(out, fmt.Sprintf("%2d %s", n, b.String()))
		n = 0
	}
	return strings.Join(out, "\n")
}

func TestArrangements(t *testing.T) {
	for name, c := range map[string]struct {
		w, h  int
		alert int
		focus PaneID
		zoom  bool
		want  string
	}{
		"200x60": {w: 200, h: 60, want: `
 1 ^^^^^^^^^^^^^^^^^^^^^^^^^
14 BBBBBSSSSSSSSSSSSSSSSSSSS
14 NNNNNNNNNNNNMMMMMMMMMMMMM
30 CCCCCCCCCCCCCCCCKKKKKKKKK
 1 _________________________`},
		"160x48 with an alert": {w: 160, h: 48, alert: 1, want: `
 1 ^^^^^^^^^^^^^^^^^^^^
 1 !!!!!!!!!!!!!!!!!!!!
14 BBBBBSSSSSSSSSSSSSSS
13 NNNNNNNNNMMMMMMMMMMM
18 CCCCCCCCCCCCCKKKKKKK
 1 ____________________`},
		"120x40": {w: 120, h: 40, want: `
 1 ^^^^^^^^^^^^^^^
10 BBBBBSSSSSSSSSS
 8 NNNNNNNNKKKKKKK
 8 MMMMMMMMMMMMMMM
12 CCCCCCCCCCCCCCC
 1 _______________`},
		"80x24": {w: 80, h: 24, want: `
 1 ^^^^^^^^^^
 8 BBBBSSSSSS
 7 NNNNNMMMMM
 7 CCCCCCCCCC
 1 __________`},
		"80x24 on the keys": {w: 80, h: 24, focus: PaneKeys, want: `
 1 ^^^^^^^^^^
 8 BBBBSSSSSS
 7 NNNNNKKKKK
 7 CCCCCCCCCC
 1 __________`},
		"60x20": {w: 60, h: 20, focus: PaneSpend, want: `
 2 ^^^^^^^^
 5 SSSSSSSS
 5 NNNNNNNN
 7 CCCCCCCC
 1 ________`},
		"40x12": {w: 40, h: 12, focus: PaneNow, want: `
 2 ^^^^^
 9 NNNNN
 1 _____`},
		"40x12 on the calls": {w: 40, h: 12, focus: PaneCalls, want: `
 2 ^^^^^
 9 CCCCC
 1 _____`},
		"160x48 zoomed": {w: 160, h: 48, focus: PaneModels, zoom: true, want: `
 1 ^^^^^^^^^^^^^^^^^^^^
46 MMMMMMMMMMMMMMMMMMMM
 1 ____________________`},
		"a strip": {w: 160, h: 20, want: `
 1 ^^^^^^^^^^^^^^^^^^^^
 9 BBBBBSSSSSSNNNNNNNNN
 9 CCCCCCCCCCCCCKKKKKKK
 1 ____________________`},
	} {
		got := squash(draw(c.w, c.h, Arrange(c.w, c.h, c.alert, ScreenOverview, model.ScopeSelf, c.focus, c.zoom, 0)))
		if got != strings.TrimPrefix(c.want, "\n") {
			t.Errorf("%s:\n%s\nwant:%s", name, got, c.want)
		}
	}
}

// TestEveryRoomIsFilledOnce tries every screen at every size up to a large one:
// nothing lies outside or twice, nothing is left over, and the pane with the
// focus is there.
func TestEveryRoomIsFilledOnce(t *testing.T) {
	type shown struct {
		screen ScreenID
		scope  model.Scope
		focus  PaneID
	}
	var all []shown
	for screen := range numScreens {
		if screen == ScreenChat {
			continue // its panes stand beside it: see TestTheChatHasRoom
		}
		for _, scope := range []model.Scope{model.ScopeSelf, model.ScopeSite} {
			for _, focus := range panesOf(screen, scope) {
				all = append(all, shown{screen, scope, focus})
			}
		}
	}
	for w := 1; w <= 210; w += 3 {
		for h := 1; h <= 64; h += 2 {
			for _, c := range all {
				a := Arrange(w, h, h%4, c.screen, c.scope, c.focus, h%5 == 0, 0)
				if s := draw(w, h, a); h >= 12 && strings.ContainsAny(s, ".#") || strings.Contains(s, "#") {
					t.Fatalf("%+v at %d×%d:\n%s", c, w, h, s)
				}
				found := false
				for _, p := range a.Panes {
					found = found || p.ID == c.focus
					if p.H < 3 || p.W < 1 {
						t.Fatalf("%+v at %d×%d: pane %d has %d×%d cells", c, w, h, p.ID, p.W, p.H)
					}
				}
				if h >= 12 && !found {
					t.Fatalf("%d×%d: pane %d has the focus and is not there", w, h, c.focus)
				}
			}
		}
	}
}
