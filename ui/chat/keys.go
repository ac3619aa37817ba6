package chat

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/ui/text"
)

// Binding is one thing that can be done here: its keys and its words are declared
// once; help, footer, palette and the README's table are made of them.
type Binding struct {
	Name string
	Keys []string
	// Shown is how the keys are written for a person.
	Shown string
	Do    text.Action
	// Typing says that it works in the composer, else in the transcript.
	Typing bool
	// Footer says that it is worth a place in the footer.
	Footer bool
}

// Help is the binding for bubbles/help.
func (b Binding) Help() key.Binding {
	return key.NewBinding(key.WithKeys(b.Keys...), key.WithHelp(b.Shown, b.Do.Short))
}

// Bindings declares every key of the screen.
func Bindings(w *text.ChatWords) []Binding {
	do := w.Do
	return []Binding{
		{Name: "send", Keys: []string{"enter"}, Shown: "enter", Do: do.Send, Typing: true, Footer: true},
		{Name: "newline", Keys: []string{"alt+enter", "ctrl+j", "shift+enter"}, Shown: "alt+enter ctrl+j", Do: do.Newline, Typing: true, Footer: true},
		{Name: "history", Keys: []string{"up"}, Shown: "↑", Do: do.History, Typing: true},
		{Name: "editor", Keys: []string{"ctrl+o"}, Shown: "ctrl+o", Do: do.Editor, Typing: true, Footer: true},
		{Name: "leave", Keys: []string{"esc"}, Shown: "esc", Do: do.Leave, Typing: true, Footer: true},
		{Name: "stop", Keys: []string{"ctrl+c"}, Shown: "ctrl+c", Do: do.StopNow, Typing: true},

		{Name: "write", Keys: []string{"i", "enter"}, Shown: "i enter", Do: do.Write, Footer: true},
		{Name: "copy answer", Keys: []string{"y"}, Shown: "y", Do: do.CopyAnswer, Footer: true},
		{Name: "copy code", Keys: []string{"c"}, Shown: "c", Do: do.CopyCode, Footer: true},
		{Name: "again", Keys: []string{"R"}, Shown: "R", Do: do.Again, Footer: true},
		{Name: "edit last", Keys: []string{"e"}, Shown: "e", Do: do.EditLast, Footer: true},
		{Name: "unfold", Keys: []string{"t"}, Shown: "t", Do: do.Unfold, Footer: true},
		{Name: "model", Keys: []string{"m"}, Shown: "m", Do: do.Model, Footer: true},
		{Name: "key", Keys: []string{"K"}, Shown: "K", Do: do.Key},
		{Name: "settings", Keys: []string{"p"}, Shown: "p", Do: do.Settings},
		{Name: "attach", Keys: []string{"u"}, Shown: "u", Do: do.Attach, Footer: true},
		{Name: "compare", Keys: []string{"v"}, Shown: "v", Do: do.Compare, Footer: true},
		{Name: "new", Keys: []string{"n"}, Shown: "n", Do: do.New},
		{Name: "conversations", Keys: []string{"L"}, Shown: "L", Do: do.Conversations, Footer: true},
		{Name: "export", Keys: []string{"E"}, Shown: "E", Do: do.Export},
		{Name: "left", Keys: []string{"left", "h"}, Shown: "← h", Do: do.Versions},
		{Name: "right", Keys: []string{"right", "l"}, Shown: "→ l", Do: do.Versions},
		{Name: "up", Keys: []string{"up", "k"}, Shown: "↑ k", Do: do.LineUp},
		{Name: "down", Keys: []string{"down", "j"}, Shown: "↓ j", Do: do.LineDown},
		{Name: "half up", Keys: []string{"ctrl+u", "pgup"}, Shown: "ctrl+u", Do: do.PageUp},
		{Name: "half down", Keys: []string{"ctrl+d", "pgdown"}, Shown: "ctrl+d", Do: do.PageDown},
		{Name: "top", Keys: []string{"g", "home"}, Shown: "g", Do: do.Top},
		{Name: "bottom", Keys: []string{"G", "end"}, Shown: "G", Do: do.Bottom},
	}
}

// Bindings are the keys of the screen, with its words.
func (s *Screen) Bindings() []Binding { return s.bindings }

// find returns the name of the binding that a key stands for.
func (s *Screen) find(msg tea.KeyPressMsg, typing bool) string {
	k := msg.String()
	for _, b := range s.bindings {
		if b.Typing == typing && slices.Contains(b.Keys, k) {
			return b.Name
		}
	}
	return ""
}

// Takes reports whether a key is the screen's own business now; what is not, is
// the program's: quit, help, palette, the other screens.
func (s *Screen) Takes(msg tea.KeyPressMsg) bool {
	k := msg.String()
	switch {
	case k == "ctrl+c":
		return s.streaming()
	case k == "ctrl+z" || k == "f1" || k == "ctrl+p":
		return false
	case s.pop != nil || s.focus == onComposer:
		return true
	case s.chord != nil:
		return true
	case k == "esc":
		return s.streaming() || s.justEnded()
	}
	return s.find(msg, false) != ""
}

// Capturing reports whether text is being typed.
func (s *Screen) Capturing() bool {
	if s.pop != nil {
		return true
	}
	return s.focus == onComposer
}
