package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/internal/crash"
	"gatewatch/model"
	"gatewatch/poller/demo"
	"gatewatch/ui"
	"gatewatch/ui/text"
)

var updateReadme = flag.Bool("update", false, "write the README's table of keys anew")

// TestMain makes the test binary the program itself when it is told so: whole
// programs are then tested with the hooks that tests need and no user has.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_GATEWATCH") != "" {
		started = hooks
		main()
	}
	flag.Parse()
	os.Exit(m.Run())
}

// hooks makes a part of the running program panic, as PANIC_IN says, or hang.
func hooks(p *tea.Program, guard *crash.Guard) {
	switch os.Getenv("PANIC_IN") {
	case "goroutine":
		guard.Go(func() { panic("a test's own goroutine") })
	case "command":
		guard.Go(func() {
			p.Send(tea.BatchMsg{(&guarded{nil, guard}).wrap(func() tea.Msg { panic("a test's command") })})
		})
	case "hang":
		guard.Go(func() { p.Send(model.Update{Gateway: "demo", At: time.Now(), Err: endless{}}) })
	case "update":
		// There is no such source.
		guard.Go(func() { p.Send(model.Update{Gateway: "demo", Source: 200, At: time.Now(), Payload: model.Keys{}}) })
	}
}

// endless is an error that whoever looks at it never comes back from.
type endless struct{}

func (endless) Error() string { select {} }

// program is the file to run: GATEWATCH_BINARY, so that a release can be tried
// as it is, or this test binary.
func program(t *testing.T) string {
	t.Helper()
	if built := os.Getenv("GATEWATCH_BINARY"); built != "" {
		return built
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// gatewatch runs the program without a terminal and returns what it printed.
func gatewatch(t *testing.T, env []string, args ...string) (out, errOut string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t), args...)
	home := t.TempDir()
	cmd.Env = append([]string{"RUN_GATEWATCH=1", "HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_STATE_HOME=" + home, "TZ=UTC"}, env...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	_ = cmd.Run()
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// serve puts the embedded gateway behind a port and returns the environment that
// names it.
func serve(t *testing.T, s *demo.Server) []string {
	t.Helper()
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return []string{"GATEWATCH_URL=" + h.URL, "GATEWATCH_ACCESS_TOKEN=" + s.AccessToken(), fmt.Sprintf("GATEWATCH_USER_ID=%d", s.UserID())}
}

func decode(t *testing.T, out string) model.Report {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	var r model.Report
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if dec.More() {
		t.Fatal("there is more than one object on standard output")
	}
	return r
}

func TestTheReportOfTheDemo(t *testing.T) {
	t.Parallel()
	out, errOut, code := gatewatch(t, nil, "once", "--json", "--demo")
	if code != exitOK || errOut != "" {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	r := decode(t, out)
	if r.Version != model.ReportVersion || len(r.Gateways) != 1 {
		t.Fatalf("version %d with %d gateways", r.Version, len(r.Gateways))
	}
	g := r.Gateways[0]
	if g.Totals.Coverage != 1 || g.Totals.Calls.V < 1000 || g.Balance == nil || g.Reconcile.State != model.ReconcileMatch || len(g.Keys) != 12 {
		t.Errorf("totals %+v, reconcile %+v, %d keys", g.Totals, g.Reconcile, len(g.Keys))
	}
}

// TestOnceEqualsTheGateway reports on the embedded gateway over HTTP and
// compares the report with what the world behind it knows.
func TestOnceEqualsTheGateway(t *testing.T) {
	for _, dialect := range []string{"new-api", "one-api"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := &demo.Server{Dialect: dialect, Rate: 0.02}
			out, errOut, code := gatewatch(t, serve(t, s), "once", "--json")
			if code != exitOK || errOut != "" {
				t.Fatalf("exit %d: %s", code, errOut)
			}
			g := decode(t, out).Gateways[0]
			if g.Dialect.V != dialect {
				t.Errorf("dialect %q", g.Dialect.V)
			}
			from, to := unix(t, g.Window.From), unix(t, g.Window.To)
			if to-from != 3599 {
				t.Errorf("the window has %d seconds", to-from+1)
			}
			truth := s.Truth(from, to)
			tt := g.Totals
			if tt.Calls.V != truth.Calls || int64(tt.Quota.V) != truth.Quota || tt.PromptTokens.V != truth.Prompt || tt.CompletionTokens.V != truth.Completion {
				t.Errorf("totals %+v\nthe truth is %+v", tt, truth.Usage)
			}
			if tt.Coverage != 1 || tt.From.V != model.FromCounted || g.Reconcile.State != model.ReconcileMatch {
				t.Errorf("coverage %v from %s, reconcile %+v", tt.Coverage, tt.From.V, g.Reconcile)
			}
			if dialect == "one-api" && tt.Errors.OK {
				t.Error("one-api logs no failures, but they are known")
			}
			for _, m := range g.Models {
				if want := truth.ByModel[m.Model]; m.Calls.V != want.Calls || int64(m.Quota) != want.Quota {
					t.Errorf("%s: %d calls, %d quota; the truth is %+v", m.Model, m.Calls.V, m.Quota, want)
				}
			}
			var sum model.Quota
			for _, k := range g.Keys {
				sum += k.WindowQuota.V
				if want := truth.ByKeyName[k.Name]; k.WindowQuota.OK && int64(k.WindowQuota.V) != want.Quota {
					t.Errorf("key %s: %d quota; the truth is %d", k.Name, k.WindowQuota.V, want.Quota)
				}
			}
			for _, o := range g.OtherKeys {
				sum += o.WindowQuota
			}
			if sum != tt.Quota.V {
				t.Errorf("keys and others make %d, the total is %d", sum, tt.Quota.V)
			}
			quota, used, requests := s.Account()
			if int64(g.Balance.Quota) > quota+1000 || g.Balance.UsedQuota.V > model.Quota(used) || g.Balance.RequestCount.V > requests {
				t.Errorf("balance %+v; the gateway has %d, %d, %d", g.Balance, quota, used, requests)
			}
		})
	}
}

func unix(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.Unix()
}

func TestExitCodes(t *testing.T) {
	healthy := serve(t, &demo.Server{Rate: 0.01})
	with := func(s *demo.Server, f demo.Fault) []string {
		s.Rate = 0.01
		e := serve(t, s)
		s.Inject(f)
		return e
	}
	replace := func(env []string, name, value string) []string {
		out := append([]string(nil), env...)
		for i := range out {
			if strings.HasPrefix(out[i], name+"=") {
				out[i] = name + "=" + value
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		env  []string
		args []string
		code int
		says string
	}{
		"answered":            {healthy, []string{"once"}, exitOK, ""},
		"nothing configured":  {nil, []string{"once"}, exitUsage, "gatewatch --demo"},
		"unknown flag":        {nil, []string{"once", "--jsonn"}, exitUsage, "unknown flag"},
		"bad window":          {healthy, []string{"once", "--window", "2h"}, exitUsage, "15m, 1h, 24h, 7d, 30d"},
		"bad check":           {healthy, []string{"once", "--check", "mood<5"}, exitUsage, "mood<5"},
		"bad timeout":         {healthy, []string{"once", "--timeout", "-1s"}, exitUsage, "no time to wait"},
		"no such gateway":     {healthy, []string{"once", "--gateway", "x"}, exitUsage, `no gateway "x"`},
		"empty config":        {healthy, []string{"once", "--config", os.DevNull}, exitUsage, "names no gateway"},
		"no such config":      {healthy, []string{"once", "--config", "/no/such/file"}, exitUsage, "cannot be read"},
		"bad demo dialect":    {nil, []string{"once", "--demo", "--demo-dialect", "x"}, exitUsage, "one-hub, "},
		"no terminal":         {healthy, nil, exitUsage, "gatewatch once"},
		"wrong token":         {replace(healthy, "GATEWATCH_ACCESS_TOKEN", "fake"), []string{"once"}, exitUnauthorised, ""},
		"missing user id":     {replace(healthy, "GATEWATCH_USER_ID", ""), []string{"once"}, exitUnauthorised, ""},
		"nothing listens":     {replace(healthy, "GATEWATCH_URL", "http://127.0.0.1:1"), []string{"once"}, exitUnreachable, ""},
		"a web page":          {with(&demo.Server{}, demo.Fault{HTML: true}), []string{"once"}, exitUnreachable, ""},
		"500":                 {with(&demo.Server{}, demo.Fault{Status: 500}), []string{"once"}, exitUnreachable, ""},
		"wrong JSON":          {with(&demo.Server{}, demo.Fault{Path: "/api/user/self", WrongJSON: true}), []string{"once"}, exitUnreachable, ""},
		"rate limit":          {with(&demo.Server{}, demo.Fault{Path: "/api/user/self", Status: 429, Empty: true, RetryAfter: "600"}), []string{"once"}, exitLimited, ""},
		"another source":      {with(&demo.Server{}, demo.Fault{Path: "/api/token/", Status: 500}), []string{"once"}, exitOK, ""},
		"crossed":             {healthy, []string{"once", "--check", "balance<1000000"}, exitCheck, "balance<1000000 is crossed"},
		"not crossed":         {healthy, []string{"once", "--check", "balance<1"}, exitOK, ""},
		"version":             {nil, []string{"version"}, exitOK, ""},
		"completion":          {nil, []string{"completion", "bash"}, exitOK, ""},
		"init needs a screen": {nil, []string{"init"}, exitUsage, "needs a terminal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, errOut, code := gatewatch(t, c.env, c.args...)
			if code != c.code || !strings.Contains(errOut, c.says) {
				t.Errorf("exit %d, want %d; standard error %q, want %q in it; standard output %.300q", code, c.code, errOut, c.says, out)
			}
			if strings.Contains(out+errOut, "goroutine ") {
				t.Errorf("a stack of text: %s", errOut)
			}
		})
	}
}

// TestTheReportNamesEveryFault looks at the sentence for a person that a failed
// source carries.
func TestTheReportNamesEveryFault(t *testing.T) {
	s := &demo.Server{Rate: 0.01}
	e := serve(t, s)
	s.Inject(demo.Fault{Path: "/api/token/", Status: 502})
	out, _, code := gatewatch(t, e, "once", "--json")
	if code != exitOK {
		t.Fatalf("exit %d", code)
	}
	for _, src := range decode(t, out).Gateways[0].Sources {
		switch {
		case src.Source == "keys" && (src.Health != model.HealthDown || !strings.Contains(src.Error.V, "HTTP 502")):
			t.Errorf("%+v", src)
		case src.Source != "keys" && src.Error.OK:
			t.Errorf("%+v", src)
		}
	}
}

func TestSecretsStayOutOfLogsAndOutput(t *testing.T) {
	s := &demo.Server{Rate: 0.01}
	log := filepath.Join(t.TempDir(), "log")
	out, errOut, code := gatewatch(t, append(serve(t, s), "GATEWATCH_API_KEY="+s.APIKey()), "once", "--json", "--log", log)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	b, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(b), "/api/user/self") {
		t.Fatalf("the log: %v %q", err, b)
	}
	for _, secret := range []string{s.AccessToken(), s.APIKey(), strings.TrimPrefix(s.APIKey(), "sk-")} {
		if strings.Contains(out+errOut+string(b), secret) {
			t.Errorf("%q is printed", secret)
		}
	}
}

// TestNothingThatActsIsEverAsked watches every path that a report asks for.
func TestNothingThatActsIsEverAsked(t *testing.T) {
	s := &demo.Server{Rate: 0.01}
	token := s.AccessToken()
	if _, _, code := gatewatch(t, serve(t, s), "once"); code != exitOK {
		t.Fatal("the report failed")
	}
	if s.AccessToken() != token {
		t.Error("the access token was changed: GET /api/user/token was asked")
	}
}

// TestReadmeListsTheKeys keeps the README's table equal to the declarations.
func TestReadmeListsTheKeys(t *testing.T) {
	const begin, end = "<!-- keys: made by go test -run Readme -update . -->\n", "<!-- end of keys -->"
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has no place for the keys")
	}
	want := ui.KeyTable(&text.English)
	if *updateReadme {
		if err := os.WriteFile("README.md", []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != want {
		t.Errorf("the README's keys are not those of the program; run go test -run Readme -update .")
	}
}

// TestDirections keeps the packages apart: model knows nothing of the world,
// poller nothing of the screen, ui nothing of the network.
func TestDirections(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	terminal := []string{"charm.land/", "github.com/charmbracelet/", "github.com/NimbleMarkets/"}
	seen := map[string]bool{}
	for l := range strings.Lines(string(out)) {
		f := strings.Fields(l)
		pkg, imports := f[0], f[1:]
		under := func(dir string) bool { return pkg == "gatewatch/"+dir || strings.HasPrefix(pkg, "gatewatch/"+dir+"/") }
		for _, imp := range imports {
			bad := false
			switch {
			case under("model"):
				seen["model"] = true
				bad = strings.Contains(imp, ".") || imp == "net/http" || imp == "os" || strings.HasPrefix(imp, "gatewatch/")
			case under("poller/demo"):
				seen["demo"] = true
				bad = strings.HasPrefix(imp, "gatewatch/")
			case under("poller"):
				seen["poller"] = true
				bad = strings.HasPrefix(imp, "gatewatch/ui")
				for _, lib := range terminal {
					bad = bad || strings.HasPrefix(imp, lib)
				}
			case under("ui"):
				seen["ui"] = true
				bad = strings.HasPrefix(imp, "gatewatch/poller") || imp == "net/http"
				// Panes share leaves and never each other.
				for _, p := range []string{"overview", "models", "keys", "logs", "headless"} {
					bad = bad || (pkg != "gatewatch/ui" && imp == "gatewatch/ui/"+p)
				}
			}
			if bad {
				t.Errorf("%s must not import %s", pkg, imp)
			}
		}
	}
	if len(seen) != 4 {
		t.Errorf("only %v were looked at", seen)
	}
}
