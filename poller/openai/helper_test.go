package openai

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// testKey is made up, and long enough to be looked for.
const testKey = "sk-TESTtest0123456789abcdefTEST"

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answers gives every request this answer.
func answers(status int, header http.Header, body io.Reader) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		if header == nil {
			header = http.Header{}
		}
		return &http.Response{
			StatusCode: status, Header: header, Body: io.NopCloser(body), Request: r,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}, nil
	}
}

// recorded gives the answer of a recording, without what is wrong for a body
// whose chunks were put together.
func recorded(t *testing.T, path string) roundTrip {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.Replace(raw, []byte("Transfer-Encoding: chunked\r\n"), nil, 1)
	return func(r *http.Request) (*http.Response, error) {
		return http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), r)
	}
}

// recording finds a recording by its gateway and the end of its name.
func recording(t *testing.T, gateway, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", gateway, "[0-9][0-9][0-9]-"+name+".http"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s %s: %v %v", gateway, name, found, err)
	}
	return found[0]
}

func newClient(t testing.TB, rt http.RoundTripper) *Client {
	t.Helper()
	c, err := NewClient(Options{Name: "home", URL: "http://gateway.test/v1/", APIKey: gateway.NewSecret(testKey), Transport: rt})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var hello = model.ChatRequest{Model: "gpt-4o-mini", Messages: []model.ChatMessage{model.TextMessage(model.ChatUser, "hello")}}

// conversation is an answer put together.
type conversation struct {
	content, reasoning string
	pieces             int
	last               model.Delta
	err                *Error
}

// listen takes an answer to its end and checks what holds for every answer.
func listen(ctx context.Context, t *testing.T, c *Client) (got conversation) {
	t.Helper()
	for d, err := range c.Stream(ctx, hello) {
		if got.last.Done() {
			t.Errorf("%+v comes after the end", d)
		}
		if err != nil && !errors.As(err, &got.err) {
			t.Errorf("the error is a %T: %v", err, err)
		}
		if err != nil && !d.Done() {
			t.Errorf("the error %v is not at the end", err)
		}
		if d.Done() && d.Content+d.Reasoning != "" {
			t.Errorf("the end has text: %+v", d)
		}
		if !d.Done() && (d.Usage.OK || d.FinishReason != "") {
			t.Errorf("what belongs to the end is in %+v", d)
		}
		got.content += d.Content
		got.reasoning += d.Reasoning
		got.pieces++
		got.last = d
	}
	if !got.last.Done() {
		t.Error("the answer has no end")
	}
	failed := got.last.End == model.ChatCutOff || got.last.End == model.ChatEmpty || got.last.End == model.ChatFailed
	if failed != (got.err != nil) {
		t.Errorf("the end is %q, the error %v", got.last.End, got.err)
	}
	if got.err != nil && (got.err.Gateway != "home" || got.err.Advice == "" || !strings.HasPrefix(got.err.Error(), "home: ")) {
		t.Errorf("the error is incomplete: %#v", got.err)
	}
	return got
}

// eventsOf is a body of events.
func eventsOf(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString("data: " + l + "\n\n")
	}
	return b.String()
}

// says is a chunk with a content.
func says(text string) string { return `{"choices":[{"delta":{"content":"` + text + `"}}]}` }

const (
	stops = `{"choices":[{"delta":{},"finish_reason":"stop"}]}`
	used  = `{"choices":[],"usage":{"prompt_tokens":37,"completion_tokens":12}}`
)
