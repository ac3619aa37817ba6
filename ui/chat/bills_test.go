package chat

import (
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

func bill(answer string, quota model.Quota) BilledMsg {
	return BilledMsg{Answer: answer, Billed: model.Some(Billed{Quota: quota})}
}

// billed is what a stored conversation says that an answer cost.
func (g *stage) billed(conversation, answer string) (q model.Opt[model.Quota]) {
	c, err := Decode(g.store.of[conversation].Body)
	if err != nil {
		g.t.Fatal(err)
	}
	c.answers(func(m *Message, _ time.Time) {
		if m.ID == answer {
			q = m.Cost.Billed
		}
	})
	return q
}

func (g *stage) lookedFor() (out []Answered) {
	for _, m := range g.sent {
		if m, ok := m.(Answered); ok {
			out = append(out, m)
		}
	}
	return out
}

// A row comes seconds after its answer, and by then the person may be elsewhere.
func TestBillFindsItsConversation(t *testing.T) {
	for name, leave := range map[string]func(g *stage){
		"stays":              func(*stage) {},
		"begins a new one":   func(g *stage) { g.press("esc", "n") },
		"edits the question": func(g *stage) { g.press("esc", "e") },
		"asks again":         func(g *stage) { g.press("esc", "R", "R") },
		"is in another one":  func(g *stage) { g.press("esc", "n").ask("more", "Another answer.") },
		"has come back":      func(g *stage) { g.press("esc", "n", "esc", "L", "enter") },
	} {
		g := newStage(t).ask("q", "An answer.")
		id, conv := g.items[1].ID, g.conv.ID
		leave(g)
		sent := len(g.lookedFor())
		g.run(g.Update(bill(id, 3935), g.d))
		if g.streaming() {
			g.say(0, time.Second, model.Delta{Content: "x"}, finished(1, 1))
		}
		if q := g.billed(conv, id); q.V != 3935 {
			t.Errorf("one who %s: the bill is nowhere", name)
		}
		if name == "has come back" && (sent != 1 || g.items[1].Cost.Billed.V != 3935) {
			t.Errorf("looked for %d times, on the screen %+v", sent, g.items[1].Cost)
		}
	}
}

func TestBillOfABranchIsInBoth(t *testing.T) {
	g := newStage(t).ask("q", "An answer.").ask("more", "Another answer.")
	id, first := g.items[1].ID, g.conv.ID
	g.press("esc", "e").typed("!").press("enter")
	g.say(0, time.Second, model.Delta{Content: "x"}, finished(1, 1))
	second := g.conv.ID
	g.press("esc", "n")
	g.run(g.Update(bill(id, 7), g.d))
	if a, b := g.billed(first, id), g.billed(second, id); first == second || a.V != 7 || b.V != 7 {
		t.Errorf("%v and %v", a, b)
	}
}

func TestBillOfAComparisonThatWasLeft(t *testing.T) {
	g := comparing(t)
	for len(g.running) > 0 {
		g.say(0, time.Second, model.Delta{Content: " end"}, finished(30, 10))
	}
	conv := g.conv.ID
	var ids []string
	for _, it := range g.cmp.lanes {
		ids = append(ids, it.ID)
	}
	g.press("n")
	for i, id := range ids {
		g.run(g.Update(bill(id, model.Quota(i+1)), g.d))
	}
	for i, id := range ids {
		if q := g.billed(conv, id); q.V != model.Quota(i+1) {
			t.Errorf("lane %d: %v", i, q)
		}
	}
}

// The store reads slowly: the bill overtakes the conversation on its way back.
func TestBillWhileTheConversationIsRead(t *testing.T) {
	g := newStage(t).ask("q", "An answer.")
	id, conv := g.items[1].ID, g.conv.ID
	g.press("esc", "n")
	msg := g.load(conv)()
	g.run(g.Update(bill(id, 7), g.d))
	g.run(g.Update(msg, g.d))
	if q := g.items[1].Cost.Billed; q.V != 7 {
		t.Errorf("on the screen it is %v", q)
	}
}

func TestBillOfADeletedConversation(t *testing.T) {
	g := newStage(t).ask("q", "An answer.")
	id := g.items[1].ID
	g.press("esc", "L", "ctrl+x", "D")
	g.run(g.Update(bill(id, 7), g.d))
	if len(g.store.of) != 0 {
		t.Error("the bill brought it back")
	}
}

// later is the program started anew, later, over the same history.
func (g *stage) later(by time.Duration) *stage {
	n := newStage(g.t)
	n.store, n.opt.Store, n.now, n.recalled = g.store, g.store, g.now.Add(by), false
	n.run(n.Open(n.d))
	return n
}

func TestCostIsLookedForAfterTheProgramWasLeft(t *testing.T) {
	ended := func() *stage { return newStage(t).ask("q", "An answer.") }
	killed := newStage(t).typed("q").press("enter").say(0, 2*time.Second, model.Delta{RequestID: "req-9", Content: "Half"})
	other := newStage(t)
	other.conv.Key, other.conv.KeyName = "4", "bot"
	other.ask("q", "An answer.")
	other.conv.Key, other.conv.KeyName = "3", "laptop" // chosen for what comes next
	other.run(other.save())
	for name, c := range map[string]struct {
		g      *stage
		later  time.Duration
		looked bool
	}{
		"at once":    {ended(), time.Second, true},
		"in an hour": {ended(), time.Hour, true},
		"too late":   {ended(), 2 * time.Hour, false},
		"killed":     {killed, time.Minute, true},
		"by its key": {other, time.Minute, true},
	} {
		m := c.g.items[1].Message
		g := c.g.later(c.later)
		if !c.looked {
			g.press("esc", "L", "enter")
		}
		got := g.lookedFor()
		if (len(got) == 1) != c.looked {
			t.Errorf("%s: looked for %d answers", name, len(got))
			continue
		}
		if !c.looked {
			continue
		}
		a := got[0]
		if a.Answer != m.ID || a.RequestID == "" || a.Model != "gpt-4o" || a.Via.Gateway != "prod" || !a.Sent.Equal(m.At) || a.Ended.Sub(a.Sent) < 2*time.Second {
			t.Errorf("%s: %+v", name, a)
		}
		if name == "killed" != a.Open || name == "by its key" && a.Key.ID != 4 {
			t.Errorf("%s: %+v", name, a)
		}
		// It is resumed meanwhile: nobody looks twice, two would wait for one another.
		g.press("esc", "L", "enter")
		if len(g.items) != 2 || len(g.lookedFor()) != 1 {
			t.Errorf("%s: looked for %d times:\n%s", name, len(g.lookedFor()), g.shown(80, 20))
		}
		g.press("esc", "n")
		g.run(g.Update(bill(a.Answer, 7), g.d))
		if q := g.billed(c.g.conv.ID, a.Answer); q.V != 7 {
			t.Errorf("%s: the bill is nowhere", name)
		}
		if g := g.later(time.Second); len(g.lookedFor()) != 0 {
			t.Errorf("%s: it has a bill, and is looked for", name)
		}
	}
}

// An answer that was stopped before its first token is billed all the same, and is
// looked for now and after the program was left.
func TestStoppedBeforeTheFirstTokenIsLookedFor(t *testing.T) {
	g := newStage(t).typed("q").press("enter", "esc").say(0, 2*time.Second, model.Delta{End: model.ChatStopped})
	if got := g.lookedFor(); len(got) != 1 || !got[0].Open {
		t.Fatalf("looked for %+v", got)
	}
	if s := g.shown(80, 24); !strings.Contains(s, "cost: when the log has it") {
		t.Errorf("it is not said that its cost comes:\n%s", s)
	}
	if _, _, least := g.total(); !least {
		t.Error("the total is said to be all")
	}
	if got := g.later(time.Minute).lookedFor(); len(got) != 1 {
		t.Errorf("later looked for %d", len(got))
	}
	g.run(g.Update(bill(g.items[1].ID, 3935), g.d))
	if s := g.shown(80, 24); !strings.Contains(s, "$0.00787 billed") {
		t.Errorf("the bill is not seen:\n%s", s)
	}
}
