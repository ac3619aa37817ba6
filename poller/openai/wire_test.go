package openai

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"gatewatch/model"
)

// Over a real connection: what net/http makes of a server's bad manners.
func TestOverTheWire(t *testing.T) {
	for name, c := range map[string]struct {
		serve   func(http.ResponseWriter, *http.Request)
		stop    bool // after the first text
		content string
		end     model.ChatEnd
	}{
		"good": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, eventsOf(says("a"), stops, "[DONE]"))
		}, false, "a", model.ChatFinished},
		"abort": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, eventsOf(says("a")))
			flush(w)
			panic(http.ErrAbortHandler)
		}, false, "a", model.ChatCutOff},
		"short of its length": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			io.WriteString(w, eventsOf(says("a")))
		}, false, "a", model.ChatCutOff},
		"no answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false, "", model.ChatFailed},
		"hangs after [DONE]": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, eventsOf(says("a"), stops, "[DONE]"))
			flush(w)
			<-r.Context().Done()
		}, false, "a", model.ChatFinished},
		"hangs and is stopped": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, eventsOf(says("a")))
			flush(w)
			<-r.Context().Done()
		}, true, "a", model.ChatStopped},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // net/http notices a client that leaves only then
				c.serve(w, r)
			}))
			defer server.Close()
			client, err := NewClient(Options{Name: "home", URL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var content string
			var last model.Delta
			for d, err := range client.Stream(ctx, hello) {
				content, last = content+d.Content, d
				if c.stop && content != "" {
					cancel()
				}
				if d.Done() && (err == nil) == (c.end == model.ChatCutOff || c.end == model.ChatFailed) {
					t.Errorf("%q: %v", d.End, err)
				}
			}
			if content != c.content || last.End != c.end {
				t.Errorf("%q, %q", content, last.End)
			}
		})
	}
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }
