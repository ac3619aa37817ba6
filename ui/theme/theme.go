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
	dim, faint, good, warn, bad, accent color.Color
	border, selected                    color.Color
	heat                                []color.Color
}

// c is a colour of the 256: its sequence is half as long as a true colour's, and
// every terminal of the last twenty years has it.
func c(n string) color.Color { return lipgloss.Color(n) }

func cs(n ...string) []color.Color {
	out := make([]color.Color, len(n))
	for i := range n {
		out[i] = c(n[i])
	}
	return out
}

// Ordinary text keeps the terminal's own colour: it is readable on the
// terminal's background even where that cannot be found out, and costs nothing.
var dark = palette{
	dim: c("245"), faint: c("240"), good: c("114"), warn: c("179"), bad: c("203"), accent: c("75"),
	border: c("239"), selected: c("237"),
	heat: cs("30", "36", "72", "107", "143", "179", "173"),
}

var light = palette{
	dim: c("243"), faint: c("248"), good: c("28"), warn: c("130"), bad: c("124"), accent: c("25"),
	border: c("250"), selected: c("254"),
	heat: cs("30", "29", "65", "100", "136", "166", "160"),
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
	style := func(fg color.Color) lipgloss.Style {
		if fg == nil {
			return lipgloss.NewStyle()
		}
		return lipgloss.NewStyle().Foreground(fg)
	}
	faint := func(fg color.Color) lipgloss.Style {
		if fg == nil {
			return lipgloss.NewStyle().Faint(true)
		}
		return style(fg)
	}
	selected := lipgloss.NewStyle().Reverse(true)
	if p.selected != nil {
		selected = lipgloss.NewStyle().Background(p.selected)
	}
	bold := lipgloss.NewStyle().Bold(true)
	t := &Theme{
		Name: name,
		Dim:  newStyle(faint(p.dim)), Faint: newStyle(faint(p.faint)), Strong: newStyle(bold),
		Good: newStyle(style(p.good)), Warn: newStyle(style(p.warn)), Bad: newStyle(style(p.bad)),
		Focus: newStyle(style(p.accent).Bold(true)), Money: newStyle(bold),
		Border: newStyle(faint(p.border)), BorderFocus: newStyle(style(p.accent)),
		Title: Style{}, TitleFocus: newStyle(style(p.accent).Bold(true)),
		Selected: newStyle(selected), Key: newStyle(style(p.accent)),
		Alert: newStyle(style(p.bad).Bold(true)), Frozen: newStyle(style(p.warn).Bold(true).Reverse(true)),
		Bar:     newStyle(style(p.accent)),
		palette: p,
	}
	for _, step := range p.heat {
		t.Heat = append(t.Heat, newStyle(style(step)))
	}
	if len(t.Heat) == 0 {
		t.Heat = []Style{t.Plain}
	}
	return t
}

// Named are the colours that a gateway can be given by name.
var named = map[string]color.Color{
	"red": c("#d9534f"), "orange": c("#e08a3c"), "yellow": c("#d6b53f"), "green": c("#4e9a51"),
	"cyan": c("#2f9ca8"), "blue": c("#3f7fd0"), "purple": c("#8a63c9"), "pink": c("#c7599a"), "grey": c("#6b7486"),
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
	bg, ok := named[colour]
	if !ok && colour != "" && Colour(colour) {
		bg, ok = c(colour), true
	}
	if !ok || t.palette.accent == nil {
		return newStyle(s.Reverse(true))
	}
	return newStyle(s.Background(bg).Foreground(readableOn(bg)))
}

// readableOn is black or white, whichever reads better on bg.
func readableOn(bg color.Color) color.Color {
	r, g, b, _ := bg.RGBA()
	if 299*r+587*g+114*b > 560*0xffff { // perceived brightness, out of 1000
		return c("#101418")
	}
	return c("#ffffff")
}
