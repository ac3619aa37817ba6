package openai

import "strings"

const (
	openThink  = "<think>"
	closeThink = "</think>"
	// maxBlank bounds the blanks at the beginning of an answer that are held back
	// because a tag may follow, in bytes.
	maxBlank = 256
)

// thinking separates <think>…</think> from the answer, for channels that wrap
// the reasoning into the content (new-api's thinking_to_content, many local
// servers). Only a tag before the first word counts: an answer about tags keeps
// them. The zero thinking is ready.
type thinking struct {
	state thinkState
	// held is the end of what came: a tag that may be incomplete, or blanks.
	held    string
	thought bool
}

type thinkState uint8

const (
	beforeText thinkState = iota // only blanks and thoughts until now
	inThought
	inText
)

// add takes the next piece of the content and gives what is certain by now.
func (t *thinking) add(piece string) (content, reasoning string) {
	if t.state == inText {
		return piece, ""
	}
	var thoughts strings.Builder
	s := t.held + piece
	t.held = ""
	for {
		if t.state == inThought {
			before, after, closed := strings.Cut(s, closeThink)
			if !closed {
				keep := partial(s, closeThink)
				thoughts.WriteString(s[:len(s)-keep])
				t.held = s[len(s)-keep:]
				return "", thoughts.String()
			}
			thoughts.WriteString(before)
			t.state, t.thought, s = beforeText, true, after
		}
		text := strings.TrimLeft(s, " \t\r\n")
		if after, opens := strings.CutPrefix(text, openThink); opens {
			t.state, s = inThought, after
			continue
		}
		if strings.HasPrefix(openThink, text) && len(s) <= maxBlank {
			t.held = s
			return "", thoughts.String()
		}
		t.state = inText
		return t.trim(s), thoughts.String()
	}
}

// end gives what was held back.
func (t *thinking) end() (content, reasoning string) {
	s := t.held
	t.held = ""
	if t.state == inThought {
		return "", s
	}
	return t.trim(s), ""
}

// trim takes off the blank lines that separate a thought from the answer.
func (t *thinking) trim(s string) string {
	if t.thought {
		return strings.TrimLeft(s, " \t\r\n")
	}
	return s
}

// partial is how many bytes at the end of s may be the beginning of tag.
func partial(s, tag string) int {
	for n := min(len(s), len(tag)-1); n > 0; n-- {
		if strings.HasSuffix(s, tag[:n]) {
			return n
		}
	}
	return 0
}
