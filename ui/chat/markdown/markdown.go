// Package markdown draws the Markdown that a language model writes, while it is
// being written. A Doc splits its source at the boundaries that CommonMark makes
// final: what is finished is drawn once and kept, and only the last block is
// drawn again as it grows.
//
// The source is foreign text. It is cleaned on its way in (see Safe) and every
// piece once more when it is drawn, after entities and escapes were resolved, so
// that nothing but letters of one agreed width and the styles of this package
// reach the terminal. Links are drawn as text.
package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	gmtext "github.com/yuin/goldmark/text"

	"gatewatch/ui/theme"
)

// Look is how a Doc is drawn. Lines are drawn anew when it changes.
type Look struct {
	Theme *theme.Theme
	// W is the most cells that a line may take.
	W int
	// Quiet draws everything as text that steps back.
	Quiet bool
}

// Line is a drawn line of W cells, without trailing blanks.
type Line struct {
	S string
	W int
}

const (
	// window is how much source is looked at in one go, in bytes.
	window = 16 << 10
	// split is how long a list, code or a table may grow before it is cut in two,
	// in bytes: between items, lines and rows, where the cut is not seen. most is
	// how long anything else may grow, where it may be: what is drawn again ten
	// times a second is never longer.
	split = 4 << 10
	most  = 8 << 10
	// plainLines is how many lines of plain text make a block.
	plainLines = 64
)

// Doc is a text that grows. The zero Doc is an empty one. It is not safe for use
// by several goroutines.
type Doc struct {
	// Plain draws the source as it is.
	Plain bool

	blocks []block
	tail   []byte
	// carry are the lines that opened the code or the table in which tail goes
	// on.
	carry string
	// codes counts the code blocks of all blocks.
	codes  int
	closed bool
	refs   []parser.Reference

	drawn block // the tail as it was drawn, for its length
	at    int
}

// block is a piece of the source that will not change, and how it was drawn.
type block struct {
	src string
	// join says that it continues the block before: no blank line between them.
	join bool
	// codes is how many code blocks there are before it.
	codes int
	// open says that its code is not closed yet, or goes on in the next block.
	open, inside bool

	look  Look
	lines []Line
}

// Append adds to the text, cleaned of what could never be drawn. It only stores:
// see Settle.
func (d *Doc) Append(s string) {
	d.tail = append(d.tail, Safe(s)...)
}

// Close says that the text is whole.
func (d *Doc) Close() { d.closed = true }

// Empty reports whether there is nothing to draw.
func (d *Doc) Empty() bool { return len(d.blocks) == 0 && len(bytes.TrimSpace(d.tail)) == 0 }

// Blocks is how many blocks there are, after Settle.
func (d *Doc) Blocks() int {
	if len(d.tail) > 0 {
		return len(d.blocks) + 1
	}
	return len(d.blocks)
}

// Joined reports whether block i continues the one before it.
func (d *Doc) Joined(i int) bool {
	if i < len(d.blocks) {
		return d.blocks[i].join
	}
	return d.carry != "" || d.drawn.join
}

// Lines draws block i, or takes it from the last time.
func (d *Doc) Lines(i int, look Look) []Line {
	if i < len(d.blocks) {
		b := &d.blocks[i]
		if b.lines == nil || b.look != look {
			b.look, b.lines = look, d.draw(b, look)
		}
		return b.lines
	}
	b := &d.drawn
	if n := len(d.tail); b.lines == nil || b.look != look || d.at != n {
		d.at, b.look, b.codes, b.open, b.inside = n, look, d.codes, true, d.carry != ""
		b.src = d.carry + string(d.tail)
		b.lines = d.draw(b, look)
	}
	return b.lines
}

var md = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList)).Parser()

func (d *Doc) parse(src []byte) ast.Node {
	ctx := parser.NewContext()
	for _, r := range d.refs {
		ctx.AddReference(r)
	}
	return md.Parse(gmtext.NewReader(src), parser.WithContext(ctx))
}

// Settle moves what is final from the tail to the blocks.
func (d *Doc) Settle() {
	for len(d.tail) > 0 {
		n := len(d.tail)
		if n > window {
			n = window
			if at := bytes.LastIndexByte(d.tail[:n], '\n'); at >= 0 {
				n = at + 1
			} else {
				n = runeStart(d.tail, n)
			}
		}
		last := n == len(d.tail)
		var took int
		if d.Plain {
			took = d.settlePlain(d.tail[:n], last)
		} else {
			took = d.settle(d.tail[:n], last)
		}
		if took == 0 {
			if d.closed {
				d.tail = nil // nothing but blanks
			}
			return
		}
		d.tail = d.tail[took:]
		d.drawn = block{join: d.drawn.join}
	}
	if len(d.tail) == 0 {
		d.tail = nil
	}
}

func (d *Doc) settlePlain(win []byte, last bool) int {
	at, lines := 0, 0
	for lines < plainLines {
		i := bytes.IndexByte(win[at:], '\n')
		if i < 0 {
			break
		}
		at, lines = at+i+1, lines+1
		if at >= most {
			break
		}
	}
	switch {
	case lines == plainLines || at >= most:
	case last && d.closed, at == 0 && len(win) >= most:
		at = len(win)
	default:
		return 0
	}
	d.blocks = append(d.blocks, block{src: strings.TrimSuffix(string(win[:at]), "\n"), join: len(d.blocks) > 0})
	return at
}

// settle moves the final blocks of a window and returns how much of it they
// took, 0 when there is none.
func (d *Doc) settle(win []byte, last bool) int {
	carried := len(d.carry)
	src := win
	if carried > 0 {
		src = append([]byte(d.carry), win...)
	}
	root := d.parse(src)
	d.remember(root)
	took := 0
	add := func(to int, join, open bool, codes int) {
		b := block{
			src: strings.TrimRight(string(src[took:to]), "\n"), join: join, codes: d.codes,
			open: open, inside: took == 0 && carried > 0,
		}
		if took == 0 && carried > 0 && codes > 0 {
			codes-- // it was counted when the code began
		}
		d.codes += codes
		d.blocks = append(d.blocks, b)
		took = to
		d.drawn.join = false
	}
	join := d.carry != "" || d.drawn.join
	for c := root.FirstChild(); c != nil; c = c.NextSibling() {
		if c.NextSibling() == nil && (!last || !d.closed) {
			break
		}
		to := len(src)
		if next := c.NextSibling(); next != nil {
			to = lineStart(src, next.Pos())
		}
		if to <= took {
			continue // two blocks that begin in one line: rare, and one piece then
		}
		add(to, join, false, countCodes(c))
		join = false
	}
	if took > 0 {
		d.carry = ""
		return took - carried
	}
	if limit := limitOf(root.LastChild()); len(src) < limit && last {
		return 0
	}
	return d.force(src, root.LastChild(), join, add) - carried
}

func limitOf(b ast.Node) int {
	switch b := b.(type) {
	case *ast.List:
		if b.ChildCount() > 1 {
			return split
		}
	case *ast.FencedCodeBlock, *east.Table:
		return split
	}
	return most
}

// force cuts a block that has grown too long and returns where.
func (d *Doc) force(src []byte, b ast.Node, join bool, add func(to int, join, open bool, codes int)) int {
	carry := ""
	cut := 0
	switch b := b.(type) {
	case *ast.List:
		if it := b.LastChild(); it != nil && it != b.FirstChild() {
			cut = lineStart(src, it.Pos())
		}
	case *ast.FencedCodeBlock:
		carry, cut = carried(src, b, 1)
	case *east.Table:
		carry, cut = carried(src, b, 2)
	}
	if cut <= len(d.carry) {
		// A long line, a table, a quotation: anywhere a line or a word ends.
		carry = ""
		if cut = bytes.LastIndexByte(src, '\n') + 1; cut <= len(d.carry) {
			cut = bytes.LastIndexByte(src, ' ') + 1
		}
		if cut <= len(d.carry) {
			cut = len(src)
		}
		if limitOf(b) == split {
			carry = d.carry
		}
	}
	codes := 0
	if b != nil {
		codes = countCodes(b)
		if _, list := b.(*ast.List); list && cut < len(src) {
			codes -= countCodes(b.LastChild())
		}
	}
	add(cut, join, carry != "", max(0, codes))
	d.carry = carry
	d.drawn.join = true
	return cut
}

// carried returns the first n lines of a block that is to be cut, which the rest
// needs to be understood, and where to cut it, 0 where it has no more than those.
func carried(src []byte, b ast.Node, n int) (carry string, cut int) {
	from := lineStart(src, b.Pos())
	head := from
	for range n {
		i := bytes.IndexByte(src[head:], '\n')
		if i < 0 {
			return "", 0
		}
		head += i + 1
	}
	if cut = bytes.LastIndexByte(src, '\n') + 1; cut <= head {
		return "", 0
	}
	return string(src[from:head]), cut
}

// remember keeps the link references of a piece, for the pieces after it.
func (d *Doc) remember(root ast.Node) {
	for c := root.FirstChild(); c != nil; c = c.NextSibling() {
		if r, ok := c.(*ast.LinkReferenceDefinition); ok && len(d.refs) < 256 {
			d.refs = append(d.refs, parser.NewReference(bytes.Clone(r.Label), bytes.Clone(r.Destination), nil))
		}
	}
}

func lineStart(src []byte, at int) int {
	at = max(0, min(at, len(src)))
	return bytes.LastIndexByte(src[:at], '\n') + 1
}

func runeStart(b []byte, at int) int {
	for at > 1 && b[at]&0xC0 == 0x80 {
		at--
	}
	return at
}

func countCodes(n ast.Node) int {
	count := 0
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Kind() == ast.KindFencedCodeBlock {
			count++
		}
		return ast.WalkContinue, nil
	})
	return count
}

// Code is a code block.
type Code struct{ Lang, Text string }

// Codes returns the code blocks of a text in the order of their numbers, the
// first is number 1.
func Codes(src string) []Code {
	var out []Code
	b := []byte(Safe(src))
	_ = ast.Walk(md.Parse(gmtext.NewReader(b)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if c, ok := n.(*ast.FencedCodeBlock); ok && entering {
			out = append(out, Code{Lang: Drawable(string(c.Language(b))), Text: string(c.Lines().Value(b))})
		}
		return ast.WalkContinue, nil
	})
	return out
}
