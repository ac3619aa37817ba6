package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"charm.land/huh/v2"

	"gatewatch/model"
	"gatewatch/poller/gateway"
	"gatewatch/ui/text"
)

// initRoot creates the root user of an opencatd that has none, after a plain
// question, and writes the configuration with its token.
func (a *app) initRoot(ctx context.Context, path, url string) {
	u, err := gateway.ParseURL(url)
	if err != nil {
		a.fail(exitUsage, fmt.Errorf("--opencatd-root: %w", err))
		return
	}
	g := GatewayConfig{Name: "opencatd", URL: u.String(), ReadOnly: true}
	// How an opencatd refuses a wrong token tells that it is one; without any it may
	// panic.
	gw, err := gateway.Open(gateway.Options{Name: g.Name, URL: g.URL, AccessToken: gateway.NewSecret("none")})
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	_, err = gw.Status(ctx)
	switch found := gw.Found().Dialect; {
	case found == gateway.OpenCatD:
	case err != nil:
		a.failInit(err)
		return
	default:
		a.fail(exitUnreachable, fmt.Errorf("%s answers as %s, not as opencatd; nothing was written", g.URL, found))
		return
	}
	says := "A new opencatd makes whoever asks first its root, and gives the root's token to nobody else.\n" +
		"Yes asks now, writes the token into " + path + ", which you alone can read, and shows it nowhere.\n" +
		"Where there is a root already, nothing changes."
	if gateway.Insecure(u) {
		says += "\nThe token will travel unencrypted from " + u.Host + "."
	}
	yes := false
	err = a.form(ctx, huh.NewConfirm().Title("Create the root user of the opencatd at "+g.URL+"?").Description(says).
		Affirmative("Yes, create it").Negative("No").Value(&yes))
	if err == nil && !yes {
		err = huh.ErrUserAborted
	}
	if err != nil {
		a.failInit(err)
		return
	}
	// The token comes once: the place for it is made before it is asked for.
	f, err := createConfig(path)
	if err != nil {
		a.fail(exitFault, err)
		return
	}
	token, err := gw.InitRoot(ctx)
	if err != nil {
		_ = f.Close()
		if kind := model.FaultOf(err).Kind; kind == model.FaultTimeout || kind == model.FaultBadAnswer {
			err = fmt.Errorf("%w; whether the root user was created is not known", err)
		}
		a.failInit(errors.Join(err, os.Remove(path)))
		return
	}
	g.AccessToken = credential{secret: token}
	if err := fillConfig(f, g); err != nil {
		a.fail(exitFault, fmt.Errorf("the root user was created, but its token is lost: %w", err))
		return
	}
	fmt.Fprintf(a.out, "The root user was created. The configuration, with its token, is in %s.\n", path)
	found, err := tryGateway(ctx, g)
	if err != nil {
		a.fail(codeOf(model.FaultOf(err).Kind), errors.New(text.Clean(err.Error())))
		return
	}
	fmt.Fprintln(a.out, found+" Start with: gatewatch")
}
