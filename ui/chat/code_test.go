package chat

import (
	"fmt"
	"strings"
	"testing"
)

// blocks is an answer of n code blocks, each with a number of its own.
func blocks(name string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "```sh\n%s %d\n```\n\ntext\n\n", name, i+1)
	}
	return b.String()
}

func TestEveryCodeBlockIsCopied(t *testing.T) {
	for keys, want := range map[string]string{
		"c 2": "last 2\n", "c 1 2": "last 12\n", "c 1 enter": "last 1\n", "c 9": "last 9\n", "c 1 9": "", "c 0": "", "c x": "",
		"c up 3": "first 3\n", "c k up 1": "first 1\n", "c up down 1 1": "last 11\n", "c 1 up 2": "first 2\n",
	} {
		g := newStage(t).ask("one", blocks("first", 3)).ask("two", blocks("last", 12))
		g.press("esc").press(strings.Fields(keys)...)
		g.shown(100, 30)
		if g.copied != want {
			t.Errorf("%s copies %q, want %q; it says %q", keys, g.copied, want, g.notice)
		}
		if strings.Contains(keys, "up") && g.script.follow {
			t.Errorf("%s: the answer is not shown", keys)
		}
	}
	g := newStage(t).ask("one", blocks("first", 3)).ask("two", blocks("last", 12)).press("esc", "c")
	if !strings.Contains(g.notice, "two") || !strings.Contains(g.notice, "↑") {
		t.Errorf("it says %q", g.notice)
	}
	if g.press("1"); !strings.Contains(g.notice, "enter") {
		t.Errorf("after a digit it says %q", g.notice)
	}
}

// c means the answer that is being read.
func TestCodeOfTheAnswerInView(t *testing.T) {
	g := newStage(t).ask("one", blocks("first", 9)).ask("two", blocks("last", 9)).press("esc", "g")
	g.shown(80, 24)
	if g.press("c", "4"); g.copied != "first 4\n" {
		t.Errorf("copied %q", g.copied)
	}
	g.press("G")
	g.shown(80, 24)
	if g.press("c", "4"); g.copied != "last 4\n" {
		t.Errorf("at the end copied %q", g.copied)
	}
	// An answer without code gives way to the one before it.
	g.press("i").ask("three", "No code.").press("esc", "c", "5")
	if g.copied != "last 5\n" {
		t.Errorf("copied %q", g.copied)
	}
}
