// Package crash ends the program in order when some part of it panics: the
// panic is written to a file, the program is told to stop, and the terminal is
// given back before anything is printed.
package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"
)

// Guard catches panics. The zero Guard works and keeps the first panic.
type Guard struct {
	// Dir is where the crash file goes; "" is the system's temporary directory.
	Dir string
	// Stop is called once, on the first panic, to end the program; nil does
	// nothing.
	Stop func()

	mu    sync.Mutex
	value any
	file  string
}

// Go runs f in a goroutine of its own. Every goroutine of the program starts
// here.
func (g *Guard) Go(f func()) {
	go func() {
		defer g.Catch()
		f()
	}()
}

// Catch is deferred around anything that may panic.
func (g *Guard) Catch() {
	v := recover()
	if v == nil {
		return
	}
	g.mu.Lock()
	first := g.value == nil
	if first {
		g.value = v
		g.file = g.write(v, debug.Stack())
	}
	g.mu.Unlock()
	if first && g.Stop != nil {
		g.Stop()
	}
}

// Err says what happened and where the details are, nil when nothing panicked.
func (g *Guard) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.value == nil {
		return nil
	}
	where := "its details could not be written"
	if g.file != "" {
		where = "details are in " + g.file
	}
	return fmt.Errorf("a fault of gatewatch's own: %v; %s", g.value, where)
}

// write puts the panic into a file that only the user can read, and returns its
// path, "" when that fails.
func (g *Guard) write(v any, stack []byte) string {
	dir := g.Dir
	if dir == "" {
		dir = os.TempDir()
	}
	if os.MkdirAll(dir, 0o700) != nil {
		return ""
	}
	path := filepath.Join(dir, fmt.Sprintf("gatewatch-crash-%s-%d.txt", time.Now().Format("20060102-150405"), os.Getpid()))
	if os.WriteFile(path, fmt.Appendf(nil, "panic: %v\n\n%s", v, stack), 0o600) != nil {
		return ""
	}
	return path
}
