package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
	"gatewatch/ui/headless"
)

func decodeDoctor(t *testing.T, out string) headless.DoctorReport {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	var r headless.DoctorReport
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if dec.More() {
		t.Fatal("there is more than one object on standard output")
	}
	return r
}

// finding is the first one of that name that says so.
func finding(d model.Diagnosis, what, says string) (model.Finding, bool) {
	i := slices.IndexFunc(d.Findings, func(f model.Finding) bool { return f.What == what && strings.Contains(f.Says, says) })
	if i < 0 {
		return model.Finding{}, false
	}
	return d.Findings[i], true
}

func TestTheDoctorOfTheDemo(t *testing.T) {
	t.Parallel()
	out, errOut, code := gatewatch(t, nil, "doctor", "--demo", "--json")
	if code != exitOK || errOut != "" {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	r := decodeDoctor(t, out)
	if r.Version != 1 || len(r.Gateways) != 1 || r.Gateways[0].Name != "demo" || len(r.Gateways[0].Findings) < 5 {
		t.Fatalf("%+v", r)
	}
	if worst := r.Gateways[0].Worst(); worst == model.MarkBad {
		t.Errorf("%+v", r.Gateways[0])
	}
	for _, what := range []string{"configuration", "our budget"} {
		if _, ok := finding(r.Gateways[0], what, "the embedded gateway"); !ok {
			t.Errorf("%q is missing from %+v", what, r.Gateways[0])
		}
	}
	if len(r.Terminal.Findings) != 1 {
		t.Errorf("there is no terminal, but %+v", r.Terminal)
	}
	out, errOut, code = gatewatch(t, nil, "doctor", "--demo", "--demo-dialect", "one-api")
	if code != exitOK || errOut != "" || !strings.Contains(out, "one-api") || strings.Contains(out, "\x1b") {
		t.Errorf("exit %d: %s%s", code, errOut, out)
	}
}

func TestDoctorExitCodes(t *testing.T) {
	t.Parallel()
	with := func(f demo.Fault) []string {
		s := &demo.Server{Rate: 0.01}
		e := serve(t, s)
		s.Inject(f)
		return e
	}
	healthy := serve(t, &demo.Server{Rate: 0.01})
	token := slices.Clone(healthy)
	token[1] = "GATEWATCH_ACCESS_TOKEN=fake"
	for name, c := range map[string]struct {
		env  []string
		args []string
		code int
		says string // on either output
	}{
		"works":              {healthy, nil, exitOK, "GATEWATCH_URL"},
		"nothing configured": {nil, nil, exitUsage, "gatewatch --demo"},
		"nothing, terminal":  {nil, nil, exitUsage, "✓ terminal"},
		"unknown flag":       {nil, []string{"--window", "1h"}, exitUsage, "unknown flag"},
		"no such gateway":    {healthy, []string{"--gateway", "x"}, exitUsage, `no gateway "x"`},
		"bad demo dialect":   {nil, []string{"--demo", "--demo-dialect", "x"}, exitUsage, "--demo-dialect"},
		"nothing listens":    {[]string{"GATEWATCH_URL=http://127.0.0.1:1", "GATEWATCH_ACCESS_TOKEN=x"}, nil, exitUnreachable, "nothing listens"},
		"wrong token":        {token, nil, exitUnauthorised, "✗"},
		"a web page":         {with(demo.Fault{HTML: true}), nil, exitUnreachable, "✗"},
		"rate limit":         {with(demo.Fault{Path: "/api/user/self", Status: 429, Empty: true, RetryAfter: "600"}), nil, exitLimited, "rate limit"},
		"another source":     {with(demo.Fault{Path: "/api/token/", Status: 500}), nil, exitOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, errOut, code := gatewatch(t, c.env, append([]string{"doctor"}, c.args...)...)
			if code != c.code || !strings.Contains(out+errOut, c.says) {
				t.Errorf("exit %d, want %d; %q is not in %q %q", code, c.code, c.says, errOut, out)
			}
			if strings.Contains(out+errOut, "goroutine ") {
				t.Errorf("a stack of text: %s", errOut)
			}
		})
	}
}

// TestOneGatewayDownChangesNothingForTheOthers also has one whose secret cannot
// be had.
func TestOneGatewayDownChangesNothingForTheOthers(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 0.01}
	env := serve(t, s)
	url := strings.TrimPrefix(env[0], "GATEWATCH_URL=")
	path := filepath.Join(t.TempDir(), "config.toml")
	config := fmt.Sprintf(`
[[gateway]]
name = "well"
url = %q
access_token = %q
user_id = "%d"
budget = 40

[[gateway]]
name = "down"
url = "http://127.0.0.1:1"
access_token = "x"

[[gateway]]
name = "secret"
url = %q
access_token_env = "NO_SUCH_VARIABLE"
`, url, s.AccessToken(), s.UserID(), url)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errOut, code := gatewatch(t, nil, "doctor", "--json", "--config", path)
	if code != exitUnreachable {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if strings.Contains(out, s.AccessToken()) {
		t.Error("the token is printed")
	}
	r := decodeDoctor(t, out)
	if len(r.Gateways) != 3 {
		t.Fatalf("%+v", r)
	}
	well, down, secret := r.Gateways[0], r.Gateways[1], r.Gateways[2]
	if well.Worst() == model.MarkBad || well.Name != "well" || well.URL != url {
		t.Errorf("%+v", well)
	}
	if f, ok := finding(well, "configuration", path+", line 2"); !ok || f.Mark != model.MarkGood {
		t.Errorf("%+v", well)
	}
	if _, ok := finding(well, "our budget", "40 requests a minute, as configured"); !ok {
		t.Errorf("%+v", well)
	}
	if down.Worst() != model.MarkBad || secret.Worst() != model.MarkBad {
		t.Errorf("%+v\n%+v", down, secret)
	}
	if _, ok := finding(secret, "configuration", "NO_SUCH_VARIABLE"); !ok {
		t.Errorf("%+v", secret)
	}
	for name, want := range map[string]int{"well": exitOK, "down": exitUnreachable, "secret": exitUsage} {
		out, _, code := gatewatch(t, nil, "doctor", "--json", "--config", path, "--gateway", name)
		if r := decodeDoctor(t, out); code != want || len(r.Gateways) != 1 || r.Gateways[0].Name != name {
			t.Errorf("%s: exit %d, %+v", name, code, r.Gateways)
		}
	}
}

// TestTheDoctorKnowsTheBudget compares what it says with what the poller does.
func TestTheDoctorKnowsTheBudget(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"new-api", "one-api"} {
		env := serve(t, &demo.Server{Rate: 0.01, Dialect: dialect})
		out, _, _ := gatewatch(t, env, "once", "--json")
		budget := decode(t, out).Gateways[0].Requests.PerMinuteBudget
		out, _, _ = gatewatch(t, env, "doctor", "--json")
		if d := decodeDoctor(t, out).Gateways[0]; budget == 0 {
			t.Error("once tells no budget")
		} else if _, ok := finding(d, "our budget", fmt.Sprintf("%d requests a minute: half", budget)); !ok {
			t.Errorf("%s: the budget is %d, but %+v", dialect, budget, d)
		}
	}
}

func TestPlainHTTPIsSaid(t *testing.T) {
	t.Parallel()
	a := &app{getenv: func(string) string { return "" }}
	g := GatewayConfig{Name: "far", URL: "http://gw.example", Dialect: gateway.Auto, AccessToken: credential{secret: gateway.NewSecret("x")}}
	list, err := a.patients(Config{Gateways: []GatewayConfig{g, {Name: "beside", URL: "http://gw.example", Dialect: gateway.Auto}}},
		func(c Config) (*wiring, error) { return a.wire(t.Context(), c, nil) })
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	d := list[0].found(0).diagnosis
	if f, ok := finding(d, "configuration", "unencrypted to gw.example"); !ok || f.Mark != model.MarkWarn || f.Advice != "use https" {
		t.Errorf("%+v", d)
	}
	if f := list[0].budget(); !strings.Contains(f.Says, "shared with beside") {
		t.Errorf("%+v", f)
	}
}

// hanging never answers, and diagnoses itself when the time is over.
type hanging struct{ poller.Gateway }

func (hanging) Status(ctx context.Context) (model.Status, error) {
	<-ctx.Done()
	return model.Status{}, ctx.Err()
}
func (hanging) PerMinute() int { return 40 }
func (hanging) Ready() bool    { return false }
func (hanging) Diagnose(ctx context.Context) model.Diagnosis {
	<-ctx.Done()
	return model.Diagnosis{Name: "its own", Findings: []model.Finding{{What: "reachable", Mark: model.MarkBad, Says: "no answer"}}}
}

func TestAGatewayIsAskedForABoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := patient{config: GatewayConfig{Name: "slow"}, target: poller.Target{Gateway: hanging{}, Budget: poller.NewBudget(0)}}
		start := time.Now()
		e := p.examine(t.Context(), doctorTime)
		if took := time.Since(start); took != doctorTime {
			t.Errorf("it took %s", took)
		}
		if _, ok := finding(e.diagnosis, "reachable", "no answer"); !ok || e.diagnosis.Name != "slow" || e.code == exitOK {
			t.Errorf("%+v", e)
		}
	})
}
