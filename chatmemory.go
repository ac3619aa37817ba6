package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"gatewatch/ui/chat"
)

// sessionChats keeps conversations while the program runs, for those who want
// nothing written down (--no-history) and for the demo. The zero value is ready.
type sessionChats struct {
	mu  sync.Mutex
	all []chat.Saved
}

var _ chat.Store = (*sessionChats)(nil)

// mostChats bounds the conversations in memory; the oldest go first.
const mostChats = 100

// at is the place of a conversation; s.mu is held.
func (s *sessionChats) at(id string) (int, error) {
	i := slices.IndexFunc(s.all, func(c chat.Saved) bool { return c.ID == id })
	if i < 0 {
		return i, fmt.Errorf("there is no conversation %q any more", id)
	}
	return i, nil
}

// Save keeps a conversation or replaces it.
func (s *sessionChats) Save(_ context.Context, c chat.Saved) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, err := s.at(c.ID); err == nil {
		s.all[i] = c
		return nil
	}
	s.all = append(s.all, c)
	s.all = s.all[max(0, len(s.all)-mostChats):]
	return nil
}

// List returns all conversations without their bodies, the last one first.
func (s *sessionChats) List(context.Context) ([]chat.Saved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.all)
	for i := range out {
		out[i].Body = nil
	}
	slices.SortStableFunc(out, func(a, b chat.Saved) int { return cmp.Or(b.Updated.Compare(a.Updated), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Load returns a conversation.
func (s *sessionChats) Load(_ context.Context, id string) (chat.Saved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.at(id)
	if err != nil {
		return chat.Saved{}, err
	}
	return s.all[i], nil
}

// Rename gives a conversation another name.
func (s *sessionChats) Rename(_ context.Context, id, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.at(id)
	if err == nil {
		s.all[i].Name = name
	}
	return err
}

// Delete deletes a conversation.
func (s *sessionChats) Delete(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.at(id)
	if err == nil {
		s.all = slices.Delete(s.all, i, i+1)
	}
	return err
}
