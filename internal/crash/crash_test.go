package crash

import (
	"os"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	stopped := make(chan struct{})
	g := &Guard{Dir: t.TempDir() + "/state", Stop: func() { close(stopped) }}
	if g.Err() != nil {
		t.Fatal("an error before anything happened")
	}
	g.Go(func() { panic("the roof is on fire") })
	<-stopped
	err := g.Err()
	if err == nil || !strings.Contains(err.Error(), "the roof is on fire") {
		t.Fatalf("%v", err)
	}
	_, file, _ := strings.Cut(err.Error(), "details are in ")
	b, rerr := os.ReadFile(file)
	if rerr != nil || !strings.Contains(string(b), "crash_test.go") {
		t.Fatalf("the crash file: %v, %q", rerr, b)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v", info.Mode())
	}
	func() { // a second one changes nothing and does not stop twice
		defer g.Catch()
		panic("again")
	}()
	if g.Err().Error() != err.Error() {
		t.Errorf("%v", g.Err())
	}
}

func TestGuardWithoutAPlaceToWrite(t *testing.T) {
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	g := &Guard{Dir: file + "/below"}
	func() {
		defer g.Catch()
		panic("x")
	}()
	if err := g.Err(); err == nil || !strings.Contains(err.Error(), "could not be written") {
		t.Errorf("%v", err)
	}
}
