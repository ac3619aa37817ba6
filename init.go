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
	"gatewatch/ui/text"
)

func (a *app) initCommand() *cobra.Command {
	var root string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Ask for a gateway's address and token, try them, and write the configuration",
		Long: "init asks for the gateway's address and the access token or an sk- key (which is not shown), finds the dialect, tries the account, " +
			"and writes a commented configuration that only you can read, with read_only = true.\n\n" +
			"With --opencatd-root it asks whether to create the root user of an opencatd that nobody has set up yet, and writes the configuration with its token.",
		Example: "gatewatch init\ngatewatch init --opencatd-root http://127.0.0.1:8080",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.init(cmd.Context(), root)
			return nil
		},
	}
	a.configFlag(cmd.Flags())
	cmd.Flags().StringVar(&root, "opencatd-root", "", "create the root user of a new opencatd at this address, after a question")
	return cmd
}

// init asks, tries and writes. It never overwrites a configuration. root is the
// address of an opencatd whose root user is to be created, "" for none.
func (a *app) init(ctx context.Context, root string) {
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
	if root != "" {
		a.initRoot(ctx, path, root)
		return
	}
	g, found, err := a.ask(ctx)
	if err != nil {
		a.failInit(err)
		return
	}
	if err := writeConfig(path, g); err != nil {
		a.fail(exitFault, err)
		return
	}
	fmt.Fprintf(a.out, "%s\nThe configuration is in %s. Start with: gatewatch\n", found, path)
}

// failInit reports why nothing was written. What a gateway said goes to a
// terminal here.
func (a *app) failInit(err error) {
	if errors.Is(err, huh.ErrUserAborted) {
		a.fail(exitUsage, errors.New("nothing was written"))
		return
	}
	a.fail(codeOf(model.FaultOf(err).Kind), fmt.Errorf("%s; nothing was written", text.Clean(err.Error())))
}

// ask asks for one gateway until its account can be read, and returns with it
// what was found, in a sentence.
func (a *app) ask(ctx context.Context) (g GatewayConfig, found string, err error) {
	var url, token, name, userID string
	err = a.form(ctx,
		huh.NewInput().Title("The gateway's address").Placeholder("https://gateway.example").Value(&url).Validate(func(s string) error {
			_, err := gateway.ParseURL(s)
			return err
		}),
		huh.NewInput().Title("The access token").Description("the management token of the personal settings page; an sk- key works too, but shows only its own figures. It is not shown").
			EchoMode(huh.EchoModePassword).Value(&token).Validate(func(s string) error {
			if strings.TrimSpace(s) == "" {
				return errors.New("the token is needed")
			}
			return nil
		}),
		huh.NewInput().Title("A name for it").Placeholder("prod").Value(&name),
	)
	if err != nil {
		return g, "", err
	}
	g = GatewayConfig{Name: strings.TrimSpace(name), URL: strings.TrimSpace(url), ReadOnly: true}
	if g.Name == "" {
		g.Name = "prod"
	}
	secret := credential{secret: gateway.NewSecret(strings.TrimSpace(token))}
	if strings.HasPrefix(secret.secret.Reveal(), "sk-") {
		g.APIKey = secret
	} else {
		g.AccessToken = secret
	}
	found, err = tryGateway(ctx, g)
	var refused *gateway.StatusError
	if !errors.As(err, &refused) || !refused.NeedsUser() {
		return g, found, err
	}
	err = a.form(ctx, huh.NewInput().Title("Your numeric user id").
		Description("this gateway wants it beside the token; the personal settings page shows it").Value(&userID).
		Validate(func(s string) error {
			if s = strings.TrimSpace(s); s == "" || strings.Trim(s, "0123456789") != "" {
				return errors.New("a number is needed")
			}
			return nil
		}))
	if err != nil {
		return g, "", err
	}
	g.UserID = strings.TrimSpace(userID)
	found, err = tryGateway(ctx, g)
	return g, found, err
}

// form shows one field after the other.
func (a *app) form(ctx context.Context, fields ...huh.Field) error {
	var groups []*huh.Group
	for _, f := range fields {
		groups = append(groups, huh.NewGroup(f))
	}
	return huh.NewForm(groups...).WithInput(a.in).WithOutput(a.out).RunWithContext(ctx)
}

// tryGateway finds the dialect, reads the account and says what it found.
func tryGateway(ctx context.Context, g GatewayConfig) (string, error) {
	gw, err := gateway.Open(gateway.Options{
		Name: g.Name, URL: g.URL, AccessToken: g.AccessToken.secret, APIKey: g.APIKey.secret, UserID: g.UserID,
	})
	if err != nil {
		return "", err
	}
	status, err := gw.Status(ctx)
	if err != nil {
		return "", err
	}
	account, err := gw.Account(ctx)
	if err != nil {
		return "", err
	}
	who := account.Username
	if who == "" {
		who = "the account"
	}
	if gw.KeyOnly() {
		who = "the key"
	}
	says := fmt.Sprintf("%s answers as %s", shownURL(g.URL), gw.Found().Dialect)
	switch {
	case account.Unlimited:
		says += fmt.Sprintf("; %s has no limit", who)
	case account.Quota.OK:
		says += fmt.Sprintf("; %s has %s left", who, status.Currency.Format(account.Quota.V))
	default:
		says += " to " + who
	}
	if gw.KeyOnly() {
		says += ". With an sk- key alone only its own figures can be read; an access token would show the account"
	}
	return text.Clean(says + "."), nil
}

// writeConfig writes the example with one gateway's values in it, readable by
// the user alone.
func writeConfig(path string, g GatewayConfig) error {
	f, err := createConfig(path)
	if err != nil {
		return err
	}
	return fillConfig(f, g)
}

// createConfig makes an empty file where there is none.
func createConfig(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the configuration cannot be written: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be written: %w", err)
	}
	return f, nil
}

// fillConfig writes the configuration and closes the file.
func fillConfig(f *os.File, g GatewayConfig) error {
	set := []string{
		`name = "prod"`, "name = " + strconv.Quote(g.Name),
		`url = "https://gateway.example"`, "url = " + strconv.Quote(g.URL),
		"read_only = false", "read_only = true",
	}
	if g.AccessToken.set() {
		set = append(set, `access_token_env = "GATEWAY_TOKEN"`, "access_token = "+strconv.Quote(g.AccessToken.secret.Reveal()))
	} else {
		set = append(set, `access_token_env = "GATEWAY_TOKEN"`, `# access_token_env = "GATEWAY_TOKEN"`,
			`# api_key_env = "GATEWAY_KEY"`, "api_key = "+strconv.Quote(g.APIKey.secret.Reveal()))
	}
	if g.UserID != "" {
		set = append(set, `# user_id = "2"`, "user_id = "+strconv.Quote(g.UserID))
	}
	_, err := strings.NewReplacer(set...).WriteString(f, exampleConfig)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("the configuration cannot be written: %w", err)
	}
	return nil
}
