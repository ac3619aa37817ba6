package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatewatch/model"
	"gatewatch/poller/history"
	"gatewatch/ui/headless"
	"gatewatch/ui/text"
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
			"It asks no gateway. Quota are exact integers, amounts stand beside them. Usage is kept per minute: whole is false where a part of the span was never seen, or only a part of a minute is asked for, which is then left out. Where nothing is known of a span, its row has no counts: they are empty in CSV and null in JSON.",
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
	flags.StringVar(&f.to, "to", "", "the last moment; a day or minute is meant whole (now unless given)")
	flags.StringVar(&f.by, "by", "hour", "the length of a row of usage: a minute, hour or day of the zone")
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
	g, err := a.oneGateway(cfg)
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	path := historyPath(a.getenv)
	if path == "" {
		a.fail(exitUsage, errors.New("there is no history: neither HOME nor XDG_STATE_HOME is set"))
		return
	}
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
		// The rest says what becomes of what is seen, which nothing is here.
		why, _, _ := strings.Cut(fault, "; ")
		a.fail(exitFault, errors.New(why))
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
	now, end := time.Now(), time.Now()
	if what != "balance" { // which alone is kept by our own clock
		if now, end, err = x.clock(ctx, now); err != nil {
			a.fail(exitFault, fmt.Errorf("export: %w", err))
			return
		}
	}
	x.now = now.Unix()
	span, err := exportSpan(f, now.In(cfg.Zone), end)
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	// Without its status the amounts would be in another money than the screen's.
	status, err := store.Status(ctx, id)
	x.cur = status.Currency
	switch {
	case err != nil:
	case what == "calls":
		err = x.calls(ctx, span)
	case what == "usage":
		err = x.usage(ctx, span, f.by)
	default:
		err = x.balance(ctx, span)
	}
	if err := errors.Join(err, x.out.Close()); err != nil {
		a.fail(exitFault, fmt.Errorf("export: %w", err))
		return
	}
	if len(x.missing) > 0 {
		fmt.Fprintln(a.err, "gatewatch: "+missingWords(x.missing, cfg.Zone))
	}
}

// missingWords says which parts of a span are not in an export.
func missingWords(gaps model.SpanSet, zone *time.Location) string {
	const named = 5
	var seconds int64
	var parts []string
	for i, g := range gaps {
		seconds += g.Seconds()
		if i < named {
			parts = append(parts, time.Unix(g.From, 0).In(zone).Format(time.RFC3339)+" to "+time.Unix(g.To, 0).In(zone).Format(time.RFC3339))
		}
	}
	more := ""
	if n := len(gaps) - named; n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	return fmt.Sprintf("the calls of %s are not kept: %s%s", text.Span(time.Duration(seconds)*time.Second), strings.Join(parts, ", "), more)
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

// exportSpan is the time between --from and --to, both inclusive, at now on the clock
// that the rows are kept by; nothing is known of what comes after end.
func exportSpan(f exportFlags, now, end time.Time) (model.Span, error) {
	if f.by != "minute" && f.by != "hour" && f.by != "day" {
		return model.Span{}, fmt.Errorf("--by %q is not one of minute, hour, day", f.by)
	}
	span := model.Span{From: model.DayStart(now).Unix(), To: end.Unix()}
	if f.from != "" {
		at, _, err := parseMoment(f.from, now.Location())
		if err != nil {
			return span, fmt.Errorf("--from: %w", err)
		}
		span.From = at.Unix()
	}
	if f.to != "" {
		at, length, err := parseMoment(f.to, now.Location())
		if err != nil {
			return span, fmt.Errorf("--to: %w", err)
		}
		span.To = at.Add(length).Unix() - 1
		if length == wholeDay {
			y, m, d := at.Date()
			span.To = dayStart(y, m, d+1, now.Location()).Unix() - 1
		}
		span.To = min(span.To, end.Unix())
	}
	if span.From > end.Unix() {
		return span, fmt.Errorf("--from is in the future: what is kept ends at %s at the latest", end.In(now.Location()).Format(time.RFC3339))
	}
	if span.Empty() {
		return span, errors.New("--to is before --from")
	}
	return span, nil
}

// wholeDay is how long a date is, on most days.
const wholeDay = 24 * time.Hour

// dayStart is when a day of zone begins: at noon it is that day everywhere, while the
// clocks may skip its midnight.
func dayStart(year int, month time.Month, day int, zone *time.Location) time.Time {
	return model.DayStart(time.Date(year, month, day, 12, 0, 0, 0, zone))
}

// parseMoment reads a moment in zone, and how long the last of what it names is: a
// day, a minute or a second.
func parseMoment(s string, zone *time.Location) (at time.Time, length time.Duration, err error) {
	if at, err := time.Parse(time.DateOnly, s); err == nil {
		y, m, d := at.Date()
		return dayStart(y, m, d, zone), wholeDay, nil
	}
	for form, length := range map[string]time.Duration{
		"2006-01-02T15:04": time.Minute, "2006-01-02 15:04": time.Minute, "2006-01-02T15:04:05": time.Second, time.DateTime: time.Second,
	} {
		if at, err := time.ParseInLocation(form, s, zone); err == nil {
			return at, length, nil
		}
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at, time.Second, nil
	}
	return time.Time{}, 0, fmt.Errorf("%q is no moment: write 2026-11-20, 2026-11-20T12:00 or RFC 3339", s)
}

// notYet is how many of the last seconds a dashboard may not have read.
const notYet = 15

// exporter writes the rows of one gateway.
type exporter struct {
	store *history.Store
	id    string
	scope model.Scope
	cur   model.Currency
	zone  *time.Location
	out   *headless.Exporter
	// failures is set where the gateway was ever seen to log one.
	failures bool
	missing  model.SpanSet // of the calls that were asked for
	now      int64         // on the clock of the rows: what comes later is not missing
}

// clock tells now on the gateway's clock, which its rows are kept by, and the end of
// what may be kept: a clock that was set back since leaves rows after now. Where it
// was never compared with ours, the rows tell that it is ahead.
func (x *exporter) clock(ctx context.Context, ours time.Time) (now, end time.Time, err error) {
	skew, last, err := x.store.Clock(ctx, x.id, x.scope)
	now = ours.Add(skew.V)
	end = now
	if kept := time.Unix(last.V, 0); last.OK && kept.After(now) {
		end = kept
	}
	if !skew.OK {
		now = end
	}
	return now, end, err
}

func (x *exporter) calls(ctx context.Context, span model.Span) error {
	kept, err := x.store.Settled(ctx, x.id, x.scope, span)
	if err != nil {
		return err
	}
	due := span.Meet(model.Span{From: span.From, To: x.now})
	x.missing = kept.Gaps(due)
	// The end of the log is never read yet.
	if n := len(x.missing); n > 0 && x.missing[n-1].To == due.To && x.missing[n-1].Seconds() <= notYet {
		x.missing = x.missing[:n-1]
	}
	x.out.Columns(headless.CallRow(&model.Call{}, x.cur, x.zone))
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

// usage prints what was used in each minute, hour or day of the zone. It asks for a
// day at a time, or for an hour of minutes, so that nothing large is held.
func (x *exporter) usage(ctx context.Context, span model.Span, by string) error {
	ever, err := x.store.Usage(ctx, model.HistoryQuery{Gateway: x.id, Scope: x.scope, Spans: []model.Span{{From: 0, To: span.To}}})
	if err != nil {
		return err
	}
	x.failures = slices.ContainsFunc(ever.Rows, func(r model.HistoryRow) bool { return r.Errors > 0 })
	x.out.Columns(headless.UnseenRow(span, x.zone))
	for _, day := range model.DaySpans(span.From, span.To, x.zone) {
		chunks, step := []model.Span{day.Meet(span)}, int64(0)
		switch by {
		case "minute":
			chunks, step = clockSteps(chunks[0], 3600, x.zone), 60
		case "hour":
			step = 3600
		}
		for _, chunk := range chunks {
			rows := []model.Span{chunk}
			if step > 0 {
				rows = clockSteps(chunk, step, x.zone)
			}
			if err := x.usageOf(ctx, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// usageOf prints what was used in each of a few spans.
func (x *exporter) usageOf(ctx context.Context, spans []model.Span) error {
	got, err := x.store.Usage(ctx, model.HistoryQuery{Gateway: x.id, Scope: x.scope, Spans: spans, By: model.PerCell})
	if err != nil {
		return err
	}
	rows := got.Rows
	for _, span := range spans {
		whole, first := got.Covered.Covers(span), true
		for ; len(rows) > 0 && rows[0].Span == span; rows = rows[1:] {
			first = false
			if err := x.out.Row(headless.UsageRow(&rows[0], whole, x.failures, x.cur, x.zone)); err != nil {
				return err
			}
		}
		if first && !whole {
			if err := x.out.Row(headless.UnseenRow(span, x.zone)); err != nil {
				return err
			}
		}
	}
	return nil
}

// clockSteps cuts a span where the clocks of zone show a new minute (step 60) or
// hour (3600): the first and the last may be short.
func clockSteps(span model.Span, step int64, zone *time.Location) []model.Span {
	var out []model.Span
	for at := span.From; at <= span.To; at = out[len(out)-1].To + 1 {
		t := time.Unix(at, 0).In(zone)
		into := int64(60*t.Minute()+t.Second()) % step
		out = append(out, model.Span{From: at, To: min(span.To, at+step-into-1)})
	}
	return out
}

func (x *exporter) balance(ctx context.Context, span model.Span) error {
	x.out.Columns(headless.BalanceRow(model.BalanceSample{}, x.cur, x.zone))
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
