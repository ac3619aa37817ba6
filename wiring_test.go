package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
	"gatewatch/poller/demo"
)

// wired reads a configuration and wires it.
func wired(t *testing.T, config string, variables ...string) *wiring {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.toml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{getenv: env(variables...), flags: flags{config: path}}
	cfg, err := a.config()
	if err != nil {
		t.Fatal(err)
	}
	w, err := a.wire(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestOneAddressHasOneBudget(t *testing.T) {
	entry := func(name, url, more string) string {
		return "[[gateway]]\nname = \"" + name + "\"\nurl = \"" + url + "\"\naccess_token_env = \"T\"\n" + more + "\n"
	}
	w := wired(t, entry("a", "https://gw.example", "")+entry("b", "HTTPS://GW.Example:443/v1", "budget = 12")+
		entry("c", "https://gw.example/", "budget = 30")+entry("d", "http://gw.example", "")+entry("e", "http://gw.example:8080", "budget = 7"), "T", "fake")
	for i, want := range []struct{ like, limit int }{{0, 12}, {0, 12}, {0, 12}, {3, 20}, {4, 7}} {
		got := w.targets[i]
		if got.Budget != w.targets[want.like].Budget {
			t.Errorf("%s has a budget of its own", got.Name)
		}
		if i != want.like {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			sent := 0
			for ctx.Err() == nil {
				_ = got.Budget.Around(ctx, false, func() error { sent++; return nil })
			}
			if sent != want.limit {
				t.Errorf("%s may send %d at once, not %d", got.Name, sent, want.limit)
			}
		})
	}
	if w.targets[3].Budget == w.targets[0].Budget || w.targets[4].Budget == w.targets[3].Budget {
		t.Error("two addresses share a budget")
	}
}

func TestASecretThatCannotBeHadIsItsGatewaysFault(t *testing.T) {
	w := wired(t, oneGateway+"[[gateway]]\nname = \"broken\"\nurl = \"https://b.example\"\naccess_token_env = \"MISSING\"\n", "T", "fake")
	const says = `gateway "broken": access_token_env names the variable MISSING, which is not set`
	well, broken := w.fleet.States[0], w.fleet.States[1]
	if f := well.Sources[model.SourceAccount].Fault; f.Kind != model.FaultNone || w.faults["prod"] != nil {
		t.Errorf("the other one: %+v", f)
	}
	if f := broken.Sources[model.SourceAccount].Fault; f.Kind != model.FaultUnauthorised || !strings.HasPrefix(f.Sentence, says) {
		t.Errorf("%+v", f)
	}
	if broken.Gateway.KeyOnly {
		t.Error("it is called a lone key's")
	}
	if _, err := w.targets[1].Gateway.Status(t.Context()); err == nil || err.Error() != says {
		t.Errorf("asked, it says %v", err)
	}
}

func TestNoAddressShowsASecret(t *testing.T) {
	w := wired(t, strings.Replace(oneGateway, "https://gw.example", "https://gw.example/v1#hunter2", 1), "T", "fake")
	if got := w.fleet.States[0].Gateway.URL; got != "https://gw.example" {
		t.Errorf("shown as %s", got)
	}
}

func TestOnceNeedsTheSecretsOfItsGatewayAlone(t *testing.T) {
	t.Parallel()
	s := &demo.Server{Rate: 0.01, Dialect: "one-api"}
	url := strings.TrimPrefix(serve(t, s)[0], "GATEWATCH_URL=")
	path := filepath.Join(t.TempDir(), "c.toml")
	config := strings.Replace(oneGateway, "https://gw.example", url, 1) + strings.NewReplacer("prod", "broken", `"T"`, `"MISSING"`).Replace(oneGateway)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	variable := []string{"T=" + s.AccessToken()}
	if out, errOut, code := gatewatch(t, variable, "once", "--config", path, "--gateway", "prod"); code != exitOK {
		t.Errorf("exit %d: %s%s", code, errOut, out)
	}
	for _, args := range [][]string{{}, {"--gateway", "broken"}} {
		out, errOut, code := gatewatch(t, variable, append([]string{"once", "--config", path}, args...)...)
		if code != exitUsage || out != "" || !strings.Contains(errOut, "MISSING, which is not set") {
			t.Errorf("%v: exit %d: %s%s", args, code, errOut, out)
		}
	}
}

func TestACommandHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	start := time.Now()
	background := credential{command: []string{"sh", "-c", "sleep 60 & echo token"}}
	if s, err := background.resolve(t.Context(), "access_token", env()); err != nil || s.Reveal() != "token" {
		t.Errorf("what it leaves behind: %v", err)
	}
	slow := credential{command: []string{"sh", "-c", "sleep 60; echo token"}}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := slow.resolve(ctx, "access_token", env()); err == nil || !strings.Contains(err.Error(), "the time that was given ended") {
		t.Errorf("too slow: %v", err)
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "c.toml")
	config := strings.Replace(oneGateway, `access_token_env = "T"`, `access_token_command = ["`+sleep+`", "60"]`, 1)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errOut, code := gatewatch(t, nil, "once", "--config", path, "--timeout", "200ms")
	if code != exitUsage || !strings.Contains(errOut, "the time that was given ended") {
		t.Errorf("once --timeout: exit %d: %s", code, errOut)
	}
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("all of it took %s", took)
	}
}
