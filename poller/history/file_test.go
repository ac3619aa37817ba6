package history

import (
	"database/sql"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"gatewatch/model"
)

// versionOne is a file of version 1 as text, with one row in every table. It is
// never changed: what reads it is every later version.
//
//go:embed testdata/v1.sql
var versionOne string

// writeFile makes a database at path from SQL.
func writeFile(t *testing.T, path, script string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMigrations(t *testing.T) {
	for name, script := range map[string]string{"from nothing": "", "from an empty file": "PRAGMA user_version = 0", "from version 1": versionOne} {
		t.Run(name, func(t *testing.T) {
			path := dbPath(t)
			if script != "" {
				writeFile(t, path, script)
			}
			// Several dashboards begin at once.
			stores := make([]*Store, 4)
			var wg sync.WaitGroup
			for i := range stores {
				wg.Go(func() { stores[i] = openAt(t, path, Options{}) })
			}
			wg.Wait()
			for _, s := range stores {
				wantFault(t, s, "")
			}
			s := stores[0]
			if v := s.numbers(t, "PRAGMA user_version"); v != int64(len(migrations)) {
				t.Errorf("version %d", v)
			}
			s.Fold("prod", minute(origin))
			mustFlush(t, s)
			if got := covered(t, s); got != 60 {
				t.Errorf("%d s are known", got)
			}
			if err := stores[1].SaveChat(t.Context(), model.SavedChat{ID: "a", Body: []byte("{}")}); err != nil {
				t.Error(err)
			}
			if c, err := stores[2].Chat(t.Context(), "a"); err != nil || string(c.Body) != "{}" {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
}

// TestVersionOneIsRead holds every later version to the forms of the first.
func TestVersionOneIsRead(t *testing.T) {
	path := dbPath(t)
	writeFile(t, path, versionOne)
	s := openAt(t, path, Options{})
	const began = 1_800_000_000 // the hour of the example
	updates, err := s.Load(t.Context(), "prod", at(began+200))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, u := range updates {
		switch p := u.Payload.(type) {
		case model.CallsRead:
			kinds["calls"] += len(p.Calls)
		case model.Account:
			kinds["account"]++
		case model.Keys:
			kinds["keys"] += len(p)
		case model.HourTotal:
			kinds["hours"]++
		case model.Periods:
			kinds["periods"] += len(p.Usage)
		}
	}
	for kind, want := range map[string]int{"calls": 3, "account": 2, "keys": 1, "hours": 1, "periods": 1} {
		if kinds[kind] != want {
			t.Errorf("%d %s, not %d", kinds[kind], kind, want)
		}
	}
	h, err := s.Usage(t.Context(), model.HistoryQuery{Gateway: "prod", Span: model.Span{From: began, To: began + 3599}})
	if err != nil || len(h.Rows) != 1 || h.Rows[0].Calls != 2 || h.Rows[0].Errors != 1 || h.Rows[0].Quota != 30 || h.Rows[0].Took.N() != 2 {
		t.Errorf("%+v, %v", h.Rows, err)
	}
	if alerts, err := s.Alerts(t.Context(), 2); err != nil || len(alerts) != 1 {
		t.Errorf("%v, %v", alerts, err)
	}
}

// TestAStepIsMadeOnce adds a step to the migrations.
func TestAStepIsMadeOnce(t *testing.T) {
	path := dbPath(t)
	if err := openAt(t, path, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	defer func(was []string) { migrations = was }(migrations)
	now := len(migrations)
	migrations = append(migrations[:now:now], "CREATE TABLE later (x); INSERT INTO later VALUES (1)")
	for range 2 {
		s := openAt(t, path, Options{})
		wantFault(t, s, "")
		if n := s.numbers(t, "SELECT count(*) FROM later"); n != 1 {
			t.Errorf("the step was made %d times", n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// A step that fails changes nothing.
	migrations = append(migrations[:now+1:now+1], "CREATE TABLE half (x); CREATE TABLE half (x)")
	s := openAt(t, path, Options{})
	wantFault(t, s, fmt.Sprintf("migration from version %d", now+1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	migrations = migrations[:now+1]
	s = openAt(t, path, Options{})
	wantFault(t, s, "")
	if n := s.numbers(t, "SELECT count(*) FROM sqlite_master WHERE name = 'half'"); n != 0 {
		t.Error("half a step was made")
	}
}
