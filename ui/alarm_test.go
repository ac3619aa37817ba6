package ui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/theme"
)

// strict are options under which the live world is full of alerts.
func strict(o *Options) {
	o.Alerts.Of = func(model.State) model.AlertOptions {
		return model.AlertOptions{LowBalance: model.Some[model.Quota](60_000_000), KeyHours: model.Some(9.0), Failures: model.Some(0.001)}
	}
}

// burst is a key × model that makes calls every second for half a minute.
func burst(fails bool) model.Update {
	span := model.Span{From: t0 - model.Lag + 1, To: t0 - model.Lag + 30}
	r := model.CallsRead{Span: span, ReadAt: t0 + 130, Told: true}
	for at := span.From; at <= span.To; at++ {
		c := model.Call{At: at, Kind: model.KindConsume, Model: "o3", Key: "laptop", KeyID: 1, User: "alice", Quota: 3000}
		if fails {
			c.Kind, c.Quota = model.KindError, 0
		}
		r.Calls = append(r.Calls, c)
	}
	f := feed{}
	f.add(model.SourceCalls, r)
	f[0].At = at(t0 + 30)
	return f[0]
}

// drawnBad reports whether a part of the screen is drawn in the style of what is bad.
func drawnBad(u *UI, s string) bool {
	on, _, _ := strings.Cut(theme.Get("dark", true).Bad.Text("\x00"), "\x00")
	return strings.Contains(u.View().Content, on+s)
}

// TestAnAlertColoursItsFigure raises each kind and looks at its figure, which is
// marked where a row says it, and is plain when it is over.
func TestAnAlertColoursItsFigure(t *testing.T) {
	calm := screen(t, 160, 48, live())
	loud := screen(t, 160, 48, live(), strict)
	for _, c := range []string{"$99.65", "1.4 %"} {
		if drawnBad(calm, c) || !drawnBad(loud, c) {
			t.Errorf("%s in colour: %v without an alert, %v with one", c, drawnBad(calm, c), drawnBad(loud, c))
		}
	}

	low := screen(t, 160, 48, live(), strict)
	if !drawnBad(low, "▲ ci-bot") || !drawnBad(low, "$4.00") || drawnBad(low, "▲ 中文") || drawnBad(calm, "▲") {
		t.Errorf("a key that will not last is not marked, or another one is:\n%s", shown(t, low))
	}
	golden(t, "alert-key", shown(t, low))

	for name, fails := range map[string]bool{"alert-spike": false, "alert-errors": true} {
		u := screen(t, 160, 48, live())
		pressKeys(u, "tab")
		u.Update(burst(fails))
		if !drawnBad(u, "▲ laptop × o3") {
			t.Errorf("%s is not marked:\n%s", name, shown(t, u))
		}
		golden(t, name, shown(t, u))
		pressKeys(u, "shift+tab", "shift+tab", "left", "left", "left", "left") // the chart's cursor: who spent in another minute
		if drawnBad(u, "▲ laptop × o3") {
			t.Errorf("%s marks a minute that is over:\n%s", name, shown(t, u))
		}
		// Half an hour later it is over.
		for sec := int64(60); sec < 1800; sec += 60 {
			f := feed{}
			span := model.Span{From: t0 - model.Lag + sec - 29, To: t0 - model.Lag + sec + 30}
			f.add(model.SourceCalls, model.CallsRead{Span: span, ReadAt: span.To + 9, Told: true})
			f[0].At = at(t0 + sec + 30)
			u.Update(f[0])
		}
		u.refresh()
		if drawnBad(u, "▲") {
			t.Errorf("%s stays marked:\n%s", name, shown(t, u))
		}
	}
}

// TestADownGatewayColoursItsDot: and for a minute after it answers again, as the
// alert stands.
func TestADownGatewayColoursItsDot(t *testing.T) {
	u := screen(t, 160, 48, live())
	sec := int64(10)
	poll := func(fails bool) {
		up := account(49_826_629, t0+sec)
		if fails {
			up.Payload, up.Err = nil, faultError{model.Fault{Kind: model.FaultNetwork, Short: "no connection", Sentence: "nothing listens"}}
		}
		u.Update(up)
		u.refresh()
		sec += 10
	}
	for range 4 {
		poll(true)
	}
	if !drawnBad(u, "✗") {
		t.Errorf("a gateway that is down:\n%s", shown(t, u))
	}
	poll(false)
	if !drawnBad(u, "●") {
		t.Errorf("it answered once:\n%s", shown(t, u))
	}
	for range 8 {
		poll(false)
	}
	if drawnBad(u, "●") {
		t.Error("it is up again for a while, and its dot is red")
	}
}

// TestTheTerminalSaysWhatItIs: over ssh the environment does not, and each knows
// another notification.
func TestTheTerminalSaysWhatItIs(t *testing.T) {
	// Init begins with a tick, which is not waited for here.
	quick := func(o *Options) { o.Refresh = time.Nanosecond }
	loud := func(o *Options) { strict(o); quick(o); o.Alerts.Notify = true }
	if quiet := screen(t, 120, 40, nil, quick); strings.Contains(raws(quiet.Init()), "\x1b[>q") {
		t.Error("the terminal is asked although it is to show nothing")
	}
	for name, want := range map[string]string{"": "\x1b]9;", "kitty(0.41.1)": "\x1b]99;", "VTE(7600)": "\x1b]777;", "tmux 3.5a": "\x1bPtmux;\x1b\x1b]9;"} {
		u := screen(t, 120, 40, nil, loud)
		if asked := raws(u.Init()); strings.Count(asked, "\x1b[>q") != 1 {
			t.Errorf("the terminal is asked with %q", asked)
		}
		if name != "" {
			u.Update(tea.TerminalVersionMsg{Name: name})
		}
		_, cmd := u.Update(account(1_000_000, t0+100))
		if got := raws(cmd); !strings.HasPrefix(got, want) {
			t.Errorf("%q gets %q", name, got)
		}
	}
}
