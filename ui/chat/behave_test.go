package chat

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/ui/text"
)

// TestKeys is the table of experience.md, "While typing".
func TestKeys(t *testing.T) {
	half := func(t *testing.T) *stage {
		return newStage(t).typed("hello").press("enter").say(0, time.Second, model.Delta{Content: "Half of"})
	}
	for name, c := range map[string]struct {
		of   func(*testing.T) *stage
		keys []string
		ok   func(*stage) bool
	}{
		"everything types": {newStageT, strings.Split("qyRhjkl?:/1c", ""), func(g *stage) bool { return g.composer.text() == "qyRhjkl?:/1c" && len(g.items) == 0 }},
		"enter sends":      {newStageT, []string{"h", "i", "enter"}, func(g *stage) bool { return len(g.items) == 2 && g.items[0].prompt() == "hi" && g.composer.empty() }},
		"enter sends nothing of nothing": {newStageT, []string{" ", "enter"}, func(g *stage) bool {
			return len(g.items) == 0
		}},
		"alt+enter is a new line": {newStageT, []string{"a", "alt+enter", "b"}, func(g *stage) bool { return g.composer.text() == "a\nb" }},
		"ctrl+j is a new line":    {newStageT, []string{"a", "ctrl+j", "b"}, func(g *stage) bool { return g.composer.text() == "a\nb" }},
		"up is history":           {func(t *testing.T) *stage { return talk(t).typed("draft") }, []string{"up", "up"}, func(g *stage) bool { return strings.HasPrefix(g.composer.text(), "What does") }},
		"down is back to the draft": {func(t *testing.T) *stage { return talk(t).typed("draft") }, []string{"up", "up", "down", "down"}, func(g *stage) bool {
			return g.composer.text() == "draft"
		}},
		"up on the second line is up": {func(t *testing.T) *stage { return talk(t).typed("a").press("ctrl+j").typed("b") }, []string{"up", "x"}, func(g *stage) bool {
			return g.composer.text() == "ax\nb"
		}},
		"esc stops":    {half, []string{"esc"}, func(g *stage) bool { return g.items[1].stopping && g.focus == onComposer }},
		"ctrl+c stops": {half, []string{"ctrl+c"}, func(g *stage) bool { return g.items[1].stopping }},
		"esc leaves with the draft": {func(t *testing.T) *stage { return newStageT(t).typed("draft") }, []string{"esc"}, func(g *stage) bool {
			return g.focus == onTranscript && g.composer.text() == "draft" && !g.Capturing()
		}},
		"i returns":        {newStageT, []string{"esc", "i"}, func(g *stage) bool { return g.focus == onComposer && g.Capturing() }},
		"enter returns":    {newStageT, []string{"esc", "enter"}, func(g *stage) bool { return g.focus == onComposer }},
		"y copies":         {func(t *testing.T) *stage { return talk(t) }, []string{"esc", "y"}, func(g *stage) bool { return strings.HasPrefix(g.copied, "Because of **out**") }},
		"y without answer": {newStageT, []string{"esc", "y"}, func(g *stage) bool { return g.copied == "" && g.notice == g.words.NoAnswer }},
		"c and a digit":    {func(t *testing.T) *stage { return newStage(t).ask("q", short) }, []string{"esc", "c", "1"}, func(g *stage) bool { return strings.HasPrefix(g.copied, "var mu") }},
		"c and a wrong digit": {func(t *testing.T) *stage { return newStage(t).ask("q", short) }, []string{"esc", "c", "7"}, func(g *stage) bool {
			return g.copied == "" && strings.Contains(g.notice, "7")
		}},
		"R asks first": {func(t *testing.T) *stage { return talk(t) }, []string{"esc", "R"}, func(g *stage) bool { return g.pop != nil && !g.streaming() }},
		"R enter does not cost": {func(t *testing.T) *stage { return talk(t) }, []string{"esc", "R", "enter"}, func(g *stage) bool {
			return g.pop == nil && !g.streaming()
		}},
		"R R asks again": {func(t *testing.T) *stage { return talk(t) }, []string{"esc", "R", "R"}, func(g *stage) bool {
			return g.streaming() && len(g.items) == 4 && len(g.items[3].Former) == 1
		}},
		"e edits in a branch": {func(t *testing.T) *stage { return talk(t) }, []string{"esc", "e"}, func(g *stage) bool {
			return len(g.items) == 2 && g.composer.text() == "Why does it cost so much?" && len(g.store.of) == 1
		}},
		"no second question while one runs": {half, []string{"x", "enter"}, func(g *stage) bool { return len(g.items) == 2 && g.composer.text() == "x" }},
		"n begins anew":                     {func(t *testing.T) *stage { return talk(t) }, []string{"esc", "n"}, func(g *stage) bool { return len(g.items) == 0 && g.conv.Model == "gpt-4o" }},
		"a model is chosen": {newStageT, []string{"esc", "m", "m", "i", "n", "i", "enter"}, func(g *stage) bool {
			return g.conv.Model == "gpt-4o-mini" && g.pop == nil && g.focus == onComposer
		}},
		"a key is chosen":      {newStageT, []string{"esc", "K", "down", "down", "enter"}, func(g *stage) bool { return g.conv.Key == "4" }},
		"a bad key is refused": {newStageT, []string{"esc", "K", "down", "down", "down", "enter"}, func(g *stage) bool { return g.conv.Key == "" && g.notice == "expired" }},
		"settings": {newStageT, []string{"esc", "p", "B", "tab", "1", "tab", "9", "enter"}, func(g *stage) bool {
			return g.conv.System == "B" && g.conv.Temperature.V == 1 && g.conv.MaxTokens.V == 9
		}},
		"settings say what is wrong": {newStageT, []string{"esc", "p", "tab", "9", "enter"}, func(g *stage) bool { return g.pop != nil && !g.conv.Temperature.OK }},
		"left shows the former answer": {func(t *testing.T) *stage {
			return talk(t).press("esc", "R", "R").say(0, time.Second, model.Delta{Content: "Second."}, finished(1, 1))
		}, []string{"left"}, func(g *stage) bool {
			return strings.HasPrefix(g.last().answer(), "Because") && len(g.last().Former) == 1 && g.last().Former[0].Text == "Second."
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := c.of(t).press(c.keys...)
			if !c.ok(g) {
				t.Errorf("not so:\n%s", g.shown(80, 24))
			}
		})
	}
}

func TestWhoseKeysTheyAre(t *testing.T) {
	g := newStage(t)
	for _, k := range []string{"ctrl+p", "f1", "ctrl+z", "ctrl+c"} {
		if g.Takes(keyPress(k)) {
			t.Errorf("%s is taken while typing", k)
		}
	}
	g.press("esc")
	for _, k := range []string{"q", "?", "1", "5", "7", "[", "]", "tab", "r", "w", "f", "z", "o", "a", "x", "/", ":", "esc", "s"} {
		if g.Takes(keyPress(k)) {
			t.Errorf("%s is taken in the transcript", k)
		}
	}
	for _, b := range g.bindings {
		for _, k := range b.Keys {
			if !b.Typing && !g.Takes(keyPress(k)) {
				t.Errorf("%s is not taken", k)
			}
		}
	}
	g = talk(t).press("esc", "c")
	if !g.Takes(keyPress("1")) {
		t.Error("the digit after c goes elsewhere")
	}
	g = newStage(t).typed("x").press("enter")
	if !g.Takes(keyPress("ctrl+c")) || !g.Takes(keyPress("esc")) {
		t.Error("ctrl+c does not stop a stream")
	}
}

func TestBindings(t *testing.T) {
	seen := map[string]string{}
	for _, b := range Bindings(&text.ChatEnglish) {
		if b.Name == "" || b.Do.Short == "" || b.Do.Long == "" || b.Shown == "" {
			t.Errorf("%+v lacks something", b)
		}
		for _, k := range b.Keys {
			context := k
			if b.Typing {
				context = "typing " + k
			}
			if was := seen[context]; was != "" {
				t.Errorf("%s is %q and %q", context, was, b.Name)
			}
			seen[context] = b.Name
		}
	}
}

func TestWhatIsAsked(t *testing.T) {
	g := newStage(t)
	dir := t.TempDir()
	png := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	for name, b := range map[string][]byte{"a.txt": []byte("text"), "b.png": png, "c.bin": {0, 1, 2}} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, where := range []string{filepath.Join(dir, "a.txt"), filepath.Join(dir, "b.png"), "https://x.y/doc.pdf", "https://x.y/cat.PNG?w=1"} {
		g.run(attach(g.words, where))
	}
	for where, want := range map[string]string{filepath.Join(dir, "c.bin"): "neither text", dir: "is no file", "/nowhere/x": "cannot be read"} {
		g.run(attach(g.words, where))
		if !strings.Contains(g.notice, want) {
			t.Errorf("%s: %q", where, g.notice)
		}
	}
	g.conv.System = "Be brief."
	g.typed("and?").press("enter")
	r := request(g.conv.Settings, g.messages()[:1])
	kinds := []model.ChatPartKind{}
	for _, p := range r.Messages[0].Parts {
		kinds = append(kinds, p.Kind)
	}
	if want := []model.ChatPartKind{model.PartText, model.PartImage, model.PartLink, model.PartImage, model.PartText}; !slices.Equal(kinds, want) || r.System != "Be brief." || len(r.Messages) != 1 {
		t.Errorf("%v %+v", kinds, r)
	}
	if !strings.HasPrefix(r.Messages[0].Parts[1].URL, "data:image/png;base64,iVBOR") {
		t.Errorf("%.40s", r.Messages[0].Parts[1].URL)
	}
}

func TestCosts(t *testing.T) {
	g := talk(t)
	a := g.items[1].Cost
	// 1204 in of which 963 cached, 567 out, at 2.5, 1.25 and 10 dollars a million.
	want := (241*2.5 + 963*1.25 + 567*10) / 1e6 * model.DefaultQuotaPerUnit
	if d := a.About.V - want; d > 0.01 || d < -0.01 {
		t.Errorf("the estimate is %v, want %v", a.About.V, want)
	}
	if a.Billed.V != 3935 || a.First.V != 400*time.Millisecond {
		t.Errorf("%+v", a)
	}
	var done []Answered
	for _, m := range g.sent {
		if m, ok := m.(Answered); ok {
			done = append(done, m)
		}
	}
	if len(done) != 2 || done[0].RequestID != "req-1" || done[1].RequestID != "req-2" || done[0].Answer == done[1].Answer || done[0].Via.Gateway != "prod" {
		t.Errorf("%+v", done)
	}
	// Two equal answers: each gets its own bill.
	g.Update(BilledMsg{Answer: done[1].Answer, Billed: model.Some(Billed{Quota: 7})}, g.d)
	if g.items[1].Cost.Billed.V != 3935 || g.items[3].Cost.Billed.V != 7 {
		t.Error("the bills are swapped")
	}
	if q, about, least := g.total(); q != 3942 || about || least {
		t.Error(q, about, least)
	}
}

func TestNeverLost(t *testing.T) {
	g := newStage(t).typed("hello").press("enter")
	if g.store.saves != 1 {
		t.Fatalf("%d saves after the question", g.store.saves)
	}
	for range 50 {
		g.say(0, 100*time.Millisecond, model.Delta{Content: "word "})
	}
	if g.store.saves < 5 || g.store.saves > 7 {
		t.Errorf("%d saves in 5 s of streaming", g.store.saves)
	}
	// The program is killed here.
	g2 := newStage(t)
	g2.store, g2.opt.Store = g.store, g.store
	g2.press("esc", "L", "enter")
	if len(g2.items) != 2 || g2.items[1].End != model.ChatCutOff || len(g2.items[1].answer()) < 40*5 {
		t.Fatalf("resumed:\n%s", g2.shown(80, 24))
	}
	g.say(0, time.Second, finished(3, 50))
	if c, err := Decode(g.store.of[g.conv.ID].Body); err != nil || c.Messages[1].End != model.ChatFinished || len(c.Messages[1].Text) != 250 {
		t.Error(err, c.Messages)
	}
	g.press("esc", "L", "ctrl+r").typed("!").press("enter")
	if g.store.of[g.conv.ID].Name != "hello!" {
		t.Errorf("%q", g.store.of[g.conv.ID].Name)
	}
	g.press("ctrl+x", "enter")
	if len(g.store.of) != 1 {
		t.Error("enter deletes")
	}
	g.press("ctrl+x", "D")
	if len(g.store.of) != 0 {
		t.Error("not deleted")
	}
}

func TestCompareIsKeptAndPicked(t *testing.T) {
	g := comparing(t)
	for len(g.running) > 0 {
		g.say(0, time.Second, model.Delta{Content: " end"}, finished(30, 10))
	}
	c, err := Decode(g.store.of[g.conv.ID].Body)
	if err != nil || len(c.Messages) != 2 || len(c.Messages[1].Former) != 2 {
		t.Fatalf("stored: %v %+v", err, c.Messages)
	}
	g.press("right", "enter")
	if g.cmp != nil || g.conv.Model != "gpt-4o-mini" || !strings.HasPrefix(g.last().answer(), "A lock.") || len(g.last().Former) != 2 || g.focus != onComposer {
		t.Errorf("picked %q:\n%s", g.conv.Model, g.shown(100, 24))
	}
	if got := len(g.sent); got != 3 {
		t.Errorf("%d answers were told", got)
	}
}

func TestExport(t *testing.T) {
	g := talk(t)
	dir := t.TempDir()
	for _, name := range []string{"x.md", "x.json", "x.md"} {
		g.run(export(g.snapshot(), filepath.Join(dir, name)))
	}
	if !strings.Contains(g.notice, "exist") {
		t.Errorf("a file is overwritten: %q", g.notice)
	}
	b, _ := os.ReadFile(filepath.Join(dir, "x.md"))
	j, _ := os.ReadFile(filepath.Join(dir, "x.json"))
	if !strings.Contains(string(b), "## gpt-4o") || !strings.Contains(string(b), "quota 3935") {
		t.Errorf("%s", b)
	}
	if c, err := Decode(j); err != nil || len(c.Messages) != 4 {
		t.Error(err)
	}
}

func TestPasteIsSentWhole(t *testing.T) {
	g := newStage(t)
	long := strings.Repeat("line of a log 日志\n", 40_000)
	g.typed("see ")
	g.Paste(pasted(strings.ReplaceAll(long, "\n", "\r\n")))
	g.typed(" thanks")
	g.shown(80, 24)
	g.press("enter")
	if got := g.items[0].prompt(); got != "see "+long+" thanks" {
		t.Errorf("%d bytes were sent of %d", len(got), len(long))
	}
}

func TestNothingChangesWithoutAReason(t *testing.T) {
	g := talk(t)
	a, _ := g.View(g.d, 100, 30)
	b, _ := g.View(g.d, 100, 30)
	if &a[0] != &b[0] {
		t.Error("drawn twice")
	}
}

func TestNoWordIsMissing(t *testing.T) {
	var look func(v reflect.Value, path string)
	look = func(v reflect.Value, path string) {
		for i := range v.NumField() {
			f, p := v.Field(i), path+"."+v.Type().Field(i).Name
			if f.Kind() == reflect.Struct {
				look(f, p)
			} else if f.String() == "" {
				t.Errorf("%s is empty", p)
			}
		}
	}
	look(reflect.ValueOf(text.ChatEnglish), "ChatEnglish")
}

// Where the history knows nothing of a model yet, the window on the screen does.
func TestFiguresOfTheWindowFillThePicker(t *testing.T) {
	g := newStage(t)
	g.models = []ModelInfo{{Name: "new-model"}, {Name: "old-model", Calls: 5, First: model.Some(3 * time.Second)}}
	g.modelsFrom = "prod"
	usage := func(name string) model.ModelUsage {
		u := model.ModelUsage{Model: name, CallsKnown: true, Errors: model.Some[int64](1)}
		u.Calls, u.Quota, u.FirstTokenP50 = 9, 9*500_000, model.Some(420*time.Millisecond)
		return u
	}
	g.d.Summary.Models = []model.ModelUsage{usage("old-model"), usage("new-model")}
	texts := func(i int) (out []string) {
		for _, c := range g.modelChoices(g.d)[i].cells[3:] {
			out = append(out, c.Text)
		}
		return out
	}
	if got := texts(0); !slices.Equal(got, []string{"420 ms", "10 %", "$1.00"}) {
		t.Errorf("the new model: %q", got)
	}
	if got := texts(1); got[0] != "3.0 s" {
		t.Errorf("what the history knows was replaced: %q", got)
	}
	g.modelsFrom = "staging"
	if got := texts(0); got[0] != text.Unknown {
		t.Errorf("another gateway's figures: %q", got)
	}
}

// TestWhatAnAnswerCostIsNeverSilent: there is always a word on it.
func TestWhatAnAnswerCostIsNeverSilent(t *testing.T) {
	for name, c := range map[string]struct {
		msg  BilledMsg
		want string
	}{
		"a row":  {BilledMsg{Billed: model.Some(Billed{Quota: 3935})}, "$0.00787 billed"},
		"no row": {BilledMsg{}, "not in the log"},
		"no log": {BilledMsg{NoLog: true}, "this gateway keeps no log of calls"},
	} {
		g := newStage(t)
		g.models, g.svc.models = nil, nil // no price, so no estimate
		g.typed("hello").press("enter").say(0, time.Second, model.Delta{Content: "Hi", End: model.ChatFinished})
		if got := g.amount(g.d, g.items[1].message(), g.items[1].awaited); got != "cost: when the log has it" {
			t.Errorf("%s: before it comes %q is said", name, got)
		}
		c.msg.Answer = g.items[1].ID
		g.Update(c.msg, g.d)
		if got := g.amount(g.d, g.items[1].message(), g.items[1].awaited); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
