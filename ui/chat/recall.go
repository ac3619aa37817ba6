package chat

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
)

// recalled is what the stored conversations tell at the start: those whose answers may
// still be in the log, and what was asked with last at each gateway.
type recalled struct {
	list  []Conversation
	used  map[string]Settings
	fault error
}

func (recalled) chatMsg() {}

// recall looks through the stored conversations, once, when the screen is put up for
// the first time.
func (s *Screen) recall() tea.Cmd {
	now := s.opt.Now()
	return s.do(func(ctx context.Context, store Store) tea.Msg {
		out := recalled{used: map[string]Settings{}}
		all, err := store.List(ctx)
		if err != nil {
			return recalled{fault: err}
		}
		for _, saved := range all { // the newest first
			_, known := out.used[saved.Gateway]
			recent := now.Sub(saved.Updated) <= lookBack
			if known && !recent {
				continue
			}
			saved, err := store.Load(ctx, saved.ID)
			if err != nil {
				continue
			}
			c, err := Decode(saved.Body)
			if err != nil {
				continue
			}
			if !known {
				out.used[c.Gateway] = Settings{Model: c.Model, Key: c.Key, KeyName: c.KeyName}
			}
			if recent {
				out.list = append(out.list, c)
			}
		}
		return out
	})
}

func (s *Screen) onRecalled(msg recalled) tea.Cmd {
	if msg.fault != nil { // the history may not be open yet: next time
		return s.askModels()
	}
	s.recalled = true
	for gateway, set := range msg.used {
		if _, chosen := s.used[gateway]; chosen {
			continue
		}
		s.used[gateway] = set
		if gateway == s.conv.Gateway && len(s.items) == 0 {
			s.conv.Model, s.conv.Key, s.conv.KeyName = set.Model, set.Key, set.KeyName
			s.least = model.Opt[float64]{}
		}
	}
	cmds := []tea.Cmd{s.askModels()}
	for _, c := range msg.list {
		if c.ID != s.conv.ID {
			cmds = append(cmds, s.look(c))
		}
	}
	return tea.Batch(cmds...)
}
