//go:build linux || darwin

package chat

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/internal/terminal"
	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// programVariable makes the test binary be a program with nothing but the chat
// screen: "full" at full width, "beside" right of a pane that stands still. Keys
// drive it. It is what the pictures are made of, too.
const programVariable = "CHAT_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if kind := os.Getenv(programVariable); kind != "" {
		runProgram(kind)
		return
	}
	os.Exit(m.Run())
}

func runProgram(kind string) {
	svc := &fake{models: offered, keys: []KeyInfo{{ID: "3", Name: "laptop", Note: "$2.00 left"}}}
	svc.say = writer(200)
	h := &host{s: New(Options{
		Service: svc, Store: &memory{of: map[string]Saved{}}, Defaults: Settings{Model: "gpt-4o", KeyName: "laptop"},
	}), d: data("dark"), beside: kind == "beside"}
	p := tea.NewProgram(h, tea.WithFPS(40))
	if _, err := p.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("streaming %d ms of %d ms\n", steady.cpu.Milliseconds(), steady.took.Milliseconds())
}

// steady is the processor time that the program took while the answer came, from its
// second second to its seventh, and how long that was. Nothing is typed meanwhile.
var steady struct {
	cpu, took time.Duration
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// writer answers with as many tokens a second, of about four letters. The
// question says how much: "64k" of ASCII, "cjk", "evil", else a sample.
func writer(rate int) func(context.Context, model.ChatRequest) iter.Seq2[model.Delta, error] {
	return func(ctx context.Context, r model.ChatRequest) iter.Seq2[model.Delta, error] {
		q := r.Messages[len(r.Messages)-1].Text()
		src := answerTo(q)
		return func(yield func(model.Delta, error) bool) {
			if !yield(model.Delta{RequestID: "202611201402" + fmt.Sprint(len(q))}, nil) {
				return
			}
			time.Sleep(300 * time.Millisecond)
			if strings.Contains(q, "why") {
				yield(model.Delta{Reasoning: strings.Repeat("The person wants to know the reason. ", 30)}, nil)
			}
			began := time.Now()
			var n int64
			var cpu, from time.Duration
			for at := 0; at < len(src); n++ {
				switch n {
				case int64(rate):
					cpu, from = processorTime(), time.Since(began)
				case 7 * int64(rate):
					steady.cpu, steady.took = processorTime()-cpu, time.Since(began)-from
				}
				to := min(len(src), at+4)
				for to < len(src) && src[to]&0xC0 == 0x80 {
					to++
				}
				if !yield(model.Delta{Content: src[at:to]}, nil) {
					return
				}
				at = to
				select {
				case <-ctx.Done():
					yield(model.Delta{End: model.ChatStopped}, nil)
					return
				case <-time.After(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(rate)))):
				}
			}
			yield(model.Delta{End: model.ChatFinished, FinishReason: "stop", Usage: model.Some(model.ChatUsage{Prompt: 1204, Completion: n, Cached: model.Some[int64](963)})}, nil)
		}
	}
}

func answerTo(q string) string {
	b, err := os.ReadFile(filepath.Join("markdown", "testdata", "sample.md"))
	if err != nil {
		return err.Error()
	}
	s := string(b)
	switch {
	case strings.Contains(q, "64k"):
		s = strings.Map(func(r rune) rune {
			if r > '~' {
				return 'x'
			}
			return r
		}, s)
		return strings.Repeat(s, 64<<10/len(s)+1)
	case strings.Contains(q, "cjk"):
		return strings.Repeat("大语言模型按词元计费，价格由网关的倍率决定；缓存命中的部分便宜得多。\n\n", 400)
	case strings.Contains(q, "evil"):
		return strings.Join(evil, "\n\n") + "\n\nthe end"
	case strings.Contains(q, "tell"):
		return s
	}
	return short
}

// host is a program around the screen.
type host struct {
	s      *Screen
	d      pane.Data
	w, h   int
	beside bool
}

func (h *host) Init() tea.Cmd { return h.s.Open(h.d) }

func (h *host) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		h.w, h.h = msg.Width, msg.Height
	case tea.KeyPressMsg:
		switch k := msg.String(); {
		case h.s.Takes(msg):
			return h, h.s.Update(msg, h.d)
		case k == "ctrl+c" || k == "q":
			return h, tea.Quit
		}
	case tea.PasteMsg, Msg:
		return h, h.s.Update(msg, h.d)
	case Answered:
		return h, tea.Tick(1500*time.Millisecond, func(time.Time) tea.Msg {
			return BilledMsg{Answer: msg.Answer, Billed: model.Some(Billed{Quota: 3935})}
		})
	case pane.Copied:
		return h, tea.SetClipboard(msg.Text)
	}
	return h, nil
}

func (h *host) View() tea.View {
	v := tea.NewView("")
	v.AltScreen = true
	if h.w == 0 {
		return v
	}
	w, left := h.w, 0
	if h.beside {
		left = w / 3
		w -= left
	}
	lines, cursor := h.s.View(h.d, w, h.h-2)
	out := make([]string, 0, h.h)
	head := h.d.Theme.Chip("red").Text(" prod ") + h.d.Theme.Good.Text(" ●") + " alice  " + h.d.Theme.Money.Text("$99.65 left") + h.d.Theme.Dim.Text("  $0.022/min  rpm 12")
	out = append(out, text.Left(head, h.w))
	side := pane.Box(h.d.Theme, pane.Frame{Title: "Overview"}, left, h.h-2, nil)
	for i, l := range lines {
		if left > 0 {
			l = side[i] + l
		}
		out = append(out, l)
	}
	var foot []string
	for _, b := range h.s.Footer() {
		foot = append(foot, h.d.Theme.Key.Text(b.Shown)+" "+b.Do.Short)
	}
	out = append(out, text.Left(" "+strings.Join(foot, "  "), h.w))
	v.Content = strings.Join(out, "\n")
	if cursor != nil {
		c := *cursor
		c.X, c.Y = c.X+left, c.Y+1
		v.Cursor = &c
	}
	return v
}

// startProgram runs the program in a real terminal.
func startProgram(t *testing.T, kind string, cols, rows int) *terminal.Terminal {
	t.Helper()
	term, err := terminal.Start(terminal.Options{
		Args: []string{os.Args[0]}, Env: []string{programVariable + "=" + kind}, Cols: cols, Rows: rows, Record: 8 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(term.Close)
	if err := term.WaitText(20*time.Second, "ask something"); err != nil {
		t.Fatal(err)
	}
	return term
}

func waitFor(t *testing.T, term *terminal.Terminal, what string) {
	t.Helper()
	if err := term.WaitText(20*time.Second, what); err != nil {
		t.Fatal(err)
	}
}

// TestStreamCosts streams an answer at 200 tokens a second, then types while it goes
// on, and measures bytes, processor time and how long a key takes.
func TestStreamCosts(t *testing.T) {
	if os.Getenv("GATEWATCH_MEASURE") == "" {
		t.Skip("measures a real terminal in real time: set GATEWATCH_MEASURE=1")
	}
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, c := range []struct {
		kind, what string
		most       float64 // bytes a second
	}{
		{"full", "64k", 8000},
		{"beside", "64k", 8000},
		// The renderer sends every line with a wide letter whole, each time.
		{"full", "cjk", 40_000},
	} {
		t.Run(c.kind+" "+c.what, func(t *testing.T) {
			term := startProgram(t, c.kind, 160, 48)
			term.Send("write " + c.what + terminal.Enter)
			waitFor(t, term, "writing")
			time.Sleep(time.Second)
			from, began := term.BytesRead(), time.Now()
			time.Sleep(7 * time.Second)
			rate := float64(term.BytesRead()-from) / time.Since(began).Seconds()
			var took []time.Duration
			for i := range 60 {
				letter := string(rune('a' + i%26))
				at := time.Now()
				term.Send(letter)
				waitFor(t, term, typedSoFar(i))
				took = append(took, time.Since(at))
				time.Sleep(17 * time.Millisecond)
			}
			slices.Sort(took)
			term.Send(terminal.CtrlC)
			waitFor(t, term, "stopped")
			term.Send(terminal.CtrlC)
			if _, err := term.Wait(20 * time.Second); err != nil {
				t.Fatal(err)
			}
			share, p99 := shareOfCore(t, term), took[len(took)-1]
			t.Logf("%s: %.1f kB/s, %.1f %% of a core, a key is seen after %v (median), %v (p99)", c.what, rate/1000, 100*share, took[30], p99)
			if rate > c.most {
				t.Errorf("%.1f kB/s go to the terminal, at most %.0f are allowed", rate/1000, c.most/1000)
			}
			if share > 0.1 {
				t.Errorf("%.1f %% of a core, at most 10 are allowed", 100*share)
			}
			if p99 > 40*time.Millisecond {
				t.Errorf("a key is seen after %v, at most 40 ms are allowed", p99)
			}
		})
	}
}

func typedSoFar(i int) string {
	var b strings.Builder
	for n := max(0, i-20); n <= i; n++ {
		b.WriteByte(byte('a' + n%26))
	}
	return b.String()
}

// shareOfCore is how much of a core the program took while it streamed, as it says.
func shareOfCore(t *testing.T, term *terminal.Terminal) float64 {
	t.Helper()
	raw := string(term.Raw())
	var cpu, took float64
	if _, err := fmt.Sscanf(raw[max(0, strings.LastIndex(raw, "streaming ")):], "streaming %f ms of %f ms", &cpu, &took); err != nil || took < 5000 {
		t.Fatalf("what streaming cost is not known: %v, %.0f of %.0f ms", err, cpu, took)
	}
	return cpu / took
}

// TestNothingOfTheModelsReachesTheTerminal looks at the bytes themselves.
func TestNothingOfTheModelsReachesTheTerminal(t *testing.T) {
	term := startProgram(t, "full", 100, 60)
	before := len(term.Raw())
	term.Send("evil" + terminal.Enter)
	waitFor(t, term, "the end")
	waitFor(t, term, "billed")
	raw := string(term.Raw())[before:]
	for _, bad := range []string{"\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1b[2J", "\x1b[6n", "\x1b[c", "\x1b[5m", "\x1b[8m", "\u009b", "\u202e", "\x07"} {
		if i := strings.Index(raw, bad); i >= 0 {
			t.Errorf("%q reaches the terminal: %q", bad, raw[max(0, i-30):min(len(raw), i+30)])
		}
	}
	if term.Title() != "" || term.Clipboard() != "" {
		t.Errorf("title %q, clipboard %q", term.Title(), term.Clipboard())
	}
}

// TestEditor writes on in an editor.
func TestEditor(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "ed.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf ' and 更多' >> \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", script)
	term := startProgram(t, "full", 80, 24)
	term.Send("draft")
	waitFor(t, term, "draft")
	term.Send(terminal.CtrlO)
	waitFor(t, term, "draft and 更多")
	term.Send(terminal.AltEnter + "second")
	waitFor(t, term, "second")
	term.Send(terminal.Paste(strings.Repeat("a long line of text\n", 50_000)))
	waitFor(t, term, "50,001 lines")
	term.Send(terminal.Enter)
	waitFor(t, term, "more lines")
	waitFor(t, term, "billed")
}
