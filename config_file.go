package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"gatewatch/model"
	"gatewatch/poller/gateway"
	"gatewatch/ui/theme"
)

// setting is one key of the configuration file and what it sets.
type setting struct {
	name string
	set  func(v any) error
}

// settings are the keys of the top of the file.
func (c *Config) settings() []setting {
	return []setting{
		{"refresh", func(v any) error { return setDuration(&c.Refresh, v, time.Second) }},
		{"window", func(v any) error {
			var s string
			if err := setString(&s, v); err != nil {
				return err
			}
			w, err := model.ParseWindow(s)
			c.Window = w
			return err
		}},
		{"timezone", func(v any) error {
			var s string
			if err := setString(&s, v); err != nil {
				return err
			}
			zone, err := parseZone(s)
			c.Zone = zone
			return err
		}},
		{"theme", func(v any) error { return setOneOf(&c.Theme, v, theme.Names()) }},
	}
}

// intervalSettings are the keys of [intervals].
func (c *Config) intervalSettings() []setting {
	iv := &c.Intervals
	var out []setting
	for _, s := range []struct {
		name string
		dst  *time.Duration
	}{
		{"calls", &iv.Calls},
		{"account", &iv.Account},
		{"rates", &iv.Rates},
		{"keys", &iv.Keys},
		{"days", &iv.Days},
		{"status", &iv.Status},
		{"details", &iv.Details},
		{"channels", &iv.Channels},
	} {
		out = append(out, setting{s.name, func(v any) error { return setInterval(s.dst, v) }})
	}
	return out
}

// settings are the keys of one [[gateway]].
func (g *GatewayConfig) settings() []setting {
	list := []setting{
		{"name", func(v any) error { return setString(&g.Name, v) }},
		{"url", func(v any) error { return setString(&g.URL, v) }},
		{"dialect", func(v any) error { return setString(&g.Dialect, v) }},
		{"user_id", func(v any) error {
			if n, ok := v.(int64); ok { // a number is what it looks like
				g.UserID = fmt.Sprint(n)
				return nil
			}
			return setString(&g.UserID, v)
		}},
		{"budget", func(v any) error {
			n, ok := v.(int64)
			if !ok {
				return wrongType(v, "a whole number of requests per minute")
			}
			g.Budget = int(n)
			return nil
		}},
		{"scope", func(v any) error {
			var s string
			if err := setOneOf(&s, v, []string{"self", "site"}); err != nil {
				return err
			}
			g.Scope = model.ScopeSelf
			if s == "site" {
				g.Scope = model.ScopeSite
			}
			return nil
		}},
		{"low_balance", func(v any) error { return setLowBalance(&g.LowBalance, v) }},
		{"read_only", func(v any) error { return setBool(&g.ReadOnly, v) }},
		{"colour", func(v any) error { return setString(&g.Colour, v) }},
	}
	for name, c := range map[string]*credential{"access_token": &g.AccessToken, "api_key": &g.APIKey} {
		once := func(set func(v any) error) func(v any) error {
			return func(v any) error {
				if c.set() {
					return fmt.Errorf("give only one of %s, %s_env and %s_command", name, name, name)
				}
				return set(v)
			}
		}
		list = append(list,
			setting{name, once(func(v any) error {
				var s string
				err := setString(&s, v)
				c.secret = gateway.NewSecret(strings.TrimSpace(s))
				return err
			})},
			setting{name + "_env", once(func(v any) error { return setVariable(&c.env, v, name) })},
			setting{name + "_command", once(func(v any) error { return setStrings(&c.command, v) })},
		)
	}
	return list
}

// parseConfig reads a configuration file strictly: every unknown key, wrong type
// and wrong value is found, all at once.
func parseConfig(path string, b []byte) (Config, error) {
	cfg := DefaultConfig()
	var doc map[string]any
	if err := toml.Unmarshal(b, &doc); err != nil {
		var syntax *toml.DecodeError
		if errors.As(err, &syntax) {
			line, _ := syntax.Position()
			return cfg, &configError{path, []configFault{{line, strings.TrimPrefix(syntax.Error(), "toml: ")}}}
		}
		return cfg, &configError{path, []configFault{{0, err.Error()}}}
	}
	lines := keyLines(b)
	e := &configError{path: path}
	table := func(at string, t map[string]any, known []setting) {
		// In the order of the file, so that of two settings that exclude each other
		// the second is the fault.
		names := slices.SortedFunc(maps.Keys(t), func(a, b string) int { return cmp.Compare(lines[at+a], lines[at+b]) })
		for _, name := range names {
			v, line := t[name], lines[at+name]
			i := slices.IndexFunc(known, func(s setting) bool { return s.name == name })
			if i < 0 {
				e.faults = append(e.faults, configFault{line, unknownKey(name, known)})
			} else if err := known[i].set(v); err != nil {
				e.faults = append(e.faults, configFault{line, name + ": " + err.Error()})
			}
		}
	}
	top := append(cfg.settings(),
		setting{"intervals", func(v any) error {
			t, ok := v.(map[string]any)
			if !ok {
				return wrongType(v, "a table: [intervals]")
			}
			table("intervals.", t, cfg.intervalSettings())
			return nil
		}},
		setting{"history", func(v any) error {
			t, ok := v.(map[string]any)
			if !ok {
				return wrongType(v, "a table: [history]")
			}
			table("history.", t, cfg.History.settings())
			return nil
		}},
		setting{"alerts", func(v any) error {
			t, ok := v.(map[string]any)
			if !ok {
				return wrongType(v, "a table: [alerts]")
			}
			table("alerts.", t, cfg.Alerts.settings())
			return nil
		}},
		setting{"gateway", func(v any) error {
			list, ok := v.([]any)
			if !ok {
				return wrongType(v, "a list of tables: write [[gateway]]")
			}
			for i, v := range list {
				at := fmt.Sprintf("gateway[%d].", i)
				g := GatewayConfig{Dialect: gateway.Auto, line: lines[at]}
				t, ok := v.(map[string]any)
				if !ok {
					return wrongType(v, "a list of tables: write [[gateway]]")
				}
				table(at, t, g.settings())
				cfg.Gateways = append(cfg.Gateways, g)
			}
			return nil
		}},
	)
	table("", doc, top)
	var more *configError
	if errors.As(cfg.Validate(path), &more) {
		e.faults = append(e.faults, more.faults...)
	}
	if len(e.faults) == 0 {
		return cfg, nil
	}
	slices.SortStableFunc(e.faults, func(a, b configFault) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.message, b.message))
	})
	return cfg, e
}

// keyLines finds the line of every key: "refresh", "intervals.calls",
// "gateway[0].url"; the header of a gateway's table is "gateway[0].".
func keyLines(b []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(b)
	at := ""
	gateways := 0
	for p.NextExpression() {
		e := p.Expression()
		var names []string
		line := 0
		for it := e.Key(); it.Next(); {
			names = append(names, string(it.Node().Data))
			line = p.Shape(it.Node().Raw).Start.Line
		}
		name := strings.Join(names, ".")
		switch e.Kind {
		case unstable.Table:
			at = name + "."
			lines[name] = line
		case unstable.ArrayTable:
			at = fmt.Sprintf("%s[%d].", name, gateways)
			if name == "gateway" {
				gateways++
			}
			lines[at], lines[name] = line, line
		case unstable.KeyValue:
			lines[at+name] = line
			// A dotted key belongs to the table of its first part.
			if first, _, dotted := strings.Cut(name, "."); dotted && at == "" {
				lines[first] = line
			}
		}
	}
	return lines
}

// unknownKey names the known key that was probably meant.
func unknownKey(name string, known []setting) string {
	best, distance := "", 3
	for _, s := range known {
		if d := editDistance(name, s.name); d < distance {
			best, distance = s.name, d
		}
	}
	if best == "" {
		names := make([]string, len(known))
		for i, s := range known {
			names[i] = s.name
		}
		slices.Sort(names)
		return fmt.Sprintf("there is no setting %q here; there are %s", name, strings.Join(names, ", "))
	}
	return fmt.Sprintf("there is no setting %q: do you mean %s?", name, best)
}

// editDistance counts the letters to insert, remove or change.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last
			if a[i-1] != b[j-1] {
				change++
			}
			last = row[j]
			row[j] = min(row[j]+1, row[j-1]+1, change)
		}
	}
	return row[len(b)]
}

// parseZone reads a time zone's name; "" is the system's.
func parseZone(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.Local, fmt.Errorf("%q is no time zone; write it like Asia/Shanghai or UTC", name)
	}
	return zone, nil
}
