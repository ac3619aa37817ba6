package openai

import (
	"runtime"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	for text, ok := range map[string]bool{
		`{}`: true, `{"choices":null}`: true, `{"choices":7}`: true, `{"choices":[{"delta":7}]}`: true, `{"type":7,"success":"no"}`: true,
		``: false, `x`: false, `{`: false, `[]`: false, `"a"`: false, `7`: false, `{} {}`: false,
	} {
		if _, err := decode([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestFailed(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: false, `{"choices":[]}`: false, `{"error":null}`: false, `{"error":{}}`: false, `{"error":"","choices":[]}`: false, `{"success":true}`: false,
		`{"message":""}`: false, `{"message":null}`: false, `{"message":"x","choices":[]}`: false, `{"usage":{},"message":"x"}`: false,
		`{"error":"x"}`: true, `{"error":{"message":"x"}}`: true, `{"error":{"message":"x"},"choices":[]}`: true, `{"type":"error"}`: true, `{"success":false}`: true, `{"message":"x"}`: true,
	} {
		c, err := decode([]byte(text))
		if err != nil || c.failed() != want {
			t.Errorf("%s: %v %v", text, c.failed(), err)
		}
	}
}

// What a gateway sends makes no heap of many times its size.
func TestDecodeStaysSmall(t *testing.T) {
	list := func(begin, item, end string) []byte {
		return []byte(begin + strings.Repeat(item+",", maxLine/2/(len(item)+1)) + item + end)
	}
	for name, c := range map[string]struct {
		data   []byte
		decode func([]byte)
	}{
		"choices": {list(`{"choices":[`, `{}`, `]}`), func(b []byte) { _, _ = decode(b) }},
		"parts":   {list(`{"choices":[{"delta":{"content":[`, `{}`, `]}}]}`), func(b []byte) { _, _ = decode(b) }},
		"message": {list(`{"error":{"message":[`, `1`, `]}}`), func(b []byte) { theirError(b) }},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c.decode(c.data)
		runtime.ReadMemStats(&after)
		if got := int(after.TotalAlloc - before.TotalAlloc); got > 4*len(c.data) {
			t.Errorf("%s: %d bytes of %d", name, got, len(c.data))
		}
	}
}

// No chunk makes more of itself than it is, and none breaks anything.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(says("a")))
	f.Add([]byte(stops))
	f.Add([]byte(used))
	f.Add([]byte(`{"error":{"message":"no","code":429}}`))
	f.Add([]byte(`{"choices":[{"message":{"content":[{"text":"a","thinking":[{"text":"b"}]}]}}],"usage":{"prompt_tokens":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if e, is := theirError(data); is && len(e.message)+len(e.code)+len(e.kind) > 3*len(data)+100 {
			t.Errorf("%d bytes of error from %d", len(e.message), len(data))
		}
		c, err := decode(data)
		if err != nil {
			return
		}
		c.failed()
		if n := c.Usage.counted(); n.OK && (n.V.Prompt < 0 || n.V.Completion < 0 || n.V.Cached.V < 0 || n.V.Reasoning.V < 0) {
			t.Errorf("%+v", n)
		}
		size := 0
		if c.Choices != nil {
			choice := c.Choices[0]
			size += len(choice.Delta.Content) + len(choice.Delta.ReasoningContent)
			if choice.Message != nil {
				size += len(choice.Message.Content)
			}
		}
		if size > 3*len(data) { // one bad byte becomes U+FFFD
			t.Errorf("%d bytes of text from %d", size, len(data))
		}
	})
}

// Whatever a gateway sends, an answer has one end, and text comes before it.
func FuzzStream(f *testing.F) {
	f.Add(eventsOf(says("a"), stops, used, "[DONE]"), 200)
	f.Add(eventsOf(says("<think>a"), "unexpected EOF"), 200)
	f.Add(": PING\n\n{\"error\":\"x\"}", 200)
	f.Add("<html>", 502)
	f.Add("{\"success\":false,\"message\":\"x\"}", 403)
	f.Fuzz(func(t *testing.T, body string, status int) {
		if status < 200 || status > 599 {
			status = 200
		}
		got := listen(t.Context(), t, newClient(t, answers(status, nil, strings.NewReader(body))))
		if size := len(got.content) + len(got.reasoning); size > 3*len(body) {
			t.Errorf("%d bytes of text from %d", size, len(body))
		}
		if got.err != nil && len(got.err.Error()) > 6*maxMessage+1000 { // %q makes four of a byte
			t.Errorf("a sentence of %d bytes", len(got.err.Error()))
		}
	})
}
