package hook

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestCommandReadsTheAlert(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs sh")
	}
	out := filepath.Join(t.TempDir(), "alert")
	h := Hook{Command: []string{"sh", "-c", `cat > "$0"`, out}}
	if err := h.Send(t.Context(), []byte(`{"kind":"low_balance"}`)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != `{"kind":"low_balance"}` {
		t.Errorf("the command read %q (%v)", got, err)
	}
	h.Command = []string{"sh", "-c", "echo not today >&2; exit 3"}
	if err := h.Send(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "not today") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a command that fails: %v", err)
	}
	h = Hook{Command: []string{"sleep", "60"}, Timeout: 50 * time.Millisecond}
	start := time.Now()
	if err := h.Send(context.Background(), nil); err == nil || time.Since(start) > 10*time.Second {
		t.Errorf("a command that hangs: %v after %s", err, time.Since(start))
	}
}

func TestWebhookIsPosted(t *testing.T) {
	var got string
	status := http.StatusNoContent
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.Header.Get("Content-Type") + " " + string(b)
		w.WriteHeader(status)
	}))
	defer s.Close()
	h := Hook{URL: s.URL + "/hook?secret=FAKE"}
	if err := h.Send(t.Context(), []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if got != "POST application/json {}" {
		t.Errorf("posted %q", got)
	}
	status = http.StatusTeapot
	if err := h.Send(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "418") {
		t.Errorf("a refusal: %v", err)
	}
	s.Close()
	if err := h.Send(t.Context(), nil); err == nil || strings.Contains(err.Error(), "FAKE") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestCheck(t *testing.T) {
	for url, ok := range map[string]bool{"": true, "https://x.example/y": true, "ftp://x": false, "x.example": false, "https://": false} {
		if err := (Hook{URL: url}).Check(); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
	if (Hook{}).Set() || (Hook{}).Send(t.Context(), nil) != nil {
		t.Error("the zero hook goes somewhere")
	}
}
