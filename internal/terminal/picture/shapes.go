package picture

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// shape is a mask exactly the size of a cell, in which lines reach the edges at
// the same pixels in every cell.
type shape struct {
	*image.Alpha
	metrics
}

// drawShape returns the mask of a character that is made of lines, blocks or
// dots, and nil for any other.
func drawShape(r rune, m metrics) *image.Alpha {
	s := shape{image.NewAlpha(image.Rect(0, 0, m.width, m.height)), m}
	switch {
	case r >= 0x2500 && r <= 0x257f:
		s.box(r)
	case r >= 0x2580 && r <= 0x259f:
		s.block(r)
	case r >= 0x2800 && r <= 0x28ff:
		s.braille(r)
	default:
		return nil
	}
	return s.Alpha
}

// fill sets a rectangle to a coverage, 255 for full and 0 to clear.
func (s shape) fill(x0, y0, x1, y1 int, coverage uint8) {
	r := image.Rect(x0, y0, x1, y1).Intersect(s.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			s.SetAlpha(x, y, color.Alpha{A: coverage})
		}
	}
}

// part returns n parts of size, rounded so that complements add up.
func part(size, n, of int) int { return (2*size*n + of) / (2 * of) }

// block draws the block elements.
func (s shape) block(r rune) {
	w, h := s.width, s.height
	switch {
	case r == 0x2580: // ▀
		s.fill(0, 0, w, part(h, 4, 8), 255)
	case r <= 0x2588: // ▁ to █
		s.fill(0, h-part(h, int(r-0x2580), 8), w, h, 255)
	case r <= 0x258f: // ▉ to ▏
		s.fill(0, 0, part(w, int(0x2590-r), 8), h, 255)
	case r == 0x2590: // ▐
		s.fill(part(w, 4, 8), 0, w, h, 255)
	case r <= 0x2593: // ░▒▓ as even tints: a dot pattern would flicker when the picture is scaled
		s.fill(0, 0, w, h, uint8(64*(r-0x2590)))
	case r == 0x2594: // ▔
		s.fill(0, 0, w, part(h, 1, 8), 255)
	case r == 0x2595: // ▕
		s.fill(w-part(w, 1, 8), 0, w, h, 255)
	default:
		s.quadrants(quadrants[r-0x2596])
	}
}

// quadrants of U+2596 to U+259F: 1 upper left, 2 upper right, 4 lower left, 8
// lower right.
var quadrants = [10]int{4, 8, 1, 13, 9, 7, 11, 2, 6, 14}

func (s shape) quadrants(set int) {
	x, y := part(s.width, 1, 2), part(s.height, 1, 2)
	for bit, r := range []image.Rectangle{
		image.Rect(0, 0, x, y), image.Rect(x, 0, s.width, y),
		image.Rect(0, y, x, s.height), image.Rect(x, y, s.width, s.height),
	} {
		if set&(1<<bit) != 0 {
			s.fill(r.Min.X, r.Min.Y, r.Max.X, r.Max.Y, 255)
		}
	}
}

// brailleDots has the place of each of the eight dots, in bit order, as column
// and row of a grid of 2 × 4.
var brailleDots = [8][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}}

// braille spaces its dots evenly across cells, so that a chart drawn with them
// has no seams, and makes them large enough to be seen as a line.
func (s shape) braille(r rune) {
	v := vector.NewRasterizer(s.width, s.height)
	stepX, stepY := float64(s.width)/2, float64(s.height)/4
	d := min(stepX, stepY) * 0.74
	for bit, at := range brailleDots {
		if int(r)&(1<<bit) == 0 {
			continue
		}
		x, y := (float64(at[0])+0.5)*stepX, (float64(at[1])+0.5)*stepY
		addRoundRect(v, x-d/2, y-d/2, d, d, d/2, false)
	}
	v.Draw(s.Alpha, s.Bounds(), image.Opaque, image.Point{})
}

// diagonal draws a line from corner to corner; it sticks out at the ends, so
// that it joins the next one.
func (s shape) diagonal(rising bool) {
	w, h := float64(s.width), float64(s.height)
	length := math.Hypot(w, h)
	dx, dy := w/length, h/length
	x0, y0, x1, y1 := -dx, -dy, w+dx, h+dy
	if rising {
		y0, y1, dy = h+dy, -dy, -dy
	}
	half := float64(s.line) / 2
	nx, ny := -dy*half, dx*half
	v := vector.NewRasterizer(s.width, s.height)
	v.MoveTo(float32(x0+nx), float32(y0+ny))
	v.LineTo(float32(x1+nx), float32(y1+ny))
	v.LineTo(float32(x1-nx), float32(y1-ny))
	v.LineTo(float32(x0-nx), float32(y0-ny))
	v.ClosePath()
	v.Draw(s.Alpha, s.Bounds(), image.Opaque, image.Point{})
}
