// Package theme holds the colours of the screen. A colour always has a meaning
// and never carries it alone: whatever is coloured is also said in words or
// marked with a sign.
package theme

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
)

// Style is a style whose escape sequences were made once: joining strings is
// all that drawing costs.
type Style struct{ on, off string }

func newStyle(s lipgloss.Style) Style {
	on, off, _ := strings.Cut(s.Render("\x00"), "\x00")
	return Style{on, off}
}

// Text draws s, which must hold no newline, in the style.
func (st Style) Text(s string) string {
	if s == "" || st.on == "" {
		return s
	}
	return st.on + s + st.off
}

// Theme is a set of styles by their meaning.
type Theme struct {
	Name string
	// Plain is ordinary text, Dim what steps back, Faint what is hardly there,
	// Strong what is read first.
	Plain, Dim, Faint, Strong Style
	// Good, Warn and Bad judge; Focus marks where the keys go; Money is an amount.
	Good, Warn, Bad, Focus, Money Style
	// Border is a pane's frame, BorderFocus that of the pane with the focus, Title
	// and TitleFocus their titles.
	Border, BorderFocus, Title, TitleFocus Style
	// Selected is the row under the cursor, Key a key's name in the footer.
	Selected, Key Style
	// Alert is the line that must be seen, Frozen the banner over old data.
	Alert, Frozen Style
	// Heat are the steps of the spend chart, from its foot to its top.
	Heat []Style
	// Bar is a bar of shares.
	Bar Style

	palette palette
}

// palette are the colours that a theme is made of. nil leaves the terminal's
// own.
type palette struct {
	text, dim, faint, strong       color.Color
	good, warn, bad, accent, money color.Color
	border, selected               color.Color
	heat                           []color.Color
}

func hex(s string) color.Color { return lipgloss.Color(s) }

func hexes(s ...string) []color.Color {
	out := make([]color.Color, len(s))
	for i := range s {
		out[i] = hex(s[i])
	}
	return out
}

var dark = palette{
	text: hex("#c8d0e0"), dim: hex("#7d879c"), faint: hex("#4a5266"), strong: hex("#f2f5fa"),
	good: hex("#8ecf7e"), warn: hex("#e6b450"), bad: hex("#f2777a"), accent: hex("#6cb6eb"), money: hex("#f2f5fa"),
	border: hex("#3b4356"), selected: hex("#2b3346"),
	heat: hexes("#3d8f86", "#4aa88f", "#6cbf84", "#9fcc70", "#d3c35f", "#e8a254", "#ec7d5f"),
}

var light = palette{
	text: hex("#2e3440"), dim: hex("#6b7486"), faint: hex("#a9b1c0"), strong: hex("#0b0f17"),
	good: hex("#2f7d32"), warn: hex("#9a6700"), bad: hex("#c0272d"), accent: hex("#0b62a8"), money: hex("#0b0f17"),
	border: hex("#b9c1cf"), selected: hex("#dfe7f2"),
	heat: hexes("#2a7f78", "#2f8f77", "#3d9a63", "#6f9c3f", "#a3922d", "#c07528", "#c0522f"),
}

// ansi16 keeps to the terminal's own sixteen colours, whatever they are.
var ansi16 = palette{
	dim: lipgloss.BrightBlack, faint: lipgloss.BrightBlack,
	good: lipgloss.Green, warn: lipgloss.Yellow, bad: lipgloss.Red, accent: lipgloss.Cyan,
	border: lipgloss.BrightBlack,
	heat:   []color.Color{lipgloss.Cyan, lipgloss.Green, lipgloss.Green, lipgloss.Yellow, lipgloss.Yellow, lipgloss.Red},
}

// Names lists the themes that can be chosen. "auto" follows the terminal's
// background.
func Names() []string { return []string{"auto", "dark", "light", "terminal", "mono"} }

// Get returns the theme of that name; "auto" is dark or light as the background
// is.
func Get(name string, darkBackground bool) *Theme {
	switch name {
	case "light":
		return build(name, light)
	case "terminal":
		return build(name, ansi16)
	case "mono":
		return build(name, palette{})
	case "dark":
		return build(name, dark)
	}
	if darkBackground {
		return build("auto", dark)
	}
	return build("auto", light)
}

func build(name string, p palette) *Theme {
	style := func(c color.Color) lipgloss.Style {
		s := lipgloss.NewStyle()
		if c != nil {
			s = s.Foreground(c)
		}
		return s
	}
	faint := func(c color.Color) lipgloss.Style {
		if c == nil {
			return lipgloss.NewStyle().Faint(true)
		}
		return style(c)
	}
	selected := lipgloss.NewStyle().Reverse(true)
	if p.selected != nil {
		selected = lipgloss.NewStyle().Background(p.selected)
	}
	t := &Theme{
		Name:  name,
		Plain: newStyle(style(p.text)), Dim: newStyle(faint(p.dim)), Faint: newStyle(faint(p.faint)),
		Strong: newStyle(style(p.strong).Bold(true)),
		Good:   newStyle(style(p.good)), Warn: newStyle(style(p.warn)), Bad: newStyle(style(p.bad)),
		Focus: newStyle(style(p.accent).Bold(true)), Money: newStyle(style(p.money).Bold(true)),
		Border: newStyle(faint(p.border)), BorderFocus: newStyle(style(p.accent)),
		Title: newStyle(style(p.text)), TitleFocus: newStyle(style(p.accent).Bold(true)),
		Selected: newStyle(selected), Key: newStyle(style(p.accent)),
		Alert: newStyle(style(p.bad).Bold(true)), Frozen: newStyle(style(p.warn).Bold(true).Reverse(true)),
		Bar:     newStyle(style(p.accent)),
		palette: p,
	}
	for _, c := range p.heat {
		t.Heat = append(t.Heat, newStyle(style(c)))
	}
	if len(t.Heat) == 0 {
		t.Heat = []Style{t.Plain}
	}
	return t
}

// Named are the colours that a gateway can be given by name.
var named = map[string]color.Color{
	"red": hex("#d9534f"), "orange": hex("#e08a3c"), "yellow": hex("#d6b53f"), "green": hex("#4e9a51"),
	"cyan": hex("#2f9ca8"), "blue": hex("#3f7fd0"), "purple": hex("#8a63c9"), "pink": hex("#c7599a"), "grey": hex("#6b7486"),
}

// ColourNames lists the colours that a gateway can be given.
func ColourNames() []string {
	return []string{"red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "grey"}
}

// Colour reports whether s is a colour that Chip understands: one of
// ColourNames, #rrggbb, or "" for none.
func Colour(s string) bool {
	if _, ok := named[s]; ok || s == "" {
		return true
	}
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	return strings.Trim(strings.ToLower(s[1:]), "0123456789abcdef") == ""
}

// Chip is the style of a gateway's name: its own colour as a background, which
// keeps production apart from staging.
func (t *Theme) Chip(colour string) Style {
	s := lipgloss.NewStyle().Bold(true)
	c, ok := named[colour]
	if !ok && colour != "" && Colour(colour) {
		c, ok = hex(colour), true
	}
	if !ok || t.palette.text == nil && t.palette.accent == nil {
		return newStyle(s.Reverse(true))
	}
	return newStyle(s.Background(c).Foreground(readableOn(c)))
}

// readableOn is black or white, whichever reads better on c.
func readableOn(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	if 299*r+587*g+114*b > 560*0xffff {
		return hex("#101418")
	}
	return hex("#ffffff")
}
