package history

import (
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

func TestAClaimWithoutAFileFails(t *testing.T) {
	var s *Store
	if first, err := s.ClaimAlert(t.Context(), "a", alert(0)); err == nil || first {
		t.Errorf("%v, %v", first, err)
	}
}
