//go:build linux || darwin

package main

import (
	"strings"
	"testing"
	"time"
)

func TestShootTypesAndLooks(t *testing.T) {
	opts := &options{
		until: "ready", patience: 20 * time.Second,
		keys:    []timedKeys{{0, "one\r"}},
		wait:    20 * time.Second, // the program ends long before
		command: []string{"sh", "-c", "stty -echo; echo ready; read x; echo got $x"},
	}
	frame, err := shoot(opts, size{30, 5})
	if err != nil {
		t.Fatal(err)
	}
	if frame.Cols != 30 || frame.Rows != 5 || frame.Line(0) != "ready" || frame.Line(1) != "got one" {
		t.Errorf("the picture shows %q at %d×%d", frame.Lines(), frame.Cols, frame.Rows)
	}
}

func TestShootSaysWhatWentWrong(t *testing.T) {
	opts := &options{wait: 20 * time.Second, command: []string{"sh", "-c", "echo no such option; exit 2"}}
	_, err := shoot(opts, size{30, 5})
	if err == nil || !strings.Contains(err.Error(), "code 2") || !strings.Contains(err.Error(), "no such option") {
		t.Errorf("shoot returned %v", err)
	}
}
