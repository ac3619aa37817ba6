package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/vt"

	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/ui"
	"gatewatch/ui/chat"
	"gatewatch/ui/text"
)

// wire160 is the whole program on fake time: embedded gateway, poller, screen,
// renderer, at 160×48; what it writes to the terminal is counted.
type wire160 struct {
	program *tea.Program
	mu      sync.Mutex
	bytes   int
	writes  int
	raw     []byte // what was written, where it is kept
	keeps   bool
}

func (w *wire160) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes += len(b)
	if w.keeps {
		w.raw = append(w.raw, b...)
	}
	w.writes++
	return len(b), nil
}

func (w *wire160) count() (bytes, writes int) {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes, w.writes
}

// header is the first line of the terminal.
func (w *wire160) header() string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	emu := vt.NewEmulator(160, 48)
	drained := make(chan struct{})
	go func() { // what a terminal would answer
		defer close(drained)
		_, _ = io.Copy(io.Discard, emu)
	}()
	// Where the output is no terminal, nobody has turned the newline's carriage return
	// off.
	_, _ = emu.Write(bytes.ReplaceAll(w.raw, []byte("\n"), []byte("\r\n")))
	var line strings.Builder
	for x := range 160 {
		if c := emu.CellAt(x, 0); c != nil {
			line.WriteString(c.Content)
		}
	}
	_ = emu.InputPipe().(io.Closer).Close() //nolint:forcetypeassert // a pipe; Close of the emulator is not for two goroutines
	<-drained
	return line.String()
}

// onFakeTime runs the program with those demo flags and that chat while f looks at
// it.
func onFakeTime(t *testing.T, flags flags, chat chat.Options, f func(w *wire160)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(14*time.Hour + 2*time.Minute) // the early afternoon, when most is going on
		flags.demo = true
		if flags.demoDialect == "" {
			flags.demoDialect = "new-api"
		}
		cfg := DefaultConfig()
		cfg.Zone, cfg.Theme = time.UTC, "dark"
		a := &app{flags: flags}
		wired, err := a.wireDemo(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		w := &wire160{keeps: chat.Service != nil}
		polls := poller.New(func(u model.Update) { w.program.Send(u) }, nil)
		for _, target := range wired.targets {
			polls.Add(target)
		}
		root := ui.New(ui.Options{
			Fleet: wired.fleet, Now: time.Now(), Window: cfg.Window, Zone: cfg.Zone, Theme: cfg.Theme, Words: &text.English,
			Refresh: cfg.Refresh, Poller: polls, Demo: true, Chat: chat,
		})
		ctx, cancel := context.WithCancel(t.Context())
		w.program = tea.NewProgram(root, tea.WithContext(ctx), tea.WithInput(nil), tea.WithOutput(io.Writer(w)), tea.WithFPS(framesPerSecond),
			tea.WithWindowSize(160, 48), tea.WithColorProfile(colorprofile.TrueColor), tea.WithEnvironment([]string{"TERM=xterm-256color"}),
			tea.WithoutSignalHandler())
		var wg sync.WaitGroup
		wg.Go(func() { polls.Run(ctx) })
		wg.Go(func() { _, _ = w.program.Run() })
		f(w)
		cancel()
		wg.Wait()
		time.Sleep(time.Minute) // pending ticks cannot be cancelled
	})
}

// TestBytesToTheTerminal holds what the screen costs over ssh.
func TestBytesToTheTerminal(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags flags
		most  float64 // bytes per second
	}{
		{"mixed names", flags{demoNames: "mixed", demoRate: 2}, 1500},
		{"ascii names", flags{demoNames: "ascii", demoRate: 2}, 900},
		{"one-api", flags{demoNames: "mixed", demoRate: 2, demoDialect: "one-api"}, 1500},
	} {
		t.Run(c.name, func(t *testing.T) {
			onFakeTime(t, c.flags, chat.Options{}, func(w *wire160) {
				time.Sleep(40 * time.Second) // the window is filled by then
				before, framesBefore := w.count()
				const seconds = 180
				time.Sleep(seconds * time.Second)
				after, frames := w.count()
				perSecond := float64(after-before) / seconds
				t.Logf("%.0f bytes/s in %.1f frames a minute", perSecond, float64(frames-framesBefore)*60/seconds)
				if perSecond > c.most {
					t.Errorf("%.0f bytes/s, at most %.0f", perSecond, c.most)
				}
			})
		})
	}
}

// TestAnIdleScreenIsSilent has no traffic: while no minute begins, nothing is
// written at all.
func TestAnIdleScreenIsSilent(t *testing.T) {
	onFakeTime(t, flags{demoNames: "mixed", demoRate: 0}, chat.Options{}, func(w *wire160) {
		time.Sleep(2*time.Minute + 35*time.Second)
		before, _ := w.count()
		time.Sleep(15 * time.Second)
		after, _ := w.count()
		if after != before {
			t.Errorf("%d bytes in 15 s without a change", after-before)
		}
		time.Sleep(10 * time.Minute)
		later, _ := w.count()
		if perSecond := float64(later-after) / 600; perSecond > 60 {
			t.Errorf("%.0f bytes/s for the passing of time alone", perSecond)
		}
	})
}

// TestAKeyIsCheap presses a key that moves a cursor.
func TestAKeyIsCheap(t *testing.T) {
	onFakeTime(t, flags{demoNames: "ascii", demoRate: 0}, chat.Options{}, func(w *wire160) {
		time.Sleep(30 * time.Second)
		for range 2 { // from the spenders, of whom there are none, to the keys
			w.program.Send(tea.KeyPressMsg{Code: tea.KeyTab})
			time.Sleep(100 * time.Millisecond)
		}
		for i := range 5 {
			before, _ := w.count()
			w.program.Send(tea.KeyPressMsg{Code: tea.KeyDown})
			time.Sleep(100 * time.Millisecond)
			after, _ := w.count()
			if n := after - before; n == 0 || n > 300 {
				t.Errorf("step %d: %d bytes", i, n)
			}
		}
	})
}
