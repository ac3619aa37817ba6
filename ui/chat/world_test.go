package chat

import (
	"context"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

var (
	shanghai = time.FixedZone("CST", 8*3600)
	t0       = time.Unix(1_795_154_520, 0)
)

// perMillion is a price in dollars as quota units.
func perMillion(dollars float64) model.Opt[float64] {
	return model.Some(dollars * model.DefaultQuotaPerUnit)
}

var offered = []ModelInfo{
	{Name: "gpt-4o", Price: Price{In: perMillion(2.5), Out: perMillion(10), Cached: perMillion(1.25)}, Calls: 120, First: model.Some(420 * time.Millisecond), Errors: model.Some(0.008), Mean: model.Some(5200.0)},
	{Name: "gpt-4o-mini", Price: Price{In: perMillion(0.15), Out: perMillion(0.6)}, Calls: 40, First: model.Some(310 * time.Millisecond), Errors: model.Some(0.0), Mean: model.Some(320.0)},
	{Name: "claude-opus-4", Price: Price{In: perMillion(15), Out: perMillion(75)}, Calls: 9, First: model.Some(1900 * time.Millisecond), Errors: model.Some(0.11), Mean: model.Some(90_000.0)},
	{Name: "通义千问-max", Price: Price{In: perMillion(0.3), Out: perMillion(0.9)}},
	{Name: "gpt-4o-all", Price: Price{PerCall: model.Some(25_000.0)}},
	{Name: "unpriced-model-with-a-very-long-name-that-is-cut", Price: Price{}},
}

// fake is a gateway that says what it is told.
type fake struct {
	models []ModelInfo
	keys   []KeyInfo
	fault  error
	say    func(ctx context.Context, r model.ChatRequest) iter.Seq2[model.Delta, error]
	mu     sync.Mutex
	asked  []model.ChatRequest
}

func (f *fake) Stream(ctx context.Context, _ Via, r model.ChatRequest) iter.Seq2[model.Delta, error] {
	f.mu.Lock()
	f.asked = append(f.asked, r)
	f.mu.Unlock()
	return f.say(ctx, r)
}

func (f *fake) Models(context.Context, Via) ([]ModelInfo, error) { return f.models, f.fault }
func (f *fake) Keys(context.Context, string) ([]KeyInfo, error)  { return f.keys, f.fault }

// memory is a store.
type memory struct {
	mu    sync.Mutex
	of    map[string]Saved
	saves int
}

func (m *memory) Save(_ context.Context, s Saved) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of[s.ID] = s
	m.saves++
	return nil
}

func (m *memory) List(context.Context) ([]Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Saved
	for _, s := range m.of {
		s.Body = nil
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Saved) int { return b.Updated.Compare(a.Updated) })
	return out, nil
}

func (m *memory) Load(_ context.Context, id string) (Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of[id], nil
}

func (m *memory) Rename(_ context.Context, id, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.of[id]
	s.Name = name
	m.of[id] = s
	return nil
}

func (m *memory) Delete(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.of, id)
	return nil
}

// stage is a screen under test: nothing streams by itself.
type stage struct {
	*Screen
	t      testing.TB
	d      pane.Data
	svc    *fake
	store  *memory
	now    time.Time
	sent   []tea.Msg // what went outside
	copied string
}

func data(th string) pane.Data {
	return pane.Data{
		State: model.State{Gateway: model.Gateway{Name: "prod", URL: "https://gw.example"}, Now: t0},
		Theme: theme.Get(th, true), Words: &text.English, Zone: shanghai,
	}
}

func newStage(t testing.TB) *stage {
	g := &stage{t: t, d: data("dark"), now: t0, store: &memory{of: map[string]Saved{}}}
	g.svc = &fake{models: offered, keys: []KeyInfo{
		{Name: "from the configuration"},
		{ID: "3", Name: "laptop", Note: "$2.00 left"},
		{ID: "4", Name: "客服机器人", Note: "no limit"},
		{ID: "5", Name: "old-phone", Why: "expired"},
	}}
	g.Screen = New(Options{
		Service: g.svc, Store: g.store, Now: func() time.Time { return g.now }, Go: func(func()) {},
		Later:    func(time.Duration, tea.Msg) tea.Cmd { return nil }, // a test says it itself
		Defaults: Settings{Model: "gpt-4o", KeyName: "laptop"},
	})
	g.hub.wakeless = true
	g.run(g.Open(g.d))
	return g
}

// run runs a command and gives back what it says, but what would wait.
func (g *stage) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			g.run(c)
		}
	case Msg:
		g.run(g.Update(msg, g.d))
	case pane.Copied:
		g.copied = msg.Text
	default:
		g.sent = append(g.sent, msg)
	}
}

func (g *stage) press(names ...string) *stage {
	for _, name := range names {
		g.run(g.Update(keyPress(name), g.d))
	}
	return g
}

func (g *stage) typed(s string) *stage {
	for _, r := range s {
		g.press(string(r))
	}
	return g
}

// ids are the answers that run, the first asked first.
func (g *stage) ids() []string {
	var ids []string
	for id := range g.running {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(after(a), after(b)) })
	return ids
}

// say delivers deltas to a running answer, took later.
func (g *stage) say(i int, took time.Duration, deltas ...model.Delta) *stage {
	g.now = g.now.Add(took)
	id := g.ids()[i]
	for _, d := range deltas {
		g.hub.take(id, d, nil)
	}
	g.run(g.Update(g.hub.collect(), g.d))
	if !g.streaming() {
		g.now = g.now.Add(time.Second) // it is read
	}
	return g
}

func (g *stage) fails(d model.Delta, err error) *stage {
	g.hub.take(g.ids()[0], d, err)
	g.run(g.Update(g.hub.collect(), g.d))
	g.now = g.now.Add(time.Second) // it is read
	return g
}

// ask sends a question and the answer comes in whole.
func (g *stage) ask(question, answer string) *stage {
	g.typed(question).press("enter")
	return g.say(0, 400*time.Millisecond, model.Delta{RequestID: "req-1", Content: answer[:len(answer)/2]}).
		say(0, 2*time.Second, model.Delta{Content: answer[len(answer)/2:]}, finished(1204, 567))
}

func finished(in, out int64) model.Delta {
	return model.Delta{End: model.ChatFinished, FinishReason: "stop", RequestID: "req-1", Usage: model.Some(model.ChatUsage{
		Prompt: in, Completion: out, Cached: model.Some(in * 4 / 5),
	})}
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// lines are the screen's lines without colours, each checked.
func (g *stage) lines(w, h int) []string {
	g.t.Helper()
	got, cursor := g.View(g.d, w, h)
	if len(got) != h {
		g.t.Fatalf("%d lines at %d×%d", len(got), w, h)
	}
	if cursor != nil && (cursor.X < 0 || cursor.X >= w || cursor.Y < 0 || cursor.Y >= h) {
		g.t.Fatalf("the cursor is at %d,%d of %d×%d", cursor.X, cursor.Y, w, h)
	}
	out := make([]string, h)
	for i, l := range got {
		if n := ansi.StringWidth(l); n != w {
			g.t.Fatalf("%d×%d: line %d is %d cells wide: %q", w, h, i, n, l)
		}
		out[i] = sgr.ReplaceAllString(l, "")
		if strings.ContainsRune(out[i], '\x1b') {
			g.t.Fatalf("a sequence that is no colour in %q", l)
		}
	}
	return out
}

func (g *stage) shown(w, h int) string { return strings.Join(g.lines(w, h), "\n") }

func (g *stage) golden(name string, w, h int) {
	g.t.Helper()
	got := g.shown(w, h) + "\n"
	path := filepath.Join("testdata", name+".txt")
	if *updateGolden {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			g.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			g.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		g.t.Errorf("%s differs (-update writes it anew):\n%s", path, got)
	}
}

func keyPress(name string) tea.KeyPressMsg {
	named := map[string]rune{
		"tab": tea.KeyTab, "enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "f1": tea.KeyF1, "backspace": tea.KeyBackspace, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	}
	if code, ok := named[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if rest, ok := strings.CutPrefix(name, "alt+"); ok {
		k := keyPress(rest)
		k.Mod |= tea.ModAlt
		return k
	}
	if ch, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(ch[0]), Mod: tea.ModCtrl}
	}
	r := []rune(name)[0]
	if r >= 'A' && r <= 'Z' {
		return tea.KeyPressMsg{Code: r + 'a' - 'A', ShiftedCode: r, Mod: tea.ModShift, Text: string(r)}
	}
	return tea.KeyPressMsg{Code: r, Text: string(r)}
}

func pasted(s string) tea.PasteMsg { return tea.PasteMsg{Content: s} }

// after is the number in an answer's name.
func after(id string) string {
	_, n, _ := strings.Cut(id, "-")
	return n
}
