package terminal

import (
	"io"
	"sync"
)

// input holds what was typed until the program reads it. Without it, a program
// that does not read its input would block the emulator's replies, those the
// lock on the screen, and that the test which wants to say so.
type input struct {
	w io.Writer

	mu      sync.Mutex
	more    *sync.Cond
	pending []byte
	closed  bool
}

func newInput(w io.Writer) *input {
	in := &input{w: w}
	in.more = sync.NewCond(&in.mu)
	return in
}

func (in *input) add(p []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.pending = append(in.pending, p...)
	in.more.Signal()
}

func (in *input) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	in.more.Signal()
}

// run writes until close is called or the program has gone.
func (in *input) run() {
	for {
		in.mu.Lock()
		for len(in.pending) == 0 && !in.closed {
			in.more.Wait()
		}
		p, closed := in.pending, in.closed
		in.pending = nil
		in.mu.Unlock()
		if closed {
			return
		}
		if _, err := in.w.Write(p); err != nil {
			return
		}
	}
}
