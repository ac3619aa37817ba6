package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"gatewatch/poller/gateway"
)

const (
	// commandTime bounds a command that prints a secret.
	commandTime = 20 * time.Second
	// commandPipe is how long its output is waited for after it ended: what it left
	// running in the background keeps the pipe open.
	commandPipe = time.Second
)

// resolve gets the secret: from the file, a variable, or a command's output.
// None configured is an empty secret. what names it in errors, which never hold
// the secret or what the command printed.
func (c credential) resolve(ctx context.Context, what string, getenv func(string) string) (gateway.Secret, error) {
	switch {
	case c.secret.IsSet():
		return c.secret, nil
	case c.env != "":
		s := strings.TrimSpace(getenv(c.env))
		if s == "" {
			return gateway.Secret{}, fmt.Errorf("%s_env names the variable %s, which is not set", what, c.env)
		}
		return gateway.NewSecret(s), nil
	case len(c.command) > 0:
		within, cancel := context.WithTimeout(ctx, commandTime)
		defer cancel()
		cmd := exec.CommandContext(within, c.command[0], c.command[1:]...)
		cmd.WaitDelay = commandPipe
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
			switch {
			case errors.Is(ctx.Err(), context.DeadlineExceeded):
				err = errors.New("the time that was given ended before it did")
			case errors.Is(within.Err(), context.DeadlineExceeded):
				err = fmt.Errorf("it took longer than %s", commandTime)
			}
			return gateway.Secret{}, fmt.Errorf("%s_command %q failed: %w", what, c.command[0], err)
		}
		first, _, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
		if first = strings.TrimSpace(first); first == "" {
			return gateway.Secret{}, fmt.Errorf("%s_command %q printed nothing", what, c.command[0])
		}
		return gateway.NewSecret(first), nil
	}
	return gateway.Secret{}, nil
}
