package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// frame is what was drawn, kept so that only what changed is drawn anew.
type frame struct {
	rev      uint64 // rises with everything that may change the screen
	drawnRev uint64
	drawn    tea.View
	dataRev  uint64
	paneRev  [numPanes]uint64
	boxes    [numPanes]box
}

// box is a pane as it was drawn, and for what.
type box struct {
	data, rev uint64
	w, h      int
	focused   bool
	theme     *theme.Theme
	lines     []string
	cursor    *tea.Cursor
}

// changed says that the next View may differ.
func (u *UI) changed() { u.rev++ }

// View returns the screen. It is the last one while nothing changed, and while
// the terminal has not taken the last one: then no difference is made and
// nothing queues.
func (u *UI) View() tea.View {
	if u.drawnRev == u.rev && u.drawn.Content != "" {
		return u.drawn
	}
	if u.opt.Busy != nil && u.drawn.Content != "" && u.opt.Busy() {
		return u.drawn
	}
	u.drawnRev = u.rev
	v := tea.NewView("")
	v.AltScreen = true
	v.ReportFocus = u.opt.Alerts.Notify
	v.WindowTitle = "gatewatch · " + text.Clean(u.current().Gateway.Name)
	if u.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if u.w > 0 && u.h > 0 {
		v.Content, v.Cursor = u.draw()
	} else {
		v.Content = " "
	}
	u.drawn = v
	return v
}

// heed hands the alerts of the gateway on the screen to the panes, which are drawn
// anew when one came or went: the figures of one that lasts are in the panes anyway.
func (u *UI) heed() {
	var stand []model.Alert
	for _, a := range u.alerts.state.Active() {
		if a.Gateway == u.current().Gateway.Name && a.Until.IsZero() {
			stand = append(stand, a)
		}
	}
	same := func(a, b model.Alert) bool {
		return a.Kind == b.Kind && a.Key == b.Key && a.User == b.User && a.Model == b.Model
	}
	if !slices.EqualFunc(stand, u.data.Alerts, same) {
		u.data.Alerts = stand
		u.dataRev++
	}
}

func (u *UI) arrange() Arrangement {
	return Arrange(u.w, u.h, len(u.alert()), u.screen, u.data.State.Scope, u.focus, u.zoom, u.aside())
}

// draw makes the lines of the screen, each exactly as wide as the terminal.
func (u *UI) draw() (string, *tea.Cursor) {
	u.heed()
	a := u.arrange()
	lines := make([]string, u.h)
	var cursor *tea.Cursor
	u.drawHeader(lines, a.Header)
	copy(lines[a.Alert.Y:a.Alert.Y+a.Alert.H], u.alert())
	if u.onChat() && a.Chat.H > 0 {
		chat, c := u.chat.View(u.data, a.Chat.W, a.Chat.H)
		copy(lines[a.Chat.Y:a.Chat.Y+a.Chat.H], chat)
		if c != nil {
			at := *c
			at.X, at.Y = at.X+a.Chat.X, at.Y+a.Chat.Y
			cursor = &at
		}
	}
	for _, p := range a.Panes {
		b := u.box(p)
		for i, l := range b.lines {
			lines[p.Y+i] += l
		}
		if b.cursor != nil && !u.onChat() {
			c := *b.cursor
			c.X, c.Y = c.X+p.X+1, c.Y+p.Y+1
			cursor = &c
		}
	}
	if a.Footer.H > 0 {
		cursor = u.drawFooter(lines, a.Footer, cursor)
	}
	blank := strings.Repeat(" ", u.w)
	for i := range lines {
		if lines[i] == "" {
			lines[i] = blank
		}
	}
	if u.popup != nil && u.h > 2 && u.w > 4 {
		cursor = u.drawPopup(lines)
	}
	return strings.Join(lines, "\n"), cursor
}

// box draws a pane in its frame, or takes it from the last time.
func (u *UI) box(p Placed) *box {
	b := &u.boxes[p.ID]
	focused := p.ID == u.focus && !u.onChat()
	if b.lines != nil && b.data == u.dataRev && b.rev == u.paneRev[p.ID] && b.w == p.W && b.h == p.H && b.focused == focused && b.theme == u.theme {
		return b
	}
	content, cursor := u.panes[p.ID].View(u.data, p.W-2, p.H-2, focused)
	f := u.panes[p.ID].Frame(u.data)
	f.Focused = focused
	*b = box{
		data: u.dataRev, rev: u.paneRev[p.ID], w: p.W, h: p.H, focused: focused, theme: u.theme,
		lines: pane.Box(u.theme, f, p.W, p.H, content), cursor: cursor,
	}
	return b
}

// drawPopup lays the popup over the middle of the screen, which steps back.
func (u *UI) drawPopup(lines []string) *tea.Cursor {
	w := min(u.w, max(u.popup.width(), 24))
	h := min(u.h, u.popup.height(u, w-2)+2)
	x, y := (u.w-w)/2, (u.h-h)/2
	for i := range lines {
		lines[i] = ansi.Strip(lines[i])
	}
	content, cursor := u.popup.view(u, w-2, h-2)
	over := pane.Box(u.theme, pane.Frame{Title: u.popup.title(u), Note: u.popup.note(u, w-2, h-2), Focused: true}, w, h, content)
	for i := range lines {
		if i < y || i >= y+h {
			lines[i] = u.theme.Faint.Text(lines[i])
			continue
		}
		left := ansi.Truncate(lines[i], x, "")
		left += strings.Repeat(" ", max(0, x-text.Width(left)))
		right := ansi.TruncateLeft(lines[i], x+w, "")
		if text.Width(right) > u.w-x-w { // a wide letter lies across the edge
			right = ansi.TruncateLeft(lines[i], x+w+1, "")
		}
		right = strings.Repeat(" ", max(0, u.w-x-w-text.Width(right))) + right
		lines[i] = u.theme.Faint.Text(left) + over[i-y] + u.theme.Faint.Text(right)
	}
	if cursor == nil {
		return nil
	}
	c := *cursor
	c.X, c.Y = c.X+x+1, c.Y+y+1
	return &c
}
