package chat

import (
	"strings"

	"gatewatch/model"
	"gatewatch/ui/chat/markdown"
	"gatewatch/ui/pane"
)

// place is a line of the transcript: an item, a piece of it, a line of that. It
// is not a number of lines from the top: what is above need not be drawn to know
// it, so that a long conversation costs no more than a short one.
type place struct{ item, piece, line int }

// transcript is what of the conversation is seen.
type transcript struct {
	items []*item
	top   place
	// follow keeps the end in sight; full puts it at the bottom, once.
	follow, full bool
	// moves are the lines to scroll by at the next draw.
	moves int
	// w and h are the size of the last draw.
	w, h int
	// seen is the answer that most lines in sight were of at the last draw.
	seen *item
}

const (
	gutter = 2 // cells to the left of the text, for the bar of a question
	margin = 1 // cells to the right of it
	// jumpFrom is the least height that is scrolled by half a page while text streams
	// in: half of a lower one holds hardly a sentence, and is sent again for little.
	jumpFrom = 10
)

// reader draws pieces of a transcript in one size.
type reader struct {
	s     *Screen
	d     pane.Data
	items []*item
	w     int
}

func (r reader) lines(p place) (lines []markdown.Line, gap bool) {
	lines, gap = r.s.piece(r.d, r.items[p.item], p.piece, max(4, r.w-gutter-margin))
	return lines, gap && (p.item > 0 || p.piece > 0)
}

// count is how many lines a piece takes.
func (r reader) count(p place) int {
	lines, gap := r.lines(p)
	if gap {
		return len(lines) + 1
	}
	return len(lines)
}

func (r reader) next(p place) (place, bool) {
	switch {
	case p.item >= len(r.items):
		return p, false
	case p.piece+1 < r.items[p.item].pieces():
		return place{p.item, p.piece + 1, 0}, true
	case p.item+1 < len(r.items):
		return place{p.item + 1, 0, 0}, true
	}
	return p, false
}

func (r reader) before(p place) (place, bool) {
	switch {
	case p.piece > 0:
		return place{p.item, p.piece - 1, 0}, true
	case p.item > 0:
		return place{p.item - 1, r.items[p.item-1].pieces() - 1, 0}, true
	}
	return p, false
}

// settle puts a place right whose piece has been split, folded or dropped.
func (r reader) settle(p place) place {
	if len(r.items) == 0 {
		return place{}
	}
	if p.item >= len(r.items) {
		return r.end()
	}
	p.piece = min(p.piece, r.items[p.item].pieces()-1)
	for {
		n := r.count(p)
		if p.line < n {
			return p
		}
		next, ok := r.next(p)
		if !ok {
			p.line = max(0, n-1)
			return p
		}
		next.line = p.line - n
		p = next
	}
}

// end is the place after the last line.
func (r reader) end() place {
	p := place{item: len(r.items) - 1}
	p.piece = r.items[p.item].pieces() - 1
	p.line = r.count(p)
	return p
}

// back goes n lines towards the beginning.
func (r reader) back(p place, n int) place {
	for {
		if p.line >= n {
			p.line -= n
			return p
		}
		n -= p.line
		q, ok := r.before(p)
		if !ok {
			return place{}
		}
		p = q
		p.line = r.count(p)
	}
}

// onward goes n lines towards the end, at most to the last one.
func (r reader) onward(p place, n int) place {
	for {
		have := r.count(p) - p.line
		if n < have {
			p.line += n
			return p
		}
		q, ok := r.next(p)
		if !ok {
			p.line += max(0, have-1)
			return p
		}
		n -= have
		p = q
	}
}

// distance is how many lines there are from a place to the end, most at most.
func (r reader) distance(p place, most int) int {
	n := -p.line
	for {
		n += r.count(p)
		q, ok := r.next(p)
		if !ok || n >= most {
			return min(n, most)
		}
		p = q
	}
}

// view draws h lines of w cells.
func (t *transcript) view(s *Screen, d pane.Data, w, h int) []string {
	out := make([]string, 0, h)
	r := reader{s, d, t.items, w}
	if len(t.items) > 0 && h > 0 {
		if t.moves != 0 {
			t.move(r, t.moves, h)
			t.moves = 0
		}
		t.scroll(r, h)
		p := t.top
		lines := make([]int, 0, 8) // of each item in sight
		for len(out) < h {
			had := len(out)
			out = r.draw(out, p, h)
			for len(lines) <= p.item-t.top.item {
				lines = append(lines, 0)
			}
			lines[p.item-t.top.item] += len(out) - had
			q, ok := r.next(p)
			if !ok {
				break
			}
			p = q
		}
		t.seen = nil
		most := 0
		for i, n := range lines {
			if it := t.items[t.top.item+i]; it.Role == model.ChatAssistant && n >= most {
				t.seen, most = it, n
			}
		}
	}
	for len(out) < h {
		out = append(out, pad("", 0, w))
	}
	return out
}

// scroll keeps the end in sight where it is followed. While text streams in, it
// jumps half a page when it reaches the bottom: scrolling by the line would send
// the whole pane again with every line. In another size the pane is filled: the room
// that a jump left was for the text to come, not for what a larger pane has above.
func (t *transcript) scroll(r reader, h int) {
	t.top = r.settle(t.top)
	resized := t.w > 0 && t.h > 0 && (t.w != r.w || t.h != h)
	t.w, t.h = r.w, h
	if !t.follow {
		return
	}
	n := r.distance(t.top, h+1)
	switch {
	case t.full || resized:
		t.top = r.back(r.end(), h)
		t.full = false
	case n > h && h >= jumpFrom && t.items[len(t.items)-1].running():
		t.top = r.back(r.end(), h-h/2)
	case n > h:
		t.top = r.back(r.end(), h)
	}
}

// draw adds the lines of a piece from p on, as far as h.
func (r reader) draw(out []string, p place, h int) []string {
	lines, gap := r.lines(p)
	bar := "  "
	if r.items[p.item].Role == model.ChatUser {
		bar = r.d.Theme.Focus.Text("▌") + " "
	}
	skip := p.line
	if gap {
		if skip == 0 && len(out) < h {
			if p.piece == 0 {
				out = append(out, pad("", 0, r.w))
			} else {
				out = append(out, pad(bar, gutter, r.w))
			}
		}
		skip = max(0, skip-1)
	}
	for i := skip; i < len(lines) && len(out) < h; i++ {
		l := lines[i]
		if gutter+l.W > r.w { // a screen too narrow for what cannot be broken
			out = append(out, fitted(bar+l.S, r.w))
			continue
		}
		out = append(out, pad(bar+l.S, gutter+l.W, r.w))
	}
	return out
}

// pad fills a line of that width up to w cells.
func pad(s string, width, w int) string { return s + strings.Repeat(" ", max(0, w-width)) }

// move scrolls by n lines.
func (t *transcript) move(r reader, n, h int) {
	if len(t.items) == 0 {
		return
	}
	t.top = r.settle(t.top)
	if n < 0 {
		t.follow = false
		t.top = r.back(t.top, -n)
		return
	}
	last := r.back(r.end(), h)
	to := r.onward(t.top, n)
	if less(last, to) {
		if less(t.top, last) {
			t.top = last
		}
		t.follow = true
		return
	}
	t.top = to
}

func less(a, b place) bool {
	if a.item != b.item {
		return a.item < b.item
	}
	if a.piece != b.piece {
		return a.piece < b.piece
	}
	return a.line < b.line
}

// steer answers a key that scrolls and reports whether it did. It only notes it:
// where that leads is known when it is drawn.
func (t *transcript) steer(name string, h int) bool {
	switch name {
	case "up":
		t.moves--
	case "down":
		t.moves++
	case "half up":
		t.moves -= max(1, h/2)
	case "half down":
		t.moves += max(1, h/2)
	case "top":
		t.top, t.follow, t.moves = place{}, false, 0
	case "bottom":
		t.follow, t.full, t.moves = true, true, 0
	default:
		return false
	}
	return true
}
