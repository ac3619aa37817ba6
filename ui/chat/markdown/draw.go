package markdown

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

const (
	// deepest is how far lists and quotations are drawn inside each other.
	deepest = 10
	// narrowest is the room, in cells, that indents leave to text.
	narrowest = 16
	// least is the room that is left even on the narrowest screen.
	least = 5
)

// canvas takes the lines of one block.
type canvas struct {
	src   []byte
	pen   *pen
	w     int
	base  face
	lines []Line
	code  int // the number of the last code block
	// inside says that the first code goes on from the block before, open that
	// the last one may go on.
	inside, open bool
}

func (d *Doc) draw(b *block, look Look) []Line {
	c := &canvas{pen: newPen(look.Theme), w: max(1, look.W), code: b.codes, inside: b.inside, open: b.open, lines: []Line{}}
	if look.Quiet {
		c.base.tint = dim
	}
	if d.Plain {
		var u run
		u.add(c.base, strings.TrimSuffix(b.src, "\n"))
		return u.wrap(c.pen, prefix{}, prefix{}, c.w, false)
	}
	c.src = []byte(b.src)
	c.children(d.parse(c.src), prefix{}, prefix{}, false, 0)
	return c.lines
}

// children draws what is inside a block, the first line behind a prefix of its
// own.
func (c *canvas) children(n ast.Node, first, rest prefix, tight bool, depth int) {
	pre := first
	for k := n.FirstChild(); k != nil; k = k.NextSibling() {
		before := len(c.lines)
		if k.PreviousSibling() != nil && before > 0 && !tight && k.Kind() != ast.KindLinkReferenceDefinition {
			c.lines = append(c.lines, Line{rest.s, rest.w})
		}
		c.block(k, pre, rest, depth)
		if len(c.lines) > before {
			pre = rest
		}
	}
}

func (c *canvas) block(n ast.Node, first, rest prefix, depth int) {
	deep := depth >= deepest || c.w-rest.w < narrowest && depth > 0
	switch n := n.(type) {
	case *ast.Heading:
		f := face{c.base.tint, bold}
		if n.Level <= 2 && f.tint == asIs {
			f.tint = accent
		}
		c.text(n, f, first, rest)
	case *ast.Blockquote:
		bar := c.faint("│ ")
		was := c.base
		c.base.tint = dim
		if deep || rest.w+2 > c.w-least {
			bar = ""
		}
		c.children(n, first.plus(bar, barWidth(bar)), rest.plus(bar, barWidth(bar)), false, depth+1)
		c.base = was
	case *ast.List:
		c.list(n, first, rest, deep, depth)
	case *ast.FencedCodeBlock:
		c.fence(n, string(n.Language(c.src)), first, rest)
	case *ast.CodeBlock:
		c.plainCode(n, first, rest)
	case *ast.HTMLBlock:
		var u run
		u.add(face{tint: dim}, strings.TrimRight(string(n.Lines().Value(c.src))+closure(n, c.src), "\n"))
		c.lines = append(c.lines, u.wrap(c.pen, first, rest, c.w, false)...)
	case *ast.ThematicBreak:
		w := max(1, min(c.w-first.w, 40))
		c.lines = append(c.lines, Line{first.s + c.faint(strings.Repeat("─", w)), first.w + w})
	case *east.Table:
		c.table(n, first, rest)
	case *ast.LinkReferenceDefinition:
	default:
		c.text(n, c.base, first, rest)
	}
}

func closure(n *ast.HTMLBlock, src []byte) string {
	if !n.HasClosure() {
		return ""
	}
	return string(n.ClosureLine.Value(src))
}

func barWidth(bar string) int {
	if bar == "" {
		return 0
	}
	return 2
}

func (c *canvas) faint(s string) string {
	var b strings.Builder
	c.pen.write(&b, face{tint: faint}, s)
	return b.String()
}

func (c *canvas) text(n ast.Node, f face, first, rest prefix) {
	var u run
	c.inline(&u, n, f, 0)
	if len(u.cells) == 0 && n.Kind() != ast.KindHeading {
		return
	}
	c.lines = append(c.lines, u.wrap(c.pen, first, rest, c.w, false)...)
}

func (c *canvas) list(n *ast.List, first, rest prefix, deep bool, depth int) {
	number := n.Start
	pre := first
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		if item != n.FirstChild() && !n.IsTight {
			c.lines = append(c.lines, Line{rest.s, rest.w})
		}
		mark := "• "
		if depth%2 == 1 {
			mark = "◦ "
		}
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		w := len([]rune(mark))
		lead := pre
		if deep || max(pre.w, rest.w)+w > c.w-least {
			w = 0
		} else {
			lead = pre.plus(c.faint(mark), w)
		}
		before := len(c.lines)
		c.children(item, lead, rest.plus(strings.Repeat(" ", w), w), n.IsTight, depth+1)
		if len(c.lines) == before {
			c.lines = append(c.lines, Line{lead.s, lead.w})
		}
		pre = rest
	}
}

// fence draws a code block: a bar at its left, its language and its number above.
func (c *canvas) fence(n *ast.FencedCodeBlock, lang string, first, rest prefix) {
	if c.inside {
		c.inside = false
	} else {
		c.code++
		name := Drawable(lang)
		var u run
		u.add(face{tint: faint}, "╭ ")
		if name != "" {
			u.add(face{tint: dim}, name+" ")
			u.add(face{tint: faint}, "· ")
		}
		u.add(face{tint: faint}, fmt.Sprintf("c%d", c.code))
		head := u.wrap(c.pen, first, rest, c.w, true)
		c.lines = append(c.lines, head[0])
	}
	bar := c.faint("│ ")
	more := c.faint("┊ ")
	h := newHighlighter(lang)
	lines := n.Lines()
	for i := range lines.Len() {
		seg := lines.At(i)
		var u run
		h.line(strings.TrimRight(string(seg.Value(c.src)), "\n"), func(t tint, s string) {
			if t == asIs {
				t = c.base.tint
			}
			u.add(face{tint: t}, s)
		})
		c.lines = append(c.lines, u.wrap(c.pen, rest.plus(bar, 2), rest.plus(more, 2), c.w, true)...)
	}
	if !c.open || fenceClosed(n, c.src) {
		c.lines = append(c.lines, Line{rest.s + c.faint("╰"), rest.w + 1})
	}
}

// fenceClosed reports whether a line after the code closes it.
func fenceClosed(n *ast.FencedCodeBlock, src []byte) bool {
	var at int
	if l := n.Lines(); l.Len() > 0 {
		at = l.At(l.Len() - 1).Stop
	} else if i := bytes.IndexByte(src[max(0, n.Pos()):], '\n'); i >= 0 {
		at = max(0, n.Pos()) + i + 1
	} else {
		return false
	}
	line, _, _ := bytes.Cut(src[min(at, len(src)):], []byte("\n"))
	return bytes.Contains(line, []byte("```")) || bytes.Contains(line, []byte("~~~"))
}

func (c *canvas) plainCode(n ast.Node, first, rest prefix) {
	pre := first
	lines := n.Lines()
	for i := range lines.Len() {
		seg := lines.At(i)
		var u run
		u.add(c.base, strings.TrimRight(string(seg.Value(c.src)), "\n"))
		c.lines = append(c.lines, u.wrap(c.pen, pre.plus("  ", 2), rest.plus("  ", 2), c.w, true)...)
		pre = rest
	}
}

// inline takes the letters of a block with their faces.
func (c *canvas) inline(u *run, n ast.Node, f face, depth int) {
	if depth > 4*deepest {
		return
	}
	for k := n.FirstChild(); k != nil; k = k.NextSibling() {
		switch k := k.(type) {
		case *ast.Text:
			u.add(f, decode(k.Value(c.src), k.IsRaw()))
			if k.HardLineBreak() || k.SoftLineBreak() {
				u.newline() // lines stay as the model wrote them
			}
		case *ast.String:
			u.add(f, string(k.Value))
		case *ast.CodeSpan:
			g := f
			if g.tint == asIs {
				g.tint = accent
			}
			g.attr &^= bold
			for t := k.FirstChild(); t != nil; t = t.NextSibling() {
				if t, ok := t.(*ast.Text); ok {
					u.add(g, strings.ReplaceAll(string(t.Value(c.src)), "\n", " "))
				}
			}
		case *ast.Emphasis:
			g := f
			g.attr |= italic
			if k.Level >= 2 {
				g.attr = f.attr | bold
			}
			c.inline(u, k, g, depth+1)
		case *east.Strikethrough:
			c.inline(u, k, face{f.tint, f.attr | strike}, depth+1)
		case *ast.Link:
			at := len(u.cells)
			c.inline(u, k, face{f.tint, f.attr | under}, depth+1)
			c.address(u, at, decode(k.Destination, false))
		case *ast.Image:
			u.add(face{tint: dim}, "▣ ")
			at := len(u.cells)
			c.inline(u, k, f, depth+1)
			c.address(u, at, decode(k.Destination, false))
		case *ast.AutoLink:
			u.add(face{f.tint, f.attr | under}, string(k.URL(c.src)))
		case *ast.RawHTML:
			tag := string(k.Segments.Value(c.src))
			if strings.HasPrefix(strings.ToLower(tag), "<br") {
				u.newline()
				continue
			}
			u.add(face{tint: dim}, tag)
		case *east.TaskCheckBox:
			box := "[ ] "
			if k.IsChecked {
				box = "[x] "
			}
			u.add(face{tint: dim}, box)
		default:
			c.inline(u, k, f, depth+1)
		}
	}
}

// address writes where a link leads, unless its text says so.
func (c *canvas) address(u *run, at int, to string) {
	var said strings.Builder
	for _, l := range u.cells[at:] {
		said.WriteRune(l.r)
	}
	if to != "" && said.String() != to && "mailto:"+said.String() != to {
		u.add(face{tint: dim}, " ("+to+")")
	}
}

// decode resolves escapes and entities. What comes out is foreign text again.
func decode(b []byte, raw bool) string {
	if raw || bytes.IndexByte(b, '\\') < 0 && bytes.IndexByte(b, '&') < 0 {
		return string(b)
	}
	b = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(bytes.Clone(b))))
	return string(b)
}
