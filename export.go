package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"gatewatch/model"
	"gatewatch/poller/history"
	"gatewatch/ui/headless"
)

// exportFlags are the flags of "export".
type exportFlags struct {
	from, to, by, format string
	site                 bool
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export calls|usage|balance",
		Short: "Print what the history holds, as CSV or JSON",
		Long: "export prints what gatewatch saw of a gateway and kept: calls, usage per user, key and model, or samples of the balance.\n\n" +
			"It asks no gateway. Quota are exact integers, amounts stand beside them. In usage, whole is false for a span of which a part was never seen.",
		Example:   "gatewatch export usage --from 2026-11-01 --by day\ngatewatch export calls --from 2026-11-20T12:00 --format jsonl",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"calls", "usage", "balance"},
		RunE: func(cmd *cobra.Command, args []string) error {
			a.export(cmd.Context(), args[0], f)
			return nil
		},
	}
	flags := cmd.Flags()
	a.configFlag(flags)
	a.logFlag(flags)
	flags.StringVar(&a.flags.zone, "timezone", "", "where days begin, such as Asia/Shanghai")
	flags.StringVar(&a.flags.gateway, "gateway", "", "this gateway, by its name in the configuration (the first one unless given)")
	flags.StringVar(&f.from, "from", "", "the first moment: 2026-11-20, 2026-11-20T12:00 or RFC 3339 (today unless given)")
	flags.StringVar(&f.to, "to", "", "the last moment; a day is meant whole (now unless given)")
	flags.StringVar(&f.by, "by", "hour", "the length of a row of usage: minute, hour or day")
	flags.StringVar(&f.format, "format", "csv", "csv, json (one array) or jsonl (one object per line)")
	flags.BoolVar(&f.site, "site", false, "the whole site's usage, as an administrator saw it")
	return cmd
}

// export prints one kind of rows.
func (a *app) export(ctx context.Context, what string, f exportFlags) {
	cfg, err := a.config()
	if err != nil {
		a.failConfig(err)
		return
	}
	format, err := headless.ParseFormat(f.format)
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	now := time.Now().In(cfg.Zone)
	span, err := exportSpan(f, now)
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	g, err := a.oneGateway(cfg)
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	path := historyPath(a.getenv)
	if _, err := os.Stat(path); err != nil {
		a.fail(exitUsage, fmt.Errorf("there is no history yet at %s: the dashboard writes it", path))
		return
	}
	store, err := history.Open(ctx, path, cfg.History.options(nil))
	if err != nil {
		a.fail(exitFault, err)
		return
	}
	defer func() { _ = store.Close() }()
	if fault := store.Fault(); fault != "" {
		a.fail(exitFault, errors.New(fault))
		return
	}
	id, err := a.identity(ctx, g)
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	x := exporter{store: store, id: id, scope: model.ScopeSelf, zone: cfg.Zone, out: headless.NewExporter(a.out, format)}
	if f.site {
		x.scope = model.ScopeSite
	}
	x.cur = x.currency(ctx, now)
	switch what {
	case "calls":
		err = x.calls(ctx, span)
	case "usage":
		err = x.usage(ctx, span, f.by)
	default:
		err = x.balance(ctx, span)
	}
	if err := errors.Join(err, x.out.Close()); err != nil {
		a.fail(exitFault, fmt.Errorf("export: %w", err))
	}
}

// oneGateway is the gateway of --gateway, or the first one.
func (a *app) oneGateway(cfg Config) (GatewayConfig, error) {
	for _, g := range cfg.Gateways {
		if a.flags.gateway == "" || g.Name == a.flags.gateway {
			return g, nil
		}
	}
	return GatewayConfig{}, fmt.Errorf("--gateway: there is no gateway %q in the configuration", a.flags.gateway)
}

// exportSpan is the time between --from and --to, both inclusive.
func exportSpan(f exportFlags, now time.Time) (model.Span, error) {
	if f.by != "minute" && f.by != "hour" && f.by != "day" {
		return model.Span{}, fmt.Errorf("--by %q is not one of minute, hour, day", f.by)
	}
	span := model.Span{From: model.DayStart(now).Unix(), To: now.Unix()}
	if f.from != "" {
		at, _, err := parseMoment(f.from, now.Location())
		if err != nil {
			return span, fmt.Errorf("--from: %w", err)
		}
		span.From = at.Unix()
	}
	if f.to != "" {
		at, day, err := parseMoment(f.to, now.Location())
		if err != nil {
			return span, fmt.Errorf("--to: %w", err)
		}
		span.To = at.Unix()
		if day {
			span.To = model.DayStart(at.AddDate(0, 0, 1)).Unix() - 1
		}
	}
	if span.Empty() {
		return span, errors.New("--to is before --from")
	}
	return span, nil
}

// parseMoment reads a moment in zone; day reports that it was given as a date.
func parseMoment(s string, zone *time.Location) (at time.Time, day bool, err error) {
	if at, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return model.DayStart(at), true, nil
	}
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateTime} {
		if at, err := time.ParseInLocation(form, s, zone); err == nil {
			return at, false, nil
		}
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at, false, nil
	}
	return time.Time{}, false, fmt.Errorf("%q is no moment: write 2026-11-20, 2026-11-20T12:00 or RFC 3339", s)
}

// exporter writes the rows of one gateway.
type exporter struct {
	store *history.Store
	id    string
	scope model.Scope
	cur   model.Currency
	zone  *time.Location
	out   *headless.Exporter
}

// currency is the one that the gateway was last seen to use.
func (x *exporter) currency(ctx context.Context, now time.Time) model.Currency {
	updates, err := x.store.Load(ctx, x.id, now)
	if err != nil {
		return model.Currency{}
	}
	for _, u := range updates {
		if st, ok := u.Payload.(model.Status); ok {
			return st.Currency
		}
	}
	return model.Currency{}
}

func (x *exporter) calls(ctx context.Context, span model.Span) error {
	for c, err := range x.store.Calls(ctx, x.id, x.scope, span) {
		if err != nil {
			return err
		}
		if err := x.out.Row(headless.CallRow(&c, x.cur, x.zone)); err != nil {
			return err
		}
	}
	return nil
}

// usageChunk is how much is asked for at once, so that nothing large is held.
const usageChunk = 24 * time.Hour

func (x *exporter) usage(ctx context.Context, span model.Span, by string) error {
	for at := span.From; at <= span.To; {
		day := model.DayStart(time.Unix(at, 0).In(x.zone).Add(usageChunk)).Unix()
		q := model.HistoryQuery{Gateway: x.id, Scope: x.scope, Span: model.Span{From: at, To: min(span.To, max(at, day-1))}, By: model.PerCell}
		switch by {
		case "minute":
			q.Step = 60
		case "hour":
			q.Step = 3600
		}
		got, err := x.store.Usage(ctx, q)
		if err != nil {
			return err
		}
		for i := range got.Rows {
			r := &got.Rows[i]
			if err := x.out.Row(headless.UsageRow(r, got.Covered.Covers(r.Span), x.cur, x.zone)); err != nil {
				return err
			}
		}
		at = q.Span.To + 1
	}
	return nil
}

func (x *exporter) balance(ctx context.Context, span model.Span) error {
	for b, err := range x.store.Balances(ctx, x.id, span) {
		if err != nil {
			return err
		}
		if err := x.out.Row(headless.BalanceRow(b, x.cur, x.zone)); err != nil {
			return err
		}
	}
	return nil
}
