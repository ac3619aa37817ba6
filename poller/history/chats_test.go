package history

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatewatch/model"
)

func TestChats(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	ctx := t.Context()
	if list, err := s.Chats(ctx); err != nil || len(list) != 0 {
		t.Fatalf("%v, %v", list, err)
	}
	first := model.SavedChat{ID: "a", Name: "on 世界", Gateway: "prod", Model: "gpt-4o", Updated: at(origin), Messages: 2, Body: []byte(`{"x":1}`)}
	second := first
	second.ID, second.Name, second.Updated = "b", "later", at(origin+1)
	for _, c := range []model.SavedChat{first, second} {
		if err := s.SaveChat(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	// What is replaced becomes the last one.
	first.Updated, first.Messages, first.Body = at(origin+2), 4, bytes.Repeat([]byte("x"), 1<<20)
	if err := s.SaveChat(ctx, first); err != nil {
		t.Fatal(err)
	}
	list, err := s.Chats(ctx)
	if err != nil || len(list) != 2 || list[0].ID != "a" || list[0].Messages != 4 || list[0].Body != nil || !list[1].Updated.Equal(at(origin+1)) {
		t.Errorf("%+v, %v", list, err)
	}
	if c, err := s.Chat(ctx, "a"); err != nil || !bytes.Equal(c.Body, first.Body) || c.Name != "on 世界" || !c.Updated.Equal(first.Updated) || c.ID != "a" {
		t.Errorf("%d bytes, %v", len(c.Body), err)
	}
	if err := s.RenameChat(ctx, "b", "renamed"); err != nil {
		t.Error(err)
	}
	if c, err := s.Chat(ctx, "b"); err != nil || c.Name != "renamed" || string(c.Body) != `{"x":1}` {
		t.Errorf("%+v, %v", c, err)
	}
	if err := s.DeleteChat(ctx, "b"); err != nil {
		t.Error(err)
	}
	_, err = s.Chat(ctx, "b")
	for _, err := range []error{err, s.DeleteChat(ctx, "b"), s.RenameChat(ctx, "b", "x")} {
		if !errors.Is(err, ErrNoChat) {
			t.Error(err)
		}
	}
	if err := s.SaveChat(ctx, model.SavedChat{ID: "empty"}); err != nil {
		t.Error(err)
	}
}

// TestChatsWithoutAFile holds that a conversation which cannot be kept is never
// said to be kept.
func TestChatsWithoutAFile(t *testing.T) {
	var none *Store
	newer := dbPath(t)
	writeFile(t, newer, "PRAGMA user_version = 1000")
	closed := openAt(t, dbPath(t), Options{})
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]*Store{"no history is kept": none, "newer gatewatch": openAt(t, newer, Options{}), "there is no history": closed} {
		ctx := t.Context()
		_, one := s.Chat(ctx, "a")
		_, all := s.Chats(ctx)
		for i, err := range []error{one, all, s.SaveChat(ctx, model.SavedChat{ID: "a"}), s.RenameChat(ctx, "a", "b"), s.DeleteChat(ctx, "a")} {
			if err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s, %d: %v", what, i, err)
			}
		}
	}
}

// TestChatsAndTraffic saves while the rest is written, by several at once.
func TestChatsAndTraffic(t *testing.T) {
	path := dbPath(t)
	var wg sync.WaitGroup
	for range 2 {
		s, err := Open(t.Context(), path, Options{beat: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		wg.Go(func() {
			for i := range 20 {
				s.Fold("prod", minute(origin+int64(i)*60))
				if err := s.SaveChat(t.Context(), model.SavedChat{ID: "same", Messages: i}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestKilled ends a process the hard way right after a conversation was saved.
func TestKilled(t *testing.T) {
	if path := os.Getenv("GATEWATCH_TEST_CHAT"); path != "" {
		s := openAt(t, path, Options{})
		if err := s.SaveChat(t.Context(), model.SavedChat{ID: "a", Body: []byte("half an ans")}); err != nil {
			t.Fatal(err)
		}
		p, err := os.FindProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		_ = p.Kill()
		select {}
	}
	path := filepath.Join(t.TempDir(), "history.db")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "GATEWATCH_TEST_CHAT="+path)
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Fatalf("it was not killed: %s", out)
	}
	c, err := openAt(t, path, Options{}).Chat(t.Context(), "a")
	if err != nil || string(c.Body) != "half an ans" {
		t.Errorf("%+v, %v", c, err)
	}
}
