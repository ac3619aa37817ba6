package chat

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"gatewatch/model"
	"gatewatch/ui/text"
)

const (
	// maxTyped is how long a pasted text may be to stand in the composer itself,
	// in bytes, maxTypedLines in lines. What is longer is kept beside it and
	// stands there as one word: the text area draws all it holds for every key.
	maxTyped      = 2000
	maxTypedLines = 30
)

// maxPast is how many messages are remembered.
const maxPast = 200

// composer is where a message is written.
type composer struct {
	area textarea.Model
	// pasted are the long texts by the word that stands for them.
	pasted   map[string]string
	pastes   int
	attached []model.ChatPart
	// edits rises with every change of the message.
	edits int
	// past are the messages that were sent or put aside, the newest last.
	past []string
	// at is how far back the history is looked at, 0 for the draft, which is kept
	// meanwhile; recalled is what stood there when it was fetched.
	at       int
	draft    draft
	recalled string
}

func newComposer() composer {
	a := textarea.New()
	a.SetVirtualCursor(false)
	a.ShowLineNumbers = false
	a.Prompt = ""
	a.CharLimit = 0
	a.DynamicHeight = true
	a.MinHeight = 1
	a.MaxHeight = 8
	a.MaxContentHeight = 2000
	a.EndOfBufferCharacter = ' '
	plain := textarea.StyleState{Selection: lipgloss.NewStyle().Reverse(true)}
	a.SetStyles(textarea.Styles{Focused: plain, Blurred: plain})
	k := textarea.DefaultKeyMap()
	k.InsertNewline = key.NewBinding(key.WithKeys("alt+enter", "ctrl+j", "shift+enter"))
	k.LinePrevious = key.NewBinding(key.WithKeys("up"))
	k.LineNext = key.NewBinding(key.WithKeys("down"))
	// The server's clipboard is not the person's, who pastes through the terminal.
	k.Paste = key.NewBinding()
	a.KeyMap = k
	a.Focus()
	return composer{area: a, pasted: map[string]string{}}
}

// size sets the room there is.
func (c *composer) size(w, most int) int {
	most = max(1, most)
	if c.area.Width() != w || c.area.MaxHeight != most {
		c.area.MaxHeight = most
		c.area.SetWidth(w)
	}
	return c.area.Height()
}

// now is the message as it stands.
func (c *composer) now() draft { return draft{c.area.Value(), c.pasted} }

// text is the message with its long texts in it.
func (c *composer) text() string { return c.now().text() }

// set puts a text in, a long one as a word.
func (c *composer) set(words *text.ChatWords, s string) {
	c.area.Reset()
	c.pasted = map[string]string{}
	c.insert(words, s)
	c.area.MoveToEnd()
}

// back puts a draft in again.
func (c *composer) back(d draft) {
	c.area.Reset()
	c.pasted = d.pasted
	c.area.InsertString(d.value)
	c.area.MoveToEnd()
	c.edits++
}

// clear empties it after its message was sent.
func (c *composer) clear() {
	c.remember(c.text())
	c.area.Reset()
	c.pasted, c.attached, c.at, c.draft = map[string]string{}, nil, 0, draft{}
	c.edits++
}

// remember makes a message the newest of the history.
func (c *composer) remember(s string) {
	if strings.TrimSpace(s) == "" {
		return
	}
	c.past = slices.DeleteFunc(c.past, func(old string) bool { return old == s })
	c.past = append(c.past, s)
	c.past = c.past[max(0, len(c.past)-maxPast):]
}

// aside keeps what is being written in the history, because another text takes its
// place.
func (c *composer) aside() {
	if c.at > 0 {
		c.remember(c.draft.text())
	}
	c.remember(c.text())
	c.at, c.draft = 0, draft{}
}

// parts are the message as it stands, nil where nothing was written: the draft while
// the history is looked at, unless what was found there was changed.
func (c *composer) parts() []model.ChatPart {
	d := c.now()
	if c.at > 0 && d.value == c.recalled {
		d = c.draft
	}
	out := slices.Clone(c.attached)
	if s := d.text(); strings.TrimSpace(s) != "" {
		out = append(out, model.ChatPart{Kind: model.PartText, Text: s})
	}
	return out
}

// resume puts a message in that was being written.
func (c *composer) resume(words *text.ChatWords, parts []model.ChatPart) {
	c.aside()
	c.set(words, Message{Parts: parts}.prompt())
	c.attached = slices.DeleteFunc(slices.Clone(parts), func(p model.ChatPart) bool { return p.Name == "" })
}

// atStart reports whether nothing stands before the cursor.
func (c *composer) atStart() bool {
	return c.area.Line() == 0 && c.area.Column() == 0 && !c.area.HasSelection()
}

// detach takes the last attachment off.
func (c *composer) detach() model.ChatPart {
	last := len(c.attached) - 1
	p := c.attached[last]
	c.attached = slices.Clone(c.attached[:last])
	c.edits++
	return p
}

// attach adds a part to the message.
func (c *composer) attach(p model.ChatPart) {
	c.attached = append(c.attached, p)
	c.edits++
}

func (c *composer) empty() bool {
	return strings.TrimSpace(c.area.Value()) == "" && len(c.attached) == 0
}

// size prints a number of bytes.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 999_500:
		return fmt.Sprintf("%.0f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// press gives a key to the text area. history are the messages of before, the
// last one first.
func (c *composer) press(words *text.ChatWords, msg tea.KeyPressMsg, history func() []string) tea.Cmd {
	first := c.area.Line() == 0 && c.area.LineInfo().RowOffset == 0
	switch msg.String() {
	case "up":
		if first {
			c.recall(words, c.at+1, history())
			return nil
		}
	case "down":
		if info := c.area.LineInfo(); c.at > 0 && c.area.Line() == c.area.LineCount()-1 && info.RowOffset == info.Height-1 {
			c.recall(words, c.at-1, history())
			return nil
		}
	}
	before := c.area.Value()
	was := c.cursor(before)
	var cmd tea.Cmd
	c.area, cmd = c.area.Update(msg)
	c.whole(before, was)
	return cmd
}

// recall shows an entry of the history, 0 for the draft.
func (c *composer) recall(words *text.ChatWords, at int, history []string) {
	if at > len(history) {
		return
	}
	if c.at == 0 {
		c.draft = c.now()
	}
	if c.at = at; at == 0 {
		c.back(c.draft)
		return
	}
	c.set(words, history[at-1])
	c.recalled = c.area.Value()
}
