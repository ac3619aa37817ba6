package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/poller/gateway"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// TestTheExampleIsTheDefaults reads the documented file and compares every
// setting with the default in code.
func TestTheExampleIsTheDefaults(t *testing.T) {
	cfg, err := parseConfig("config.example.toml", []byte(exampleConfig))
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultConfig()
	want.Gateways = []GatewayConfig{{
		Name: "prod", URL: "https://gateway.example", Dialect: gateway.Auto, AccessToken: credential{env: "GATEWAY_TOKEN"},
		line: cfg.Gateways[0].line,
	}}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("the example sets\n%+v\nthe defaults are\n%+v", cfg, want)
	}
	if want.Intervals != poller.DefaultIntervals() || want.Window.Label != "1h" {
		t.Errorf("defaults: %+v", want)
	}
	for _, s := range append(append((&Config{}).settings(), (&Config{}).intervalSettings()...), (&GatewayConfig{}).settings()...) {
		if !strings.Contains(exampleConfig, s.name) {
			t.Errorf("the example does not mention %s", s.name)
		}
	}
}

const oneGateway = `
[[gateway]]
name = "prod"
url = "https://gw.example"
access_token_env = "T"
`

// TestBrokenConfigs has one fault each, and the message that must name its
// place and what to do.
func TestBrokenConfigs(t *testing.T) {
	for config, want := range map[string]string{
		`refresh = `:                                                                 `c.toml:1: `,
		`refersh = "5s"` + oneGateway:                                                `c.toml:1: there is no setting "refersh": do you mean refresh?`,
		"\n\nxyz = 1" + oneGateway:                                                   `c.toml:3: there is no setting "xyz" here; there are alerts, gateway, history, intervals, refresh, theme, timezone, window`,
		`refresh = 5` + oneGateway:                                                   `c.toml:1: refresh: it is a whole number, but must be a time in quotes such as "5s"`,
		`refresh = "soon"` + oneGateway:                                              `c.toml:1: refresh: "soon" is no time; write it like "5s" or "1m30s"`,
		`refresh = "1ms"` + oneGateway:                                               `c.toml:1: refresh: 1ms is too short; at least 1s`,
		`window = "2h"` + oneGateway:                                                 `c.toml:1: window: window "2h" is not one of 15m, 1h, 24h, 7d, 30d`,
		`timezone = "Asia/Shanghigh"` + oneGateway:                                   `c.toml:1: timezone: "Asia/Shanghigh" is no time zone`,
		`theme = "pink"` + oneGateway:                                                `c.toml:1: theme: "pink" is none of auto, dark, light, terminal, mono`,
		"[intervals]\ncals = \"5s\"" + oneGateway:                                    `c.toml:2: there is no setting "cals": do you mean calls?`,
		"[intervals]\ncalls = \"1s\"" + oneGateway:                                   `c.toml:2: calls: 1s is too short; at least 2s`,
		"intervals = 3" + oneGateway:                                                 `c.toml:1: intervals: it is a whole number, but must be a table: [intervals]`,
		"intervals.calls = true" + oneGateway:                                        `c.toml:1: calls: it is true or false, but must be a time in quotes`,
		"[gateway]\nname = \"x\"":                                                    `c.toml:1: gateway: it is a table, but must be a list of tables: write [[gateway]]`,
		"[history]\ncalls_days = 999999" + oneGateway:                                `c.toml:2: calls_days: 999999 is too many; at most 36500 days`,
		"[history]\nminutes_days = 36501" + oneGateway:                               `c.toml:2: minutes_days: 36501 is too many; at most 36500 days`,
		"[history]\ncalls_mb = 9000000000000" + oneGateway:                           `c.toml:2: calls_mb: 9000000000000 is too many; at most 1000000 megabytes`,
		oneGateway + "urk = 1":                                                       `c.toml:6: there is no setting "urk": do you mean url?`,
		oneGateway + "budget = \"x\"":                                                `c.toml:6: budget: it is a text, but must be a whole number of requests per minute`,
		oneGateway + "budget = -1":                                                   `c.toml:2: gateway "prod": budget -1 is less than 0`,
		oneGateway + "read_only = 1":                                                 `c.toml:6: read_only: it is a whole number, but must be true or false`,
		oneGateway + `dialect = "two-api"`:                                           `c.toml:2: gateway "prod": there is no dialect "two-api"`,
		oneGateway + `colour = "beige"`:                                              `c.toml:2: gateway "prod": colour "beige" is none of red,`,
		oneGateway + `user_id = "alice"`:                                             `c.toml:2: gateway "prod": user_id "alice" is not a number`,
		oneGateway + `access_token = "abc"`:                                          `c.toml:6: access_token: give only one of access_token, access_token_env and access_token_command`,
		oneGateway + `api_key_command = []`:                                          `c.toml:6: api_key_command: it is empty; it must name a program`,
		oneGateway + `api_key_command = "pass"`:                                      `c.toml:6: api_key_command: it is a text, but must be a list of texts`,
		oneGateway + oneGateway:                                                      `c.toml:7: gateway "prod": another one has the same name`,
		"[[gateway]]\nname = \"x\"\nurl = \"https://x\"":                             `c.toml:1: gateway "x": it needs a credential`,
		"[[gateway]]\nname = \"x\"\nurl = \"ftp://x\"\naccess_token_env = \"T\"":     `c.toml:1: gateway "x": url "ftp://x" is not an address like https://gateway.example`,
		"[[gateway]]\nurl = \"https://x\"\naccess_token = \"sk-fake\"\nname = \"x\"": `access_token is an sk- key; it must be the management token`,
		"[[gateway]]\nurl = \"https://x\"\naccess_token_env = \"T\"":                 `c.toml:1: gateway 1: it needs a name`,

		// A secret where the name of a variable belongs.
		"[[gateway]]\nurl = \"https://x\"\naccess_token_env = \"sk-fake\"\nname = \"x\"": `c.toml:3: access_token_env: it must be the name of a variable, such as GATEWAY_TOKEN; the secret itself belongs into access_token`,
		"[[gateway]]\nurl = \"https://x\"\napi_key_env = \"9sk-fake\"\nname = \"x\"":     `c.toml:3: api_key_env: it must be the name of a variable, such as GATEWAY_TOKEN; the secret itself belongs into api_key`,
	} {
		_, err := parseConfig("c.toml", []byte(config))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n%v\nwant %s", config, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "sk-fake") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	_, err := parseConfig("c.toml", []byte("refresh = 1\nthemee = \"dark\"\n[intervals]\ncalls = 5\n[[gateway]]\nname = \"a\"\nnmae = \"b\"\n[[gateway]]\nname = \"a\"\nurl = \"x\"\n"))
	var all *configError
	if !errors.As(err, &all) {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range all.faults {
		lines = append(lines, fmt.Sprint(f.line))
	}
	if got := strings.Join(lines, " "); got != "1 2 4 5 5 7 8 8 8" {
		t.Errorf("faults in lines %s:\n%v", got, err)
	}
}

func TestWhereTheConfigurationComesFrom(t *testing.T) {
	home := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	none := env("XDG_CONFIG_HOME", filepath.Join(home, "none"))
	if _, err := (configSource{getenv: none}).Load(); !errors.Is(err, errNoConfig) {
		t.Errorf("nothing configured: %v", err)
	}
	write("gatewatch/config.toml", `window = "15m"`+oneGateway)
	file := env("XDG_CONFIG_HOME", home)
	cfg, err := configSource{getenv: file}.Load()
	if err != nil || cfg.Gateways[0].Name != "prod" || cfg.Window.Length != 15*time.Minute {
		t.Errorf("the file: %+v %v", cfg, err)
	}
	both := env("XDG_CONFIG_HOME", home, "GATEWATCH_URL", "https://other.example/v1", "GATEWATCH_ACCESS_TOKEN", "fake", "GATEWATCH_USER_ID", "7")
	cfg, err = configSource{getenv: both}.Load()
	if err != nil || len(cfg.Gateways) != 1 || cfg.Gateways[0].Name != "other.example" || cfg.Gateways[0].UserID != "7" ||
		cfg.Gateways[0].AccessToken.secret.Reveal() != "fake" || cfg.Window.Length != 15*time.Minute {
		t.Errorf("the environment over the file: %+v %v", cfg, err)
	}
	named := write("other.toml", strings.ReplaceAll(oneGateway, "prod", "named"))
	cfg, err = configSource{path: named, getenv: both}.Load()
	if err != nil || cfg.Gateways[0].Name != "named" {
		t.Errorf("--config over the environment: %+v %v", cfg, err)
	}
	if _, err := (configSource{path: filepath.Join(home, "missing.toml"), getenv: none}).Load(); err == nil {
		t.Error("a --config that is not there is no error")
	}
	empty := write("empty.toml", `refresh = "5s"`)
	if _, err := (configSource{path: empty, getenv: both}).Load(); err == nil || !strings.HasPrefix(err.Error(), empty+" names no gateway") {
		t.Errorf("a --config without a gateway: %v", err)
	}
	_, err = configSource{getenv: env("XDG_CONFIG_HOME", home, "GATEWATCH_URL", "https://x.example")}.Load()
	if err == nil || !strings.Contains(err.Error(), "GATEWATCH_ACCESS_TOKEN") {
		t.Errorf("the environment without a token: %v", err)
	}
	write("gatewatch/config.toml", "broken =")
	if _, err := (configSource{getenv: both}).Load(); err != nil {
		t.Errorf("a broken file that is not needed: %v", err)
	}
	if _, err := (configSource{getenv: file}).Load(); err == nil {
		t.Error("a broken file that is needed was accepted")
	}
}

func TestASecretThatOthersCanReadIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	path := filepath.Join(t.TempDir(), "c.toml")
	secret := strings.Replace(oneGateway, `access_token_env = "T"`, `access_token = "fake-token"`, 1)
	for _, c := range []struct {
		text string
		mode os.FileMode
		ok   bool
	}{{secret, 0o600, true}, {secret, 0o640, false}, {secret, 0o604, false}, {oneGateway, 0o644, true}} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := loadFile(path)
		if (err == nil) != c.ok {
			t.Errorf("mode %o, ok %v: %v", c.mode, c.ok, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "chmod 600 "+path) || strings.Contains(err.Error(), "fake-token")) {
			t.Errorf("the error: %v", err)
		}
	}
}

func TestSecretsFromVariablesAndCommands(t *testing.T) {
	for _, c := range []struct {
		c          credential
		want, says string
	}{
		{credential{}, "", ""},
		{credential{secret: gateway.NewSecret("inline")}, "inline", ""},
		{credential{env: "T"}, "from-env", ""},
		{credential{env: "MISSING"}, "", "access_token_env names the variable MISSING, which is not set"},
		{credential{command: []string{"printf", "from-command\nsecond line\n"}}, "from-command", ""},
		{credential{command: []string{"true"}}, "", `access_token_command "true" printed nothing`},
		{credential{command: []string{"false"}}, "", `access_token_command "false" failed: exit status 1`},
		{credential{command: []string{"/no/such/program"}}, "", "failed"},
		{credential{command: []string{"printf", "%s", "$HOME"}}, "$HOME", ""}, // no shell
	} {
		got, err := c.c.resolve(t.Context(), "access_token", env("T", " from-env\n"))
		if got.Reveal() != c.want || (err == nil) != (c.says == "") || (err != nil && !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%+v: %q %v", c.c, got.Reveal(), err)
		}
	}
}

func TestWrittenConfigCanBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "config.toml")
	g := GatewayConfig{
		Name: `a "b" \ 中文`, URL: "https://gw.example", UserID: "42", ReadOnly: true, Dialect: gateway.Auto,
		AccessToken: credential{secret: gateway.NewSecret(`fake+/"\token`)},
	}
	if err := writeConfig(path, g); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	cfg, err := loadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := cfg.Gateways[0]
	if got.Name != g.Name || got.AccessToken.secret.Reveal() != g.AccessToken.secret.Reveal() || got.UserID != "42" || !got.ReadOnly {
		t.Errorf("%+v", got)
	}
	if err := writeConfig(path, g); err == nil {
		t.Error("a configuration was overwritten")
	}
}

func TestZonesAreKnownEverywhere(t *testing.T) {
	zone, err := parseZone("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	if got := model.DayStart(time.Unix(1_795_154_520, 0).In(zone)).Format(time.RFC3339); got != "2026-11-20T00:00:00+05:30" {
		t.Errorf("the day begins at %s", got)
	}
}
