package markdown

import (
	"strings"

	"gatewatch/ui/theme"
)

// attr are the attributes that a piece of text carries beside its colour.
type attr uint8

const (
	bold attr = 1 << iota
	italic
	strike
	under
)

// tint is the colour of a piece of text, by its meaning.
type tint uint8

const (
	asIs tint = iota
	dim
	faint
	accent
	good
	warn
	bad
	tints
)

// face is how a piece of text is drawn.
type face struct {
	tint tint
	attr attr
}

// pen writes faces; its sequences are made once per theme.
type pen struct {
	theme *theme.Theme
	on    [tints]string
}

func newPen(th *theme.Theme) *pen {
	p := &pen{theme: th}
	for t, st := range [tints]theme.Style{asIs: th.Plain, dim: th.Dim, faint: th.Faint, accent: th.Key, good: th.Good, warn: th.Warn, bad: th.Bad} {
		p.on[t], _, _ = strings.Cut(st.Text("\x00"), "\x00")
	}
	return p
}

func (p *pen) write(b *strings.Builder, f face, s string) {
	on := p.on[f.tint]
	if on == "" && f.attr == 0 {
		b.WriteString(s)
		return
	}
	b.WriteString(on)
	for i, code := range [...]string{"\x1b[1m", "\x1b[3m", "\x1b[9m", "\x1b[4m"} {
		if f.attr&(1<<i) != 0 {
			b.WriteString(code)
		}
	}
	b.WriteString(s)
	b.WriteString("\x1b[m")
}

// cell is a letter and its face. A mark that takes no cell of its own has w 0 and
// stays with the letter before it.
type cell struct {
	r rune
	w uint8
	f face
}

// run is a line of text that is not wrapped yet.
type run struct{ cells []cell }

// add takes text in: the one way into what is drawn.
func (u *run) add(f face, s string) {
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			u.newline()
		}
		first := true
		for _, r := range Drawable(line) {
			w := width(r)
			if w == 0 && first {
				continue // a mark needs a letter of its own piece to stand on
			}
			first = false
			u.cells = append(u.cells, cell{r, uint8(w), f})
		}
	}
}

func (u *run) newline() { u.cells = append(u.cells, cell{r: '\n'}) }

// prefix stands before a line: bars of quotations and code, bullets, indents.
type prefix struct {
	s string
	w int
}

func (p prefix) plus(s string, w int) prefix { return prefix{p.s + s, p.w + w} }

// wrap breaks a run into lines of at most w cells with a prefix, another one for
// the first. hard breaks anywhere, as code wants it.
func (u *run) wrap(p *pen, first, rest prefix, w int, hard bool) []Line {
	var out []Line
	pre := first
	cells := u.cells
	for {
		n, skip := take(cells, max(1, w-pre.w), hard)
		out = append(out, p.line(pre, cells[:n]))
		if n+skip >= len(cells) {
			return out
		}
		cells = cells[n+skip:]
		pre = rest
	}
}

// take returns how many cells go on a line of that room, and how many after them
// are dropped: a newline, or the blanks at which it was broken.
func take(cells []cell, room int, hard bool) (n, skip int) {
	used, brk := 0, -1
	for i, c := range cells {
		if c.r == '\n' {
			return i, 1
		}
		if i > 0 && c.w > 0 && !hard && breakable(cells[i-1].r, c.r, cells[i-1].w, c.w) {
			brk = i
		}
		if used+int(c.w) > room && c.w > 0 {
			if c.r == ' ' && !hard {
				brk = i
			}
			if brk <= 0 {
				brk = max(i, 1)
			}
			// The marks that belong to the last letter go with it.
			for brk < len(cells) && cells[brk].w == 0 && cells[brk].r != '\n' {
				brk++
			}
			if hard {
				return brk, 0
			}
			end := brk
			for end < len(cells) && cells[end].r == ' ' {
				end++
			}
			if end < len(cells) && cells[end].r == '\n' {
				end++
			}
			return brk, end - brk
		}
		used += int(c.w)
	}
	return len(cells), 0
}

// breakable reports whether a line may be broken between two letters.
func breakable(a, b rune, aw, bw uint8) bool {
	switch {
	case a == ' ':
		return b != ' '
	case aw == 2 || bw == 2:
		return !strings.ContainsRune("，。、；：？！）」』】》”’,.!?;:)]}…—", b) && !strings.ContainsRune("（「『【《“‘([{", a)
	case a == '-' || a == '/':
		return b != ' ' && (b < '0' || b > '9')
	}
	return false
}

// line draws cells behind a prefix.
func (p *pen) line(pre prefix, cells []cell) Line {
	for len(cells) > 0 && cells[len(cells)-1].r == ' ' {
		cells = cells[:len(cells)-1]
	}
	var b, piece strings.Builder
	b.WriteString(pre.s)
	w := pre.w
	for i := 0; i < len(cells); {
		f := cells[i].f
		piece.Reset()
		for ; i < len(cells) && cells[i].f == f; i++ {
			piece.WriteRune(cells[i].r)
			w += int(cells[i].w)
		}
		p.write(&b, f, piece.String())
	}
	return Line{b.String(), w}
}
