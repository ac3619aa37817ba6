package pane

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// Frame is the frame of a pane.
type Frame struct {
	Title string
	// Mark stands behind the title in a style of its own: a tick, a warning.
	Mark      string
	MarkStyle theme.Style
	// Short is the title where the whole one leaves no room for the note, "" for none.
	Short string
	// Note stands at the right: what is special about the data now.
	Note    string
	Focused bool
	// Old dims the content: it is the last that was known.
	Old bool
}

// Box draws content, lines of exactly w-2 cells, in a frame of w × h cells.
func Box(th *theme.Theme, f Frame, w, h int, content []string) []string {
	if w < 2 || h < 2 {
		return make([]string, max(0, h))
	}
	border, title := th.Border, th.Title
	if f.Focused {
		border, title = th.BorderFocus, th.TitleFocus
	}
	lines := make([]string, 0, h)
	lines = append(lines, top(th, f, w, border, title))
	side := border.Text("│")
	for i := range h - 2 {
		line := strings.Repeat(" ", w-2)
		if i < len(content) {
			line = content[i]
		}
		if f.Old {
			line = th.Dim.Text(ansi.Strip(line))
		}
		lines = append(lines, side+line+side)
	}
	return append(lines, border.Text("╰"+strings.Repeat("─", w-2)+"╯"))
}

// top draws the upper edge: ╭─ Title mark ──── note ─╮.
func top(th *theme.Theme, f Frame, w int, border, title theme.Style) string {
	room := w - 6 // both corners, a dash and a space on each side
	lead := "╭─ "
	if f.Focused {
		lead = "╭─▸" // the focus is not told by colour alone
	}
	name := text.Cut(f.Title, max(0, room))
	if f.Short != "" && text.Width(name)+3+text.Width(f.Note) > room {
		name = text.Cut(f.Short, max(0, room))
	}
	mark := f.Mark
	if text.Width(name)+1+text.Width(mark) > room {
		mark = ""
	}
	left := text.Width(name)
	if mark != "" {
		left += 1 + text.Width(mark)
	}
	note := text.Cut(f.Note, max(0, room-left-3))
	if text.Width(note) < 8 && note != f.Note {
		note = "" // a stump says nothing
	}
	var b strings.Builder
	if room < 1 || name == "" {
		return border.Text("╭" + strings.Repeat("─", w-2) + "╮")
	}
	b.WriteString(border.Text(lead))
	b.WriteString(title.Text(name))
	if mark != "" {
		b.WriteString(" " + f.MarkStyle.Text(mark))
	}
	b.WriteByte(' ')
	if note == "" {
		b.WriteString(border.Text(strings.Repeat("─", w-5-left) + "╮"))
		return b.String()
	}
	b.WriteString(border.Text(strings.Repeat("─", w-8-left-text.Width(note))))
	b.WriteString(" " + th.Dim.Text(note) + " ")
	b.WriteString(border.Text("─╮"))
	return b.String()
}
