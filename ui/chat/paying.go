package chat

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
)

// keysRead are the keys of a gateway.
type keysRead struct {
	gateway string
	keys    []KeyInfo
	fault   error
}

func (keysRead) chatMsg() {}

func (s *Screen) openKeys() tea.Cmd {
	w := s.words
	s.pop = &list{
		name: w.PickKey, says: w.PickHint, input: newInput(), empty: w.Loading, stand: model.Some(s.conv.Key),
		columns: []table.Column{{Title: w.ColKey, Width: 26, Worth: 9}, {Title: "", Width: 10, Flex: true, Worth: 5}},
		choices: func(pane.Data) []choice { return nil },
		choose:  func(*Screen, pane.Data, string) tea.Cmd { return nil },
	}
	if s.opt.Service == nil {
		return nil
	}
	svc, gateway := s.opt.Service, s.conv.Gateway
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		keys, err := svc.Keys(ctx, gateway)
		return keysRead{gateway, keys, err}
	}
}

// keyChoices are the rows of the keys. That of the configuration has no id, and is
// listed only where there is one.
func (s *Screen) keyChoices(d pane.Data, keys []KeyInfo) []choice {
	th := d.Theme
	out := make([]choice, 0, len(keys))
	for _, k := range keys {
		name, search, note, style := d.Name(k.Name), k.Name, k.Note, th.Plain
		if k.ID == "" {
			name, search, note = s.words.DefaultKey, s.words.DefaultKey, s.words.DefaultKeyNote
		} else if d.Private {
			note = ""
		}
		if k.Why != "" {
			note, style = k.Why, th.Faint
		}
		out = append(out, choice{id: k.ID, search: search, why: k.Why, cells: []table.Cell{table.Str(name, style), table.Str(text.Clean(note), th.Dim)}})
	}
	return out
}

func (s *Screen) onKeys(msg keysRead) {
	l, ok := s.pop.(*list)
	if !ok || l.name != s.words.PickKey || msg.gateway != s.conv.Gateway {
		return
	}
	l.empty, l.found = s.words.NothingFound, nil
	if msg.fault != nil {
		l.fault = fmt.Sprintf(s.words.ColdKeys, model.FaultOf(msg.fault).Sentence)
	}
	l.choices = func(d pane.Data) []choice { return s.keyChoices(d, msg.keys) }
	l.choose = func(s *Screen, _ pane.Data, id string) tea.Cmd {
		s.conv.Key, s.conv.KeyName = id, ""
		for _, k := range msg.keys {
			if id != "" && k.ID == id {
				s.conv.KeyName = k.Name
			}
		}
		s.remember()
		s.setFocus(onComposer)
		return s.askModels() // a key may be allowed others
	}
}
