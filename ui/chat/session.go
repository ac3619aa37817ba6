package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// session is a Store that lasts as long as the program: where no history is kept,
// a conversation that another takes the place of is not lost at once.
type session struct {
	mu sync.Mutex
	of map[string]Saved
}

func (m *session) Save(_ context.Context, s Saved) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of[s.ID] = s
	return nil
}

func (m *session) List(context.Context) ([]Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Saved, 0, len(m.of))
	for _, s := range m.of {
		s.Body = nil
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Saved) int {
		if c := b.Updated.Compare(a.Updated); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

// at finds a conversation; the lock is held.
func (m *session) at(id string) (Saved, error) {
	s, ok := m.of[id]
	if !ok {
		return s, fmt.Errorf("chat: there is no conversation %s", id)
	}
	return s, nil
}

func (m *session) Load(_ context.Context, id string) (Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at(id)
}

func (m *session) Rename(_ context.Context, id, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.at(id)
	if err == nil {
		s.Name = name
		m.of[id] = s
	}
	return err
}

func (m *session) Delete(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.at(id)
	delete(m.of, id)
	return err
}
