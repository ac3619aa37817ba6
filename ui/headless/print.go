package headless

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// Gateway is one gateway's state and what was derived from it.
type Gateway struct {
	State   model.State
	Summary model.Summary
}

// JSON writes the report as one object.
func JSON(w io.Writer, now time.Time, all []Gateway, zone *time.Location) error {
	r := model.Report{
		Version: model.ReportVersion, GeneratedAt: now.In(zone).Format(time.RFC3339), Timezone: zoneName(zone, now),
		Gateways: []model.GatewayReport{},
	}
	for _, g := range all {
		r.Gateways = append(r.Gateways, model.GatewayReportOf(g.State, g.Summary, zone))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// zoneName is the zone's IANA name, or for the system's nameless zone its offset.
func zoneName(zone *time.Location, now time.Time) string {
	if name := zone.String(); name != "Local" {
		return name
	}
	return now.In(zone).Format("-07:00")
}

// Text writes the report for a person.
func Text(w io.Writer, g Gateway, zone *time.Location, words *text.Words) error {
	s, sum, cur := g.State, g.Summary, pane.Currency(g.State)
	d := pane.Data{State: s, Summary: sum, Words: words, Zone: zone}
	tw := &columns{}
	line := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	money := func(q model.Opt[model.Quota]) string {
		if !q.OK {
			return text.Unknown
		}
		return cur.Format(q.V)
	}
	line(text.Clean(s.Gateway.Name), "%s · %s", text.Clean(s.Gateway.URL), strings.TrimSpace(text.Clean(s.Gateway.Dialect+" "+s.Status.V.Version)))
	if s.Account.OK {
		a := s.Account.V
		line(words.User, "%s · %s · %s", text.Clean(a.Username), text.Clean(a.Group), a.Role)
		if a.Quota.OK {
			line(words.Left, "%s (%s)", cur.Format(a.Quota.V), model.Count(int64(a.Quota.V)))
		}
		if a.Used.OK {
			line(words.Used, "%s (%s)", cur.Format(a.Used.V), model.Count(int64(a.Used.V)))
		}
	}
	if t := sum.Today; t.Quota.OK || t.AtLeast == 0 {
		line(words.Today, "%s", money(t.Quota))
	} else {
		line(words.Today, "%s", d.AtLeast(true, cur.Format(t.AtLeast)))
	}
	calls, errs := text.Unknown, text.Unknown
	if c := sum.Totals.Calls; c.OK {
		calls = model.Count(c.V)
	}
	if e := sum.Totals.Errors; e.OK {
		errs = model.Count(e.V)
	}
	line(d.Over(), "%s · %s %s · %s %s · %s %s", d.AtLeast(sum.Totals.Partial, money(sum.Totals.Quota)), calls, words.ColCalls, words.Errors, errs,
		words.Coverage, text.Percent(sum.Totals.Coverage))
	if f := sum.Forecast; f.PerHour.OK {
		burn := cur.FormatFloat(f.PerHour.V) + words.PerHour
		if f.Sampled {
			burn = "≈ " + burn
		}
		if f.EmptyAt.OK {
			burn += fmt.Sprintf(" · %s %s", words.Empty, text.Moment(f.EmptyAt.V.In(zone), s.Now.In(zone)))
		}
		line(words.Burn, "%s", burn)
	}
	// What the gateway did not report itself says where it comes from.
	rate := func(r model.Rate, value string) string {
		switch {
		case !r.Value.OK:
			return text.Unknown
		case r.From == model.FromGateway:
			return value
		}
		return value + " " + string(r.From)
	}
	line(words.Rates, "rpm %s · tpm %s · %s", rate(sum.RPM, text.Short(int64(sum.RPM.Value.V))), rate(sum.TPM, text.Short(int64(sum.TPM.Value.V))),
		rate(sum.MPM, cur.FormatFloat(sum.MPM.Value.V)+words.PerMinute))
	line(words.Balance, "%s", reconciled(d))
	if len(sum.Models) > 0 {
		name := words.ColModel
		if over := d.OverSplit(); over != d.Over() {
			name += " · " + over // the gateway's days may be others
		}
		fmt.Fprintf(tw, "\n%s\t%s\t%s\t%s\t%s\n", name, words.ColCalls, words.ColCost, words.ColP50, words.ColP95)
		cost := pane.Data{State: s}.Column(float64(sum.Models[0].Quota))
		for _, m := range sum.Models {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", text.Clean(m.Model), model.Count(m.Calls), cost(float64(m.Quota)), took(m, m.P50), took(m, m.P95))
		}
	}
	if len(sum.Keys) > 0 {
		fmt.Fprintf(tw, "\n%s\t%s\t%s\t%s\n", words.ColKey, words.ColStatus, words.ColLeft, words.ColSpent)
		var most model.Quota
		for _, k := range sum.Keys {
			most = max(most, k.Spent.V)
		}
		cost := pane.Data{State: s}.Column(float64(most))
		spent := func(q model.Opt[model.Quota]) string {
			if !q.OK {
				return text.Unknown
			}
			return cost(float64(q.V))
		}
		for _, k := range sum.Keys {
			left := words.NoLimit
			if !k.Unlimited {
				left = cur.Format(k.Remaining)
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", text.Clean(k.Name), k.Effective(s.ServerNow()), left, spent(k.Spent))
		}
		for _, o := range sum.Others {
			fmt.Fprintf(tw, "%s\t\t\t%s\n", fmt.Sprintf(words.OtherKeys, text.Clean(o.Name)), cost(float64(o.Spent)))
		}
	}
	if err := tw.flush(w); err != nil {
		return err
	}
	for _, src := range model.Sources() {
		if f := s.Sources[src].Fault; f.Kind != model.FaultNone && f.Kind != model.FaultUnsupported {
			fmt.Fprintf(w, "\n%s: %s\n", src, text.Clean(f.Sentence))
		}
	}
	return nil
}

func took(m model.ModelUsage, d model.Opt[time.Duration]) string {
	switch {
	case !d.OK:
		return text.Unknown
	case m.Coarse:
		return text.TookCoarse(d.V)
	}
	return text.Took(d.V)
}

func reconciled(d pane.Data) string {
	if says := pane.Reconciled(d); says != "" {
		return says
	}
	return d.Words.NoSum
}

// columns lays lines of tab-separated values out below each other, a blank line
// beginning anew. From the second block on these are tables, whose columns but
// the first are flush right. Unlike text/tabwriter it counts cells, which CJK needs.
type columns struct{ strings.Builder }

func (c *columns) flush(w io.Writer) error {
	for i, block := range strings.Split(strings.TrimRight(c.String(), "\n"), "\n\n") {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		var rows [][]string
		var widths []int
		for l := range strings.SplitSeq(block, "\n") {
			row := strings.Split(l, "\t")
			for col, v := range row {
				if col == len(widths) {
					widths = append(widths, 0)
				}
				widths[col] = max(widths[col], text.Width(v))
			}
			rows = append(rows, row)
		}
		for _, row := range rows {
			line := ""
			for col, v := range row {
				if i > 0 && col > 0 {
					line += text.Right(v, widths[col]) + "  "
				} else {
					line += text.Left(v, widths[col]) + "  "
				}
			}
			if _, err := io.WriteString(w, strings.TrimRight(line, " ")+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}
