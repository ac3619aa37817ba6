package terminal

import "testing"

func TestKey(t *testing.T) {
	for name, want := range map[string]string{
		"enter": Enter, "pgdown": PageDown, "f1": F1, "f12": "\x1b[24~", "ctrl+c": CtrlC, "ctrl+p": CtrlP,
		"ctrl+[": Esc, "alt+enter": AltEnter, "alt+x": "\x1bx", "q": "q", "?": "?", "é": "é", "+": "+",
	} {
		if got, err := Key(name); err != nil || got != want {
			t.Errorf("Key(%q) returned %q, %v, want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"", "entre", "ctrl+", "ctrl+é", "alt+", "alt+nothing"} {
		if got, err := Key(name); err == nil {
			t.Errorf("Key(%q) returned %q", name, got)
		}
	}
}

func TestMouse(t *testing.T) {
	if got, want := Click(0, 9), "\x1b[<0;1;10M\x1b[<0;1;10m"; got != want {
		t.Errorf("Click returned %q", got)
	}
	if got, want := Wheel(2, 3, -2), "\x1b[<64;3;4M\x1b[<64;3;4M"; got != want {
		t.Errorf("Wheel returned %q", got)
	}
	if got, want := Wheel(2, 3, 1), "\x1b[<65;3;4M"; got != want {
		t.Errorf("Wheel returned %q", got)
	}
}
