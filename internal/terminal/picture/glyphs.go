package picture

import (
	"image"
	"math"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"gatewatch/internal/terminal"
)

// metrics are the measures of a cell in pixels.
type metrics struct {
	width, height int
	line          int     // thickness of a light line
	em            float64 // size of the monospaced font, so that a letter is one cell wide
	baseline      int     // from the top
	middle        float64 // of a capital letter, from the top
}

func newMetrics(cellWidth int, fonts *Fonts) metrics {
	var buf sfnt.Buffer
	em := fixed.I(1000)
	advance, capHeight, ascent, descent := 0.6, 0.73, 0.93, 0.24 // of most monospaced fonts
	if i, err := fonts.regular.GlyphIndex(&buf, 'M'); err == nil && i != 0 {
		if a, err := fonts.regular.GlyphAdvance(&buf, i, em, 0); err == nil {
			advance = float64(a) / float64(em)
		}
	}
	if got, err := fonts.regular.Metrics(&buf, em, 0); err == nil {
		ascent, descent = float64(got.Ascent)/float64(em), float64(got.Descent)/float64(em)
		if got.CapHeight > 0 {
			capHeight = float64(got.CapHeight) / float64(em)
		}
	}
	m := metrics{width: cellWidth, height: 2 * cellWidth, line: max(1, (cellWidth+4)/9)}
	m.em = float64(cellWidth) / advance
	m.baseline = int(math.Round((float64(m.height)-(ascent+descent)*m.em)/2 + ascent*m.em))
	m.middle = float64(m.baseline) - capHeight*m.em/2
	return m
}

// glyphs draws what stands in a cell as a mask, each only once.
type glyphs struct {
	fonts   *Fonts
	metrics metrics
	cache   map[glyphKey]*image.Alpha
	buf     sfnt.Buffer
}

type glyphKey struct {
	text         string
	width        int
	bold, italic bool
}

func newGlyphs(fonts *Fonts, m metrics) *glyphs {
	return &glyphs{fonts: fonts, metrics: m, cache: map[glyphKey]*image.Alpha{}}
}

// get returns the mask of a cell's text with the cell's top left at 0,0, and nil
// for a blank.
func (g *glyphs) get(cell terminal.Cell) *image.Alpha {
	if cell.Text == " " || cell.Text == "" {
		return nil
	}
	key := glyphKey{cell.Text, cell.Width, cell.Bold, cell.Italic}
	mask, ok := g.cache[key]
	if !ok {
		mask = g.draw(key)
		g.cache[key] = mask
	}
	return mask
}

func (g *glyphs) draw(key glyphKey) *image.Alpha {
	first, size := utf8.DecodeRuneInString(key.text)
	if key.width == 1 && size == len(key.text) {
		if mask := drawShape(first, g.metrics); mask != nil {
			return mask
		}
	}
	c := newCanvas(key.width*g.metrics.width, g.metrics)
	drawn := false
	for _, r := range key.text {
		// A wide cluster is one picture: what follows its first character only
		// varies it. On a letter, each further mark goes over the same place.
		if drawn && (key.width > 1 || !unicode.IsMark(r)) {
			break
		}
		drawn = g.letter(c, r, key) || drawn
	}
	if !drawn {
		c.placeholder()
	}
	return c.mask()
}

// ideograph is the size of an ideograph as a share of its two cells: larger
// than that of the letters beside it, for its strokes, with air to the next.
const ideograph = 0.93

// letter draws one character and reports whether some font has it.
func (g *glyphs) letter(c *canvas, r rune, key glyphKey) bool {
	f, m := g.fonts, g.metrics
	mono, cjk := f.regular, f.cjk
	if key.bold && f.bold != nil {
		mono = f.bold
	}
	if key.bold && f.cjkBold != nil {
		cjk = f.cjkBold
	}
	slant := 0.0
	if key.italic {
		slant = 0.2
	}
	cellWidth := float64(key.width * m.width)

	if key.width == 1 {
		if o, ok := g.outline(mono, r, m.em); ok {
			c.add(o, 0, float64(m.baseline), slant)
			return true
		}
	} else if o, ok := g.outline(cjk, r, cellWidth*ideograph); ok {
		// The square that an ideograph is drawn in goes from 0.12 em below the
		// baseline to 0.88 em above it.
		em := cellWidth * ideograph
		c.add(o, (cellWidth-em)/2, m.middle+0.38*em, slant)
		return true
	}
	for _, font := range []*sfnt.Font{f.symbols, cjk, mono} {
		o, ok := g.outline(font, r, m.em)
		if !ok {
			continue
		}
		// Letters keep the size they have, pictures fill their cells.
		minX, minY, maxX, maxY := o.bounds()
		scale := min(cellWidth*0.96/(maxX-minX), float64(m.height)*0.84/(maxY-minY))
		if key.width == 1 {
			scale = min(scale, 1)
		}
		o.scale(scale)
		c.add(o, cellWidth/2-scale*(minX+maxX)/2, m.middle-scale*(minY+maxY)/2, 0)
		return true
	}
	return false
}

// outline returns the outline of a character, em pixels to the em, with its
// origin on the baseline, and whether the font has it. That of a space is empty.
func (g *glyphs) outline(font *sfnt.Font, r rune, em float64) (outline, bool) {
	if font == nil {
		return nil, false
	}
	i, err := font.GlyphIndex(&g.buf, r)
	if err != nil || i == 0 {
		return nil, false
	}
	units := fixed.I(int(font.UnitsPerEm()))
	segments, err := font.LoadGlyph(&g.buf, i, units, nil)
	if err != nil {
		return nil, false
	}
	o := make(outline, len(segments))
	scale := em / float64(units)
	for i, s := range segments {
		o[i].op = s.Op
		for j, p := range s.Args {
			o[i].points[j] = point{float64(p.X) * scale, float64(p.Y) * scale}
		}
	}
	return o, true
}

type point struct{ x, y float64 }

type segment struct {
	op     sfnt.SegmentOp
	points [3]point
}

// used returns the points that the segment has.
func (s *segment) used() []point {
	switch s.op {
	case sfnt.SegmentOpQuadTo:
		return s.points[:2]
	case sfnt.SegmentOpCubeTo:
		return s.points[:3]
	}
	return s.points[:1]
}

type outline []segment

func (o outline) bounds() (minX, minY, maxX, maxY float64) {
	minX, minY, maxX, maxY = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for i := range o {
		for _, p := range o[i].used() {
			minX, minY = min(minX, p.x), min(minY, p.y)
			maxX, maxY = max(maxX, p.x), max(maxY, p.y)
		}
	}
	return minX, minY, maxX, maxY
}

func (o outline) scale(by float64) {
	for i := range o {
		for j := range o[i].points {
			o[i].points[j].x *= by
			o[i].points[j].y *= by
		}
	}
}

// canvas collects outlines. It is wider than the cell by a border on each side.
type canvas struct {
	metrics metrics
	width   int // of the cell
	border  int
	raster  *vector.Rasterizer
}

func newCanvas(width int, m metrics) *canvas {
	border := m.width / 3
	return &canvas{m, width, border, vector.NewRasterizer(width+2*border, m.height)}
}

// add puts an outline with its origin at x,y of the cell, leaning to the right
// by slant pixels per pixel of height.
func (c *canvas) add(o outline, x, y, slant float64) {
	at := func(p point) (float32, float32) {
		// The slant turns about the middle of the lower-case letters.
		lean := -slant * (p.y + c.metrics.em/4)
		return float32(x + p.x + lean + float64(c.border)), float32(y + p.y)
	}
	for _, s := range o {
		ax, ay := at(s.points[0])
		switch s.op {
		case sfnt.SegmentOpMoveTo:
			c.raster.ClosePath()
			c.raster.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			c.raster.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			bx, by := at(s.points[1])
			c.raster.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			bx, by := at(s.points[1])
			dx, dy := at(s.points[2])
			c.raster.CubeTo(ax, ay, bx, by, dx, dy)
		}
	}
	c.raster.ClosePath()
}

// placeholder draws a rounded box, for a character that no font has.
func (c *canvas) placeholder() {
	h := float64(c.metrics.height)
	x, y := float64(c.border)+float64(c.width)*0.12, h*0.2
	w, line := float64(c.width)*0.76, float64(c.metrics.line)
	addRoundRect(c.raster, x, y, w, h*0.6, h*0.1, false)
	addRoundRect(c.raster, x+line, y+line, w-2*line, h*0.6-2*line, h*0.1-line, true)
}

func (c *canvas) mask() *image.Alpha {
	mask := image.NewAlpha(c.raster.Bounds())
	c.raster.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	mask.Rect = mask.Rect.Sub(image.Pt(c.border, 0))
	return mask
}
