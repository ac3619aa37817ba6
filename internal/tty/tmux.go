package tty

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// Tmux is the tmux around us. The zero value is none, or one that cannot be
// asked.
type Tmux struct {
	// Version is as it prints it: "3.3a".
	Version string
	// Options are the settings in force, "" for one that this version lacks.
	Options map[string]string
	// Fault says why it could not be asked, "" when it could.
	Fault string
}

// tmuxPatience bounds all questions to tmux.
const tmuxPatience = 400 * time.Millisecond

// tmuxOptions are the settings that the dashboard meets.
var tmuxOptions = []string{"set-clipboard", "allow-passthrough", "focus-events", "escape-time", "default-terminal", "extended-keys"}

// askTmux asks the tmux around us for its settings. It changes none.
func askTmux(ctx context.Context, run func(ctx context.Context, name string, args ...string) (string, error)) Tmux {
	if run == nil {
		run = start
	}
	ctx, cancel := context.WithTimeout(ctx, tmuxPatience)
	defer cancel()
	out, err := run(ctx, "tmux", "-V")
	if err != nil {
		return Tmux{Fault: "tmux cannot be asked: " + err.Error()}
	}
	t := Tmux{Version: strings.TrimPrefix(strings.TrimSpace(out), "tmux "), Options: map[string]string{}}
	for _, name := range tmuxOptions {
		// -q: an older tmux knows fewer options.
		out, err := run(ctx, "tmux", "show-options", "-gqv", name)
		if err != nil {
			t.Version, t.Fault = "", "tmux cannot be asked: "+err.Error()
			return t
		}
		t.Options[name] = strings.TrimSpace(out)
	}
	return t
}

func start(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = glance // its own children may hold the pipe
	out, err := cmd.Output()
	return string(out), err
}
