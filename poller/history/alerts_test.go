package history

import (
	"strings"
	"testing"

	"gatewatch/model"
)

// alert is a line of the journal.
func alert(second int64) model.AlertEntry {
	return model.AlertEntry{At: at(origin + second), Gateway: "prod", Kind: "low_balance", Says: "$1.00 left"}
}

func over(second, cleared int64) model.AlertEntry {
	e := alert(second)
	e.Cleared = model.Some(at(origin + cleared))
	return e
}

// TestAnAlertIsClaimedOnce lets two dashboards tell of the same, one of which is
// killed and started again: since when it lasts is then another moment.
func TestAnAlertIsClaimedOnce(t *testing.T) {
	path := dbPath(t)
	stores := []*Store{openAt(t, path, Options{}), openAt(t, path, Options{})}
	for i, c := range []struct {
		store   int
		account string
		entry   model.AlertEntry
		first   bool
	}{
		{0, "a", alert(0), true},
		{1, "a", alert(7), false},
		{0, "a", alert(3 * 3600), false}, // after a restart
		{0, "b", alert(5), true},         // another account of that name
		{1, "a", over(7, 4*3600), true},
		{0, "a", over(0, 4*3600+5), false},
		{0, "a", alert(5 * 3600), true}, // it comes back
		{0, "a", over(5*3600, 5*3600+30), true},
		{1, "a", alert(5*3600 + 10), false}, // seen late: it is over already
		{0, "a", alert(5*3600 + 60), true},
	} {
		if first, err := stores[c.store].ClaimAlert(t.Context(), c.account, c.entry); err != nil || first != c.first {
			t.Errorf("%d: first is %v, %v", i, first, err)
		}
	}
	lines, err := stores[0].Alerts(t.Context(), 10)
	if err != nil || len(lines) != 4 {
		t.Errorf("%d lines: %+v, %v", len(lines), lines, err)
	}
	for account, want := range map[string]int64{"a": 5*3600 + 60, "b": 5} {
		got, err := stores[1].LastingAlerts(t.Context(), account, "prod")
		if err != nil || len(got) != 1 || !got[0].At.Equal(at(origin+want)) || got[0].Cleared.OK {
			t.Errorf("what lasts of %s: %+v, %v", account, got, err)
		}
	}
}

// TestLinesOfEarlierVersions have no account, and several of the same may be open.
func TestLinesOfEarlierVersions(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	if _, err := s.file.write.Exec("INSERT INTO alert (at, gateway, kind, subject, says) VALUES (?1, 'prod', 'low_balance', '', 'x'), (?2, 'prod', 'low_balance', '', 'y')",
		at(origin).UnixNano(), at(origin+600).UnixNano()); err != nil {
		t.Fatal(err)
	}
	if got, err := s.LastingAlerts(t.Context(), "a", "prod"); err != nil || len(got) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if first, err := s.ClaimAlert(t.Context(), "a", alert(3600)); err != nil || first {
		t.Errorf("it lasts already: %v, %v", first, err)
	}
	if first, err := s.ClaimAlert(t.Context(), "a", over(3600, 3700)); err != nil || !first {
		t.Errorf("it is over: %v, %v", first, err)
	}
	if got, err := s.LastingAlerts(t.Context(), "a", "prod"); err != nil || len(got) != 0 {
		t.Errorf("for ever: %+v, %v", got, err)
	}
}

// TestKeysOfOneNameAreToldApart: each key has its own line and its own end, also where
// an earlier version wrote lines that name no key.
func TestKeysOfOneNameAreToldApart(t *testing.T) {
	path := dbPath(t)
	three := strings.Join(migrations[:3], "") + "PRAGMA user_version = 3;"
	writeFile(t, path, three+`INSERT INTO alert (account, at, gateway, kind, subject, says) VALUES ('a', 1, 'prod', 'key_low', 'old', 'x')`)
	s := openAt(t, path, Options{})
	wantFault(t, s, "")
	claim := func(subject string, key, since, cleared int64) bool {
		t.Helper()
		e := model.AlertEntry{At: at(origin + since), Gateway: "prod", Kind: "key_low", Subject: subject, Key: key, Says: "low"}
		if cleared > 0 {
			e.Cleared = model.Some(at(origin + cleared))
		}
		first, err := s.ClaimAlert(t.Context(), "a", e)
		if err != nil {
			t.Fatal(err)
		}
		return first
	}
	if !claim("ci", 1, 0, 0) || !claim("ci", 2, 0, 0) || claim("ci", 1, 5, 0) || claim("ci", 2, 5, 0) {
		t.Error("each of two keys is told once")
	}
	if claim("ci", 0, 5, 0) {
		t.Error("a program that cannot say which key tells it again")
	}
	if !claim("ci", 1, 0, 60) || claim("ci", 1, 0, 61) {
		t.Error("the end of one is told once")
	}
	if got, err := s.LastingAlerts(t.Context(), "a", "prod"); err != nil || len(got) != 2 || got[0].Subject != "old" || got[1].Key != 2 {
		t.Errorf("the other lasts, and so does what an earlier version wrote: %+v, %v", got, err)
	}
	if claim("old", 7, 5, 0) || !claim("old", 7, 5, 60) {
		t.Error("a line of no key is that of any key")
	}
	if !claim("ci", 0, 0, 120) {
		t.Error("a line that was recalled without its key has no end")
	}
	if got, err := s.LastingAlerts(t.Context(), "a", "prod"); err != nil || len(got) != 0 {
		t.Errorf("for ever: %+v, %v", got, err)
	}
}

func TestAClaimWithoutAFileFails(t *testing.T) {
	var s *Store
	if first, err := s.ClaimAlert(t.Context(), "a", alert(0)); err == nil || first {
		t.Errorf("%v, %v", first, err)
	}
}
