// gatewatch watches LLM gateways of the one-api family from the terminal.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	_ "time/tzdata" // zones by name on machines without a zone database

	"charm.land/fang/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gatewatch/model"
	"gatewatch/poller/demo"
	"gatewatch/ui/theme"
)

// The exit codes, as documented in the README.
const (
	exitOK           = 0
	exitFault        = 1 // a fault of our own
	exitUsage        = 2 // wrong usage or configuration
	exitUnauthorised = 3
	exitUnreachable  = 4 // no answer, or no gateway
	exitLimited      = 5 // refused by rate limit
	exitCheck        = 6 // a --check threshold is crossed
)

// version is set when a release is built.
var version = ""

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}

// app is one run of the program.
type app struct {
	in       *os.File
	out, err *os.File
	getenv   func(string) string
	flags    flags
	code     int
}

// flags are the flags that all commands share.
type flags struct {
	config, gateway, window, zone, theme, log string
	readOnly, private                         bool

	noHistory   bool
	demo        bool
	demoDialect string
	demoAdmin   bool
	demoNames   string
	demoSeed    uint64
	demoRate    float64
}

// run is the program without the process: it returns the exit code.
func run(ctx context.Context, args []string, in, out, errOut *os.File, getenv func(string) string) int {
	a := &app{in: in, out: out, err: errOut, getenv: getenv}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	if err := fang.Execute(ctx, root, fang.WithVersion(versionText()), fang.WithErrorHandler(plainError)); err != nil {
		return exitUsage // commands report their own errors; what comes here is cobra's
	}
	return a.code
}

// plainError prints a usage error without asking the terminal for its colours.
func plainError(w io.Writer, _ fang.Styles, err error) {
	fmt.Fprintf(w, "gatewatch: %v\nTry gatewatch --help.\n", err)
}

// fail prints an error and sets the exit code.
func (a *app) fail(code int, err error) {
	a.code = code
	fmt.Fprintf(a.err, "gatewatch: %v\n", err)
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "gatewatch",
		Short: "Watch LLM gateways of the one-api family from the terminal",
		Long: "gatewatch shows the balance, spend, calls, models and keys of LLM gateways of the one-api family as they happen.\n\n" +
			"Without a command it opens the dashboard. Its money is the gateway's own, to the unit.",
		Example: "gatewatch --demo\nGATEWATCH_URL=https://gateway.example GATEWATCH_ACCESS_TOKEN=… gatewatch\ngatewatch once --json --window 1h",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.dashboard(cmd.Context())
			return nil
		},
	}
	a.watchFlags(root.Flags())
	root.Flags().StringVar(&a.flags.gateway, "gateway", "", "the gateway to begin with, by its name in the configuration")
	root.Flags().StringVar(&a.flags.theme, "theme", "", "the colours: auto, dark, light, terminal or mono")
	root.Flags().BoolVar(&a.flags.readOnly, "read-only", false, "remove every action that changes something at a gateway")
	root.Flags().BoolVar(&a.flags.noHistory, "no-history", false, "keep nothing of what is seen")
	root.Flags().BoolVar(&a.flags.private, "privacy", false, "mask names and amounts, for screenshots")
	root.AddCommand(a.onceCommand(), a.chatCommand(), a.exportCommand(), a.doctorCommand(), a.initCommand(), a.versionCommand())
	return root
}

// watchFlags are the flags of every command that watches gateways.
func (a *app) watchFlags(f *pflag.FlagSet) {
	a.configFlag(f)
	f.StringVar(&a.flags.window, "window", "", "the time window: 15m, 1h, 24h, 7d, 30d, today or month")
	f.StringVar(&a.flags.zone, "timezone", "", "where days begin, such as Asia/Shanghai")
	a.logFlag(f)
	a.demoFlags(f)
}

// demoFlags are those of the embedded gateway.
func (a *app) demoFlags(f *pflag.FlagSet) {
	f.BoolVar(&a.flags.demo, "demo", false, "watch an embedded gateway: no account, no network")
	f.StringVar(&a.flags.demoDialect, "demo-dialect", "new-api", "how the embedded gateway answers: "+strings.Join(demo.Dialects(), ", "))
	f.BoolVar(&a.flags.demoAdmin, "demo-admin", false, "the embedded gateway's account is an administrator: a shows the whole site")
	f.StringVar(&a.flags.demoNames, "demo-names", "mixed", "its names: mixed (with CJK and emoji) or ascii")
	f.Uint64Var(&a.flags.demoSeed, "demo-seed", 0, "the seed of its traffic; 0 for the usual one")
	f.Float64Var(&a.flags.demoRate, "demo-rate", 2, "its calls per second")
}

func (a *app) configFlag(f *pflag.FlagSet) {
	f.StringVar(&a.flags.config, "config", "", "the configuration file")
}

func (a *app) logFlag(f *pflag.FlagSet) {
	f.StringVar(&a.flags.log, "log", "", "write a log to this file")
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(a.out, "gatewatch "+versionText())
			return nil
		},
	}
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "built from source"
}

// config reads the configuration and lays the flags over it.
func (a *app) config() (Config, error) {
	var cfg Config
	if a.flags.demo {
		cfg = DefaultConfig() // the demo reads no file
	} else {
		var err error
		cfg, err = configSource{path: a.flags.config, getenv: a.getenv}.Load()
		if err != nil {
			return cfg, err
		}
		cfg = cfg.shareBudgets()
	}
	if a.flags.window != "" {
		w, err := model.ParseWindow(a.flags.window)
		if err != nil {
			return cfg, fmt.Errorf("--window: %w", err)
		}
		cfg.Window = w
	}
	if a.flags.zone != "" {
		zone, err := parseZone(a.flags.zone)
		if err != nil {
			return cfg, fmt.Errorf("--timezone: %w", err)
		}
		cfg.Zone = zone
	}
	if a.flags.theme != "" {
		if err := setOneOf(&cfg.Theme, a.flags.theme, theme.Names()); err != nil {
			return cfg, fmt.Errorf("--theme: %w", err)
		}
	}
	return cfg, nil
}

// logger writes to the file of --log, or nowhere.
func (a *app) logger() (*slog.Logger, func(), error) {
	if a.flags.log == "" {
		return slog.New(slog.DiscardHandler), func() {}, nil
	}
	f, err := os.OpenFile(a.flags.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("--log: %w", err)
	}
	return slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug})), func() { _ = f.Close() }, nil
}

// explainNoConfig says in three lines what to do.
const explainNoConfig = `gatewatch: no gateway is configured. Either of these begins:
  gatewatch --demo      an embedded gateway to look around, no account, no network
  gatewatch init        asks for your gateway's address and token, and writes the configuration
  GATEWATCH_URL=https://… GATEWATCH_ACCESS_TOKEN=… gatewatch      from the environment alone
`

// failConfig reports why there is no usable configuration.
func (a *app) failConfig(err error) {
	a.code = exitUsage
	if errors.Is(err, errNoConfig) {
		fmt.Fprint(a.err, explainNoConfig)
		return
	}
	fmt.Fprintf(a.err, "gatewatch: %v\n", err)
}

// shutdownTime bounds what is waited for at the end of the program.
const shutdownTime = 2 * time.Second

// interruptible returns a context that SIGINT and SIGTERM end. code is the exit
// code of the signal that came, 0 when none did; a second signal is not caught.
func interruptible(ctx context.Context) (_ context.Context, code func() int, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var got atomic.Int32
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			got.Store(int32(signalCode(s)))
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() int { return int(got.Load()) }, func() {
		signal.Stop(signals)
		cancel()
	}
}

// signalCode is the exit code of a program that a signal ended.
func signalCode(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitFault
}
