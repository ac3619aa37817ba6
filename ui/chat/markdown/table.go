package markdown

import (
	"strings"

	east "github.com/yuin/goldmark/extension/ast"
)

const (
	gap     = 2 // cells between two columns
	minimal = 6 // the least width of a column that was shrunk
)

// table draws a table, its columns as wide as their content where there is room.
func (c *canvas) table(n *east.Table, first, rest prefix) {
	var rows [][]run
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		var row []run
		f := c.base
		if r.Kind() == east.KindTableHeader {
			f.attr |= bold
		}
		for k := r.FirstChild(); k != nil; k = k.NextSibling() {
			var u run
			c.inline(&u, k, f, 0)
			row = append(row, u)
		}
		rows = append(rows, row)
	}
	inside := c.inside // the rows before are in the block before
	c.inside = false
	columns := len(n.Alignments)
	room := c.w - rest.w
	if columns == 0 || columns*minimal+gap*(columns-1) > room {
		c.asList(rows, first, rest)
		return
	}
	widths := fit(rows, columns, room-gap*(columns-1))
	pre := first
	for i, row := range rows {
		if i == 0 && inside {
			continue
		}
		c.row(row, widths, n.Alignments, &pre, rest)
		if i == 0 {
			total := gap * (columns - 1)
			for _, w := range widths {
				total += w
			}
			c.lines = append(c.lines, Line{rest.s + c.faint(strings.Repeat("─", total)), rest.w + total})
		}
	}
}

// fit gives each column its natural width, or less of the widest where they do
// not all have room.
func fit(rows [][]run, columns, room int) []int {
	widths := make([]int, columns)
	total := 0
	for i := range widths {
		widths[i] = 1
		for _, row := range rows {
			if i < len(row) {
				widths[i] = max(widths[i], cellsWide(row[i].cells))
			}
		}
		widths[i] = min(widths[i], room)
		total += widths[i]
	}
	for total > room {
		widest, second := 0, 0
		for i, w := range widths {
			switch {
			case w > widths[widest]:
				second, widest = widths[widest], i
			case i != widest && w > second:
				second = w
			}
		}
		cut := max(1, min(total-room, widths[widest]-max(second, minimal)))
		widths[widest] -= cut
		total -= cut
	}
	return widths
}

func cellsWide(cells []cell) int {
	most, w := 0, 0
	for _, c := range cells {
		if c.r == '\n' {
			w = 0
			continue
		}
		w += int(c.w)
		most = max(most, w)
	}
	return most
}

func (c *canvas) row(row []run, widths []int, align []east.Alignment, pre *prefix, rest prefix) {
	parts := make([][]Line, len(widths))
	high := 1
	for i := range widths {
		if i < len(row) {
			parts[i] = row[i].wrap(c.pen, prefix{}, prefix{}, widths[i], false)
			high = max(high, len(parts[i]))
		}
	}
	for y := range high {
		var b strings.Builder
		b.WriteString(pre.s)
		at, drawn := 0, 0 // where the column begins; how far was written
		for i, w := range widths {
			if y < len(parts[i]) && parts[i][y].W > 0 {
				l := parts[i][y]
				lead := 0
				switch align[i] {
				case east.AlignRight:
					lead = max(0, w-l.W)
				case east.AlignCenter:
					lead = max(0, w-l.W) / 2
				case east.AlignLeft, east.AlignNone:
				}
				b.WriteString(strings.Repeat(" ", at+lead-drawn))
				b.WriteString(l.S)
				drawn = at + lead + l.W
			}
			at += w + gap
		}
		c.lines = append(c.lines, Line{b.String(), pre.w + drawn})
		*pre = rest
	}
}

// asList draws a table that is too wide to be one: each value after the name of
// its column.
func (c *canvas) asList(rows [][]run, first, rest prefix) {
	pre := first
	for i, row := range rows {
		if i == 0 && len(rows) > 1 {
			continue
		}
		for k := range row {
			var u run
			if i > 0 && k < len(rows[0]) && len(rows[0][k].cells) > 0 {
				u.cells = append(u.cells, rows[0][k].cells...)
				u.add(c.base, ": ")
			}
			u.cells = append(u.cells, row[k].cells...)
			c.lines = append(c.lines, u.wrap(c.pen, pre, rest, c.w, false)...)
			pre = rest
		}
		if i < len(rows)-1 {
			c.lines = append(c.lines, Line{rest.s, rest.w})
		}
	}
}
