package ui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/notify"
)

// raws are the bytes that a command sends to the terminal as they are.
func raws(cmd tea.Cmd) string {
	if cmd == nil {
		return ""
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		var out string
		for _, c := range msg {
			out += raws(c)
		}
		return out
	case tea.RawMsg:
		return fmt.Sprint(msg.Msg)
	}
	return ""
}

// account is an answer of the account with that much left.
func account(quota model.Quota, sec int64) model.Update {
	f := feed{}
	f.add(model.SourceAccount, model.Account{Username: "alice", Enabled: true, Quota: model.Some(quota), Used: model.Some[model.Quota](0)})
	f[0].At = at(sec)
	return f[0]
}

func TestAnAlertIsToldOnce(t *testing.T) {
	var told []string
	u := screen(t, 120, 40, nil, func(o *Options) {
		o.Alerts = AlertOptions{
			Of: func(model.State) model.AlertOptions {
				return model.AlertOptions{LowBalance: model.Some[model.Quota](1_000_000)}
			},
			Bell: true, Notify: true,
			Told: func(e model.AlertEvent, says string) { told = append(told, fmt.Sprint(e.Kind, e.Raised, " ", says)) },
		}
	})
	give := func(quota model.Quota, sec int64) string {
		_, cmd := u.Update(account(quota, t0+sec))
		return raws(cmd)
	}
	if got := give(5_000_000, 0); got != "" {
		t.Errorf("nothing is wrong, and the terminal gets %q", got)
	}
	u.alerts.pressedAt = at(t0 - 120) // the program has been running for a while
	got := give(500_000, 10)
	if !strings.HasPrefix(got, "\a") || !strings.Contains(got, "\x1b]9;prod: $1.00 left") {
		t.Errorf("an alert rings and notifies; it sent %q", got)
	}
	if s := shown(t, u); !strings.Contains(s, "▲ $1.00 left") {
		t.Errorf("the alert is not on the screen:\n%s", s)
	}
	if got := give(400_000, 20); got != "" {
		t.Errorf("told again: %q", got)
	}
	if give(9_000_000, 30); strings.Contains(shown(t, u), "▲") {
		t.Error("the alert stays although it is over")
	}
	u.Update(tea.FocusMsg{})
	if got := give(300_000, 400); got != "\a" {
		t.Errorf("somebody looks, so that the bell is enough: %q", got)
	}
	u.Update(tea.BlurMsg{})
	give(9_000_000, 500)
	if got := give(300_000, 900); !strings.Contains(got, "\x1b]9;") {
		t.Errorf("nobody looks: %q", got)
	}
	want := []string{"low_balancetrue $1.00 left, under $2.00", "low_balancefalse"}
	for i, w := range want {
		if len(told) <= i || !strings.HasPrefix(told[i], w) {
			t.Errorf("told %q, want %q at %d", told, w, i)
		}
	}
}

func TestTheJournalIsShown(t *testing.T) {
	u := screen(t, 120, 40, live(), func(o *Options) {
		o.Alerts.Terminal = notify.Terminal{}
		o.Alerts.Journal = func() ([]model.AlertEntry, error) {
			return []model.AlertEntry{
				{At: at(t0 - 60), Gateway: "prod", Kind: "spike", Says: "laptop × o3: $4.10/h\x1b[2J"},
				{At: at(t0 - 7200), Gateway: "prod", Kind: "down", Says: "it does not answer", Cleared: model.Some(at(t0 - 7000))},
			}, nil
		}
	})
	pressKeys(u, "ctrl+p", "a", "l", "e", "r", "t", "s", "enter")
	golden(t, "journal", shown(t, u))
	u = screen(t, 120, 40, live())
	if why := u.whyNoJournal(); why == "" {
		t.Error("without history there is a journal")
	}
}

func TestASpikeNamesItsKeyAndModel(t *testing.T) {
	u := screen(t, 160, 48, live())
	says := u.sentence(model.Alert{
		Kind: model.AlertSpike, Gateway: "prod", Key: model.KeyRef{Name: "laptop"}, Model: "claude-opus-4",
		Since: at(t0 - 1200), Times: model.Some(10.2), PerHour: model.Some(2_050_000.0),
	}, u.current())
	if want := "laptop × claude-opus-4: $4.10/h, 10× its usual since " + at(t0-1200).In(shanghai).Format("15:04"); says != want {
		t.Errorf("%q, want %q", says, want)
	}
	says = u.sentence(model.Alert{
		Kind: model.AlertSpike, Gateway: "prod", Key: model.KeyRef{Name: "laptop"}, Model: "o3",
		Since: at(t0 - 1200), Until: at(t0 - 600), Times: model.Some(10.2), PerHour: model.Some(2_050_000.0),
	}, u.current())
	if want := "laptop × o3: was $4.10/h, 10× its usual, 13:42 to 13:52"; says != want {
		t.Errorf("%q, want %q", says, want)
	}
	u.private = true
	if says := u.sentence(model.Alert{Kind: model.AlertKeyLow, Gateway: "prod", Subject: "laptop", Left: model.Some[model.Quota](9), Hours: model.Some(0.5)}, u.current()); strings.Contains(says, "laptop") || strings.Contains(says, "$") {
		t.Errorf("in private: %q", says)
	}
}

func TestAHistoryInTroubleSaysSo(t *testing.T) {
	fault := ""
	u := screen(t, 120, 40, live(), func(o *Options) { o.Fault = func() string { return fault } })
	fault = "history: the disk is full; what is seen now is not kept"
	u.refresh()
	if !strings.Contains(shown(t, u), fault) {
		t.Error("nobody is told that nothing is kept")
	}
}

// TestTheStartIsLookedAt: who has just started the program needs no notification.
func TestTheStartIsLookedAt(t *testing.T) {
	_, _, give := warned(t, func(o *Options) { o.Alerts.Bell, o.Alerts.Notify = true, true })
	if got := give(500_000, 3); got != "\a" {
		t.Errorf("three seconds after the start the terminal gets %q", got)
	}
}
