package terminal

import (
	"slices"
	"strings"
)

// ofTheOuterTerminal are the variables by which programs recognise a terminal,
// its size and its taste in colours. Those of the terminal that the tests are
// started from say nothing about this one. A name ending in _ is a prefix.
var ofTheOuterTerminal = []string{
	"ALACRITTY_", "CLICOLOR", "CLICOLOR_FORCE", "COLORFGBG", "COLUMNS", "FORCE_COLOR", "GHOSTTY_",
	"KITTY_", "KONSOLE_", "LINES", "NO_COLOR", "SSH_", "STY", "TERM_", "TMUX", "TMUX_",
	"VTE_VERSION", "WEZTERM_", "WT_", "ZELLIJ", "ZELLIJ_",
}

// ofThePerson are variables that would make a result depend on who runs it: the
// language, and the gateway that a person has at hand, which a test must never
// reach.
var ofThePerson = []string{"GATEWATCH_", "LANG", "LANGUAGE", "LC_"}

// environ returns the environment of a program started here, as described at
// [Options].Env, from the caller's own.
func environ(base, changes []string) []string {
	var env []string
	for _, entry := range base {
		if !matches(entry, ofTheOuterTerminal) && !matches(entry, ofThePerson) {
			env = set(env, entry)
		}
	}
	for _, entry := range []string{"TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"} {
		env = set(env, entry)
	}
	for _, entry := range changes {
		env = set(env, entry)
	}
	return env
}

func matches(entry string, names []string) bool {
	name, _, _ := strings.Cut(entry, "=")
	return slices.ContainsFunc(names, func(n string) bool {
		return name == n || strings.HasSuffix(n, "_") && strings.HasPrefix(name, n)
	})
}

// set replaces what env says about the variable of an entry.
func set(env []string, entry string) []string {
	name, _, found := strings.Cut(entry, "=")
	env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	if !found {
		return env
	}
	return append(env, entry)
}
