//go:build linux || darwin

package terminal

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// process is the program and the master side of its pseudo-terminal.
type process struct {
	cmd    *exec.Cmd
	master *os.File
	before unix.Termios // the line settings before the program could change them
}

func startProcess(opts Options) (*process, error) {
	master, slave, err := openPTY()
	if err != nil {
		return nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	// The program holds the slave from now on; when it alone does, the end of
	// the program is the end of the output.
	defer func() { _ = slave.Close() }()

	cmd := exec.Command(opts.Args[0], opts.Args[1:]...) //nolint:noctx // it ends by Close, or by what the test sends it
	p := &process{master: master, cmd: cmd}
	p.cmd.Dir = opts.Dir
	p.cmd.Env = environ(os.Environ(), opts.Env)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = slave, slave, slave
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}

	err = p.resize(opts.Cols, opts.Rows)
	if err == nil {
		p.before, err = p.termios()
	}
	if err == nil {
		err = startWithSignals(p.cmd)
	}
	if err != nil {
		_ = master.Close() // the first error is the one that matters
		return nil, err
	}
	return p, nil
}

// startWithSignals starts a command to which every signal means what it does in
// a login session. A signal that this process was told to ignore, by nohup or
// by a shell that ran it in the background, would be ignored by the command
// too; one that this process catches is not.
func startWithSignals(cmd *exec.Cmd) error {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT)
	defer signal.Stop(caught)
	return cmd.Start()
}

// openPTY opens a master that the runtime can poll, which is what lets a
// hang-up interrupt a read: package pty leaves it in blocking mode, where the
// read would keep the terminal open.
func openPTY() (master, slave *os.File, err error) {
	blocking, slave, err := pty.Open()
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = blocking.Close() }()
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		_ = slave.Close()
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd), blocking.Name()), slave, nil
}

// pause is how long a program must write nothing before what it wrote is taken
// for whole. The kernel cuts a frame into pieces of 4 KiB at most, and a cut in
// the middle of a grapheme cluster would be shown as two.
const pause = 2 * time.Millisecond

// Read returns what the program writes up to its next pause.
func (p *process) Read(b []byte) (int, error) {
	n, err := p.master.Read(b)
	for err == nil && n < len(b) {
		if p.master.SetReadDeadline(time.Now().Add(pause)) != nil {
			break // rather pieces than a read that may wait for ever
		}
		var more int
		more, err = p.master.Read(b[n:])
		n += more
	}
	_ = p.master.SetReadDeadline(time.Time{}) // it could be set, so it can be cleared
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return n, err
}

func (p *process) Write(b []byte) (int, error) { return p.master.Write(b) }

// wait returns the exit code, or 128 and the signal as a shell does.
func (p *process) wait() int {
	_ = p.cmd.Wait() // the state below says more than this error
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) resize(cols, rows int) error {
	return p.control(func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(cols), Row: uint16(rows)})
	})
}

func (p *process) signal(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

func (p *process) hangup() error { return p.master.Close() }

func (p *process) kill() error { return p.cmd.Process.Kill() }

// termios reads the line settings through the master: the slave may have been
// closed for good.
func (p *process) termios() (unix.Termios, error) {
	var got *unix.Termios
	err := p.control(func(fd int) (err error) {
		got, err = unix.IoctlGetTermios(fd, getTermios)
		return err
	})
	if err != nil {
		return unix.Termios{}, err
	}
	return *got, nil
}

// control calls f with the master's descriptor, which os.File.Fd would put back
// into blocking mode.
func (p *process) control(f func(fd int) error) error {
	conn, err := p.master.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = conn.Control(func(fd uintptr) { inner = f(int(fd)) })
	return errors.Join(err, inner)
}

// unrestored names the line settings that differ from those at the start, none
// where they can no longer be read: after a hang-up there is no line.
func (p *process) unrestored() []string {
	now, err := p.termios()
	if err != nil {
		return nil
	}
	// PENDIN is not a setting: the kernel raises it while it reprints input.
	was, is := p.before.Lflag&^unix.PENDIN, now.Lflag&^unix.PENDIN
	var left []string
	for _, flag := range []struct {
		bit  int
		name string
	}{{unix.ECHO, "echo"}, {unix.ICANON, "line editing"}, {unix.ISIG, "signal keys"}} {
		if bit := uint64(flag.bit); uint64(was)&bit != uint64(is)&bit {
			left = append(left, fmt.Sprintf("%s was on: %t, is on: %t", flag.name, uint64(was)&bit != 0, uint64(is)&bit != 0))
		}
	}
	changed := was != is || p.before.Iflag != now.Iflag || p.before.Oflag != now.Oflag ||
		p.before.Cflag != now.Cflag || p.before.Cc != now.Cc
	if changed && len(left) == 0 {
		left = append(left, "line settings (termios) changed")
	}
	return left
}
