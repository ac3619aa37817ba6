package chat

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
)

// patience is how long lists may take.
const patience = 30 * time.Second

// modelsLast is how long a list of models is good for.
const modelsLast = time.Minute

// modelsRead are the models of a gateway.
type modelsRead struct {
	gateway string
	models  []ModelInfo
	fault   error
}

func (modelsRead) chatMsg() {}

// askModels asks for the models unless they are known or asked for.
func (s *Screen) askModels() tea.Cmd {
	gateway := s.conv.Gateway
	if s.opt.Service == nil || s.loading || s.modelsFrom == gateway && len(s.models) > 0 && s.opt.Now().Sub(s.modelsAt) < modelsLast {
		return nil
	}
	s.loading = true
	svc := s.opt.Service
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		list, err := svc.Models(ctx, gateway)
		return modelsRead{gateway, list, err}
	}
}

func (s *Screen) onModels(msg modelsRead) {
	s.loading = false
	s.modelsFault = ""
	if msg.fault != nil {
		s.modelsFault = model.FaultOf(msg.fault).Sentence
	} else {
		s.models, s.modelsFrom, s.modelsAt = msg.models, msg.gateway, s.opt.Now()
	}
	if l, ok := s.pop.(*list); ok && l.columns[0].Title == s.words.ColModel {
		l.fault, l.empty, l.found = s.modelsFault, s.words.NothingFound, nil
	}
}

// openModels shows the models: to choose one, or to mark several.
func (s *Screen) openModels(several bool) tea.Cmd {
	w := s.words
	l := &list{
		name: w.PickModel, says: w.PickHint, input: newInput(), foot: w.PerMillion, fault: s.modelsFault, empty: w.NothingFound,
		columns: []table.Column{
			{Title: w.ColModel, Width: 16, Flex: true, Worth: 9},
			{Title: w.ColIn, Width: 10, Right: true, Worth: 8},
			{Title: w.ColOut, Width: 10, Right: true, Worth: 7},
			{Title: w.ColFirst, Width: 7, Right: true, Worth: 6},
			{Title: w.ColErrors, Width: 6, Right: true, Worth: 5},
			{Title: w.ColMean, Width: 10, Right: true, Worth: 4},
		},
		choices: s.modelChoices,
		choose: func(s *Screen, _ pane.Data, id string) tea.Cmd {
			s.conv.Model, s.versus = id, nil
			s.least = model.Opt[float64]{}
			s.setFocus(onComposer)
			return nil
		},
	}
	if len(s.models) == 0 {
		l.empty = w.Loading
	}
	for i := range s.models {
		if s.models[i].Name == s.conv.Model {
			l.table.Move(i, len(s.models), func(i int) string { return s.models[i].Name })
		}
	}
	if several {
		l.name, l.says, l.marks, l.marked = w.PickModels, w.MarkHint, true, slices.Clone(s.versus)
		l.choose = func(s *Screen, _ pane.Data, _ string) tea.Cmd {
			if len(l.marked) < 2 {
				s.notice, s.pop = w.TwoToFour, l
				return nil
			}
			s.versus = slices.Clone(l.marked)
			s.setFocus(onComposer)
			return nil
		}
	}
	s.pop = l
	s.modelsFault = ""
	return s.askModels()
}

func (s *Screen) modelChoices(d pane.Data) []choice {
	th := d.Theme
	most := 0.0
	for _, m := range s.models {
		most = max(most, m.Price.In.V, m.Price.Out.V)
	}
	money := func(q model.Opt[float64]) table.Cell {
		if !q.OK {
			return table.Str(text.Unknown, th.Faint)
		}
		return table.Str(d.Column(most)(q.V), th.Plain)
	}
	out := make([]choice, 0, len(s.models))
	for _, m := range s.models {
		if m.Calls == 0 && d.State.Gateway.Name == s.modelsFrom {
			m.lately(d.Summary.Models)
		}
		cells := []table.Cell{
			table.Str(text.Clean(m.Name), th.Plain), money(m.Price.In), money(m.Price.Out),
			table.Str(text.Unknown, th.Faint), table.Str(text.Unknown, th.Faint), table.Str(text.Unknown, th.Faint),
		}
		if p := m.Price.PerCall; p.OK && !m.Price.In.OK {
			cells[1] = table.Str(d.MoneyFloat(p.V), th.Plain)
			cells[2] = table.Str(s.words.PerCall, th.Dim)
		}
		if m.First.OK {
			cells[3] = table.Str(text.Took(m.First.V), th.Plain)
		}
		if m.Errors.OK {
			style := th.Plain
			if m.Errors.V >= 0.05 {
				style = th.Warn
			}
			cells[4] = table.Str(text.Percent(m.Errors.V), style)
		}
		if m.Mean.OK {
			cells[5] = table.Str(d.MoneyFloat(m.Mean.V), th.Plain)
		}
		out = append(out, choice{id: m.Name, search: m.Name, cells: cells})
	}
	return out
}

// keysRead are the keys of a gateway.
type keysRead struct {
	keys  []KeyInfo
	fault error
}

func (keysRead) chatMsg() {}

func (s *Screen) openKeys() tea.Cmd {
	w := s.words
	s.pop = &list{
		name: w.PickKey, says: w.PickHint, input: newInput(), empty: w.Loading,
		columns: []table.Column{{Title: w.ColKey, Width: 24, Worth: 9}, {Title: "", Width: 10, Flex: true, Worth: 5}},
		choices: func(d pane.Data) []choice { return s.keyChoices(d, nil) },
		choose: func(s *Screen, _ pane.Data, id string) tea.Cmd {
			s.conv.Key, s.conv.KeyName = id, ""
			return nil
		},
	}
	if s.opt.Service == nil {
		return nil
	}
	svc, gateway := s.opt.Service, s.conv.Gateway
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		keys, err := svc.Keys(ctx, gateway)
		return keysRead{keys, err}
	}
}

func (s *Screen) keyChoices(d pane.Data, keys []KeyInfo) []choice {
	th := d.Theme
	out := []choice{{id: "", search: s.words.DefaultKey, cells: []table.Cell{table.Str(s.words.DefaultKey, th.Plain), table.Str(s.words.DefaultKeyNote, th.Dim)}}}
	for _, k := range keys {
		name, note, style := d.Name(k.Name), k.Note, th.Plain
		if d.Private {
			note = ""
		}
		if k.Why != "" {
			note, style = k.Why, th.Faint
		}
		out = append(out, choice{id: k.ID, search: k.Name, why: k.Why, cells: []table.Cell{table.Str(name, style), table.Str(text.Clean(note), th.Dim)}})
	}
	return out
}

func (s *Screen) onKeys(msg keysRead) {
	l, ok := s.pop.(*list)
	if !ok || l.name != s.words.PickKey {
		return
	}
	if msg.fault != nil {
		s.notice = fmt.Sprintf(s.words.ColdKeys, model.FaultOf(msg.fault).Sentence)
	}
	l.choices = func(d pane.Data) []choice { return s.keyChoices(d, msg.keys) }
	l.choose = func(s *Screen, _ pane.Data, id string) tea.Cmd {
		s.conv.Key, s.conv.KeyName = id, ""
		for _, k := range msg.keys {
			if k.ID == id {
				s.conv.KeyName = k.Name
			}
		}
		return nil
	}
	l.found = nil
}

func (s *Screen) openSettings() {
	w, c := s.words, s.conv
	temperature, most := "", ""
	if c.Temperature.OK {
		temperature = strconv.FormatFloat(c.Temperature.V, 'g', -1, 64)
	}
	if c.MaxTokens.OK {
		most = strconv.FormatInt(c.MaxTokens.V, 10)
	}
	s.pop = &form{
		name:   w.Settings,
		fields: []field{newField(w.SettingSystem, c.System, 4), newField(w.SettingTemperature, temperature, 1), newField(w.SettingMax, most, 1)},
		keep: func(s *Screen, v []string) (tea.Cmd, string) {
			set := Settings{System: strings.TrimSpace(v[0])}
			if t := strings.TrimSpace(v[1]); t != "" {
				f, err := strconv.ParseFloat(strings.Replace(t, ",", ".", 1), 64)
				if err != nil {
					return nil, fmt.Sprintf(w.BadNumber, t)
				}
				set.Temperature = model.Some(f)
			}
			if t := strings.TrimSpace(v[2]); t != "" {
				n, err := strconv.ParseInt(t, 10, 64)
				if err != nil {
					return nil, fmt.Sprintf(w.BadNumber, t)
				}
				set.MaxTokens = model.Some(n)
			}
			if !(set.Temperature.V >= 0 && set.Temperature.V <= 2) || set.MaxTokens.OK && set.MaxTokens.V < 1 {
				return nil, w.BadRange
			}
			s.conv.System, s.conv.Temperature, s.conv.MaxTokens = set.System, set.Temperature, set.MaxTokens
			s.least = model.Opt[float64]{}
			s.setFocus(onComposer)
			return s.save(), ""
		},
	}
}

func (s *Screen) openAttach() {
	s.setFocus(onComposer)
	s.pop = &form{
		name: s.words.Attach, note: s.words.PathHint, fields: []field{newField(s.words.Path, "", 1)},
		keep: func(s *Screen, v []string) (tea.Cmd, string) {
			if strings.TrimSpace(v[0]) == "" {
				return nil, ""
			}
			return attach(s.words, v[0]), ""
		},
	}
}

// askAgain says what asking again costs before it does.
func (s *Screen) askAgain(d pane.Data) {
	w := s.words
	name := s.conv.Model
	items := s.items
	if n := len(items); items[n-1].Role == model.ChatAssistant {
		items = items[:n-1]
	}
	q := &question{name: w.Again, says: w.SureHint, key: "R", text: fmt.Sprintf(w.AgainFree, text.Clean(name)), do: (*Screen).again}
	if cost := s.leastFor([]string{name}, s.promptOf(items), 0); cost.OK {
		q.text = fmt.Sprintf(w.AgainSure, text.Clean(name), d.MoneyFloat(cost.V))
		if about := s.lastCost(); about.OK {
			q.text += " " + fmt.Sprintf(w.AgainLast, d.MoneyFloat(about.V))
		}
	}
	s.pop = q
}

// promptOf is how many tokens the last question was, with all before it, at
// least: what the gateway counted, where it did.
func (s *Screen) promptOf(items []*item) float64 {
	if it := s.last(); it != nil && it.Cost.Usage.OK {
		return float64(it.Cost.Usage.V.Prompt)
	}
	return s.context(items, true)
}

// lastCost is what the last answer cost, as far as it is known.
func (s *Screen) lastCost() model.Opt[float64] {
	it := s.last()
	switch {
	case it == nil:
	case it.Cost.Billed.OK:
		return model.Some(float64(it.Cost.Billed.V))
	default:
		return it.Cost.About
	}
	return model.Opt[float64]{}
}
