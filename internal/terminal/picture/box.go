package picture

import (
	"image"

	"golang.org/x/image/vector"
)

// boxArms has four digits for each of U+2500 to U+257F, the weight of the line
// from the centre to the left, right, upper and lower edge: 0 none, 1 light, 2
// heavy, 3 double. Characters with - are drawn in their own way.
const boxArms = "" +
	"1100 2200 0011 0022 ---- ---- ---- ---- " + // 2500 ─━│┃┄┅┆┇
	"---- ---- ---- ---- 0101 0201 0102 0202 " + // 2508 ┈┉┊┋┌┍┎┏
	"1001 2001 1002 2002 0110 0210 0120 0220 " + // 2510 ┐┑┒┓└┕┖┗
	"1010 2010 1020 2020 0111 0211 0121 0112 " + // 2518 ┘┙┚┛├┝┞┟
	"0122 0221 0212 0222 1011 2011 1021 1012 " + // 2520 ┠┡┢┣┤┥┦┧
	"1022 2021 2012 2022 1101 2101 1201 2201 " + // 2528 ┨┩┪┫┬┭┮┯
	"1102 2102 1202 2202 1110 2110 1210 2210 " + // 2530 ┰┱┲┳┴┵┶┷
	"1120 2120 1220 2220 1111 2111 1211 2211 " + // 2538 ┸┹┺┻┼┽┾┿
	"1121 1112 1122 2121 1221 2112 1212 2221 " + // 2540 ╀╁╂╃╄╅╆╇
	"2212 2122 1222 2222 ---- ---- ---- ---- " + // 2548 ╈╉╊╋╌╍╎╏
	"3300 0033 0301 0103 0303 3001 1003 3003 " + // 2550 ═║╒╓╔╕╖╗
	"0310 0130 0330 3010 1030 3030 0311 0133 " + // 2558 ╘╙╚╛╜╝╞╟
	"0333 3011 1033 3033 3301 1103 3303 3310 " + // 2560 ╠╡╢╣╤╥╦╧
	"1130 3330 3311 1133 3333 ---- ---- ---- " + // 2568 ╨╩╪╫╬╭╮╯
	"---- ---- ---- ---- 1000 0010 0100 0001 " + // 2570 ╰╱╲╳╴╵╶╷
	"2000 0020 0200 0002 1200 0012 2100 0021 " //   2578 ╸╹╺╻╼╽╾╿

const (
	none = iota
	light
	heavy
	double
)

// box draws the box-drawing characters.
func (s shape) box(r rune) {
	i := int(r - 0x2500)
	switch {
	case r >= 0x256d && r <= 0x2570:
		s.arc(r == 0x256e || r == 0x256f, r == 0x256f || r == 0x2570)
	case r == 0x2571:
		s.diagonal(true)
	case r == 0x2572:
		s.diagonal(false)
	case r == 0x2573:
		other := shape{image.NewAlpha(s.Bounds()), s.metrics}
		other.diagonal(true)
		s.diagonal(false)
		for i, a := range other.Pix {
			s.Pix[i] = max(s.Pix[i], a)
		}
	case r >= 0x2504 && r <= 0x250b:
		s.dashes(3+i/8%2, light+i%2, i%4 >= 2)
	case r >= 0x254c && r <= 0x254f:
		s.dashes(2, light+i%2, i%4 >= 2)
	default:
		arms := boxArms[i*5 : i*5+4]
		s.arms(int(arms[0]-'0'), int(arms[1]-'0'), int(arms[2]-'0'), int(arms[3]-'0'))
	}
}

// span returns where a line of a weight lies across a cell of a size; a double
// line lies on both sides of a light one.
func (s shape) span(size, weight int) (lo, hi int) {
	lo = (size - weight*s.line) / 2
	return lo, lo + weight*s.line
}

// arms draws lines from the edges to the centre. A double line is a broad one
// out of which a light one is cut, so that all joints of double lines come out
// by themselves; single lines are drawn over the cut.
func (s shape) arms(left, right, up, down int) {
	s.ends(left, right, up, down, double)
	s.cores(left, right, up, down)
	s.ends(left, right, up, down, light)
	s.ends(left, right, up, down, heavy)
}

// ends draws the arms of one weight.
func (s shape) ends(left, right, up, down, weight int) {
	x0, x1 := s.reach(s.width, left, right, up, down)
	y0, y1 := s.reach(s.height, up, down, left, right)
	lo, hi := s.span(s.height, weight)
	if left == weight {
		s.fill(0, lo, x0, hi, 255)
	}
	if right == weight {
		s.fill(x1, lo, s.width, hi, 255)
	}
	lo, hi = s.span(s.width, weight)
	if up == weight {
		s.fill(lo, 0, hi, y0, 255)
	}
	if down == weight {
		s.fill(lo, y1, hi, s.height, 255)
	}
}

// reach returns where the arm from the low edge ends and where the arm to the
// high edge starts, along an axis of the given size which c1 and c2 cross.
func (s shape) reach(size, low, high, c1, c2 int) (lowEnd, highStart int) {
	cross := max(c1, c2)
	if cross == none {
		return size / 2, size / 2
	}
	lo, hi := s.span(size, cross)
	coreLo, coreHi := s.span(size, light)
	end := func(arm, opposite, far, near int) int {
		switch {
		case cross < double || arm == double:
			return far // covers the corner
		case opposite != none:
			return size / 2 // crosses both lines
		case c1 != none && c2 != none:
			return near // ends at the nearer line
		}
		return far
	}
	return end(low, high, hi, coreLo), end(high, low, lo, coreHi)
}

// cores cuts the gap into double lines.
func (s shape) cores(left, right, up, down int) {
	// The gaps of crossing double lines meet.
	gap := func(size, c1, c2 int) (lowEnd, highStart int) {
		if max(c1, c2) < double {
			return size / 2, size / 2
		}
		lo, hi := s.span(size, light)
		return hi, lo
	}
	x0, x1 := gap(s.width, up, down)
	y0, y1 := gap(s.height, left, right)
	lo, hi := s.span(s.height, light)
	if left == double {
		s.fill(0, lo, x0, hi, 0)
	}
	if right == double {
		s.fill(x1, lo, s.width, hi, 0)
	}
	lo, hi = s.span(s.width, light)
	if up == double {
		s.fill(lo, 0, hi, y0, 0)
	}
	if down == double {
		s.fill(lo, y1, hi, s.height, 0)
	}
}

// dashes draws a line of n dashes, with half a gap at each end, so that dashes
// and gaps go on evenly in the next cell.
func (s shape) dashes(n, weight int, vertical bool) {
	along, across := s.width, s.height
	if vertical {
		along, across = across, along
	}
	lo, hi := s.span(across, weight)
	for i := range n {
		start, end := part(along, i, n), part(along, i+1, n)
		gap := max((end-start)/3, 1)
		start += gap / 2
		end -= gap - gap/2
		if vertical {
			s.fill(lo, start, hi, end, 255)
		} else {
			s.fill(start, lo, end, hi, 255)
		}
	}
}

// arc draws a round corner, to the right and down unless told otherwise.
func (s shape) arc(toLeft, toUp bool) {
	x0, x1 := s.span(s.width, light)
	y0, y1 := s.span(s.height, light)
	cx, cy, t := float64(x0+x1)/2, float64(y0+y1)/2, float64(s.line)
	w, h := float64(s.width), float64(s.height)
	// A ring cut by the clip below: its centre lies in the corner that the arc
	// goes round, its line on the lines of the neighbours. One pixel is left to
	// the straight ends, since the last of the curve is no longer even.
	r := min(cx, w-cx, cy, h-cy) - 1
	ex, ey := cx+r, cy+r
	clip := image.Rect(x0, y0, int(ex), int(ey))
	if toLeft {
		ex = cx - r
		clip.Min.X, clip.Max.X = int(ex), x1
	}
	if toUp {
		ey = cy - r
		clip.Min.Y, clip.Max.Y = int(ey), y1
	}
	ring := image.NewAlpha(s.Bounds())
	v := vector.NewRasterizer(s.width, s.height)
	outer, inner := r+t/2, r-t/2
	addRoundRect(v, ex-outer, ey-outer, 2*outer, 2*outer, outer, false)
	addRoundRect(v, ex-inner, ey-inner, 2*inner, 2*inner, inner, true)
	v.Draw(ring, ring.Bounds(), image.Opaque, image.Point{})
	for y := clip.Min.Y; y < clip.Max.Y; y++ {
		copy(s.Pix[s.PixOffset(clip.Min.X, y):s.PixOffset(clip.Max.X, y)],
			ring.Pix[ring.PixOffset(clip.Min.X, y):ring.PixOffset(clip.Max.X, y)])
	}
	// Straight lines go on from the ends of the curve to the edges.
	if toLeft {
		s.fill(0, y0, int(ex), y1, 255)
	} else {
		s.fill(int(ex), y0, s.width, y1, 255)
	}
	if toUp {
		s.fill(x0, 0, x1, int(ey), 255)
	} else {
		s.fill(x0, int(ey), x1, s.height, 255)
	}
}
