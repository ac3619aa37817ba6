package chat

import (
	"context"
	"os"
	"os/exec"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// edited is the text that came back from the editor.
type edited struct {
	text  string
	fault error
	path  string // where what was written is kept after a fault, "" where nothing was
}

func (edited) chatMsg() {}

// openEditor is a file that is ready for the editor.
type openEditor struct {
	path, draft string
	fault       error
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
		return openEditor{f.Name(), draft, err}
	}
}

// runEditor gives the terminal to the editor until it ends.
func runEditor(path, draft string) tea.Cmd {
	return tea.ExecProcess(editor(path), func(err error) tea.Msg { return fromEditor(path, draft, err) })
}

// fromEditor reads what was written. Where the editor failed, the file stays, unless
// it holds nothing new.
func fromEditor(path, draft string, fault error) tea.Msg {
	b, err := os.ReadFile(path)
	if fault == nil {
		fault = err
	}
	if fault != nil && (err != nil || string(b) != draft) {
		return edited{fault: fault, path: path}
	}
	_ = os.Remove(path) // it was ours alone
	return edited{text: strings.TrimRight(string(b), "\n"), fault: fault}
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
