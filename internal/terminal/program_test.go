//go:build linux || darwin

package terminal

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// patience is how long a test waits for what takes milliseconds: long enough
// that a busy machine does not fail it.
const patience = 20 * time.Second

// programVariable makes the test binary be the program under test.
const programVariable = "TERMINAL_TEST_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(programVariable) {
	case "tea":
		if _, err := tea.NewProgram(program{}).Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "deaf": // says where it is, and then neither reads nor writes
		fmt.Print("deaf")
		select {}
	default:
		os.Exit(m.Run())
	}
}

// program is a Bubble Tea program that asks the terminal for everything a
// dashboard asks for, and shows the answers.
type program struct {
	size, background, sync, keys, mouse, paste string
	focus                                      bool
}

func (p program) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, tea.Raw(ansi.RequestModeSynchronizedOutput))
}

func (p program) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		p.size = fmt.Sprintf("%d×%d", msg.Width, msg.Height)
	case tea.BackgroundColorMsg:
		p.background = fmt.Sprintf("%s dark: %t", msg, msg.IsDark())
	case tea.ModeReportMsg:
		p.sync = fmt.Sprintf("%d is %d", msg.Mode.Mode(), msg.Value)
	case tea.FocusMsg:
		p.focus = true
	case tea.MouseClickMsg:
		p.mouse = fmt.Sprintf("%d,%d", msg.X, msg.Y)
	case tea.PasteMsg:
		p.paste = msg.Content
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q":
			return p, tea.Quit
		case "x":
			os.Exit(3) // leaves everything switched on
		}
		p.keys += " " + msg.String()
	}
	return p, nil
}

func (p program) View() tea.View {
	v := tea.NewView(strings.Join([]string{
		"size " + p.size,
		"background " + p.background,
		"mode " + p.sync,
		"keys" + p.keys,
		"mouse " + p.mouse,
		"paste " + p.paste,
		fmt.Sprintf("focus %t", p.focus),
		"名前 \x1b[1;31mred\x1b[m end",
	}, "\n"))
	v.AltScreen = true
	v.ReportFocus = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "program"
	v.Cursor = tea.NewCursor(3, 5)
	v.Cursor.Shape = tea.CursorBar
	return v
}

// start runs a command in a terminal that ends with the test.
func start(t *testing.T, opts Options) *Terminal {
	t.Helper()
	term, err := Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(term.Close)
	return term
}

// startProgram runs one of the programs of TestMain.
func startProgram(t *testing.T, name string, opts Options) *Terminal {
	t.Helper()
	opts.Args = []string{os.Args[0]}
	opts.Env = append(opts.Env, programVariable+"="+name)
	return start(t, opts)
}

// sh runs a shell script.
func sh(t *testing.T, script string) *Terminal {
	t.Helper()
	return start(t, Options{Cols: 40, Rows: 6, Args: []string{"sh", "-c", script}})
}

func waitText(t *testing.T, term *Terminal, text string) {
	t.Helper()
	if err := term.WaitText(patience, text); err != nil {
		t.Fatal(err)
	}
}

func waitExit(t *testing.T, term *Terminal, want int) {
	t.Helper()
	code, err := term.Wait(patience)
	if err != nil {
		t.Fatal(err)
	}
	if code != want {
		t.Fatalf("the program ended with code %d, want %d", code, want)
	}
}
