package ui

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
	"gatewatch/ui/text"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// t0 is 2026-11-20 14:02:00 in Shanghai.
const t0 = 1_795_154_520

var shanghai = time.FixedZone("CST", 8*3600)

func at(sec int64) time.Time { return time.Unix(sec, 0) }

var keyNames = []string{"laptop", "ci-bot", "客服机器人", "中文 令牌 🚀", "データ分析", "old-phone"}

var modelNames = []string{"claude-opus-4", "gpt-4o", "gpt-4o-mini", "deepseek-chat", "o3", "text-embedding-3-small", "gemini-2.5-pro"}

// feed is a list of updates for one gateway.
type feed []model.Update

func (f *feed) add(src model.Source, payload any) {
	*f = append(*f, model.Update{
		Gateway: "prod", Source: src, At: at(t0), Took: 12 * time.Millisecond, Every: 10 * time.Second, Payload: payload,
		Pace: model.Pace{Budget: 60, Used: 24, Made: 420, Stretch: 1}, Skew: model.Some(time.Duration(0)),
	})
}

func (f *feed) fail(src model.Source, fault model.Fault) {
	u := model.Update{Gateway: "prod", Source: src, At: at(t0), Every: 10 * time.Second, Pace: model.Pace{Budget: 60, Stretch: 1}}
	u.Err = faultError{fault}
	*f = append(*f, u)
}

// faultError is an error that says which fault it is.
type faultError struct{ fault model.Fault }

func (e faultError) Error() string      { return e.fault.Sentence }
func (e faultError) Fault() model.Fault { return e.fault }

// hourOfCalls is an hour of traffic on new-api, the same every time.
func hourOfCalls(to int64) []model.Call {
	r := rand.New(rand.NewPCG(1, 2))
	var calls []model.Call
	for at := to - 3599; at <= to; at += 1 + r.Int64N(7) {
		k, m := r.IntN(len(keyNames)-1), r.IntN(len(modelNames))
		c := model.Call{
			At: at, Kind: model.KindConsume, Model: modelNames[m], Key: keyNames[k], KeyID: int64(k + 1), User: "alice", Group: "vip",
			Quota: model.Quota(50 + r.IntN(9000)/(m+1)), Prompt: r.Int64N(4000), Completion: r.Int64N(900),
			Took: model.Some(time.Duration(r.IntN(20)) * time.Second), Coarse: true, RequestID: fmt.Sprintf("req-%d", at),
		}
		if r.IntN(3) > 0 {
			c.FirstToken, c.Stream = model.Some(time.Duration(150+r.IntN(2000))*time.Millisecond), true
		}
		if at%3 == 0 {
			c.Cached = model.Some(c.Prompt / 4)
		}
		if r.IntN(40) == 0 {
			c.Kind, c.Quota, c.Detail = model.KindError, 0, "status_code=429, rate limit reached for "+c.Model
		}
		calls = append(calls, c)
	}
	return calls
}

// live is a gateway that answered everything.
func live() feed {
	var f feed
	f.add(model.SourceStatus, model.Found{Dialect: "new-api", Why: "its answers carry X-New-Api-Version"})
	f.add(model.SourceStatus, model.Status{Version: "v1.0.0-rc.21", SystemName: "New API"})
	f.add(model.SourceAccount, model.Account{
		ID: 2, Username: "alice", DisplayName: "Alice 爱丽丝", Group: "vip", Role: model.RoleUser, Enabled: true,
		Quota: model.Some[model.Quota](49_826_629), Used: model.Some[model.Quota](206_100_000), Requests: model.Some[int64](81_204),
		Others: []model.Field{{Name: "aff code", Value: "8cOw"}},
	})
	var keys model.Keys
	for i, name := range keyNames {
		k := model.APIKey{
			ID: int64(i + 1), Name: name, Status: model.KeyEnabled, Masked: "sk-FAKE…test", Unlimited: i%2 == 0,
			Remaining: model.Quota(1_000_000 * (i + 1)), Used: model.Some(model.Quota(900_000)), LastUsed: model.Some(t0 - 40*int64(i*i*i+1)),
			Created: model.Some(int64(t0 - 86400*30)),
		}
		if name == "old-phone" {
			k.Unlimited, k.Expires = true, model.Some(int64(t0-86400))
		}
		keys = append(keys, k)
	}
	f.add(model.SourceKeys, keys)
	span := model.Span{From: t0 - model.Lag - 3599, To: t0 - model.Lag}
	calls := hourOfCalls(span.To)
	f.add(model.SourceCalls, model.CallsRead{Span: span, Calls: calls, ReadAt: t0 + 100, Told: true})
	var sum model.Quota
	for _, c := range calls {
		sum += c.Quota
	}
	f.add(model.SourceRates, model.SpanTotal{Span: span, Quota: sum, RPM: model.Some[int64](12), TPM: model.Some[int64](18_200)})
	var usage []model.PeriodUsage
	for h := range int64(24 * 8) {
		from := (t0/3600 - h) * 3600
		for m, name := range modelNames {
			usage = append(usage, model.PeriodUsage{From: from, To: from + 3599, Model: name, Calls: 40 - int64(m)*3, Quota: model.Quota(90_000 / (m + 1))})
		}
	}
	f.add(model.SourceDays, model.Periods{Span: model.Span{From: t0 - 8*86400, To: t0}, Step: 3600, Usage: usage})
	return f
}

// priced are calls whose rows tell their price, or not, oldest first: a charge that is
// explained, one that is within the rounding of its ratios, one with a gap, one
// without its group's ratio, and one without any price.
func priced() feed {
	tariff := model.Tariff{
		Rule: model.RuleNewAPI, Model: model.Some(1.25), Group: model.Some(0.8), Completion: model.Some(4.0), Cache: model.Some(0.25),
	}
	groupless := tariff
	groupless.Group = model.Opt[float64]{}
	rounded := model.Tariff{Rule: model.RuleOneAPI, Rounded: true, Model: model.Some(0.07), Group: model.Some(1.0), Completion: model.Some(4.0)}
	r := model.CallsRead{Span: model.Span{From: t0 - model.Lag + 1, To: t0}, ReadAt: t0 + 105, Told: true}
	for i, one := range []struct {
		quota  model.Quota
		cached int64
		tariff *model.Tariff
	}{{4250, 1000, &tariff}, {360, 0, &rounded}, {8500, 1000, &tariff}, {4250, 0, &groupless}, {4250, 0, nil}} {
		c := model.Call{
			At: r.Span.From + int64(i), Kind: model.KindConsume, Model: "o3", Key: "laptop", KeyID: 1, User: "alice", Group: "vip",
			Quota: one.quota, Prompt: 3000, Completion: 500,
		}
		if one.cached > 0 {
			c.Cached = model.Some(one.cached)
		}
		if one.tariff != nil {
			c.Billing = &model.Billing{Tariff: *one.tariff}
		}
		r.Calls = append(r.Calls, c)
	}
	f := live()
	f.add(model.SourceCalls, r)
	return f
}

// screen returns a UI of that size that was fed.
func screen(t testing.TB, w, h int, f feed, change ...func(*Options)) *UI {
	t.Helper()
	opt := Options{
		Fleet: model.Fleet{States: []model.State{{Gateway: model.Gateway{Name: "prod", URL: "https://gw.example", Colour: "red"}}}},
		Now:   at(t0), Window: model.Window{Label: "1h", Length: time.Hour}, Zone: shanghai, Theme: "dark", Words: &text.English,
	}
	for _, c := range change {
		c(&opt)
	}
	u := New(opt)
	u.Update(tea.WindowSizeMsg{Width: w, Height: h})
	for _, up := range f {
		u.Update(up)
	}
	u.refresh()
	return u
}

// lines are the lines of the screen without their colours, each checked for its
// width.
func lines(t testing.TB, u *UI) []string {
	t.Helper()
	got := strings.Split(u.View().Content, "\n")
	if len(got) != u.h {
		t.Fatalf("%d lines on a screen of %d×%d", len(got), u.w, u.h)
	}
	for i, l := range got {
		if w := text.Width(l); w != u.w {
			t.Fatalf("%d×%d: line %d is %d cells wide: %q", u.w, u.h, i, w, ansi.Strip(l))
		}
		got[i] = ansi.Strip(l)
	}
	return got
}

func shown(t testing.TB, u *UI) string { return strings.Join(lines(t, u), "\n") }

// pressKeys presses keys: names of one letter or such as "tab", "ctrl+p", "enter".
func pressKeys(u *UI, names ...string) {
	for _, name := range names {
		deliver(u, u.press(keyPress(name)))
		u.changed()
	}
}

// deliver runs a command and gives what it says back, as the framework does.
func deliver(u *UI, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	if msg := cmd(); msg != nil {
		if _, quit := msg.(tea.QuitMsg); !quit {
			_, next := u.Update(msg)
			_ = next
		}
	}
}

func keyPress(name string) tea.KeyPressMsg {
	named := map[string]rune{
		"tab": tea.KeyTab, "enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "f1": tea.KeyF1, "backspace": tea.KeyBackspace, "space": tea.KeySpace,
	}
	if code, ok := named[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if name == "shift+tab" {
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}
	}
	if ch, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(ch[0]), Mod: tea.ModCtrl}
	}
	r := []rune(name)[0]
	return tea.KeyPressMsg{Code: r, Text: string(r)}
}

// golden compares a screen with its file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *updateGolden {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; look at the screen and run the test with -update", err)
	}
	was := strings.Split(strings.TrimSuffix(string(want), "\n"), "\n")
	for i, l := range strings.Split(got, "\n") {
		if i >= len(was) || l != was[i] {
			t.Errorf("%s differs first in line %d:\n%s\nwant:\n%s", name, i+1, l, append(was, "")[min(i, len(was))])
			return
		}
	}
}
