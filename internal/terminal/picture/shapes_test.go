package picture

import (
	"bytes"
	"image"
	"strings"
	"testing"
)

// testSizes are metrics of which some do not divide evenly.
var testSizes = []metrics{
	{width: 18, height: 36, line: 2},
	{width: 9, height: 18, line: 1},
	{width: 13, height: 27, line: 2},
	{width: 20, height: 41, line: 3},
}

// edges of a cell at which lines must meet.
const (
	leftEdge = iota
	rightEdge
	upperEdge
	lowerEdge
)

func edge(mask *image.Alpha, which int) []byte {
	b := mask.Bounds()
	switch which {
	case upperEdge:
		b.Max.Y = 1
	case lowerEdge:
		b.Min.Y = b.Max.Y - 1
	case leftEdge:
		b.Max.X = 1
	case rightEdge:
		b.Min.X = b.Max.X - 1
	}
	var out []byte
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out = append(out, mask.AlphaAt(x, y).A)
		}
	}
	return out
}

func TestBoxLinesJoin(t *testing.T) {
	rounded := map[rune]string{'╭': "0101", '╮': "1001", '╯': "1010", '╰': "0110"}
	straight := map[string]rune{"1000": '─', "2000": '━', "3000": '═', "0010": '│', "0020": '┃', "0030": '║'}
	for _, m := range testSizes {
		for r := rune(0x2500); r <= 0x257f; r++ {
			i := int(r-0x2500) * 5
			arms := boxArms[i : i+4]
			if rounded[r] != "" {
				arms = rounded[r]
			}
			if arms == "----" {
				continue
			}
			mask := drawShape(r, m)
			for side := range 4 {
				got := edge(mask, side)
				if arms[side] == '0' {
					if bytes.Count(got, []byte{0}) != len(got) {
						t.Errorf("%c at %d×%d touches edge %d", r, m.width, m.height, side)
					}
					continue
				}
				key := string(arms[side]) + "000"
				if side >= upperEdge {
					key = "00" + string(arms[side]) + "0"
				}
				if want := edge(drawShape(straight[key], m), side); !bytes.Equal(got, want) {
					t.Errorf("%c at %d×%d meets edge %d with % x, a straight line with % x", r, m.width, m.height, side, got, want)
				}
			}
		}
	}
}

func TestJointsOfDoubleLines(t *testing.T) {
	for r, want := range map[rune]string{
		'╬': `
...#.#...
...#.#...
...#.#...
####.####
.........
####.####
...#.#...
...#.#...
...#.#...`,
		'╔': `
.........
.........
.........
...######
...#.....
...#.####
...#.#...
...#.#...
...#.#...`,
		'╤': `
.........
.........
.........
#########
.........
#########
....#....
....#....
....#....`,
		'╫': `
...#.#...
...#.#...
...#.#...
...#.#...
#########
...#.#...
...#.#...
...#.#...
...#.#...`,
		'╢': `
...#.#...
...#.#...
...#.#...
...#.#...
####.#...
...#.#...
...#.#...
...#.#...
...#.#...`,
		'╒': `
.........
.........
.........
....#####
....#....
....#####
....#....
....#....
....#....`,
	} {
		if got := art(drawShape(r, metrics{width: 9, height: 9, line: 1})); got != want {
			t.Errorf("%c is drawn as%s", r, got)
		}
	}
}

func art(mask *image.Alpha) string {
	var b strings.Builder
	for y := range mask.Bounds().Dy() {
		b.WriteByte('\n')
		for x := range mask.Bounds().Dx() {
			b.WriteByte(".#"[mask.AlphaAt(x, y).A/255])
		}
	}
	return b.String()
}

func TestDashesGoOnInTheNextCell(t *testing.T) {
	for r, dashes := range map[rune]int{'┄': 3, '┅': 3, '┈': 4, '┉': 4, '╌': 2, '╍': 2} {
		m := testSizes[0]
		mask := drawShape(r, m)
		row, starts, before := m.height/2, 0, uint8(0)
		for x := range m.width {
			a := mask.AlphaAt(x, row).A
			if a > before {
				starts++
			}
			before = a
		}
		if starts != dashes {
			t.Errorf("%c has %d dashes, want %d", r, starts, dashes)
		}
		if mask.AlphaAt(m.width-1, row).A != 0 {
			t.Errorf("%c touches the next cell", r)
		}
	}
}

func TestBlocksFillTheCellWithoutGaps(t *testing.T) {
	for _, m := range testSizes {
		full := drawShape('█', m)
		if n := bytes.Count(full.Pix, []byte{255}); n != m.width*m.height {
			t.Errorf("█ fills %d pixels of %d×%d", n, m.width, m.height)
		}
		for _, parts := range []string{"▘▝▖▗", "▛▗", "▜▖", "▙▝", "▟▘", "▚▞", "▀▖▗", "▌▝▗"} {
			var sum []byte
			for _, r := range parts {
				pix := drawShape(r, m).Pix
				if sum == nil {
					sum = bytes.Clone(pix)
					continue
				}
				for i, a := range pix {
					if sum[i] != 0 && a != 0 {
						t.Fatalf("%s overlap at %d×%d", parts, m.width, m.height)
					}
					sum[i] += a
				}
			}
			if !bytes.Equal(sum, full.Pix) {
				t.Errorf("%s do not fill %d×%d", parts, m.width, m.height)
			}
		}
		for _, scale := range []string{"▁▂▃▄▅▆▇█", "▏▎▍▌▋▊▉█", "░▒▓█"} {
			before := 0
			for _, r := range scale {
				ink := 0
				for _, a := range drawShape(r, m).Pix {
					ink += int(a)
				}
				if ink <= before {
					t.Errorf("%c at %d×%d is not more than the one before it", r, m.width, m.height)
				}
				before = ink
			}
		}
	}
}

func TestEachBrailleDotHasItsPlace(t *testing.T) {
	m := testSizes[0]
	for bit, at := range brailleDots {
		mask := drawShape(rune(0x2800+1<<bit), m)
		place := image.Rect(at[0]*m.width/2, at[1]*m.height/4, (at[0]+1)*m.width/2, (at[1]+1)*m.height/4)
		for y := range m.height {
			for x := range m.width {
				inside := image.Pt(x, y).In(place)
				if a := mask.AlphaAt(x, y).A; a != 0 && !inside {
					t.Fatalf("dot %d is at %d,%d", bit+1, x, y)
				}
			}
		}
		if centre := place.Min.Add(place.Size().Div(2)); mask.AlphaAt(centre.X, centre.Y).A != 255 {
			t.Errorf("dot %d is not at %v", bit+1, centre)
		}
	}
	if n := bytes.Count(drawShape('⠀', m).Pix, []byte{0}); n != m.width*m.height {
		t.Error("the blank pattern is not blank")
	}
}
