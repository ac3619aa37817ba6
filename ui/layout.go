package ui

import (
	"slices"

	"gatewatch/model"
)

// PaneID names a pane.
type PaneID uint8

// The panes; panesOf says which screen has which.
const (
	PaneBalance PaneID = iota
	PaneSpend
	PaneNow
	PaneModels
	PaneKeys
	PaneCalls
	PaneGateways
	PaneChannels
	PaneUsers
	numPanes
)

// Rect is a part of the screen in cells; X and Y count from the upper left.
type Rect struct{ X, Y, W, H int }

// Placed is a pane and where it stands.
type Placed struct {
	ID PaneID
	Rect
}

// Arrangement is where everything stands. A part without room has no height.
type Arrangement struct {
	Header, Alert, Footer Rect
	// Chat is the room of the chat, beside the panes or instead of them.
	Chat  Rect
	Panes []Placed
}

// slot is a place for one pane: the first of its candidates, or the one that has
// the focus. width is its cells, 0 for an equal part of what is left.
type slot struct {
	panes []PaneID
	width int
}

// shelf is a row of slots. Its height is at least low, at most high (0: no
// bound); what is left goes to the shelves by weight.
type shelf struct {
	slots     []slot
	low, high int
	weight    int
}

func of(ids ...PaneID) []PaneID { return ids }

// shelvesOf are the panes of a screen.
func shelvesOf(screen ScreenID, scope model.Scope, w, h int) []shelf {
	switch screen {
	case ScreenGateways:
		return []shelf{{slots: []slot{{of(PaneGateways), 0}}, low: 3, weight: 1}}
	case ScreenChat:
		// Beside the chat stands what shows the money fall and names no key: while an
		// answer streams, a line with one wide letter would be sent with every frame,
		// which took 46 kB/s where it takes 5 now (docs/adr/0003).
		if h < 24 {
			return []shelf{{slots: []slot{{of(PaneBalance, PaneSpend, PaneModels), 0}}, low: 3, weight: 1}}
		}
		return []shelf{
			{slots: []slot{{of(PaneBalance), 0}}, low: 8, high: 12, weight: 2},
			{slots: []slot{{of(PaneSpend), 0}}, low: 7, high: 12, weight: 2},
			{slots: []slot{{of(PaneModels), 0}}, low: 6, weight: 3},
		}
	case ScreenAdmin:
		if h < 14 {
			return []shelf{{slots: []slot{{of(PaneChannels, PaneUsers), 0}}, low: 3, weight: 1}}
		}
		return []shelf{
			{slots: []slot{{of(PaneChannels), 0}}, low: 6, weight: 3},
			{slots: []slot{{of(PaneUsers), 0}}, low: 6, weight: 2},
		}
	case ScreenOverview, numScreens:
	}
	all := shelves(w, h)
	if scope == model.ScopeSite {
		for _, sh := range all {
			for _, sl := range sh.slots {
				if i := slices.Index(sl.panes, PaneKeys); i >= 0 {
					sl.panes[i] = PaneUsers
				}
			}
		}
	}
	return all
}

// shelves are the panes of the Overview by the size of the room, widest first. Every pane has a
// slot everywhere, if only as the second candidate: tab brings it up. The keys
// stand beside the calls and the chart beside no names: a line that holds one
// wide letter is sent whole with every frame, and the calls' lines are new anyway
// (docs/adr/0003).
func shelves(w, h int) []shelf {
	switch {
	case w >= 140 && h >= 30:
		return []shelf{
			{slots: []slot{{of(PaneBalance), 36}, {of(PaneSpend), 0}}, low: 10, high: 14, weight: 3},
			{slots: []slot{{of(PaneNow), 0}, {of(PaneModels), w * 55 / 100}}, low: 8, high: 14, weight: 3},
			{slots: []slot{{of(PaneCalls), 0}, {of(PaneKeys), w * 38 / 100}}, low: 8, weight: 5},
		}
	case w >= 140 && h >= 12:
		return []shelf{
			{slots: []slot{{of(PaneBalance), 36}, {of(PaneSpend), 0}, {of(PaneNow, PaneModels), w * 45 / 100}}, low: 6, weight: 1},
			{slots: []slot{{of(PaneCalls), 0}, {of(PaneKeys), w * 38 / 100}}, low: 6, weight: 1},
		}
	case w >= 100 && h >= 32:
		return []shelf{
			{slots: []slot{{of(PaneBalance), 36}, {of(PaneSpend), 0}}, low: 9, high: 12, weight: 2},
			{slots: []slot{{of(PaneNow), 0}, {of(PaneKeys), 0}}, low: 7, high: 12, weight: 2},
			{slots: []slot{{of(PaneModels), 0}}, low: 7, high: 12, weight: 2},
			{slots: []slot{{of(PaneCalls), 0}}, low: 7, weight: 3},
		}
	case w >= 70 && h >= 18:
		return []shelf{
			{slots: []slot{{of(PaneBalance), 32}, {of(PaneSpend), 0}}, low: 7, high: 11, weight: 2},
			{slots: []slot{{of(PaneNow), 0}, {of(PaneModels, PaneKeys), 0}}, low: 6, high: 11, weight: 2},
			{slots: []slot{{of(PaneCalls), 0}}, low: 6, weight: 2},
		}
	case h >= 15:
		return []shelf{
			{slots: []slot{{of(PaneSpend, PaneBalance), 0}}, low: 5, high: 9, weight: 1},
			{slots: []slot{{of(PaneNow, PaneModels, PaneKeys), 0}}, low: 5, high: 10, weight: 1},
			{slots: []slot{{of(PaneCalls), 0}}, low: 5, weight: 1},
		}
	}
	return []shelf{{slots: []slot{{of(PaneNow, PaneBalance, PaneSpend, PaneModels, PaneKeys, PaneCalls), 0}}, low: 3, weight: 1}}
}

// Arrange is the layout as a pure function: the room, how many lines the alert
// has, the screen and its scope, which pane has the focus, and whether it has the
// screen for itself; aside is what the panes beside the chat take.
func Arrange(w, h, alert int, screen ScreenID, scope model.Scope, focus PaneID, zoom bool, aside int) Arrangement {
	var a Arrangement
	y := 0
	take := func(rows int) Rect {
		rows = max(0, min(rows, h-y))
		r := Rect{0, y, w, rows}
		y += rows
		return r
	}
	headerRows := 1
	if w < 70 && h >= 8 {
		headerRows = 2
	}
	a.Header = take(headerRows)
	if h >= 6 {
		a.Alert = take(min(alert, h/4))
	}
	footerRows := 0
	if h >= 10 {
		footerRows = 1
	}
	body := h - y - footerRows
	if screen == ScreenChat && body >= 1 {
		a.Chat = Rect{0, y, w - aside, body}
	}
	if body >= 3 && (screen != ScreenChat || aside > 0) {
		switch {
		case screen == ScreenChat:
			a.Panes = place(shelvesOf(screen, scope, aside, body), aside, y, body, focus)
			for i := range a.Panes {
				a.Panes[i].X += w - aside
			}
		case zoom:
			a.Panes = []Placed{{focus, Rect{0, y, w, body}}}
		default:
			a.Panes = place(shelvesOf(screen, scope, w, body), w, y, body, focus)
		}
		y += body
	} else {
		y = h - footerRows
	}
	a.Footer = take(footerRows)
	return a
}

// place gives each shelf its height and each slot its width.
func place(all []shelf, w, y, body int, focus PaneID) []Placed {
	heights := shelfHeights(all, body)
	var out []Placed
	for i, s := range all {
		fixed, flexible := 0, 0
		for _, sl := range s.slots {
			if sl.width > 0 {
				fixed += sl.width
			} else {
				flexible++
			}
		}
		x := 0
		rest := w - fixed
		for j, sl := range s.slots {
			width := sl.width
			if width == 0 {
				width = rest / flexible
				rest -= width
				flexible--
			}
			if j == len(s.slots)-1 {
				width = w - x
			}
			id := sl.panes[0]
			for _, candidate := range sl.panes {
				if candidate == focus {
					id = candidate
				}
			}
			out = append(out, Placed{id, Rect{x, y, width, heights[i]}})
			x += width
		}
		y += heights[i]
	}
	return out
}

// shelfHeights shares body out: everyone's lowest first, then the rest by
// weight, up to everyone's highest.
func shelfHeights(all []shelf, body int) []int {
	heights := make([]int, len(all))
	left := body
	for i, s := range all {
		heights[i] = min(s.low, left)
		left -= heights[i]
	}
	for left > 0 {
		weight := 0
		for i, s := range all {
			if s.high == 0 || heights[i] < s.high {
				weight += s.weight
			}
		}
		if weight == 0 {
			heights[len(heights)-1] += left
			break
		}
		before := left
		for i, s := range all {
			if s.high != 0 && heights[i] >= s.high {
				continue
			}
			more := before * s.weight / weight
			if s.high != 0 {
				more = min(more, s.high-heights[i])
			}
			more = min(more, left)
			heights[i] += more
			left -= more
		}
		if left == before { // less than one row for each: the last takes it
			heights[len(heights)-1] += left
			left = 0
		}
	}
	return heights
}
