package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/filter"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// press gives a key to whoever it is meant for: a popup, the filter line, a
// command, the pane with the focus.
func (u *UI) press(msg tea.KeyPressMsg) tea.Cmd {
	u.notice = ""
	if u.onChat() && u.popup == nil && u.chat.Takes(msg) {
		return u.toChat(msg)
	}
	typing := u.onChat() && u.chat.Capturing() || u.typing || u.popup != nil && u.popup.capturing() || u.panes[u.focus].Capturing()
	c, ok := match(u.commands, msg, typing)
	switch {
	case ok && c.where == everywhere:
		return u.do(c)
	case u.popup != nil:
		cmd, open := u.popup.press(u, msg)
		if !open {
			u.popup = nil
		}
		return cmd
	case u.typing:
		return u.typeFilter(msg)
	case ok && c.where == onScreen:
		return u.do(c)
	case ok && u.refuses(c):
		return nil
	}
	return u.toPane(msg)
}

// refuses says why a command cannot be run, if it cannot.
func (u *UI) refuses(c command) bool {
	why := u.whyInPane(c)
	if why == "" && c.why != nil {
		why = c.why(u)
	}
	if why != "" {
		u.notice = why
	}
	return why != ""
}

// do runs a command, or says why it cannot be run.
func (u *UI) do(c command) tea.Cmd {
	if u.refuses(c) {
		return nil
	}
	if c.run == nil {
		return u.toPane(pressOf(c.keys[0]))
	}
	return c.run(u)
}

// pressOf is the key press that a pane's command stands for, for the palette.
func pressOf(key string) tea.KeyPressMsg {
	named := map[string]rune{
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "enter": tea.KeyEnter,
	}
	if code, ok := named[key]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if ch, ok := strings.CutPrefix(key, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(ch[0]), Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: rune(key[0]), Text: key}
}

// toPane gives a key to the pane with the focus.
func (u *UI) toPane(msg tea.KeyPressMsg) tea.Cmd {
	if u.onChat() {
		return nil
	}
	cmd := u.panes[u.focus].Update(msg, u.paneKeys, u.data)
	u.paneRev[u.focus]++
	if u.focus == PaneSpend {
		u.look()
	}
	return cmd
}

func (u *UI) moveFocus(by int) tea.Cmd {
	panes := panesOf(u.screen, u.scope())
	n := len(panes)
	u.focus = panes[(slices.Index(panes, u.focus)+by+n)%n]
	return nil
}

// back peels one layer off: the filter of the pane, the chart's cursor, the
// zoom. It never quits.
func (u *UI) back() tea.Cmd {
	switch {
	case u.onChat():
		u.zoom = false
	case u.filters[u.focus] != "":
		u.setFilter(u.focus, "")
	case u.spend.Clear():
		u.look()
	case u.zoom:
		u.zoom = false
	}
	return nil
}

func (u *UI) quit() tea.Cmd { return tea.Quit }

func (u *UI) askNow() tea.Cmd {
	u.notice = u.opt.Words.Asked
	u.eagerTil = u.now.Add(3 * time.Second)
	if u.opt.Poller != nil {
		u.opt.Poller.Poke(u.current().Gateway.Name)
	}
	return nil
}

func (u *UI) nextWindow() tea.Cmd {
	all := model.Windows()
	i := slices.IndexFunc(all, func(w model.Window) bool { return w == u.window })
	return u.setWindow(all[(i+1)%len(all)])
}

func (u *UI) setWindow(w model.Window) tea.Cmd {
	u.window = w
	u.want()
	u.eagerTil = u.now.Add(3 * time.Second)
	if u.frozen {
		// The frozen state is looked at through another window.
		u.data.Summary = model.Summarise(u.data.State, w, u.opt.Zone)
		u.look()
		return nil
	}
	u.derive()
	return nil
}

func (u *UI) toggleFreeze() tea.Cmd {
	u.frozen = !u.frozen
	if !u.frozen {
		u.refresh()
	}
	return nil
}

func (u *UI) toggleZoom() tea.Cmd {
	u.zoom = !u.zoom
	return nil
}

func (u *UI) nextTheme() tea.Cmd {
	names := theme.Names()
	i := slices.Index(names, u.theme.Name)
	return u.setTheme(names[(i+1)%len(names)])
}

func (u *UI) setTheme(name string) tea.Cmd {
	u.theme = theme.Get(name, u.dark)
	u.data.Theme = u.theme
	u.dataRev++
	u.changed()
	return nil
}

func (u *UI) toggleMouse() tea.Cmd {
	u.mouse = !u.mouse
	return nil
}

func (u *UI) togglePrivacy() tea.Cmd {
	u.private = !u.private
	u.data.Private = u.private
	u.dataRev++
	return nil
}

func (u *UI) whyOneGateway() string {
	if len(u.fleet.States) < 2 {
		return u.opt.Words.NoOtherGateway
	}
	return ""
}

// showGateway puts another gateway on the screen.
func (u *UI) showGateway(i int) {
	u.fleet.Current = i
	u.frozen = false
	u.spend.Clear()
	u.keepFocus()
	if u.screen == ScreenAdmin && u.whyNoAdmin() != "" {
		u.show(ScreenOverview)
	}
	u.want()
	u.derive()
}

// hasRows says whether the pane with the focus is a list.
func (u *UI) hasRows() bool {
	_, ok := u.panes[u.focus].(pane.Rows)
	return ok && !u.onChat()
}

func (u *UI) whyNoFilter() string { return unless(u.hasRows(), u.opt.Words.NothingToFilter) }
func (u *UI) whyNoSort() string   { return unless(u.hasRows(), u.opt.Words.NothingToSort) }

// whyNoColumn speaks for the keys that choose a column, of a list or of the
// chart.
func (u *UI) whyNoColumn() string {
	return unless(u.hasRows() || u.onChart(), u.opt.Words.NothingToSort)
}

func (u *UI) whyNoOpen() string { return unless(!u.onChart(), u.opt.Words.NothingToOpen) }
func (u *UI) whyNoCopy() string { return unless(!u.onChart(), u.opt.Words.NothingToCopy) }

func (u *UI) onChart() bool { return u.focus == PaneSpend }

func unless(can bool, why string) string {
	if can {
		return ""
	}
	return why
}

func (u *UI) startFilter() tea.Cmd {
	u.typing = true
	u.input.SetValue(u.filters[u.focus])
	u.input.CursorEnd()
	return u.input.Focus()
}

// typeFilter takes a key into the filter line; the rows follow every letter.
func (u *UI) typeFilter(msg tea.KeyPressMsg) tea.Cmd {
	switch msg.String() {
	case "enter":
		u.typing = false
		return nil
	case "esc":
		u.typing = false
		u.setFilter(u.focus, "")
		return nil
	}
	var cmd tea.Cmd
	u.input, cmd = u.input.Update(msg)
	u.setFilter(u.focus, u.input.Value())
	return cmd
}

func (u *UI) paste(msg tea.PasteMsg) tea.Cmd {
	if p, ok := u.popup.(*listPopup); ok {
		return p.paste(msg)
	}
	if u.onChat() && u.popup == nil {
		return u.toChat(msg)
	}
	if !u.typing {
		return nil
	}
	var cmd tea.Cmd
	u.input, cmd = u.input.Update(msg)
	u.setFilter(u.focus, u.input.Value())
	return cmd
}

func (u *UI) setFilter(id PaneID, s string) {
	if rows, ok := u.panes[id].(pane.Rows); ok {
		u.filters[id] = s
		rows.SetFilter(filter.Parse(s, rows.Fields()))
		u.paneRev[id]++
	}
}

// filterCalls narrows the calls down and goes there.
func (u *UI) filterCalls(s string) {
	u.show(ScreenOverview)
	u.focus = PaneCalls
	u.setFilter(PaneCalls, s)
}

// click gives the focus to the pane under the pointer.
func (u *UI) click(m tea.Mouse) {
	if id, ok := u.paneAt(m); ok && u.popup == nil {
		u.focus = id
	}
}

// wheel scrolls the pane under the pointer.
func (u *UI) wheel(m tea.Mouse) tea.Cmd {
	if u.onChat() && u.popup == nil {
		turns := map[tea.MouseButton]int{tea.MouseWheelUp: -1, tea.MouseWheelDown: 1}[m.Button]
		u.chat.Wheel(turns)
		return nil
	}
	id, ok := u.paneAt(m)
	if !ok || u.popup != nil {
		return nil
	}
	u.focus = id
	switch m.Button {
	case tea.MouseWheelUp:
		return u.toPane(pressOf("up"))
	case tea.MouseWheelDown:
		return u.toPane(pressOf("down"))
	}
	return nil
}

func (u *UI) paneAt(m tea.Mouse) (PaneID, bool) {
	for _, p := range u.arrange().Panes {
		if m.X >= p.X && m.X < p.X+p.W && m.Y >= p.Y && m.Y < p.Y+p.H {
			return p.ID, true
		}
	}
	return 0, false
}

func copiedNotice(w *text.Words, c pane.Copied) string {
	return fmt.Sprintf(w.Copied, c.Name)
}
