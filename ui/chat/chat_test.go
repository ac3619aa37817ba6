package chat

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

var sizes = [][2]int{{200, 56}, {160, 44}, {120, 36}, {80, 21}, {60, 17}, {40, 10}}

func sample(t testing.TB) string {
	b, err := os.ReadFile(filepath.Join("markdown", "testdata", "sample.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const short = "A **mutex** lets one goroutine in at a time:\n\n```go\nvar mu sync.Mutex\nmu.Lock()\ndefer mu.Unlock()\n```\n\n一次只允许一个协程进入临界区。🚀"

// talk is a conversation with two answers, the first of them billed.
func talk(t testing.TB) *stage {
	g := newStage(t)
	g.ask("What does a mutex do? 互斥锁是什么", short)
	g.run(g.Update(BilledMsg{Answer: g.items[1].ID, Billed: model.Some(Billed{Quota: 3935})}, g.d))
	g.typed("Why does it cost so much?").press("enter")
	g.say(0, 600*time.Millisecond, model.Delta{RequestID: "req-2", Reasoning: strings.Repeat("Let me think about prices. ", 45)})
	g.say(0, 3*time.Second, model.Delta{Content: "Because of **out** tokens:\n\n| model | in | out |\n|---|---:|---:|\n| gpt-4o | 2.50 | 10.00 |\n| 通义千问 | 0.30 | 0.90 |\n\nSo ask for less."},
		model.Delta{End: model.ChatFinished, Usage: model.Some(model.ChatUsage{Prompt: 1830, Completion: 402, Cached: model.Some[int64](1204), Reasoning: model.Some[int64](310)})})
	return g
}

func TestSizes(t *testing.T) {
	for _, s := range sizes {
		talk(t).golden(fmt.Sprintf("talk-%dx%d", s[0], s[1]), s[0], s[1])
		g := talk(t).typed("and now").press("enter")
		g.say(0, time.Second, model.Delta{Content: sample(t)[:900]})
		g.golden(fmt.Sprintf("streaming-%dx%d", s[0], s[1]), s[0], s[1])
	}
}

func TestEverySizeIsDrawn(t *testing.T) {
	g := talk(t)
	c := comparing(t)
	for w := 1; w < 205; w += 13 {
		for h := 1; h < 60; h += 5 {
			g.lines(w, h)
			c.lines(w, h)
			for _, k := range []string{"m", "p", "v", "K", "L", "u", "E", "R"} {
				g.press("esc", k)
				g.lines(w, h)
				g.press("esc")
			}
		}
	}
}

func comparing(t testing.TB) *stage {
	g := newStage(t)
	g.press("esc", "v", "tab", "tab", "tab", "enter").typed("Say what a mutex is, 用中文").press("enter")
	g.say(0, 300*time.Millisecond, model.Delta{Content: short})
	g.say(1, 200*time.Millisecond, model.Delta{Content: "A lock.\n\n- one holder\n- others wait"})
	g.say(1, 2*time.Second, finished(30, 90))
	return g
}

func TestStates(t *testing.T) {
	failed := faultErr{model.Fault{
		Kind: model.FaultForbidden, Sentence: "prod: the account's balance is used up: top it up on the gateway, or ask with another key",
		Theirs: "用户额度不足, 剩余额度: ＄0.001 \x1b[31m(request id: 2026)", Short: "balance empty",
	}}
	for name, of := range map[string]func(*testing.T) *stage{
		"empty": newStageT,
		"no model": func(t *testing.T) *stage {
			g := newStageT(t)
			g.conv.Model = ""
			g.rev++
			return g
		},
		"down": func(t *testing.T) *stage {
			g := newStageT(t)
			g.d.State.Sources[model.SourceStatus].Fault = model.Fault{Kind: model.FaultNetwork, Sentence: "prod: nothing listens at the gateway's address (connection refused)"}
			return g
		},
		"waiting": func(t *testing.T) *stage {
			g := newStageT(t).typed("hello").press("enter")
			g.now = g.now.Add(4 * time.Second)
			return g
		},
		"thinking": func(t *testing.T) *stage {
			return newStageT(t).typed("hello").press("enter").say(0, time.Second, model.Delta{Reasoning: strings.Repeat("hm 嗯 ", 200)}).press("esc").
				say(0, time.Second)
		},
		"failed": func(t *testing.T) *stage {
			return newStageT(t).typed("hello").press("enter").fails(model.Delta{End: model.ChatFailed}, failed)
		},
		"cut off": func(t *testing.T) *stage {
			return newStageT(t).typed("hello").press("enter").say(0, time.Second, model.Delta{Content: "Half of an ans"}, model.Delta{End: model.ChatCutOff})
		},
		"empty answer": func(t *testing.T) *stage {
			return newStageT(t).typed("hello").press("enter").say(0, time.Second, model.Delta{End: model.ChatEmpty})
		},
		"stopped": func(t *testing.T) *stage {
			return newStageT(t).typed("hello").press("enter").say(0, time.Second, model.Delta{Content: "Half of an ans"}).press("esc").
				say(0, time.Second, model.Delta{End: model.ChatStopped})
		},
		"not in the log": func(t *testing.T) *stage {
			g := newStageT(t).ask("hello", "Hello there, how are you?")
			g.Update(BilledMsg{Answer: g.items[1].ID}, g.d)
			return g
		},
		"length": func(t *testing.T) *stage {
			return newStageT(t).typed("hello").press("enter").say(0, time.Second, model.Delta{Content: "As long as"}, model.Delta{End: model.ChatFinished, FinishReason: "length"})
		},
		"folded paste": func(t *testing.T) *stage {
			g := newStageT(t).typed("look: ")
			g.Paste(pasted(strings.Repeat("a line of a log\n", 3000)))
			return g.press("enter").say(0, time.Second, model.Delta{Content: "I see."}, finished(9000, 4))
		},
		"unfolded reasoning": func(t *testing.T) *stage { return talk(t).press("esc", "t") },
		"typing": func(t *testing.T) *stage {
			g := newStageT(t).typed("first line").press("alt+enter").typed("第二行 with CJK").press("ctrl+j").typed("third ")
			g.Paste(pasted(strings.Repeat("x\n", 12_034)))
			return g
		},
		"private":        func(t *testing.T) *stage { g := talk(t); g.d.Private = true; return g },
		"models":         func(t *testing.T) *stage { return talk(t).press("esc", "m") },
		"models found":   func(t *testing.T) *stage { return talk(t).press("esc", "m").typed("mini") },
		"models waiting": func(t *testing.T) *stage { g := talk(t).press("esc", "m"); g.models = nil; return g.press("down") },
		"keys":           func(t *testing.T) *stage { return talk(t).press("esc", "K") },
		"settings": func(t *testing.T) *stage {
			return talk(t).press("esc", "p").typed("Be brief. 简短").press("tab").typed("0.2")
		},
		"attach":        func(t *testing.T) *stage { return talk(t).press("esc", "u").typed("/no/such/file") },
		"again":         func(t *testing.T) *stage { return talk(t).press("esc", "R") },
		"mark":          func(t *testing.T) *stage { return talk(t).press("esc", "v", "tab", "down", "tab") },
		"compare":       func(t *testing.T) *stage { return comparing(t) },
		"conversations": func(t *testing.T) *stage { return talk(t).press("esc", "L") },
		"attached": func(t *testing.T) *stage {
			path := filepath.Join(t.TempDir(), "notes 笔记.txt")
			if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
				t.Fatal(err)
			}
			return talk(t).press("esc", "u").typed(path).press("enter").typed("what is this?")
		},
		"code chord": func(t *testing.T) *stage { return talk(t).press("esc", "c") },
	} {
		t.Run(name, func(t *testing.T) { of(t).golden("state-"+strings.ReplaceAll(name, " ", "-"), 100, 28) })
	}
}

func newStageT(t *testing.T) *stage { return newStage(t) }

type faultErr struct{ f model.Fault }

func (e faultErr) Error() string      { return e.f.Sentence }
func (e faultErr) Fault() model.Fault { return e.f }
