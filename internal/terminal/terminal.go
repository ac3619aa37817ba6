// Package terminal runs a program inside a real pseudo-terminal with a terminal
// emulator behind it, as a person's ssh session would. Tests drive whole
// programs with it: send keys, wait for what the screen shows, resize, hang up,
// and check that the program leaves the terminal as it found it.
//
// The emulator is github.com/charmbracelet/x/vt. It differs from xterm in two
// ways that can matter: a grapheme cluster is always as wide as Unicode says,
// where xterm adds up its characters, and a character printed right after a
// wide one in the last two columns replaces it instead of going to the next
// row.
package terminal

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/charmbracelet/x/vt"
)

// Options says what to run and in which terminal.
type Options struct {
	// Cols and Rows are the size of the terminal in cells, 80 × 24 if zero.
	Cols, Rows int
	// Dir is the working directory of the program, the caller's own if empty.
	Dir string
	// Env is laid over the environment of the caller, from which everything is
	// taken that describes another terminal, the language or a gateway, and to
	// which TERM=xterm-256color, COLORTERM=truecolor and LANG=C.UTF-8 are
	// added: "NAME=value" sets a variable, "NAME" alone removes it.
	Env []string
	// Args is the command and its arguments.
	Args []string
	// Record is how many bytes of the program's latest output [Terminal.Raw]
	// keeps, 1 MiB if zero, none if negative.
	Record int
	// Foreground and Background are the default colours that the terminal
	// reports when the program asks, white on black if nil.
	Foreground, Background color.Color
}

const (
	defaultCols   = 80
	defaultRows   = 24
	defaultRecord = 1 << 20
)

// Terminal is a running program and the terminal it is in. Its methods may be
// called from several goroutines.
type Terminal struct {
	proc    *process
	replies io.Closer // ends the emulator's side of the reply pipe
	input   *input
	loops   sync.WaitGroup

	exited   chan struct{} // closed once the program has ended and code is set
	code     int
	finished chan struct{} // closed once its last byte of output is on the screen

	// One lock for the emulator and what is known beside it, so that a frame is
	// never read while half of a write has been applied. The emulator's own
	// SafeEmulator locks per cell and hands out pointers to live cells.
	mu      sync.Mutex
	emu     *vt.Emulator
	modes   modes
	title   string
	copied  string
	written int64
	lastOut time.Time
	raw     []byte
	record  int
	changed chan struct{} // closed and replaced after every piece of output
}

// Start runs a program in a new pseudo-terminal which is its controlling
// terminal. It returns an error wrapping [errors.ErrUnsupported] on systems
// other than Linux and macOS, and otherwise what kept the program from
// starting. The caller ends it with [Terminal.Close].
func Start(opts Options) (*Terminal, error) {
	if len(opts.Args) == 0 {
		return nil, errors.New("terminal: no command given")
	}
	if opts.Cols <= 0 {
		opts.Cols = defaultCols
	}
	if opts.Rows <= 0 {
		opts.Rows = defaultRows
	}
	if opts.Record == 0 {
		opts.Record = defaultRecord
	}

	t := &Terminal{
		emu:      vt.NewEmulator(opts.Cols, opts.Rows),
		record:   max(opts.Record, 0),
		changed:  make(chan struct{}),
		exited:   make(chan struct{}),
		finished: make(chan struct{}),
		lastOut:  time.Now(),
	}
	t.emu.SetDefaultForegroundColor(opts.Foreground)
	t.emu.SetDefaultBackgroundColor(opts.Background)
	t.watchModes()

	proc, err := startProcess(opts)
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	t.proc = proc
	t.input = newInput(proc)
	// Closing the pipe rather than the emulator ends its Read: the emulator's
	// Close sets a flag which Read looks at without a lock.
	t.replies = t.emu.InputPipe().(io.Closer)

	t.loops.Go(t.readOutput)
	t.loops.Go(t.readReplies)
	t.loops.Go(t.input.run)
	t.loops.Go(func() {
		t.code = proc.wait()
		close(t.exited)
	})
	return t, nil
}

// readOutput puts what the program writes on the screen until the terminal is
// closed on either side.
func (t *Terminal) readOutput() {
	defer close(t.finished)
	buf := make([]byte, 256<<10)
	for {
		n, err := t.proc.Read(buf)
		if n > 0 {
			t.show(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

func (t *Terminal) show(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = t.emu.Write(p) // fails only after Close of the emulator, which is never called
	t.written += int64(len(p))
	t.lastOut = time.Now()
	t.raw = append(t.raw, p...)
	if over := len(t.raw) - t.record; over > 0 {
		t.raw = slices.Delete(t.raw, 0, over)
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

// readReplies hands the emulator's answers (device attributes, colours, cursor
// position, modes) to the program. It never takes the lock: the emulator writes
// them while show holds it.
func (t *Terminal) readReplies() {
	buf := make([]byte, 4<<10)
	for {
		n, err := t.emu.Read(buf)
		if n > 0 {
			t.input.add(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// Send types keys: the bytes go to the program as they are, after everything
// sent before, without waiting until the program reads them. See the key
// constants and [Key]. Keys sent after the program has ended are lost, as they
// would be at a real terminal.
func (t *Terminal) Send(keys string) { t.input.add([]byte(keys)) }

// Resize changes the size in cells; the program is told by SIGWINCH.
func (t *Terminal) Resize(cols, rows int) error {
	t.mu.Lock()
	t.emu.Resize(cols, rows)
	t.mu.Unlock()
	if err := t.proc.resize(cols, rows); err != nil {
		return fmt.Errorf("terminal: resize: %w", err)
	}
	return nil
}

// Signal sends a signal to the program alone, not to its children. A stop
// signal has no effect on a program that is not run by a shell of its own: the
// kernel drops it where nobody could ever continue the program.
func (t *Terminal) Signal(sig os.Signal) error {
	if err := t.proc.signal(sig); err != nil {
		return fmt.Errorf("terminal: signal: %w", err)
	}
	return nil
}

// Hangup closes the terminal under the program, as a dropped ssh connection
// does: the kernel sends it SIGHUP, and its reads and writes fail from then on.
// What it writes afterwards can no longer be seen.
func (t *Terminal) Hangup() error {
	if err := t.proc.hangup(); err != nil {
		return fmt.Errorf("terminal: hang up: %w", err)
	}
	return nil
}

// Close hangs up, kills the program if it still runs, and frees everything. The
// last screen can still be read. Closing twice does nothing.
func (t *Terminal) Close() {
	_ = t.proc.hangup() // already hung up is as good
	_ = t.proc.kill()   // already ended is as good
	t.input.close()
	_ = t.replies.Close() // a pipe's Close returns no error
	t.loops.Wait()
}
