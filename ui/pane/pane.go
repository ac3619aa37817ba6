// Package pane holds what all panes share: what they draw from, their frame,
// and the words for their states.
package pane

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/filter"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// Data is what a pane draws from. Panes change none of it.
type Data struct {
	State   model.State
	Summary model.Summary
	Theme   *theme.Theme
	Words   *text.Words
	Zone    *time.Location
	// Private masks names and amounts.
	Private bool
	// Spot is the minute under the chart's cursor and Spenders who spent in it.
	Spot     model.Opt[model.Span]
	Spenders []model.Spender
	// Alerts are those that stand for the gateway on the screen; each colours its
	// figure.
	Alerts []model.Alert
	// Fleet is every gateway; the one on the screen is Current.
	Fleet   []model.State
	Current int
}

// Site reports whether the whole site is shown.
func (d Data) Site() bool { return d.State.Scope == model.ScopeSite }

// Over names the time that the window's figures speak of: the window, or since
// when where whole hours or days had to be taken.
func (d Data) Over() string {
	sum := d.Summary
	if !sum.Wider() {
		return fmt.Sprintf(d.Words.Window, sum.Window.Label)
	}
	return fmt.Sprintf(d.Words.Since, d.since(sum.Span.From))
}

// OverSplit is Over for the figures per model: the gateway's own days can be others
// than ours, or not go back as far.
func (d Data) OverSplit() string {
	split := d.Summary.SplitSpan
	switch {
	case split.OK && d.Summary.SplitUTC:
		return fmt.Sprintf(d.Words.SinceUTC, time.Unix(split.V.From, 0).UTC().Format("2 Jan"))
	case !split.OK, split.V.From == d.Summary.Span.From:
		return d.Over()
	}
	return fmt.Sprintf(d.Words.Since, d.since(split.V.From))
}

// since names a moment, by its time alone where it is of today.
func (d Data) since(at int64) string {
	if d.Time(at, time.DateOnly) == d.State.Now.In(d.Zone).Format(time.DateOnly) {
		return d.Time(at, "15:04")
	}
	return d.Time(at, "2 Jan 15:04")
}

// AtLeast marks a sum of which a part is missing.
func (d Data) AtLeast(partial bool, s string) string {
	if partial {
		return "≥ " + s
	}
	return s
}

// Trend says whether spending gets faster, and how many times what it was: "▲2.1×",
// "▼0.5×", "" where it is steady or nobody knows.
func Trend(d Data) string {
	t := d.Summary.Trend.V
	var says string
	switch t.Direction {
	case model.Steady:
		return ""
	case model.Rising:
		says = "▲"
	case model.Falling:
		says = "▼"
	}
	if t.Times.OK {
		says += Times(t.Times.V)
	}
	return says
}

// Times prints a factor: 0.5×, 2.1×, 12×.
func Times(f float64) string {
	decimals := 0
	if f < 3 {
		decimals = 1
	}
	return strconv.FormatFloat(f, 'f', decimals, 64) + "×"
}

// Currency is how the gateway shows its quota. An operator's own currency sign is
// foreign text like any other.
func (d Data) Currency() model.Currency { return Currency(d.State) }

// Currency is a state's currency, fit to be drawn.
func Currency(s model.State) model.Currency {
	cur := s.Currency()
	cur.Symbol = text.Cut(text.Clean(cur.Symbol), maxSymbol)
	return cur
}

// maxSymbol bounds a currency sign, in cells.
const maxSymbol = 4

// Money prints quota, masked when Private.
func (d Data) Money(q model.Quota) string { return d.MoneyFloat(float64(q)) }

// MoneyOpt is Money of what may be unknown.
func (d Data) MoneyOpt(q model.Opt[model.Quota]) string {
	if !q.OK {
		return text.Unknown
	}
	return d.Money(q.V)
}

// MoneyFloat is Money for a rate or a mean.
func (d Data) MoneyFloat(q float64) string {
	if d.Private {
		return "***"
	}
	return d.Currency().FormatFloat(q)
}

// Column returns how a column prints its money: all with as many decimals as the
// largest of them wants, so that digits stand below each other.
func (d Data) Column(most float64) func(quota float64) string {
	if d.Private {
		return func(float64) string { return "***" }
	}
	cur := d.Currency()
	decimals := 6
	switch a := cur.Amount(most); {
	case a >= 100:
		decimals = 2
	case a >= 1:
		decimals = 3
	case a >= 0.01:
		decimals = 4
	}
	return func(q float64) string { return cur.FormatFixed(q, decimals) }
}

// Provider prints a balance at a provider, which is in the provider's own
// currency, mostly dollars.
func (d Data) Provider(v float64) string {
	if d.Private {
		return "***"
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// ChannelLeft is a channel's balance at its provider and how old the figure is.
func (d Data) ChannelLeft(c model.Channel) string {
	age := time.Duration(d.State.ServerNow()-c.BalanceAt.V) * time.Second
	return d.Provider(c.Balance.V) + " (" + text.Age(max(0, age)) + ")"
}

// LastsStyle judges how long a balance lasts: under a day is bad, under three a
// warning.
func LastsStyle(th *theme.Theme, left time.Duration) theme.Style {
	switch {
	case left < 24*time.Hour:
		return th.Bad
	case left < 72*time.Hour:
		return th.Warn
	}
	return th.Good
}

// Count prints a whole number, masked when Private.
func (d Data) Count(n int64) string {
	if d.Private {
		return "***"
	}
	return model.Count(n)
}

// Name prints a foreign name, masked when Private.
func (d Data) Name(s string) string {
	if d.Private && s != "" {
		return "***"
	}
	return text.Clean(s)
}

// Time prints a moment on the gateway's clock in the chosen zone.
func (d Data) Time(sec int64, layout string) string {
	return time.Unix(sec, 0).In(d.Zone).Format(layout)
}

// Filtered is a pane's title with the filter that narrows it down.
func (d Data) Filtered(title string, f filter.Filter) string {
	switch {
	case f.Empty():
		return title
	case d.Private:
		return title + " /***"
	}
	return title + " /" + text.Clean(f.String())
}

// Keys are the bindings that panes answer to, all declared in package ui.
type Keys struct {
	Up, Down, Top, Bottom, HalfUp, HalfDown, Left, Right, Reverse, Enter, Copy key.Binding
}

// Card is what "open" shows: names and values, and text below.
type Card struct {
	Title string
	Rows  []CardRow
	Text  []string
}

// CardRow is one line of a card. An empty Value makes Name a heading.
type CardRow struct {
	Name, Value string
	Style       theme.Style
}

// Copied asks for Text to be put on the clipboard; Name says what it is.
type Copied struct{ Name, Text string }

// Opened asks for a card to be shown.
type Opened struct{ Card Card }

// FilterCalls asks for the calls to be narrowed down.
type FilterCalls struct{ Text string }

// Switched asks for another gateway to be shown.
type Switched struct{ Index int }

// Send is a command that delivers msg.
func Send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// Rows is implemented by panes that hold rows, which can be filtered.
type Rows interface {
	// SetFilter narrows the rows down; the zero Filter shows all.
	SetFilter(filter.Filter)
	// Fields are the names that a filter can look at.
	Fields() []string
}

// Note says in what condition a source's data is, for a pane's title: "" when
// it is fresh.
func Note(d Data, src model.Source) (note string, old bool) {
	st := d.State.Sources[src]
	switch st.Health(d.State.Now) {
	case model.HealthUp, model.HealthWaiting, model.HealthOff, model.HealthUnsupported:
		return "", false
	}
	cause := st.Fault.Short
	if st.LastOK.IsZero() {
		return cause, false
	}
	note = strings.Replace(d.Words.Old, "%s", text.Age(d.State.Now.Sub(st.LastOK)), 1)
	if cause != "" {
		note += ": " + cause
	}
	return note, st.Late(d.State.Now)
}

// Known reports whether a source answered for the scope on the screen.
func Known(d Data, src model.Source) bool {
	switch src {
	case model.SourceCalls:
		return d.State.Book().Ledger.End().OK
	case model.SourceDays:
		return d.State.Book().PeriodStep != 0
	default:
		return !d.State.Sources[src].LastOK.IsZero()
	}
}

// Absent is what a pane says while it has nothing to show: that it waits, that
// the gateway does not offer it, why it failed, or what empty means here. known
// tells that an answer has come. The whole sentence of a failure stands in the
// alert line; here its cause is enough.
func Absent(d Data, src model.Source, known bool, empty string) (message string, style theme.Style) {
	st := d.State.Sources[src]
	switch {
	case known:
		return empty, d.Theme.Dim
	case st.Fault.Kind == model.FaultUnsupported && src == model.SourceCalls && d.State.SumsOnly() && d.Summary.Counted():
		return d.Words.SumsOnly, d.Theme.Dim
	case st.Fault.Kind == model.FaultUnsupported:
		return d.Words.NotOffered, d.Theme.Dim
	case st.Fault.Kind != model.FaultNone:
		return text.Clean(st.Fault.Short), d.Theme.Warn
	}
	if Known(d, src) {
		return d.Words.NotRead, d.Theme.Dim
	}
	// What a source waits for may be another one: the first contact.
	if first := d.State.Sources[model.SourceStatus]; first.Fault.Kind != model.FaultNone && first.LastOK.IsZero() {
		return text.Clean(first.Fault.Short), d.Theme.Warn
	}
	return d.Words.Waiting, d.Theme.Dim
}

// Sampled says how much of the log a pane speaks of, "" when it is all of it or
// nothing is known yet.
func Sampled(d Data, coverage float64) string {
	if coverage >= 1 || !Known(d, model.SourceCalls) {
		return ""
	}
	return strings.Replace(d.Words.Sampled, "%s", text.Percent(coverage), 1)
}

// Message fills w × h cells with a message in the middle.
func Message(message string, style theme.Style, w, h int) []string {
	lines := make([]string, 0, max(0, h))
	wrapped := text.Wrap(message, max(1, w-2))
	for len(lines) < (h-len(wrapped))/2 {
		lines = append(lines, strings.Repeat(" ", max(0, w)))
	}
	for _, l := range wrapped {
		if len(lines) < h {
			lines = append(lines, style.Text(text.Centre(l, max(0, w))))
		}
	}
	for len(lines) < h {
		lines = append(lines, strings.Repeat(" ", max(0, w)))
	}
	return lines
}
