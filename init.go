package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"charm.land/huh/v2"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

func (a *app) initCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Ask for a gateway's address and token, try them, and write the configuration",
		Long: "init asks for the gateway's address and the access token (which is not shown), finds the dialect, tries the account, " +
			"and writes a commented configuration that only you can read, with read_only = true.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.init(cmd.Context())
			return nil
		},
	}
	a.configFlag(cmd.Flags())
	return cmd
}

// init asks, tries and writes. It never overwrites a configuration.
func (a *app) init(ctx context.Context) {
	path := a.flags.config
	if path == "" {
		var err error
		if path, err = configPath(a.getenv); err != nil {
			a.fail(exitUsage, fmt.Errorf("there is no place for a configuration: %w; name one with --config", err))
			return
		}
	}
	if _, err := os.Stat(path); err == nil {
		a.fail(exitUsage, fmt.Errorf("%s exists already; edit it, or name another with --config", path))
		return
	}
	if !term.IsTerminal(a.in.Fd()) || !term.IsTerminal(a.out.Fd()) {
		a.fail(exitUsage, errors.New("init asks questions and needs a terminal; without one, set GATEWATCH_URL and GATEWATCH_ACCESS_TOKEN"))
		return
	}
	g, account, err := a.ask(ctx)
	if errors.Is(err, huh.ErrUserAborted) {
		a.fail(exitUsage, errors.New("nothing was written"))
		return
	}
	if err != nil {
		a.fail(exitUnauthorised, fmt.Errorf("%w; nothing was written", err))
		return
	}
	if err := writeConfig(path, g); err != nil {
		a.fail(exitFault, err)
		return
	}
	fmt.Fprintf(a.out, "%s answers as %s; %s has %s left.\nThe configuration is in %s. Start with: gatewatch\n",
		g.URL, g.Dialect, account.Username, model.Currency{}.Format(account.Quota.V), path)
}

// ask asks for one gateway until its account can be read.
func (a *app) ask(ctx context.Context) (GatewayConfig, model.Account, error) {
	var url, token, name, userID string
	form := huh.NewForm(
		huh.NewGroup(huh.NewInput().Title("The gateway's address").Placeholder("https://gateway.example").Value(&url).Validate(func(s string) error {
			_, err := gateway.ParseURL(s)
			return err
		})),
		huh.NewGroup(huh.NewInput().Title("The access token").Description("the management token of the personal settings page, not an sk- key; it is not shown").
			EchoMode(huh.EchoModePassword).Value(&token).Validate(func(s string) error {
			switch s = strings.TrimSpace(s); {
			case s == "":
				return errors.New("the token is needed")
			case strings.HasPrefix(s, "sk-"):
				return errors.New("this is an sk- key; the management token is needed")
			}
			return nil
		})),
		huh.NewGroup(huh.NewInput().Title("A name for it").Placeholder("prod").Value(&name)),
	)
	if err := form.WithInput(a.in).WithOutput(a.out).RunWithContext(ctx); err != nil {
		return GatewayConfig{}, model.Account{}, err
	}
	if name = strings.TrimSpace(name); name == "" {
		name = "prod"
	}
	for {
		g := GatewayConfig{
			Name: name, URL: strings.TrimSpace(url), UserID: strings.TrimSpace(userID), ReadOnly: true,
			AccessToken: credential{secret: gateway.NewSecret(strings.TrimSpace(token))},
		}
		account, err := tryGateway(ctx, &g)
		var refused *gateway.StatusError
		if errors.As(err, &refused) && refused.NeedsUser() && userID == "" {
			ask := huh.NewForm(huh.NewGroup(huh.NewInput().Title("Your numeric user id").
				Description("this gateway wants it beside the token; the personal settings page shows it").Value(&userID).
				Validate(func(s string) error {
					if s = strings.TrimSpace(s); s == "" || strings.Trim(s, "0123456789") != "" {
						return errors.New("a number is needed")
					}
					return nil
				})))
			if err := ask.WithInput(a.in).WithOutput(a.out).RunWithContext(ctx); err != nil {
				return g, account, err
			}
			continue
		}
		return g, account, err
	}
}

// tryGateway finds the dialect and reads the account.
func tryGateway(ctx context.Context, g *GatewayConfig) (model.Account, error) {
	gw, err := gateway.Open(gateway.Options{Name: g.Name, URL: g.URL, AccessToken: g.AccessToken.secret, UserID: g.UserID})
	if err != nil {
		return model.Account{}, err
	}
	if _, err := gw.Status(ctx); err != nil {
		return model.Account{}, err
	}
	g.Dialect = gw.Found().Dialect
	return gw.Account(ctx)
}

// writeConfig writes the example with one gateway's values in it, readable by
// the user alone.
func writeConfig(path string, g GatewayConfig) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("the configuration cannot be written: %w", err)
	}
	set := []string{
		`name = "prod"`, "name = " + strconv.Quote(g.Name),
		`url = "https://gateway.example"`, "url = " + strconv.Quote(g.URL),
		`access_token_env = "GATEWAY_TOKEN"`, "access_token = " + strconv.Quote(g.AccessToken.secret.Reveal()),
		"read_only = false", "read_only = true",
	}
	if g.UserID != "" {
		set = append(set, `# user_id = "2"`, "user_id = "+strconv.Quote(g.UserID))
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the configuration cannot be written: %w", err)
	}
	_, err = strings.NewReplacer(set...).WriteString(f, exampleConfig)
	return errors.Join(err, f.Close())
}
