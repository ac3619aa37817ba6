package picture

import (
	"image"
	"image/color"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/internal/terminal"
)

// frame returns one row of cells.
func frame(cells ...terminal.Cell) *terminal.Frame {
	f := &terminal.Frame{Rows: 1}
	for _, c := range cells {
		f.Cells = append(f.Cells, c)
		for range c.Width - 1 {
			second := c
			second.Text, second.Width = "", 0
			f.Cells = append(f.Cells, second)
		}
	}
	f.Cols = len(f.Cells)
	return f
}

// cellOf returns the pixels of one column of a picture of one row.
func cellOf(x int) image.Rectangle {
	const w = defaultCellWidth
	return image.Rect(w+x*w, w, w+(x+1)*w, w+2*w)
}

// count returns how many pixels of a rectangle have a colour.
func count(img *image.RGBA, r image.Rectangle, c color.RGBA) int {
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if img.RGBAAt(x, y) == c {
				n++
			}
		}
	}
	return n
}

const cellArea = defaultCellWidth * 2 * defaultCellWidth

func TestColours(t *testing.T) {
	blank := terminal.Cell{Text: " ", Width: 1}
	cell := func(change func(*terminal.Cell)) terminal.Cell {
		c := blank
		change(&c)
		return c
	}
	red := color.RGBA{R: 200, A: 255}
	for name, c := range map[string]struct {
		cell terminal.Cell
		want color.RGBA
	}{
		"default":           {blank, Dark.Background},
		"one of 16":         {cell(func(c *terminal.Cell) { c.Bg = ansi.Green }), Dark.Palette[2]},
		"bright one of 16":  {cell(func(c *terminal.Cell) { c.Bg = ansi.BrightWhite }), Dark.Palette[15]},
		"one of 16 by 256":  {cell(func(c *terminal.Cell) { c.Bg = ansi.IndexedColor(9) }), Dark.Palette[9]},
		"one of 256":        {cell(func(c *terminal.Cell) { c.Bg = ansi.IndexedColor(16) }), color.RGBA{A: 255}},
		"true colour":       {cell(func(c *terminal.Cell) { c.Bg = red }), red},
		"reverse":           {cell(func(c *terminal.Cell) { c.Reverse = true }), Dark.Foreground},
		"reverse of colour": {cell(func(c *terminal.Cell) { c.Fg, c.Reverse = red, true }), red},
		"full block":        {cell(func(c *terminal.Cell) { c.Text, c.Fg = "█", red }), red},
		"faint block":       {cell(func(c *terminal.Cell) { c.Text, c.Faint = "█", true }), mix(Dark.Foreground, Dark.Background, 0.55)},
		"concealed block":   {cell(func(c *terminal.Cell) { c.Text, c.Conceal = "█", true }), Dark.Background},
	} {
		img := Draw(frame(c.cell), testFonts(t), Options{})
		if n := count(img, cellOf(0), c.want); n != cellArea {
			t.Errorf("%s: %d of %d pixels are %v", name, n, cellArea, c.want)
		}
	}
}

func TestSizeAndCorners(t *testing.T) {
	f := frame(terminal.Cell{Text: "a", Width: 1}, terminal.Cell{Text: "b", Width: 1})
	img := Draw(f, testFonts(t), Options{CellWidth: 10, Theme: Light})
	if got, want := img.Bounds(), image.Rect(0, 0, 40, 40); got != want {
		t.Errorf("the picture is %v, want %v", got, want)
	}
	if a := img.RGBAAt(0, 0).A; a != 0 {
		t.Errorf("the corner has opacity %d", a)
	}
	if c := img.RGBAAt(5, 20); c != Light.Background {
		t.Errorf("the margin is %v", c)
	}
}

func TestColoursThatTheProgramSetAreTheDefaults(t *testing.T) {
	f := frame(terminal.Cell{Text: " ", Width: 1})
	navy := color.RGBA{B: 80, A: 255}
	f.Background = navy
	img := Draw(f, testFonts(t), Options{})
	if n := count(img, cellOf(0), navy); n != cellArea {
		t.Errorf("%d pixels are the program's background", n)
	}
}

func TestLettersStayInTheirCells(t *testing.T) {
	for _, text := range []string{"M", "g", "|", "é", "e\u0301", "中", "?"} {
		width := ansi.StringWidth(text)
		for _, bold := range []bool{false, true} {
			f := frame(terminal.Cell{Text: " ", Width: 1}, terminal.Cell{Text: text, Width: width, Bold: bold}, terminal.Cell{Text: " ", Width: 1})
			img := Draw(f, testFonts(t), Options{})
			for _, x := range []int{0, width + 1} {
				if n := count(img, cellOf(x), Dark.Background); n != cellArea {
					t.Errorf("%q (bold: %t) reaches into column %d", text, bold, x)
				}
			}
			letter := cellOf(1)
			letter.Max.X += (width - 1) * defaultCellWidth
			if n := count(img, letter, Dark.Background); n == width*cellArea {
				t.Errorf("%q (bold: %t) is not drawn", text, bold)
			}
		}
	}
}

func TestAttributesShow(t *testing.T) {
	plain := terminal.Cell{Text: "n", Width: 1}
	seen := map[string]string{string(Draw(frame(plain), testFonts(t), Options{}).Pix): "plain"}
	for name, change := range map[string]func(*terminal.Cell){
		"bold":             func(c *terminal.Cell) { c.Bold = true },
		"italic":           func(c *terminal.Cell) { c.Italic = true },
		"strikethrough":    func(c *terminal.Cell) { c.Strikethrough = true },
		"underline":        func(c *terminal.Cell) { c.Underline = ansi.UnderlineSingle },
		"double underline": func(c *terminal.Cell) { c.Underline = ansi.UnderlineDouble },
		"curly underline":  func(c *terminal.Cell) { c.Underline = ansi.UnderlineCurly },
		"dotted underline": func(c *terminal.Cell) { c.Underline = ansi.UnderlineDotted },
		"dashed underline": func(c *terminal.Cell) { c.Underline = ansi.UnderlineDashed },
		"red underline":    func(c *terminal.Cell) { c.Underline, c.UnderlineColor = ansi.UnderlineSingle, ansi.Red },
	} {
		c := plain
		change(&c)
		pix := string(Draw(frame(c), testFonts(t), Options{}).Pix)
		if same := seen[pix]; same != "" {
			t.Errorf("%s looks like %s", name, same)
		}
		seen[pix] = name
	}
}

func TestCursor(t *testing.T) {
	for _, c := range []struct {
		name   string
		cursor terminal.Cursor
		want   int // pixels in the colour of the cursor
	}{
		{"hidden", terminal.Cursor{X: 1}, 0},
		{"block", terminal.Cursor{X: 1, Visible: true}, cellArea},
		{"bar", terminal.Cursor{X: 1, Visible: true, Shape: terminal.CursorBar}, 2 * 2 * defaultCellWidth},
		{"underline", terminal.Cursor{X: 1, Visible: true, Shape: terminal.CursorUnderline}, 2 * defaultCellWidth},
	} {
		f := frame(terminal.Cell{Text: " ", Width: 1}, terminal.Cell{Text: " ", Width: 1})
		f.Cursor = c.cursor
		if n := count(Draw(f, testFonts(t), Options{Cursor: true}), cellOf(1), Dark.Foreground); n != c.want {
			t.Errorf("%s: %d pixels, want %d", c.name, n, c.want)
		}
		if n := count(Draw(f, testFonts(t), Options{}), cellOf(1), Dark.Foreground); n != 0 {
			t.Errorf("%s: a cursor nobody asked for has %d pixels", c.name, n)
		}
	}
}
