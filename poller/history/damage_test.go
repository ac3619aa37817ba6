package history

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatewatch/model"
)

// TestDamageIsFoundByReading damages a file between two runs. The second one cannot
// show yesterday: it says so at once, sets the file aside and goes on with a new one.
func TestDamageIsFoundByReading(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string, s *Store){
		"a record": func(t *testing.T, _ string, s *Store) {
			if _, err := s.file.write.Exec("UPDATE slot SET calls = x'0102ff'"); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"an answer": func(t *testing.T, _ string, s *Store) {
			if _, err := s.file.write.Exec("UPDATE latest SET payload = '{'"); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"pages": func(t *testing.T, path string, s *Store) {
			if _, err := s.file.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 4096 * 30; i < len(b)-4096*5; i++ {
				b[i] = 0xA5
			}
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := dbPath(t)
			s := openAt(t, path, Options{})
			s.Fold("prod", model.Update{Source: model.SourceStatus, At: at(origin), Payload: model.Status{Version: "1"}})
			for m := int64(0); m < 3600; m += 60 {
				s.Fold("prod", minute(origin+m))
			}
			mustFlush(t, s)
			damage(t, path, s)

			s = openAt(t, path, Options{})
			wantFault(t, s, "")
			if _, err := s.Load(t.Context(), "prod", at(origin+3700)); troubleOf(err) != troubleDamaged {
				t.Fatalf("the damage is seen as %v", err)
			}
			wantFault(t, s, "history: its file is damaged")
			s.Fold("prod", minute(origin))
			s.turn()
			wantFault(t, s, "its file was damaged and is now "+path+".corrupt-")
			if aside, _ := filepath.Glob(path + ".corrupt-*"); len(aside) == 0 {
				t.Error("nothing was set aside")
			}
			if got := covered(t, s); got != 60 {
				t.Errorf("the new file knows %d s, not the 60 that were seen meanwhile", got)
			}
		})
	}
}

// TestAQueryThatIsGivenUpIsNoFault ends queries in their middle, and asks for what
// is not there.
func TestAQueryThatIsGivenUpIsNoFault(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	s.Fold("prod", minute(origin))
	mustFlush(t, s)
	for range s.Calls(t.Context(), "prod", model.ScopeSelf, model.Span{From: origin, To: origin + 59}) {
		break
	}
	if _, err := s.Chat(t.Context(), "none"); err == nil {
		t.Error("a conversation that nobody had")
	}
	if _, err := s.Load(t.Context(), "nobody", time.Now()); err != nil {
		t.Error(err)
	}
	if st, err := s.Status(t.Context(), "nobody"); err != nil || st.Version != "" {
		t.Errorf("%+v, %v", st, err)
	}
	wantFault(t, s, "")
}
