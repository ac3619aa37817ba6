package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
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

// awaited is an answer whose row in the log is looked for.
type awaited struct {
	chat.Answered
	since time.Time
}

// billWait is how long a row may take to appear: the log is read a few seconds
// late, in batches, and once more a minute later.
const billWait = 100 * time.Second

// bill looks in the log for what answers cost, and tells the chat.
func (u *UI) bill() tea.Cmd {
	var cmds []tea.Cmd
	taken := map[*model.Call]bool{}
	all := slices.Clone(u.awaited)
	u.awaited = slices.DeleteFunc(u.awaited, func(a awaited) bool {
		i := u.fleet.Index(a.Via.Gateway)
		if i < 0 {
			return true
		}
		if u.fleet.States[i].Sources[model.SourceCalls].Fault.Kind == model.FaultUnsupported {
			cmds = append(cmds, u.toChat(chat.BilledMsg{Answer: a.Answer, NoLog: true}))
			return true
		}
		call := rowOf(a, all, u.fleet.States[i], taken)
		switch {
		case call != nil:
			taken[call] = true
			b := chat.Billed{RequestID: call.RequestID, At: call.At, Model: call.Model, Quota: call.Quota}
			b.Usage = model.Some(model.ChatUsage{Prompt: call.Prompt, Completion: call.Completion, Cached: call.Cached})
			cmds = append(cmds, u.toChat(chat.BilledMsg{Answer: a.Answer, Billed: model.Some(b)}))
			return true
		case u.now.Sub(a.since) > billWait:
			cmds = append(cmds, u.toChat(chat.BilledMsg{Answer: a.Answer}))
			return true
		}
		return false
	})
	return tea.Batch(cmds...)
}

// rowOf finds the row of an answer among all that are looked for: by its request
// id, or where rows carry none by time, key, model and tokens, if only one row and one
// answer fit. taken are the rows that belong to another one.
func rowOf(a awaited, all []awaited, s model.State, taken map[*model.Call]bool) *model.Call {
	var fit []*model.Call
	for c := range s.Self.Calls.In(a.Rows(s.Skew.V)) {
		sure, maybe := a.Fits(c)
		if sure {
			return c
		}
		if maybe {
			fit = append(fit, c)
		}
	}
	// Two equal questions at a time never swap: their rows wait for one another,
	// and where both cost the same it does not matter which is whose.
	rivals := 0
	for _, o := range all {
		if o.Via == a.Via && o.Model == a.Model && o.RequestID == a.RequestID && o.Usage.V.Completion == a.Usage.V.Completion {
			rivals++
		}
	}
	if len(fit) != rivals || slices.ContainsFunc(fit, func(c *model.Call) bool { return c.Quota != fit[0].Quota }) {
		return nil
	}
	for _, c := range fit {
		if !taken[c] {
			return c
		}
	}
	return nil
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
