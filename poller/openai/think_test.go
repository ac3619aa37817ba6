package openai

import (
	"strings"
	"testing"
)

func TestThinking(t *testing.T) {
	for _, c := range []struct{ name, text, content, reasoning string }{
		{"none", "hello", "hello", ""},
		{"empty", "", "", ""},
		{"thought", "<think>hm</think>hello", "hello", "hm"},
		{"new-api", "<think>\nhm\n</think>\n\nhello", "hello", "\nhm\n"},
		{"blanks first", "\n \n<think>hm</think> hello", "hello", "hm"},
		{"blanks alone", "\n  hello", "\n  hello", ""},
		{"never closed", "<think>hm", "", "hm"},
		{"half a close", "<think>hm</thin", "", "hm</thin"},
		{"half an open", "<thi", "<thi", ""},
		{"another tag", "<b>hello</b>", "<b>hello</b>", ""},
		{"only a bracket", "<", "<", ""},
		{"close alone", "hm</think>hello", "hm</think>hello", ""},
		{"later in the text", "use <think>x</think> tags", "use <think>x</think> tags", ""},
		{"twice", "<think>a</think>\n<think>b</think>hello", "hello", "ab"},
		{"tags in the thought", "<think>a<b<think></b></think>c", "c", "a<b<think></b>"},
		{"almost closed", "<think>a</</think>c", "c", "a</"},
		{"empty thought", "<think></think>c", "c", ""},
		{"nothing after", "<think>a</think>\n\n", "", "a"},
		{"unicode", "<think>想</think>你好", "你好", "想"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for n := 1; n <= len(c.text)+1; n++ {
				if content, reasoning := split(c.text, n); content != c.content || reasoning != c.reasoning {
					t.Fatalf("in pieces of %d: %q and %q", n, content, reasoning)
				}
			}
		})
	}
}

// split cuts a text into pieces of n bytes and gives its two sides.
func split(text string, n int) (content, reasoning string) {
	var s thinking
	for len(text) > 0 {
		n := min(n, len(text))
		c, r := s.add(text[:n])
		content, reasoning = content+c, reasoning+r
		text = text[n:]
	}
	c, r := s.end()
	return content + c, reasoning + r
}

// Blanks are held back no longer than a person would wonder.
func TestThinkingLetsGo(t *testing.T) {
	var s thinking
	blanks := strings.Repeat(" ", maxBlank)
	if c, _ := s.add(blanks); c != "" {
		t.Errorf("%d bytes come at once", len(c))
	}
	if c, _ := s.add(" "); c != blanks+" " {
		t.Errorf("%d bytes come in the end", len(c))
	}
}

func FuzzThinking(f *testing.F) {
	f.Add(" <think>a</think>b", 2)
	f.Add("<think>a</</think></think>b<think>", 3)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n = max(1, min(n, 1<<16))
		content, reasoning := split(text, n)
		if whole, thought := split(text, len(text)+1); len(text) <= maxBlank && (content != whole || reasoning != thought) {
			t.Errorf("%q in pieces of %d: %q and %q, whole %q and %q", text, n, content, reasoning, whole, thought)
		}
		if len(content)+len(reasoning) > len(text) {
			t.Errorf("%q became %q and %q", text, content, reasoning)
		}
	})
}
