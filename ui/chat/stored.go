package chat

import (
	"context"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
)

// listed are the stored conversations.
type listed struct {
	list  []Saved
	fault error
}

func (listed) chatMsg() {}

// loaded is a conversation that is to be resumed.
type loaded struct {
	conv  Conversation
	items []*item
	fault error
}

func (loaded) chatMsg() {}

// listChanged says that a stored conversation was renamed or deleted.
type listChanged struct {
	notice string
	fault  error
}

func (listChanged) chatMsg() {}

// do runs a request to the store.
func (s *Screen) do(f func(context.Context, Store) tea.Msg) tea.Cmd {
	store := s.opt.Store
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return f(ctx, store)
	}
}

func (s *Screen) readList() tea.Cmd {
	return s.do(func(ctx context.Context, store Store) tea.Msg {
		list, err := store.List(ctx)
		return listed{list, err}
	})
}

func (s *Screen) openConversations() tea.Cmd {
	w := s.words
	s.pop = &list{
		name: w.Conversations, says: w.ListHint, input: newInput(), empty: w.Loading,
		columns: []table.Column{
			{Title: w.ColName, Width: 20, Flex: true, Worth: 9},
			{Title: w.ColModel, Width: 20, Worth: 5},
			{Title: w.ColMessages, Width: 8, Right: true, Worth: 3},
			{Title: w.ColUpdated, Width: 10, Right: true, Worth: 7},
		},
		choices: func(pane.Data) []choice { return nil },
		choose:  func(*Screen, pane.Data, string) tea.Cmd { return nil },
	}
	return tea.Batch(s.save(), s.readList())
}

func (s *Screen) onListed(msg listed) {
	l, ok := s.pop.(*list)
	if !ok || l.name != s.words.Conversations {
		return
	}
	l.found, l.empty, l.fault = nil, s.words.NoConversations, ""
	if msg.fault != nil {
		l.fault = model.FaultOf(msg.fault).Sentence
	}
	l.choices = func(d pane.Data) []choice {
		th := d.Theme
		out := make([]choice, 0, len(msg.list))
		for _, c := range msg.list {
			if c.Messages == 0 && c.ID == s.conv.ID {
				continue // the draft that is on the screen
			}
			out = append(out, choice{id: c.ID, search: c.Name + " " + c.Model, cells: []table.Cell{
				table.Str(d.Name(c.Name), th.Plain), table.Str(text.Clean(c.Model), th.Dim),
				table.Str(model.Count(int64(c.Messages)), th.Dim), table.Str(text.Moment(c.Updated.In(d.Zone), s.opt.Now().In(d.Zone)), th.Dim),
			}})
		}
		return out
	}
	l.choose = func(s *Screen, _ pane.Data, id string) tea.Cmd { return s.load(id) }
	l.other = func(s *Screen, d pane.Data, key, id string) (tea.Cmd, bool) {
		i := slices.IndexFunc(msg.list, func(c Saved) bool { return c.ID == id })
		if i < 0 {
			return nil, false
		}
		switch key {
		case "ctrl+r":
			s.rename(msg.list[i])
			return nil, true
		case "ctrl+x":
			s.remove(d, msg.list[i])
			return nil, true
		}
		return nil, false
	}
}

// load resumes a conversation. It is unpacked and split before it comes here, so
// that a long one is drawn at once.
func (s *Screen) load(id string) tea.Cmd {
	return s.do(func(ctx context.Context, store Store) tea.Msg {
		saved, err := store.Load(ctx, id)
		if err != nil {
			return loaded{fault: err}
		}
		c, err := Decode(saved.Body)
		if err != nil {
			return loaded{fault: err}
		}
		if saved.Name != c.title() { // else the name of a draft would stay
			c.Name = saved.Name
		}
		return loaded{conv: c, items: itemsOf(c)}
	})
}

// itemsOf makes items of a conversation, ready to be drawn.
func itemsOf(c Conversation) []*item {
	items := make([]*item, len(c.Messages))
	for i, m := range c.Messages {
		items[i] = newItem(m)
		items[i].build()
	}
	return items
}

// onLoaded puts a conversation up. A message that is being written stays with the
// one that is left where this one brings its own, else it goes along.
func (s *Screen) onLoaded(msg loaded) tea.Cmd {
	if msg.fault != nil {
		s.notice = msg.fault.Error()
		return nil
	}
	if s.streaming() {
		s.notice = s.words.Busy
		return nil
	}
	s.setFocus(onComposer)
	if msg.conv.ID == s.conv.ID {
		return nil // what is on the screen is newer
	}
	draft := msg.conv.Draft
	cmd := s.leave(draft == nil)
	s.conv, s.items, s.cmp, s.versus = msg.conv, msg.items, nil, nil
	s.conv.Messages, s.conv.Draft = nil, nil
	if draft != nil {
		s.composer.resume(s.words, draft)
	}
	s.see()
	s.arrived(draft == nil && s.composer.parts() != nil)
	return cmd
}

func (s *Screen) rename(c Saved) {
	s.pop = &form{
		name: s.words.Rename, back: s.pop, fields: []field{newField(s.words.NewName, c.Name, 1)},
		keep: func(s *Screen, v []string) (tea.Cmd, string) {
			name := nameFor(v[0])
			if name == "" {
				return nil, s.words.NewName
			}
			if s.conv.ID == c.ID {
				s.conv.Name = name
			}
			return s.do(func(ctx context.Context, store Store) tea.Msg {
				return listChanged{fault: store.Rename(ctx, c.ID, name)}
			}), ""
		},
	}
}

func (s *Screen) remove(d pane.Data, c Saved) {
	s.pop = &question{
		name: s.words.Delete, back: s.pop, says: s.words.DeleteHint, key: "D", text: fmt.Sprintf(s.words.Sure, d.Name(c.Name)),
		do: func(s *Screen) tea.Cmd {
			if s.conv.ID == c.ID {
				s.begin(s.conv.Gateway)
			}
			deleted := s.words.Deleted
			return s.do(func(ctx context.Context, store Store) tea.Msg {
				return listChanged{deleted, store.Delete(ctx, c.ID)}
			})
		},
	}
}

func (s *Screen) onListChanged(msg listChanged) tea.Cmd {
	s.notice = msg.notice
	if msg.fault != nil {
		s.notice = fmt.Sprintf(s.words.NotSaved, msg.fault)
	}
	return s.openConversations()
}
