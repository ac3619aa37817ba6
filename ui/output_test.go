package ui

import (
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slowTerminal takes its time for every write, and tells what arrived.
type slowTerminal struct {
	takes time.Duration
	got   []byte
}

func (s *slowTerminal) Write(b []byte) (int, error) {
	time.Sleep(s.takes)
	s.got = append(s.got, b...)
	return len(b), nil
}

func outputTo(w io.Writer) *Output {
	o := &Output{w: w, room: make(chan frameBytes, 1), done: make(chan struct{})}
	go o.pump()
	return o
}

func TestFramesDoNotWaitForTheTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := &slowTerminal{takes: time.Second}
		o := outputTo(term)
		var drained atomic.Bool
		o.Drained = func() { drained.Store(true) }
		start := time.Now()
		if _, err := o.Write([]byte("\x1b[?1049hframe")); err != nil || time.Since(start) > 0 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if !o.Busy() {
			t.Error("a frame on its way makes nobody busy")
		}
		time.Sleep(2 * time.Second)
		if !drained.Load() || o.Busy() {
			t.Error("nobody hears that the way is free again")
		}
		o.Finish(time.Second)
	})
}

// TestTheTerminalIsGivenBackBeforeTheProcessStops: what leaves the alternate
// screen is with the terminal when Write returns, since ctrl+z stops the process
// next.
func TestTheTerminalIsGivenBackBeforeTheProcessStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := &slowTerminal{takes: 500 * time.Millisecond}
		o := outputTo(term)
		for _, s := range []string{"frame", "\x1b[?1049l", "\x1b[?25h"} {
			if _, err := o.Write([]byte(s)); err != nil {
				t.Fatal(err)
			}
		}
		if got := string(term.got); got != "frame\x1b[?1049l\x1b[?25h" {
			t.Errorf("when the process stops the terminal has %q", got)
		}
		start := time.Now()
		_, _ = o.Write([]byte("\x1b[?1049h"))
		_, _ = o.Write([]byte("frame"))
		if took := time.Since(start); took > time.Second {
			t.Errorf("back on the screen, frames wait %s", took)
		}
		o.Finish(5 * time.Second)
	})
}
