package picture

import (
	"image/color"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/internal/terminal"
)

// Theme has the colours that a program leaves to the terminal.
type Theme struct {
	Foreground, Background color.RGBA
	// Border is the hairline round the window.
	Border color.RGBA
	// Palette has the 16 colours: black, red, green, yellow, blue, magenta,
	// cyan, white, then the bright ones in the same order.
	Palette [16]color.RGBA
}

// Dark and Light are the themes to choose from.
var (
	Dark = Theme{
		Foreground: rgb(0xd5d9e0), Background: rgb(0x12151c), Border: rgb(0x2c313c),
		Palette: [16]color.RGBA{
			rgb(0x282d38), rgb(0xf07178), rgb(0x8fcf7e), rgb(0xe6c068), rgb(0x74a8f7), rgb(0xc792ea), rgb(0x6fd0d6), rgb(0xc3c9d4),
			rgb(0x626b7d), rgb(0xff8b92), rgb(0xaee69c), rgb(0xffd98a), rgb(0x9ac2ff), rgb(0xdcb1fa), rgb(0x94e6ea), rgb(0xf4f6fa),
		},
	}
	Light = Theme{
		Foreground: rgb(0x24292f), Background: rgb(0xfcfcfa), Border: rgb(0xd4d8dd),
		Palette: [16]color.RGBA{
			rgb(0x24292f), rgb(0xc4292f), rgb(0x1a7f37), rgb(0x9a6700), rgb(0x0a62c9), rgb(0x8250df), rgb(0x11717d), rgb(0x6e7781),
			rgb(0x57606a), rgb(0xa40e26), rgb(0x2da44e), rgb(0xbf8700), rgb(0x218bff), rgb(0xa475f9), rgb(0x3192aa), rgb(0xdfe3e8),
		},
	}
)

func rgb(hex uint32) color.RGBA {
	return color.RGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

// opaque converts a colour of the terminal, which has no transparency.
func opaque(c color.Color) color.RGBA {
	r, g, b, _ := c.RGBA()
	return color.RGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 0xff}
}

// resolve returns the colour that the theme has for one of the 16, and any other
// colour as it is.
func (t *Theme) resolve(c color.Color) color.RGBA {
	switch c := c.(type) {
	case ansi.BasicColor:
		return t.Palette[c%16]
	case ansi.IndexedColor:
		if c < 16 {
			return t.Palette[c]
		}
	}
	return opaque(c)
}

// colors returns the colours in which a cell is drawn.
func (t *Theme) colors(cell terminal.Cell) (fg, bg color.RGBA) {
	fg, bg = t.Foreground, t.Background
	if cell.Fg != nil {
		fg = t.resolve(cell.Fg)
	}
	if cell.Bg != nil {
		bg = t.resolve(cell.Bg)
	}
	if cell.Faint {
		fg = mix(fg, bg, 0.55)
	}
	if cell.Reverse {
		fg, bg = bg, fg
	}
	return fg, bg
}

// mix returns the given share of a with the rest of b.
func mix(a, b color.RGBA, share float64) color.RGBA {
	part := func(a, b uint8) uint8 { return uint8(float64(a)*share + float64(b)*(1-share) + 0.5) }
	return color.RGBA{R: part(a.R, b.R), G: part(a.G, b.G), B: part(a.B, b.B), A: 0xff}
}
