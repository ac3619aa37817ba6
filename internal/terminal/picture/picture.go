// Package picture draws what a terminal shows, cell by cell, as an image for
// people to look at. Lines, blocks and braille are computed, so that they join
// without gaps; letters come from fonts of the system.
package picture

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/internal/terminal"
)

// Options says how a picture looks.
type Options struct {
	// CellWidth is the width of a cell in pixels, 18 if zero: a common terminal
	// at twice its size, for sharp text on dense displays. A cell is twice as
	// high as it is wide.
	CellWidth int
	// Theme has the colours that the program leaves to the terminal, [Dark] if
	// zero.
	Theme Theme
	// Cursor says whether the cursor is drawn where the program shows it.
	Cursor bool
}

const defaultCellWidth = 18

// painter draws one frame.
type painter struct {
	img    *image.RGBA
	origin image.Point // of the first cell
	glyphs *glyphs
	theme  Theme
}

// Draw returns a picture of a frame, with a margin of one cell width and
// rounded, transparent corners.
func Draw(f *terminal.Frame, fonts *Fonts, opts Options) *image.RGBA {
	if opts.CellWidth <= 0 {
		opts.CellWidth = defaultCellWidth
	}
	if opts.Theme == (Theme{}) {
		opts.Theme = Dark
	}
	// Colours that the program has set stand for the defaults of the theme.
	if f.Foreground != nil {
		opts.Theme.Foreground = opaque(f.Foreground)
	}
	if f.Background != nil {
		opts.Theme.Background = opaque(f.Background)
	}

	m := newMetrics(opts.CellWidth, fonts)
	margin := m.width
	bounds := image.Rect(0, 0, f.Cols*m.width+2*margin, f.Rows*m.height+2*margin)
	p := &painter{
		img:    image.NewRGBA(bounds),
		origin: image.Pt(margin, margin),
		glyphs: newGlyphs(fonts, m),
		theme:  opts.Theme,
	}
	drawWindow(p.img, opts.Theme, m.width/2)

	// All backgrounds come first: a slanted letter reaches over its neighbour.
	p.eachCell(f, p.background)
	p.eachCell(f, p.text)
	if opts.Cursor && f.Cursor.Visible {
		p.cursor(f)
	}
	return p.img
}

// eachCell visits the cells that hold something, wide ones once.
func (p *painter) eachCell(f *terminal.Frame, visit func(cell terminal.Cell, box image.Rectangle)) {
	for y := range f.Rows {
		for x := range f.Cols {
			if cell := f.At(x, y); cell.Width > 0 {
				visit(cell, p.box(x, y, cell.Width))
			}
		}
	}
}

// box returns the pixels of a cell that is so many columns wide.
func (p *painter) box(x, y, columns int) image.Rectangle {
	m := p.glyphs.metrics
	at := p.origin.Add(image.Pt(x*m.width, y*m.height))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(columns*m.width, m.height))}
}

func (p *painter) background(cell terminal.Cell, box image.Rectangle) {
	if cell.Bg == nil && !cell.Reverse {
		return // the window is filled with it already
	}
	_, bg := p.theme.colors(cell)
	p.fill(box, bg)
}

func (p *painter) text(cell terminal.Cell, box image.Rectangle) {
	fg, _ := p.theme.colors(cell)
	if !cell.Conceal {
		p.stamp(p.glyphs.get(cell), box.Min, fg)
	}
	p.lines(cell, box, fg)
}

// stamp draws a mask in one colour; a mask may reach over the sides of its cell.
func (p *painter) stamp(mask *image.Alpha, at image.Point, c color.RGBA) {
	if mask == nil {
		return
	}
	r := mask.Bounds().Add(at)
	draw.DrawMask(p.img, r, image.NewUniform(c), image.Point{}, mask, mask.Bounds().Min, draw.Over)
}

func (p *painter) fill(r image.Rectangle, c color.RGBA) {
	draw.Draw(p.img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// lines draws what underlines or strikes out a cell.
func (p *painter) lines(cell terminal.Cell, box image.Rectangle, fg color.RGBA) {
	m := p.glyphs.metrics
	if cell.Strikethrough {
		p.fill(p.bar(box, m.baseline-m.height/4), fg)
	}
	if cell.Underline == ansi.UnderlineNone {
		return
	}
	if cell.UnderlineColor != nil {
		fg = p.theme.resolve(cell.UnderlineColor)
	}
	under := m.baseline + 2*m.line
	bar := p.bar(box, under)
	switch cell.Underline {
	case ansi.UnderlineDouble:
		p.fill(p.bar(box, under-m.line), fg)
		p.fill(p.bar(box, under+m.line), fg)
	case ansi.UnderlineDotted, ansi.UnderlineDashed:
		dash := m.line
		if cell.Underline == ansi.UnderlineDashed {
			dash = m.width / 3
		}
		for x := bar.Min.X; x < bar.Max.X; x += 2 * dash {
			p.fill(image.Rect(x, bar.Min.Y, min(x+dash, bar.Max.X), bar.Max.Y), fg)
		}
	case ansi.UnderlineCurly:
		p.stamp(p.glyphs.wave(box.Dx()), image.Pt(box.Min.X, bar.Min.Y-m.line), fg)
	default:
		p.fill(bar, fg)
	}
}

// bar returns a line across a cell whose upper edge is y pixels below the
// cell's.
func (p *painter) bar(box image.Rectangle, y int) image.Rectangle {
	return image.Rect(box.Min.X, box.Min.Y+y, box.Max.X, box.Min.Y+y+p.glyphs.metrics.line)
}

func (p *painter) cursor(f *terminal.Frame) {
	m := p.glyphs.metrics
	cell := f.At(f.Cursor.X, f.Cursor.Y)
	box := p.box(f.Cursor.X, f.Cursor.Y, max(cell.Width, 1))
	switch f.Cursor.Shape {
	case terminal.CursorBar:
		p.fill(image.Rect(box.Min.X, box.Min.Y, box.Min.X+m.line, box.Max.Y), p.theme.Foreground)
	case terminal.CursorUnderline:
		p.fill(image.Rect(box.Min.X, box.Max.Y-m.line, box.Max.X, box.Max.Y), p.theme.Foreground)
	default:
		p.fill(box, p.theme.Foreground)
		p.stamp(p.glyphs.get(cell), box.Min, p.theme.Background)
	}
}
