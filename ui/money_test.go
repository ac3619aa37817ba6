package ui

import (
	"strings"
	"testing"

	"gatewatch/model"
)

// gap is an hour whose sum the gateway tells as another.
func gap() feed {
	f := live()
	f.add(model.SourceRates, model.SpanTotal{Span: model.Span{From: t0 - 3604, To: t0 - 5}, Quota: 12_345})
	return f
}

// TestTheCauseOfAGapIsSeen looks for every cause on the smallest screens that show
// the balance beside other panes, and for the exact gap in the account's card.
func TestTheCauseOfAGapIsSeen(t *testing.T) {
	for _, size := range [][2]int{{200, 60}, {160, 48}, {120, 40}, {80, 24}} {
		u := screen(t, size[0], size[1], gap())
		for cause, words := range u.opt.Words.Causes {
			u.data.Summary.Reconcile.Cause = cause
			u.dataRev++
			u.changed()
			s := shown(t, u)
			// A long one goes on in the next line, or is cut where there is none.
			if first := firstWords(words); !strings.Contains(s, "≠ "+first) {
				t.Errorf("%d×%d: %q is not to be seen:\n%s", size[0], size[1], words, s)
			}
		}
	}
	u := screen(t, 120, 40, gap())
	u.data.Summary.Reconcile.Cause = model.CauseInFlight
	if s := shown(t, u); !strings.Contains(s, "│ ≠ charged in advance for calls ") || !strings.Contains(s, "│ under way ") {
		t.Errorf("a long cause takes two lines:\n%s", s)
	}
	u = screen(t, 100, 32, gap())
	pressKeys(u, "shift+tab", "shift+tab", "enter")
	golden(t, "press-account-gap", shown(t, u))
}

func firstWords(s string) string {
	words := strings.Fields(s)
	return strings.Join(words[:min(3, len(words))], " ")
}
