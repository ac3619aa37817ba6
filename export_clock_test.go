package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
)

// keptByClock writes two hours of a gateway's log, a call a minute, up to now on its
// clock, which is ahead of ours.
func keptByClock(t *testing.T, home string, ahead time.Duration, known bool) (from time.Time) {
	t.Helper()
	store, err := history.Open(t.Context(), filepath.Join(home, "gatewatch", "history.db"), history.Options{CloseWithin: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	readAt := at.Add(ahead).Unix()
	span := model.Span{From: readAt - 7200, To: readAt - 1}
	read := model.CallsRead{Span: span, ReadAt: readAt}
	for i := range int64(120) {
		read.Calls = append(read.Calls, model.Call{At: span.From + i*60, Kind: model.KindConsume, Model: "o3", Key: "ci", Quota: 1, Prompt: 3})
	}
	u := model.Update{Source: model.SourceCalls, At: at, Payload: read}
	if known {
		u.Skew = model.Some(ahead)
	}
	store.Fold(identityOf("https://gw.example", gateway.NewSecret("fake-token")), u)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return time.Unix(span.From, 0)
}

// TestExportsEndByTheGatewaysClock: all that is kept of a gateway whose clock is ahead
// is printed, and an hour that is yet to come on one that is behind is not missing.
func TestExportsEndByTheGatewaysClock(t *testing.T) {
	for name, c := range map[string]struct {
		ahead time.Duration
		known bool
	}{
		"ahead": {time.Hour, true}, "ahead, as the rows tell": {time.Hour, false}, "behind": {-time.Hour, true}, "alike": {0, true},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			from := keptByClock(t, home, c.ahead, c.known)
			run := func(args ...string) (out, errOut string, code int) {
				return gatewatch(t, []string{"XDG_STATE_HOME=" + home, "GATEWATCH_URL=https://gw.example", "GATEWATCH_ACCESS_TOKEN=fake-token"}, append([]string{"export"}, args...)...)
			}
			since := from.UTC().Format(time.RFC3339)
			for _, to := range [][]string{nil, {"--to", time.Now().Add(48 * time.Hour).UTC().Format(time.DateOnly)}} {
				out, errOut, code := run(append([]string{"calls", "--from", since}, to...)...)
				if rows := strings.Count(out, "\n") - 1; code != exitOK || rows != 120 || errOut != "" {
					t.Errorf("%v: exit %d, %d rows of 120: %s", to, code, rows, errOut)
				}
			}
			out, errOut, code := run("usage", "--from", since, "--by", "minute")
			lines := strings.Split(strings.TrimSpace(out), "\n")
			// The first minute and the last may be cut, and are then told without counts.
			if n := len(lines) - 1; code != exitOK || errOut != "" || n < 119 || n > 122 {
				t.Errorf("exit %d, %d minutes of usage: %s", code, n, errOut)
			}
			// What was never read is still said.
			_, errOut, _ = run("calls", "--from", from.Add(-time.Hour).UTC().Format(time.RFC3339))
			if !strings.Contains(errOut, "the calls of 1 h 0 m are not kept: ") {
				t.Errorf("an hour that nobody saw: %q", errOut)
			}
			_, errOut, code = run("calls", "--from", time.Now().Add(c.ahead+time.Hour).UTC().Format(time.RFC3339))
			if code != exitUsage || !strings.Contains(errOut, "--from is in the future: what is kept ends at ") {
				t.Errorf("exit %d, %q", code, errOut)
			}
		})
	}
}
