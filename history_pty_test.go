//go:build unix

package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gatewatch/internal/terminal"
	"gatewatch/model"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
)

// killed ends the program without a chance to say or write anything.
func killed(t *testing.T, term *terminal.Terminal) {
	t.Helper()
	if err := term.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code, err := term.Wait(patience); err != nil || code != 128+int(syscall.SIGKILL) {
		t.Fatalf("exit %d, %v", code, err)
	}
}

// seen waits until ok is true, which is looked at whenever the screen changes.
func seen(t *testing.T, term *terminal.Terminal, what string, ok func() bool) {
	t.Helper()
	if err := term.WaitFor(2*patience, func([]string) bool { return ok() }); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// historyAt opens the history of a home beside the program.
func historyAt(t *testing.T, home string) *history.Store {
	t.Helper()
	store, err := history.Open(t.Context(), filepath.Join(home, "gatewatch", "history.db"), history.Options{CloseWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// gatewayTable is the configuration of a gateway that may be asked often enough for
// two runs within a minute, which share one budget.
func gatewayTable(s *demo.Server, url, more string) string {
	return fmt.Sprintf("[[gateway]]\nname = \"prod\"\nurl = %q\naccess_token = %q\nuser_id = \"%d\"\nbudget = 1000\n%s", url, s.AccessToken(), s.UserID(), more)
}

// TestYesterdayIsThereAtOnce kills the dashboard and starts it again while the
// gateway is down: what it shows then is what it knew.
func TestYesterdayIsThereAtOnce(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 1, Dialect: "new-api", Names: "ascii"}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	home := t.TempDir()
	path := filepath.Join(home, "config.toml")
	written(t, path, gatewayTable(s, h.URL, ""))
	term := inTerminal(t, 160, 48, []string{"XDG_STATE_HOME=" + home}, "--config", path)
	wait(t, term, "$99.")
	wait(t, term, "ci-bot")
	var id string
	store := historyAt(t, home)
	known := func() (quota model.Quota, last model.Call) {
		var state model.State
		updates, err := store.Load(t.Context(), id, time.Now())
		if err != nil {
			t.Error(err)
		}
		for _, u := range updates {
			state = state.Apply(u)
		}
		end := state.Self.Ledger.End().V
		for c := range state.Self.Calls.In(model.Span{From: end - 600, To: end}) {
			last = *c
		}
		return state.Account.V.Quota.V, last
	}
	id = identityOf(h.URL, gateway.NewSecret(s.AccessToken()))
	seen(t, term, "the history", func() bool { q, c := known(); return q > 0 && c.At > 0 })
	killed(t, term)
	h.Close()
	quota, last := known()

	term = inTerminal(t, 160, 48, []string{"XDG_STATE_HOME=" + home}, "--config", path)
	wait(t, term, model.Currency{}.Format(quota))
	wait(t, term, time.Unix(last.At, 0).UTC().Format(time.TimeOnly))
	wait(t, term, last.Key)
	wait(t, term, "nothing listens")
	wait(t, term, model.Currency{}.Format(quota)) // an error hides nothing
	term.Send("q")
	ended(t, term, exitOK)
}

func TestNothingIsKeptUnlessWanted(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 1, Dialect: "new-api", Names: "ascii"}
	env := serve(t, s)
	url, _ := strings.CutPrefix(env[0], "GATEWATCH_URL=")
	for name, args := range map[string][]string{"--no-history": {"--no-history"}, "keep = false": {"--config"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home, with := t.TempDir(), env
			if args[0] == "--config" {
				path := filepath.Join(t.TempDir(), "config.toml")
				written(t, path, "[history]\nkeep = false\n"+gatewayTable(s, url, ""))
				args, with = append(args, path), nil
			}
			term := inTerminal(t, 120, 40, append([]string{"XDG_STATE_HOME=" + home}, with...), args...)
			wait(t, term, "$99.")
			wait(t, term, "ci-bot")
			term.Send("q")
			ended(t, term, exitOK)
			if left, _ := filepath.Glob(filepath.Join(home, "gatewatch", "history*")); len(left) > 0 {
				t.Errorf("written: %v", left)
			}
		})
	}
}

// TestNoPlaceForAHistoryIsOneLine starts the dashboard where no variable tells of a
// place for the file.
func TestNoPlaceForAHistoryIsOneLine(t *testing.T) {
	t.Parallel()
	const says = "history: neither HOME nor XDG_STATE_HOME is set; what is seen is not kept"
	env := append([]string{"HOME=", "XDG_STATE_HOME="}, serve(t, &demo.Server{Rate: 1, Dialect: "new-api", Names: "ascii"})...)
	for name, args := range map[string][]string{"kept": nil, "not wanted": {"--no-history"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := inTerminal(t, 120, 40, env, args...)
			wait(t, term, "$99.")
			wait(t, term, "ci-bot")
			if args == nil {
				wait(t, term, says)
			} else if strings.Contains(strings.Join(term.Screen(), "\n"), "history:") {
				t.Error("nobody wanted a history")
			}
			term.Send("q")
			ended(t, term, exitOK)
		})
	}
}

// TestAHistoryInTroubleIsOneLine starts the dashboard on files that it cannot use.
func TestAHistoryInTroubleIsOneLine(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 1, Dialect: "new-api", Names: "ascii"}
	env := serve(t, s)
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string)
		says  string
	}{
		"locked": {func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", "file:"+path+"?_pragma=locking_mode(exclusive)")
			if err != nil {
				t.Fatal(err)
			}
			db.SetMaxOpenConns(1)
			if _, err := db.Exec("INSERT INTO meta VALUES ('x', 1)"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
		}, "history: another program holds its file"},
		"no database": {func(t *testing.T, path string) {
			for _, end := range []string{"-wal", "-shm"} {
				_ = os.Remove(path + end)
			}
			written(t, path, strings.Repeat("this is no database. ", 500))
		}, "history: its file was damaged"},
		"a record": {func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec("UPDATE latest SET payload = '{'"); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}, "history: its file was damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			store := historyAt(t, home)
			url, _ := strings.CutPrefix(env[0], "GATEWATCH_URL=")
			store.Fold(identityOf(url, gateway.NewSecret(s.AccessToken())), model.Update{Source: model.SourceStatus, At: time.Now(), Payload: model.Status{Version: "1"}})
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, filepath.Join(home, "gatewatch", "history.db"))
			term := inTerminal(t, 120, 40, append([]string{"XDG_STATE_HOME=" + home}, env...))
			wait(t, term, c.says)
			wait(t, term, "$99.")
			wait(t, term, c.says)
			if n := strings.Count(strings.Join(term.Screen(), "\n"), "history:"); n != 1 {
				t.Errorf("%d lines speak of the history:\n%s", n, strings.Join(term.Screen(), "\n"))
			}
			term.Send("q")
			ended(t, term, exitOK)
		})
	}
}

// told reads the documents that a hook has written.
func told(t *testing.T, path string) (docs []alertDoc) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var doc alertDoc
		if err := json.Unmarshal([]byte(line), &doc); err == nil { // the last one may be half written
			docs = append(docs, doc)
		}
	}
	return docs
}

// TestTheHookIsToldOnce lets the balance fall and rise, with a kill in between, and
// with the amounts masked on the screen.
func TestTheHookIsToldOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64 // about the account
	s := &demo.Server{Rate: 1, Dialect: "new-api", Names: "ascii", OnRequest: func(r *http.Request) {
		if r.URL.Path == "/api/user/self" {
			asked.Add(1)
		}
	}}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	home := t.TempDir()
	file, path := filepath.Join(home, "told"), filepath.Join(home, "config.toml")
	written(t, path, fmt.Sprintf(`[alerts]
on_alert = ["sh", "-c", "cat >> %s; echo >> %s"]
off = ["key_low", "spike"]
`, file, file)+gatewayTable(s, h.URL, "low_balance = 50\n"))
	s.SetQuota(10 * model.DefaultQuotaPerUnit)
	begin := func() *terminal.Terminal {
		return inTerminal(t, 120, 40, []string{"XDG_STATE_HOME=" + home}, "--config", path, "--privacy")
	}
	term := begin()
	wait(t, term, "▲")
	seen(t, term, "that it is raised", func() bool { return len(told(t, file)) == 1 })
	killed(t, term)

	restarted, before := time.Now(), asked.Load()
	term = begin()
	wait(t, term, "▲")
	seen(t, term, "that it is still so", func() bool { return asked.Load() >= before+2 })
	s.SetQuota(90 * model.DefaultQuotaPerUnit)
	term.Send("r")
	gone(t, term, "▲")
	seen(t, term, "that it is over", func() bool { return len(told(t, file)) == 2 })
	s.SetQuota(9 * model.DefaultQuotaPerUnit)
	term.Send("r")
	wait(t, term, "▲")
	seen(t, term, "that it is raised again", func() bool { return len(told(t, file)) == 3 })
	term.Send("q")
	ended(t, term, exitOK)

	docs := told(t, file)
	for i, raised := range []bool{true, false, true} {
		d := docs[i]
		if d.Kind != model.AlertLowBalance || d.Gateway != "prod" || d.Raised != raised || !strings.Contains(d.Says, " left") || strings.Contains(d.Says, "*") {
			t.Errorf("%d: %+v", i, d)
		}
	}
	if docs[1].At.Before(restarted) || !docs[1].Since.Before(restarted) {
		t.Errorf("it lasted from %s to %s, and the restart was at %s", docs[1].Since, docs[1].At, restarted)
	}
	lines, err := historyAt(t, home).Alerts(t.Context(), 10)
	if err != nil || len(lines) != 2 || lines[0].Cleared.OK || !lines[1].Cleared.OK || strings.Contains(lines[0].Says+lines[1].Says, "*") {
		t.Errorf("the journal is %+v, %v", lines, err)
	}
}

// TestTheGatewaysOwnThreshold warns by what the person chose on new-api's settings
// page.
func TestTheGatewaysOwnThreshold(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 1, Dialect: "new-api", Names: "ascii"}
	// relaykit/dto/user_settings.go: a number in a JSON document in a string.
	chose := strings.NewReplacer(`"setting":"{`, `"setting":"{\"quota_warning_threshold\":60000000,`)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/user/self" {
			s.ServeHTTP(w, r)
			return
		}
		r.Header.Del("Accept-Encoding") // the answer is to be read here
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.Code)
		_, _ = w.Write([]byte(chose.Replace(answer.Body.String())))
	}))
	t.Cleanup(h.Close)
	path := filepath.Join(t.TempDir(), "config.toml")
	written(t, path, gatewayTable(s, h.URL, ""))
	term := inTerminal(t, 120, 40, nil, "--config", path)
	wait(t, term, "▲ $99.") // below $120
	term.Send("q")
	ended(t, term, exitOK)
}
