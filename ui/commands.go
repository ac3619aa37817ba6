package ui

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/chat"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// reach says where a command's keys work.
type reach uint8

const (
	everywhere reach = iota // even while typing
	onScreen                // while nothing is typed
	inPane                  // the pane with the focus decides what it means
)

// command is one thing that can be done: its keys, its words and what it does
// are declared here and nowhere else. Footer, help, palette and the README's
// table come from these declarations.
type command struct {
	name string
	// keys are the bindings, shown how they are written for a person.
	keys  []string
	shown string
	do    text.Action
	where reach
	// run does it; panes do theirs themselves.
	run func(*UI) tea.Cmd
	// why says why it cannot be done now, "" when it can.
	why func(*UI) string
}

func (c command) binding() key.Binding {
	return key.NewBinding(key.WithKeys(c.keys...), key.WithHelp(c.shown, c.do.Short))
}

// commands declares every command.
func commands(w *text.Words) []command {
	do := w.Do
	list := []command{
		{name: "help", keys: []string{"?"}, shown: "?", do: do.Help, where: onScreen, run: (*UI).openHelp},
		{name: "help1", keys: []string{"f1"}, shown: "F1", do: do.Help, where: everywhere, run: (*UI).openHelp},
		{name: "filter", keys: []string{"/"}, shown: "/", do: do.Filter, where: onScreen, run: (*UI).startFilter, why: (*UI).whyNoFilter},
		{name: "window", keys: []string{"w"}, shown: "w", do: do.Window, where: onScreen, run: (*UI).nextWindow},
		{name: "freeze", keys: []string{"f"}, shown: "f", do: do.Freeze, where: onScreen, run: (*UI).toggleFreeze},
		{name: "zoom", keys: []string{"z"}, shown: "z", do: do.Zoom, where: onScreen, run: (*UI).toggleZoom},
		{name: "cross", keys: []string{"x"}, shown: "x", do: do.Cross, where: onScreen, run: (*UI).openCross},
		{name: "gateway", keys: []string{"o"}, shown: "o", do: do.Gateway, where: onScreen, run: (*UI).openGateways, why: (*UI).whyOneGateway},
		{name: "palette", keys: []string{"ctrl+p"}, shown: "ctrl+p", do: do.Palette, where: everywhere, run: (*UI).openPalette},
		{name: "palette2", keys: []string{":"}, shown: ":", do: do.Palette, where: onScreen, run: (*UI).openPalette},
		{name: "ask", keys: []string{"r"}, shown: "r", do: do.Ask, where: onScreen, run: (*UI).askNow},
		{name: "quit", keys: []string{"q"}, shown: "q", do: do.Quit, where: onScreen, run: (*UI).quit},

		{name: "next", keys: []string{"tab"}, shown: "tab", do: do.NextPane, where: onScreen, run: func(u *UI) tea.Cmd { return u.moveFocus(1) }},
		{name: "previous", keys: []string{"shift+tab"}, shown: "shift+tab", do: do.PrevPane, where: onScreen, run: func(u *UI) tea.Cmd { return u.moveFocus(-1) }},
		{name: "overview", keys: []string{"1"}, shown: "1", do: do.Screen, where: onScreen, run: func(u *UI) tea.Cmd { return u.show(ScreenOverview) }},
		{name: "chat", keys: []string{"5"}, shown: "5", do: do.ChatScreen, where: onScreen, run: (*UI).openChat, why: (*UI).whyNoChat},
		{name: "gateways", keys: []string{"6"}, shown: "6", do: do.GatewaysScreen, where: onScreen, run: func(u *UI) tea.Cmd { return u.show(ScreenGateways) }},
		{name: "admin", keys: []string{"7"}, shown: "7", do: do.AdminScreen, where: onScreen, run: func(u *UI) tea.Cmd { return u.show(ScreenAdmin) }, why: (*UI).whyNoAdmin},
		{name: "next screen", keys: []string{"]"}, shown: "]", do: do.NextScreen, where: onScreen, run: func(u *UI) tea.Cmd { return u.step(1) }},
		{name: "previous screen", keys: []string{"["}, shown: "[", do: do.PrevScreen, where: onScreen, run: func(u *UI) tea.Cmd { return u.step(-1) }},
		{name: "scope", keys: []string{"a"}, shown: "a", do: do.Scope, where: onScreen, run: (*UI).toggleScope, why: (*UI).whyNoSite},
		{name: "back", keys: []string{"esc"}, shown: "esc", do: do.Back, where: onScreen, run: (*UI).back},

		{name: "up", keys: []string{"up", "k"}, shown: "↑ k", do: do.Up, where: inPane},
		{name: "down", keys: []string{"down", "j"}, shown: "↓ j", do: do.Down, where: inPane},
		{name: "top", keys: []string{"g", "home"}, shown: "g", do: do.Top, where: inPane},
		{name: "bottom", keys: []string{"G", "end"}, shown: "G", do: do.Bottom, where: inPane},
		{name: "half up", keys: []string{"ctrl+u", "pgup"}, shown: "ctrl+u", do: do.HalfUp, where: inPane},
		{name: "half down", keys: []string{"ctrl+d", "pgdown"}, shown: "ctrl+d", do: do.HalfDown, where: inPane},
		{name: "left", keys: []string{"left", "h"}, shown: "← h", do: do.SortLeft, where: inPane, why: (*UI).whyNoColumn},
		{name: "right", keys: []string{"right", "l"}, shown: "→ l", do: do.SortRight, where: inPane, why: (*UI).whyNoColumn},
		{name: "reverse", keys: []string{"s"}, shown: "s", do: do.Reverse, where: inPane, why: (*UI).whyNoSort},
		{name: "open", keys: []string{"enter"}, shown: "enter", do: do.Enter, where: inPane, why: (*UI).whyNoOpen},
		{name: "copy", keys: []string{"y"}, shown: "y", do: do.Copy, where: inPane, why: (*UI).whyNoCopy},

		{name: "force quit", keys: []string{"ctrl+c"}, shown: "ctrl+c", do: do.ForceQuit, where: everywhere, run: (*UI).quit},
		{name: "suspend", keys: []string{"ctrl+z"}, shown: "ctrl+z", do: do.Suspend, where: everywhere, run: func(*UI) tea.Cmd { return tea.Suspend }},

		{name: "theme", do: do.Theme, where: onScreen, run: (*UI).nextTheme},
		{name: "mouse", do: do.Mouse, where: onScreen, run: (*UI).toggleMouse},
		{name: "journal", do: do.Journal, where: onScreen, run: (*UI).openJournal, why: (*UI).whyNoJournal},
		{name: "privacy", do: do.Privacy, where: onScreen, run: (*UI).togglePrivacy},
	}
	for _, win := range model.Windows() {
		list = append(list, command{
			name: "window " + win.Label, where: onScreen,
			do:  text.Action{Short: w.Do.Window.Short + " " + win.Label, Long: w.Do.Window.Short + ": " + fmt.Sprintf(w.Window, win.Label)},
			run: func(u *UI) tea.Cmd { return u.setWindow(win) },
		})
	}
	for _, name := range theme.Names() {
		list = append(list, command{
			name: "theme " + name, where: onScreen,
			do:  text.Action{Short: w.Do.Theme.Short + " " + name, Long: w.Do.Theme.Short + ": " + name},
			run: func(u *UI) tea.Cmd { return u.setTheme(name) },
		})
	}
	return list
}

// paneKeys are the bindings that panes answer to.
func paneKeys(list []command) pane.Keys {
	find := func(name string) key.Binding {
		for _, c := range list {
			if c.name == name {
				return c.binding()
			}
		}
		panic("no command " + name)
	}
	return pane.Keys{
		Up: find("up"), Down: find("down"), Top: find("top"), Bottom: find("bottom"),
		HalfUp: find("half up"), HalfDown: find("half down"), Left: find("left"), Right: find("right"),
		Reverse: find("reverse"), Enter: find("open"), Copy: find("copy"),
	}
}

// match finds the command of a key press; typing hides all but those that work
// everywhere.
func match(list []command, msg tea.KeyPressMsg, typing bool) (command, bool) {
	for _, c := range list {
		if typing && c.where != everywhere || len(c.keys) == 0 {
			continue
		}
		if key.Matches(msg, c.binding()) {
			return c, true
		}
	}
	return command{}, false
}

// KeyTable is the table of keys for the README, in Markdown, made of the
// declarations.
func KeyTable(w *text.Words) string {
	var b strings.Builder
	b.WriteString("| key | what it does |\n|---|---|\n")
	byAction := map[text.Action][]string{}
	var order []text.Action
	for _, c := range commands(w) {
		if len(c.keys) == 0 {
			continue
		}
		if byAction[c.do] == nil {
			order = append(order, c.do)
		}
		for shown := range strings.FieldsSeq(c.shown) {
			byAction[c.do] = append(byAction[c.do], "`"+shown+"`")
		}
	}
	for _, do := range order {
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(byAction[do], " "), do.Long)
	}
	b.WriteString("\nActions without a key, in the palette (`ctrl+p`): theme, mouse, alerts, privacy, and each window and theme by name.\n")
	b.WriteString("\nIn the chat, while a question is written and in the transcript:\n\n| key | what it does |\n|---|---|\n")
	for _, c := range chat.Bindings(&text.ChatEnglish) {
		keys := make([]string, 0, 2)
		for shown := range strings.FieldsSeq(c.Shown) {
			keys = append(keys, "`"+shown+"`")
		}
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(keys, " "), c.Do.Long)
	}
	return b.String()
}
