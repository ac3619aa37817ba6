package chat

import (
	"fmt"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// askAgain says what asking again costs before it does: what the last answer did,
// where it is of the same model, since that is the likely price, and the least.
func (s *Screen) askAgain(d pane.Data) {
	w, last := s.words, s.last()
	name := s.conv.Model
	if s.cmp != nil {
		name = last.Model // asking again picks it
	}
	shown := text.Clean(name)
	q := &question{name: w.Again, says: w.SureHint, key: "R", text: fmt.Sprintf(w.AgainFree, shown), do: (*Screen).again}
	likely := ""
	before := s.messages()
	if n := len(before); before[n-1].Role == model.ChatAssistant {
		before = before[:n-1]
	}
	in := 0.0
	if last != nil && last.Model == name {
		likely = priceOf(d, last.Cost)
		in = float64(last.Cost.Usage.V.Prompt)
	}
	if in == 0 { // the gateway did not count
		in = s.context(before, true)
	}
	least := ""
	if cost := s.leastFor([]string{name}, in, 0); cost.OK {
		least = atLeast(d, cost.V)
	}
	switch {
	case likely != "" && least != "":
		q.text = fmt.Sprintf(w.AgainLikely, shown, likely, least)
	case likely != "":
		q.text = fmt.Sprintf(w.AgainLast, shown, likely)
	case least != "":
		q.text = fmt.Sprintf(w.AgainSure, shown, least)
	}
	s.pop = q
}
