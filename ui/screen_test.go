package ui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
)

var sizes = [][2]int{{200, 60}, {160, 48}, {120, 40}, {80, 24}, {60, 20}, {40, 12}}

func TestScreens(t *testing.T) {
	for _, s := range sizes {
		u := screen(t, s[0], s[1], live())
		golden(t, fmt.Sprintf("live-%dx%d", s[0], s[1]), shown(t, u))
	}
}

func TestStates(t *testing.T) {
	down := model.Fault{Kind: model.FaultNetwork, Short: "no connection", Sentence: "prod: nothing listens at the gateway's address (connection refused): is it running, and is the port in url right?"}
	for name, c := range map[string]struct {
		feed   func() feed
		change func(*Options)
		then   func(*UI)
	}{
		"waiting": {feed: func() feed { return nil }},
		"down from the start": {feed: func() (f feed) {
			f.fail(model.SourceStatus, down)
			return f
		}},
		"stale": {feed: func() feed {
			f := live()
			f.fail(model.SourceAccount, down)
			f.fail(model.SourceCalls, down)
			return f
		}, then: func(u *UI) { u.Update(tickMsg(at(t0 + 135))) }},
		"wrong token": {feed: func() (f feed) {
			f.add(model.SourceStatus, model.Status{Version: "v1"})
			for _, src := range []model.Source{model.SourceAccount, model.SourceCalls, model.SourceRates, model.SourceKeys} {
				f.fail(src, model.Fault{Kind: model.FaultUnauthorised, Short: "not authorised", Sentence: `prod: the gateway does not accept the credential ("Unauthorized, invalid access token"): check access_token; a new one is made on the gateway's personal settings page`})
			}
			return f
		}},
		"not offered": {feed: func() (f feed) {
			f.add(model.SourceStatus, model.Status{Version: "v1"})
			f.add(model.SourceAccount, model.Account{Username: "alice", Quota: model.Some[model.Quota](-900_620), Enabled: true})
			for _, src := range []model.Source{model.SourceCalls, model.SourceRates, model.SourceKeys, model.SourceDays} {
				f.fail(src, model.Fault{Kind: model.FaultUnsupported, Short: "not offered by this gateway", Sentence: "prod: this gateway does not offer it"})
			}
			return f
		}},
		"empty, and that is the truth": {feed: func() (f feed) {
			f.add(model.SourceStatus, model.Status{Version: "v1"})
			f.add(model.SourceAccount, model.Account{Username: "alice", Quota: model.Some[model.Quota](500_000), Enabled: true})
			f.add(model.SourceKeys, model.Keys{})
			f.add(model.SourceCalls, model.CallsRead{Span: model.Span{From: t0 - 3700, To: t0 - 5}, ReadAt: t0})
			f.add(model.SourceRates, model.SpanTotal{Span: model.Span{From: t0 - 3604, To: t0 - 5}, RPM: model.Some[int64](0), TPM: model.Some[int64](0)})
			return f
		}},
		"sampled": {feed: func() (f feed) {
			f.add(model.SourceAccount, model.Account{Username: "alice", Quota: model.Some[model.Quota](500_000), Enabled: true})
			for _, c := range live() {
				if r, ok := c.Payload.(model.CallsRead); ok {
					r.Span.From = r.Span.To - 120
					calls := r.Calls[:0:0]
					for _, call := range r.Calls {
						if r.Span.Has(call.At) {
							calls = append(calls, call)
						}
					}
					r.Calls = calls
					f.add(model.SourceCalls, r)
				}
			}
			return f
		}},
		"frozen": {feed: live, then: func(u *UI) {
			pressKeys(u, "f")
			u.Update(tickMsg(at(t0 + 200)))
		}},
		"a gap in the money": {feed: func() feed {
			f := live()
			f.add(model.SourceRates, model.SpanTotal{Span: model.Span{From: t0 - 3604, To: t0 - 5}, Quota: 12_345})
			return f
		}},
		"limited, demo, read-only": {feed: func() feed {
			f := live()
			f[len(f)-1].Pace = model.Pace{Budget: 30, Used: 29, Halved: true, Stretch: 1, LimitedUntil: at(t0 + 60)}
			return f
		}, change: func(o *Options) { o.ReadOnly, o.Demo = true, true }},
		"slow": {feed: func() feed {
			f := live()
			f[len(f)-1].Pace = model.Pace{Budget: 60, Used: 4, Slow: true, Stretch: 1}
			return f
		}},
		"stretched": {feed: func() feed {
			f := live()
			f[len(f)-1].Pace = model.Pace{Budget: 6, Used: 4, Stretch: 4.2}
			return f
		}},
	} {
		t.Run(name, func(t *testing.T) {
			u := screen(t, 120, 40, c.feed(), func(o *Options) {
				if c.change != nil {
					c.change(o)
				}
			})
			if c.then != nil {
				c.then(u)
			}
			golden(t, "state-"+strings.ReplaceAll(name, " ", "-"), shown(t, u))
		})
	}
}

func TestPopups(t *testing.T) {
	for name, press := range map[string][]string{
		"help":          {"?"},
		"palette":       {"ctrl+p", "t", "h", "e", "m"},
		"account":       {"shift+tab", "shift+tab", "enter"},
		"model":         {"tab", "enter"},
		"key":           {"tab", "tab", "down", "down", "enter"},
		"call":          {"tab", "tab", "tab", "enter"},
		"cross":         {"x"},
		"chart cursor":  {"shift+tab", "left", "left", "left"},
		"filter":        {"tab", "tab", "tab", "/", "4", "o"},
		"spender":       {"enter"},
		"zoom":          {"tab", "z"},
		"window 24h":    {"w"},
		"window 30d":    {"w", "w", "w"},
		"private":       {"ctrl+p", "p", "r", "i", "v", "enter"},
		"mono":          {"ctrl+p", "m", "o", "n", "o", "enter"},
		"sorted":        {"tab", "right", "s"},
		"no such thing": {"ctrl+p", "q", "q", "q", "q"},
	} {
		t.Run(name, func(t *testing.T) {
			u := screen(t, 100, 32, live())
			pressKeys(u, press...)
			golden(t, "press-"+strings.ReplaceAll(name, " ", "-"), shown(t, u))
		})
	}
}

// TestNoLineIsTooWide draws every size with names of every width, popups and
// banners; lines checks the widths.
func TestNoLineIsTooWide(t *testing.T) {
	u := screen(t, 10, 5, live())
	for w := 1; w <= 205; w += 12 {
		for h := 1; h <= 61; h += 7 {
			u.Update(tea.WindowSizeMsg{Width: w, Height: h})
			lines(t, u)
			for _, press := range []string{"tab", "z", "f", "?", "esc", "ctrl+p", "esc", "x", "esc", "enter", "esc", "/", "esc", "z", "f"} {
				pressKeys(u, press)
				lines(t, u)
			}
		}
	}
}

func TestWindowsAreDrawn(t *testing.T) {
	u := screen(t, 120, 40, live())
	for _, win := range model.Windows() {
		u.setWindow(win)
		u.changed()
		if s := shown(t, u); !strings.Contains(s, "window "+win.Label) || !win.Counted() && !strings.Contains(s, "since ") {
			t.Errorf("the window %s is not named:\n%s", win.Label, s)
		}
	}
}

func TestFramesAreDrawnOncePerRefresh(t *testing.T) {
	u := screen(t, 120, 40, live())
	frames := map[string]bool{}
	count := 0
	last := ""
	for sec := range int64(60) {
		u.Update(tickMsg(at(t0 + sec)))
		for _, up := range live() {
			up.At = at(t0 + sec)
			if a, ok := up.Payload.(model.Account); ok {
				a.Quota.V -= model.Quota(sec * 1000)
				up.Payload = a
			}
			u.Update(up)
			if c := u.View().Content; c != last {
				last = c
				count++
				frames[c] = true
			}
		}
	}
	if count > 60/5+2 {
		t.Errorf("%d frames in a minute of updates every second", count)
	}
	if count < 60/5-2 {
		t.Errorf("only %d frames in a minute", count)
	}
}

func TestNothingIsDrawnWithoutAReason(t *testing.T) {
	u := screen(t, 160, 48, live())
	first := u.View().Content
	for sec := int64(5); sec <= 15; sec += 5 {
		f := live()
		for _, up := range f {
			up.At = at(t0 + sec)
			u.Update(up)
		}
		u.Update(tickMsg(at(t0 + sec)))
		if got := u.View().Content; got != first {
			t.Fatalf("%d s later, with equal data, the screen differs", sec)
		}
	}
	if u.View().Content != first {
		t.Fatal("two Views in a row differ")
	}
}

func TestABusyTerminalGetsNoNewFrame(t *testing.T) {
	busy := false
	u := screen(t, 120, 40, live(), func(o *Options) { o.Busy = func() bool { return busy } })
	first := u.View().Content
	busy = true
	pressKeys(u, "tab")
	if u.View().Content != first {
		t.Fatal("a frame was made while the last one was on its way")
	}
	busy = false
	u.Update(DrainedMsg{})
	if u.View().Content == first {
		t.Fatal("the key press is lost")
	}
}

func BenchmarkViewChanged(b *testing.B) {
	u := screen(b, 160, 48, live())
	for b.Loop() {
		u.refresh()
		u.View()
	}
}

func BenchmarkViewUnchanged(b *testing.B) {
	u := screen(b, 160, 48, live())
	u.View()
	for b.Loop() {
		u.View()
	}
}

func BenchmarkViewOnePaneChanged(b *testing.B) {
	u := screen(b, 160, 48, live())
	for b.Loop() {
		pressKeys(u, "down")
		u.View()
	}
}

func BenchmarkFold(b *testing.B) {
	u := screen(b, 160, 48, live())
	up := live()[4]
	up.At = at(t0 + 1)
	u.drawnAt = at(t0 + 1)
	for b.Loop() {
		u.Update(up)
	}
}
