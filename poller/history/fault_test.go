package history

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

// minute is a reading of one whole minute.
func minute(start int64) model.Update {
	span := model.Span{From: start, To: start + 59}
	return read(span, start+130, traffic(rand.New(rand.NewPCG(uint64(start), 1)), span, 1))
}

// covered is what a history knows of the first hour.
func covered(t *testing.T, s *Store) int64 {
	t.Helper()
	h, err := s.Usage(t.Context(), model.HistoryQuery{Gateway: "prod", Span: model.Span{From: origin, To: origin + 3599}})
	if err != nil {
		t.Fatal(err)
	}
	return h.Covered.Seconds()
}

func wantFault(t *testing.T, s *Store, want string) {
	t.Helper()
	if got := s.Fault(); want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("fault is %q, not %q", got, want)
	}
}

// useless checks that a store without a file keeps the program alive.
func useless(t *testing.T, s *Store) {
	t.Helper()
	s.Fold("prod", minute(origin))
	s.AddAlert(model.AlertEntry{At: at(origin)})
	s.Sent("example.org", time.Now())
	if n, _ := s.SentSince("example.org", time.Now().Add(-time.Minute)); n != 1 && s != nil {
		t.Errorf("%d of our own requests are counted, not 1", n)
	}
	if _, err := s.Load(t.Context(), "prod", at(origin)); err == nil {
		t.Error("something was loaded")
	}
	if _, err := s.Usage(t.Context(), model.HistoryQuery{Gateway: "prod", Span: model.Span{To: 60}}); err == nil {
		t.Error("a query was answered")
	}
	for _, err := range s.Calls(t.Context(), "prod", model.ScopeSelf, model.Span{}) {
		if err == nil {
			t.Error("a row was found")
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestNoStore(t *testing.T) { useless(t, nil) }

func TestReadOnlyHome(t *testing.T) {
	t.Run("directory", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root may write everywhere")
		}
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		s := openAt(t, filepath.Join(dir, "state", "history.db"), Options{})
		wantFault(t, s, "cannot be opened or written; what is seen now is not kept")
		useless(t, s)
	})
	t.Run("no directory", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		s := openAt(t, filepath.Join(file, "history.db"), Options{})
		wantFault(t, s, "cannot be opened or written; what is seen now is not kept")
		useless(t, s)
	})
	t.Run("file", func(t *testing.T) {
		s := openAt(t, dbPath(t), Options{})
		s.Fold("prod", minute(origin))
		mustFlush(t, s)
		if _, err := s.file.write.Exec("PRAGMA query_only = 1"); err != nil {
			t.Fatal(err)
		}
		s.Fold("prod", minute(origin+60))
		_ = s.flush()
		wantFault(t, s, "cannot be opened or written")
		if got := covered(t, s); got != 60 {
			t.Errorf("%d s are known, not the 60 from before", got)
		}
	})
}

func TestGarbageIsSetAside(t *testing.T) {
	path := dbPath(t)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	garbage := strings.Repeat("this is no database. ", 500)
	if err := os.WriteFile(path, []byte(garbage), 0o644); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path, Options{})
	wantFault(t, s, "its file was damaged and is now "+path+".corrupt-")
	s.Fold("prod", minute(origin))
	mustFlush(t, s)
	if got := covered(t, s); got != 60 {
		t.Errorf("the new file knows %d s, not 60", got)
	}
	aside, _ := filepath.Glob(path + ".corrupt-*")
	if len(aside) == 0 {
		t.Fatal("nothing was set aside")
	}
	if b, err := os.ReadFile(aside[0]); err != nil || string(b) != garbage {
		t.Errorf("what was set aside is not what was there: %v", err)
	}
}

// TestDamageIsFoundLater writes nonsense into the tables of a file in use.
func TestDamageIsFoundLater(t *testing.T) {
	path := dbPath(t)
	s := openAt(t, path, Options{})
	s.Fold("prod", minute(origin))
	mustFlush(t, s)
	if _, err := s.file.write.Exec("UPDATE slot SET calls = x'0102ff'"); err != nil {
		t.Fatal(err)
	}
	s.Fold("prod", read(model.Span{From: origin + 5, To: origin + 7}, origin+200, nil))
	if err := s.flush(); troubleOf(err) != troubleDamaged {
		t.Fatalf("the damage is seen as %v", err)
	}
	wantFault(t, s, "its file was damaged and is now")
	s.Fold("prod", minute(origin))
	mustFlush(t, s)
	if got := covered(t, s); got != 60 {
		t.Errorf("the new file knows %d s, not 60", got)
	}
}

func TestLockedFileIsWaitedFor(t *testing.T) {
	path := dbPath(t)
	s := openAt(t, path, Options{})
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	s.Fold("prod", minute(origin))
	if err := s.flush(); troubleOf(err) != troubleBusy {
		t.Fatalf("the lock is seen as %v", err)
	}
	wantFault(t, s, "another program holds its file; what is seen now waits for it")
	s.Fold("prod", minute(origin+60))
	if _, err := other.Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	mustFlush(t, s)
	wantFault(t, s, "")
	if got := covered(t, s); got != 120 {
		t.Errorf("%d s are known, not 120", got)
	}
}

func TestLockedWhileItIsOpened(t *testing.T) {
	path := dbPath(t)
	if err := openAt(t, path, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+path+"?_pragma=locking_mode(exclusive)&_txlock=exclusive")
	if err != nil {
		t.Fatal(err)
	}
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("UPDATE meta SET value = 0; INSERT INTO meta VALUES ('x', 1)"); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s := openAt(t, path, Options{})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("opening took %s", took)
	}
	wantFault(t, s, "another program holds its file")
	s.Fold("prod", minute(origin))
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustFlush(t, s)
	if got := covered(t, s); got != 60 {
		t.Errorf("%d s are known, not 60", got)
	}
}

func TestFullDisk(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	s.Fold("prod", minute(origin))
	mustFlush(t, s)
	var pages int
	if err := s.file.write.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		if err := s.file.write.QueryRow("PRAGMA max_page_count = " + strconv.Itoa(pages)).Scan(&pages); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages)
	for m := range int64(20) {
		s.Fold("prod", minute(origin+60+60*m))
	}
	if err := s.flush(); troubleOf(err) != troubleFull {
		t.Fatalf("the full disk is seen as %v", err)
	}
	wantFault(t, s, "history: the disk is full; what is seen now is not kept")
	s.Fold("prod", minute(origin+60))
	if s.pending() {
		t.Error("something waits for a full disk")
	}
	if got := covered(t, s); got != 60 {
		t.Errorf("%d s are known, not the 60 from before", got)
	}
	// Room again, and a minute later.
	limit(1 << 20)
	s.mu.Lock()
	s.pausedUntil = time.Now()
	s.mu.Unlock()
	s.Fold("prod", minute(origin+60))
	mustFlush(t, s)
	wantFault(t, s, "")
	if got := covered(t, s); got != 120 {
		t.Errorf("%d s are known, not 120", got)
	}
}

func TestAWaitingQueueIsBounded(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	span := model.Span{From: origin, To: origin + 59}
	rows := make([]model.Call, maxQueued/4)
	for i := range rows {
		rows[i] = model.Call{At: origin, Kind: model.KindConsume}
	}
	for range 10 {
		s.Fold("prod", read(span, origin+100, rows))
	}
	wantFault(t, s, "cannot be written fast enough")
	if s.queued > maxQueued {
		t.Errorf("%d rows wait", s.queued)
	}
	mustFlush(t, s)
	wantFault(t, s, "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.Fold("prod", minute(origin))
	if s.queued != 0 {
		t.Error("something waits for a closed store")
	}
}

func TestNewerFileIsLeftAlone(t *testing.T) {
	path := dbPath(t)
	s := openAt(t, path, Options{})
	if _, err := s.file.write.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path, Options{})
	wantFault(t, s, "the file was written by a newer gatewatch")
	useless(t, s)
	if aside, _ := filepath.Glob(path + "*corrupt*"); len(aside) > 0 {
		t.Error("it was set aside")
	}
}

// TestBeat holds what is written to one transaction a second, and what is folded
// to no waiting.
func TestBeat(t *testing.T) {
	path := dbPath(t)
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for m := range int64(30) {
			s.Fold("prod", minute(floor(start.Unix(), 3600)+60*m))
		}
		if time.Since(start) != 0 {
			t.Error("folding waited")
		}
		if !s.pending() {
			t.Error("it was written at once")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s.pending() {
			t.Error("it was not written in two seconds")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOpenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Open(ctx, dbPath(t), Options{}); err == nil {
		_ = s.Close()
		t.Error("it was opened")
	}
}

func TestOnlyTheUserCanRead(t *testing.T) {
	path := dbPath(t)
	s := openAt(t, path, Options{})
	s.Fold("prod", minute(origin))
	mustFlush(t, s)
	for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, not %o", name, got, want)
		}
	}
}
