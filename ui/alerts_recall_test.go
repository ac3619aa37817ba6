package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gatewatch/model"
)

// warned is a screen that warns below $2, and what it tells.
func warned(t *testing.T, change ...func(*Options)) (u *UI, told *[]string, give func(quota model.Quota, sec int64) string) {
	t.Helper()
	told = new([]string)
	u = screen(t, 120, 40, nil, func(o *Options) {
		o.Alerts = AlertOptions{
			Of: func(model.State) model.AlertOptions {
				return model.AlertOptions{LowBalance: model.Some[model.Quota](1_000_000)}
			},
			Bell: true, Notify: true,
			Told: func(e model.AlertEvent, says string) {
				*told = append(*told, fmt.Sprint(e.Kind, " ", e.Raised, " ", says))
			},
		}
		for _, c := range change {
			c(o)
		}
	})
	give = func(quota model.Quota, sec int64) string {
		_, cmd := u.Update(account(quota, t0+sec))
		return raws(cmd)
	}
	return u, told, give
}

// TestTheHistoryIsNoNews gives the screen what the last run knew: a balance that
// was low last night for a while, and low when that run ended.
func TestTheHistoryIsNoNews(t *testing.T) {
	u, told, give := warned(t)
	rang := give(500_000, -40_000) + give(9_000_000, -39_000) + give(400_000, -10)
	if rang != "" || len(*told) > 0 || strings.Contains(shown(t, u), "▲") {
		t.Errorf("what is known from the history rang %q and told %q:\n%s", rang, *told, shown(t, u))
	}
	if rang = give(400_000, 0); !strings.HasPrefix(rang, "\a") || len(*told) != 1 {
		t.Errorf("it is still so, and nobody was told before: %q, %q", rang, *told)
	}
}

// TestWhatTheLastRunTold begins with an open line of the journal.
func TestWhatTheLastRunTold(t *testing.T) {
	open := false
	begin := func() (*UI, *[]string, func(model.Quota, int64) string) {
		return warned(t, func(o *Options) {
			o.Alerts.Lasting = func() ([]model.AlertEntry, bool) {
				return []model.AlertEntry{{At: at(t0 - 7200), Gateway: "prod", Kind: "low_balance", Says: "$1.10 left"}}, open
			}
		})
	}
	u, told, give := begin()
	if rang := give(400_000, 0); rang != "" || len(*told) > 0 {
		t.Errorf("before anybody knows what was told already: %q, %q", rang, *told)
	}
	open = true
	if rang := give(400_000, 10); rang != "" || len(*told) > 0 {
		t.Errorf("it was told by the last run: %q, %q", rang, *told)
	}
	if u.refresh(); !strings.Contains(shown(t, u), "▲ $0.80 left") {
		t.Errorf("it is still so:\n%s", shown(t, u))
	}
	if rang := give(9_000_000, 20); rang != "" || !slices.Equal(*told, []string{"low_balance false $0.80 left, under $2.00"}) {
		t.Errorf("it is over: %q, %q", rang, *told)
	}
	_, told, give = begin()
	if rang := give(9_000_000, 10); rang != "" || !slices.Equal(*told, []string{"low_balance false $1.10 left"}) {
		t.Errorf("it was over before the start: %q, %q", rang, *told)
	}
	// Until its balance is told, it is shown as the last run said it.
	u, _, _ = begin()
	var f feed
	f.add(model.SourceCalls, model.CallsRead{Span: model.Span{From: t0 - 100, To: t0 - 5}, ReadAt: t0})
	u.Update(f[0])
	if !strings.Contains(shown(t, u), "▲ $1.10 left") {
		t.Errorf("what lasts is not shown:\n%s", shown(t, u))
	}
	if u.private = true; strings.Contains(u.sentence(u.alerts.state.Active()[0], u.current()), "1.10") {
		t.Error("an old sentence is not masked")
	}
}

func TestPrivacyMasksTheScreenAlone(t *testing.T) {
	u, told, give := warned(t, func(o *Options) { o.Private = true })
	rang := give(500_000, 0)
	if !slices.Equal(*told, []string{"low_balance true $1.00 left, under $2.00"}) {
		t.Errorf("the journal and the hook get %q", *told)
	}
	if strings.Contains(rang, "$1.00") || strings.Contains(shown(t, u), "$1.00") {
		t.Errorf("a notification and the screen are not masked: %q", rang)
	}
}

// TestAnotherGatewayIsNamedOnTheScreen holds the journal, which names it anyway, to
// the sentence alone.
func TestAnotherGatewayIsNamedOnTheScreen(t *testing.T) {
	u, told, _ := warned(t, func(o *Options) {
		o.Fleet.States = append(o.Fleet.States, model.State{Gateway: model.Gateway{Name: "staging"}})
	})
	low := account(500_000, t0)
	low.Gateway = "staging"
	u.Update(low)
	if !slices.Equal(*told, []string{"low_balance true $1.00 left, under $2.00"}) || !strings.Contains(shown(t, u), "▲ staging: $1.00 left") {
		t.Errorf("told %q:\n%s", *told, shown(t, u))
	}
}
