package chat

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
)

// send asks what is in the composer.
func (s *Screen) send(d pane.Data) tea.Cmd {
	switch {
	case s.composer.empty() && s.conv.Model == "" && len(s.items) == 0:
		return s.openModels(false)
	case s.composer.empty():
		return nil
	case s.streaming():
		s.notice = s.words.Busy
		return nil
	case s.conv.Model == "" && len(s.versus) == 0:
		s.notice = s.words.NoModel
		return s.openModels(false)
	}
	if s.cmp != nil {
		s.pick()
	}
	now := s.opt.Now()
	prompt := s.composer.text()
	q := newItem(Message{Role: model.ChatUser, At: now, Parts: slices.Clone(s.composer.attached)})
	if strings.TrimSpace(prompt) != "" {
		q.Parts = append(q.Parts, model.ChatPart{Kind: model.PartText, Text: prompt})
	}
	if s.conv.ID == "" {
		s.conv.ID, s.conv.Created = s.id(), now
		if s.conv.Gateway == "" {
			s.conv.Gateway = d.State.Gateway.Name
		}
	}
	if s.conv.Name == "" {
		s.conv.Name = nameFor(safe(prompt))
	}
	s.items = append(s.items, q)
	s.composer.clear()
	var prices tea.Cmd
	if !s.priced() { // so that what the answer cost can be said when it ends
		prices = s.askModels()
	}
	if len(s.versus) > 1 {
		return tea.Batch(prices, s.startCompare())
	}
	return tea.Batch(prices, s.startAnswer(newItem(Message{})))
}

// startAnswer asks the conversation so far and puts the answer below it.
func (s *Screen) startAnswer(it *item) tea.Cmd {
	messages := s.messages()
	s.items = append(s.items, it)
	cmd := s.ask(it, s.conv.Settings, messages)
	s.script.items = s.items
	s.script.follow, s.script.full = true, false
	s.least = model.Opt[float64]{}
	return tea.Batch(cmd, s.save())
}

// ask sends a question off.
func (s *Screen) ask(it *item, set Settings, messages []Message) tea.Cmd {
	it.Role, it.Model, it.At = model.ChatAssistant, set.Model, s.opt.Now()
	it.ID, it.Key, it.KeyName = s.id(), set.Key, set.KeyName
	it.via = Via{s.conv.Gateway, set.Key, set.KeyName}
	s.running[it.ID] = it
	s.hold()
	return s.hub.start(s.opt.Go, s.opt.Service, it.via, it.ID, request(set, messages))
}

// messages are the conversation so far.
func (s *Screen) messages() []Message {
	out := make([]Message, len(s.items))
	for i, it := range s.items {
		out[i] = it.message()
	}
	return out
}

// stop ends what streams; what has come stays.
func (s *Screen) stop() {
	for _, it := range s.running {
		it.stopping = true
	}
	s.hub.stopAll()
}

// onStreamed takes the news of the answers in.
func (s *Screen) onStreamed(msg streamed) tea.Cmd {
	var cmds []tea.Cmd
	for _, n := range msg.news {
		it := s.running[n.answer]
		if it == nil {
			continue
		}
		it.add(n.content.String(), n.reasoning.String())
		if n.requestID != "" {
			it.Cost.RequestID = n.requestID
		}
		if n.usage.OK {
			it.Cost.Usage = n.usage
		}
		if !n.first.IsZero() && !it.Cost.First.OK {
			it.Cost.First = model.Some(n.first.Sub(it.At))
		}
		if !n.last.IsZero() {
			it.Cost.Last = model.Some(n.last.Sub(it.At))
		}
		if n.end != model.ChatOpen {
			cmds = append(cmds, s.ended(it, n))
		}
		s.dirty = true
	}
	return tea.Batch(append(cmds, s.hub.more(), s.save())...)
}

// fill shows an answer that has ended from where it fills its pane, unless it was
// scrolled by hand: the room that a jump left below is for nothing any more.
func (s *Screen) fill(it *item) {
	if s.cmp == nil {
		s.script.full = true // for nothing where the end is not followed
		return
	}
	if i := slices.Index(s.cmp.lanes, it); i >= 0 {
		s.cmp.views[i].full = true
	}
}

// ended closes an answer and says so to whoever reads the log.
func (s *Screen) ended(it *item, n *news) tea.Cmd {
	it.End, it.Finish, it.Fault, it.Theirs, it.Code = n.end, n.finish, safe(n.fault), safe(n.theirs), safe(n.code)
	it.Cost.Took = model.Some(n.ended.Sub(it.At))
	it.finish()
	delete(s.running, it.ID)
	s.fill(it)
	if it.Cost.Usage.OK || it.text.Len() > 0 || it.thought.Len() > 0 {
		asked := s.messages()
		if s.cmp == nil {
			asked = asked[:len(asked)-1]
		}
		in := s.context(asked, false)
		it.Cost.About = s.price(it.Model).estimate(int64(in), it)
	}
	s.least = model.Opt[float64]{}
	if m := it.message(); m.charged() {
		it.awaited = true
		s.await(it.ID, s.conv.ID)
		return pane.Send(m.asked(it.via.Gateway, n.ended))
	}
	return nil
}
