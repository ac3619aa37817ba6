package main

import (
	"slices"
	"testing"
	"time"

	"gatewatch/internal/terminal/picture"
)

func TestDefaults(t *testing.T) {
	opts, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if opts.name != "gatewatch" || !slices.Equal(opts.sizes, []size{{160, 48}}) || opts.wait != 3*time.Second || opts.look.Theme != picture.Dark {
		t.Errorf("the defaults are %+v", opts)
	}
}

func TestOptions(t *testing.T) {
	opts, err := parse([]string{
		"-size", "120x40,80x24", "-size", "40x12", "-keys", "2s:b,1s:a<enter>", "-keys", "1500ms:<,><", "-until", "ready",
		"-theme", "light", "--", "/usr/bin/top", "-d", "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []size{{120, 40}, {80, 24}, {40, 12}}; !slices.Equal(opts.sizes, want) {
		t.Errorf("the sizes are %v", opts.sizes)
	}
	if want := []timedKeys{{time.Second, "a\r"}, {1500 * time.Millisecond, ",<"}, {2 * time.Second, "b"}}; !slices.Equal(opts.keys, want) {
		t.Errorf("the keys are %v", opts.keys)
	}
	if opts.wait != 3*time.Second {
		t.Errorf("the picture is taken after %v", opts.wait)
	}
	if opts.name != "top" || !slices.Equal(opts.command, []string{"/usr/bin/top", "-d", "1"}) || opts.look.Theme != picture.Light {
		t.Errorf("the options are %+v", opts)
	}
}

func TestWrongOptions(t *testing.T) {
	for _, args := range [][]string{
		{"-size", "160"},
		{"-size", "0x48"},
		{"-size", "160x48,"},
		{"-keys", "?"},
		{"-keys", "soon:?"},
		{"-keys", "1s:<nokey>"},
		{"-theme", "pink"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
