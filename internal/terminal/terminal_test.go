//go:build linux || darwin

package terminal

import (
	"errors"
	"image/color"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAProgramLivesInTheTerminal(t *testing.T) {
	term := startProgram(t, "tea", Options{Cols: 60, Rows: 12, Foreground: color.Black, Background: color.White})
	waitText(t, term, "size 60×12")
	waitText(t, term, "background #ffffff dark: false")
	waitText(t, term, "mode 2026 is 2")
	if !term.AltScreen() {
		t.Error("the program is not in the alternate screen")
	}
	if got := term.Title(); got != "program" {
		t.Errorf("the title is %q", got)
	}

	term.Send("a" + Up + ShiftTab + CtrlP + AltEnter)
	waitText(t, term, "keys a up shift+tab ctrl+p alt+enter")
	term.Send(Click(4, 5))
	waitText(t, term, "mouse 4,5")
	term.Send(Paste("猫 and dog"))
	waitText(t, term, "paste 猫 and dog")
	term.Send(FocusIn)
	waitText(t, term, "focus true")

	if err := term.Resize(50, 10); err != nil {
		t.Fatal(err)
	}
	waitText(t, term, "size 50×10")
	err := term.WaitFrame(patience, func(f *Frame) bool {
		return f.Cols == 50 && f.Rows == 10 && f.Cursor == Cursor{X: 3, Y: 5, Visible: true, Shape: CursorBar}
	})
	if err != nil {
		t.Error(err)
	}

	term.Send("q")
	waitExit(t, term, 0)
	if err := term.Restored(); err != nil {
		t.Error(err)
	}
	if term.AltScreen() {
		t.Error("the program left the terminal in the alternate screen")
	}
}

func TestSendDoesNotWaitForTheProgram(t *testing.T) {
	term := startProgram(t, "deaf", Options{})
	waitText(t, term, "deaf")
	term.Send(strings.Repeat("x", 1<<20))
	// The line discipline echoes what it takes, so the screen still moves while
	// most of the keys wait.
	waitText(t, term, "xxx")
}

func TestExitCodes(t *testing.T) {
	t.Run("own", func(t *testing.T) { waitExit(t, sh(t, "exit 7"), 7) })
	t.Run("signal", func(t *testing.T) {
		term := startProgram(t, "deaf", Options{})
		waitText(t, term, "deaf")
		if err := term.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		waitExit(t, term, 128+int(syscall.SIGTERM))
	})
	t.Run("interrupt key", func(t *testing.T) {
		term := startProgram(t, "deaf", Options{})
		waitText(t, term, "deaf")
		term.Send(CtrlC)
		waitExit(t, term, 128+int(syscall.SIGINT))
	})
}

func TestHangup(t *testing.T) {
	term := startProgram(t, "deaf", Options{})
	waitText(t, term, "deaf")
	if err := term.Hangup(); err != nil {
		t.Fatal(err)
	}
	waitExit(t, term, 128+int(syscall.SIGHUP))
	if got := term.Line(0); got != "deaf" {
		t.Errorf("after the hang-up the first row is %q", got)
	}
}

func TestWaitSaysThatTheProgramStillRuns(t *testing.T) {
	term := startProgram(t, "deaf", Options{})
	waitText(t, term, "deaf")
	code, err := term.Wait(time.Millisecond)
	if code != -1 || err == nil || !strings.Contains(err.Error(), "still runs") || !strings.Contains(err.Error(), "│deaf") {
		t.Errorf("Wait returned %d, %v", code, err)
	}
}

func TestStartErrors(t *testing.T) {
	for name, args := range map[string][]string{"no command": nil, "no such command": {"/nowhere/at-all"}} {
		if term, err := Start(Options{Args: args}); err == nil {
			term.Close()
			t.Errorf("%s: Start returned no error", name)
		}
	}
	if _, err := Start(Options{Args: []string{"no-such-command-anywhere"}}); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("Start returned %v", err)
	}
}

func TestCloseEndsARunningProgramAndKeepsTheScreen(t *testing.T) {
	term := sh(t, `trap "" HUP; printf "still here"; while :; do read x; done`)
	waitText(t, term, "still here")
	term.Close()
	term.Close()
	if got := term.Line(0); got != "still here" {
		t.Errorf("the first row is %q", got)
	}
	waitExit(t, term, 128+int(syscall.SIGKILL))
}

func TestDirAndEnvironment(t *testing.T) {
	t.Setenv("GATEWATCH_ACCESS_TOKEN", "secret")
	t.Setenv("TERM_PROGRAM", "outer")
	t.Setenv("KEPT", "yes")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	term := start(t, Options{
		Cols: 200,
		Dir:  dir,
		Env:  []string{"ADDED=1", "COLORTERM"},
		Args: []string{"sh", "-c", `pwd; echo "[$TERM][$COLORTERM][$LANG][$TERM_PROGRAM][$GATEWATCH_ACCESS_TOKEN][$KEPT][$ADDED]"; stty size`},
	})
	waitExit(t, term, 0)
	want := []string{dir, "[xterm-256color][][C.UTF-8][][][yes][1]", "24 200"}
	for y, want := range want {
		if got := term.Line(y); got != want {
			t.Errorf("row %d is %q, want %q", y, got, want)
		}
	}
}

func TestOutputIsCountedAndRecorded(t *testing.T) {
	term := start(t, Options{Record: 4, Args: []string{"printf", "0123456789"}})
	waitExit(t, term, 0)
	if n, raw := term.BytesRead(), string(term.Raw()); n != 10 || raw != "6789" {
		t.Errorf("%d bytes were read, the last are %q", n, raw)
	}
}
