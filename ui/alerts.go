package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/notify"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// AlertOptions say what to warn of and how loudly.
type AlertOptions struct {
	// Of returns a gateway's thresholds; nil means the defaults.
	Of func(model.State) model.AlertOptions
	// Bell rings, Notify shows a notification on the person's own machine.
	Bell, Notify bool
	Terminal     notify.Terminal
	// Told is handed every alert that is raised or over, with its sentence; it must
	// not wait. Journal returns the latest of them, newest first; it may.
	Told    func(e model.AlertEvent, says string)
	Journal func() ([]model.AlertEntry, error)
	// Lasting returns what the journal has as raised and not over, and false while
	// it is not open yet; it must not wait. nil means that there is no journal.
	Lasting func() ([]model.AlertEntry, bool)
}

// alerts is what the screen knows of alerts.
type alerts struct {
	state model.AlertState
	// recalled is set once state knows what an earlier run raised.
	recalled bool
	// focused is whether the terminal has the focus, unknown while it never said;
	// then a key press counts for a while.
	focused   model.Opt[bool]
	pressedAt time.Time
}

// attention is how long a key press shows that somebody is looking.
const attention = time.Minute

// watchedNow reports whether somebody looks at the screen.
func (u *UI) watchedNow() bool {
	return u.alerts.focused.Or(u.now.Sub(u.alerts.pressedAt) < attention)
}

// judgeFor judges the gateway of an update that may change the verdict: the log is
// what moves most, so its answers are the beat; the account may be asked alone. What
// came before the start is from the history: it was judged when it was news. And
// nothing is judged before it is known what was told already.
func (u *UI) judgeFor(up model.Update) tea.Cmd {
	i := u.fleet.Index(up.Gateway)
	if i < 0 || up.Source != model.SourceCalls && up.Source != model.SourceAccount || up.At.Before(u.opt.Now) || !u.recall() {
		return nil
	}
	return u.judge(i)
}

// recall takes in what an earlier run raised, and reports whether that is known.
func (u *UI) recall() bool {
	if u.alerts.recalled || u.opt.Alerts.Lasting == nil {
		return true
	}
	lines, ok := u.opt.Alerts.Lasting()
	if ok {
		u.alerts.recalled = true
		u.alerts.state = u.alerts.state.Recall(lines)
		u.changed()
	}
	return ok
}

// judge applies the rules to a gateway that has news.
func (u *UI) judge(i int) tea.Cmd {
	s := u.fleet.States[i].Tick(u.now)
	opt := model.AlertOptions{}
	if of := u.opt.Alerts.Of; of != nil {
		opt = of(s)
	}
	var events []model.AlertEvent
	u.alerts.state, events = model.Alerts(s, opt, u.alerts.state)
	var cmds []tea.Cmd
	for _, e := range events {
		if u.opt.Alerts.Told != nil {
			// The journal and the hook outlast a masked screen.
			u.opt.Alerts.Told(e, u.sentenceIn(e.Alert, s, false))
		}
		if !e.Raised {
			continue
		}
		if u.opt.Alerts.Bell {
			cmds = append(cmds, tea.Raw(notify.Bell()))
		}
		if u.opt.Alerts.Notify && !u.watchedNow() {
			cmds = append(cmds, tea.Raw(u.opt.Alerts.Terminal.Sequence(e.Gateway, u.sentence(e.Alert, s))))
		}
	}
	if len(events) > 0 {
		u.changed()
	}
	return tea.Batch(cmds...)
}

// alarm is the sentence of the most important alert, "" when there is none: of
// the gateway on the screen first, what lasts before what is over, a balance before a
// spike.
func (u *UI) alarm() (theme.Style, string) {
	var best *model.Alert
	rank := func(a *model.Alert) int {
		r := map[model.AlertKind]int{
			model.AlertDown: 0, model.AlertLowBalance: 1, model.AlertSpike: 2, model.AlertErrorSpike: 3, model.AlertFailures: 4, model.AlertKeyLow: 5,
		}[a.Kind]
		if !a.Until.IsZero() {
			r += 10
		}
		if a.Gateway != u.current().Gateway.Name {
			r += 20
		}
		return r
	}
	active := u.alerts.state.Active()
	for i := range active {
		a := &active[i]
		if a.Kind == model.AlertDown && a.Gateway == u.current().Gateway.Name {
			continue // its fault is on the screen already, with what to do
		}
		if best == nil || rank(a) < rank(best) {
			best = a
		}
	}
	if best == nil {
		return u.theme.Dim, ""
	}
	says := u.sentence(*best, u.fleet.States[max(0, u.fleet.Index(best.Gateway))])
	if best.Gateway != u.current().Gateway.Name {
		says = text.Clean(best.Gateway) + ": " + says
	}
	if more := len(active) - 1; more > 0 {
		says += fmt.Sprintf(u.opt.Words.MoreAlerts, more)
	}
	return u.theme.Alert, says
}

// raised reports whether an alert of that kind stands for the gateway on the
// screen.
func (u *UI) raised(kind model.AlertKind) bool {
	for _, a := range u.alerts.state.Active() {
		if a.Kind == kind && a.Gateway == u.current().Gateway.Name {
			return true
		}
	}
	return false
}

// sentence says an alert as it is drawn, masked in private.
func (u *UI) sentence(a model.Alert, s model.State) string { return u.sentenceIn(a, s, u.private) }

// sentenceIn says an alert, with the figures that belong to it.
func (u *UI) sentenceIn(a model.Alert, s model.State, private bool) string {
	w := u.opt.Words
	d := pane.Data{State: s, Words: w, Zone: u.opt.Zone, Private: private}
	if a.Said != "" {
		says := d.Name(a.Said)
		if !a.Until.IsZero() {
			says += fmt.Sprintf(w.AlertOver, a.Until.In(u.opt.Zone).Format("15:04"))
		}
		return says
	}
	hours := func() string {
		if !a.Hours.OK {
			return ""
		}
		return fmt.Sprintf(w.AlertLasts, text.Span(time.Duration(a.Hours.V*float64(time.Hour))))
	}
	who := d.Name(a.Key.Name) + " × " + text.Clean(a.Model)
	since, until := a.Since.In(u.opt.Zone).Format("15:04"), a.Until.In(u.opt.Zone).Format("15:04")
	var says string
	switch a.Kind {
	case model.AlertLowBalance:
		says = fmt.Sprintf(w.AlertLow, d.MoneyOpt(a.Left))
		if a.Limit.OK && a.Left.V < a.Limit.V {
			says += fmt.Sprintf(w.AlertUnder, d.MoneyOpt(a.Limit))
		}
		says += hours()
		if a.Left.OK && a.Left.V <= 0 {
			says = fmt.Sprintf(w.AlertEmpty, d.MoneyOpt(a.Left))
		}
	case model.AlertSpike:
		if !a.Until.IsZero() {
			return fmt.Sprintf(w.AlertSpiked, who, d.MoneyFloat(a.PerHour.V), times(a.Times.V), since, until)
		}
		says = fmt.Sprintf(w.AlertSpike, who, d.MoneyFloat(a.PerHour.V), times(a.Times.V), since)
	case model.AlertErrorSpike:
		if !a.Until.IsZero() {
			return fmt.Sprintf(w.AlertErred, who, text.Percent(a.Share.V), since, until)
		}
		says = fmt.Sprintf(w.AlertErrors, who, text.Percent(a.Share.V), since)
	case model.AlertKeyLow:
		says = fmt.Sprintf(w.AlertKey, d.Name(a.Subject), d.MoneyOpt(a.Left)) + hours()
	case model.AlertDown:
		says = fmt.Sprintf(w.AlertDown, text.Clean(a.Fault.Short))
	case model.AlertFailures:
		says = fmt.Sprintf(w.AlertFailures, text.Percent(a.Share.V), a.Tries)
	}
	return says
}

func times(f float64) string { return strconv.FormatFloat(f, 'f', precision(f), 64) + "×" }

// journalMsg is the journal of alerts, to be shown.
type journalMsg struct {
	entries []model.AlertEntry
	err     error
}

// openJournal asks for the journal; it is shown when it comes.
func (u *UI) openJournal() tea.Cmd {
	ask := u.opt.Alerts.Journal
	return func() tea.Msg {
		entries, err := ask()
		return journalMsg{entries, err}
	}
}

func (u *UI) whyNoJournal() string {
	return unless(u.opt.Alerts.Journal != nil, u.opt.Words.NoHistory)
}

// showJournal lists what was warned of, newest first.
func (u *UI) showJournal(msg journalMsg) {
	w := u.opt.Words
	card := pane.Card{Title: w.Journal}
	for _, e := range msg.entries {
		until := w.Lasting
		if e.Cleared.OK {
			until = text.Moment(e.Cleared.V.In(u.opt.Zone), u.now.In(u.opt.Zone))
		}
		says := text.Clean(e.Says)
		if u.private {
			says = "***"
		}
		card.Rows = append(card.Rows, pane.CardRow{
			Name:  text.Moment(e.At.In(u.opt.Zone), u.now.In(u.opt.Zone)) + " – " + until,
			Value: strings.TrimSpace(text.Clean(e.Gateway) + ": " + says),
		})
	}
	switch {
	case msg.err != nil:
		card.Text = append(card.Text, text.Clean(msg.err.Error()))
	case len(card.Rows) == 0:
		card.Text = append(card.Text, w.NoAlerts)
	}
	u.popup = newCardPopup(card)
}
