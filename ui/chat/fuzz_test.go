package chat

import (
	"errors"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
)

// FuzzScreen lets a gateway say anything anywhere, and looks at every line that
// would go to the terminal.
func FuzzScreen(f *testing.F) {
	for _, e := range evil {
		f.Add(e, e, uint8(80), uint8(24))
	}
	f.Add("```go\n"+short, "नमस्ते ｶﾞ 👨‍👩‍👧", uint8(33), uint8(9))
	f.Fuzz(func(t *testing.T, say, name string, w, h uint8) {
		name = "m" + name
		g := newStage(t)
		look := func() {
			for _, l := range g.lines(int(w)%200+1, int(h)%60+1) {
				if ansi.StringWidth(l) != ansi.StringWidthWc(l) {
					t.Fatalf("terminals disagree about %q", l)
				}
			}
		}
		g.models = append(g.models, ModelInfo{Name: name})
		g.conv.Model, g.conv.KeyName, g.conv.Name = name, name, name
		g.Paste(pasted(say))
		look()
		g.press("x", "enter")
		g.say(0, time.Second, model.Delta{Reasoning: say})
		look()
		g.say(0, time.Second, model.Delta{Content: say[:len(say)/2], RequestID: name})
		look()
		g.say(0, time.Second, model.Delta{Content: say[len(say)/2:]}, model.Delta{End: model.ChatFinished, FinishReason: name})
		g.press("esc", "t")
		look()
		g.press("m")
		look()
		g.press("esc", "L")
		look()
		g.press("esc", "R", "R").fails(model.Delta{End: model.ChatFailed}, errors.New(say))
		look()
		if len(g.store.of) > 0 {
			g.press("esc", "L", "enter", "esc", "g")
			look()
		}
	})
}
