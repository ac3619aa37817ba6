package chat

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"

	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// form asks for one text or several.
type form struct {
	name   string
	fields []field
	at     int
	note   string
	fault  string
	// keep takes what was written; a sentence says why it cannot.
	keep func(s *Screen, values []string) (tea.Cmd, string)
	back popup // what it came from
}

// field is one text of a form.
type field struct {
	label string
	high  int
	area  textarea.Model
}

func newField(label, value string, high int) field {
	a := newComposer().area
	a.MinHeight, a.MaxHeight = high, high
	a.DynamicHeight = false
	if high == 1 {
		a.KeyMap.InsertNewline = key.NewBinding()
	}
	a.SetHeight(high)
	a.SetValue(value)
	a.MoveToEnd()
	return field{label, high, a}
}

func (f *form) title(*Screen) string  { return f.name }
func (f *form) hint(s *Screen) string { return f.keys(s) }
func (f *form) keys(s *Screen) string { return s.words.FormHint }

func (f *form) size(_ *Screen, w, h int) (int, int) {
	w = min(w, 76)
	high := 2
	for _, x := range f.fields {
		high += x.high + 1
	}
	high += len(text.Wrap(f.below(), max(1, w-4)))
	return w, min(h, high)
}

// below is what stands under the fields.
func (f *form) below() string {
	if f.fault != "" {
		return text.Clean(f.fault)
	}
	return f.note
}

func (f *form) paste(msg tea.PasteMsg) {
	x := &f.fields[f.at]
	s := strings.ReplaceAll(strings.ReplaceAll(msg.Content, "\r\n", "\n"), "\r", "\n")
	if x.high == 1 {
		s = strings.ReplaceAll(strings.TrimSpace(s), "\n", " ")
	}
	if len(s) > 4*maxTyped {
		s = strings.ToValidUTF8(s[:4*maxTyped], "")
	}
	x.area.InsertString(safe(s))
}

// view draws the fields, and what stands below them. Where the room is short the
// fields are scrolled to the one that is written in, and what is wrong stays in sight.
func (f *form) view(_ *Screen, d pane.Data, w, h int) (lines []string, cursor *tea.Cursor) {
	th := d.Theme
	for i := range f.fields {
		x := &f.fields[i]
		style := th.Dim
		if i == f.at {
			style = th.Focus
			x.area.Focus()
		} else {
			x.area.Blur()
		}
		lines = append(lines, style.Text(text.Left(x.label, w)))
		if x.area.Width() != w-2 {
			x.area.SetWidth(max(2, w-2))
		}
		if c := x.area.Cursor(); c != nil && i == f.at {
			c.X, c.Y = min(c.X+2, max(0, w-1)), c.Y+len(lines)
			cursor = c
		}
		for n, l := range strings.Split(x.area.View(), "\n") {
			if n < x.high {
				lines = append(lines, th.Faint.Text("│ ")+l)
			}
		}
	}
	style := th.Dim
	if f.fault != "" {
		style = th.Warn
	}
	var below []string
	if b := f.below(); b != "" {
		for _, l := range text.Wrap(b, max(1, w)) {
			below = append(below, style.Text(l))
		}
	}
	below = below[:max(0, min(len(below), h-2))] // a label and a line of its field
	room := max(0, h-len(below))
	skip := 0
	if cursor != nil {
		skip = min(max(0, cursor.Y-room+1), len(lines))
		cursor.Y -= skip
	}
	lines = lines[skip:min(len(lines), skip+room)]
	return append(lines, below...), cursor
}

func (f *form) press(s *Screen, msg tea.KeyPressMsg, _ pane.Data) (tea.Cmd, bool) {
	x := &f.fields[f.at]
	switch msg.String() {
	case "esc":
		s.pop = f.back
		return nil, s.pop != nil
	case "tab":
		f.at = (f.at + 1) % len(f.fields)
		return nil, true
	case "shift+tab":
		f.at = (f.at + len(f.fields) - 1) % len(f.fields)
		return nil, true
	case "enter":
		var values []string
		for i := range f.fields {
			values = append(values, f.fields[i].area.Value())
		}
		s.pop = nil
		cmd, fault := f.keep(s, values)
		if f.fault = fault; fault != "" {
			s.pop = f
		}
		return cmd, s.pop != nil
	}
	x.area.Focus() // it may not have been drawn since tab
	var cmd tea.Cmd
	x.area, cmd = x.area.Update(msg)
	return cmd, true
}
