//go:build unix

package main

import (
	"strings"
	"testing"

	"gatewatch/internal/terminal"
)

func TestTheDoctorInATerminal(t *testing.T) {
	t.Parallel()
	term := inTerminal(t, 100, 60, nil, "doctor", "--demo")
	wait(t, term, "terminal")
	ended(t, term, exitOK)
	screen := strings.Join(term.Screen(), "\n")
	for _, want := range []string{
		"demo  http://demo.localhost", "✓ size", "100 columns, 60 rows", "✓ colours", "24 bit", "● ─ … █: 1 cell each", "好: 2 cells",
		"✓ whole frames", "characters", "UTF-8 (LANG=C.UTF-8)", "copying",
	} {
		if !strings.Contains(screen, want) {
			t.Errorf("%q is missing from\n%s", want, screen)
		}
	}
	// What was drawn to be measured is gone.
	for _, glyph := range []string{"🇯🇵", "👨"} {
		if strings.Contains(screen, glyph) {
			t.Errorf("%s stays on\n%s", glyph, screen)
		}
	}
	if !strings.HasPrefix(strings.TrimLeft(screen, "\n"), "!") && !strings.HasPrefix(strings.TrimLeft(screen, "\n"), "✓") {
		t.Errorf("something else stands at the top of\n%s", screen)
	}
}

func TestTheDoctorIsInterrupted(t *testing.T) {
	t.Parallel()
	// Whether ctrl+c comes before, while or after the terminal is asked.
	term := inTerminal(t, 100, 30, []string{"GATEWATCH_URL=http://10.255.255.1", "GATEWATCH_ACCESS_TOKEN=x"}, "doctor")
	term.Send(terminal.CtrlC)
	code, err := term.Wait(patience)
	if err != nil {
		t.Fatal(err)
	}
	if code == exitOK {
		t.Errorf("exit %d", code)
	}
	if err := term.Restored(); err != nil {
		t.Error(err)
	}
}
