package chat

import (
	"errors"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
)

// FuzzScreen lets a gateway say anything anywhere, and looks at every line that
// evil is what a model could try.
var evil = []string{
	"\x1b]0;owned\x07title", "\x1b]52;c;b3duZWQ=\x07clip", "\x1b[2J\x1b[Hcleared", "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "[x](http://e\x1b]0;t\x07)",
	"&#27;]0;entity&#7;", "```\x1b]0;lang\x07\ncode \x1b[31m\n```", "\u009b31mc1", "\u202ebidi\u202c", "| \x1b[1m | b |\n|---|---|\n| \u202e | &#x1b;[5m |",
	"<http://x.y/\x1b[5m>", "![\x1b[7m](\x1b[8m)", "\x1bPq\x1b\\dcs", "\x1b_apc\x1b\\", "`\x1b[6n`", "**\x1b[c**", "\x90\x9d\x9f",
}

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
