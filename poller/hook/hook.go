// Package hook tells somebody else of an alert: a command that reads it, or a
// web address that it is posted to.
package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

// Hook is where alerts go. The zero Hook goes nowhere.
type Hook struct {
	// Command is an argument list, run without a shell; the alert is on its
	// standard input. What it prints is dropped.
	Command []string
	// URL is posted to.
	URL string
	// Timeout bounds one alert; 0 means 30 s.
	Timeout time.Duration
	// Transport is http.DefaultTransport when nil.
	Transport http.RoundTripper
}

const (
	defaultTimeout = 30 * time.Second
	// complaint is how many bytes of a failed command's error output are told.
	complaint = 200
)

// Set reports whether alerts go anywhere.
func (h Hook) Set() bool { return len(h.Command) > 0 || h.URL != "" }

// Check says what is wrong with the hook's settings.
func (h Hook) Check() error {
	if h.URL == "" {
		return nil
	}
	u, err := url.Parse(h.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is no address that can be posted to: write https://host/path", h.URL)
	}
	return nil
}

// Send hands over one alert as a JSON document, to the command and the address
// at once.
func (h Hook) Send(ctx context.Context, doc []byte) error {
	timeout := h.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	posted := make(chan error, 1)
	go func() { posted <- h.post(ctx, doc) }()
	return errors.Join(h.run(ctx, doc), <-posted)
}

func (h Hook) run(ctx context.Context, doc []byte) error {
	if len(h.Command) == 0 {
		return nil
	}
	cmd := exec.CommandContext(ctx, h.Command[0], h.Command[1:]...)
	cmd.Stdin = bytes.NewReader(doc)
	var says tail
	cmd.Stderr = &says
	// A child of the command may hold its output open.
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("on_alert: %s: %w%s", h.Command[0], err, says.said())
	}
	return nil
}

func (h Hook) post(ctx context.Context, doc []byte) error {
	if h.URL == "" {
		return nil
	}
	fail := func(err error) error {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the address, which may hold a secret
		}
		return fmt.Errorf("webhook: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(doc))
	if err != nil {
		return fail(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{
		Transport:     h.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode >= 300 {
		return fail(fmt.Errorf("it answered %s", resp.Status))
	}
	return nil
}

// tail keeps the last bytes that were written.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-complaint):]
	return len(p), nil
}

func (t *tail) said() string {
	if s := strings.Join(strings.Fields(string(t.b)), " "); s != "" {
		return ": " + s
	}
	return ""
}
