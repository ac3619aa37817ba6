package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

func (s *Screen) openExport(d pane.Data) {
	d = s.home(d)
	d.Private = false // a file is not a screenshot
	s.pop = &form{
		name: s.words.Export, fields: []field{newField(s.words.FilePath, "chat-"+s.opt.Now().Format("2006-01-02-1504")+".md", 1)},
		keep: func(s *Screen, v []string) (tea.Cmd, string) {
			if strings.TrimSpace(v[0]) == "" {
				return nil, s.words.FilePath
			}
			c := s.snapshot()
			c.paper = paper{s.words, d.MoneyFloat}
			return export(c, v[0]), ""
		},
	}
}

// exported says where a conversation was written to.
type exported struct {
	path  string
	fault error
}

func (exported) chatMsg() {}

// export writes a conversation to a file that is not there yet, as JSON where its
// name says so, else as Markdown.
func export(c Conversation, path string) tea.Cmd {
	path = strings.TrimSpace(path)
	return func() tea.Msg {
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			if home, err := os.UserHomeDir(); err == nil {
				path = filepath.Join(home, rest)
			}
		}
		b := c.Markdown()
		if strings.EqualFold(filepath.Ext(path), ".json") {
			var err error
			if b, err = c.JSON(); err != nil {
				return exported{path, err}
			}
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return exported{path, err}
		}
		_, err = f.Write(b)
		return exported{path, errors.Join(err, f.Close())}
	}
}

// JSON is the conversation for a file, nothing of it left out or changed.
func (c Conversation) JSON() ([]byte, error) {
	c.Format = format
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("chat: %w", err)
	}
	return append(escaped(b), '\n'), nil
}

// escaped writes what a terminal could obey as \u and its number: JSON does so with
// the first 32 letters only, and a file is looked at with cat.
func escaped(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r < 0x7f:
			out = append(out, b[:n]...)
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d':
			for _, u := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, "\\u%04x", u)
			}
		default:
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// paper is how a conversation is written for a person; the zero paper is in English,
// and in quota units.
type paper struct {
	words *text.ChatWords
	money func(quota float64) string
}

// Markdown is the conversation for a person to read: every answer, and what is
// known of it. Nothing in it does anything to a terminal.
func (c Conversation) Markdown() []byte {
	p := c.paper
	if p.words == nil {
		p.words = &text.ChatEnglish
	}
	w := p.words
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s · %s\n\n", text.Clean(c.title()), text.Clean(c.Gateway), c.Created.Format(time.RFC3339))
	for _, set := range [][2]string{
		{w.ColModel, c.Model},
		{w.ColKey, c.KeyName},
		{w.SettingTemperature, number(c.Temperature)},
		{w.SettingMax, number(c.MaxTokens)},
	} {
		if set[1] != "" {
			fmt.Fprintf(&b, "- %s: %s\n", set[0], text.Clean(set[1]))
		}
	}
	if c.System != "" {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", w.System, closed(c.System))
	}
	for _, m := range c.Messages {
		if m.Role == model.ChatUser {
			p.question(&b, m)
			continue
		}
		fmt.Fprintf(&b, "\n## %s, %s\n", text.Clean(m.Model), m.At.Format(time.DateTime))
		n := len(m.Former) + 1
		p.answer(&b, m, n)
		for _, f := range m.Former {
			fmt.Fprintf(&b, "\n### %s, %s\n", text.Clean(f.Model), f.At.Format(time.DateTime))
			p.answer(&b, f, n)
		}
	}
	return []byte(b.String())
}

func number[T any](v model.Opt[T]) string {
	if !v.OK {
		return ""
	}
	return fmt.Sprint(v.V)
}

func (p paper) question(b *strings.Builder, m Message) {
	fmt.Fprintf(b, "\n## %s, %s\n", p.words.You, m.At.Format(time.DateTime))
	for _, part := range m.Parts {
		switch {
		case part.Kind == model.PartText && part.Name == "":
			fmt.Fprintf(b, "\n%s\n", closed(part.Text))
		case part.Kind == model.PartText:
			fmt.Fprintf(b, "\n%s\n", safe(fenced(part)))
		default:
			fmt.Fprintf(b, "\n(%s)\n", text.Clean(part.Name))
		}
	}
}

// answer writes one of n answers to a question: what was thought as a quotation,
// what was said as it is, how it ended, and what it took.
func (p paper) answer(b *strings.Builder, m Message, n int) {
	w := p.words
	if n > 1 {
		fmt.Fprintf(b, "\n%s\n", fmt.Sprintf(w.ExportAnswer, max(1, m.Nth), n))
	}
	if m.Reasoning != "" {
		fmt.Fprintf(b, "\n%s:\n\n> %s\n", w.ExportReasoning, strings.ReplaceAll(strings.TrimSpace(safe(m.Reasoning)), "\n", "\n> "))
	}
	fmt.Fprintf(b, "\n%s\n", closed(m.Text))
	if !m.End.Whole() {
		fmt.Fprintf(b, "\n(%s)\n", strings.TrimSpace(string(m.End)+" "+text.Clean(m.Fault)))
		if m.Theirs != "" && !strings.Contains(m.Fault, m.Theirs) {
			fmt.Fprintf(b, "\n(%s)\n", fmt.Sprintf(w.TheySay, text.Clean(m.Theirs)))
		}
	}
	if why := m.ranShort(w); m.End == model.ChatFinished && why != "" {
		fmt.Fprintf(b, "\n(%s)\n", why)
	}
	if facts := p.facts(m); facts != "" {
		fmt.Fprintf(b, "\n%s\n", facts)
	}
}

// facts are what is known of the time and the price of an answer.
func (p paper) facts(m Message) string {
	w, c := p.words, m.Cost
	var out []string
	add := func(form string, args ...any) { out = append(out, fmt.Sprintf(form, args...)) }
	if c.First.OK {
		add(w.First, text.Took(c.First.V))
	}
	if c.Took.OK {
		add(w.ExportTook, text.Took(c.Took.V))
	}
	if v := speed(c); v.OK {
		add(w.Speed, perSecond(v.V))
	}
	if u := c.Usage; u.OK {
		in, answer := model.Count(u.V.Prompt), model.Count(u.V.Completion)
		if u.V.Cached.OK {
			in += " (" + fmt.Sprintf(w.Cached, model.Count(u.V.Cached.V)) + ")"
		}
		if u.V.Reasoning.OK {
			answer += " (" + fmt.Sprintf(w.Thought, model.Count(u.V.Reasoning.V)) + ")"
		}
		add(w.Tokens, in, answer)
	}
	if c.About.OK {
		out = append(out, "≈ "+p.amount(c.About.V))
	}
	switch {
	case c.Billed.OK:
		add(w.Billed, p.amount(float64(c.Billed.V)))
	case c.NoLog:
		out = append(out, w.NoLog)
	case m.refused():
	case c.Missing:
		out = append(out, w.NotInLog)
	}
	if c.RequestID != "" {
		add(w.ExportRequest, text.Clean(c.RequestID))
	}
	return strings.Join(out, " · ")
}

// amount is a sum in the gateway's currency, and in its own units.
func (p paper) amount(quota float64) string {
	own := fmt.Sprintf(p.words.ExportQuota, quota)
	if p.money == nil {
		return own
	}
	return p.money(quota) + " (" + own + ")"
}

// closed is a text of somebody's with the code block that it leaves open closed: an
// answer that was cut off would make code of all that follows.
func closed(s string) string {
	s = strings.TrimRight(safe(s), "\n")
	open := ""
	for l := range strings.SplitSeq(s, "\n") {
		l = strings.TrimSpace(l)
		if l == "" || l[0] != '`' && l[0] != '~' {
			continue
		}
		rest := strings.TrimLeft(l, l[:1])
		run := l[:len(l)-len(rest)]
		switch {
		case open == "" && len(run) >= 3 && (run[0] == '~' || !strings.Contains(rest, "`")):
			open = run
		case open != "" && strings.HasPrefix(run, open) && rest == "":
			open = ""
		}
	}
	if open != "" {
		s += "\n" + open
	}
	return s
}
