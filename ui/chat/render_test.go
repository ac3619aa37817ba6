package chat

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"gatewatch/model"
)

// wire is what goes to a terminal.
type wire struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *wire) bytes() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.b.Bytes())
}

// step is done in the program's own goroutine.
type step func()

// played is a program that shows a stage.
type played struct {
	g     *stage
	w, h  int
	lines []string
}

func (p *played) Init() tea.Cmd { return nil }

func (p *played) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if do, ok := msg.(step); ok {
		do()
	}
	return p, nil
}

func (p *played) View() tea.View {
	p.lines = p.g.lines(p.w, p.h)
	drawn, _ := p.g.View(p.g.d, p.w, p.h)
	v := tea.NewView(strings.Join(drawn, "\n"))
	v.AltScreen = true
	return v
}

// play runs steps in a real program, each drawn by its renderer, and returns what
// went to the terminal up to the last of them, and what should be seen there.
func play(t *testing.T, g *stage, w, h int, steps ...func()) (out []byte, lines []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var to wire
		m := &played{g: g, w: w, h: h}
		p := tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(&to), tea.WithWindowSize(w, h), tea.WithColorProfile(colorprofile.TrueColor),
			tea.WithoutSignalHandler(), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
		done := make(chan error, 1)
		go func() {
			_, err := p.Run()
			done <- err
		}()
		for _, do := range append([]func(){func() {}}, steps...) {
			p.Send(step(do))
			time.Sleep(200 * time.Millisecond) // of the bubble's clock: it is drawn
			synctest.Wait()
		}
		out, lines = to.bytes(), m.lines
		p.Quit()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return out, lines
}

// foreign returns the first piece of what went to a terminal that our renderer does
// not write: it moves the cursor, erases, scrolls, and colours; own are the
// sequences that it begins with.
func foreign(out []byte, own map[string]bool) string {
	p := ansi.GetParser()
	defer ansi.PutParser(p)
	var state byte
	for len(out) > 0 {
		seq, _, n, next := ansi.DecodeSequence(out, state, p)
		state = next
		out = out[n:]
		s := string(seq)
		switch {
		case own[s] || s == "\r" || s == "\n" || s == "\b" || s == "\t":
		case ansi.HasCsiPrefix(seq) && seq[0] == 0x1b:
			if !ours(p) {
				return s
			}
		case s == "\x1bM" || s == "\x1b7" || s == "\x1b8": // one line up, and the cursor kept
		case seq[0] < ' ' || seq[0] == 0x7f || seq[0] >= 0x80 && seq[0] < 0xa0:
			return s
		case strings.ContainsFunc(s, func(r rune) bool { return r != '\u200d' && r != '\u200c' && safe(string(r)) != string(r) }):
			return s
		}
	}
	return ""
}

// ours reports whether a control sequence is one that the renderer draws with.
func ours(p *ansi.Parser) bool {
	cmd := ansi.Cmd(p.Command())
	if f := cmd.Final(); cmd.Prefix() == '?' && cmd.Intermediate() == 0 && (f == 'h' || f == 'l') && len(p.Params()) == 1 {
		v, _, _ := p.Params().Param(0, 0)
		return v == 7 || v == 25 || v == 2026 // wrapping at wide lines, the cursor, a frame at a time
	}
	if cmd.Prefix() != 0 || cmd.Intermediate() != 0 {
		return false
	}
	switch cmd.Final() {
	case 'A', 'B', 'C', 'D', 'G', 'H', 'd', '`', 'K', 'X', 'P', '@', 'L', 'M', 'S', 'T', 'b', 'r', 'I', 'Z':
		return true
	case 'J': // to the end of the screen alone
		v, _, _ := p.Params().Param(0, 0)
		return v == 0
	case 'm':
		params := p.Params()
		for i := 0; i < len(params); i++ {
			switch v, _, _ := params.Param(i, 0); {
			case v == 38 || v == 48: // its colour follows: 5 and a number, or 2 and three
				kind, _, _ := params.Param(i+1, 0)
				i += 2
				if kind == 2 {
					i += 2
				}
			case v == 5 || v == 6 || v == 8 || v > 107: // blinking, hidden
				return false
			}
		}
		return true
	}
	return false
}

// FuzzTerminal lets a model say anything and looks at the bytes that the real
// renderer sends, and at what a terminal makes of them.
func FuzzTerminal(f *testing.F) {
	for _, e := range evil {
		f.Add(e, e, uint8(80), uint8(24))
	}
	f.Add(strings.Join(evil, "\n\n"), "name", uint8(100), uint8(60))
	f.Add("```go\n"+short, "नमस्ते ｶﾞ 👨‍👩‍👧", uint8(33), uint8(9))
	f.Fuzz(func(t *testing.T, say, name string, wide, high uint8) {
		w, h := int(wide)%160+20, int(high)%50+8
		g := newStage(t)
		quiet, _ := play(t, g, w, h)
		own := map[string]bool{}
		p := ansi.GetParser()
		defer ansi.PutParser(p)
		for state := byte(0); len(quiet) > 0; {
			seq, _, n, next := ansi.DecodeSequence(quiet, state, p)
			if seq[0] == 0x1b {
				own[string(seq)] = true
			}
			quiet, state = quiet[n:], next
		}
		out, lines := play(t, g, w, h,
			func() {
				g.conv.Model, g.conv.KeyName, g.conv.Name = "m"+name, name, name
				g.Paste(pasted(say))
			},
			func() {
				g.press("x", "enter").say(0, time.Second, model.Delta{Reasoning: say, Content: say[:len(say)/2], RequestID: name})
			},
			func() {
				g.say(0, time.Second, model.Delta{Content: say[len(say)/2:]}, model.Delta{End: model.ChatFailed, FinishReason: name})
			},
			func() { g.press("esc", "t", "g") },
			func() { g.press("L") },
			func() { g.press("esc", "G") },
		)
		if s := foreign(out, own); s != "" {
			t.Fatalf("%q reaches the terminal", s)
		}
		// Whatever slipped through that would have moved or erased something is seen
		// on the screen.
		screen := vt.NewEmulator(w, h)
		go func() { _, _ = io.Copy(io.Discard, screen) }()  // its answers to questions
		if pipe, ok := screen.InputPipe().(io.Closer); ok { // its Close and its Read do not go together
			defer func() { _ = pipe.Close() }()
		}
		// Without an input the renderer takes it that the terminal's driver makes a
		// whole new line of \n.
		if _, err := screen.Write(bytes.ReplaceAll(out, []byte("\n"), []byte("\r\n"))); err != nil {
			t.Fatal(err)
		}
		for y, want := range lines {
			var b strings.Builder
			for x := range w {
				if c := screen.CellAt(x, y); c != nil && c.Width > 0 {
					b.WriteString(c.Content)
				}
			}
			if got := b.String(); got != want {
				t.Fatalf("line %d is\n%q, not\n%q", y, got, want)
			}
		}
	})
}

// The check itself sees what it is there for.
func TestForeignIsSeen(t *testing.T) {
	for _, bad := range []string{
		"\x1b]0;title\x07", "\x1b]52;c;b3du\x07", "\x1b]8;;http://x\x1b\\", "\x1bPq\x1b\\", "\x1b_x\x1b\\", "\x1b[2J", "\x1b[6n", "\x1b[c", "\x1b[5m", "\x1b[1;8m",
		"\x1b[?1000h", "\x1b[>1u", "\x07", "\x0e", "a\u202eb", "\u009b31m", "\x9b31m", "\x1bc",
	} {
		if foreign([]byte("text "+bad+" text"), nil) == "" {
			t.Errorf("%q is not seen", bad)
		}
	}
	if s := foreign([]byte("text\x1b[38;5;8m\x1b[48;2;5;6;8m 日本 👨‍👩‍👧\x1b[m\r\n\x1b[3;4H\x1b[K\x1b[J"), nil); s != "" {
		t.Errorf("%q is ours", s)
	}
}
