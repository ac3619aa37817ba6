package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"gatewatch/internal/crash"
	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/ui"
	"gatewatch/ui/chat"
	"gatewatch/ui/text"
)

// framesPerSecond is how often a changed screen is sent: 30 keep an idle program
// near nothing and a key within a twentieth of a second.
const framesPerSecond = 30

// The end of the program: the screen gives the terminal back, for which a write
// waits 2 s at most (ui.Output), then the requests on their way are waited for,
// and then the last writes. hardTime is more than all of them together.
const (
	lastPolls  = 500 * time.Millisecond
	lastWrites = 500 * time.Millisecond
	hardTime   = 4 * time.Second
)

// giveBack undoes what the screen may have set, for an end without the framework.
const giveBack = ansi.ResetModeSynchronizedOutput + ansi.ResetModifyOtherKeys + "\x1b[<1u" + ansi.ResetModeFocusEvent +
	ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseAnyEvent + ansi.ResetModeMouseExtSgr + ansi.ResetModeBracketedPaste +
	ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable

// notTerminal is said instead of drawing where nothing can be drawn.
var errNotTerminal = errors.New("the dashboard draws on a terminal, and standard output is none (or TERM is dumb).\n" +
	"For a report without one: gatewatch once, or gatewatch once --json")

// started is called in tests when the program is about to run.
var started func(p *tea.Program, guard *crash.Guard)

// dashboard opens the screen and waits until it is closed.
func (a *app) dashboard(ctx context.Context) {
	cfg, err := a.config()
	if err != nil {
		a.failConfig(err)
		return
	}
	if !term.IsTerminal(a.out.Fd()) || !term.IsTerminal(a.in.Fd()) || a.getenv("TERM") == "dumb" {
		a.fail(exitUsage, errNotTerminal)
		return
	}
	log, closeLog, err := a.logger()
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	defer closeLog()
	w, err := a.wire(ctx, cfg, log)
	if err != nil {
		a.fail(exitUsage, err)
		return
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	guard := &crash.Guard{Dir: stateDir(a.getenv)}
	out := ui.NewOutput(a.out, guard.Go)
	var program *tea.Program
	mem := &memory{ids: w.ids}
	keeps := cfg.History.Keep && !a.flags.noHistory && !a.flags.demo
	news := &newest{send: func(u model.Update) { program.Send(u) }}
	emit := func(u model.Update) {
		news.new(u)
		mem.keep(u)
	}
	polls := poller.New(emit, guard.Go)
	for _, t := range w.targets {
		if keeps {
			t.Budget.Share(mem, w.addresses[t.Name])
		}
		polls.Add(t)
	}
	chatOpt, ownKey := a.chatOptions(ctx, cfg, w, mem, keeps, guard.Go, log)
	untold := &lastFault{}
	past := newPastReader(mem, cfg.Zone, w.targets, func(u model.Update) { program.Send(u) })
	past.want(model.Want{Gateway: w.targets[0].Name, Scope: w.targets[0].Scope, Window: cfg.Window})
	root := ui.New(ui.Options{
		Fleet: w.fleet, Now: time.Now(), Window: cfg.Window, Zone: cfg.Zone, Theme: cfg.Theme, Words: &text.English,
		Refresh: cfg.Refresh, ReadOnly: a.flags.readOnly, Private: a.flags.private, Demo: a.flags.demo,
		Warnings: w.warnings, Poller: watched{polls, past}, Busy: out.Busy, AskSync: a.getenv("SSH_TTY") != "",
		Fault: func() string { return cmp.Or(mem.fault(), untold.get()) }, Alerts: a.alerts(cfg, mem, keeps, guard, log, untold),
		Chat: chatOpt, OwnKey: ownKey,
	})
	program = tea.NewProgram(&guarded{root, guard}, tea.WithContext(ctx), tea.WithInput(a.in), tea.WithOutput(out),
		tea.WithFPS(framesPerSecond), tea.WithoutSignalHandler())

	// Everything that ends the program from outside asks it to quit, and ends it
	// hard when it does not: while nobody reads the terminal, its last frames and
	// what gives it back cannot be written. Its modes are given back even then.
	before, stateErr := term.GetState(a.in.Fd())
	var signalled atomic.Int32
	hard := func() {
		if stateErr == nil {
			_ = term.Restore(a.in.Fd(), before)
		}
		guard.Go(func() { _, _ = a.out.WriteString(giveBack) }) // hangs while nobody reads
		time.Sleep(lastWrites)
		os.Exit(cmp.Or(int(signalled.Load()), exitFault))
	}
	quit := func() {
		guard.Go(program.Quit)
		time.AfterFunc(hardTime, hard)
	}
	guard.Stop = quit
	out.Drained = func() { guard.Go(func() { program.Send(ui.DrainedMsg{}) }) }
	out.Failed = func(error) { quit() } // the terminal is gone
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	guard.Go(func() {
		for s := range signals {
			signalled.CompareAndSwap(0, int32(signalCode(s)))
			quit()
		}
	})

	polled := make(chan struct{})
	guard.Go(func() {
		defer close(polled)
		if keeps {
			a.remember(ctx, cfg, mem, polls, news, guard.Go)
			guard.Go(func() { past.run(ctx) })
		}
		polls.Run(ctx)
	})
	if started != nil {
		started(program, guard)
	}
	_, err = program.Run()
	cancel()
	select {
	case <-polled:
	case <-time.After(lastPolls):
	}
	root.Close(func(last chat.Saved) { _ = chatStore{mem.get}.Save(context.Background(), last) })
	mem.close()
	out.Finish(lastWrites)
	switch {
	case guard.Err() != nil:
		a.fail(exitFault, guard.Err())
	case signalled.Load() != 0:
		a.code = int(signalled.Load())
	case err != nil && !errors.Is(err, tea.ErrProgramKilled):
		a.fail(exitFault, err)
	}
}

// stateDir is where gatewatch keeps what it writes itself.
func stateDir(getenv func(string) string) string {
	if dir := getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "gatewatch")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "state", "gatewatch")
}

// guarded is the screen with its panics caught, those of its commands included:
// the framework would restore the terminal and lose where it happened.
type guarded struct {
	*ui.UI
	guard *crash.Guard
}

// Init starts the screen.
func (g *guarded) Init() tea.Cmd { return g.wrap(g.UI.Init()) }

// Update passes a message on.
func (g *guarded) Update(msg tea.Msg) (tea.Model, tea.Cmd) { return g, g.wrap(g.update(msg)) }

func (g *guarded) update(msg tea.Msg) (cmd tea.Cmd) {
	defer g.guard.Catch()
	_, cmd = g.UI.Update(msg)
	return cmd
}

// View draws the screen.
func (g *guarded) View() (v tea.View) {
	defer g.guard.Catch()
	v.AltScreen = true
	return g.UI.View()
}

func (g *guarded) wrap(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer g.guard.Catch()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = g.wrap(batch[i])
			}
		}
		return msg
	}
}
