// Package overview holds the panes that only the Overview screen has: balance,
// spend over time, and who is spending now.
package overview

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// Balance shows what is left, how fast it goes and when it is gone.
type Balance struct{}

// Capturing reports that the pane takes no text.
func (*Balance) Capturing() bool { return false }

// Frame returns the title with the reconcile badge.
func (*Balance) Frame(d pane.Data) pane.Frame {
	f := pane.Frame{Title: d.Words.Balance}
	if d.Site() {
		f.Title = d.Words.Site
	}
	f.Note, f.Old = pane.Note(d, model.SourceAccount)
	switch state, gap, _ := d.Summary.Reconcile.Verdict(); state {
	case model.ReconcileMatch:
		f.Mark, f.MarkStyle = "✓", d.Theme.Good
	case model.ReconcileGap:
		f.Mark, f.MarkStyle = "≠ "+d.Money(gap), d.Theme.Warn
	}
	return f
}

// Update opens the account card.
func (b *Balance) Update(msg tea.KeyPressMsg, keys pane.Keys, d pane.Data) tea.Cmd {
	switch {
	case key.Matches(msg, keys.Enter) && d.State.Account.OK:
		return pane.Send(pane.Opened{Card: AccountCard(d)})
	case key.Matches(msg, keys.Copy) && d.State.Account.OK:
		return pane.Send(pane.Copied{Name: d.Words.Balance, Text: d.MoneyOpt(d.State.Account.V.Quota)})
	}
	return nil
}

// View draws the figures, the most important first: the last ones go when the
// room is short.
func (*Balance) View(d pane.Data, w, h int, _ bool) ([]string, *tea.Cursor) {
	if !d.State.Account.OK {
		message, style := pane.Absent(d, model.SourceAccount, false, "")
		return pane.Message(message, style, w, h), nil
	}
	a, sum, words, th := d.State.Account.V, d.Summary, d.Words, d.Theme
	left := th.Money
	if a.Quota.OK && a.Quota.V <= 0 {
		left = th.Bad
	}
	var rows []row
	if !d.Site() {
		rows = append(rows, row{words.Left, leftOf(d, a), left})
	}
	add := func(name, value string, style theme.Style) { rows = append(rows, row{name, value, style}) }
	add(words.Today, today(d), th.Plain)
	spent := text.Unknown
	if sum.Totals.Quota.OK {
		spent = d.AtLeast(sum.Totals.Partial, d.Money(sum.Totals.Quota.V))
		if sum.Totals.From == model.FromDerived {
			spent += "Δ"
		}
	}
	add(d.Over(), spent, th.Plain)
	if d.Site() {
		if why := cause(d); why != "" {
			add(why, "", th.Warn)
		}
		siteRows(d, add)
		add(words.OwnBalance, d.MoneyOpt(a.Quota), left)
		return draw(rows, w, h, th), nil
	}
	burn := text.Unknown
	if f := sum.Forecast; f.PerHour.OK {
		burn = d.MoneyFloat(f.PerHour.V) + words.PerHour
		if f.Sampled {
			burn = "≈ " + burn
		}
	}
	add(words.Burn, burn, th.Plain)
	when, style := EmptyWhen(d)
	add(words.Empty, when, style)
	why := cause(d)
	if f := sum.Forecast; f.Earliest.OK && (why == "" || len(rows)+1+len(sentence(why, w)) <= h) {
		latest := "…"
		if f.Latest.OK {
			latest = moment(d, f.Latest.V)
		}
		add("", moment(d, f.Earliest.V)+" – "+latest, th.Dim)
	}
	if why != "" {
		add(why, "", th.Warn)
	}
	add(words.Used, d.MoneyOpt(a.Used), th.Plain)
	if a.Requests.OK {
		add(words.Requests, model.Count(a.Requests.V), th.Plain)
	}
	if message := pane.Reconciled(d); message != "" && why == "" {
		add(message, "", th.Dim)
	}

	for _, p := range d.State.Details.V.Plans {
		add(words.Plan, planLeft(d, p), th.Plain)
	}
	return draw(rows, w, h, th), nil
}

// cause is the likely cause of the gap that the title tells, "" where there is none:
// worth more than what stands in the account card too.
func cause(d pane.Data) string {
	if state, _, cause := d.Summary.Reconcile.Verdict(); state == model.ReconcileGap {
		return "≠ " + d.Words.Cause(cause)
	}
	return ""
}

// row is one line of the pane.
type row struct {
	name, value string
	style       theme.Style
}

// leftOf is what is left, in words where nothing limits it.
func leftOf(d pane.Data, a model.Account) string {
	if a.Unlimited {
		return d.Words.NoLimit
	}
	return d.MoneyOpt(a.Quota)
}

// siteRows say how the site's channels do.
func siteRows(d pane.Data, add func(name, value string, style theme.Style)) {
	words, th := d.Words, d.Theme
	rate := text.Unknown
	if v := d.Summary.MPM.Value; v.OK {
		rate = d.MoneyFloat(v.V) + words.PerMinute
	}
	add(words.Now, rate, th.Plain)
	if !d.State.Channels.OK {
		add(words.Channels, text.Unknown, th.Dim)
		return
	}
	sum := d.State.Channels.V.Summary()
	style := th.Good
	if sum.Down > 0 {
		style = th.Bad
	}
	add(words.Channels, fmt.Sprintf(words.ChannelsDown, sum.Down), style)
	if c := sum.Lowest; c.OK {
		add(words.LowestChannel, d.ChannelLeft(c.V), th.Plain)
		add("", d.Name(c.V.Name), th.Dim)
	}
}

// planLeft is what is left of a subscription.
func planLeft(d pane.Data, p model.Plan) string {
	left := d.Words.NoLimit
	if p.Total > 0 {
		left = d.Money(p.Total-p.Used) + " " + d.Words.Left
	}
	if p.Ends.OK {
		left += " · " + moment(d, time.Unix(p.Ends.V, 0))
	}
	return left
}

// draw lays the rows on h lines of w cells. A row without a value is a sentence,
// which takes as many lines as it needs.
func draw(rows []row, w, h int, th *theme.Theme) []string {
	lines := make([]string, 0, h)
	for _, r := range rows {
		if len(lines) == h {
			break
		}
		if r.value == "" {
			wrapped := sentence(r.name, w)
			if room := h - len(lines); len(wrapped) > room {
				wrapped = append(wrapped[:room-1], strings.Join(wrapped[room-1:], " "))
			}
			for _, l := range wrapped {
				lines = append(lines, r.style.Text(" "+text.Left(l, w-2)+" "))
			}
			continue
		}
		value := text.Cut(r.value, w-2)
		name := text.Left(r.name, max(0, w-2-text.Width(value)))
		lines = append(lines, " "+th.Dim.Text(name)+r.style.Text(value)+" ")
	}
	for len(lines) < h {
		lines = append(lines, strings.Repeat(" ", max(0, w)))
	}
	return lines
}

// sentence are the lines of a sentence on w cells, without their margins.
func sentence(s string, w int) []string { return text.Wrap(s, max(1, w-2)) }

// paces is the spend per minute over the last minute, quarter of an hour and
// hour, and whether it gets faster.
func paces(d pane.Data) string {
	parts := make([]string, 0, 3)
	for _, v := range d.Summary.Paces {
		s := text.Unknown
		if v.OK {
			s = d.MoneyFloat(v.V)
		}
		parts = append(parts, s)
	}
	return strings.TrimSpace(strings.Join(parts, " · ") + d.Words.PerMinute + " " + pane.Trend(d))
}

func moment(d pane.Data, t time.Time) string {
	return text.Moment(t.In(d.Zone), d.State.Now.In(d.Zone))
}

// today prints the spend since midnight, as a lower bound while hours are
// missing.
func today(d pane.Data) string {
	t := d.Summary.Today
	switch {
	case t.Quota.OK:
		return d.Money(t.Quota.V)
	case t.AtLeast > 0:
		return d.AtLeast(true, d.Money(t.AtLeast))
	}
	return text.Unknown
}

// EmptyWhen says when the balance is gone, and judges it: under a day is bad,
// under three a warning.
func EmptyWhen(d pane.Data) (string, theme.Style) {
	f, a := d.Summary.Forecast, d.State.Account
	switch {
	case a.V.Quota.OK && a.V.Quota.V <= 0:
		return d.Words.Now, d.Theme.Bad
	case !a.V.Quota.OK || !f.PerHour.OK:
		return text.Unknown, d.Theme.Dim
	case f.PerHour.V == 0:
		return d.Words.NotSpending, d.Theme.Dim
	case !f.EmptyAt.OK && f.Samples >= 5:
		return d.Words.LongerThan, d.Theme.Dim
	case !f.EmptyAt.OK:
		return d.Words.TooFewSamples, d.Theme.Dim
	}
	left := f.EmptyAt.V.Sub(d.State.Now)
	return moment(d, f.EmptyAt.V) + " ≈" + text.Span(left), pane.LastsStyle(d.Theme, left)
}

// exact is an amount with its quota.
func exact(d pane.Data, q model.Opt[model.Quota]) string {
	if !q.OK {
		return text.Unknown
	}
	return d.Exact(q.V)
}

// AccountCard is every field that the gateway gave of the account, in words.
func AccountCard(d pane.Data) pane.Card {
	a, words, th := d.State.Account.V, d.Words, d.Theme
	status := words.Enabled
	if !a.Enabled {
		status = words.Disabled
	}
	requests := text.Unknown
	if a.Requests.OK {
		requests = model.Count(a.Requests.V)
	}
	card := pane.Card{Title: words.Account, Rows: []pane.CardRow{
		{Name: words.User, Value: d.Name(a.Username), Style: th.Strong},
		{Name: words.DisplayName, Value: d.Name(a.DisplayName)},
		{Name: words.ID, Value: fmt.Sprint(a.ID)},
		{Name: words.Group, Value: text.Clean(a.Group)},
		{Name: words.Role, Value: a.Role.String()},
		{Name: words.Status, Value: status},
		{Name: words.Left, Value: exact(d, a.Quota), Style: th.Money},
		{Name: words.Used, Value: exact(d, a.Used)},
		{Name: words.Requests, Value: requests},
	}}
	card.Rows = append(card.Rows, pane.CardRow{Name: words.Paces, Value: paces(d)})
	if a.Remind.OK {
		card.Rows = append(card.Rows, pane.CardRow{Name: words.Reminder, Value: d.Money(a.Remind.V)})
	}
	if line := pane.Reconciled(d); line != "" {
		card.Text = append(card.Text, line)
	}
	if b := d.Summary.Reconcile.Balance; b.Spent.OK && b.Rose.OK && b.Fell.OK {
		card.Rows = append(card.Rows, pane.CardRow{Name: words.BalanceChecked, Value: fmt.Sprintf(words.BalanceFigures,
			d.Money(b.Spent.V), d.Money(b.Rose.V), d.Money(b.Fell.V), d.Time(b.Span.From, "15:04:05"), d.Time(b.Span.To, "15:04:05"))})
	}
	for _, p := range d.State.Details.V.Plans {
		name := words.Plan
		if p.Name != "" {
			name += " " + text.Clean(p.Name)
		}
		value := planLeft(d, p)
		if p.Total > 0 {
			value += fmt.Sprintf(" (%s / %s)", d.Money(p.Used), d.Money(p.Total))
		}
		card.Rows = append(card.Rows, pane.CardRow{Name: name, Value: value})
	}
	for _, f := range append(slices.Clone(a.Others), d.State.Details.V.Fields...) {
		card.Rows = append(card.Rows, pane.CardRow{Name: text.Clean(f.Name), Value: fieldValue(d, f)})
	}
	if len(d.State.Details.V.Models) > 0 {
		card.Text = append(card.Text, siteHealth(d)...)
	}
	return card
}

// fieldValue prints a field by its kind.
func fieldValue(d pane.Data, f model.Field) string {
	switch {
	case f.Quota.OK:
		return exact(d, f.Quota)
	case f.At.OK:
		return d.Time(f.At.V, "2006-01-02 15:04")
	}
	return d.Name(f.Value)
}

// siteHealth says how the models do for everybody on the gateway.
func siteHealth(d pane.Data) []string {
	lines := []string{d.Words.Models + ", " + d.Words.SiteWide}
	for _, m := range d.State.Details.V.Models {
		parts := []string{text.Clean(m.Model)}
		if m.Took.OK {
			parts = append(parts, text.Took(m.Took.V))
		}
		if m.Success.OK {
			parts = append(parts, fmt.Sprintf(d.Words.OfSuccess, text.Percent(m.Success.V)))
		}
		if m.TokensPerSecond.OK {
			parts = append(parts, fmt.Sprintf(d.Words.TokensPerSecond, strconv.FormatFloat(m.TokensPerSecond.V, 'f', 1, 64)))
		}
		lines = append(lines, strings.Join(parts, " · "))
	}
	return lines
}
