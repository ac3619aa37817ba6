package chat

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// frame is the screen as it was drawn, and for what.
type frame struct {
	rev     uint64
	w, h    int
	theme   *theme.Theme
	private bool
	gateway string
	lines   []string
	cursor  *tea.Cursor
}

// View draws h lines of exactly w cells, or returns those of the last time. The
// cursor is relative to them, nil where nothing is typed.
func (s *Screen) View(d pane.Data, w, h int) (lines []string, cursor *tea.Cursor) {
	f := &s.frame
	if f.lines != nil && f.rev == s.rev && f.w == w && f.h == h && f.theme == d.Theme && f.private == d.Private && f.gateway == d.State.Gateway.Name {
		return f.lines, f.cursor
	}
	*f = frame{rev: s.rev, w: w, h: h, theme: d.Theme, private: d.Private, gateway: d.State.Gateway.Name}
	if w < 1 || h < 1 {
		f.lines = make([]string, max(0, h))
		return f.lines, nil
	}
	f.lines, f.cursor = s.draw(s.home(d), w, h)
	for i, l := range f.lines {
		f.lines[i] = fitted(l, w)
	}
	if s.streaming() {
		s.hub.sees(wideLines(f.lines))
	}
	if c := f.cursor; c != nil && (c.X < 0 || c.X >= w || c.Y < 0 || c.Y >= h) {
		f.cursor = nil // no room for it
	}
	return f.lines, f.cursor
}

// wideLines counts the lines that hold CJK or emoji.
func wideLines(lines []string) int {
	n := 0
	for _, l := range lines {
		for i := range len(l) {
			if b := l[i]; b >= 0xE3 && b != 0xEF { // U+3000 and up
				n++
				break
			}
		}
	}
	return n
}

// fitted is a line of exactly w cells.
func fitted(l string, w int) string {
	switch n := text.Width(l); {
	case n < w:
		return l + strings.Repeat(" ", w-n)
	case n > w:
		l = ansi.Truncate(l, w, "")
		return l + strings.Repeat(" ", max(0, w-text.Width(l)))
	}
	return l
}

// home is the data of the conversation's own gateway, whose currency its prices
// are in.
func (s *Screen) home(d pane.Data) pane.Data {
	s.elsewhere = s.conv.Gateway != "" && s.conv.Gateway != d.State.Gateway.Name
	if s.elsewhere {
		for _, st := range d.Fleet {
			if st.Gateway.Name == s.conv.Gateway {
				d.State = st
			}
		}
	}
	return d
}

func (s *Screen) draw(d pane.Data, w, h int) ([]string, *tea.Cursor) {
	framed := h >= 8 && w >= 24
	border, inner := 0, w-1
	if framed {
		border, inner = 2, w-4
	}
	chips := s.chips()
	high := s.composer.size(max(1, inner), max(1, min(h/3, h-border-len(chips)-3)))
	foot := min(h, high+len(chips)+border)
	top := h - foot
	var lines []string
	if s.cmp != nil && top >= 4 {
		lines = s.drawCompare(d, w, top)
	} else {
		lines = s.drawScript(d, w, top, framed)
	}
	area, cursor := s.drawComposer(d, w, foot, inner, framed, chips)
	lines = append(lines, area...)
	if cursor != nil {
		cursor.Y += top
	}
	if s.pop != nil {
		cursor = s.overlay(d, lines, w, h)
	}
	return lines, cursor
}

// drawScript draws the conversation in its frame.
func (s *Screen) drawScript(d pane.Data, w, h int, framed bool) []string {
	if h < 1 {
		return nil
	}
	inw, inh := w, h
	if framed && h >= 3 {
		inw, inh = w-2, h-2
	}
	s.shown = max(1, inh)
	var content []string
	if len(s.items) == 0 {
		content = s.drawEmpty(d, inw, inh)
	} else {
		content = s.script.view(s, d, inw, inh)
	}
	if inh == h {
		return content
	}
	f := pane.Frame{Title: s.words.Chat, Note: s.totalLine(d), Focused: s.focus == onTranscript && s.pop == nil}
	if s.conv.Name != "" {
		f.Title = d.Name(s.conv.Name)
	}
	if s.elsewhere {
		f.Title += " · " + fmt.Sprintf(s.words.OtherGateway, text.Clean(s.conv.Gateway))
	}
	if s.script.top != (place{}) {
		f.Mark, f.MarkStyle = "↑", d.Theme.Dim
	}
	return pane.Box(d.Theme, f, w, h, content)
}

// drawEmpty says what can be done where nothing was said yet, or why it cannot.
func (s *Screen) drawEmpty(d pane.Data, w, h int) []string {
	words, th := s.words, d.Theme
	head, style, hint := words.Empty, th.Strong, words.EmptyHint
	status := d.State.Sources[model.SourceStatus]
	switch {
	case status.Fault.Kind != model.FaultNone:
		head, style, hint = words.GatewayDown, th.Warn, text.Clean(status.Fault.Sentence)
	case s.conv.Model == "" && len(s.versus) == 0:
		head, hint = words.NoModel, words.NoModelHint
	}
	var said []string
	for _, l := range text.Wrap(head, max(1, w-4)) {
		said = append(said, style.Text(text.Centre(l, w)))
	}
	said = append(said, strings.Repeat(" ", w))
	for _, l := range text.Wrap(hint, max(1, min(w-4, 70))) {
		said = append(said, th.Dim.Text(text.Centre(l, w)))
	}
	if len(said) > h {
		said = said[:h]
	}
	out := make([]string, 0, h)
	for range (h - len(said)) / 2 {
		out = append(out, strings.Repeat(" ", w))
	}
	out = append(out, said...)
	for len(out) < h {
		out = append(out, strings.Repeat(" ", w))
	}
	return out
}

// chips are the attachments of the message that is being written.
func (s *Screen) chips() []string {
	var names []string
	for _, p := range s.composer.attached {
		names = append(names, "▪ "+text.Clean(p.Name))
	}
	if len(names) == 0 {
		return nil
	}
	return []string{strings.Join(names, "  ")}
}

func (s *Screen) drawComposer(d pane.Data, w, h, inner int, framed bool, chips []string) ([]string, *tea.Cursor) {
	th := d.Theme
	var content []string
	left := ""
	if framed {
		left = " "
	}
	for _, c := range chips {
		content = append(content, left+th.Dim.Text(text.Left(c, inner))+left)
	}
	for l := range strings.SplitSeq(s.composer.area.View(), "\n") {
		content = append(content, left+fitted(l, inner)+left)
	}
	cursor := s.composer.area.Cursor()
	if cursor != nil {
		cursor.X, cursor.Y = min(cursor.X, max(0, inner-1)), cursor.Y+len(chips)
	}
	if !framed {
		if s.notice != "" && len(content) > 0 {
			content[0] = th.Warn.Text(text.Left(text.Clean(s.notice), w))
			cursor = nil
		}
		for len(content) < h {
			content = append(content, "")
		}
		return content[:h], cursor
	}
	f := pane.Frame{Title: s.words.Composer, Note: s.note(d, w-9-text.Width(s.words.Composer)), Focused: s.focus == onComposer && s.pop == nil}
	if s.notice != "" {
		f.Note = text.Clean(s.notice)
	}
	if cursor != nil {
		cursor.X, cursor.Y = cursor.X+2, cursor.Y+1
	}
	return pane.Box(th, f, w, h, content), cursor
}

// leastToSend is what the message in the composer costs at least.
func (s *Screen) leastToSend(names []string) model.Opt[float64] {
	if !s.least.OK {
		s.least = model.Some(s.context(s.messages(), true))
	}
	fresh := leastTokens(s.composer.text())
	for _, p := range s.composer.attached {
		fresh += leastTokens(p.Text)
	}
	return s.leastFor(names, s.least.V, fresh)
}

// overlay lays the popup over the middle of the screen, which steps back.
func (s *Screen) overlay(d pane.Data, lines []string, sw, sh int) *tea.Cursor {
	w, h := s.pop.size(s, sw, sh)
	w, h = min(sw, w), min(sh, h)
	if w < 4 || h < 3 {
		w, h = sw, sh
	}
	x, y := (sw-w)/2, (sh-h)/2
	content, cursor := s.pop.view(s, d, max(0, w-4), max(0, h-2))
	for i, l := range content {
		content[i] = " " + fitted(l, max(0, w-4)) + " "
	}
	over := pane.Box(d.Theme, pane.Frame{Title: s.pop.title(s), Note: s.pop.hint(s), Focused: true}, w, h, content)
	faint := d.Theme.Faint
	for i := range lines {
		bare := ansi.Strip(lines[i])
		if i < y || i >= y+h {
			lines[i] = faint.Text(bare)
			continue
		}
		left := fitted(ansi.Truncate(bare, x, ""), x)
		right := ansi.TruncateLeft(bare, x+w, "")
		if text.Width(right) > sw-x-w { // a wide letter lies across the edge
			right = ansi.TruncateLeft(bare, x+w+1, "")
		}
		right = strings.Repeat(" ", max(0, sw-x-w-text.Width(right))) + right
		lines[i] = faint.Text(left) + over[i-y] + faint.Text(right)
	}
	if cursor == nil {
		return nil
	}
	c := *cursor
	c.X, c.Y = c.X+x+2, c.Y+y+1
	return &c
}

// keysOf are the keys of a popup, for the footer.
func (s *Screen) keysOf(p popup) (out []Binding) {
	for part := range strings.SplitSeq(p.keys(s), " · ") {
		shown, does, _ := strings.Cut(part, " ")
		if rest, ok := strings.CutPrefix(does, "→ "); ok {
			shown, does = shown+"→", rest
		}
		out = append(out, Binding{Shown: shown, Do: text.Action{Short: does}})
	}
	return out
}

// Footer are the bindings that are worth a place in the footer now.
func (s *Screen) Footer() []Binding {
	if s.pop != nil {
		return s.keysOf(s.pop)
	}
	list := slices.DeleteFunc(slices.Clone(s.bindings), func(b Binding) bool {
		return !b.Footer || b.Typing != (s.focus == onComposer)
	})
	if s.cmp != nil && s.focus == onTranscript {
		for i := range list {
			if list[i].Name == "write" {
				list[i].Do = s.words.Do.Pick
			}
		}
		list = append([]Binding{
			{Name: "left", Shown: "←", Do: s.words.Do.LeftColumn}, {Name: "right", Shown: "→", Do: s.words.Do.RightColumn},
		}, list...)
	}
	return list
}
