package main

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/poller/gateway"
	"gatewatch/ui/theme"
)

// exampleConfig documents every setting with its default.
//
//go:embed config.example.toml
var exampleConfig string

// Config is everything that can be configured. It is read here and nowhere else.
type Config struct {
	Refresh   time.Duration
	Window    model.Window
	Zone      *time.Location
	Theme     string
	Intervals poller.Intervals
	History   HistoryConfig
	Alerts    AlertConfig
	Gateways  []GatewayConfig
}

// GatewayConfig is one gateway.
type GatewayConfig struct {
	Name        string
	URL         string
	Dialect     string
	AccessToken credential
	APIKey      credential
	UserID      string
	// Budget is in requests per minute; 0 follows the gateway.
	Budget   int
	ReadOnly bool
	// Scope is the account's own usage, or the whole site's for administrators.
	Scope model.Scope
	// LowBalance is when to warn of the balance.
	LowBalance LowBalance
	Colour     string

	line int // where its table begins
}

// credential is a secret, or where to get it.
type credential struct {
	secret  gateway.Secret
	env     string
	command []string
}

func (c credential) set() bool { return c.secret.IsSet() || c.env != "" || len(c.command) > 0 }

// DefaultConfig is the configuration without a file, and without a gateway.
func DefaultConfig() Config {
	window, err := model.ParseWindow("1h")
	if err != nil {
		panic(err) // it is in the list
	}
	return Config{
		Refresh: 5 * time.Second, Window: window, Zone: time.Local, Theme: "auto", Intervals: poller.DefaultIntervals(),
		History: defaultHistory(), Alerts: defaultAlerts(),
	}
}

// configError is every fault of a configuration, each with its place.
type configError struct {
	path   string
	faults []configFault
}

type configFault struct {
	line    int // 0 when it belongs to no line
	message string
}

// Error lists the faults, one per line.
func (e *configError) Error() string {
	lines := make([]string, len(e.faults))
	for i, f := range e.faults {
		switch {
		case f.line > 0:
			lines[i] = fmt.Sprintf("%s:%d: %s", e.path, f.line, f.message)
		case e.path != "":
			lines[i] = e.path + ": " + f.message
		default:
			lines[i] = f.message
		}
	}
	return strings.Join(lines, "\n")
}

// only returns the configuration with the gateway of that name alone; "" keeps
// all.
func (c Config) only(name string) (Config, error) {
	if name == "" {
		return c, nil
	}
	i := slices.IndexFunc(c.Gateways, func(g GatewayConfig) bool { return g.Name == name })
	if i < 0 {
		return c, fmt.Errorf("--gateway: there is no gateway %q in the configuration", name)
	}
	c.Gateways = c.Gateways[i : i+1]
	return c, nil
}

// shareBudgets gives all gateways at one address the smallest budget that was
// set for any of them: the gateway counts them together.
func (c Config) shareBudgets() Config {
	least := map[string]int{}
	for _, g := range c.Gateways {
		at := address(g.URL)
		if was := least[at]; g.Budget > 0 && (was == 0 || g.Budget < was) {
			least[at] = g.Budget
		}
	}
	c.Gateways = slices.Clone(c.Gateways)
	for i, g := range c.Gateways {
		c.Gateways[i].Budget = least[address(g.URL)]
	}
	return c
}

// shownURL is a gateway's address without what may be secret in what people
// paste: a user name, a password, a query.
func shownURL(raw string) string {
	u, err := gateway.ParseURL(raw)
	if err != nil {
		return "…" // the address is refused elsewhere
	}
	return u.String()
}

// address is the host and port of a gateway's address, equal for equal ones.
func address(raw string) string {
	u, err := gateway.ParseURL(raw)
	if err != nil {
		return raw // the address is refused elsewhere
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// errNoConfig says that nothing was configured at all.
var errNoConfig = errors.New("no gateway is configured")

// configSource is where a configuration may come from.
type configSource struct {
	path   string // --config, "" when not given
	getenv func(string) string
}

// Load reads the configuration: the file at --config, or the gateway that the
// environment names, or the file in the configuration directory.
func (s configSource) Load() (Config, error) {
	if s.path != "" {
		cfg, err := loadFile(s.path)
		if err == nil && len(cfg.Gateways) == 0 {
			err = fmt.Errorf("%s names no gateway: add a [[gateway]] table, as config.example.toml shows, or have gatewatch init write another file", s.path)
		}
		return cfg, err
	}
	path, pathErr := configPath(s.getenv)
	_, missing := os.Stat(path)
	fromEnv := s.getenv("GATEWATCH_URL") != ""
	cfg := DefaultConfig()
	if pathErr == nil && missing == nil {
		var err error
		cfg, err = loadFile(path)
		if err != nil && !fromEnv {
			return cfg, err
		}
		if err != nil {
			cfg = DefaultConfig() // the environment names the gateway; the file is not needed
		}
	}
	if fromEnv {
		cfg.Gateways = []GatewayConfig{envGateway(s.getenv)}
		return cfg, cfg.Validate("")
	}
	if len(cfg.Gateways) == 0 {
		return cfg, errNoConfig
	}
	return cfg, nil
}

// envGateway is the gateway that GATEWATCH_URL and its companions describe.
func envGateway(getenv func(string) string) GatewayConfig {
	g := GatewayConfig{
		URL: getenv("GATEWATCH_URL"), Dialect: gateway.Auto, UserID: strings.TrimSpace(getenv("GATEWATCH_USER_ID")),
		AccessToken: credential{secret: gateway.NewSecret(strings.TrimSpace(getenv("GATEWATCH_ACCESS_TOKEN")))},
		APIKey:      credential{secret: gateway.NewSecret(strings.TrimSpace(getenv("GATEWATCH_API_KEY")))},
	}
	g.Name = "gateway"
	if u, err := gateway.ParseURL(g.URL); err == nil {
		g.Name = u.Hostname()
	}
	return g
}

// configPath is where the configuration is looked for without --config.
func configPath(getenv func(string) string) (string, error) {
	dir := getenv("XDG_CONFIG_HOME")
	if dir == "" {
		var err error
		if dir, err = os.UserConfigDir(); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "gatewatch", "config.toml"), nil
}

func loadFile(path string) (Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	cfg, err := parseConfig(path, b)
	if err != nil {
		return cfg, err
	}
	if cfg.holdsSecret() {
		if err := checkMode(path); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

// holdsSecret reports whether a credential stands in the file itself.
func (c Config) holdsSecret() bool {
	return slices.ContainsFunc(c.Gateways, func(g GatewayConfig) bool {
		return g.AccessToken.secret.IsSet() || g.APIKey.secret.IsSet()
	})
}

// checkMode refuses a file with a secret that others can read.
func checkMode(path string) error {
	if runtime.GOOS == "windows" {
		return nil // its modes say nothing about who may read
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the configuration cannot be read: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s holds a secret and can be read by others (mode %04o): run\n\n    chmod 600 %s", path, mode, path)
	}
	return nil
}

// Validate finds every fault in the values, each at the line of its gateway.
func (c Config) Validate(path string) error {
	var faults []configFault
	names := map[string]int{}
	for i, g := range c.Gateways {
		bad := func(format string, args ...any) {
			faults = append(faults, configFault{g.line, fmt.Sprintf("gateway %s: ", nameOf(g, i)) + fmt.Sprintf(format, args...)})
		}
		if g.Name == "" {
			bad("it needs a name")
		}
		if names[g.Name]++; names[g.Name] == 2 {
			bad("another one has the same name")
		}
		if _, err := gateway.ParseURL(g.URL); err != nil {
			bad("%v", err)
		}
		if !g.AccessToken.set() && !g.APIKey.set() {
			bad("it needs a credential: set access_token, access_token_env or access_token_command%s, or for the little that an sk- key may see, api_key", envHint(path))
		}
		if !g.AccessToken.set() && g.Scope == model.ScopeSite {
			bad("scope \"site\" needs an administrator's access token")
		}
		if strings.HasPrefix(g.AccessToken.secret.Reveal(), "sk-") {
			bad("access_token is an sk- key; it must be the management token of the personal settings page")
		}
		if g.UserID != "" && strings.Trim(g.UserID, "0123456789") != "" {
			bad("user_id %q is not a number", g.UserID)
		}
		if g.Budget < 0 {
			bad("budget %d is less than 0", g.Budget)
		}
		if _, err := gateway.Open(gateway.Options{Name: "x", URL: "http://x", Dialect: g.Dialect}); err != nil {
			bad("%s", strings.TrimPrefix(err.Error(), "x: "))
		}
		if !theme.Colour(g.Colour) {
			bad("colour %q is none of %s, nor #rrggbb", g.Colour, strings.Join(theme.ColourNames(), ", "))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &configError{path, faults}
}

// envHint names the variable, for a gateway that came from the environment.
func envHint(path string) string {
	if path == "" {
		return " (here: GATEWATCH_ACCESS_TOKEN)"
	}
	return ""
}

func nameOf(g GatewayConfig, i int) string {
	if g.Name != "" {
		return fmt.Sprintf("%q", g.Name)
	}
	return fmt.Sprint(i + 1)
}
