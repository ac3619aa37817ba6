package picture

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// quarter is how far the control points of a cubic curve stand off its ends, in
// radii, so that it makes a quarter of a circle.
const quarter = 0.5522847498

// addRoundRect adds a rectangle with round corners to a path; one that is
// reversed cuts a hole into what it lies on.
func addRoundRect(v *vector.Rasterizer, x, y, w, h, radius float64, reversed bool) {
	type corner struct{ cx, cy, dx, dy float64 } // centre, and the unit vector to where the curve starts
	corners := []corner{
		{x + radius, y + radius, -1, 0},
		{x + w - radius, y + radius, 0, -1},
		{x + w - radius, y + h - radius, 1, 0},
		{x + radius, y + h - radius, 0, 1},
	}
	turn := func(dx, dy float64) (float64, float64) { return -dy, dx } // clockwise on a screen
	if reversed {
		corners = []corner{
			{x + radius, y + radius, 0, -1},
			{x + radius, y + h - radius, -1, 0},
			{x + w - radius, y + h - radius, 0, 1},
			{x + w - radius, y + radius, 1, 0},
		}
		turn = func(dx, dy float64) (float64, float64) { return dy, -dx }
	}
	for i, c := range corners {
		ex, ey := turn(c.dx, c.dy)
		ax, ay := c.cx+radius*c.dx, c.cy+radius*c.dy
		bx, by := c.cx+radius*ex, c.cy+radius*ey
		if i == 0 {
			v.MoveTo(float32(ax), float32(ay))
		} else {
			v.LineTo(float32(ax), float32(ay))
		}
		k := radius * quarter
		v.CubeTo(float32(ax+k*ex), float32(ay+k*ey), float32(bx+k*c.dx), float32(by+k*c.dy), float32(bx), float32(by))
	}
	v.ClosePath()
}

// drawWindow fills an image with the background of the theme inside a hairline
// with round corners.
func drawWindow(img *image.RGBA, theme Theme, radius int) {
	size := img.Bounds().Size()
	const hairline = 2
	for _, layer := range []struct {
		inset float64
		c     color.RGBA
	}{{0, theme.Border}, {hairline, theme.Background}} {
		v := vector.NewRasterizer(size.X, size.Y)
		v.DrawOp = draw.Over
		addRoundRect(v, layer.inset, layer.inset, float64(size.X)-2*layer.inset, float64(size.Y)-2*layer.inset,
			float64(radius)-layer.inset, false)
		v.Draw(img, img.Bounds(), image.NewUniform(layer.c), image.Point{})
	}
}

// wave returns one period per column of a curly underline, as wide as a cell.
func (g *glyphs) wave(width int) *image.Alpha {
	m := g.metrics
	height := 3 * m.line
	v := vector.NewRasterizer(width, height)
	y := func(x float64) float64 {
		return float64(height-m.line)/2 + float64(m.line)*0.8*math.Sin(2*math.Pi*x/float64(m.width))
	}
	v.MoveTo(0, float32(y(0)))
	for x := 1; x <= width; x++ {
		v.LineTo(float32(x), float32(y(float64(x))))
	}
	for x := width; x >= 0; x-- {
		v.LineTo(float32(x), float32(y(float64(x))+float64(m.line)))
	}
	v.ClosePath()
	mask := image.NewAlpha(v.Bounds())
	v.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	return mask
}
