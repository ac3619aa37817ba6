//go:build linux || darwin

package terminal

import (
	"strings"
	"testing"
)

func TestAnUntidyProgramIsToldApart(t *testing.T) {
	term := startProgram(t, "tea", Options{})
	waitText(t, term, "mode 2026 is 2")
	term.Send("x")
	waitExit(t, term, 3)
	err := term.Restored()
	if err == nil {
		t.Fatal("Restored returned no error")
	}
	for _, left := range []string{
		"alternate screen", "mouse reporting", "bracketed paste", "focus reporting", "(kitty) of the alternate screen",
		"modifyOtherKeys", "cursor style", "echo was on: true, is on: false", "line editing",
	} {
		if !strings.Contains(err.Error(), left) {
			t.Errorf("%q is missing from %q", left, err)
		}
	}
}

func TestRestored(t *testing.T) {
	const none = ""
	for _, c := range []struct{ name, script, left string }{
		{"nothing done", `:`, none},
		{"alternate screen", `printf '\033[?1049h'`, "alternate screen"},
		{"alternate screen left", `printf '\033[?1049h\033[?25l\033[?25h\033[?1049l'`, none},
		{"cursor hidden in the other screen", `printf '\033[?1049h\033[?25l\033[?1049l'`, "hidden cursor"},
		{"focus reports", `printf '\033[?1004h'`, "focus reporting"},
		{"several mouse modes", `printf '\033[?1002;1006h\033[?1002l'`, "mouse reporting (SGR)"},
		{"synchronized output", `printf '\033[?2026h'`, "synchronized output"},
		{"unknown mode", `printf '\033[?4242h'`, "private mode 4242"},
		{"kitty pushed", `printf '\033[>1u\033[>3u\033[<u'`, "(kitty) of the main screen"},
		{"kitty popped", `printf '\033[>1u\033[>3u\033[<5u'`, none},
		{"kitty set", `printf '\033[=3;1u\033[=1;3u'`, "(kitty) of the main screen"},
		{"kitty unset", `printf '\033[=3;1u\033[=3;3u'`, none},
		{"kitty of the other screen", `printf '\033[?1049h\033[>1u\033[?1049l'`, "(kitty) of the alternate screen"},
		{"modifyOtherKeys", `printf '\033[>4;2m'`, "modifyOtherKeys"},
		{"modifyOtherKeys reset", `printf '\033[>4;2m\033[>4m'`, none},
		{"cursor style", `printf '\033[5 q'`, "cursor style"},
		{"cursor style reset", `printf '\033[5 q\033[0 q'`, none},
		{"background", `printf '\033]11;#123456\a'`, "default colours"},
		{"progress", `printf '\033]9;4;1;50\a'`, "progress bar"},
		{"progress removed", `printf '\033]9;4;1;50\a\033]9;4;0\a'`, none},
		{"echo off", `stty -echo`, "echo was on: true, is on: false"},
		{"another line setting", `stty -ixon`, "termios"},
		{"full reset", `printf '\033[?1004h\033[>1u\033[?25l\033c'`, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			term := sh(t, c.script)
			waitExit(t, term, 0)
			err := term.Restored()
			if c.left == none && err != nil {
				t.Errorf("Restored returned %v", err)
			}
			if c.left != none && (err == nil || !strings.Contains(err.Error(), c.left)) {
				t.Errorf("Restored returned %v, want it to name %q", err, c.left)
			}
		})
	}
}

func TestSynchronizedOutputIsAnsweredAsItIs(t *testing.T) {
	// The answers are read with the line discipline out of the way, each as
	// long as ESC [ ? 2026 ; n $ y.
	term := sh(t, `stty raw -echo; ask() { printf '\033[?2026$p'; dd bs=1 count=11 2>/dev/null | tr '\033' E; }
		ask; printf '\r\n\033[?2026h'; ask; printf '\033[?2026l'; stty sane`)
	waitExit(t, term, 0)
	if a, b := term.Line(0), term.Line(1); a != "E[?2026;2$y" || b != "E[?2026;1$y" {
		t.Errorf("the answers are %q and %q", a, b)
	}
}
