package chat

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
)

// unfold unfolds what is folded in the last messages, or folds it again.
func (s *Screen) unfold() {
	all := s.items
	if s.cmp != nil {
		all = s.cmp.lanes
	}
	open := false
	for _, it := range slices.Backward(all) {
		if it.folds() {
			open = !it.open
			break
		}
	}
	for _, it := range all {
		if it.folds() {
			it.open = open
			if it.Role == model.ChatUser {
				it.built = false
			}
		}
	}
}

// turn shows another answer to the last question; the conversation goes on with
// what is shown.
func (s *Screen) turn(name string) {
	it := s.last()
	if it == nil || len(it.Former) == 0 || it.running() || it != s.items[len(s.items)-1] {
		return
	}
	all := append(slices.Clone(it.Former), it.message())
	own := len(all) - 1
	all[own].Former = nil
	slices.SortStableFunc(all, func(a, b Message) int { return a.Nth - b.Nth })
	at := slices.IndexFunc(all, func(m Message) bool { return m.ID == it.ID })
	if name == "left" {
		at = max(0, at-1)
	} else {
		at = min(len(all)-1, at+1)
	}
	m := all[at]
	m.Former = slices.Delete(all, at, at+1)
	s.items = slices.Clone(s.items)
	s.items[len(s.items)-1] = newItem(m)
	s.script.items = s.items
	s.least = model.Opt[float64]{}
	s.dirty = true
}

// again asks the last question again; the answer that was there is kept beside.
func (s *Screen) again() tea.Cmd {
	if s.cmp != nil {
		s.pick()
	}
	it := newItem(Message{Nth: 1})
	if old := s.items[len(s.items)-1]; old.Role == model.ChatAssistant {
		m := old.message()
		it.Former = append(slices.Clone(m.Former), m)
		m.Former = nil
		own := &it.Former[len(it.Former)-1]
		own.Former, own.Nth = nil, max(1, own.Nth)
		it.Nth = len(it.Former) + 1
		s.items = slices.Clone(s.items[:len(s.items)-1])
	}
	return s.startAnswer(it)
}

// editLast puts the last question into the composer. The conversation goes on in
// a branch of its own, so that nothing is lost.
func (s *Screen) editLast() tea.Cmd {
	if s.cmp != nil {
		s.pick()
	}
	at := slices.Index(s.items, s.question())
	q := s.items[at]
	cmd := s.leave(false)
	s.composer.aside()
	s.composer.set(s.words, q.prompt())
	for _, p := range q.Parts {
		if p.Name != "" {
			s.composer.attach(p)
		}
	}
	s.items = slices.Clone(s.items[:at])
	s.conv.ID, s.conv.Created = s.id(), s.opt.Now()
	s.see()
	s.arrived(false)
	s.setFocus(onComposer)
	if s.notice = s.words.Edited; s.fleeting {
		s.notice = s.words.EditedFleeting
	}
	return cmd
}
