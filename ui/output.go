package ui

import (
	"bytes"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Output is the way to the terminal: it has a goroutine of its own and room for
// one frame. While a frame is on its way, Busy reports true and the screen makes
// no new one, so that a slow link loses frames, not keys, and nothing queues. It
// looks like the terminal's file to whoever wants to know its size.
type Output struct {
	file *os.File
	w    io.Writer
	room chan frameBytes
	done chan struct{}

	// released is set from the moment at which the alternate screen is left: then
	// each write waits until it is with the terminal, since the process may be
	// stopped or ended next.
	released atomic.Bool

	pending  atomic.Int32
	withheld atomic.Bool

	// Drained is called when a frame was withheld and the way is free again,
	// Failed once, when the terminal is gone. Both must be set before the first
	// Write, or stay nil.
	Drained func()
	Failed  func(error)
	once    sync.Once
}

// frameBytes are bytes for the terminal; written is closed when they are there.
type frameBytes struct {
	b       []byte
	written chan struct{}
}

var (
	leaveAltScreen = []byte("\x1b[?1049l")
	enterAltScreen = []byte("\x1b[?1049h")
)

// stalled is how long a write that is no frame waits for room: the sequences
// that give the terminal back.
const stalled = 2 * time.Second

// NewOutput returns a way to file. run starts its goroutine.
func NewOutput(file *os.File, run func(func())) *Output {
	o := &Output{file: file, w: file, room: make(chan frameBytes, 1), done: make(chan struct{})}
	run(o.pump)
	return o
}

func (o *Output) pump() {
	defer close(o.done)
	for f := range o.room {
		_, err := o.w.Write(f.b)
		o.pending.Add(-1)
		close(f.written)
		if err != nil && o.Failed != nil {
			o.once.Do(func() { o.Failed(err) })
		}
		if o.withheld.Swap(false) && o.Drained != nil {
			o.Drained()
		}
	}
}

// Write hands a frame over. It waits only when one is under way already, and
// while the terminal is given back.
func (o *Output) Write(b []byte) (int, error) {
	left, entered := bytes.LastIndex(b, leaveAltScreen), bytes.LastIndex(b, enterAltScreen)
	if left > entered {
		o.released.Store(true)
	}
	wait := o.released.Load()
	if entered > left {
		o.released.Store(false)
	}
	o.pending.Add(1)
	f := frameBytes{append([]byte(nil), b...), make(chan struct{})}
	timer := time.NewTimer(stalled)
	defer timer.Stop()
	select {
	case o.room <- f:
	case <-timer.C:
		o.pending.Add(-1)
		return 0, os.ErrDeadlineExceeded
	}
	if wait {
		select {
		case <-f.written:
		case <-timer.C:
		}
	}
	return len(b), nil
}

// Busy reports whether a frame is still on its way.
func (o *Output) Busy() bool {
	if o.pending.Load() == 0 {
		return false
	}
	o.withheld.Store(true)
	return true
}

// Finish waits until all was written, at most for that long.
func (o *Output) Finish(most time.Duration) {
	close(o.room)
	select {
	case <-o.done:
	case <-time.After(most):
	}
}

// Read, Close and Fd make it a terminal's file; it is never closed here.
func (o *Output) Read(b []byte) (int, error) { return o.file.Read(b) }

// Close leaves the terminal open: it is not ours.
func (o *Output) Close() error { return nil }

// Fd is the terminal's file descriptor.
func (o *Output) Fd() uintptr { return o.file.Fd() }
