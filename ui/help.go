package ui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// openHelp shows the keys that work here, what the marks mean, and what is known
// of the gateway.
func (u *UI) openHelp() tea.Cmd {
	u.popup = &pagePopup{name: u.opt.Words.Help, wide: 92, lines: (*UI).helpLines}
	return nil
}

func (u *UI) helpLines(w int) []string {
	th, words := u.theme, u.opt.Words
	var lines []string
	heading := func(s string) {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, th.Strong.Text(s))
	}
	entry := func(name, value string) {
		const names = 18
		for i, part := range text.Wrap(value, max(8, w-names-1)) {
			if i > 0 {
				name = ""
			}
			lines = append(lines, th.Key.Text(text.Left(name, names))+" "+part)
		}
	}
	if u.onChat() {
		for _, typing := range []bool{true, false} {
			heading(map[bool]string{true: words.HelpWriting, false: words.HelpTranscript}[typing])
			for _, b := range u.chat.Bindings() {
				if b.Typing != typing {
					continue
				}
				sentence := b.Do.Long
				if why := u.chat.Why(b.Name); why != "" {
					sentence = th.Faint.Text(sentence + " (" + why + ")")
				}
				entry(b.Shown, sentence)
			}
		}
		heading(words.HelpAround)
	} else {
		heading(words.HelpKeys)
	}
	var order []text.Action
	shown := map[text.Action][]string{}
	why := map[text.Action]string{}
	for _, c := range u.commands {
		if len(c.keys) == 0 || u.onChat() && !u.fitsChat(c) {
			continue
		}
		if shown[c.do] == nil {
			order = append(order, c.do)
		}
		shown[c.do] = append(shown[c.do], c.shown)
		if c.why != nil {
			why[c.do] = c.why(u)
		}
	}
	for _, do := range order {
		sentence := do.Long
		if why[do] != "" {
			sentence = th.Faint.Text(sentence + " (" + why[do] + ")")
		}
		entry(strings.Join(shown[do], " "), sentence)
	}
	heading(words.HelpMarks)
	for _, m := range [][2]string{
		{"*", words.MarkCounted},
		{"Δ", words.MarkDerived},
		{"≈", words.MarkAbout},
		{text.Unknown, words.MarkUnknown},
		{"✓", words.MarkMatch},
		{"≠", words.MarkGap},
	} {
		entry(m[0], m[1])
	}
	heading(words.HelpState)
	for _, r := range u.stateRows() {
		entry(r.Name, r.Value)
	}
	return lines
}

// stateRows say how the gateway is spoken to, and how each source does.
func (u *UI) stateRows() []pane.CardRow {
	words, s := u.opt.Words, u.current()
	rows := []pane.CardRow{
		{Name: words.Address, Value: text.Clean(s.Gateway.URL)},
		{Name: words.Dialect, Value: or(s.Gateway.Dialect, text.Unknown) + " · " + text.Clean(s.Gateway.Why)},
	}
	if s.Status.OK {
		rows = append(rows, pane.CardRow{Name: words.Version, Value: text.Clean(s.Status.V.SystemName + " " + s.Status.V.Version)})
	}
	if s.Account.OK {
		rows = append(rows, pane.CardRow{Name: words.Group, Value: text.Clean(s.Account.V.Group)})
	}
	rows = append(rows, pane.CardRow{Name: words.Zone, Value: u.now.In(u.opt.Zone).Format("MST -07:00")})
	if s.Skew.OK {
		clock := words.ClockSame
		// Date has whole seconds, and the answer took its time.
		if off := s.Skew.V; off.Abs() > 3*time.Second {
			clock = fmt.Sprintf(words.ClockOff, off.Round(time.Second))
		}
		rows = append(rows, pane.CardRow{Name: words.Clock, Value: clock})
	}
	if p := s.Pace; p.Budget > 0 {
		rows = append(rows, pane.CardRow{Name: words.Budget, Value: fmt.Sprintf(words.BudgetUsed, p.Used, p.Budget, model.Count(p.Made))})
	}
	for _, src := range model.Sources() {
		st := s.Sources[src]
		value := string(st.Health(u.now))
		if !st.LastOK.IsZero() {
			value += " · " + fmt.Sprintf(words.Healthy, text.Age(u.now.Sub(st.LastOK)), text.Took(st.Took))
		}
		if st.Fault.Kind != model.FaultNone {
			value += " · " + text.Clean(st.Fault.Sentence)
		}
		rows = append(rows, pane.CardRow{Name: src.String(), Value: value})
	}
	return rows
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// openCross shows what each key spent on each model in one table.
func (u *UI) openCross() tea.Cmd {
	u.popup = &pagePopup{name: u.opt.Words.Cross, wide: u.w - 4, lines: (*UI).crossLines}
	return nil
}

// crossLines draws keys down and models across, both by what they spent, as many
// models as fit, and what the others spent in one column.
func (u *UI) crossLines(w int) []string {
	const nameW, colW = 18, 12
	d, th, words := u.data, u.theme, u.opt.Words
	if !d.Summary.Counted() {
		return text.Wrap(words.HiddenByMemory, w)
	}
	cross := model.Cross(d.State, d.Summary)
	if len(cross.Keys) == 0 {
		return []string{th.Dim.Text(words.EmptyModels)}
	}
	fit := max(1, (w-nameW-colW)/(colW+1))
	if fit < len(cross.Models) {
		fit = max(1, fit-1) // room for the others
	}
	fit = min(fit, len(cross.Models))
	money := d.Column(float64(cross.KeyTotals[0].Quota))
	amount := func(t model.Tally, style theme.Style) string {
		if t.Calls == 0 && t.Quota == 0 {
			return " " + th.Faint.Text(text.Right("·", colW))
		}
		return " " + style.Text(text.Right(money(float64(t.Quota)), colW))
	}
	line := func(name string, models []model.Tally, total model.Tally, style theme.Style) string {
		out := style.Text(text.Left(name, nameW))
		rest := model.Tally{Calls: total.Calls, Quota: total.Quota}
		for _, t := range models[:fit] {
			out += amount(t, style)
			rest.Calls, rest.Quota = rest.Calls-t.Calls, rest.Quota-t.Quota
		}
		if fit < len(models) {
			out += amount(rest, th.Dim)
		}
		return out + amount(total, th.Money)
	}
	head := text.Left(words.ColKey, nameW)
	for _, m := range cross.Models[:fit] {
		head += " " + text.Right(text.Clean(m), colW)
	}
	if fit < len(cross.Models) {
		head += " " + text.Right(words.Others, colW)
	}
	lines := []string{th.Faint.Text(head + " " + text.Right(words.ColTotal, colW))}
	for i, k := range cross.Keys {
		lines = append(lines, line(d.Name(k.Name), cross.Cells[i], cross.KeyTotals[i], th.Plain))
	}
	return append(lines, "", line(words.ColTotal, cross.ModelTotals, cross.Total, th.Strong))
}
