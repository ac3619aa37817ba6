package ui

import (
	tea "charm.land/bubbletea/v2"

	"gatewatch/ui/admin"
	"gatewatch/ui/gateways"
	"gatewatch/ui/keys"
	"gatewatch/ui/logs"
	"gatewatch/ui/models"
	"gatewatch/ui/overview"
	"gatewatch/ui/pane"
)

// Pane is one pane of a screen. It draws from what it is given and keeps only
// what a person did to it: cursor, order, filter.
type Pane interface {
	// Frame returns its title and what is special about its data now.
	Frame(d pane.Data) pane.Frame
	// View draws h lines of exactly w cells. The cursor, if any, is relative to
	// them.
	View(d pane.Data, w, h int, focused bool) ([]string, *tea.Cursor)
	// Update answers a key that is meant for the pane with the focus.
	Update(msg tea.KeyPressMsg, keys pane.Keys, d pane.Data) tea.Cmd
	// Capturing reports whether a text box of the pane takes the keys.
	Capturing() bool
}

// newPanes returns the panes by their PaneID.
func newPanes() (panes [numPanes]Pane, spend *overview.Spend) {
	spend = &overview.Spend{}
	return [numPanes]Pane{
		PaneBalance:  &overview.Balance{},
		PaneSpend:    spend,
		PaneNow:      &overview.Now{},
		PaneModels:   &models.Pane{},
		PaneKeys:     &keys.Pane{},
		PaneCalls:    &logs.Pane{},
		PaneGateways: &gateways.Pane{},
		PaneChannels: &admin.Channels{},
		PaneUsers:    &admin.Users{},
	}, spend
}
