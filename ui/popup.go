package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// popup stands over the screen until esc closes it.
type popup interface {
	title(u *UI) string
	// note says how to leave it.
	note(u *UI, w, h int) string
	// width and height are the cells it would like to have.
	width() int
	height(u *UI, w int) int
	// view draws h lines of w cells; the cursor is relative to them.
	view(u *UI, w, h int) ([]string, *tea.Cursor)
	// press answers a key; open is false when the popup is done.
	press(u *UI, msg tea.KeyPressMsg) (cmd tea.Cmd, open bool)
	// capturing reports whether it takes text.
	capturing() bool
}

// pagePopup shows lines that can be scrolled.
type pagePopup struct {
	name   string
	wide   int
	lines  func(u *UI, w int) []string
	offset int
	copied pane.Copied
}

func (p *pagePopup) title(*UI) string { return p.name }

func (p *pagePopup) note(u *UI, w, h int) string {
	if len(p.lines(u, w-2)) > h {
		return u.opt.Words.ScrollHint
	}
	return u.opt.Words.CloseHint
}

func (p *pagePopup) width() int { return p.wide }

func (p *pagePopup) height(u *UI, w int) int { return len(p.lines(u, w-2)) }

func (p *pagePopup) capturing() bool { return false }

func (p *pagePopup) view(u *UI, w, h int) ([]string, *tea.Cursor) {
	all := p.lines(u, w-2)
	p.offset = max(0, min(p.offset, len(all)-h))
	out := make([]string, 0, h)
	for i := p.offset; i < len(all) && len(out) < h; i++ {
		out = append(out, " "+text.Left(all[i], w-2)+" ")
	}
	return out, nil
}

func (p *pagePopup) press(u *UI, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	k := u.paneKeys
	switch {
	case key.Matches(msg, k.Up):
		p.offset--
	case key.Matches(msg, k.Down):
		p.offset++
	case key.Matches(msg, k.HalfUp):
		p.offset -= 10
	case key.Matches(msg, k.HalfDown):
		p.offset += 10
	case key.Matches(msg, k.Top):
		p.offset = 0
	case key.Matches(msg, k.Bottom):
		p.offset = 1 << 20
	case key.Matches(msg, k.Copy):
		if p.copied.Text != "" {
			return pane.Send(p.copied), true
		}
	default:
		// Anything else closes it, and does nothing more: a popup is read, then left.
		return nil, false
	}
	p.offset = max(0, p.offset)
	return nil, true
}

// newCardPopup shows a card: names to the left, values to the right of them.
func newCardPopup(c pane.Card) popup {
	var plain []string
	for _, r := range c.Rows {
		plain = append(plain, r.Name+"\t"+r.Value)
	}
	return &pagePopup{
		name: c.Title, wide: 72, copied: pane.Copied{Name: c.Title, Text: strings.Join(plain, "\n")},
		lines: func(u *UI, w int) []string { return cardLines(u.theme, c, w) },
	}
}

func cardLines(th *theme.Theme, c pane.Card, w int) []string {
	names := 0
	for _, r := range c.Rows {
		names = max(names, text.Width(r.Name))
	}
	names = min(names, w/2)
	var lines []string
	for _, r := range c.Rows {
		for i, part := range text.Wrap(r.Value, max(8, w-names-2)) {
			name := ""
			if i == 0 {
				name = r.Name
			}
			lines = append(lines, th.Dim.Text(text.Left(name, names))+"  "+r.Style.Text(part))
		}
	}
	for _, t := range c.Text {
		lines = append(lines, "")
		for _, part := range text.Wrap(t, w) {
			lines = append(lines, th.Dim.Text(part))
		}
	}
	return lines
}

// choice is one entry of a list.
type choice struct {
	name, note string
	dim        bool
	run        func(*UI) tea.Cmd
}

// listPopup is a list to choose from, with a line to search it by.
type listPopup struct {
	name    string
	prompt  string
	choices []choice
	input   textinput.Model
	at      int
}

func newListPopup(name, prompt string, choices []choice) *listPopup {
	p := &listPopup{name: name, prompt: prompt, choices: choices, input: newInput()}
	p.input.Focus()
	return p
}

func (p *listPopup) title(*UI) string { return p.name }

func (p *listPopup) note(u *UI, _, _ int) string { return u.opt.Words.CloseHint }

func (p *listPopup) width() int { return 92 }

func (p *listPopup) height(*UI, int) int { return min(18, len(p.choices)) + 2 }

func (p *listPopup) capturing() bool { return true }

// found are the choices that the search finds, the best first.
func (p *listPopup) found() []choice {
	search := strings.TrimSpace(p.input.Value())
	if search == "" {
		return p.choices
	}
	names := make([]string, len(p.choices))
	for i, c := range p.choices {
		names[i] = c.name + " " + c.note
	}
	var out []choice
	for _, m := range fuzzy.Find(search, names) {
		out = append(out, p.choices[m.Index])
	}
	return out
}

func (p *listPopup) view(u *UI, w, h int) ([]string, *tea.Cursor) {
	th := u.theme
	prompt := " " + p.prompt + " › "
	p.input.SetWidth(max(4, w-text.Width(prompt)-1))
	lines := []string{text.Left(th.Focus.Text(prompt)+p.input.View(), w), th.Border.Text(strings.Repeat("─", w))}
	found := p.found()
	p.at = max(0, min(p.at, len(found)-1))
	room := h - len(lines)
	offset := max(0, min(p.at-room/2, len(found)-room))
	for i := offset; i < len(found) && len(lines) < h; i++ {
		c := found[i]
		name, note := " "+text.Clean(c.name), text.Clean(c.note)+" "
		pad := max(1, w-text.Width(name)-text.Width(note))
		switch line := text.Left(name+strings.Repeat(" ", pad)+note, w); {
		case i == p.at:
			lines = append(lines, th.Selected.Text(line))
		case c.dim:
			lines = append(lines, th.Faint.Text(line))
		default:
			note = text.Cut(note, max(0, w-text.Width(name)-1))
			lines = append(lines, text.Left(name+strings.Repeat(" ", max(0, w-text.Width(name)-text.Width(note)))+th.Dim.Text(note), w))
		}
	}
	if len(found) == 0 {
		lines = append(lines, th.Dim.Text(text.Left(" "+u.opt.Words.NoActions, w)))
	}
	c := p.input.Cursor()
	if c != nil {
		at := *c
		at.X += text.Width(prompt)
		return lines, &at
	}
	return lines, nil
}

func (p *listPopup) press(u *UI, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch msg.String() {
	case "esc":
		return nil, false
	case "up", "shift+tab", "ctrl+k":
		p.at--
	case "down", "tab", "ctrl+j":
		p.at++
	case "enter":
		if found := p.found(); p.at < len(found) {
			// Closed first: the action may open another.
			u.popup = nil
			cmd := found[p.at].run(u)
			return cmd, u.popup != nil
		}
		return nil, false
	default:
		var cmd tea.Cmd
		p.input, cmd = p.input.Update(msg)
		p.at = 0
		return cmd, true
	}
	p.at = max(0, p.at)
	return nil, true
}

func (p *listPopup) paste(msg tea.PasteMsg) tea.Cmd {
	var cmd tea.Cmd
	p.input, cmd = p.input.Update(msg)
	return cmd
}

func (u *UI) openPalette() tea.Cmd {
	var choices []choice
	seen := map[string]bool{}
	if u.onChat() {
		choices = u.chatChoices()
	}
	for _, c := range u.commands {
		if u.onChat() && !u.fitsChat(c) || seen[c.do.Long] || c.name == "palette" || c.name == "palette2" {
			continue
		}
		seen[c.do.Long] = true
		note, dim := c.shown, false
		if c.why != nil {
			if why := c.why(u); why != "" {
				note, dim = why, true
			}
		}
		choices = append(choices, choice{name: text.Left(c.do.Short, 15) + " " + c.do.Long, note: note, dim: dim, run: func(u *UI) tea.Cmd { return u.do(c) }})
	}
	u.popup = newListPopup(u.opt.Words.Actions, u.opt.Words.PalettePrompt, choices)
	return nil
}

func (u *UI) openGateways() tea.Cmd {
	var choices []choice
	for i, s := range u.fleet.States {
		note := text.Unknown
		if s.Account.OK {
			note = pane.Data{State: s, Private: u.private}.MoneyOpt(s.Account.V.Quota)
		}
		choices = append(choices, choice{name: s.Gateway.Name, note: note + "  " + s.Gateway.URL, run: func(u *UI) tea.Cmd {
			u.showGateway(i)
			return nil
		}})
	}
	p := newListPopup(u.opt.Words.Gateways, u.opt.Words.Gateway, choices)
	p.at = u.fleet.Current
	u.popup = p
	return nil
}
