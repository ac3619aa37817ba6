package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"gatewatch/ui/text"
)

// drawFooter names the keys that matter here, or holds the filter line, or says
// what just happened.
func (u *UI) drawFooter(lines []string, r Rect, cursor *tea.Cursor) *tea.Cursor {
	th, words := u.theme, u.opt.Words
	switch {
	case u.typing:
		prompt := " " + words.FilterPrompt + " / "
		u.input.SetWidth(max(8, u.w-text.Width(prompt)-1))
		value := u.input.View()
		line := th.Focus.Text(prompt) + value
		hint := words.FilterHint
		if room := u.w - text.Width(line) - 1; u.input.Value() == "" && text.Width(hint) < room {
			line = th.Focus.Text(prompt) + th.Faint.Text(hint)
		}
		lines[r.Y] = text.Left(line, u.w)
		if c := u.input.Cursor(); c != nil {
			at := *c
			at.X, at.Y = min(u.w-1, at.X+text.Width(prompt)), r.Y
			return &at
		}
		return nil
	case u.notice != "":
		lines[r.Y] = th.Focus.Text(text.Left(" "+text.Clean(u.notice), u.w))
		return cursor
	}
	lines[r.Y] = row(u.footer(), nil, u.w, 2)
	return cursor
}

// footerWorth orders the commands of the footer; those without are not in it.
var footerWorth = map[string]int{
	"chat": 45, "gateways": 34, "admin": 33, "scope": 32, "help": 100, "quit": 95, "palette": 90, "next": 80, "filter": 75, "window": 70, "freeze": 60, "zoom": 55, "open": 50,
	"cross": 40, "gateway": 35, "ask": 30, "copy": 25, "right": 20, "reverse": 15,
}

func (u *UI) footer() []segment {
	th := u.theme
	var out []segment
	if u.onChat() {
		for i, b := range u.chat.Footer() {
			shown, _, _ := strings.Cut(b.Shown, " ")
			style := th.Key
			if u.chat.Why(b.Name) != "" {
				style = th.Faint
			}
			out = append(out, join(200-i, seg(th.Plain, " ", 0), seg(style, shown, 0), seg(th.Dim, " "+b.Do.Short, 0)))
		}
		return out
	}
	for _, c := range u.commands {
		worth, ok := footerWorth[c.name]
		if !ok {
			continue
		}
		keyStyle, wordStyle := th.Key, th.Dim
		if c.why != nil && c.why(u) != "" {
			keyStyle, wordStyle = th.Faint, th.Faint
			worth /= 10 // what works comes first
		}
		shown, _, _ := strings.Cut(c.shown, " ")
		out = append(out, join(worth, seg(th.Plain, " ", 0), seg(keyStyle, shown, 0), seg(wordStyle, " "+c.do.Short, 0)))
	}
	return out
}
