package chat

import (
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// BenchmarkStreamDraw is one draw while the tail of a 64 kB answer is written:
// 80 bytes come in, and the screen of 160 × 48 is drawn.
func BenchmarkStreamDraw(b *testing.B) {
	g := newStage(b).typed("x").press("enter")
	src := strings.Repeat(sample(b), 64<<10/len(sample(b)))
	g.say(0, time.Second, model.Delta{Content: src})
	g.View(g.d, 160, 46)
	at := 0
	piece := strings.ToValidUTF8(sample(b), "")
	b.ReportAllocs()
	for b.Loop() {
		at = (at + 80) % (len(piece) - 80)
		g.running[g.ids()[0]].add(strings.ToValidUTF8(piece[at:at+80], ""), "")
		g.rev++
		g.View(g.d, 160, 46)
	}
}

// BenchmarkKey is one key in the composer, drawn, below a long conversation.
func BenchmarkKey(b *testing.B) {
	g := long(b, 1<<20)
	g.View(g.d, 160, 46)
	for b.Loop() {
		g.Update(keyPress("x"), g.d)
		g.View(g.d, 160, 46)
		g.Update(keyPress("backspace"), g.d)
	}
}

// long is a resumed conversation of so many bytes, half of it in one answer.
func long(b testing.TB, size int) *stage {
	g := newStage(b)
	c := Conversation{ID: "x", Name: "long", Gateway: "prod", Settings: Settings{Model: "gpt-4o"}}
	one := sample(b)
	for n := 0; n < size/2; n += len(one) {
		c.Messages = append(c.Messages, Message{Role: model.ChatUser, Parts: []model.ChatPart{{Text: "and then?"}}}, Message{Role: model.ChatAssistant, Model: "gpt-4o", Text: one, End: model.ChatFinished})
	}
	c.Messages = append(c.Messages, Message{Role: model.ChatUser, Parts: []model.ChatPart{{Text: "all of it"}}},
		Message{Role: model.ChatAssistant, Model: "gpt-4o", Text: strings.Repeat(one, size/2/len(one)), End: model.ChatFinished})
	g.onLoaded(loaded{conv: c, items: itemsOf(c)})
	g.press("esc")
	return g
}

func benchmarkScroll(b *testing.B, size int) {
	g := long(b, size)
	g.View(g.d, 160, 46)
	for i := 0; b.Loop(); i++ {
		key := "ctrl+u"
		if i/40%2 == 1 {
			key = "ctrl+d"
		}
		g.Update(keyPress(key), g.d)
		g.View(g.d, 160, 46)
	}
}

func BenchmarkScrollShort(b *testing.B)    { benchmarkScroll(b, 40<<10) }
func BenchmarkScrollMegabyte(b *testing.B) { benchmarkScroll(b, 1<<20) }

// BenchmarkOpenMegabyte is the first draw of a long conversation, and its end and
// its beginning.
func BenchmarkOpenMegabyte(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		g := long(b, 1<<20)
		b.StartTimer()
		g.View(g.d, 160, 46)
		g.press("g")
		g.View(g.d, 160, 46)
		g.press("G")
		g.View(g.d, 160, 46)
	}
}

// BenchmarkPasteMegabyte pastes, draws, and types one letter more.
func BenchmarkPasteMegabyte(b *testing.B) {
	long := strings.Repeat("a line of a log, 日志\n", 1<<20/24)
	for b.Loop() {
		b.StopTimer()
		g := newStage(b)
		b.StartTimer()
		g.Update(pasted(long), g.d)
		g.View(g.d, 160, 46)
		g.Update(keyPress("x"), g.d)
		g.View(g.d, 160, 46)
	}
}

// BenchmarkUpdate is what a batch of deltas costs in Update, where nothing is
// drawn.
func BenchmarkUpdate(b *testing.B) {
	g := newStage(b).typed("x").press("enter")
	g.opt.Store = nil
	id := g.ids()[0]
	for b.Loop() {
		for range 20 {
			g.hub.take(id, model.Delta{Content: "word "}, nil)
		}
		g.Update(g.hub.collect(), g.d)
	}
}

// TestMegabyteIsPastedAtOnce holds what BenchmarkPasteMegabyte measures.
func TestMegabyteIsPastedAtOnce(t *testing.T) {
	g := newStage(t)
	g.View(g.d, 160, 46)
	long := strings.Repeat("a line of a log, 日志\n", 1<<20/24)
	best := time.Hour
	for range 6 {
		began := time.Now()
		g.Update(pasted(long), g.d)
		g.View(g.d, 160, 46)
		best = min(best, time.Since(began))
	}
	if best > slower*50*time.Millisecond {
		t.Errorf("a megabyte takes %v", best)
	}
}

// BenchmarkKeyInLongDraft is a key in the longest draft that stands in the
// composer itself.
func BenchmarkKeyInLongDraft(b *testing.B) {
	g := newStage(b)
	g.Update(pasted(strings.Repeat("sixty letters of an ordinary draft that somebody wrote here\n", 29)), g.d)
	g.View(g.d, 160, 46)
	for b.Loop() {
		g.Update(keyPress("x"), g.d)
		g.View(g.d, 160, 46)
		g.Update(keyPress("backspace"), g.d)
	}
}
