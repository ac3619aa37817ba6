package chat

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

// Each file that goes with a question has its name and its borders.
func TestFilesAreNamedAndFenced(t *testing.T) {
	g := newStage(t)
	dir := t.TempDir()
	for _, f := range [][2]string{{"a · 1.go", "package a\n"}, {"b.md", "```go\nx\n````\n"}} {
		path := filepath.Join(dir, f[0])
		if err := os.WriteFile(path, []byte(f[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		g.run(attach(g.words, path))
	}
	g.typed("what?").press("enter")
	r := request(g.conv.Settings, g.messages()[:1])
	want := "a · 1.go:\n\n```\npackage a\n```\n\nb.md:\n\n`````\n```go\nx\n````\n`````\n\nwhat?"
	if got := r.Messages[0].Text(); got != want {
		t.Errorf("sent is\n%s\nwant\n%s", got, want)
	}
	if g.items[0].Parts[0].Text != "package a\n" {
		t.Error("what is kept is fenced")
	}
	if f := fence(strings.Repeat("`", 1<<20)); len(f) != 1<<20+1 {
		t.Errorf("the fence is %d long", len(f))
	}
}

// The time after the last text is none in which tokens came.
func TestSpeedOfAStreamThatStaysOpen(t *testing.T) {
	g := newStage(t).typed("q").press("enter").say(0, time.Second, model.Delta{Content: "some "})
	g.say(0, 2*time.Second, model.Delta{Content: "words"}).say(0, 30*time.Second, finished(10, 100))
	if v := speed(g.items[1].Cost); v.V != 50 {
		t.Errorf("%v tokens a second, want 50", v)
	}
	c := g.items[1].Cost
	c.Last = model.Opt[time.Duration]{} // as conversations were stored before
	if v := speed(c); !v.OK {
		t.Error("the speed of an old answer is unknown")
	}
}

// What was written in an editor that failed is kept, and where is said.
func TestEditorThatFails(t *testing.T) {
	g := newStage(t)
	write := func(s string) string {
		msg, ok := toEditor("draft")().(openEditor)
		if !ok || msg.fault != nil {
			t.Fatal(msg)
		}
		t.Cleanup(func() { _ = os.Remove(msg.path) })
		if err := os.WriteFile(msg.path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		return msg.path
	}
	path := write("an hour's work")
	g.Update(fromEditor(path, "draft", errors.New("exit status 1")), g.d)
	if b, err := os.ReadFile(path); err != nil || string(b) != "an hour's work" {
		t.Errorf("%q, %v", b, err)
	}
	if !strings.Contains(g.notice, path) || !strings.Contains(g.notice, "exit status 1") {
		t.Errorf("it says %q", g.notice)
	}
	path = write("draft")
	g.Update(fromEditor(path, "draft", errors.New("exit status 1")), g.d)
	if _, err := os.Stat(path); err == nil || strings.Contains(g.notice, path) {
		t.Errorf("a file with nothing new is left: %v, %q", err, g.notice)
	}
	path = write("all of it\n")
	g.Update(fromEditor(path, "draft", nil), g.d)
	if _, err := os.Stat(path); err == nil || g.composer.text() != "all of it" {
		t.Errorf("%v, written is %q", err, g.composer.text())
	}
}
