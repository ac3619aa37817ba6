package chat

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"gatewatch/ui/chat/markdown"
	"gatewatch/ui/pane"
)

// safe is foreign text without control characters.
func safe(s string) string { return markdown.Safe(s) }

// copyCode copies a code block of the last answer by its number.
func (s *Screen) copyCode(n int) tea.Cmd {
	codes := markdown.Codes(s.last().answer())
	if n < 1 || n > len(codes) {
		s.notice = fmt.Sprintf(s.words.NoCode, n)
		return nil
	}
	return pane.Send(pane.Copied{Name: fmt.Sprintf(s.words.CopiedCode, n), Text: codes[n-1].Text})
}
