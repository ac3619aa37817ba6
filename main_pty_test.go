//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatewatch/internal/terminal"
	"gatewatch/poller/demo"
)

const patience = 20 * time.Second

// inTerminal starts the program in a real pseudo-terminal.
func inTerminal(t *testing.T, cols, rows int, env []string, args ...string) *terminal.Terminal {
	t.Helper()
	home := t.TempDir()
	term, err := terminal.Start(terminal.Options{
		Cols: cols, Rows: rows, Args: append([]string{program(t)}, args...),
		Env: append([]string{"RUN_GATEWATCH=1", "HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_STATE_HOME=" + home, "TZ=UTC"}, env...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(term.Close)
	return term
}

func wait(t *testing.T, term *terminal.Terminal, text string) {
	t.Helper()
	if err := term.WaitText(patience, text); err != nil {
		t.Fatal(err)
	}
}

func gone(t *testing.T, term *terminal.Terminal, text string) {
	t.Helper()
	if err := term.WaitFor(patience, func(screen []string) bool { return !strings.Contains(strings.Join(screen, "\n"), text) }); err != nil {
		t.Fatalf("%q stays: %v", text, err)
	}
}

// ended waits for the end and checks that the terminal is as it was.
func ended(t *testing.T, term *terminal.Terminal, code int) {
	t.Helper()
	got, err := term.Wait(patience)
	if err != nil {
		t.Fatal(err)
	}
	if got != code {
		t.Errorf("exit %d, want %d; the screen:\n%s", got, code, strings.Join(term.Screen(), "\n"))
	}
	if err := term.Restored(); err != nil {
		t.Error(err)
	}
}

func TestTheDashboardInATerminal(t *testing.T) {
	t.Parallel()
	term := inTerminal(t, 160, 48, nil, "--demo")
	wait(t, term, "Spending now")
	wait(t, term, "$99.")
	wait(t, term, "claude-sonnet-4-5")
	if !term.AltScreen() {
		t.Error("it does not draw on the alternate screen")
	}
	for _, step := range []struct{ keys, shows, hides string }{
		{"?", "show the keys that work here", ""},
		{terminal.Esc, "", "show the keys that work here"},
		{terminal.CtrlP, "action ›", ""},
		{terminal.Esc, "", "action ›"},
		{"\t", "▸Models", ""},
		{"/", "filter /", ""},
		{"opus", "/opus", ""},
		{terminal.Esc, "", "/opus"},
		{"w", "window 24h", ""},
		{"f", "FROZEN", ""},
		{"f", "", "FROZEN"},
	} {
		term.Send(step.keys)
		if step.shows != "" {
			wait(t, term, step.shows)
		}
		if step.hides != "" {
			gone(t, term, step.hides)
		}
	}
	for _, size := range [][2]int{{120, 40}, {80, 24}, {40, 12}, {200, 60}} {
		if err := term.Resize(size[0], size[1]); err != nil {
			t.Fatal(err)
		}
		err := term.WaitFor(patience, func(screen []string) bool {
			return strings.Contains(screen[size[1]-1], "help") && strings.Contains(screen[0], "demo")
		})
		if err != nil {
			t.Errorf("at %dx%d: %v", size[0], size[1], err)
		}
	}
	term.Send("q")
	ended(t, term, exitOK)
}

func TestTheTerminalComesBack(t *testing.T) {
	for name, c := range map[string]struct {
		env  []string
		do   func(*terminal.Terminal)
		code int
		says string
	}{
		"ctrl+c":                 {nil, func(x *terminal.Terminal) { x.Send(terminal.CtrlC) }, exitOK, ""},
		"SIGINT":                 {nil, func(x *terminal.Terminal) { x.Signal(syscall.SIGINT) }, 130, ""},
		"SIGTERM":                {nil, func(x *terminal.Terminal) { x.Signal(syscall.SIGTERM) }, 143, ""},
		"SIGHUP":                 {nil, func(x *terminal.Terminal) { x.Signal(syscall.SIGHUP) }, 129, ""},
		"SIGTERM while it hangs": {[]string{"PANIC_IN=hang"}, func(x *terminal.Terminal) { x.Signal(syscall.SIGTERM) }, 143, ""},
		"panic in Update":        {[]string{"PANIC_IN=update"}, nil, exitFault, "a fault of gatewatch's own"},
		"panic in a command":     {[]string{"PANIC_IN=command"}, nil, exitFault, "a test's command; details are in"},
		"panic in a goroutine":   {[]string{"PANIC_IN=goroutine"}, nil, exitFault, "a test's own goroutine; details are in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := inTerminal(t, 100, 30, c.env, "--demo")
			if c.do != nil {
				if c.env == nil {
					wait(t, term, "$99.")
				}
				if err := term.WaitFor(patience, func([]string) bool { return term.AltScreen() }); err != nil {
					t.Fatal(err)
				}
				c.do(term)
			}
			ended(t, term, c.code)
			// The message may be wrapped.
			if screen := strings.Join(term.Screen(), ""); !strings.Contains(screen, c.says) {
				t.Errorf("the screen does not say %q:\n%s", c.says, screen)
			}
		})
	}
}

// TestAnInterruptedReport ends the program while the gateway keeps it waiting.
func TestAnInterruptedReport(t *testing.T) {
	t.Parallel()
	for signal, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		asked := make(chan struct{}, 1)
		h := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case asked <- struct{}{}:
			default:
			}
			<-r.Context().Done()
		}))
		cmd := exec.CommandContext(t.Context(), program(t), "once")
		home := t.TempDir()
		cmd.Env = []string{"RUN_GATEWATCH=1", "HOME=" + home, "XDG_CONFIG_HOME=" + home, "GATEWATCH_URL=" + h.URL, "GATEWATCH_ACCESS_TOKEN=fake"}
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-asked
		_ = cmd.Process.Signal(signal)
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != want || out.Len() > 0 {
			t.Errorf("%s: exit %d, want %d; it says %q", signal, code, want, out.String())
		}
		h.Close()
	}
}

// TestADroppedConnection closes the terminal under the program, as a dropped
// ssh session does.
func TestADroppedConnection(t *testing.T) {
	t.Parallel()
	term := inTerminal(t, 100, 30, nil, "--demo")
	wait(t, term, "$99.")
	if err := term.Hangup(); err != nil {
		t.Fatal(err)
	}
	if _, err := term.Wait(patience); err != nil {
		t.Errorf("it lives on without a terminal: %v", err)
	}
}

// TestTheDashboardOverHTTP watches a gateway that fails in the middle, and comes
// back.
func TestTheDashboardOverHTTP(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 1, Dialect: "one-api", Names: "ascii"}
	term := inTerminal(t, 120, 40, serve(t, s))
	wait(t, term, "$99.")
	wait(t, term, "ci-bot")
	remove := s.Inject(demo.Fault{Status: 502})
	term.Send("r")
	wait(t, term, "HTTP 502")
	wait(t, term, "$99.") // an error hides nothing
	remove()
	term.Send("r")
	gone(t, term, "HTTP 502")
	term.Send("q")
	ended(t, term, exitOK)
}

func TestInitAsksTriesAndWrites(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 0.01}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	path := filepath.Join(t.TempDir(), "sub", "config.toml")
	term := inTerminal(t, 100, 30, nil, "init", "--config", path)
	wait(t, term, "The gateway's address")
	term.Send("not an address\r")
	wait(t, term, "is not an address")
	term.Send(terminal.CtrlU)
	gone(t, term, "not an address")
	term.Send(h.URL + "\r")
	wait(t, term, "The access token")
	term.Send(s.AccessToken() + "\r")
	wait(t, term, "A name for it")
	if screen := strings.Join(term.Screen(), "\n"); strings.Contains(screen, s.AccessToken()) {
		t.Errorf("the token is shown:\n%s", screen)
	}
	term.Send("my gateway\r")
	wait(t, term, "Your numeric user id")
	term.Send(fmt.Sprintf("%d\r", s.UserID()))
	wait(t, term, "The configuration is in")
	ended(t, term, exitOK)
	cfg, err := loadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g := cfg.Gateways[0]
	if g.Name != "my gateway" || g.AccessToken.secret.Reveal() != s.AccessToken() || !g.ReadOnly {
		t.Errorf("written: %+v", g)
	}
}

// answers fills the forms of init.
func answers(t *testing.T, url, token string, args ...string) (*terminal.Terminal, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	term := inTerminal(t, 100, 30, nil, append([]string{"init", "--config", path}, args...)...)
	wait(t, term, "The gateway's address")
	term.Send(url + "\r")
	wait(t, term, "The access token")
	term.Send(token + "\r")
	wait(t, term, "A name for it")
	term.Send("\r")
	return term, path
}

func TestInitTakesAnAPIKey(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 0.01}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	term, path := answers(t, h.URL, s.APIKey())
	wait(t, term, "With an sk- key alone")
	ended(t, term, exitOK)
	cfg, err := loadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if g := cfg.Gateways[0]; g.APIKey.secret.Reveal() != s.APIKey() || g.AccessToken.set() {
		t.Errorf("written: %+v", g)
	}
}

func TestInitFailsAsOnceDoes(t *testing.T) {
	t.Parallel()
	h := httptest.NewServer(&demo.Server{Dialect: "one-api", Rate: 0.01})
	t.Cleanup(h.Close)
	for name, c := range map[string]struct {
		url  string
		code int
		says string
	}{
		"nothing listens": {"http://127.0.0.1:1", exitUnreachable, "nothing listens"},
		"wrong token":     {h.URL, exitUnauthorised, "does not accept"},
	} {
		t.Run(name, func(t *testing.T) {
			term, path := answers(t, c.url, "fake")
			ended(t, term, c.code)
			if screen := strings.Join(term.Screen(), " "); !strings.Contains(screen, c.says) || !strings.Contains(screen, "nothing was written") {
				t.Errorf("the screen:\n%s", strings.Join(term.Screen(), "\n"))
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("a configuration was written")
			}
		})
	}
}

func TestInitCreatesTheRootOfAnOpenCatD(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Dialect: "opencatd", Fresh: true}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	ask := func(answer string, args ...string) (*terminal.Terminal, string) {
		path := filepath.Join(t.TempDir(), "config.toml")
		term := inTerminal(t, 100, 30, nil, append([]string{"init", "--config", path, "--opencatd-root", h.URL}, args...)...)
		wait(t, term, "Create the root user")
		wait(t, term, "whoever asks first")
		term.Send(answer)
		return term, path
	}
	for name, answer := range map[string]string{"no": "n", "enter": "\r", "ctrl+c": terminal.CtrlC} {
		term, path := ask(answer)
		ended(t, term, exitUsage)
		if _, err := os.Stat(path); err == nil || s.APIKey() != "" {
			t.Errorf("%s: written %v, the first user is %q", name, err == nil, s.APIKey())
		}
	}
	term, path := ask("y")
	wait(t, term, "answers as opencatd")
	ended(t, term, exitOK)
	token := s.AccessToken()
	if s.APIKey() != token || strings.Contains(string(term.Raw()), token) {
		t.Errorf("there is no root with the token %q, or it was shown", token)
	}
	cfg, err := loadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if g := cfg.Gateways[0]; g.AccessToken.secret.Reveal() != token || g.URL != h.URL {
		t.Errorf("written: %+v", g)
	}
	// A second one is refused, and leaves nothing behind.
	term, path = ask("y")
	ended(t, term, exitUnauthorised)
	if _, err := os.Stat(path); err == nil || !strings.Contains(strings.Join(term.Screen(), " "), "super user already exists") {
		t.Errorf("an empty file stays, or nobody says why; the screen:\n%s", strings.Join(term.Screen(), "\n"))
	}
}

func TestInitCreatesNoRootElsewhere(t *testing.T) {
	t.Parallel()
	h := httptest.NewServer(&demo.Server{Dialect: "one-api", Rate: 0.01})
	t.Cleanup(h.Close)
	term := inTerminal(t, 100, 30, nil, "init", "--opencatd-root", h.URL)
	wait(t, term, "answers as one-api, not as opencatd")
	ended(t, term, exitUnreachable)
}
