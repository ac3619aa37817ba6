package ui

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	paneui "gatewatch/ui/pane"
	"gatewatch/ui/text"
)

func TestNoTwoCommandsShareAKey(t *testing.T) {
	seen := map[reach]map[string]string{}
	for _, c := range commands(&text.English) {
		for _, k := range c.keys {
			// What works everywhere must not be taken anywhere; what works on the
			// screen not in a pane.
			for where := range inPane + 1 {
				if seen[where] == nil {
					seen[where] = map[string]string{}
				}
				if other := seen[where][k]; other != "" {
					t.Errorf("%q means both %q and %q", k, other, c.name)
				}
			}
			seen[c.where][k] = c.name
		}
		if len(c.keys) > 0 && c.shown == "" || c.do.Short == "" || c.do.Long == "" {
			t.Errorf("the command %q has no words", c.name)
		}
		if c.run == nil && c.where != inPane {
			t.Errorf("the command %q does nothing", c.name)
		}
	}
}

func TestEveryFooterKeyDoesSomething(t *testing.T) {
	for _, c := range commands(&text.English) {
		if footerWorth[c.name] == 0 || c.name == "quit" || c.name == "ask" {
			continue
		}
		u := screen(t, 160, 48, live())
		pressKeys(u, "tab")
		before := shown(t, u)
		pressKeys(u, c.keys[0])
		if shown(t, u) == before {
			t.Errorf("%s (%s) changes nothing on the screen", c.keys[0], c.name)
		}
	}
}

// asked is a poller that writes down what it is asked for.
type asked struct {
	poked    []string
	want     []model.Want
	followed map[string]bool
}

func (a *asked) Poke(g string)     { a.poked = append(a.poked, g) }
func (a *asked) Want(w model.Want) { a.want = append(a.want, w) }

func (a *asked) Follow(g string, on bool) {
	if a.followed == nil {
		a.followed = map[string]bool{}
	}
	a.followed[g] = on
}

func quits(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	_, ok := cmd().(tea.QuitMsg)
	return ok
}

func TestQuitting(t *testing.T) {
	u := screen(t, 100, 30, live())
	for _, k := range []string{"esc", "esc", "esc"} {
		if quits(u.press(keyPress(k))) {
			t.Fatal("esc quits")
		}
	}
	for _, k := range []string{"q", "ctrl+c"} {
		if !quits(u.press(keyPress(k))) {
			t.Errorf("%s does not quit", k)
		}
	}
	u.press(keyPress("/"))
	if quits(u.press(keyPress("q"))) || u.input.Value() != "q" {
		t.Errorf("while typing, q is a letter: %q", u.input.Value())
	}
	if !quits(u.press(keyPress("ctrl+c"))) {
		t.Error("while typing, ctrl+c must quit")
	}
	pressKeys(u, "esc", "ctrl+p")
	if quits(u.press(keyPress("q"))) || !quits(u.press(keyPress("ctrl+c"))) {
		t.Error("in the palette")
	}
}

func TestFilterFollowsEveryLetterAndEscDropsIt(t *testing.T) {
	u := screen(t, 140, 40, live())
	pressKeys(u, "tab", "z") // models
	pressKeys(u, "/", "m", "i", "n", "i")
	s := shown(t, u)
	if !strings.Contains(s, "Models · last 1h /mini") || strings.Contains(s, "gpt-4o ") {
		t.Errorf("while typing:\n%s", s)
	}
	pressKeys(u, "enter")
	if u.typing || !strings.Contains(shown(t, u), "/mini") {
		t.Error("enter does not keep the filter")
	}
	pressKeys(u, "/")
	if u.input.Value() != "mini" {
		t.Errorf("the filter is not there to be changed: %q", u.input.Value())
	}
	pressKeys(u, "esc")
	if strings.Contains(shown(t, u), "/mini") {
		t.Error("esc does not drop the filter")
	}
	pressKeys(u, "/", "x", "y", "z", "enter")
	if !strings.Contains(shown(t, u), text.English.NoMatch) {
		t.Error("an empty result is not told from an empty table")
	}
	pressKeys(u, "esc")
	if strings.Contains(shown(t, u), text.English.NoMatch) {
		t.Error("esc in the pane does not drop the filter")
	}
	pressKeys(u, "shift+tab", "shift+tab", "/") // from the models to the chart, which has no rows
	if u.typing || u.notice != text.English.NothingToFilter {
		t.Errorf("typing %v, notice %q", u.typing, u.notice)
	}
}

func TestPasteGoesIntoTheTextBox(t *testing.T) {
	u := screen(t, 120, 40, live())
	u.Update(tea.PasteMsg{Content: "nothing is open"})
	pressKeys(u, "/")
	u.Update(tea.PasteMsg{Content: "gpt\x1b[31m\n4o"})
	if got := u.input.Value(); !strings.HasPrefix(got, "gpt") || strings.ContainsAny(got, "\x1b\n") {
		t.Errorf("pasted %q", got)
	}
	pressKeys(u, "esc", "ctrl+p")
	u.Update(tea.PasteMsg{Content: "freeze"})
	if got := u.popup.(*listPopup).input.Value(); got != "freeze" {
		t.Errorf("in the palette: %q", got)
	}
	pressKeys(u, "enter")
	if !u.frozen {
		t.Error("the palette did not run what was found")
	}
}

func TestFreezeHoldsTheScreenWhileCollectingGoesOn(t *testing.T) {
	u := screen(t, 120, 40, live())
	pressKeys(u, "f")
	before := shown(t, u)
	f := live()
	for _, up := range f {
		up.At = at(t0 + 10)
		if a, ok := up.Payload.(model.Account); ok {
			a.Quota = model.Some[model.Quota](1_000_000)
			up.Payload = a
		}
		u.Update(up)
	}
	panes := func(s string) string { _, rest, _ := strings.Cut(s, "╭"); return rest } // the banner tells the time
	if got := shown(t, u); panes(got) != panes(before) {
		t.Errorf("a frozen screen moved:\n%s", got)
	}
	pressKeys(u, "w")
	if !strings.Contains(shown(t, u), "window 24h") {
		t.Error("a frozen screen cannot be looked at through another window")
	}
	pressKeys(u, "f")
	if !strings.Contains(shown(t, u), "$2.00") {
		t.Error("after the thaw the news are missing")
	}
}

func TestFocusZoomAndGateways(t *testing.T) {
	a := &asked{}
	u := screen(t, 120, 40, live(), func(o *Options) {
		o.Poller = a
		o.Fleet.States = append(o.Fleet.States, model.State{Gateway: model.Gateway{Name: "staging 中文", URL: "https://staging.example"}})
	})
	for range panesOf(ScreenOverview, model.ScopeSelf) {
		pressKeys(u, "tab")
	}
	if u.focus != PaneNow {
		t.Errorf("tab does not come round: %d", u.focus)
	}
	pressKeys(u, "z")
	if s := shown(t, u); strings.Contains(s, "Models ·") || !strings.Contains(s, "Spending now") {
		t.Error("zoom shows other panes")
	}
	pressKeys(u, "esc")
	if u.zoom {
		t.Error("esc does not leave the zoom")
	}
	pressKeys(u, "r")
	if len(a.poked) != 1 || a.poked[0] != "prod" {
		t.Errorf("ask now asked %v", a.poked)
	}
	pressKeys(u, "w")
	if n := len(a.want); n != 1 || a.want[0].Window.Label != "24h" {
		t.Errorf("wanted %+v", a.want)
	}
	pressKeys(u, "o", "s", "t", "a", "g", "enter")
	if u.fleet.Current != 1 || a.want[len(a.want)-1].Gateway != "staging 中文" {
		t.Errorf("on %d, wanted %+v", u.fleet.Current, a.want)
	}
	if s := shown(t, u); !strings.Contains(s, "staging 中文") || !strings.Contains(s, text.English.Waiting) {
		t.Errorf("after the switch:\n%s", s)
	}
	// Updates of the gateway that is not on the screen are kept, not shown.
	before := shown(t, u)
	for _, up := range live() {
		u.Update(up)
	}
	if shown(t, u) != before {
		t.Error("another gateway's update moved the screen")
	}
	u = screen(t, 120, 40, live())
	pressKeys(u, "o")
	if u.notice != text.English.NoOtherGateway {
		t.Errorf("with one gateway: %q", u.notice)
	}
}

func TestCopyAndOpen(t *testing.T) {
	u := screen(t, 160, 48, live())
	for pane, want := range map[PaneID]string{
		PaneBalance: "$99.65", PaneNow: "客服机器人 × claude-opus-4", PaneModels: "claude-opus-4", PaneKeys: "客服机器人", PaneCalls: "14:01:54",
	} {
		u.focus = pane
		cmd := u.press(keyPress("y"))
		if cmd == nil {
			t.Errorf("pane %d copies nothing", pane)
			continue
		}
		_, clip := u.Update(cmd())
		if clip == nil || !strings.HasPrefix(u.notice, "copied: ") {
			t.Errorf("pane %d: nothing reaches the clipboard (%q)", pane, u.notice)
		}
		if got := cmd().(paneui.Copied).Text; !strings.Contains(got, want) {
			t.Errorf("pane %d copies %q, want %q in it", pane, got, want)
		}
	}
	u.focus = PaneNow
	pressKeys(u, "enter")
	if u.focus != PaneCalls || !strings.Contains(u.filters[PaneCalls], `key:"客服机器人"`) {
		t.Errorf("opening a spender: focus %d, filter %q", u.focus, u.filters[PaneCalls])
	}
}

func TestTheChartsCursorSaysWhoSpent(t *testing.T) {
	u := screen(t, 160, 48, live())
	u.focus = PaneSpend
	pressKeys(u, "left", "left")
	s := shown(t, u)
	at := u.data.Spot
	if !at.OK || at.V.Seconds() != 60 || !strings.Contains(s, "Spend · 14:00") {
		t.Fatalf("spot %+v:\n%s", at, s)
	}
	var sum model.Quota
	for _, sp := range u.data.Spenders {
		sum += sp.Quota
	}
	var want model.Quota
	for c := range u.data.State.Self.Calls.In(at.V) {
		want += c.Quota
	}
	if sum != want || sum == 0 {
		t.Errorf("the spenders of that minute make %d, the rows %d", sum, want)
	}
	pressKeys(u, "esc")
	if u.data.Spot.OK || !strings.Contains(shown(t, u), "Spending now") {
		t.Error("esc does not drop the cursor")
	}
}

func TestPrivacyHidesNamesAndAmounts(t *testing.T) {
	u := screen(t, 160, 48, live(), func(o *Options) { o.Private = true })
	check := func(what string) {
		t.Helper()
		s := shown(t, u)
		for _, secret := range append([]string{"alice", "Alice", "$", "49,826,629", "8cOw", "FAKE"}, keyNames...) {
			// The unit in the chart's title is no amount.
			if strings.Contains(strings.ReplaceAll(s, "$/min", ""), secret) {
				t.Errorf("%s shows %q:\n%s", what, secret, s)
			}
		}
	}
	check("the overview")
	pressKeys(u, "x")
	check("the cross table")
	for pane := range numPanes {
		u.popup, u.focus = nil, pane
		pressKeys(u, "enter")
		check("what is opened")
	}
}

func TestMouse(t *testing.T) {
	u := screen(t, 160, 48, live())
	if u.View().MouseMode != tea.MouseModeNone {
		t.Error("the mouse is taken without being asked for")
	}
	pressKeys(u, "ctrl+p", "m", "o", "u", "s", "enter")
	if u.View().MouseMode != tea.MouseModeCellMotion {
		t.Error("the mouse is not taken")
	}
	calls := u.arrange().Panes[4]
	u.Update(tea.MouseWheelMsg{X: calls.X + 3, Y: calls.Y + 3, Button: tea.MouseWheelDown})
	if u.focus != PaneCalls || strings.Contains(shown(t, u), "Calls · live") {
		t.Error("the wheel does not scroll what it is over")
	}
	models := u.arrange().Panes[3]
	u.Update(tea.MouseClickMsg{X: models.X + 1, Y: models.Y + 1, Button: tea.MouseLeft})
	if u.focus != PaneModels {
		t.Error("a click does not give the focus")
	}
}

func TestSuspendAndAskForSync(t *testing.T) {
	u := screen(t, 80, 24, live())
	if cmd := u.press(keyPress("ctrl+z")); cmd == nil {
		t.Error("ctrl+z does nothing")
	} else if _, ok := cmd().(tea.SuspendMsg); !ok {
		t.Error("ctrl+z does not suspend")
	}
}

func TestKeyTableNamesEveryKey(t *testing.T) {
	table := KeyTable(&text.English)
	for _, c := range commands(&text.English) {
		if len(c.keys) > 0 && !strings.Contains(table, c.do.Long) {
			t.Errorf("%q is missing:\n%s", c.name, table)
		}
	}
}

// sgr are the only escape sequences that a screen may hold: colours, ours.
var sgr = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// FuzzForeignText puts a text wherever a gateway's text can come from, opens
// everything, and looks for anything but text in what would be drawn.
func FuzzForeignText(f *testing.F) {
	for _, s := range []string{
		"\x1b[2J\x1b[H", "\x1b]0;owned\x07", "\x1b]52;c;ZXZpbA==\x07", "\u202egnp.exe", "a\r\nb", "\x9b31m", "👨\u200d👩\u200d👧", "\x1bP$q\x1b\\", "\u2028", strings.Repeat("长", 300),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var fd feed
		fd.add(model.SourceStatus, model.Found{Dialect: s, Why: s})
		fd.add(model.SourceStatus, model.Status{Version: s, SystemName: s, Currency: model.Currency{Code: "CUSTOM", Symbol: s, Rate: 1}})
		fd.add(model.SourceAccount, model.Account{Username: s, DisplayName: s, Group: s, Quota: model.Some[model.Quota](7), Enabled: true, Others: []model.Field{{Name: s, Value: s}}})
		fd.add(model.SourceKeys, model.Keys{{ID: 1, Name: s, Masked: s, Group: s, Models: []string{s}, Status: model.KeyEnabled, Unlimited: true}})
		fd.add(model.SourceCalls, model.CallsRead{Span: model.Span{From: t0 - 4000, To: t0 - 5}, ReadAt: t0, Calls: []model.Call{
			{At: t0 - 9, Kind: model.KindConsume, Key: s, Model: s, User: s, Group: s, Channel: s, Detail: s, RequestID: s, Quota: 5},
			{At: t0 - 9, Kind: model.KindError, Key: s, Model: s, Detail: s},
			{At: t0 - 9, Kind: model.KindTopUp, Detail: s, Quota: 1},
		}})
		fd.fail(model.SourceRates, model.Fault{Kind: model.FaultRefused, Sentence: s, Short: s, Theirs: s})
		u := screen(t, 90, 30, fd, func(o *Options) {
			o.Fleet.States[0].Gateway.Name = "prod"
			o.Fleet.States[0].Gateway.URL = s
			o.Warnings = []string{s}
		})
		look := func(what string) {
			v := u.View()
			for _, r := range sgr.ReplaceAllString(v.Content+v.WindowTitle, "") {
				if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029') {
					t.Fatalf("%s: %U reaches the screen of %q", what, r, s)
				}
			}
			lines(t, u)
		}
		look("the overview")
		for _, k := range []string{"?", "esc", "x", "esc", "ctrl+p", "esc", "o", "esc"} {
			pressKeys(u, k)
			look(k)
		}
		for pane := range numPanes {
			u.popup, u.focus = nil, pane
			pressKeys(u, "enter")
			look("what is opened")
			u.popup = nil
			pressKeys(u, "y")
			look("a copy")
		}
	})
}
