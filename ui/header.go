package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatewatch/model"
	"gatewatch/ui/gateways"
	"gatewatch/ui/overview"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// segment is a part of the header or footer. The one of least worth goes first
// when the room is short.
type segment struct {
	plain string // for measuring
	drawn string
	worth int
}

func seg(style theme.Style, s string, worth int) segment {
	return segment{plain: s, drawn: style.Text(s), worth: worth}
}

// join adds segments up to one, without a gap.
func join(worth int, parts ...segment) segment {
	out := segment{worth: worth}
	for _, p := range parts {
		out.plain += p.plain
		out.drawn += p.drawn
	}
	return out
}

// row lays left segments flush left and right ones flush right on w cells, with
// gap spaces between, dropping what does not fit.
func row(left, right []segment, w, gap int) string {
	for {
		used := 0
		for _, list := range [2][]segment{left, right} {
			for _, s := range list {
				used += text.Width(s.plain) + gap
			}
		}
		if used <= w+gap-1 || len(left)+len(right) <= 1 {
			break
		}
		least, from := 1<<30, -1
		for i, list := range [2][]segment{left, right} {
			for _, s := range list {
				if s.worth < least {
					least, from = s.worth, i
				}
			}
		}
		drop := func(list []segment) []segment {
			for i, s := range list {
				if s.worth == least {
					return append(append([]segment{}, list[:i]...), list[i+1:]...)
				}
			}
			return list
		}
		if from == 0 {
			left = drop(left)
		} else {
			right = drop(right)
		}
	}
	var b strings.Builder
	used := 0
	put := func(s segment) {
		b.WriteString(s.drawn)
		used += text.Width(s.plain)
	}
	between := strings.Repeat(" ", gap)
	for i, s := range left {
		if i > 0 {
			put(segment{plain: between, drawn: between})
		}
		put(s)
	}
	tail := 0
	for _, s := range right {
		tail += text.Width(s.plain) + gap
	}
	if fill := w - used - max(0, tail-gap) - 1; fill > 0 {
		put(segment{plain: strings.Repeat(" ", fill), drawn: strings.Repeat(" ", fill)})
	}
	for i, s := range right {
		if i > 0 {
			put(segment{plain: between, drawn: between})
		}
		put(s)
	}
	if used > w {
		return text.Cut(b.String(), w)
	}
	return b.String() + strings.Repeat(" ", w-used)
}

// drawHeader answers, in this order: is it alive, how much is left, how fast is
// it going, is anything wrong.
func (u *UI) drawHeader(lines []string, r Rect) {
	d, th, words := u.data, u.theme, u.opt.Words
	s := d.State
	name := text.Clean(s.Gateway.Name)
	alive := []segment{
		seg(th.Chip(s.Gateway.Colour), " "+name+" ", 100),
		u.health(95),
	}
	for _, flag := range []struct {
		on   bool
		word string
	}{{d.Site(), words.Site}, {s.Gateway.KeyOnly, words.KeyOnly}, {u.opt.Demo, words.Demo}, {u.opt.ReadOnly || s.Gateway.ReadOnly, words.ReadOnly}, {u.private, words.Private}} {
		if flag.on {
			alive = append(alive, seg(th.Warn, flag.word, 60))
		}
	}
	balance := seg(th.Dim, text.Unknown, 99)
	if left := s.Account.V.Quota; left.OK {
		style := th.Money
		if left.V <= 0 || u.raised(model.AlertLowBalance) {
			style = th.Bad
		}
		balance = join(99, seg(style, d.Money(left.V), 0), seg(th.Dim, " "+words.Left, 0))
	}
	empty := seg(th.Dim, "", 0)
	if when, style := overview.EmptyWhen(d); d.Summary.Forecast.EmptyAt.OK {
		empty = join(80, seg(th.Dim, words.Empty+" ", 0), seg(style, when, 0))
	}
	user := seg(th.Dim, "", 0)
	if s.Account.OK && s.Account.V.Username != s.Gateway.Name {
		user = seg(th.Dim, d.Name(s.Account.V.Username), 20)
	}
	money, rpm, tpm, errs := u.rates()
	if d.Site() {
		// The site's spending does not empty the account's balance: its channels can
		// run dry.
		empty = u.channels(80)
	}
	window := join(30, seg(th.Dim, words.Do.Window.Short+" ", 0), seg(th.Plain, d.Summary.Window.Label, 0))
	clock := seg(th.Plain, u.now.In(u.opt.Zone).Format("15:04"), 25)
	budget := u.budget()

	if r.H == 2 {
		lines[r.Y] = row(append(alive, balance), filled(empty), u.w, 1)
		lines[r.Y+1] = row(append([]segment{seg(th.Plain, "", 1000)}, filled(money, rpm, tpm, errs)...), filled(budget, window), u.w, 1)
		return
	}
	lines[r.Y] = row(append(alive, filled(user, balance, empty, money, rpm, tpm, errs)...), filled(budget, window, clock), u.w, 2)
}

// filled leaves out the segments that say nothing.
func filled(all ...segment) []segment {
	var out []segment
	for _, s := range all {
		if s.plain != "" {
			out = append(out, s)
		}
	}
	return out
}

// health is a sign for the gateway's condition, and the age of the balance once
// it is old. A fresh source shows only its sign.
func (u *UI) health(worth int) segment {
	th, st := u.theme, u.data.State.Sources[model.SourceAccount]
	sign, style := gateways.Sign(th, u.data.State, u.data.State.Now)
	if u.raised(model.AlertDown) {
		style = th.Bad // until it has answered for a while
	}
	if st.Late(u.data.State.Now) {
		sign += " " + text.Age(u.data.State.Now.Sub(st.LastOK))
	}
	return seg(style, sign, worth)
}

// channels says how many of the site's channels are down, and the lowest balance
// among the others, with its age.
func (u *UI) channels(worth int) segment {
	d, th, words := u.data, u.theme, u.opt.Words
	sum := d.State.Channels.V.Summary()
	var parts []segment
	if sum.Down > 0 {
		parts = append(parts, seg(th.Bad, words.Channels+" "+fmt.Sprintf(words.ChannelsDown, sum.Down), 0))
	}
	if c := sum.Lowest; c.OK {
		if len(parts) > 0 {
			parts = append(parts, seg(th.Dim, " · ", 0))
		}
		parts = append(parts, seg(th.Dim, words.LowestChannel+" ", 0), seg(th.Plain, d.ChannelLeft(c.V), 0))
	}
	return join(worth, parts...)
}

// rates are money, requests and tokens per minute and the share of errors, each
// marked where it was counted or derived rather than reported.
func (u *UI) rates() (money, rpm, tpm, errs segment) {
	d, th, words := u.data, u.theme, u.opt.Words
	sum := d.Summary
	mark := func(o model.Origin) segment {
		switch o {
		case model.FromCounted:
			return seg(th.Dim, "*", 0)
		case model.FromDerived:
			return seg(th.Dim, "Δ", 0)
		}
		return seg(th.Dim, "", 0)
	}
	unknown := seg(th.Dim, text.Unknown, 0)
	value := unknown
	if v := sum.MPM.Value; v.OK {
		value = seg(th.Money, d.MoneyFloat(v.V), 0)
	}
	trend := seg(th.Dim, "", 0)
	if says := pane.Trend(d); says != "" {
		style := th.Warn
		switch t := sum.Trend.V; {
		case t.Direction == model.Falling:
			style = th.Dim
		case t.Times.V >= 5:
			style = th.Bad
		}
		trend = seg(style, " "+says, 0)
	}
	money = join(90, value, seg(th.Dim, words.PerMinute, 0), mark(sum.MPM.From), trend)
	count := func(name string, r model.Rate, worth int) segment {
		v := unknown
		if r.Value.OK {
			v = seg(th.Plain, text.Short(int64(r.Value.V)), 0)
		}
		return join(worth, seg(th.Dim, name+" ", 0), v, mark(r.From))
	}
	rpm, tpm = count("rpm", sum.RPM, 70), count("tpm", sum.TPM, 65)
	rate := unknown
	if e := sum.ErrorRate; e.OK {
		style := pane.FailStyle(th, e.V)
		if u.raised(model.AlertFailures) {
			style = th.Bad
		}
		rate = seg(style, text.Percent(e.V), 0)
	}
	errs = join(50, seg(th.Dim, words.Errors+" ", 0), rate)
	return money, rpm, tpm, errs
}

func precision(factor float64) int {
	if factor < 3 {
		return 1
	}
	return 0
}

// budget is shown when most of it is used, or after a 429.
func (u *UI) budget() segment {
	p := u.data.State.Pace
	if p.Budget == 0 || !p.Halved && 5*p.Used < 4*p.Budget {
		return segment{}
	}
	return seg(u.theme.Warn, fmt.Sprintf(u.opt.Words.BudgetTight, p.Used, p.Budget), 40)
}

// maxAlert bounds the lines of an alert.
const maxAlert = 3

// alert is there only when there is something to say: the worst of it, on as many
// lines as it needs, each exactly as wide as the screen.
func (u *UI) alert() []string {
	style, message := u.worst()
	if message == "" {
		return nil
	}
	var lines []string
	for i, l := range text.Wrap(text.Clean(message), max(8, u.w-4)) {
		if i == maxAlert {
			break
		}
		lead := " ▲ "
		if i > 0 {
			lead = "   "
		}
		lines = append(lines, style.Text(text.Left(lead+l, u.w)))
	}
	return lines
}

// worst is the most important thing that there is to say.
func (u *UI) worst() (theme.Style, string) {
	th, words, s := u.theme, u.opt.Words, u.data.State
	if u.frozen {
		at := s.Now.In(u.opt.Zone).Format(time.TimeOnly)
		return th.Frozen, fmt.Sprintf(words.FrozenBehind, at, text.Age(u.now.Sub(s.Now)))
	}
	if s.Pace.LimitedUntil.After(u.now) {
		return th.Alert, fmt.Sprintf(words.LimitedUntil, s.Pace.LimitedUntil.In(u.opt.Zone).Format(time.TimeOnly))
	}
	for _, src := range []model.Source{model.SourceStatus, model.SourceAccount, model.SourceCalls, model.SourceRates, model.SourceKeys, model.SourceDays, model.SourceChannels} {
		switch f := s.Sources[src].Fault; f.Kind {
		case model.FaultNone, model.FaultUnsupported:
		case model.FaultUnauthorised, model.FaultForbidden, model.FaultNotGateway:
			return th.Alert, f.Sentence
		default:
			return th.Warn, f.Sentence
		}
	}
	if style, says := u.alarm(); says != "" {
		return style, says
	}
	if u.opt.Fault != nil {
		if says := u.opt.Fault(); says != "" {
			return th.Warn, says
		}
	}
	switch {
	case s.Pace.Slow:
		return th.Warn, words.Slow
	case s.Pace.Stretch > 1.05:
		return th.Warn, fmt.Sprintf(words.Stretched, strconv.FormatFloat(s.Pace.Stretch, 'f', 1, 64))
	case s.Gateway.KeyOnly:
		return th.Dim, words.KeyOnlyNote
	case len(u.opt.Warnings) > 0:
		return th.Dim, u.opt.Warnings[0]
	}
	return th.Dim, ""
}
