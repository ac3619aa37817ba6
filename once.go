package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"gatewatch/internal/crash"
	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/ui/headless"
	"gatewatch/ui/text"
)

// onceFlags are the flags of "once".
type onceFlags struct {
	json    bool
	timeout time.Duration
	checks  []string
}

func (a *app) onceCommand() *cobra.Command {
	var f onceFlags
	cmd := &cobra.Command{
		Use:   "once",
		Short: "Print a report and exit, without a terminal",
		Long: "once asks every gateway one time and prints what the dashboard would show.\n\n" +
			"It may spend one minute's request budget at once and goes on at the budget's pace until the window is read or the time is over; " +
			"the coverage says how much was read. What a dashboard has read twice and written down is not read again.\n\n" +
			"Exit codes: 0 answered, 1 a fault of our own, 2 usage or configuration, 3 not authorised, 4 unreachable or not a gateway, " +
			"5 refused by rate limit, 6 a --check threshold is crossed.",
		Example: "gatewatch once --json --window 1h\ngatewatch once --check 'balance<5' --check 'hours_left<24'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.once(cmd.Context(), f)
			return nil
		},
	}
	a.watchFlags(cmd.Flags())
	cmd.Flags().BoolVar(&a.flags.noHistory, "no-history", false, "use nothing of what the dashboard has written down")
	cmd.Flags().StringVar(&a.flags.gateway, "gateway", "", "this gateway alone, by its name in the configuration")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
	cmd.Flags().DurationVar(&f.timeout, "timeout", time.Minute, "the time that the report may take")
	cmd.Flags().StringArrayVar(&f.checks, "check", nil, "exit with 6 when a threshold is crossed: balance<N, hours_left<N, spend_per_hour>N, coverage<N; repeatable")
	return cmd
}

// once prints the report of every gateway, or of the one of --gateway.
func (a *app) once(ctx context.Context, f onceFlags) {
	var checks []headless.Check
	for _, s := range f.checks {
		c, err := headless.ParseCheck(s)
		if err != nil {
			a.fail(exitUsage, fmt.Errorf("--check: %w", err))
			return
		}
		checks = append(checks, c)
	}
	if f.timeout <= 0 {
		a.fail(exitUsage, fmt.Errorf("--timeout: %s is no time to wait", f.timeout))
		return
	}
	cfg, err := a.config()
	if err != nil {
		a.failConfig(err)
		return
	}
	log, closeLog, err := a.logger()
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	defer closeLog()
	ctx, signalled, stop := interruptible(ctx)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	w, err := a.wireOnce(ctx, cfg, log)
	if a.code = signalled(); a.code != exitOK {
		return // whoever interrupts wants no report
	}
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	for _, warning := range w.warnings {
		fmt.Fprintf(a.err, "gatewatch: %s\n", warning)
	}

	guard := &crash.Guard{Dir: stateDir(a.getenv), Stop: cancel}
	var mu sync.Mutex
	fleet := w.fleet
	polls := poller.New(func(u model.Update) {
		mu.Lock()
		defer mu.Unlock()
		fleet = fleet.Apply(u)
	}, guard.Go)
	for _, t := range w.targets {
		polls.Add(t)
	}
	for _, u := range a.recalled(ctx, cfg, w) {
		polls.Seed(u)
		fleet = fleet.Apply(u)
	}
	spans := polls.Once(ctx, cfg.Window)
	if err := guard.Err(); err != nil {
		a.fail(exitFault, err)
		return
	}
	if a.code = signalled(); a.code != exitOK {
		return
	}
	mu.Lock()
	defer mu.Unlock()
	now := time.Now()
	var all []headless.Gateway
	for _, s := range fleet.States {
		s = s.Tick(now)
		all = append(all, headless.Gateway{State: s, Summary: model.SummariseSpan(s, cfg.Window, spans[s.Gateway.Name], cfg.Zone)})
	}
	a.report(now, all, cfg.Zone, f.json)
	a.code = max(a.code, exitCode(all))
	for _, c := range checks {
		for _, g := range all {
			if message, crossed := c.Crossed(g.State, g.Summary); crossed {
				fmt.Fprintln(a.err, "gatewatch: "+message)
				if a.code == exitOK {
					a.code = exitCheck
				}
			}
		}
	}
}

// wireOnce wires the gateways of the report. A secret that cannot be had leaves
// nothing to report: a script must not take the rest for the whole.
func (a *app) wireOnce(ctx context.Context, cfg Config, log *slog.Logger) (*wiring, error) {
	if !a.flags.demo {
		var err error
		if cfg, err = cfg.only(a.flags.gateway); err != nil {
			return nil, err
		}
	}
	w, err := a.wire(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	for _, g := range cfg.Gateways {
		if fault := w.faults[g.Name]; fault != nil {
			return nil, fault
		}
	}
	return w, nil
}

// report prints what was found.
func (a *app) report(now time.Time, all []headless.Gateway, zone *time.Location, asJSON bool) {
	var err error
	if asJSON {
		err = headless.JSON(a.out, now, all, zone)
	} else {
		for i, g := range all {
			if i > 0 {
				fmt.Fprintln(a.out)
			}
			if err = headless.Text(a.out, g, zone, &text.English); err != nil {
				break
			}
		}
	}
	if err != nil {
		a.fail(exitFault, fmt.Errorf("the report cannot be written: %w", err))
	}
}

// exitCode comes from the account of each gateway; the first that is not well
// decides. A fault of another source is in the report and changes nothing.
func exitCode(all []headless.Gateway) int {
	for _, g := range all {
		if code := codeOf(g.State.Sources[model.SourceAccount].Fault.Kind); code != exitOK {
			return code
		}
	}
	return exitOK
}

// codeOf is the exit code of a fault.
func codeOf(kind model.FaultKind) int {
	switch kind {
	case model.FaultNone:
		return exitOK
	case model.FaultUnauthorised, model.FaultForbidden:
		return exitUnauthorised
	case model.FaultLimited:
		return exitLimited
	case model.FaultInternal:
		return exitFault
	}
	return exitUnreachable
}
