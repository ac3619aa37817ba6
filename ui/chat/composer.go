package chat

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"gatewatch/model"
	"gatewatch/ui/chat/markdown"
	"gatewatch/ui/text"
)

const (
	// maxTyped is how long a pasted text may be to stand in the composer itself,
	// in bytes, maxTypedLines in lines. What is longer is kept beside it and
	// stands there as one word: the text area draws all it holds for every key.
	maxTyped      = 2000
	maxTypedLines = 30
)

// composer is where a message is written.
type composer struct {
	area textarea.Model
	// pasted are the long texts by the word that stands for them.
	pasted   map[string]string
	pastes   int
	attached []model.ChatPart
	// at is how far back the history is looked at, 0 for the draft.
	at    int
	draft string
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

// text is the message with its long texts in it.
func (c *composer) text() string {
	s := c.area.Value()
	for word, long := range c.pasted {
		s = strings.Replace(s, word, long, 1)
	}
	return s
}

// set puts a text in, a long one as a word.
func (c *composer) set(words *text.ChatWords, s string) {
	c.area.Reset()
	c.pasted = map[string]string{}
	c.insert(words, s)
	c.area.MoveToEnd()
}

// clear empties it after its message was sent.
func (c *composer) clear() {
	c.area.Reset()
	c.pasted, c.attached, c.at, c.draft = map[string]string{}, nil, 0, ""
}

func (c *composer) empty() bool {
	return strings.TrimSpace(c.area.Value()) == "" && len(c.attached) == 0
}

// insert puts a text in at the cursor. One that is long, or that cannot be shown
// as it is, is kept beside and stands there as a word.
func (c *composer) insert(words *text.ChatWords, s string) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	lines := strings.Count(s, "\n") + 1
	if len(s) <= maxTyped && lines <= maxTypedLines && showable(s) {
		c.area.InsertString(s)
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
	return true
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

// press gives a key to the text area. history are the messages sent before, the
// last one first.
func (c *composer) press(words *text.ChatWords, msg tea.KeyPressMsg, history []string) tea.Cmd {
	first := c.area.Line() == 0 && c.area.LineInfo().RowOffset == 0
	switch msg.String() {
	case "up":
		if first {
			if c.at < len(history) {
				if c.at == 0 {
					c.draft = c.text()
				}
				c.at++
				c.set(words, history[c.at-1])
			}
			return nil
		}
	case "down":
		if info := c.area.LineInfo(); c.at > 0 && c.area.Line() == c.area.LineCount()-1 && info.RowOffset == info.Height-1 {
			c.at--
			if c.at == 0 {
				c.set(words, c.draft)
			} else {
				c.set(words, history[c.at-1])
			}
			return nil
		}
	}
	var cmd tea.Cmd
	c.area, cmd = c.area.Update(msg)
	return cmd
}

// edited is the text that came back from the editor.
type edited struct {
	text  string
	fault error
}

func (edited) chatMsg() {}

// openEditor is a file that is ready for the editor.
type openEditor struct {
	path  string
	fault error
}

func (openEditor) chatMsg() {}

// toEditor writes the draft to a file of the person's own.
func toEditor(draft string) tea.Cmd {
	return func() tea.Msg {
		f, err := os.CreateTemp("", "gatewatch-*.md")
		if err != nil {
			return openEditor{fault: err}
		}
		_, err = f.WriteString(draft)
		if err2 := f.Close(); err == nil {
			err = err2
		}
		return openEditor{f.Name(), err}
	}
}

// runEditor gives the terminal to the editor until it ends.
func runEditor(path string) tea.Cmd {
	return tea.ExecProcess(editor(path), func(err error) tea.Msg {
		defer func() { _ = os.Remove(path) }() // it was ours alone
		if err != nil {
			return edited{fault: err}
		}
		b, err := os.ReadFile(path)
		return edited{strings.TrimRight(string(b), "\n"), err}
	})
}

// editor is $VISUAL or $EDITOR, which may hold arguments.
func editor(path string) *exec.Cmd {
	words := strings.Fields(os.Getenv("VISUAL"))
	if len(words) == 0 {
		words = strings.Fields(os.Getenv("EDITOR"))
	}
	if len(words) == 0 {
		words = []string{"vi"}
	}
	return exec.CommandContext(context.Background(), words[0], append(words[1:], path)...)
}
