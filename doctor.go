package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"gatewatch/internal/crash"
	"gatewatch/internal/tty"
	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/ui/headless"
)

// doctorTime bounds the questions to one gateway.
const doctorTime = 30 * time.Second

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Tell what works with your gateways and this terminal, and what to do about the rest",
		Long: "doctor asks every gateway what it can do, and the terminal how it draws. It changes nothing.\n\n" +
			"Exit codes: 0 works, warnings or not, 1 a fault of our own, 2 usage or configuration, 3 not authorised, " +
			"4 unreachable or not a gateway, 5 refused by rate limit; with several gateways the first that is not 0 decides.",
		Example: "gatewatch doctor\ngatewatch doctor --gateway prod --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.doctor(cmd.Context(), asJSON)
			return nil
		},
	}
	a.configFlag(cmd.Flags())
	a.logFlag(cmd.Flags())
	a.demoFlags(cmd.Flags())
	cmd.Flags().StringVar(&a.flags.gateway, "gateway", "", "this gateway alone, by its name in the configuration")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// doctor prints what it finds. Without a usable configuration the terminal is
// looked at all the same.
func (a *app) doctor(ctx context.Context, asJSON bool) {
	ctx, signalled, stop := interruptible(ctx)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log, closeLog, err := a.logger()
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	defer closeLog()
	cfg, err := a.config()
	if err != nil {
		a.failConfig(err)
	}
	var patients []patient
	if err == nil {
		if patients, err = a.patients(cfg, func(c Config) (*wiring, error) { return a.wire(ctx, c, log) }); err != nil {
			a.fail(exitUsage, err)
			return
		}
	}

	guard := &crash.Guard{Dir: stateDir(a.getenv), Stop: cancel}
	looked := make([]chan examination, len(patients))
	for i := range patients {
		looked[i] = make(chan examination, 1)
		guard.Go(func() { looked[i] <- patients[i].examine(ctx, doctorTime) })
	}
	facts, err := tty.Look(ctx, tty.Options{In: a.in, Out: a.out, Env: os.Environ()})
	if err != nil {
		a.code = cmp.Or(signalled(), 128+int(syscall.SIGINT)) // ctrl+c
		return
	}
	report := headless.DoctorReport{Terminal: facts.Diagnosis()}
	for i := range patients {
		// Whoever hangs longer than the time is not waited for.
		var e examination
		select {
		case e = <-looked[i]:
		case <-time.After(doctorTime + time.Second):
			e = patients[i].silent()
		case <-ctx.Done():
			select {
			case e = <-looked[i]:
			case <-time.After(shutdownTime):
				e = patients[i].silent()
			}
		}
		report.Gateways = append(report.Gateways, e.diagnosis)
		a.code = cmp.Or(a.code, e.code)
	}
	if err := guard.Err(); err != nil {
		a.fail(exitFault, err)
		return
	}
	if code := signalled(); code != exitOK {
		a.code = code // what was not waited for would be called silent
		return
	}
	if asJSON {
		err = headless.DoctorJSON(a.out, report)
	} else {
		err = headless.DoctorText(a.out, report, facts.Cols, facts.Coloured())
	}
	if err != nil {
		a.fail(exitFault, fmt.Errorf("the report cannot be written: %w", err))
	}
}

// patient is one gateway of the configuration.
type patient struct {
	config GatewayConfig
	demo   bool
	target poller.Target
	// known is what the configuration tells; fault why the gateway cannot be asked.
	known []model.Finding
	fault error
	// neighbours are the gateways that share its budget.
	neighbours []string
}

// patients are the gateways to look at, in the order of the configuration.
func (a *app) patients(cfg Config, wire func(Config) (*wiring, error)) ([]patient, error) {
	if a.flags.demo {
		cfg.Gateways = []GatewayConfig{{Name: "demo"}}
	}
	cfg, err := cfg.only(a.flags.gateway)
	if err != nil {
		return nil, err
	}
	w, err := wire(cfg)
	if err != nil {
		return nil, err
	}
	list := make([]patient, len(cfg.Gateways))
	for i, g := range cfg.Gateways {
		list[i] = patient{config: g, demo: a.flags.demo, known: []model.Finding{a.origin(g)}, fault: w.faults[g.Name]}
		list[i].adopt(w)
	}
	return list, nil
}

// adopt takes from w what belongs to the patient.
func (p *patient) adopt(w *wiring) {
	for _, t := range w.targets {
		if t.Name == p.config.Name {
			p.target = t
		}
	}
	for i, t := range w.targets {
		if t.Name == p.config.Name {
			p.config.URL = w.fleet.States[i].Gateway.URL // fit to be shown; the demo's is not configured
		} else if t.Budget == p.target.Budget {
			p.neighbours = append(p.neighbours, t.Name)
		}
	}
	for _, warning := range w.warnings {
		if says, ok := strings.CutPrefix(warning, p.config.Name+": "); ok {
			f := model.Finding{What: "configuration", Mark: model.MarkWarn, Says: says}
			// What to do comes last.
			if i := strings.LastIndex(says, ": "); i >= 0 {
				f.Says, f.Advice = says[:i], says[i+2:]
			}
			p.known = append(p.known, f)
		}
	}
}

// origin is where the gateway's settings come from.
func (a *app) origin(g GatewayConfig) model.Finding {
	f := model.Finding{What: "configuration", Mark: model.MarkGood}
	path, err := a.flags.config, error(nil)
	if path == "" {
		path, err = configPath(a.getenv)
	}
	switch {
	case a.flags.demo:
		f.Says = "the embedded gateway: no file is read"
	case a.flags.config == "" && a.getenv("GATEWATCH_URL") != "":
		f.Says = "GATEWATCH_URL and its companions in the environment"
		if err == nil {
			_, err = os.Stat(path)
		}
		if err == nil {
			f.Says += "; the gateways in " + path + " are not used"
		}
	default:
		f.Says = path
		if g.line > 0 {
			f.Says += fmt.Sprintf(", line %d", g.line)
		}
	}
	return f
}

// examination is what was found about one gateway, and the exit code that it
// asks for.
type examination struct {
	diagnosis model.Diagnosis
	code      int
}

// examine asks the gateway, at most for that long.
func (p patient) examine(ctx context.Context, most time.Duration) examination {
	if p.fault != nil {
		says := strings.TrimPrefix(p.fault.Error(), fmt.Sprintf("gateway %q: ", p.config.Name))
		return p.found(exitUsage, model.Finding{What: "configuration", Mark: model.MarkBad, Says: says, Advice: "put it right in the configuration; the gateway was not asked"})
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	// The exit code comes from the account, as that of once. The limit of the
	// dialect is known from then on, which a diagnosis of two accounts at one
	// address needs.
	gw := p.target.Gateway
	state := model.State{}
	_, err := gw.Status(ctx)
	if err == nil {
		p.target.Budget.Suit(gw.PerMinute())
		_, err = gw.Account(ctx)
	}
	if err != nil && model.FaultOf(err).Kind != model.FaultUnsupported {
		state = state.Apply(model.Update{Source: model.SourceAccount, At: time.Now(), Err: err})
	}
	code := exitCode([]headless.Gateway{{State: state}})
	return p.found(code, append(gw.Diagnose(ctx).Findings, p.budget())...)
}

// silent is the outcome for a gateway that was not waited for.
func (p patient) silent() examination {
	return p.found(exitUnreachable, model.Finding{
		What: "reachable", Mark: model.MarkBad, Says: fmt.Sprintf("no answer to all questions within %s", doctorTime), Advice: "try again; --log FILE tells which request hangs",
	})
}

func (p patient) found(code int, findings ...model.Finding) examination {
	return examination{model.Diagnosis{Name: p.config.Name, URL: p.config.URL, Findings: append(slices.Clone(p.known), findings...)}, code}
}

// maxBudget is the most that poller.Budget takes unless it is configured.
const maxBudget = 60

// budget is how often we may ask.
func (p patient) budget() model.Finding {
	f := model.Finding{What: "our budget", Mark: model.MarkGood}
	allowed := p.target.Gateway.PerMinute()
	switch set := p.config.Budget; {
	case p.demo:
		f.Says = fmt.Sprintf("%d requests a minute: nobody else uses the embedded gateway", demoBudget)
	case set > 0:
		f.Says = fmt.Sprintf("%d requests a minute, as configured", set)
		if p.target.Gateway.Ready() && set > allowed {
			f.Mark = model.MarkWarn
			f.Says += fmt.Sprintf("; such a gateway allows %d", allowed)
			f.Advice = "a smaller budget, or none, keeps the gateway from refusing (HTTP 429)"
		}
	default:
		f.Says = fmt.Sprintf("%d requests a minute: half of the %d that such a gateway allows, at most %d", max(1, min(maxBudget, allowed/2)), allowed, maxBudget)
	}
	if len(p.neighbours) > 0 {
		f.Says += ", shared with " + strings.Join(p.neighbours, ", ") + " at the same address"
	}
	return f
}
