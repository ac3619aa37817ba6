package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/ui/text"
)

// site is what an administrator's gateway answered: the own account and the
// whole site.
func site() feed {
	f := live()
	f.add(model.SourceAccount, model.Account{
		ID: 1, Username: "root", Role: model.RoleRoot, Enabled: true, Quota: model.Some[model.Quota](49_826_629), Used: model.Some[model.Quota](206_100_000),
	})
	calls := hourOfCalls(t0 - model.Lag)
	users := []string{"alice", "bob", "财务部", "carol"}
	for i := range calls {
		calls[i].User = users[i%len(users)]
		calls[i].Channel = fmt.Sprint(1 + i%4)
	}
	span := model.Window{Length: time.Hour}.Ending(t0 - model.Lag)
	f.add(model.SourceCalls, model.CallsRead{Scope: model.ScopeSite, Span: span, Calls: calls, ReadAt: t0, Told: true})
	f.add(model.SourceChannels, model.Channels{
		{ID: 1, Name: "openai 主力", Type: "1", Status: model.ChannelEnabled, Group: "default", Models: []string{"gpt-4o", "o3"}, ResponseTime: model.Some(820 * time.Millisecond), TestedAt: model.Some[int64](t0 - 3000), Balance: model.Some(412.5), BalanceAt: model.Some[int64](t0 - 7200), Used: model.Some[model.Quota](80_000_000)},
		{ID: 2, Name: "azure-eu", Type: "3", Status: model.ChannelDisabled, Used: model.Some[model.Quota](0)},
		{ID: 3, Name: "anthropic", Type: "14", Status: model.ChannelAutoDisabled, Reason: "status_code=401, invalid x-api-key", ResponseTime: model.Some(1930 * time.Millisecond), TestedAt: model.Some[int64](t0 - 600), Used: model.Some[model.Quota](41_000_000)},
		{ID: 4, Name: "deepseek", Type: "43", Status: model.ChannelEnabled, Balance: model.Some(3.1), BalanceAt: model.Some[int64](t0 - 86_400), Used: model.Some[model.Quota](1_900_000)},
	})
	return f
}

// three gateways: one that spends, one that is down, one without a balance.
func three(o *Options) {
	o.Fleet.States = append(o.Fleet.States,
		model.State{Gateway: model.Gateway{Name: "staging 中文", URL: "https://staging.example", Dialect: "one-api", Colour: "blue"}},
		model.State{Gateway: model.Gateway{Name: "team", URL: "https://team.example", Dialect: "opencatd"}})
}

// others are the answers of the gateways that are not on the screen.
func others() (f feed) {
	for _, minute := range []int64{0, 10, 20} {
		f = append(f, model.Update{
			Gateway: "staging 中文", Source: model.SourceAccount, At: at(t0 - 1200 + 60*minute), Every: time.Minute,
			Payload: model.Account{Username: "ops", Enabled: true, Quota: model.Some(model.Quota(2_000_000 - 30_000*minute)), Used: model.Some(model.Quota(30_000 * minute))},
		})
	}
	down := model.Fault{Kind: model.FaultNetwork, Short: "no connection", Sentence: "team: nothing listens at the gateway's address"}
	return append(f, model.Update{Gateway: "team", Source: model.SourceAccount, At: at(t0), Every: time.Minute, Err: faultError{down}})
}

func TestTheScreenOfAllGateways(t *testing.T) {
	for _, s := range sizes {
		a := &asked{}
		u := screen(t, s[0], s[1], append(others(), live()...), three, func(o *Options) { o.Poller = a })
		pressKeys(u, "6")
		got := shown(t, u)
		golden(t, fmt.Sprintf("gateways-%dx%d", s[0], s[1]), got)
		if s[0] >= 80 && (!strings.Contains(got, "no connection") || !strings.Contains(got, "$102.45 left at 2")) {
			t.Errorf("%v: what is wrong, or the total, is missing:\n%s", s, got)
		}
		pressKeys(u, "j", "enter")
		if u.fleet.Current != 1 || u.screen != ScreenOverview || a.want[len(a.want)-1].Gateway != "staging 中文" {
			t.Errorf("%v: enter led to gateway %d, screen %d, %+v", s, u.fleet.Current, u.screen, a.want)
		}
	}
}

func TestTheWholeSite(t *testing.T) {
	for _, s := range sizes {
		a := &asked{}
		u := screen(t, s[0], s[1], site(), func(o *Options) { o.Poller = a })
		own := shown(t, u)
		pressKeys(u, "a")
		got := shown(t, u)
		golden(t, fmt.Sprintf("site-%dx%d", s[0], s[1]), got)
		if want := a.want[len(a.want)-1]; want.Scope != model.ScopeSite {
			t.Errorf("%v: wanted %+v", s, want)
		}
		if s[0] >= 80 && (!strings.Contains(got, "SITE") || !strings.Contains(got, "财务部 × ")) {
			t.Errorf("%v: the site is not shown:\n%s", s, got)
		}
		pressKeys(u, "7")
		golden(t, fmt.Sprintf("admin-%dx%d", s[0], s[1]), shown(t, u))
		pressKeys(u, "a", "1")
		if s[0] >= 80 && shown(t, u) != own {
			t.Errorf("%v: the own account looks different after a look at the site", s)
		}
	}
}

func TestAdministrationIsForAdministrators(t *testing.T) {
	u := screen(t, 120, 40, live())
	for _, key := range []string{"a", "7"} {
		pressKeys(u, key)
		if u.screen != ScreenOverview || u.scope() != model.ScopeSelf || u.notice != text.English.NoAdmin {
			t.Errorf("%s: screen %d, scope %d, %q", key, u.screen, u.scope(), u.notice)
		}
	}
	pressKeys(u, "]", "]")
	if u.screen != ScreenOverview {
		t.Errorf("] leads to screen %d", u.screen)
	}
	u = screen(t, 120, 40, site())
	pressKeys(u, "[")
	if u.screen != ScreenAdmin {
		t.Errorf("[ leads to screen %d", u.screen)
	}
	pressKeys(u, "enter")
	if s := shown(t, u); !strings.Contains(s, "invalid x-api-key") {
		t.Errorf("the card of the channel that is down does not say why:\n%s", s)
	}
	pressKeys(u, "esc", "a", "tab", "enter")
	if u.screen != ScreenOverview || u.focus != PaneCalls || !strings.HasPrefix(u.filters[PaneCalls], "user:") {
		t.Errorf("opening a user leads to screen %d, pane %d, filter %q", u.screen, u.focus, u.filters[PaneCalls])
	}
}

// TestTheSiteIsUnknownUntilItAnswers: what the own account's log said says
// nothing of the site.
func TestTheSiteIsUnknownUntilItAnswers(t *testing.T) {
	f := live()
	f.add(model.SourceAccount, model.Account{ID: 1, Username: "root", Role: model.RoleRoot, Enabled: true, Quota: model.Some[model.Quota](5)})
	u := screen(t, 120, 40, f)
	pressKeys(u, "a")
	got := shown(t, u)
	for _, lie := range []string{text.English.EmptyCalls, text.English.EmptyModels, text.English.EmptyNow, text.English.EmptySpend} {
		if strings.Contains(got, lie) {
			t.Errorf("%q, although the site was never read:\n%s", lie, got)
		}
	}
	if !strings.Contains(got, text.English.Waiting) {
		t.Errorf("nothing is waited for:\n%s", got)
	}
	u.Update(model.Update{Gateway: "prod", Source: model.SourceCalls, At: at(t0 + 1), Every: time.Second, Err: faultError{model.Fault{Kind: model.FaultForbidden, Short: "not allowed", Sentence: "prod: this is for administrators"}}})
	if got := shown(t, u); !strings.Contains(got, "not allowed") {
		t.Errorf("a refusal is not told:\n%s", got)
	}
	pressKeys(u, "a")
	if got := shown(t, u); strings.Contains(got, "not allowed") || !strings.Contains(got, "claude-opus-4") {
		t.Errorf("the refusal stays with the own account:\n%s", got)
	}
}

func TestSpendingNowIsUnknownWithoutTheLog(t *testing.T) {
	u := screen(t, 120, 40, live())
	f := feed{}
	f.fail(model.SourceCalls, model.Fault{Kind: model.FaultServer, Short: "HTTP 500", Sentence: "prod: HTTP 500"})
	f[0].At = at(t0 + 400)
	f.add(model.SourceAccount, model.Account{Username: "alice", Enabled: true, Quota: model.Some[model.Quota](5)})
	f[1].At = at(t0 + 400)
	for _, up := range f {
		u.Update(up)
	}
	u.refresh()
	if got := shown(t, u); strings.Contains(got, text.English.EmptyNow) {
		t.Errorf("nothing is known of these minutes, and yet:\n%s", got)
	}
	// Two of the five minutes were read, without a call, before the gateway fell silent.
	u = screen(t, 120, 40, nil)
	f = feed{}
	f.add(model.SourceAccount, model.Account{Username: "alice", Enabled: true, Quota: model.Some[model.Quota](5)})
	f.add(model.SourceCalls, model.CallsRead{Span: model.Span{From: t0 - 125, To: t0 - model.Lag}, ReadAt: t0})
	for _, up := range f {
		u.Update(up)
	}
	u.refresh()
	if got := shown(t, u); strings.Contains(got, text.English.EmptyNow) || !strings.Contains(got, text.English.NotRead) {
		t.Errorf("three of five minutes were not read, and yet:\n%s", got)
	}
}

func TestCurrenciesOfDifferentWorthDoNotAddUp(t *testing.T) {
	u := screen(t, 120, 40, nil, three)
	custom := func(name, symbol string, rate float64) {
		f := feed{}
		f.add(model.SourceStatus, model.Status{Currency: model.Currency{Code: "CUSTOM", Symbol: symbol, Rate: rate}})
		f.add(model.SourceAccount, model.Account{Username: "x", Enabled: true, Quota: model.Some[model.Quota](500_000)})
		for _, up := range f {
			up.Gateway = name
			u.Update(up)
		}
	}
	custom("prod", "€", 1)
	custom("staging 中文", "pt", 1000)
	u.refresh()
	pressKeys(u, "6")
	if got := shown(t, u); !strings.Contains(got, "€1.00 left at 1") || !strings.Contains(got, "pt1,000.00 left at 1") {
		t.Errorf("%s", got)
	}
}

// TestAGapIsReadOnceMore: what was read twice and does not add up is asked for
// again, but not with every frame.
func TestAGapIsReadOnceMore(t *testing.T) {
	for _, c := range []struct {
		sum  model.Quota
		want int
	}{{1 << 40, 1}, {7, 0}} { // of more than the gateway has, it has lost the rest
		if again, r := rereads(t, c.sum); again != c.want {
			t.Errorf("sum of %d: asked %d times to read again (%+v)", c.sum, again, r)
		}
	}
}

// rereads is how often an hour is asked for again whose sum is another.
func rereads(t *testing.T, quota model.Quota) (again int, r model.Reconcile) {
	t.Helper()
	a := &asked{}
	u := screen(t, 120, 40, live(), func(o *Options) { o.Poller = a })
	before := len(a.want)
	span := model.Window{Length: time.Hour}.Ending(t0 - model.Lag - 120)
	for i := range int64(3) {
		f := feed{}
		f.add(model.SourceCalls, model.CallsRead{Span: span, Calls: hourOfCalls(span.To), ReadAt: t0 + 300})
		f.add(model.SourceRates, model.SpanTotal{Span: span, Quota: quota})
		for _, up := range f {
			up.At = at(t0 + i)
			u.Update(up)
		}
		u.refresh()
	}
	for _, w := range a.want[before:] {
		if !w.Reread.Empty() {
			again++
		}
	}
	return again, u.data.Summary.Reconcile
}
