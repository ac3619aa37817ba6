package table

import (
	"fmt"
	"strings"
	"testing"

	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

var mono = theme.Get("mono", true)

var columns = []Column{
	{Title: "key", Width: 6, Flex: true, Worth: 9},
	{Title: "calls", Width: 5, Right: true, Worth: 5},
	{Title: "cost", Width: 7, Right: true, Worth: 8},
}

func rowsOf(names ...string) []Row[string] {
	var out []Row[string]
	for i, n := range names {
		out = append(out, Row[string]{Key: n, Cells: []Cell{
			Str(n, mono.Plain), Num(fmt.Sprint(len(n)), float64(len(n)), mono.Plain), Num(fmt.Sprintf("$%d.00", i), float64(i), mono.Plain),
		}})
	}
	return out
}

func view(t *testing.T, tb *Table[string], rows []Row[string], w, h int) []string {
	t.Helper()
	rows = tb.Arrange(rows)
	lines := tb.View(Look{Theme: mono, W: w, H: h, Focused: true}, columns, len(rows),
		func(i int) string { return rows[i].Key }, func(i int) []Cell { return rows[i].Cells })
	if len(lines) != h {
		t.Fatalf("%d lines, want %d", len(lines), h)
	}
	for _, l := range lines {
		if text.Width(l) != w {
			t.Fatalf("%q is %d cells wide, want %d", l, text.Width(l), w)
		}
	}
	return lines
}

func selected(lines []string) string {
	for _, l := range lines {
		if strings.Contains(l, "\x1b[7m") {
			return strings.Fields(strings.NewReplacer("\x1b[7m", "", "\x1b[m", "").Replace(l))[0]
		}
	}
	return ""
}

func TestCursorStaysOnItsRow(t *testing.T) {
	var tb Table[string]
	rows := rowsOf("a", "bb", "ccc", "dddd", "eeeee")
	key := func(r []Row[string]) func(int) string { return func(i int) string { return r[i].Key } }
	if got := selected(view(t, &tb, rows, 30, 6)); got != "a" || !tb.Following() {
		t.Fatalf("at first on %q", got)
	}
	tb.Move(2, len(rows), key(rows))
	if got := selected(view(t, &tb, rows, 30, 6)); got != "ccc" {
		t.Fatalf("after two steps on %q", got)
	}
	moved := rowsOf("new", "newer", "a", "bb", "ccc", "dddd")
	if got := selected(view(t, &tb, moved, 30, 4)); got != "ccc" {
		t.Fatalf("after rows moved on %q", got)
	}
	gone := rowsOf("a", "bb")
	if got := selected(view(t, &tb, gone, 30, 4)); got != "bb" {
		t.Fatalf("after its row went on %q", got)
	}
	tb.Move(-1000, len(gone), key(gone))
	if got := selected(view(t, &tb, rowsOf("first", "a", "bb"), 30, 4)); got != "first" {
		t.Fatalf("on the first row it follows, but is on %q", got)
	}
	if selected(view(t, &tb, nil, 30, 4)) != "" || tb.Selected(0, nil) != -1 {
		t.Fatal("an empty table has a cursor")
	}
	tb.Move(1, 0, nil)
}

func TestScrollKeepsTheCursorInSight(t *testing.T) {
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprintf("row%02d", i))
	}
	rows := rowsOf(names...)
	var tb Table[string]
	key := func(i int) string { return rows[i].Key }
	for _, step := range []int{1, 1, 10, 30, 100, -3, -20, -100, 7} {
		tb.Move(step, len(rows), key)
		want := rows[tb.Selected(len(rows), key)].Key
		for _, h := range []int{2, 4, 9, 30} {
			if got := selected(view(t, &tb, rows, 24, h)); got != want {
				t.Fatalf("height %d: %q is in sight, want %q", h, got, want)
			}
		}
	}
}

func TestOrder(t *testing.T) {
	var tb Table[string]
	rows := rowsOf("zz", "Aaaa", "m")
	rows = append(rows, Row[string]{Key: "x", Cells: []Cell{Str("x", mono.Plain), Str("–", mono.Plain), Str("–", mono.Plain)}})
	order := func() string {
		var s []string
		for _, r := range tb.Arrange(rows) {
			s = append(s, r.Key)
		}
		return strings.Join(s, " ")
	}
	steps := []struct {
		do   func()
		want string
	}{
		{func() {}, "zz Aaaa m x"},
		{tb.Reverse, "x m Aaaa zz"},
		{func() { tb.SortBy(1, 3) }, "Aaaa m x zz"},
		{func() { tb.SortBy(1, 3) }, "Aaaa zz m x"},
		{tb.Reverse, "m zz Aaaa x"},
		{func() { tb.SortBy(1, 3) }, "m Aaaa zz x"},
		{func() { tb.SortBy(1, 3) }, "zz Aaaa m x"},
		{func() { tb.SortBy(-1, 3) }, "m Aaaa zz x"},
	}
	for i, s := range steps {
		s.do()
		if got := order(); got != s.want {
			t.Errorf("step %d: %s, want %s", i, got, s.want)
		}
	}
	if !strings.Contains(view(t, &tb, rows, 30, 3)[0], "↓cost") {
		t.Error("the title does not show the order")
	}
}

func TestColumnsGoInOrderOfWorth(t *testing.T) {
	var tb Table[string]
	rows := rowsOf("中文 令牌 🚀 with a long tail")
	for w, want := range map[int]string{40: "key calls cost", 20: "key calls cost", 19: "key cost", 14: "key cost", 13: "key", 3: "key"} {
		title := strings.NewReplacer("\x1b[2m", "", "\x1b[m", "").Replace(view(t, &tb, rows, w, 3)[0])
		if got := strings.Join(strings.Fields(title), " "); got != want {
			t.Errorf("width %d: %q, want %q", w, got, want)
		}
	}
	for w := range 60 {
		view(t, &tb, rows, w, 4)
	}
}
