package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatewatch/model"
)

// answer is what came back: a body that is known to be JSON.
type answer struct {
	body   []byte
	header http.Header
	path   string
}

// noAnswer is the error of a request that got no whole answer.
func (c *Client) noAnswer(ctx context.Context, path string, start time.Time, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	kind := transportFault(err)
	if kind == model.FaultNetwork && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind = model.FaultTimeout
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the address, whose query may hold a key
	}
	c.opt.Log.Debug("no answer", "gateway", c.opt.Name, "path", path, "took", time.Since(start), "error", c.redact(err.Error()))
	return &StatusError{Gateway: c.opt.Name, Path: path, Kind: kind, Err: err}
}

type tooBigError struct{}

func (*tooBigError) Error() string {
	return fmt.Sprintf("it is larger than %d MiB", maxBody>>20)
}

// readBody unpacks and bounds an answer.
func readBody(resp *http.Response) ([]byte, error) {
	var r io.Reader = resp.Body
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(resp.Body)
		if errors.Is(err, io.EOF) {
			return nil, nil // one-hub: Content-Encoding: gzip over an empty 429
		}
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		r = z
	}
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err == nil && len(body) > maxBody {
		return nil, &tooBigError{}
	}
	return body, err
}

// check turns everything but a JSON answer of a 2xx status into an error.
func (c *Client) check(path string, resp *http.Response, body []byte) error {
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests:
		return c.faultBody(path, resp, model.FaultLimited, body)
	case code == http.StatusUnauthorized:
		return c.faultBody(path, resp, model.FaultUnauthorised, body)
	case code == http.StatusForbidden && isJSON(resp.Header, body):
		return c.faultBody(path, resp, model.FaultForbidden, body)
	case code >= 500 && code != http.StatusNotImplemented:
		return c.faultBody(path, resp, model.FaultServer, body)
	case code/100 == 3:
		return c.moved(path, resp)
	case code == http.StatusNotFound:
		return c.faultBody(path, resp, model.FaultNotGateway, body)
	case code/100 != 2:
		e := c.faultBody(path, resp, model.FaultNotGateway, body)
		e.Hint = fmt.Sprintf("HTTP %d; a login or challenge page may stand before it", code)
		return e
	case !isJSON(resp.Header, body):
		return c.fault(path, resp, model.FaultNotGateway, nil)
	}
	return nil
}

func (c *Client) fault(path string, resp *http.Response, kind model.FaultKind, err error) *StatusError {
	return &StatusError{
		Gateway: c.opt.Name, Path: path, Kind: kind, Code: resp.StatusCode, Err: err,
		RetryAfter: retryAfter(resp.Header.Get("Retry-After"), c.dateOf(resp)),
	}
}

// dateOf is the answer's own time, by which a date in it is meant; the gateway's as
// far as it is known where the answer has none.
func (c *Client) dateOf(resp *http.Response) time.Time {
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		return date
	}
	return c.Now()
}

func (c *Client) faultBody(path string, resp *http.Response, kind model.FaultKind, body []byte) *StatusError {
	e := c.fault(path, resp, kind, nil)
	if isJSON(resp.Header, body) {
		e.Message = c.redact(messageIn(body))
	}
	return e
}

// isJSON looks at the content type before anything is decoded: a challenge page
// that comes with status 200 is HTML. A missing or plain type is forgiven when
// the body begins like JSON.
func isJSON(h http.Header, body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n\ufeff")
	if len(body) == 0 || (body[0] != '{' && body[0] != '[') {
		return false
	}
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return kind == "" || kind == "text/plain" || strings.HasSuffix(kind, "json")
}

// messageIn finds the message in the shapes that gateways fail in:
// {"message":…}, {"error":{"message":…}}, {"error":"…"}.
func messageIn(body []byte) string {
	var shapes struct {
		Message any `json:"message"`
		Error   any `json:"error"`
	}
	if json.Unmarshal(body, &shapes) != nil {
		return ""
	}
	if s, ok := shapes.Message.(string); ok && s != "" {
		return s
	}
	switch e := shapes.Error.(type) {
	case string:
		return e
	case map[string]any:
		s, _ := e["message"].(string)
		return s
	}
	return ""
}

// minSecret is the least length of what is taken out of a text: anything shorter
// is no credential, and would tear words apart.
const minSecret = 8

// redact takes our own secrets out of a foreign text and bounds its length.
func (c *Client) redact(s string) string {
	for _, secret := range []Secret{c.opt.AccessToken, c.opt.APIKey} {
		if len(secret.Reveal()) >= minSecret {
			s = strings.ReplaceAll(s, secret.Reveal(), masked)
			s = strings.ReplaceAll(s, strings.TrimPrefix(secret.Reveal(), "sk-"), masked)
		}
	}
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
