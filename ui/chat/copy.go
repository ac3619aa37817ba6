package chat

import (
	"fmt"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/chat/markdown"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// safe is foreign text without control characters.
func safe(s string) string { return markdown.Safe(s) }

// chord is what was pressed after c: the digits of a code block's number, and the
// answer that it is looked for in.
type chord struct {
	of     *item
	digits string
}

func codesOf(it *item) []markdown.Code { return markdown.Codes(it.answer()) }

// coded are the answers that hold code, in their order.
func (s *Screen) coded() []*item {
	all := s.items
	if s.cmp != nil {
		all = []*item{s.last()}
	}
	var out []*item
	for _, it := range all {
		if it.Role == model.ChatAssistant && len(codesOf(it)) > 0 {
			out = append(out, it)
		}
	}
	return out
}

// beingRead is the answer that most of the transcript in sight is of: the last one at
// the end.
func (s *Screen) beingRead() *item {
	if s.cmp == nil && !s.script.follow && s.script.seen != nil {
		return s.script.seen
	}
	return s.last()
}

// openChord begins to copy a code block: of the answer in view, or of the nearest
// one before it that holds any.
func (s *Screen) openChord(d pane.Data) {
	it, coded := s.beingRead(), s.coded()
	if len(coded) == 0 {
		s.notice = s.words.NoCodeHere
		return
	}
	if !slices.Contains(coded, it) && len(coded) > 0 {
		upTo := slices.Index(s.items, it)
		near := coded[0]
		for _, c := range coded {
			if slices.Index(s.items, c) < upTo {
				near = c
			}
		}
		it = near
	}
	s.chord = &chord{of: it}
	s.sayChord(d)
}

// sayChord says what can be pressed.
func (s *Screen) sayChord(d pane.Data) {
	w, c := s.words, s.chord
	s.notice = w.ChordCode
	coded := s.coded()
	switch {
	case c.digits != "":
		s.notice = fmt.Sprintf(w.ChordMore, c.digits)
		return
	case len(coded) > 1:
		s.notice = fmt.Sprintf(w.ChordOf, d.Name(text.Cut(nameFor(safe(s.asked(c.of))), 30)))
	}
}

// asked is the question that an answer is to.
func (s *Screen) asked(it *item) string {
	for _, q := range slices.Backward(s.items[:max(0, slices.Index(s.items, it))]) {
		if q.Role == model.ChatUser {
			return q.prompt()
		}
	}
	return ""
}

// pressChord answers a key after c. A second digit is waited for only where there
// are so many blocks.
func (s *Screen) pressChord(k string, d pane.Data) tea.Cmd {
	c := s.chord
	s.chord = nil
	n, err := strconv.Atoi(c.digits + k)
	switch {
	case k == "enter" && c.digits != "":
		n, _ = strconv.Atoi(c.digits)
		return s.copyCode(c.of, n)
	case err == nil && n > 0 && n*10 <= len(codesOf(c.of)):
		c.digits += k
	case err == nil:
		return s.copyCode(c.of, n)
	case k == "up" || k == "k" || k == "down" || k == "j":
		c.digits = ""
		s.moveChord(c, k == "up" || k == "k")
	default:
		return nil
	}
	s.chord = c
	s.sayChord(d)
	return nil
}

// moveChord goes to another answer with code and shows it.
func (s *Screen) moveChord(c *chord, up bool) {
	coded := s.coded()
	i := slices.Index(coded, c.of)
	if up {
		i--
	} else {
		i++
	}
	if i < 0 || i >= len(coded) || s.cmp != nil {
		return
	}
	c.of = coded[i]
	s.script.top, s.script.follow, s.script.moves = place{item: slices.Index(s.items, c.of)}, false, 0
}

// copyCode copies a code block of an answer by its number.
func (s *Screen) copyCode(it *item, n int) tea.Cmd {
	codes := codesOf(it)
	if n < 1 || n > len(codes) {
		s.notice = fmt.Sprintf(s.words.NoCode, n)
		return nil
	}
	return pane.Send(pane.Copied{Name: fmt.Sprintf(s.words.CopiedCode, n), Text: codes[n-1].Text})
}
