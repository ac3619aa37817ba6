package chat

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
)

// press answers a key.
func (s *Screen) press(msg tea.KeyPressMsg, d pane.Data) tea.Cmd {
	s.notice = ""
	k := msg.String()
	if k == "ctrl+c" {
		s.stop()
		return nil
	}
	if k == "esc" && s.justEnded() {
		return nil
	}
	if s.pop != nil {
		p := s.pop
		cmd, open := p.press(s, msg, d)
		if !open && s.pop == p {
			s.pop = nil
		}
		return cmd
	}
	if s.chord != nil {
		return s.pressChord(k, d)
	}
	if s.focus == onComposer {
		switch name := s.find(msg, true); name {
		case "send", "editor", "leave":
			return s.Run(name, d)
		}
		if k == "backspace" && s.composer.atStart() && len(s.composer.attached) > 0 {
			s.notice = fmt.Sprintf(s.words.Detached, s.composer.detach().Name)
			return nil
		}
		return s.composer.press(s.words, msg, s.history)
	}
	if k == "esc" && s.streaming() {
		s.stop()
		return nil
	}
	return s.Run(s.find(msg, false), d)
}

// lateEsc is how long after the end of an answer esc is still meant to stop it. Else
// it would leave the composer, and what is typed then would be commands.
const lateEsc = 500 * time.Millisecond

// noteEnd notes when the last answer ended by itself: one that was stopped needs no
// second esc.
func (s *Screen) noteEnd(msg streamed) {
	if s.streaming() {
		return
	}
	for _, n := range msg.news {
		if n.end != model.ChatOpen && n.end != model.ChatStopped {
			s.endedAt = s.opt.Now()
		}
	}
}

func (s *Screen) justEnded() bool {
	since := s.opt.Now().Sub(s.endedAt)
	return s.pop == nil && since >= 0 && since < lateEsc
}

// Why says why a command of Bindings cannot be run now, "" when it can.
func (s *Screen) Why(name string) string {
	w := s.words
	switch name {
	case "copy answer", "copy code":
		if s.lastSaid() == nil {
			return w.NoAnswer
		}
	case "again", "edit last":
		switch {
		case s.streaming():
			return w.Busy
		case s.question() == nil:
			return w.NothingToRetry
		}
	case "unfold":
		if !slices.ContainsFunc(s.items, (*item).folds) && (s.cmp == nil || !slices.ContainsFunc(s.cmp.lanes, (*item).folds)) {
			return w.NothingToUnfold
		}
	case "export":
		if len(s.items) == 0 {
			return w.NoAnswer
		}
	case "new", "conversations":
		if s.streaming() {
			return w.Busy
		}
	}
	return ""
}

// Run runs a command of Bindings by its name, as its key does.
func (s *Screen) Run(name string, d pane.Data) tea.Cmd {
	s.rev++
	if why := s.Why(name); why != "" {
		s.notice = why
		return nil
	}
	if s.cmp != nil && s.cmp.run(s, name) {
		return nil
	}
	switch name {
	case "send":
		return s.send(d)
	case "newline":
		s.composer.insert(s.words, "\n")
	case "editor":
		return toEditor(s.composer.text())
	case "leave":
		if s.streaming() {
			s.stop()
		} else {
			s.setFocus(onTranscript)
		}
	case "stop":
		s.stop()
	case "write":
		s.setFocus(onComposer)
	case "copy answer":
		it, name := s.lastSaid(), s.words.CopiedAnswer
		if it != s.last() {
			name = s.words.CopiedBefore
		}
		return pane.Send(pane.Copied{Name: name, Text: safe(it.answer())})
	case "copy code":
		s.openChord(d)
	case "again":
		s.askAgain(d)
	case "edit last":
		return s.editLast()
	case "unfold":
		s.unfold()
	case "left", "right":
		s.turn(name)
		return s.save()
	case "model":
		return s.openModels(false)
	case "compare":
		return s.openModels(true)
	case "key":
		return s.openKeys()
	case "settings":
		s.openSettings()
	case "attach":
		s.openAttach()
	case "new":
		cmd := s.leave(true)
		if s.fleeting && len(s.items) > 0 {
			s.notice = s.words.LeftBehind
		}
		s.begin(d.State.Gateway.Name)
		s.setFocus(onComposer)
		return tea.Batch(cmd, s.askModels())
	case "conversations":
		return s.openConversations()
	case "export":
		s.openExport(d)
	default:
		s.script.steer(name, s.shown)
	}
	return nil
}

// Wheel scrolls what is under the pointer by so many turns, up where negative.
func (s *Screen) Wheel(turns int) {
	s.rev++
	v := &s.script
	if s.cmp != nil {
		v = &s.cmp.views[s.cmp.at]
	}
	v.moves += 3 * turns
}

func (s *Screen) setFocus(f focus) {
	s.focus = f
	if f == onComposer {
		s.composer.area.Focus()
	} else {
		s.composer.area.Blur()
	}
}

// last is the last answer, or the lane under the cursor.
func (s *Screen) last() *item {
	if s.cmp != nil {
		return s.cmp.lanes[s.cmp.at]
	}
	for _, it := range slices.Backward(s.items) {
		if it.Role == model.ChatAssistant {
			return it
		}
	}
	return nil
}

// lastSaid is the last answer that has text, or the lane under the cursor if it has.
func (s *Screen) lastSaid() *item {
	all := s.items
	if s.cmp != nil {
		all = []*item{s.last()}
	}
	for _, it := range slices.Backward(all) {
		if it.Role == model.ChatAssistant && it.text.Len() > 0 {
			return it
		}
	}
	return nil
}

// question is the last question.
func (s *Screen) question() *item {
	for _, it := range slices.Backward(s.items) {
		if it.Role == model.ChatUser {
			return it
		}
	}
	return nil
}

// history are the messages that were sent or put aside, in whichever conversation,
// and the questions of this one, the last one first.
func (s *Screen) history() []string {
	out := slices.Clone(s.composer.past)
	slices.Reverse(out)
	for _, it := range slices.Backward(s.items) {
		if p := it.prompt(); it.Role == model.ChatUser && p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
