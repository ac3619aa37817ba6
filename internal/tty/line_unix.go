//go:build unix

package tty

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// rawLine is a terminal that hands over every byte and echoes none.
type rawLine struct {
	in     *os.File
	out    *os.File
	before *term.State
}

// openLine puts the terminal into raw mode; close puts it back.
func openLine(in, out *os.File) (line, error) {
	fd := int(in.Fd())
	if group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil && group != unix.Getpgrp() {
		// To change the terminal would stop us.
		return nil, errors.New("this program runs in the background")
	}
	before, err := term.MakeRaw(in.Fd())
	if err != nil {
		return nil, err
	}
	return &rawLine{in, out, before}, nil
}

// Write writes to the terminal.
func (l *rawLine) Write(b []byte) (int, error) { return l.out.Write(b) }

// read waits with select(2): a read in a goroutine of its own would outlive us
// and eat the first key of whoever comes next, and poll(2) knows no terminal on
// macOS.
func (l *rawLine) read(wait time.Duration) ([]byte, error) {
	fd := int(l.in.Fd())
	if fd >= unix.FD_SETSIZE {
		return nil, errors.New("too many open files to wait for the terminal")
	}
	var set unix.FdSet
	set.Set(fd)
	timeout := unix.NsecToTimeval(int64(wait))
	switch n, err := unix.Select(fd+1, &set, nil, nil, &timeout); {
	case errors.Is(err, unix.EINTR):
		return nil, nil
	case err != nil || n == 0:
		return nil, err
	}
	b := make([]byte, 4<<10)
	n, err := unix.Read(fd, b)
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
		return nil, nil
	case err != nil:
		return nil, err
	case n <= 0:
		return nil, io.EOF // hung up
	}
	return b[:n], nil
}

// close throws away what is left, so that no answer is typed into the shell.
func (l *rawLine) close() {
	for range 16 {
		if b, err := l.read(0); err != nil || len(b) == 0 {
			break
		}
	}
	_ = term.Restore(l.in.Fd(), l.before) // there is no other way left to say so
}
