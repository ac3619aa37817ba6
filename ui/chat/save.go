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
	return c
}

// saveEvery is the least time between two writes while an answer streams.
const saveEvery = time.Second

// stored says that a conversation was written.
type stored struct{ fault error }

func (stored) chatMsg() {}

// save writes the conversation if that is due.
func (s *Screen) save() tea.Cmd {
	if s.saving || s.streaming() && s.opt.Now().Sub(s.savedAt) < saveEvery {
		s.dirty = true
		return nil
	}
	return s.saveNow()
}

func (s *Screen) saveNow() tea.Cmd {
	if s.opt.Store == nil || s.conv.ID == "" || len(s.items) == 0 {
		return nil
	}
	s.saving, s.dirty, s.savedAt = true, false, s.opt.Now()
	c, store := s.snapshot(), s.opt.Store
	s.saver.given++
	nth := s.saver.given
	return func() tea.Msg { return stored{s.saver.save(store, c, nth)} }
}

// saver writes one conversation at a time, and none after a newer one.
type saver struct {
	given int // counted in Update
	mu    sync.Mutex
	last  map[string]int
}

func (v *saver) save(store Store, c Conversation, nth int) error {
	saved, err := c.saved()
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.last[c.ID] > nth {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := store.Save(ctx, saved); err != nil {
		return err
	}
	if v.last == nil {
		v.last = map[string]int{}
	}
	v.last[c.ID] = nth
	return nil
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
