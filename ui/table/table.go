// Package table draws rows in columns for the panes. The cursor stays on the
// same thing when rows move, columns are dropped in the order of their worth when
// the room is short, and numbers stand flush right so that digits change in
// place.
package table

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// Column is one column of a table.
type Column struct {
	Title string
	// Width is the column's cells; a Flex column takes what is left, at least
	// Width.
	Width int
	Flex  bool
	Right bool
	// Worth decides which column goes first when the room is short: the least.
	Worth int
}

// Cell is one value: what is drawn, and what it is sorted by, Num if HasNum.
// A cell without a value sorts last.
type Cell struct {
	Text   string
	Style  theme.Style
	Num    float64
	HasNum bool
	// Span lets the cell take the rest of its row.
	Span bool
}

// Str is a cell of text.
func Str(s string, style theme.Style) Cell { return Cell{Text: s, Style: style} }

// Num is a cell of a number.
func Num(s string, n float64, style theme.Style) Cell {
	return Cell{Text: s, Style: style, Num: n, HasNum: true}
}

// Row is one row. Key is its identity.
type Row[K comparable] struct {
	Key   K
	Cells []Cell
}

// Table keeps what a person does to a table: the cursor, the scroll and the
// order. The zero Table stands on the first row and keeps the order it is given.
type Table[K comparable] struct {
	key     K
	on      bool // the cursor was moved; until then it follows the first row
	at      int  // where the cursor was, in case its row is gone
	offset  int
	sort    int // 1 + the column to sort by; 0 keeps the order given
	reverse bool
}

// SortBy moves the order to the next column in a direction, -1 or 1, through
// "as given".
func (t *Table[K]) SortBy(step, columns int) {
	t.sort = (t.sort + step + columns + 1) % (columns + 1)
	t.reverse = false
}

// Reverse turns the order round.
func (t *Table[K]) Reverse() { t.reverse = !t.reverse }

// Arrange returns the rows in the chosen order. Text rises, numbers fall, what
// has no value comes last.
func (t *Table[K]) Arrange(rows []Row[K]) []Row[K] {
	if t.sort > 0 {
		col := t.sort - 1
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b Row[K]) int {
			x, y := a.Cells[col], b.Cells[col]
			if x.HasNum || y.HasNum {
				c := cmp.Compare(value(y), value(x))
				if t.reverse && !math.IsInf(value(x), -1) && !math.IsInf(value(y), -1) {
					return -c
				}
				return c
			}
			c := strings.Compare(strings.ToLower(x.Text), strings.ToLower(y.Text))
			if t.reverse {
				return -c
			}
			return c
		})
		return rows
	}
	if t.reverse {
		rows = slices.Clone(rows)
		slices.Reverse(rows)
	}
	return rows
}

func value(c Cell) float64 {
	if !c.HasNum {
		return math.Inf(-1)
	}
	return c.Num
}

// Find returns the cursor's row among n rows that key names, after rows have
// moved or gone.
func (t *Table[K]) Find(n int, key func(int) K) int {
	if n == 0 {
		return -1
	}
	if !t.on {
		return 0
	}
	// Rows move little between two frames: look near the old place first.
	for d := range n {
		for _, i := range [2]int{t.at + d, t.at - d} {
			if i >= 0 && i < n && key(i) == t.key {
				t.at = i
				return i
			}
		}
		if t.at+d >= n && t.at-d < 0 {
			break
		}
	}
	t.at = min(t.at, n-1)
	t.key = key(t.at)
	return t.at
}

// Move moves the cursor by so many of n rows; a large number reaches the end.
func (t *Table[K]) Move(by, n int, key func(int) K) {
	i := t.Find(n, key)
	if i < 0 {
		return
	}
	i = min(n-1, max(0, i+by))
	t.at, t.key, t.on = i, key(i), i > 0
}

// Selected returns the index of the cursor's row, -1 when there is none.
func (t *Table[K]) Selected(n int, key func(int) K) int { return t.Find(n, key) }

// Following reports whether the cursor was left on the first row, so that new
// rows push the others down.
func (t *Table[K]) Following() bool { return !t.on }

// Look is how a table is drawn.
type Look struct {
	Theme   *theme.Theme
	W, H    int
	Focused bool
}

// View draws the column titles and as many of n rows as fit, each line exactly
// W cells wide.
func (t *Table[K]) View(look Look, columns []Column, n int, key func(int) K, row func(int) []Cell) []string {
	th := look.Theme
	widths := fit(columns, look.W)
	lines := make([]string, 0, look.H)
	if look.H <= 0 {
		return nil
	}
	lines = append(lines, t.titles(th, columns, widths, look.W))
	room := look.H - 1
	at := t.Find(n, key)
	t.scroll(at, n, room)
	for i := t.offset; i < min(n, t.offset+room); i++ {
		cells := row(i)
		if look.Focused && i == at {
			lines = append(lines, th.Selected.Text(line(columns, widths, look.W, cells, false)))
			continue
		}
		lines = append(lines, line(columns, widths, look.W, cells, true))
	}
	for len(lines) < look.H {
		lines = append(lines, strings.Repeat(" ", max(0, look.W)))
	}
	return lines
}

// scroll keeps the cursor in sight, with a row of context where there is room.
func (t *Table[K]) scroll(at, n, room int) {
	context := 0
	if room > 4 {
		context = 1
	}
	t.offset = min(t.offset, max(0, at-context))
	t.offset = max(t.offset, at+context-room+1)
	t.offset = max(0, min(t.offset, n-room))
}

// titles draws the column titles; the one that is sorted by carries an arrow.
func (t *Table[K]) titles(th *theme.Theme, columns []Column, widths []int, w int) string {
	cells := make([]Cell, len(columns))
	for i, c := range columns {
		cells[i] = Cell{Text: c.Title, Style: th.Faint}
		if t.sort != i+1 {
			continue
		}
		arrow := "↓"
		if t.reverse {
			arrow = "↑"
		}
		cells[i] = Cell{Text: c.Title + arrow, Style: th.Focus}
		if c.Right {
			cells[i].Text = arrow + c.Title
		}
	}
	return line(columns, widths, w, cells, true)
}

// line joins the cells of one line with one space between columns.
func line(columns []Column, widths []int, w int, cells []Cell, styled bool) string {
	var b strings.Builder
	used := 0
	for c := range columns {
		if widths[c] == 0 {
			continue
		}
		if used > 0 {
			b.WriteByte(' ')
			used++
		}
		width := widths[c]
		if cells[c].Span {
			width = w - used
		}
		s := cells[c].Text
		pad := width - text.Width(s)
		if pad < 0 {
			s = text.Cut(s, width)
			pad = max(0, width-text.Width(s))
		}
		if columns[c].Right && !cells[c].Span {
			spaces(&b, pad)
		}
		if styled {
			s = cells[c].Style.Text(s)
		}
		b.WriteString(s)
		if !columns[c].Right || cells[c].Span {
			spaces(&b, pad)
		}
		used += width
		if cells[c].Span {
			break
		}
	}
	spaces(&b, w-used)
	return b.String()
}

const blanks = "                                                                                                    "

func spaces(b *strings.Builder, n int) {
	for n > 0 {
		k := min(n, len(blanks))
		b.WriteString(blanks[:k])
		n -= k
	}
}

// fit gives every column its width, 0 to those that are dropped.
func fit(columns []Column, w int) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = c.Width
	}
	total := func() int {
		sum, n := 0, 0
		for _, x := range widths {
			if x > 0 {
				sum, n = sum+x, n+1
			}
		}
		return sum + max(0, n-1)
	}
	for total() > w {
		least, left := -1, 0
		for i := range columns {
			if widths[i] > 0 {
				left++
				if least < 0 || columns[i].Worth < columns[least].Worth {
					least = i
				}
			}
		}
		if left <= 1 {
			if least >= 0 {
				widths[least] = max(0, w)
			}
			break
		}
		widths[least] = 0
	}
	for i, c := range columns {
		if c.Flex && widths[i] > 0 {
			widths[i] += w - total()
			break
		}
	}
	return widths
}
