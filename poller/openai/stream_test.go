package openai

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"gatewatch/model"
)

// broken is a body that ends as a cut connection does.
func broken(text string) io.Reader {
	return io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF))
}

// Everything that streams were seen to do (gateways.md §8, the captures).
func TestVices(t *testing.T) {
	const rawError = `{"error":{"message":"no (request id: 20261120abc)","type":"new_api_error","code":"model_not_found"}}`
	for _, c := range []struct {
		name, body         string
		content, reasoning string
		end                model.ChatEnd
		kind               Kind   // where there is an error
		message            string // the gateway's
	}{
		{name: "good", body: eventsOf(says("a"), says("b"), stops, used, "[DONE]"), content: "ab", end: model.ChatFinished},
		{name: "without [DONE]", body: eventsOf(says("a"), stops), content: "a", end: model.ChatFinished},
		{name: "without finish_reason", body: eventsOf(says("a"), "[DONE]"), content: "a", end: model.ChatUnconfirmed},
		{name: "without either", body: eventsOf(says("a")), content: "a", end: model.ChatCutOff, kind: KindCut},
		{
			name: "one-hub's cut", body: eventsOf(says("a"), "unexpected EOF"), content: "a",
			end: model.ChatCutOff, kind: KindCut, message: "unexpected EOF",
		},
		{
			name: "cut and [DONE]", body: eventsOf(says("a"), "unexpected EOF", "[DONE]"), content: "a",
			end: model.ChatCutOff, kind: KindCut, message: "unexpected EOF",
		},
		{name: "odd event, then the rest", body: eventsOf(says("a"), "keepalive", says("b"), stops, "[DONE]"), content: "ab", end: model.ChatFinished},
		{name: "half a chunk", body: eventsOf(says("a")) + `data: {"choices":[{"del`, content: "a", end: model.ChatCutOff, kind: KindCut},
		{name: "nothing after [DONE] counts", body: eventsOf(says("a"), stops, "[DONE]", says("b")), content: "a", end: model.ChatFinished},
		{name: "[DONE] without an end", body: eventsOf(says("a"), stops) + "data: [DONE]", content: "a", end: model.ChatFinished},
		{name: "crlf", body: strings.ReplaceAll(eventsOf(says("a"), stops, "[DONE]"), "\n", "\r\n"), content: "a", end: model.ChatFinished},
		{name: "cr", body: strings.ReplaceAll(eventsOf(says("a"), stops, "[DONE]"), "\n", "\r"), content: "a", end: model.ChatFinished},
		{name: "no space", body: strings.ReplaceAll(eventsOf(says("a"), stops, "[DONE]"), "data: ", "data:"), content: "a", end: model.ChatFinished},
		{name: "no blank lines", body: strings.ReplaceAll(eventsOf(says("a"), says("b"), stops, "[DONE]"), "\n\n", "\n"), content: "ab", end: model.ChatFinished},
		{
			name: "a chunk over many lines",
			body: "data: {\"choices\":[\ndata: {\"delta\":\ndata: {\"content\":\"a\"}}]}\n\n" + eventsOf(stops), content: "a", end: model.ChatFinished,
		},
		{
			name: "pings", content: "ab", end: model.ChatFinished,
			body: ": PING\n\n::PING\n\n" + eventsOf(says("a")) + ": PING\n" + eventsOf(says("b")) + ":\n\n" + eventsOf(stops, "[DONE]"),
		},
		{name: "blanks first", body: "\n\n \r\n" + eventsOf(says("a"), stops), content: "a", end: model.ChatFinished},
		{name: "byte order mark", body: "\ufeff" + eventsOf(says("a"), stops), content: "a", end: model.ChatFinished},
		{name: "null choices", body: eventsOf(`{"choices":null}`, says("a"), `{}`, stops), content: "a", end: model.ChatFinished},
		{name: "error null", body: eventsOf(`{"error":null,"choices":[{"delta":{"content":"a"}}]}`, stops), content: "a", end: model.ChatFinished},
		{
			name: "content of another type", content: "ab", end: model.ChatFinished,
			body: eventsOf(says("a"), `{"choices":[{"delta":{"content":{"x":1}}}]}`, `{"choices":[{"delta":{"content":7}}]}`, says("b"), stops),
		},
		{name: "refusal", body: eventsOf(`{"choices":[{"delta":{"refusal":"no"}}]}`, stops), content: "no", end: model.ChatFinished},

		{
			name: "reasoning_content", reasoning: "hm", content: "a", end: model.ChatFinished,
			body: eventsOf(`{"choices":[{"delta":{"reasoning_content":"hm"}}]}`, says("a"), stops),
		},
		{
			name: "reasoning", reasoning: "hm", content: "a", end: model.ChatFinished,
			body: eventsOf(`{"choices":[{"delta":{"reasoning":"hm"}}]}`, says("a"), stops),
		},
		{
			name: "both", reasoning: "hmso", content: "a", end: model.ChatFinished,
			body: eventsOf(`{"choices":[{"delta":{"reasoning":"hm","reasoning_content":"hm"}}]}`,
				`{"choices":[{"delta":{"reasoning":"hm"}}]}`, `{"choices":[{"delta":{"reasoning_content":"so"}}]}`, says("a"), stops),
		},
		{
			name: "tags in the content", reasoning: "hm", content: "a", end: model.ChatFinished,
			body: eventsOf(says(`\n<thi`), says("nk>h"), says("m</"), says("think>"), says(`\n\na`), stops),
		},
		{
			name: "parts", reasoning: "hm", content: "ab", end: model.ChatFinished,
			body: eventsOf(`{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"}]}}]}`, says("b"), stops),
		},
		{name: "half a tag at the end", body: eventsOf(says("<thi"), stops), content: "<thi", end: model.ChatFinished},
		{name: "only thoughts", body: eventsOf(says("<think>hm"), stops, "[DONE]"), reasoning: "hm", end: model.ChatEmpty, kind: KindEmpty},

		{name: "empty body", body: "", end: model.ChatEmpty, kind: KindEmpty},
		{name: "only blanks", body: "\n\n\n", end: model.ChatEmpty, kind: KindEmpty},
		{name: "only pings", body: ": PING\n\n", end: model.ChatEmpty, kind: KindEmpty},
		{name: "only [DONE]", body: "data: [DONE]\n\n", end: model.ChatEmpty, kind: KindEmpty},
		{name: "no content", body: eventsOf(says(""), stops, used, "[DONE]"), end: model.ChatEmpty, kind: KindEmpty},
		{name: "blank content", body: eventsOf(says(" "), stops, "[DONE]"), content: " ", end: model.ChatEmpty, kind: KindEmpty},
		{name: "filtered", body: eventsOf(`{"choices":[{"delta":{},"finish_reason":"content_filter"}]}`), end: model.ChatEmpty, kind: KindFiltered},

		{
			name: "error in the middle", content: "a", end: model.ChatFailed, kind: KindSaturated, message: "full",
			body: eventsOf(says("a"), `{"error":{"message":"full","code":"rate_limit_exceeded"}}`, "[DONE]"),
		},
		{
			name: "error beside choices", content: "a", end: model.ChatFailed, kind: KindServer, message: "Provider disconnected",
			body: eventsOf(says("a"), `{"error":{"code":502,"message":"Provider disconnected"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}`),
		},
		{name: "error as text", body: eventsOf(says("a"), `{"error":"boom"}`), content: "a", end: model.ChatFailed, kind: KindRefused, message: "boom"},
		{
			name: "event: error", content: "a", end: model.ChatFailed, kind: KindSaturated, message: "Overloaded",
			body: eventsOf(says("a")) + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
		},
		{name: "event: error with text", body: eventsOf(says("a")) + "event: error\ndata: it broke\n\n", content: "a", end: model.ChatFailed, kind: KindRefused, message: "it broke"},
		{name: "type error", body: eventsOf(`{"type":"error","message":"x"}`), end: model.ChatFailed, kind: KindRefused, message: "x"},
		{name: "message alone", body: eventsOf(`{"message":"x"}`), end: model.ChatFailed, kind: KindRefused, message: "x"},
		{name: "raw error after pings", body: ": PING\n\n" + rawError, end: model.ChatFailed, kind: KindNoChannel, message: "no"},
		{name: "raw error after text", body: eventsOf(says("a")) + rawError + "\n", content: "a", end: model.ChatFailed, kind: KindNoChannel, message: "no"},
		{
			name: "raw error over many lines", end: model.ChatFailed, kind: KindSaturated, message: "full",
			body: ": PING\n\n{\n  \"error\": {\n    \"message\": \"full\",\n    \"code\": \"rate_limit_exceeded\"\n  }\n}\n",
		},
		{name: "raw error alone", body: rawError, end: model.ChatFailed, kind: KindNoChannel, message: "no"},
		{name: "raw error after blanks", body: "\n\n\n" + rawError, end: model.ChatFailed, kind: KindNoChannel, message: "no"},
		{name: "success false", body: `{"success":false,"message":"用户额度不足"}`, end: model.ChatFailed, kind: KindBalance, message: "用户额度不足"},

		{
			name: "whole answer", content: "a", reasoning: "hm", end: model.ChatFinished,
			body: `{"object":"chat.completion","choices":[{"message":{"content":"a","reasoning_content":"hm"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`,
		},
		{name: "whole answer with tags", body: `{"choices":[{"message":{"content":"<think>hm</think>\n\na"},"finish_reason":"stop"}]}`, content: "a", reasoning: "hm", end: model.ChatFinished},
		{name: "whole answer in an event", body: eventsOf(`{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}`), content: "a", end: model.ChatFinished},
		{name: "whole empty answer", body: `{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}`, end: model.ChatEmpty, kind: KindEmpty},
		{name: "half an answer", body: `{"choices":[{"message":{"con`, end: model.ChatFailed, kind: KindBadAnswer},
		{name: "another object", body: `{"data":[]}`, end: model.ChatFailed, kind: KindBadAnswer},
		{name: "an array", body: `[["unexpected",{"data":42}]]`, end: model.ChatFailed, kind: KindBadAnswer},
		{name: "html", body: "<!doctype html><title>Just a moment...</title>", end: model.ChatFailed, kind: KindNotGateway},
		{name: "html after blanks", body: "\r\n\r\n<html>", end: model.ChatFailed, kind: KindNotGateway},
		{name: "text", body: "upstream connect error", end: model.ChatCutOff, kind: KindCut, message: "upstream connect error"},
		{name: "page after text", body: eventsOf(says("a")) + "<html>\n<body>502</body>\n", content: "a", end: model.ChatCutOff, kind: KindCut},
		{name: "long line", body: eventsOf(says("a"), says(strings.Repeat("x", maxLine))), content: "a", end: model.ChatCutOff, kind: KindBadAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{1, 7, 1 << 20} {
				if n < 100 && len(c.body) > 10_000 {
					continue
				}
				got := listen(t.Context(), t, newClient(t, answers(200, nil, &pieces{c.body, n})))
				if got.content != c.content || got.reasoning != c.reasoning || got.last.End != c.end {
					t.Errorf("in pieces of %d: %q, thought %q, %q", n, got.content, got.reasoning, got.last.End)
				}
				if got.err != nil && (got.err.Kind != c.kind || got.err.Message != c.message) {
					t.Errorf("%s: %q; want %s: %q (%v)", got.err.Kind, got.err.Message, c.kind, c.message, got.err)
				}
			}
		})
	}
}

func TestCutConnection(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		end  model.ChatEnd
	}{
		"in the text":          {eventsOf(says("a")) + "data: {", model.ChatCutOff},
		"before the text":      {"data: {", model.ChatCutOff},
		"after the end":        {eventsOf(says("a"), stops), model.ChatFinished},
		"after the last":       {eventsOf(says("a"), stops, "[DONE]"), model.ChatFinished},
		"in a whole answer":    {`{"choices":[`, model.ChatCutOff},
		"held back, then lost": {eventsOf(says("<thi")), model.ChatCutOff},
	} {
		got := listen(t.Context(), t, newClient(t, answers(200, nil, broken(c.body))))
		if got.last.End != c.end || (got.err != nil && got.err.Kind != KindCut) {
			t.Errorf("%s: %q, %v", name, got.last.End, got.err)
		}
		if strings.Contains(name, "held") && got.content != "<thi" {
			t.Errorf("what was held back is lost: %q", got.content)
		}
	}
}

// The gateway's type says nothing: opencatd streams as text, new-api answers
// errors as streams.
func TestTypesAndCompression(t *testing.T) {
	body := eventsOf(says("a"), stops, "[DONE]")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(body))
	_ = z.Close()
	for name, c := range map[string]struct {
		header http.Header
		body   string
	}{
		"text": {http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body},
		"json": {http.Header{"Content-Type": {"application/json"}}, body},
		"none": {nil, body},
		"gzip": {http.Header{"Content-Encoding": {"gzip"}}, zipped.String()},
	} {
		got := listen(t.Context(), t, newClient(t, answers(200, c.header, strings.NewReader(c.body))))
		if got.content != "a" || got.last.End != model.ChatFinished {
			t.Errorf("%s: %q, %v", name, got.content, got.err)
		}
	}
	for name, text := range map[string]string{"empty gzip": "", "cut gzip": zipped.String()[:20], "no gzip": "nonsense"} {
		got := listen(t.Context(), t, newClient(t, answers(200, http.Header{"Content-Encoding": {"gzip"}}, strings.NewReader(text))))
		if got.err == nil || (name == "empty gzip") != (got.last.End == model.ChatEmpty) {
			t.Errorf("%s: %q, %v", name, got.last.End, got.err)
		}
	}
}

func TestUsage(t *testing.T) {
	some := model.Some[int64]
	for name, c := range map[string]struct {
		events []string
		want   model.Opt[model.ChatUsage]
	}{
		"none": {[]string{says("a"), stops}, model.Opt[model.ChatUsage]{}},
		"last": {[]string{says("a"), stops, used}, model.Some(model.ChatUsage{Prompt: 37, Completion: 12})},
		"with text": {
			[]string{`{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}`, stops},
			model.Some(model.ChatUsage{Prompt: 3, Completion: 1}),
		},
		"the last counts": {
			[]string{`{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}`, says("a"), used, stops, `{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}`},
			model.Some(model.ChatUsage{Prompt: 37, Completion: 12}),
		},
		"null": {[]string{`{"choices":[],"usage":null}`, says("a"), stops}, model.Opt[model.ChatUsage]{}},
		"details": {
			[]string{says("a"), stops, `{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":4}}}`},
			model.Some(model.ChatUsage{Prompt: 5, Completion: 6, Cached: some(0), Reasoning: some(4)}),
		},
		"empty details": {
			[]string{says("a"), stops, `{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6,"prompt_tokens_details":{},"completion_tokens_details":null}}`},
			model.Some(model.ChatUsage{Prompt: 5, Completion: 6}),
		},
		"deepseek": {
			[]string{says("a"), stops, `{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6,"prompt_cache_hit_tokens":4}}`},
			model.Some(model.ChatUsage{Prompt: 5, Completion: 6, Cached: some(4)}),
		},
		"nonsense": {
			[]string{says("a"), stops, `{"choices":[],"usage":{"prompt_tokens":-5,"completion_tokens":6}}`, `{"choices":[],"usage":"many"}`},
			model.Opt[model.ChatUsage]{},
		},
		"before a cut": {[]string{says("a"), used}, model.Some(model.ChatUsage{Prompt: 37, Completion: 12})},
	} {
		got := listen(t.Context(), t, newClient(t, answers(200, nil, strings.NewReader(eventsOf(c.events...)))))
		if got.last.Usage != c.want {
			t.Errorf("%s: %+v", name, got.last.Usage)
		}
	}
}

func TestFinishReason(t *testing.T) {
	for reason, want := range map[string]string{"length": "length", strings.Repeat("x", 99): strings.Repeat("x", maxReason)} {
		body := eventsOf(says("a"), `{"choices":[{"delta":{},"finish_reason":"`+reason+`"}]}`, "[DONE]")
		got := listen(t.Context(), t, newClient(t, answers(200, nil, strings.NewReader(body))))
		if got.last.FinishReason != want {
			t.Errorf("%q", got.last.FinishReason)
		}
	}
}

// A caller that has enough gets no more, and the connection is closed.
func TestLeave(t *testing.T) {
	for after := 1; after <= 4; after++ {
		body := &closing{Reader: strings.NewReader(eventsOf(says("a"), says("b"), stops, "[DONE]"))}
		c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"X-Oneapi-Request-Id": {"r1"}}, Body: body, Request: r}, nil
		}))
		n := 0
		for range c.Stream(t.Context(), hello) {
			if n++; n == after {
				break
			}
		}
		if n != after || !body.closed {
			t.Errorf("%d of %d, closed: %v", n, after, body.closed)
		}
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}
