package notify

import (
	"strings"
	"testing"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		env     func(string) string
		version string
		want    Terminal
	}{
		"iTerm2 over ssh":           {env("TERM", "xterm-256color", "LC_TERMINAL", "iTerm2"), "", Terminal{Form: OSC9}},
		"kitty over ssh":            {env("TERM", "xterm-kitty"), "", Terminal{Form: OSC99}},
		"kitty, by its answer":      {env("TERM", "xterm-256color"), "kitty(0.41.1)", Terminal{Form: OSC99}},
		"foot":                      {env("TERM", "foot"), "", Terminal{Form: OSC777}},
		"GNOME Terminal":            {env("TERM", "xterm-256color", "VTE_VERSION", "7600"), "", Terminal{Form: OSC777}},
		"tmux in WezTerm":           {env("TERM", "tmux-256color", "TMUX", "/tmp/x"), "tmux 3.5", Terminal{Form: OSC9, Tmux: true}},
		"VTE over ssh":              {env("TERM", "xterm-256color"), "VTE(7600)", Terminal{Form: OSC777}},
		"ssh out of tmux":           {env("TERM", "tmux-256color"), "", Terminal{Form: OSC9, Tmux: true}},
		"ssh out of an older tmux":  {env("TERM", "screen-256color"), "tmux 3.2a", Terminal{Form: OSC9, Tmux: true}},
		"GNU screen":                {env("TERM", "screen.xterm-256color", "STY", "4711.pts-0.host"), "", Terminal{Form: OSC9}},
		"tmux in GNU screen":        {env("TERM", "screen-256color", "STY", "4711.pts-0.host", "TMUX", "/tmp/x"), "", Terminal{Form: OSC9, Tmux: true}},
		"tmux that TERM hides":      {env("TERM", "xterm-256color"), "tmux 3.5a", Terminal{Form: OSC9, Tmux: true}},
		"tmux in kitty":             {env("TERM", "tmux-256color", "TMUX", "/tmp/x", "KITTY_WINDOW_ID", "1"), "tmux 3.5a", Terminal{Form: OSC99, Tmux: true}},
		"an answer goes before":     {env("TERM", "xterm-kitty"), "WezTerm 20240203", Terminal{Form: OSC9}},
		"an answer that tells none": {env("TERM", "foot"), "contour 0.4", Terminal{Form: OSC777}},
		"something else altogether": {env("TERM", "xterm"), "", Terminal{Form: OSC9}},
	} {
		if got := Find(c.env, c.version); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestSequence(t *testing.T) {
	for want, term := range map[string]Terminal{
		"\x1b]9;prod: balance low\x1b\\":                                                 {Form: OSC9},
		"\x1b]777;notify;prod;balance low\x1b\\":                                         {Form: OSC777},
		"\x1b]99;i=gatewatch:d=0;prod\x1b\\\x1b]99;i=gatewatch:p=body;balance low\x1b\\": {Form: OSC99},
		"\x1bPtmux;\x1b\x1b]9;prod: balance low\x1b\x1b\\\x1b\\":                         {Form: OSC9, Tmux: true},
	} {
		if got := term.Sequence("prod", "balance low"); got != want {
			t.Errorf("%+v: %q, want %q", term, got, want)
		}
	}
}

// TestForeignTextEndsNoSequence: a key's name cannot close the notification and
// begin a sequence of its own.
func TestForeignTextEndsNoSequence(t *testing.T) {
	got := Terminal{Form: OSC777}.Sequence("a;b\x1b\\", "x\a\x1b]52;c;aGk=\a"+strings.Repeat("长", 500))
	if n := strings.Count(got, "\x1b"); n != 2 || strings.Contains(got, "\a") {
		t.Errorf("%d escape characters: %q", n, got)
	}
	if len(got) > 700 {
		t.Errorf("%d bytes", len(got))
	}
}
