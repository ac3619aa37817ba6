package ui

import (
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
)

// ScreenID names a screen.
type ScreenID uint8

// The screens, in the order of their numbers.
const (
	ScreenOverview ScreenID = iota
	ScreenChat
	ScreenGateways
	ScreenAdmin
	numScreens
)

// panesOf are the panes of a screen, in the order in which tab visits them. The
// whole site has users where the own account has keys.
func panesOf(screen ScreenID, scope model.Scope) []PaneID {
	switch screen {
	case ScreenGateways:
		return of(PaneGateways)
	case ScreenAdmin:
		return of(PaneChannels, PaneUsers)
	case ScreenChat:
		return of(PaneBalance, PaneNow, PaneCalls)
	case ScreenOverview, numScreens:
	}
	if scope == model.ScopeSite {
		return of(PaneBalance, PaneSpend, PaneNow, PaneModels, PaneUsers, PaneCalls)
	}
	return of(PaneBalance, PaneSpend, PaneNow, PaneModels, PaneKeys, PaneCalls)
}

// show puts a screen up, with the pane that had the focus there the last time.
func (u *UI) show(screen ScreenID) tea.Cmd {
	u.zoom = false
	u.lastFocus[u.screen] = u.focus
	u.screen = screen
	u.focus = u.lastFocus[screen]
	u.keepFocus()
	u.want() // the channels are asked for while they are looked at
	return nil
}

// keepFocus moves the focus to a pane that is on the screen.
func (u *UI) keepFocus() {
	for _, id := range panesOf(u.screen, u.scope()) {
		if id == u.focus {
			return
		}
	}
	u.focus = panesOf(u.screen, u.scope())[0]
}

// step goes to the next screen or the previous one, past those that have nothing
// to show.
func (u *UI) step(by int) tea.Cmd {
	next := u.screen
	for range numScreens {
		next = (next + ScreenID(by) + numScreens) % numScreens
		if (next != ScreenAdmin || u.whyNoAdmin() == "") && (next != ScreenChat || u.chat != nil) {
			break
		}
	}
	if next == ScreenChat {
		return u.openChat()
	}
	return u.show(next)
}

func (u *UI) scope() model.Scope { return u.current().Scope }

// whyNoAdmin says why the screen for administrators cannot be shown. On opencatd,
// whose accounts have no role, the answer of its provider keys tells.
func (u *UI) whyNoAdmin() string {
	s := u.current()
	return unless(s.Account.V.Role >= model.RoleAdmin || s.Scope == model.ScopeSite || s.Channels.OK, u.opt.Words.NoAdmin)
}

// whyNoSite says why the whole site cannot be shown; back from it is always
// possible.
func (u *UI) whyNoSite() string {
	s := u.current()
	return unless(s.Account.V.Role >= model.RoleAdmin || s.Scope == model.ScopeSite, u.opt.Words.NoAdmin)
}

// toggleScope shows the whole site, or the own account again.
func (u *UI) toggleScope() tea.Cmd {
	scope := model.ScopeSite
	if u.scope() == model.ScopeSite {
		scope = model.ScopeSelf
	}
	u.fleet = u.fleet.Show(u.fleet.Current, scope)
	u.frozen = false
	u.spend.Clear()
	u.keepFocus()
	u.want()
	u.derive()
	return nil
}
