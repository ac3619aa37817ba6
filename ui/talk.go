package ui

import (
	tea "charm.land/bubbletea/v2"

	"gatewatch/ui/chat"
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
	if u.w < asideFrom || u.zoom {
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
