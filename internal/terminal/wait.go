package terminal

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	errTimeout = errors.New("timed out")
	errEnded   = errors.New("the program has ended")
)

// WaitFor returns nil as soon as ok is true of the screen's rows, which come
// without trailing blanks. It looks after every piece of output, but not inside
// a synchronized update, which a person would not see either. When the time is
// up, or the program has ended, it returns an error that contains the screen.
func (t *Terminal) WaitFor(timeout time.Duration, ok func(screen []string) bool) error {
	return t.WaitFrame(timeout, func(f *Frame) bool { return ok(f.Lines()) })
}

// WaitText returns nil as soon as a row contains the text; see
// [Terminal.WaitFor].
func (t *Terminal) WaitText(timeout time.Duration, text string) error {
	err := t.WaitFrame(timeout, func(f *Frame) bool {
		_, _, found := f.Find(text)
		return found
	})
	if err != nil {
		return fmt.Errorf("waiting for %q: %w", text, err)
	}
	return nil
}

// WaitFrame is [Terminal.WaitFor] with colours, attributes and the cursor.
func (t *Terminal) WaitFrame(timeout time.Duration, ok func(*Frame) bool) error {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		// What comes last is looked at even inside an update that never ended.
		var stop error
		select {
		case <-t.finished:
			stop = errEnded
		default:
		}
		f, synchronized, changed := t.look()
		if (!synchronized || stop != nil) && ok(f) {
			return nil
		}
		if stop != nil {
			return screenError(stop, f)
		}
		select {
		case <-changed:
		case <-t.finished:
		case <-timer.C:
			f, _, _ := t.look()
			if ok(f) {
				return nil
			}
			return screenError(errTimeout, f)
		}
	}
}

// look returns the frame, whether it is being updated, and a channel that is
// closed when it is no longer current.
func (t *Terminal) look() (f *Frame, synchronized bool, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.frame(), t.modes.private[modeSynchronized], t.changed
}

// WaitQuiet returns nil once the program has written nothing for as long as
// idle, or has ended, and an error containing the screen when the timeout comes
// first.
func (t *Terminal) WaitQuiet(idle, timeout time.Duration) error {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		t.mu.Lock()
		left, changed := idle-time.Since(t.lastOut), t.changed
		t.mu.Unlock()
		if left <= 0 {
			return nil
		}
		select {
		case <-changed:
		case <-time.After(left):
		case <-t.finished:
			return nil
		case <-timer.C:
			return screenError(errTimeout, t.Frame())
		}
	}
}

// Wait returns the exit code of the program once it has ended and all its output
// is on the screen; a program ended by a signal has 128 and the signal's number,
// as in a shell. It returns an error containing the screen when the time is up
// first, with the code if it was only a child of the program that still held
// the terminal, else -1.
func (t *Terminal) Wait(timeout time.Duration) (int, error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-t.exited:
	case <-timer.C:
		return -1, screenError(fmt.Errorf("%w: the program still runs", errTimeout), t.Frame())
	}
	select {
	case <-t.finished:
		return t.code, nil
	case <-timer.C:
		return t.code, screenError(fmt.Errorf("%w: the program has ended, a child of it holds the terminal", errTimeout), t.Frame())
	}
}

// screenError adds the screen to an error, so that a failed test shows what the
// person would have seen.
func screenError(err error, f *Frame) error {
	lines := f.Lines()
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	screen := "the screen is empty"
	if len(lines) > 0 {
		screen = "the screen is\n │" + strings.Join(lines, "\n │")
	}
	return fmt.Errorf("terminal: %w; at %d×%d %s", err, f.Cols, f.Rows, screen)
}
