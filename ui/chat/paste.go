package chat

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gatewatch/model"
	"gatewatch/ui/chat/markdown"
	"gatewatch/ui/text"
)

// shownTab stands for a tab in the composer: the text area would make blanks of
// it, and a Makefile would arrive without its tabs.
const shownTab = "␉"

// draft is a message that is being written: what the text area holds, and the long
// texts by the words that stand for them there.
type draft struct {
	value  string
	pasted map[string]string
}

// text is the message with its long texts in it. They are not looked into: one may
// hold the word of another.
func (d draft) text() string {
	if len(d.pasted) == 0 {
		return strings.ReplaceAll(d.value, shownTab, "\t")
	}
	pairs := []string{shownTab, "\t"}
	for word, long := range d.pasted {
		pairs = append(pairs, word, long)
	}
	return strings.NewReplacer(pairs...).Replace(d.value)
}

// insert puts a text in at the cursor. One that is long, or that cannot be shown
// as it is, is kept beside and stands there as a word.
func (c *composer) insert(words *text.ChatWords, s string) {
	c.edits++
	if c.area.HasSelection() { // its end may stand in a word
		before := c.area.Value()
		was := c.cursor(before)
		c.area.DeleteSelection()
		c.whole(before, was)
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	lines := strings.Count(s, "\n") + 1
	if len(s) <= maxTyped && lines <= maxTypedLines && showable(s) {
		c.area.InsertString(strings.ReplaceAll(s, "\t", shownTab))
		return
	}
	c.pastes++
	word := fmt.Sprintf(words.Pasted, c.pastes, model.Count(int64(lines)), size(int64(len(s))))
	c.pasted[word] = markdown.Safe(s)
	c.area.InsertString(word)
}

// showable reports whether a short text is drawn as wide as every terminal takes
// it.
func showable(s string) bool {
	for l := range strings.SplitSeq(s, "\n") {
		if markdown.Drawable(l) != strings.ReplaceAll(l, "\t", "    ") {
			return false
		}
	}
	return !strings.Contains(s, shownTab)
}

// span is a piece of a text, in bytes.
type span struct{ from, to int }

// wordSpans are the places of the words that stand for long texts.
func (c *composer) wordSpans(s string) []span {
	var out []span
	for word := range c.pasted {
		for at := 0; ; {
			i := strings.Index(s[at:], word)
			if i < 0 {
				break
			}
			out = append(out, span{at + i, at + i + len(word)})
			at += i + len(word)
		}
	}
	return out
}

// whole keeps each word that stands for a long text in one piece: what takes a
// letter of it takes all of it, what would only change it does nothing, and the
// cursor does not stand in it. before is what the text area held, and where the
// cursor was, in bytes.
func (c *composer) whole(before string, was int) {
	after := c.area.Value()
	if before != after {
		c.edits++
		if now, at, broken := c.mended(before, after, was); broken {
			c.put(now, at)
			after, was = now, at
		}
	}
	if c.area.HasSelection() {
		return // it would be let go
	}
	at := c.cursor(after)
	for _, w := range c.wordSpans(after) {
		if w.from < at && at < w.to {
			to := w.to
			if at < was && was >= w.to {
				to = w.from
			}
			c.area.SetCursorColumn(c.area.Column() + runesBetween(after, at, to))
		}
	}
}

// mended is what the text should be where a change broke words, and where the
// cursor should stand.
func (c *composer) mended(before, after string, was int) (now string, at int, broken bool) {
	from := 0 // what is the same before the change, and after it
	for from < len(before) && from < len(after) && before[from] == after[from] {
		from++
	}
	for from > 0 && (from < len(before) && !utf8.RuneStart(before[from]) || from < len(after) && !utf8.RuneStart(after[from])) {
		from--
	}
	same := 0
	for same < len(before)-from && same < len(after)-from && before[len(before)-1-same] == after[len(after)-1-same] {
		same++
	}
	for same > 0 && !utf8.RuneStart(before[len(before)-same]) {
		same--
	}
	gone := span{from, len(before) - same}
	count := func(s string, w span) int { return strings.Count(s, before[w.from:w.to]) }
	for _, w := range c.wordSpans(before) {
		touched := gone.from < w.to && w.from < gone.to || gone.from == gone.to && w.from < gone.from && gone.from < w.to
		if !touched || gone.from <= w.from && w.to <= gone.to || count(before, w) == count(after, w) {
			continue
		}
		broken = true
		if len(after) >= len(before) {
			return before, was, true
		}
		gone.from, gone.to = min(gone.from, w.from), max(gone.to, w.to)
	}
	if !broken {
		return "", 0, false
	}
	added := after[from : len(after)-same]
	return before[:gone.from] + added + before[gone.to:], gone.from + len(added), true
}

// cursor is where the cursor stands in the text, in bytes.
func (c *composer) cursor(s string) int {
	at := 0
	for range c.area.Line() {
		at += strings.IndexByte(s[at:], '\n') + 1
	}
	for range c.area.Column() {
		_, n := utf8.DecodeRuneInString(s[at:])
		at += n
	}
	return at
}

// put replaces what the text area holds; the cursor stands at that byte.
func (c *composer) put(s string, at int) {
	c.area.Reset()
	c.area.InsertString(s[at:])
	c.area.MoveToBegin()
	c.area.InsertString(s[:at])
}

// runesBetween is how many runes there are from one byte to another, negative
// towards the beginning.
func runesBetween(s string, from, to int) int {
	if to < from {
		return -utf8.RuneCountInString(s[to:from])
	}
	return utf8.RuneCountInString(s[from:to])
}
