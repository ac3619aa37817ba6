package chat

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// snapshot is the conversation as it is now. It shares no memory that changes.
func (s *Screen) snapshot() Conversation {
	c := s.conv
	c.Messages, c.Updated = s.messages(), s.opt.Now()
	if s.cmp != nil {
		c.Messages = append(c.Messages, s.cmp.message())
	}
	for i := range c.Messages {
		c.Messages[i].Former = slices.Clone(c.Messages[i].Former)
	}
	c.Draft = s.composer.parts()
	return c
}

// saveEvery is the least time between two writes while an answer streams or a
// message is written.
const saveEvery = time.Second

// stored says that a conversation was written.
type stored struct{ fault error }

func (stored) chatMsg() {}

// draftDue says that the message that is being written is to be saved.
type draftDue struct{}

func (draftDue) chatMsg() {}

// mark is what tells a conversation from what was last written of it, beside dirty,
// which is set by all that comes from outside.
type mark struct {
	id    string
	set   Settings
	count int
	last  *item
	cmp   *compare
	edits int
}

func (s *Screen) mark() mark {
	m := mark{id: s.conv.ID, set: s.conv.Settings, count: len(s.items), cmp: s.cmp, edits: s.composer.edits}
	if m.count > 0 {
		m.last = s.items[m.count-1]
	}
	return m
}

// changed reports whether there is something that was not written yet.
func (s *Screen) changed() bool { return s.dirty || s.mark() != s.kept }

// save writes the conversation if something of it changed and that is due.
func (s *Screen) save() tea.Cmd {
	if !s.changed() {
		return nil
	}
	if s.saving || s.streaming() && s.opt.Now().Sub(s.savedAt) < saveEvery {
		s.dirty = true
		return nil
	}
	return s.saveNow(true)
}

// saveNow writes the conversation, with what is being written or without.
func (s *Screen) saveNow(draft bool) tea.Cmd {
	s.named()
	s.dirty, s.kept = false, s.mark()
	if s.conv.ID == "" {
		return nil // nothing was said
	}
	s.saving, s.savedAt = true, s.opt.Now()
	c, store := s.snapshot(), s.opt.Store
	if !draft {
		c.Draft = nil
	}
	s.saver.given++
	nth := s.saver.given
	return func() tea.Msg { return stored{s.saver.save(store, c, nth)} }
}

// named names a conversation of which nothing is there yet but a draft.
func (s *Screen) named() {
	if s.conv.ID == "" && s.composer.parts() != nil {
		s.conv.ID, s.conv.Created = s.id(), s.opt.Now()
	}
}

// leave writes what is new of a conversation before another takes its place. The
// message that is being written stays with it, or goes along.
func (s *Screen) leave(goes bool) tea.Cmd {
	goes = goes && s.composer.parts() != nil
	if goes && s.conv.ID == "" || !goes && !s.changed() {
		return nil
	}
	return s.saveNow(!goes)
}

// arrived says that what is on the screen is what the store holds, but for a
// message that was brought along.
func (s *Screen) arrived(brought bool) {
	s.dirty, s.kept = false, s.mark()
	if brought {
		s.kept.edits = -1
	}
}

// keepDraft sees to it that a message that is being written is saved soon.
func (s *Screen) keepDraft() tea.Cmd {
	if s.drafting || s.composer.edits == s.kept.edits {
		return nil
	}
	s.drafting = true
	return s.opt.Later(saveEvery, draftDue{})
}

// saver writes one conversation at a time, and none after a newer one.
type saver struct {
	given int // counted in Update
	mu    sync.Mutex
	last  map[string]int
	ended bool
}

func (v *saver) save(store Store, c Conversation, nth int) error {
	saved, err := c.saved()
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ended || v.last[c.ID] > nth {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if len(c.Messages) == 0 && len(c.Draft) == 0 {
		_ = store.Delete(ctx, c.ID) // it was a draft alone; that it was not there is as good
	} else if err := store.Save(ctx, saved); err != nil {
		return err
	}
	if v.last == nil {
		v.last = map[string]int{}
	}
	v.last[c.ID] = nth
	return nil
}

// end waits for a write that is under way and lets no other begin.
func (v *saver) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended = true
}

func (s *Screen) onStored(msg stored) tea.Cmd {
	s.saving = false
	if msg.fault != nil {
		s.notice, s.dirty = fmt.Sprintf(s.words.NotSaved, msg.fault), true
		return nil
	}
	if s.dirty && !s.streaming() {
		return s.save()
	}
	return nil
}
