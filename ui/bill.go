package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/chat"
)

// billing looks in the log for what answers cost.
type billing struct {
	awaited []awaited
	rows    map[string]*model.RowFinder // by the gateway's name
}

// awaited is an answer whose row in the log is looked for.
type awaited struct {
	chat.Answered
	since time.Time
}

// billWait is how long a row may take to appear in a log that is read: in batches,
// some seconds late, and once more a minute later.
const billWait = 100 * time.Second

// patience is how long it takes until a row that did not come is said to be missing.
func (a awaited) patience() time.Duration {
	if a.Open {
		return model.OpenFor*time.Second + billWait
	}
	return billWait
}

// await looks for the row of an answer from now on.
func (u *UI) await(a chat.Answered) tea.Cmd {
	u.billing.awaited = append(u.billing.awaited, awaited{a, u.now})
	u.follow(a.Via.Gateway)
	return u.bill(a.Via.Gateway)
}

// follow has the log of a gateway read as long as a row is looked for in it, even
// while another gateway is on the screen.
func (u *UI) follow(gateway string) {
	on := slices.ContainsFunc(u.billing.awaited, func(a awaited) bool { return a.Via.Gateway == gateway })
	if u.opt.Poller != nil {
		u.opt.Poller.Follow(gateway, on)
	}
}

// keyMasked is the key that the gateway lists under a mask, unknown where it lists
// none or several.
func keyMasked(f model.Fleet, gateway, mask string) (ref model.KeyRef) {
	i := f.Index(gateway)
	if i < 0 || mask == "" {
		return ref
	}
	for _, k := range f.States[i].Keys.V {
		if k.Masked != mask {
			continue
		}
		if ref != (model.KeyRef{}) {
			return model.KeyRef{}
		}
		ref = model.KeyRef{ID: k.ID, Name: k.Name}
	}
	return ref
}

// bill looks in the log of a gateway for what answers cost, and tells the chat.
func (u *UI) bill(gateway string) tea.Cmd {
	i := u.fleet.Index(gateway)
	var mine []awaited
	for _, a := range u.billing.awaited {
		if a.Via.Gateway != gateway {
			continue
		}
		if a.Key == (model.KeyRef{}) && u.opt.OwnKey != nil { // the list may just have come
			a.Key = keyMasked(u.fleet, gateway, u.opt.OwnKey(gateway))
		}
		mine = append(mine, a)
	}
	if i < 0 || len(mine) == 0 {
		return nil
	}
	s := u.fleet.States[i]
	marks := make([]model.ChatMark, len(mine))
	for j, a := range mine {
		marks[j] = a.ChatMark
	}
	f := u.billing.rows[gateway]
	if f == nil {
		f = &model.RowFinder{}
		if u.billing.rows == nil {
			u.billing.rows = map[string]*model.RowFinder{}
		}
		u.billing.rows[gateway] = f
	}
	book := s.Book()
	whole := func(span model.Span) bool { return book.Ledger.Covers(span) }
	var cmds []tea.Cmd
	done := map[string]bool{}
	tell := func(msg chat.BilledMsg) {
		done[msg.Answer] = true
		cmds = append(cmds, u.toChat(msg))
	}
	for j, call := range f.Find(marks, s.RowsFor(marks), s.Skew.V, whole) {
		a := mine[j]
		switch span := a.Rows(s.Skew.V); {
		case call != nil:
			tell(chat.BilledMsg{Answer: a.Answer, Billed: model.Some(chat.BilledBy(call))})
		case s.Sources[model.SourceCalls].Fault.Kind == model.FaultUnsupported:
			tell(chat.BilledMsg{Answer: a.Answer, NoLog: true})
		case u.now.Sub(a.since) > a.patience() && whole(span):
			tell(chat.BilledMsg{Answer: a.Answer})
		case u.now.Sub(a.since) > model.Keep:
			done[a.Answer] = true // nobody has read the log; nothing is said of it
		}
	}
	u.billing.awaited = slices.DeleteFunc(u.billing.awaited, func(a awaited) bool { return done[a.Answer] })
	if len(done) > 0 {
		u.follow(gateway)
	}
	return tea.Batch(cmds...)
}
