package logs

import (
	"fmt"
	"strconv"
	"strings"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// charge explains what a call cost, term by term, as rows of its card, and says
// what is not told: of a call whose row tells no price, that.
func charge(d pane.Data, c *model.Call) (rows []pane.CardRow, note string) {
	if c.Kind != model.KindConsume {
		return nil, ""
	}
	w := d.Words
	e := model.Explain(*c, d.State.Currency())
	for i := range e.Terms {
		t := &e.Terms[i]
		name := w.Term(t.Kind)
		if t.Name != "" {
			name = text.Clean(t.Name)
		}
		var parts []string
		if t.Count != 0 {
			parts = append(parts, model.Count(t.Count))
		}
		for _, f := range t.Factors {
			parts = append(parts, strconv.FormatFloat(f.Value, 'g', 6, 64)+" "+w.Factor(f.Name))
		}
		rows = append(rows, pane.CardRow{Name: "  " + name, Value: strings.TrimSpace(strings.Join(parts, " × ") + " = " + d.Count(int64(t.Quota)))})
	}
	switch e.State {
	case model.ExplainExact:
		note = w.ExplainedExact
	case model.ExplainRounded:
		note = w.ExplainedRounded
	case model.ExplainGap:
		note = fmt.Sprintf(w.ExplainedGap, d.Count(int64(e.Gap)))
	case model.ExplainUntold:
		note = fmt.Sprintf(w.ExplainedUntold, w.NotTold(e.Untold))
	}
	return rows, note
}
