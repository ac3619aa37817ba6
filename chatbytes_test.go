package main

import (
	"bytes"
	"context"
	"iter"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/chat"
)

// writer is a language model that writes so many tokens a second, of ASCII Markdown,
// until it has written so many bytes.
type writer struct {
	perSecond, bytes int
}

func (writer) Models(context.Context, chat.Via) ([]chat.ModelInfo, error) {
	return []chat.ModelInfo{{Name: "gpt-4o"}}, nil
}

func (writer) Keys(context.Context, string) ([]chat.KeyInfo, error) { return nil, nil }

func (w writer) Stream(ctx context.Context, _ chat.Via, _ model.ChatRequest) iter.Seq2[model.Delta, error] {
	words := strings.Split("The balance falls by what *each call* costs. A **gateway** books `quota`, an integer; five hundred thousand are a dollar, and no more than that is known.\n\n- first\n- second\n\n", " ")
	return func(yield func(model.Delta, error) bool) {
		for n, written := 0, 0; written < w.bytes && ctx.Err() == nil; n++ {
			word := words[n%len(words)] + " "
			written += len(word)
			time.Sleep(time.Second / time.Duration(w.perSecond))
			if !yield(model.Delta{Content: word}, nil) {
				return
			}
		}
		yield(model.Delta{End: model.ChatFinished}, nil)
	}
}

// slowestKey types a letter so many times and is how long the slowest took to be
// written, on the clock of the frames: what the processor takes comes on top.
func (w *wire160) slowestKey(letter rune, times int) (slowest time.Duration) {
	written := func() int {
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		return bytes.Count(w.raw, []byte(string(letter)))
	}
	for i := range times {
		time.Sleep(time.Duration(37+i) * time.Millisecond) // in every phase of the frames
		was, at := written(), time.Now()
		w.program.Send(tea.KeyPressMsg{Code: letter, Text: string(letter)})
		for written() == was && time.Since(at) < time.Second {
			time.Sleep(time.Millisecond)
		}
		slowest = max(slowest, time.Since(at))
	}
	return slowest
}

// TestAStreamingChatIsCheap streams an answer of 64 kB at 200 tokens a second in the
// whole program, at full width and with the overview beside it, while calls with
// Chinese and Japanese names come in, and the balance goes on falling.
func TestAStreamingChatIsCheap(t *testing.T) {
	for _, c := range []struct {
		name  string
		keys  string
		names string
	}{
		{"beside the overview, mixed names", "", "mixed"},
		{"beside the overview, ascii names", "", "ascii"},
		{"at full width, mixed names", "z", "mixed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			chatOpt := chat.Options{Service: writer{200, 64 << 10}, Go: func(f func()) { go f() }, Defaults: chat.Settings{Model: "gpt-4o"}, Now: time.Now}
			onFakeTime(t, flags{demoNames: c.names, demoRate: 2}, chatOpt, func(w *wire160) {
				time.Sleep(40 * time.Second)
				press := func(keys ...rune) {
					for _, k := range keys {
						msg := tea.KeyPressMsg{Code: k, Text: string(k)}
						if k < ' ' || k > '~' {
							msg.Text = ""
						}
						w.program.Send(msg)
						time.Sleep(100 * time.Millisecond)
					}
				}
				press('5')
				if c.keys != "" {
					press(tea.KeyEscape)
					press([]rune(c.keys)...)
					press('i')
				}
				press('w', 'r', 'i', 't', 'e', tea.KeyEnter)
				time.Sleep(2 * time.Second)
				before, _ := w.count()
				header := w.header()
				seconds, keys := 40, 100
				if slowedByRace {
					seconds, keys = 5, 20
				}
				cpu := processorTime()
				time.Sleep(time.Duration(seconds) * time.Second)
				after, _ := w.count()
				if spent := processorTime() - cpu; !slowedByRace && spent > time.Duration(seconds)*time.Second/10 {
					t.Errorf("%s of processor time in %d s, at most a tenth is allowed", spent, seconds)
				} else {
					t.Logf("%s of processor time in %d s", spent, seconds)
				}
				perSecond := float64(after-before) / float64(seconds)
				t.Logf("%.0f bytes/s", perSecond)
				if perSecond > 8000 {
					t.Errorf("%.0f bytes/s, at most 8000", perSecond)
				}
				if perSecond < 200 {
					t.Errorf("%.0f bytes/s: nothing streams", perSecond)
				}
				if slowest := w.slowestKey('¤', keys); slowest > 40*time.Millisecond {
					t.Errorf("a key is on the screen after %s", slowest)
				}
				left := regexp.MustCompile(`\$[0-9.,]+ left`)
				if was, now := left.FindString(header), left.FindString(w.header()); was == now || was == "" {
					t.Errorf("the header's balance stood still at %q while the answer came: %q", was, w.header())
				}
			})
		})
	}
}
