package ui

import (
	"strings"
	"testing"
	"time"

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

// TestEachFigureSaysOfHowManyCalls has a model and a key whose calls tell different
// things, one of them logged as a failure.
func TestEachFigureSaysOfHowManyCalls(t *testing.T) {
	calls := func(errors bool) feed {
		var f feed
		f.add(model.SourceAccount, model.Account{Username: "alice", Quota: model.Some[model.Quota](500_000), Enabled: true})
		f.add(model.SourceKeys, model.Keys{{ID: 1, Name: "laptop", Status: model.KeyEnabled, Unlimited: true}})
		r := model.CallsRead{Span: model.Span{From: t0 - 3700, To: t0 - 5}, ReadAt: t0}
		for i := range int64(6) {
			c := model.Call{At: t0 - 100 + i, Kind: model.KindConsume, Model: "o3", Key: "laptop", KeyID: 1, Quota: 500, Prompt: 100, Completion: 30}
			if i < 4 {
				c.Took, c.Coarse = model.Some(3*time.Second), true
			}
			if i < 3 {
				c.FirstToken = model.Some(400 * time.Millisecond)
			}
			if i < 2 {
				c.Cached = model.Some[int64](25)
			}
			r.Calls = append(r.Calls, c)
		}
		if errors {
			r.Calls = append(r.Calls, model.Call{At: t0 - 50, Kind: model.KindError, Model: "o3", Key: "laptop", KeyID: 1})
		}
		f.add(model.SourceCalls, r)
		return f
	}
	for name, press := range map[string][]string{"model": {"tab", "enter"}, "key": {"tab", "tab", "enter"}} {
		u := screen(t, 160, 48, calls(true))
		pressKeys(u, press...)
		s := shown(t, u)
		for _, want := range []string{
			"≈3 s · ≈3 s · ≈3 s (4 calls)", "400 ms · 400 ms · 400 ms (3 calls)", "≈10.0 tokens/s (4 calls)", "25 % (2 calls)", "1 (14 % of 7 attempts)",
		} {
			if !strings.Contains(s, want) {
				t.Errorf("the card of a %s does not say %q:\n%s", name, want, s)
			}
		}
		u = screen(t, 160, 48, calls(false))
		pressKeys(u, press...)
		if s := strings.Join(strings.Fields(shown(t, u)), " "); !strings.Contains(s, "│ errors – │") || strings.Contains(s, "attempts") {
			t.Errorf("where no failure is logged their number is not known, the card of a %s says:\n%s", name, s)
		}
	}
	// The table has the share beside the calls, where it is known.
	for errors, want := range map[bool]string{true: "14 %", false: "–"} {
		u := screen(t, 120, 40, calls(errors))
		for _, l := range lines(t, u) {
			if i := strings.Index(l, "● laptop"); i >= 0 && !strings.HasSuffix(l[i:], want+" │") {
				t.Errorf("with errors %v: %s", errors, l)
			}
		}
	}
}

// spending is the live world with the charges of the last quarter of an hour scaled.
func spending(times float64) feed {
	f := live()
	var sum model.Quota
	for i := range f {
		if r, ok := f[i].Payload.(model.CallsRead); ok {
			for j := range r.Calls {
				c := &r.Calls[j]
				if c.At > r.Span.To-900 {
					c.Quota = model.Quota(float64(c.Quota) * times)
				}
				sum += c.Quota
			}
		}
		if r, ok := f[i].Payload.(model.SpanTotal); ok {
			r.Quota = sum
			f[i].Payload = r
		}
	}
	return f
}

// TestTheTrendIsTold in the header and on the account's card, by one rule.
func TestTheTrendIsTold(t *testing.T) {
	for name, times := range map[string]float64{"rising": 3, "falling": 0.2, "steady": 1} {
		u := screen(t, 100, 32, spending(times))
		header := lines(t, u)[0]
		if steady := !strings.ContainsAny(header, "▲▼"); steady != (times == 1) {
			t.Errorf("%s: %s", name, header)
		}
		pressKeys(u, "shift+tab", "shift+tab", "enter")
		golden(t, "trend-"+name, shown(t, u))
		// The window has no say in it: one rule.
		u.setWindow(model.Windows()[2])
		u.changed()
		if now := lines(t, u)[0]; strings.Contains(header, "▲") != strings.Contains(now, "▲") || strings.Contains(header, "▼") != strings.Contains(now, "▼") {
			t.Errorf("%s: %s\nbut over a day: %s", name, header, now)
		}
	}
}

// TestASampleSaysSo: figures per model and per key of a window that was read in part
// are labelled, and a key without rows in that part is unknown and not 0.
func TestASampleSaysSo(t *testing.T) {
	var f feed
	f.add(model.SourceAccount, model.Account{Username: "alice", Quota: model.Some[model.Quota](500_000), Enabled: true})
	f.add(model.SourceKeys, model.Keys{{ID: 1, Name: "laptop", Status: model.KeyEnabled, Unlimited: true}, {ID: 2, Name: "idle", Status: model.KeyEnabled, Unlimited: true}})
	read := model.CallsRead{Span: model.Span{From: t0 - 124, To: t0 - 5}, ReadAt: t0, Calls: []model.Call{
		{At: t0 - 100, Kind: model.KindConsume, Model: "o3", Key: "laptop", KeyID: 1, Quota: 1234},
	}}
	f.add(model.SourceCalls, read)
	labelled := func(u *UI) (models, keys, idle string) {
		for _, l := range lines(t, u) {
			switch {
			case strings.Contains(l, "─ Models"):
				models = l
			case strings.Contains(l, "─ Keys"):
				keys = l
			case strings.Contains(l, "● idle"):
				_, idle, _ = strings.Cut(l, "● idle")
			}
		}
		return models, keys, idle
	}
	models, keys, idle := labelled(screen(t, 120, 40, f))
	if !strings.Contains(models, "3.3 % read") || !strings.Contains(keys, "3.3 % read · 2") || strings.Contains(idle, "$0") || strings.Count(idle, "–") < 3 {
		t.Errorf("a sample:\n%s\n%s\n%s", models, keys, idle)
	}
	f.add(model.SourceCalls, model.CallsRead{Span: model.Span{From: t0 - 3700, To: t0 - 125}, ReadAt: t0})
	models, keys, idle = labelled(screen(t, 120, 40, f))
	if strings.Contains(models+keys, "read") || !strings.Contains(idle, "$0.00") {
		t.Errorf("read whole:\n%s\n%s\n%s", models, keys, idle)
	}
}
