//go:build linux || darwin

package terminal

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestWaitForTellsWhatWasOnTheScreen(t *testing.T) {
	term := startProgram(t, "deaf", Options{Cols: 30, Rows: 4})
	waitText(t, term, "deaf")
	err := term.WaitText(time.Millisecond, "something else")
	if !errors.Is(err, errTimeout) {
		t.Fatalf("WaitText returned %v", err)
	}
	for _, part := range []string{`"something else"`, "30×4", "│deaf"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing from %q", part, err)
		}
	}
}

func TestWaitForEndsWithTheProgram(t *testing.T) {
	err := sh(t, "exit 1").WaitText(patience, "never")
	if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "empty") {
		t.Errorf("WaitText returned %v", err)
	}
	// What the program wrote just before it ended still counts.
	waitText(t, sh(t, "printf last"), "last")
}

func TestWaitQuiet(t *testing.T) {
	term := startProgram(t, "deaf", Options{})
	waitText(t, term, "deaf")
	if err := term.WaitQuiet(10*time.Millisecond, patience); err != nil {
		t.Error(err)
	}
	if err := term.WaitQuiet(time.Hour, time.Millisecond); !errors.Is(err, errTimeout) {
		t.Errorf("WaitQuiet returned %v", err)
	}
}
