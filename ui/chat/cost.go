package chat

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatewatch/model"
	"gatewatch/ui/chat/markdown"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// tokens estimates how many tokens a text is: a token is about four letters of
// European text, or two thirds of a Chinese or Japanese one.
func tokens(s string) float64 {
	ascii, wide := letters(s)
	return float64(ascii)/4 + float64(wide)/1.5
}

// leastTokens is a number that the tokens of a text are not below: hardly any
// tokenizer takes more than six letters or two ideographs together on average.
func leastTokens(s string) float64 {
	ascii, wide := letters(s)
	return float64(ascii)/6 + float64(wide)/2
}

func letters(s string) (narrow, wide int) {
	for i := range len(s) {
		switch b := s[i]; {
		case b < 0x80:
			narrow++
		case b >= 0xE0: // the first of three or four bytes
			wide++
		case b >= 0xC0:
			narrow += 2
		}
	}
	return narrow, wide
}

// about is the price of so many tokens.
func (p Price) about(in, cached, out float64) model.Opt[float64] {
	if !p.Known() || in > 0 && !p.In.OK && !p.PerCall.OK || out > 0 && !p.Out.OK && !p.PerCall.OK {
		return model.Opt[float64]{}
	}
	q := p.PerCall.V
	q += (in - cached) * p.In.V / 1e6
	q += cached * p.Cached.Or(p.In.V) / 1e6
	q += out * p.Out.V / 1e6
	return model.Some(q)
}

// estimate is what an answer cost, from its usage where the gateway told, else
// from its text.
func (p Price) estimate(r int64, m *item) model.Opt[float64] {
	if u := m.Cost.Usage; u.OK {
		return p.about(float64(u.V.Prompt), float64(u.V.Cached.V), float64(u.V.Completion))
	}
	return p.about(float64(r), 0, tokens(m.answer())+tokens(m.thoughts()))
}

// price is what a model costs here.
func (s *Screen) price(name string) Price {
	if s.modelsFrom != s.conv.Gateway {
		return Price{}
	}
	for i := range s.models {
		if s.models[i].Name == name {
			return s.models[i].Price
		}
	}
	return Price{}
}

// context is how many tokens a request with these messages holds, as the usage of
// the last answer in it tells, or the texts. least makes it a lower bound.
func (s *Screen) context(messages []Message, least bool) float64 {
	count := tokens
	if least {
		count = leastTokens
	}
	total := count(s.conv.System)
	for i, m := range slices.Backward(messages) {
		if u := m.Cost.Usage; m.Role == model.ChatAssistant && u.OK && m.End.Whole() && m.Text != "" {
			total, messages = float64(u.V.Prompt+u.V.Completion-u.V.Reasoning.V), messages[i+1:]
			break
		}
	}
	// Not all messages are sent.
	for _, m := range request(Settings{}, messages).Messages {
		for _, p := range m.Parts {
			total += count(p.Text)
		}
	}
	return total
}

// leastFor is what so many tokens cost these models at least, their answers left
// out. What was said before may come from a cache.
func (s *Screen) leastFor(names []string, before, fresh float64) model.Opt[float64] {
	sum := 0.0
	for _, name := range names {
		q := s.price(name).about(before+fresh, before, 0)
		if !q.OK {
			return q
		}
		sum += q.V
	}
	return model.Some(sum)
}

// priceOf is the billed amount, or the estimate with its sign; "" where neither is
// known.
func priceOf(d pane.Data, c Cost) string {
	switch {
	case c.Billed.OK:
		return d.Money(c.Billed.V)
	case c.About.OK:
		return "≈ " + d.MoneyFloat(c.About.V)
	}
	return ""
}

// atLeast prints a lower bound, "" where it is too small to show: that something costs
// at least nothing need not be said.
func atLeast(d pane.Data, q float64) string {
	s := d.MoneyFloat(q)
	if !d.Private && !strings.ContainsAny(s, "123456789") {
		return ""
	}
	return s
}

// costLines say what is known of an answer's price, the amount last so that it
// stands where the eye looks for a sum.
func (s *Screen) costLines(d pane.Data, it *item, room int) []markdown.Line {
	w, c := s.words, it.Cost
	if it.bare && s.cmp != nil && s.cmp.tabled {
		return nil
	}
	var parts []string
	if c.First.OK {
		parts = append(parts, fmt.Sprintf(w.First, text.Took(c.First.V)))
	}
	if v := speed(c); v.OK {
		parts = append(parts, fmt.Sprintf(w.Speed, perSecond(v.V)))
	}
	if u := c.Usage; u.OK && !it.bare {
		in, out := text.Short(u.V.Prompt), text.Short(u.V.Completion)
		if n := u.V.Cached; n.OK && n.V > 0 {
			in += " (" + fmt.Sprintf(w.Cached, text.Short(n.V)) + ")"
		}
		if n := u.V.Reasoning; n.OK && n.V > 0 {
			out += " (" + fmt.Sprintf(w.Thought, text.Short(n.V)) + ")"
		}
		parts = append(parts, fmt.Sprintf(w.Tokens, in, out))
	}
	amount := s.amount(d, it.message(), it.awaited)
	if amount != "" {
		parts = append(parts, amount)
	}
	if len(parts) == 0 {
		return nil
	}
	var lines []markdown.Line
	for _, l := range packed(parts, max(8, room)) {
		lines = append(lines, styled(d.Theme.Dim, l, room))
		if before, ok := strings.CutSuffix(l, amount); ok && c.Billed.OK && text.Width(l) <= room {
			lines[len(lines)-1].S = d.Theme.Dim.Text(before) + d.Theme.Money.Text(amount)
		}
	}
	return lines
}

// faultLines say what the gateway's operator asks for: its own code of the error, and
// what the request is called in its log.
func (s *Screen) faultLines(d pane.Data, it *item, room int) (lines []markdown.Line) {
	if it.End != model.ChatFailed && it.End != model.ChatCutOff && it.End != model.ChatEmpty {
		return nil
	}
	var parts []string
	if it.Code != "" {
		parts = append(parts, fmt.Sprintf(s.words.TheirCode, text.Clean(it.Code)))
	}
	if it.Cost.RequestID != "" {
		parts = append(parts, fmt.Sprintf(s.words.TheirRequest, text.Clean(it.Cost.RequestID)))
	}
	for _, l := range packed(parts, max(8, room)) {
		lines = append(lines, styled(d.Theme.Dim, l, room))
	}
	return lines
}

// packed puts parts in lines, and breaks between them where it can.
func packed(parts []string, room int) (lines []string) {
	for _, p := range parts {
		if n := len(lines) - 1; n >= 0 && text.Width(lines[n])+3+text.Width(p) <= room {
			lines[n] += " · " + p
			continue
		}
		lines = append(lines, wrap(p, room)...)
	}
	return lines
}

// wrap breaks a text in lines, but not between a sign and its amount.
func wrap(s string, w int) []string {
	const hard = "\u00a0"
	lines := text.Wrap(strings.NewReplacer("≈ ", "≈"+hard, "≥ ", "≥"+hard).Replace(s), w)
	for i, l := range lines {
		lines[i] = strings.ReplaceAll(l, hard, " ")
	}
	return lines
}

// amount is the billed amount, or the estimate.
func (s *Screen) amount(d pane.Data, m Message, awaited bool) string {
	w, c := s.words, m.Cost
	if c.Billed.OK {
		return fmt.Sprintf(w.Billed, priceOf(d, c))
	}
	var parts []string
	if c.About.OK {
		parts = append(parts, priceOf(d, c))
	}
	switch {
	case c.NoLog:
		parts = append(parts, w.NoLog)
	case m.refused():
	case c.Missing:
		parts = append(parts, w.NotInLog)
	case awaited && !c.About.OK && (c.First.OK || m.End == model.ChatStopped):
		parts = append(parts, w.AwaitsLog)
	}
	return strings.Join(parts, ", ")
}

// speed is the tokens per second from the first token on.
func speed(c Cost) model.Opt[float64] {
	last := c.Last.Or(c.Took.V)
	if !c.Usage.OK || !c.Took.OK || !c.First.OK || last-c.First.V < 50*time.Millisecond {
		return model.Opt[float64]{}
	}
	return model.Some(float64(c.Usage.V.Completion) / (last - c.First.V).Seconds())
}

func perSecond(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// total is what the conversation cost so far; about says that a part of it is an
// estimate, least that a part is not known.
func (s *Screen) total() (q float64, about, least bool) {
	add := func(m Message) {
		switch {
		case m.Role != model.ChatAssistant:
		case m.Cost.Billed.OK:
			q += float64(m.Cost.Billed.V)
		case m.Cost.About.OK:
			q, about = q+m.Cost.About.V, true
		case m.charged() && !m.refused() || m.End == model.ChatOpen:
			least = true
		}
	}
	s.inView(func(it *item, m *Message) {
		if m == &it.Message {
			add(it.message())
		} else {
			add(*m)
		}
	})
	return q, about, least
}

// totalLine is the total for the title.
func (s *Screen) totalLine(d pane.Data) string {
	q, about, least := s.total()
	if q == 0 {
		return ""
	}
	sign := ""
	switch {
	case least:
		sign = "≥ "
	case about:
		sign = "≈ "
	}
	return sign + fmt.Sprintf(s.words.Total, d.MoneyFloat(q))
}
