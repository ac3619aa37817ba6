package chat

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
)

// modelsLast is how long a list of models is good for. One without any price lacks what
// the gateway did not tell in time, and is good only until it is wanted again.
const modelsLast, unpricedLast = time.Minute, 5 * time.Second

// modelsRead are the models that a gateway lists for a key.
type modelsRead struct {
	via    Via
	models []ModelInfo
	fault  error
}

func (modelsRead) chatMsg() {}

// via is the way of the next question.
func (s *Screen) via() Via { return Via{s.conv.Gateway, s.conv.Key, s.conv.KeyName} }

// askModels asks for the models unless they are known or asked for. What another
// gateway lists says nothing here, neither names nor prices; what this one lists for
// another key is better than nothing until the answer is there.
func (s *Screen) askModels() tea.Cmd {
	via := s.via()
	if s.modelsFrom != via.Gateway {
		s.models, s.modelsFrom, s.modelsFault = nil, via.Gateway, ""
	}
	last := modelsLast
	if !s.priced() {
		last = unpricedLast
	}
	if s.opt.Service == nil || s.loading == via || s.modelsFor == via && len(s.models) > 0 && s.opt.Now().Sub(s.modelsAt) < last {
		return nil
	}
	s.loading, s.askedAt = via, s.opt.Now()
	svc := s.opt.Service
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		list, err := svc.Models(ctx, via)
		return modelsRead{via, list, err}
	}
}

// priced reports whether the prices were read: a gateway that tells prices tells some.
func (s *Screen) priced() bool {
	return slices.ContainsFunc(s.models, func(m ModelInfo) bool { return m.Price.Known() })
}

// askPrices asks again for prices that are still missing, at most once a minute. It
// is called when a key is pressed: nothing is asked while nobody is there.
func (s *Screen) askPrices() tea.Cmd {
	if s.priced() || s.modelsFrom != s.conv.Gateway || s.opt.Now().Sub(s.askedAt) < modelsLast {
		return nil
	}
	return s.askModels()
}

// keepPrices gives a list that came without prices those that were read before.
func (s *Screen) keepPrices(list []ModelInfo) {
	if slices.ContainsFunc(list, func(m ModelInfo) bool { return m.Price.Known() }) {
		return
	}
	for i := range list {
		list[i].Price = s.price(list[i].Name)
	}
}

func (s *Screen) onModels(msg modelsRead) {
	if msg.via == s.loading {
		s.loading = Via{}
	}
	if msg.via != s.via() {
		return // another gateway or key was chosen meanwhile
	}
	s.modelsFault = ""
	if msg.fault != nil {
		s.modelsFault = model.FaultOf(msg.fault).Sentence
	} else {
		if s.modelsFor == msg.via { // another key may pay other prices
			s.keepPrices(msg.models)
		}
		s.models, s.modelsFrom, s.modelsFor, s.modelsAt = msg.models, msg.via.Gateway, msg.via, s.opt.Now()
	}
	if l, ok := s.pop.(*list); ok && l.columns[0].Title == s.words.ColModel {
		l.fault, l.empty, l.found = s.modelsFault, s.words.NothingFound, nil
	}
}

// openModels shows the models: to choose one, or to mark several.
func (s *Screen) openModels(several bool) tea.Cmd {
	w := s.words
	cmd := s.askModels()
	l := &list{
		name: w.PickModel, says: w.PickModelHint, input: newInput(), foot: w.PerMillion, fault: s.modelsFault, empty: w.NothingFound,
		sorts: true, free: w.AskFor, stand: model.Some(s.conv.Model),
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
			s.remember()
			s.setFocus(onComposer)
			return nil
		},
	}
	if s.loading != (Via{}) {
		l.empty, l.fault = w.Loading, ""
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
	return cmd
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
		return table.Num(d.Column(most)(q.V), q.V, th.Plain)
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
			cells[3] = table.Num(text.Took(m.First.V), m.First.V.Seconds(), th.Plain)
		}
		if m.Errors.OK {
			style := th.Plain
			if m.Errors.V >= 0.05 {
				style = th.Warn
			}
			cells[4] = table.Num(text.Percent(m.Errors.V), m.Errors.V, style)
		}
		if m.Mean.OK {
			cells[5] = table.Num(d.MoneyFloat(m.Mean.V), m.Mean.V, th.Plain)
		}
		out = append(out, choice{id: m.Name, search: m.Name, cells: cells})
	}
	return out
}
