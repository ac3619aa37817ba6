package chat

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
)

// lookBack is how old an answer may be for its row to be looked for again: the log is
// held in memory for 75 minutes.
const lookBack = 70 * time.Minute

// charged reports whether an answer may have cost something. One that was stopped is
// charged for what the model had begun, whether or not a word of it came.
func (m *Message) charged() bool {
	return m.Cost.Usage.OK && m.End != model.ChatFailed || m.Text != "" || m.Reasoning != "" || m.Cost.RequestID != "" || m.End == model.ChatStopped
}

// refused reports whether the gateway did not let a question through: that is hardly
// charged, and not every gateway writes it down.
func (m *Message) refused() bool {
	return m.End == model.ChatFailed && m.Text == "" && m.Reasoning == ""
}

// asked is an answer as the log is searched for it. until is when it was over at the
// latest, for one whose end was not seen.
func (m *Message) asked(gateway string, until time.Time) Answered {
	via := Via{gateway, m.Key, m.KeyName}
	return Answered{Via: via, Answer: m.ID, ChatMark: model.ChatMark{
		RequestID: m.Cost.RequestID, Key: via.Ref(), Model: m.Model, Sent: m.At, Usage: m.Cost.Usage,
		Ended: m.At.Add(m.Cost.Took.Or(until.Sub(m.At))),
		Open:  !m.Cost.Took.OK || m.End == model.ChatStopped || m.End == model.ChatCutOff,
	}}
}

// billed writes down what the log says and reports whether it is this answer's. A row
// that was found stays found: another program may have had more luck.
func (m *Message) billed(msg BilledMsg) bool {
	if m.ID != msg.Answer || m.Cost.Billed.OK && !msg.Billed.OK {
		return false
	}
	m.Cost.Missing, m.Cost.NoLog = !msg.Billed.OK && !msg.NoLog, msg.NoLog
	if msg.Billed.OK {
		m.Cost.Billed = model.Some(msg.Billed.V.Quota)
		if msg.Billed.V.Usage.OK && !m.Cost.Usage.OK {
			m.Cost.Usage = msg.Billed.V.Usage
		}
	}
	return true
}

// answers calls do with every answer of a conversation, those that another one took
// the place of included, and with when each was over at the latest.
func (c *Conversation) answers(do func(m *Message, until time.Time)) {
	for i := range c.Messages {
		m, until := &c.Messages[i], c.Updated
		if i+1 < len(c.Messages) {
			until = c.Messages[i+1].At
		}
		if m.Role != model.ChatAssistant {
			continue
		}
		do(m, until)
		for j := range m.Former {
			do(&m.Former[j], until)
		}
	}
}

// inView calls do with every answer on the screen.
func (s *Screen) inView(do func(it *item, m *Message)) {
	all := s.items
	if s.cmp != nil {
		all = append(slices.Clone(all), s.cmp.lanes...)
	}
	for _, it := range all {
		do(it, &it.Message)
		for i := range it.Former {
			do(it, &it.Former[i])
		}
	}
}

// await notes that an answer's row is looked for, and that this conversation holds it:
// when the row comes, the person may be in another one.
func (s *Screen) await(answer, conversation string) {
	if !slices.Contains(s.awaited[answer], conversation) {
		s.awaited[answer] = append(s.awaited[answer], conversation)
	}
}

// hold notes that the conversation in view, which is about to be stored, holds the
// answers that are awaited. It may be a branch that was begun with them.
func (s *Screen) hold() {
	s.inView(func(_ *item, m *Message) {
		if _, ok := s.awaited[m.ID]; ok {
			s.await(m.ID, s.conv.ID)
		}
	})
}

// onBilled writes down what the log says of an answer, wherever it stands by now.
func (s *Screen) onBilled(msg BilledMsg) tea.Cmd {
	here := false
	s.inView(func(it *item, m *Message) {
		it.awaited = it.awaited && it.ID != msg.Answer
		here = m.billed(msg) || here
	})
	var cmds []tea.Cmd
	if here {
		s.dirty = true
		cmds = append(cmds, s.save())
	}
	for _, id := range s.awaited[msg.Answer] {
		if id != s.conv.ID {
			s.late[msg.Answer] = msg // it may be on its way to the screen at this moment
			cmds = append(cmds, s.billStored(id, msg))
		}
	}
	delete(s.awaited, msg.Answer)
	return tea.Batch(cmds...)
}

// billLost says that a bill could not be written.
type billLost struct{ fault error }

func (billLost) chatMsg() {}

// billStored writes a bill into a conversation that is not on the screen.
func (s *Screen) billStored(id string, msg BilledMsg) tea.Cmd {
	return s.do(func(ctx context.Context, store Store) tea.Msg {
		if err := s.saver.bill(ctx, store, id, msg); err != nil {
			return billLost{err}
		}
		return nil
	})
}

// bill writes a bill into a stored conversation. One that was deleted meanwhile stays
// deleted, and one that is on the screen again has the bill already.
func (v *saver) bill(ctx context.Context, store Store, id string, msg BilledMsg) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	saved, err := store.Load(ctx, id)
	if err != nil {
		return nil //nolint:nilerr // there is nothing to write it into
	}
	c, err := Decode(saved.Body)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	changed := false
	c.answers(func(m *Message, _ time.Time) { changed = m.billed(msg) || changed })
	if !changed {
		return nil
	}
	if saved.Body, err = json.Marshal(c); err != nil {
		return err
	}
	return store.Save(ctx, saved)
}

// look has the rows of a conversation's answers looked for that have none, unless
// that is being done or the log no longer holds them.
func (s *Screen) look(c Conversation) tea.Cmd {
	var cmds []tea.Cmd
	c.answers(func(m *Message, until time.Time) {
		if m.ID == "" || m.Cost.Billed.OK || m.Cost.NoLog || s.opt.Now().Sub(m.At) > lookBack || !m.charged() && m.Cost.Took.OK {
			return
		}
		if _, ok := s.awaited[m.ID]; !ok {
			cmds = append(cmds, pane.Send(m.asked(c.Gateway, until)))
		}
		s.await(m.ID, c.ID)
	})
	return tea.Batch(cmds...)
}

// onResumed gives the conversation that was resumed the bills that came since it was
// stored, and looks for the others.
func (s *Screen) onResumed() tea.Cmd {
	s.inView(func(_ *item, m *Message) {
		if msg, ok := s.late[m.ID]; ok {
			m.billed(msg)
		}
	})
	c := s.snapshot()
	c.Updated = s.conv.Updated // when it was stored
	cmd := s.look(c)
	s.inView(func(it *item, _ *Message) { _, it.awaited = s.awaited[it.ID] })
	return cmd
}
