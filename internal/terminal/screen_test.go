//go:build linux || darwin

package terminal

import (
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestCells(t *testing.T) {
	term := sh(t, `printf '\033[1;31mred\033[m 名\033[48;5;236mB\033[38;2;1;2;3mT\033[m\033[7;3;4mu\033[m\r\n\033]8;;https://example.org\033\\link\033]8;;\033\\'`)
	waitExit(t, term, 0)
	if got, want := term.Screen(), []string{"red 名BTu", "link", "", "", "", ""}; !slices.Equal(got, want) {
		t.Fatalf("the screen is %q", got)
	}
	for _, c := range []struct {
		x, y int
		want Cell
	}{
		{0, 0, Cell{Text: "r", Width: 1, Fg: ansi.Red, Bold: true}},
		{3, 0, Cell{Text: " ", Width: 1}},
		{4, 0, Cell{Text: "名", Width: 2}},
		{5, 0, Cell{Text: "", Width: 0}},
		{6, 0, Cell{Text: "B", Width: 1, Bg: ansi.IndexedColor(236)}},
		{8, 0, Cell{Text: "u", Width: 1, Reverse: true, Italic: true, Underline: ansi.UnderlineSingle}},
		{9, 0, Cell{Text: " ", Width: 1}},
		{0, 1, Cell{Text: "l", Width: 1, Link: "https://example.org"}},
		{40, 0, Cell{}},
		{0, -1, Cell{}},
	} {
		if got := term.Cell(c.x, c.y); got != c.want {
			t.Errorf("the cell %d,%d is %+v, want %+v", c.x, c.y, got, c.want)
		}
	}
	if r, g, b, _ := term.Cell(7, 0).Fg.RGBA(); r>>8 != 1 || g>>8 != 2 || b>>8 != 3 {
		t.Errorf("the true colour is %v", term.Cell(7, 0).Fg)
	}
}

func TestFindCountsColumns(t *testing.T) {
	term := sh(t, `printf '名前 é key\r\n'`)
	waitExit(t, term, 0)
	if x, y, ok := term.Frame().Find("key"); x != 7 || y != 0 || !ok {
		t.Errorf("found at %d,%d, %t", x, y, ok)
	}
	if _, _, ok := term.Frame().Find("nothing"); ok {
		t.Error("found what is not there")
	}
}

func TestDefaultColoursOfTheProgram(t *testing.T) {
	term := sh(t, `printf '\033]11;#102030\033\\set'; read x; printf '\033]111\033\\back'; read x`)
	waitText(t, term, "set")
	if f := term.Frame(); f.Foreground != nil || color.RGBAModel.Convert(f.Background) != (color.RGBA{0x10, 0x20, 0x30, 0xff}) {
		t.Errorf("the default colours are %v on %v", f.Foreground, f.Background)
	}
	term.Send(Enter)
	waitText(t, term, "back")
	if f := term.Frame(); f.Background != nil {
		t.Errorf("the default background is still %v", f.Background)
	}
}

func TestClipboard(t *testing.T) {
	term := sh(t, `printf '\033]52;c;c2stMTIzIOeMqw==\a'`)
	waitExit(t, term, 0)
	if got := term.Clipboard(); got != "sk-123 猫" {
		t.Errorf("the clipboard holds %q", got)
	}
}

func TestWaitForSeesNoHalfOfASynchronizedUpdate(t *testing.T) {
	term := sh(t, `printf '\033[?2026hhalf'; read x; printf ' and whole\033[?2026l'; read x`)
	// The test has to know that the first half is on the screen, but may not
	// wait for it by the means under test.
	for term.Line(0) != "half" {
		term.mu.Lock()
		changed := term.changed
		term.mu.Unlock()
		if term.Line(0) != "half" {
			<-changed
		}
	}
	term.Send(Enter)
	var seen []string
	err := term.WaitFor(patience, func(screen []string) bool {
		seen = append(seen, strings.Join(screen, "\n"))
		return strings.Contains(screen[0]+screen[1], "whole")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range seen {
		if !strings.Contains(s, "whole") {
			t.Errorf("a half was shown:\n%s", s)
		}
	}
}
