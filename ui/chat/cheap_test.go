package chat

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/ui/pane"
)

// TestScrollingCostsTheSame holds what BenchmarkScrollShort and
// BenchmarkScrollMegabyte measure: what is not in sight costs nothing.
func TestScrollingCostsTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	scroll := func(g *stage) time.Duration {
		began := time.Now()
		for i := range 60 {
			key := "ctrl+u"
			if i >= 30 {
				key = "ctrl+d"
			}
			g.Update(keyPress(key), g.d)
			g.View(g.d, 160, 46)
		}
		return time.Since(began)
	}
	small, large := long(t, 40<<10), long(t, 1<<20)
	for _, g := range []*stage{small, large} { // what is drawn once is kept
		g.View(g.d, 160, 46)
		scroll(g)
		scroll(g)
	}
	var last float64
	for range 8 { // the machine may be busy with something else
		of := func(g *stage) time.Duration {
			return slices.Min([]time.Duration{scroll(g), scroll(g), scroll(g)})
		}
		if last = float64(of(large)) / float64(of(small)); last < 4 {
			return
		}
	}
	t.Errorf("scrolling a megabyte costs %.1f times as much as scrolling 40 kB", last)
}

// TestUpdateDrawsNothing: nothing is split, wrapped or coloured before it is looked
// at. Without a theme whatever draws would panic.
func TestUpdateDrawsNothing(t *testing.T) {
	g := newStage(t).ask("q", sample(t))
	g.View(g.d, 120, 40)
	look := g.d
	g.d = pane.Data{State: g.d.State}
	g.typed("more").press("enter")
	for range 20 {
		g.say(0, 100*time.Millisecond, model.Delta{Reasoning: "why. ", Content: sample(t)})
	}
	it := g.items[3]
	if it.built || it.body.Blocks() != 0 {
		t.Error("an answer that was never looked at is split into blocks")
	}
	g.d = look
	g.View(g.d, 120, 40)
	blocks := it.body.Blocks()
	g.d = pane.Data{State: g.d.State}
	drawn := &g.frame.lines[0]
	for range 20 {
		g.say(0, 100*time.Millisecond, model.Delta{Content: "\n\n" + strings.Repeat("a paragraph. ", 50) + "\n\n"})
	}
	g.say(0, time.Second, finished(10, 10))
	g.run(g.Update(BilledMsg{Answer: it.ID, Billed: model.Some(Billed{Quota: 1})}, g.d))
	g.press("esc", "t", "g", "G", "k", "j", "ctrl+u", "ctrl+d", "i").typed("next").press("up", "down")
	g.Paste(pasted(aPaste))
	if it.body.Blocks() != blocks {
		t.Errorf("%d blocks became %d before they were looked at", blocks, it.body.Blocks())
	}
	if &g.frame.lines[0] != drawn {
		t.Error("the screen was drawn")
	}
	g.d = look
	if g.View(g.d, 120, 40); it.body.Blocks() <= blocks {
		t.Error("what came is not drawn at all")
	}
}
