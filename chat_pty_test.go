//go:build unix

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatewatch/internal/terminal"
	"gatewatch/poller/demo"
	"gatewatch/poller/history"
)

// TestAKillKeepsTheConversation kills the program with kill -9 in the middle of an
// answer: what had come is there the next time, and said to be cut.
func TestAKillKeepsTheConversation(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 1, Names: "ascii"}
	home := t.TempDir()
	env := append(serveChat(t, s), "XDG_STATE_HOME="+home)
	open := func() *terminal.Terminal {
		term := inTerminal(t, 120, 40, env)
		wait(t, term, "$99.")
		term.Send("5")
		return term
	}
	term := open()
	wait(t, term, "no model is chosen")
	term.Send(terminal.Enter)
	wait(t, term, "gpt-4o-mini")
	term.Send("gpt-4o-mini")
	gone(t, term, "claude-opus-4")
	term.Send(terminal.Enter)
	wait(t, term, "ask something")
	term.Send("please write something long" + terminal.Enter)

	store, err := history.Open(t.Context(), filepath.Join(home, "gatewatch", "history.db"), history.Options{CloseWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var kept string // of the answer, in the file
	err = term.WaitFor(patience, func([]string) bool {
		all, err := store.Chats(t.Context())
		if err != nil || len(all) == 0 {
			return false
		}
		c, err := store.Chat(t.Context(), all[0].ID)
		if err != nil {
			return false
		}
		var conv struct {
			Messages []struct {
				Text, End string
			}
		}
		if json.Unmarshal(c.Body, &conv) != nil || len(conv.Messages) < 2 {
			return false
		}
		kept = conv.Messages[1].Text
		return len(kept) > 40 && conv.Messages[1].End == ""
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := term.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := term.Wait(patience); err != nil {
		t.Fatal(err)
	}

	again := open()
	wait(t, again, "Message")
	again.Send(terminal.Esc)
	gone(t, again, "▸Message")
	again.Send("L")
	wait(t, again, "please write something long")
	again.Send(terminal.Enter)
	wait(t, again, strings.Fields(kept)[0]+" "+strings.Fields(kept)[1])
	wait(t, again, "cut off")
	again.Send(terminal.CtrlC)
	ended(t, again, exitOK)
}
