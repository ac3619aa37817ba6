package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"gatewatch/ui/chat"
	"gatewatch/ui/text"
)

// asideFrom is the width of the terminal from which the overview stands beside
// the chat, asideWidth what it takes.
const (
	asideFrom  = 150
	asideWidth = 58
)

func (u *UI) onChat() bool { return u.screen == ScreenChat }

// whyNoChat says why there is no chat: nobody handed one over.
func (u *UI) whyNoChat() string { return unless(u.chat != nil, u.opt.Words.NoChat) }

// openChat puts the chat up.
func (u *UI) openChat() tea.Cmd {
	u.show(ScreenChat)
	return u.chat.Open(u.data)
}

// fitsChat reports whether a command does something while the chat is shown: panes
// have no keys there, and the chat has some of its own.
func (u *UI) fitsChat(c command) bool {
	if c.where == inPane || paneOnly[c.name] {
		return false
	}
	for _, b := range u.chat.Bindings() {
		for _, k := range c.keys {
			if c.where == onScreen && !b.Typing && slices.Contains(b.Keys, k) {
				return false
			}
		}
	}
	return true
}

// paneOnly are the commands that speak of the pane with the focus.
var paneOnly = map[string]bool{"next": true, "previous": true, "filter": true, "cross": true}

// whyInPane says why a command of the panes cannot be run while the chat is shown.
func (u *UI) whyInPane(c command) string {
	return unless(!u.onChat() || c.where != inPane && !paneOnly[c.name], u.opt.Words.NotInChat)
}

// chatChoices are the chat's actions for the palette.
func (u *UI) chatChoices() []choice {
	var out []choice
	seen := map[string]bool{}
	for _, b := range u.chat.Bindings() {
		if seen[b.Do.Long] {
			continue
		}
		seen[b.Do.Long] = true
		note, dim := b.Shown, false
		if why := u.chat.Why(b.Name); why != "" {
			note, dim = why, true
		}
		out = append(out, choice{name: text.Left(b.Do.Short, 15) + " " + b.Do.Long, note: note, dim: dim, run: func(u *UI) tea.Cmd {
			return u.chat.Run(b.Name, u.data)
		}})
	}
	return out
}

// toChat hands a message to the chat.
func (u *UI) toChat(msg tea.Msg) tea.Cmd {
	before := u.chat.Rev()
	cmd := u.chat.Update(msg, u.data)
	if u.chat.Rev() != before && u.onChat() {
		u.changed()
	}
	return cmd
}

// aside is how much of the width the overview takes beside the chat.
func (u *UI) aside() int {
	if u.w < asideFrom || u.zoom || u.chat != nil && u.chat.Wide() {
		return 0
	}
	return asideWidth
}

// Close stops what streams and hands over the conversation that is not stored yet.
// The program has ended.
func (u *UI) Close(store func(chat.Saved)) {
	if u.chat == nil {
		return
	}
	if last, ok := u.chat.Close(); ok {
		store(last)
	}
}
