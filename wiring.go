package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
)

// wiring is what the configuration turns into.
type wiring struct {
	targets  []poller.Target
	fleet    model.Fleet
	warnings []string
	// faults say, by name, which gateways have no credential to be asked with. They
	// are wired all the same and answer with the fault.
	faults map[string]error
	// ids name the accounts in the history, by the gateway's name; addresses are
	// where their requests go.
	ids, addresses map[string]string
	// demo is the embedded gateway, nil for real ones.
	demo *demo.Server
}

// secretError says that a gateway's credential cannot be had.
type secretError struct {
	gateway string
	err     error
}

func (e *secretError) Error() string { return fmt.Sprintf("gateway %q: %v", e.gateway, e.err) }

func (e *secretError) Unwrap() error { return e.err }

// Fault makes it count as a credential that is missing.
func (e *secretError) Fault() model.Fault {
	return model.Fault{Kind: model.FaultUnauthorised, Sentence: e.Error() + "; put it right and start gatewatch again", Short: "no credential"}
}

// demoBudget is what the embedded gateway may be asked per minute: enough to
// fill the window at once, and less than its own 360 in three minutes.
const demoBudget = 300

// wire makes a gateway of each entry of the configuration, those at one address
// with one budget.
func (a *app) wire(ctx context.Context, cfg Config, log *slog.Logger) (*wiring, error) {
	if a.flags.demo {
		return a.wireDemo(cfg, log)
	}
	w := &wiring{faults: map[string]error{}, ids: map[string]string{}, addresses: map[string]string{}}
	budgets := map[string]*poller.Budget{}
	for _, g := range cfg.Gateways {
		token, err := g.AccessToken.resolve(ctx, "access_token", a.getenv)
		apiKey, keyErr := g.APIKey.resolve(ctx, "api_key", a.getenv)
		if err = cmp.Or(err, keyErr); err != nil {
			w.faults[g.Name] = &secretError{g.Name, err}
		}
		u, err := gateway.ParseURL(g.URL)
		if err != nil {
			return nil, fmt.Errorf("gateway %q: %w", g.Name, err)
		}
		if gateway.Insecure(u) {
			w.warnings = append(w.warnings, fmt.Sprintf("%s: the access token travels unencrypted to %s: use https", g.Name, u.Host))
		}
		g.URL = shownURL(g.URL)
		at := address(g.URL)
		credential := token
		if !credential.IsSet() {
			credential = apiKey
		}
		w.ids[g.Name], w.addresses[g.Name] = identityOf(g.URL, credential), at
		if budgets[at] == nil {
			budgets[at] = poller.NewBudget(g.Budget)
		}
		err = w.add(cfg, g, gateway.Options{
			Name: g.Name, URL: g.URL, AccessToken: token, UserID: g.UserID, APIKey: apiKey, Dialect: g.Dialect, Log: log,
		}, budgets[at])
		if err != nil {
			return nil, err
		}
	}
	if a.flags.gateway != "" {
		i := w.fleet.Index(a.flags.gateway)
		if i < 0 {
			return nil, fmt.Errorf("--gateway: there is no gateway %q in the configuration", a.flags.gateway)
		}
		// The poller takes the first as the one on the screen.
		w.fleet.Current = 0
		w.targets = append([]poller.Target{w.targets[i]}, slices.Delete(slices.Clone(w.targets), i, i+1)...)
		w.fleet.States = append([]model.State{w.fleet.States[i]}, slices.Delete(slices.Clone(w.fleet.States), i, i+1)...)
	}
	return w, nil
}

func (w *wiring) add(cfg Config, g GatewayConfig, opt gateway.Options, b *poller.Budget) error {
	opt.Around = b.Around
	fault := w.faults[g.Name]
	if fault != nil {
		opt.Around = func(context.Context, bool, func() error) error { return fault }
	}
	gw, err := gateway.Open(opt)
	if err != nil {
		return err
	}
	w.targets = append(w.targets, poller.Target{
		Name: g.Name, Gateway: gw, Budget: b, Intervals: cfg.Intervals, Window: cfg.Window.Length, Zone: cfg.Zone, Scope: g.Scope,
	})
	found := gw.Found()
	state := model.State{Scope: g.Scope, Gateway: model.Gateway{
		Name: g.Name, URL: g.URL, Dialect: found.Dialect, Why: found.Why, Colour: g.Colour, ReadOnly: g.ReadOnly,
		KeyOnly: !opt.AccessToken.IsSet() && fault == nil,
	}}
	if fault != nil {
		// The account is not asked before the dialect is known, and it never will be.
		state = state.Apply(model.Update{Source: model.SourceAccount, At: time.Now(), Err: fault})
	}
	w.fleet.States = append(w.fleet.States, state)
	return nil
}

// wireDemo makes the embedded gateway. It answers in process: no port, no
// network.
func (a *app) wireDemo(cfg Config, log *slog.Logger) (*wiring, error) {
	f := a.flags
	if !slices.Contains(demo.Dialects(), f.demoDialect) {
		return nil, fmt.Errorf("--demo-dialect: the embedded gateway answers as %s, not as %q", strings.Join(demo.Dialects(), ", "), f.demoDialect)
	}
	if f.demoNames != "mixed" && f.demoNames != "ascii" {
		return nil, fmt.Errorf("--demo-names: mixed or ascii, not %q", f.demoNames)
	}
	if f.demoRate < 0 || f.demoRate > 100 {
		return nil, fmt.Errorf("--demo-rate: %v is not between 0 and 100 calls per second", f.demoRate)
	}
	if f.gateway != "" && f.gateway != "demo" {
		return nil, fmt.Errorf("--gateway: the demo has one gateway, demo")
	}
	server := a.demoServer()
	w := &wiring{demo: server}
	err := w.add(cfg, GatewayConfig{Name: "demo", URL: server.URL()}, gateway.Options{
		Name: "demo", URL: server.URL(), AccessToken: gateway.NewSecret(server.AccessToken()), UserID: fmt.Sprint(server.UserID()),
		APIKey: gateway.NewSecret(server.APIKey()), Log: log, Transport: http.RoundTripper(server),
	}, poller.NewBudget(demoBudget).Eager())
	return w, err
}
