//go:build linux || darwin

package tty

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"

	"gatewatch/model"
)

// glass is the far side of a pseudo-terminal: a terminal that draws things as
// wide as it is told.
type glass struct {
	master *os.File
	wide   map[string]int // widths other than Unicode's
	mute   bool
	sync   string // its answer to DECRQM

	mu   sync.Mutex
	seen strings.Builder
}

// run answers until the terminal is closed.
func (g *glass) run() {
	p := ansi.NewParser()
	column, buf := 1, make([]byte, 4<<10)
	var rest []byte
	for {
		n, err := g.master.Read(buf)
		if err != nil {
			return
		}
		g.mu.Lock()
		g.seen.Write(buf[:n])
		g.mu.Unlock()
		rest = append(rest, buf[:n]...)
		for len(rest) > 0 {
			seq, width, n, state := ansi.DecodeSequence(rest, ansi.NormalState, p)
			if state != ansi.NormalState {
				break
			}
			rest = rest[n:]
			s := string(seq)
			if w, ok := g.wide[s]; ok {
				width = w
			}
			column += width
			answer := ""
			switch s {
			case "\r":
				column = 1
			case ansi.RequestCursorPositionReport:
				answer = ansi.CursorPositionReport(7, column)
			case ansi.RequestModeSynchronizedOutput:
				answer = g.sync
			case ansi.RequestPrimaryDeviceAttributes:
				answer = "\x1b[?62;22;52c"
			case ansi.RequestKittyKeyboard:
				answer = "\x1b[?0u"
			case ansi.RequestNameVersion:
				answer = "\x1bP>|glass 1\x1b\\"
			case requestClipboard:
				answer = "\x1bP0+r4D73\x1b\\"
			}
			if answer != "" && !g.mute {
				_, _ = g.master.WriteString(answer)
			}
		}
	}
}

// open returns the near side of a glass.
func open(t *testing.T, g *glass) *os.File {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _, _ = slave.Close(), master.Close() })
	if err := pty.Setsize(slave, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	g.master = master
	go g.run()
	return slave
}

func look(t *testing.T, slave *os.File, patience time.Duration, env ...string) Facts {
	t.Helper()
	before, err := term.GetState(slave.Fd())
	if err != nil {
		t.Fatal(err)
	}
	f, err := Look(t.Context(), Options{In: slave, Out: slave, Env: append([]string{"TERM=xterm-256color", "LANG=C.UTF-8"}, env...), Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	after, err := term.GetState(slave.Fd())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, after) {
		t.Error("the terminal was not put back")
	}
	// What is left would be typed into the shell.
	l, err := openLine(slave, slave)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if b, err := l.read(0); err != nil || len(b) > 0 {
		t.Errorf("left unread: %q, %v", b, err)
	}
	return f
}

func TestLookMeasuresWhatIsDrawn(t *testing.T) {
	g := &glass{sync: "\x1b[?2026;2$y", wide: map[string]int{"●": 2, "🇯🇵": 4}}
	f := look(t, open(t, g), 20*time.Second)
	if !f.Answers.Whole || f.Cols != 80 || f.Rows != 24 || f.Answers.Version != "glass 1" || f.Answers.Keyboard != model.Some(0) ||
		f.Answers.Clipboard != model.Some(true) || f.Answers.Sync != model.Some(2) {
		t.Errorf("%+v", f)
	}
	for name, cells := range map[string]int{"●": 2, "─": 1, "⣿": 1, "好": 2, "🚀": 2, "flag": 4, "cloud (VS16)": 2} {
		if got := f.drawn(name); got != model.Some(cells) {
			t.Errorf("%s: %+v, want %d", name, got, cells)
		}
	}
	marks := map[string]model.Mark{}
	for _, finding := range f.Diagnosis().Findings {
		marks[finding.What] = finding.Mark
	}
	for what, mark := range map[string]model.Mark{
		"line glyphs": model.MarkBad, "braille": model.MarkGood, "CJK": model.MarkGood, "composed glyphs": model.MarkInfo,
		"whole frames": model.MarkGood, "copying": model.MarkGood, "keyboard": model.MarkGood,
	} {
		if marks[what] != mark {
			t.Errorf("%s is %q, want %q", what, marks[what], mark)
		}
	}
}

func TestLookAtASilentTerminal(t *testing.T) {
	g := &glass{mute: true}
	start := time.Now()
	f := look(t, open(t, g), 150*time.Millisecond)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if f.Answers.Took.OK || f.Answers.Whole {
		t.Errorf("%+v", f.Answers)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if got := g.seen.String(); got != ansi.RequestCursorPositionReport {
		t.Errorf("it was asked %q", got)
	}
}

func TestLookAtADumbTerminal(t *testing.T) {
	g := &glass{}
	f := look(t, open(t, g), 20*time.Second, "TERM=dumb")
	if f.Unasked == "" || f.Answers.Took.OK {
		t.Errorf("%+v", f)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen.Len() > 0 {
		t.Errorf("it was asked %q", g.seen.String())
	}
}

func TestLookIsInterrupted(t *testing.T) {
	g := &glass{mute: true}
	slave := open(t, g)
	raw, err := term.MakeRaw(slave.Fd())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = term.Restore(slave.Fd(), raw) }()
	_, _ = g.master.WriteString("\x03") // in raw mode a byte like any other
	if _, err := Look(t.Context(), Options{In: slave, Out: slave, Env: []string{"TERM=xterm"}, Patience: 20 * time.Second}); !errors.Is(err, ErrInterrupted) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Look(ctx, Options{In: slave, Out: slave, Env: []string{"TERM=xterm"}, Patience: 20 * time.Second}); err != nil {
		t.Error(err)
	}
}

func TestLookAtNoTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	f, err := Look(t.Context(), Options{In: null, Out: null})
	if err != nil || f.Terminal || f.Coloured() {
		t.Errorf("%+v, %v", f, err)
	}
	if d := f.Diagnosis(); len(d.Findings) != 1 || d.Worst() != model.MarkGood {
		t.Errorf("%+v", d)
	}
}
