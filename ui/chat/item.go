package chat

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gatewatch/model"
	"gatewatch/ui/chat/markdown"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

const (
	// foldAt is how many lines of a message are shown before it folds.
	foldAt = 16
	// widest is how wide a line of text gets, in cells: a longer one is hard to
	// read.
	widest = 120
)

// item is a message on the screen.
type item struct {
	Message
	// text and thought grow while the answer is written.
	text, thought strings.Builder
	body, think   markdown.Doc
	open          bool // unfolded
	built         bool // body holds the text
	lines         int  // of a prompt
	via           Via
	awaited       bool // its row in the log is looked for
	bare          bool // its frame says whose it is
	stopping      bool
}

// newItem makes an item of a message that is whole.
func newItem(m Message) *item {
	it := &item{Message: m}
	it.text.WriteString(m.Text)
	it.thought.WriteString(m.Reasoning)
	return it
}

// answer and thoughts are what has come so far.
func (it *item) answer() string   { return it.text.String() }
func (it *item) thoughts() string { return it.thought.String() }

// message is the item as it is stored.
func (it *item) message() Message {
	m := it.Message
	m.Text, m.Reasoning = it.answer(), it.thoughts()
	return m
}

// running reports whether the answer is still being written.
func (it *item) running() bool { return it.Role == model.ChatAssistant && it.End == model.ChatOpen }

// begun reports whether anything has come of an answer.
func (it *item) begun() bool { return it.text.Len() > 0 || it.thought.Len() > 0 }

// add takes a piece of an answer in. Nothing is drawn here.
func (it *item) add(content, reasoning string) {
	it.text.WriteString(content)
	it.thought.WriteString(reasoning)
	if it.built {
		it.body.Append(content)
		it.think.Append(reasoning)
	}
}

// build fills the documents when the item is drawn for the first time.
func (it *item) build() {
	if it.built {
		it.body.Settle()
		it.think.Settle()
		return
	}
	it.built = true
	it.body, it.think = markdown.Doc{}, markdown.Doc{}
	src := it.answer()
	if it.Role == model.ChatUser {
		it.body.Plain = true
		src = strings.TrimRight(it.prompt(), "\n")
		it.lines = strings.Count(src, "\n") + 1
		if it.lines > foldAt && !it.open {
			at := 0
			for range foldAt - 4 {
				at += strings.IndexByte(src[at:], '\n') + 1
			}
			src = src[:at]
		} else if !it.open && len(src) > 4000 {
			src = strings.ToValidUTF8(src[:1200], "") + " …"
		}
	}
	it.body.Append(src)
	it.think.Append(it.thoughts())
	if !it.running() {
		it.body.Close()
		it.think.Close()
	}
	it.body.Settle()
	it.think.Settle()
}

// finish says that nothing more comes.
func (it *item) finish() {
	it.body.Close()
	it.think.Close()
}

// folds reports whether the item has something to unfold.
func (it *item) folds() bool {
	if it.Role == model.ChatUser {
		p := it.prompt()
		return len(p) > 4000 || strings.Count(p, "\n") >= foldAt
	}
	return it.thought.Len() > 0
}

// The pieces of an item, each drawn and kept for itself: its heading, the line of
// its reasoning, the blocks of the reasoning when unfolded, the blocks of the
// text, and its foot.
func (it *item) pieces() int {
	it.build()
	n := 2 + it.body.Blocks()
	if it.thought.Len() > 0 {
		n++
		if it.open {
			n += it.think.Blocks()
		}
	}
	return n
}

// piece draws piece i in w cells. gap says that a blank line stands before it.
func (s *Screen) piece(d pane.Data, it *item, i, w int) (lines []markdown.Line, gap bool) {
	it.build()
	look := markdown.Look{Theme: d.Theme, W: min(w, widest)}
	if i == 0 {
		if it.bare {
			return nil, false
		}
		return s.heading(d, it, w), true
	}
	i--
	if it.thought.Len() > 0 {
		if i == 0 {
			return s.foldLine(d, it), false
		}
		i--
		if it.open {
			if n := it.think.Blocks(); i < n {
				look.Quiet = true
				lines := it.think.Lines(i, look)
				return lines, len(lines) > 0 && i > 0 && !it.think.Joined(i)
			}
			i -= it.think.Blocks()
		}
	}
	if i < it.body.Blocks() {
		lines := it.body.Lines(i, look)
		return lines, len(lines) > 0 && (i > 0 && !it.body.Joined(i) || i == 0 && it.thought.Len() > 0)
	}
	return s.foot(d, it, min(w, widest))
}

func styled(st interface{ Text(string) string }, s string, w int) markdown.Line {
	s = text.Cut(s, w)
	return markdown.Line{S: st.Text(s), W: text.Width(s)}
}

func (s *Screen) foldLine(d pane.Data, it *item) []markdown.Line {
	word := s.words.Reasoning
	if it.open {
		word = s.words.ReasoningOpen
	}
	return []markdown.Line{styled(d.Theme.Dim, fmt.Sprintf(word, text.Short(int64(utf8.RuneCountInString(it.thoughts())))), 60)}
}

// heading says who speaks, and when.
func (s *Screen) heading(d pane.Data, it *item, w int) []markdown.Line {
	name, style := s.words.You, d.Theme.Focus
	if it.Role == model.ChatAssistant {
		name, style = text.Clean(it.Model), d.Theme.Strong
	}
	name = text.Cut(name, max(4, w-12))
	note := ""
	if !it.At.IsZero() {
		note = " · " + it.At.In(d.Zone).Format("15:04")
	}
	if n := len(it.Former); n > 0 {
		note += " · " + fmt.Sprintf(s.words.Answers, max(1, it.Nth), n+1)
	}
	note = text.Cut(note, max(0, w-text.Width(name)))
	return []markdown.Line{{S: style.Text(name) + d.Theme.Dim.Text(note), W: text.Width(name) + text.Width(note)}}
}

// silentFrom is how long nothing comes until that is said.
const silentFrom = 5 * time.Second

// doing says what a running answer does at the moment. A silence is told by the
// second: the hub has the screen drawn so often, and no more of it changes.
func (s *Screen) doing(it *item) string {
	w, now := s.words, s.opt.Now()
	seconds := func(d time.Duration) string { return fmt.Sprintf("%d s", int(d.Seconds())) }
	silent := now.Sub(it.At.Add(it.Cost.Last.V))
	switch {
	case it.stopping:
		return w.Stopping
	case !it.begun():
		return fmt.Sprintf(w.Waiting, seconds(now.Sub(it.At)))
	case silent >= silentFrom:
		return fmt.Sprintf(w.Silent, seconds(silent))
	case it.text.Len() == 0:
		return w.Thinking
	}
	return w.Writing
}

// foot draws what is known of an answer below it, or what is attached to a
// question.
func (s *Screen) foot(d pane.Data, it *item, w int) (lines []markdown.Line, gap bool) {
	th, words := d.Theme, s.words
	say := func(st interface{ Text(string) string }, what string) {
		for _, l := range text.Wrap(what, max(8, w)) {
			lines = append(lines, styled(st, l, w))
		}
	}
	if it.Role == model.ChatUser {
		if it.lines > foldAt && !it.open {
			say(th.Dim, fmt.Sprintf(words.More, model.Count(int64(it.lines-foldAt+4))))
		}
		for _, p := range it.Parts {
			if p.Name != "" {
				say(th.Dim, "▪ "+text.Clean(p.Name))
			}
		}
		return lines, false
	}
	switch it.End {
	case model.ChatOpen:
		if it.bare && it.begun() {
			return nil, false // its frame says it
		}
		what := s.doing(it)
		if !it.stopping && it.begun() {
			what = fmt.Sprintf(words.EscStops, what)
		}
		say(th.Dim, what)
		return lines, true
	case model.ChatEmpty:
		if it.Fault == "" { // which says so too, and why
			say(th.Warn, words.EmptyAnswer)
		}
	case model.ChatCutOff:
		if it.Fault == "" {
			say(th.Warn, "✗ "+words.CutOff)
		}
	case model.ChatStopped:
		say(th.Dim, "■ "+words.Stopped)
	case model.ChatUnconfirmed:
		say(th.Dim, words.Unconfirmed)
	case model.ChatFailed:
		if it.Fault == "" {
			say(th.Bad, "✗ "+words.Failed)
		}
	case model.ChatFinished:
		if why := it.ranShort(words); why != "" {
			say(th.Warn, why)
		}
	}
	if it.Fault != "" && it.End != model.ChatStopped {
		say(th.Bad, "✗ "+text.Clean(it.Fault))
		if it.Theirs != "" && !strings.Contains(it.Fault, it.Theirs) {
			say(th.Dim, fmt.Sprintf(words.TheySay, text.Clean(it.Theirs)))
		}
	}
	lines = append(lines, s.faultLines(d, it, w)...)
	lines = append(lines, s.costLines(d, it, w)...)
	return lines, len(lines) > 0 && it.begun()
}
