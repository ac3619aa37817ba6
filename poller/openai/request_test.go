package openai

import (
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

func TestBody(t *testing.T) {
	const head, tail = `{"model":"m","messages":[`, `],"stream":true,"stream_options":{"include_usage":true}`
	text := func(s string) model.ChatPart { return model.ChatPart{Kind: model.PartText, Text: s} }
	image := model.ChatPart{Kind: model.PartImage, URL: "data:image/png;base64,AA==", Name: "a.png"}
	link := model.ChatPart{Kind: model.PartLink, URL: "https://example.com/a.pdf"}
	ask := func(parts ...model.ChatPart) []model.ChatMessage {
		return []model.ChatMessage{{Role: model.ChatUser, Parts: parts}}
	}
	for name, c := range map[string]struct {
		q    model.ChatRequest
		want string
	}{
		"text":        {model.ChatRequest{Messages: ask(text(`a<b>"&`))}, head + `{"role":"user","content":"a<b>\"&"}` + tail + `}`},
		"two texts":   {model.ChatRequest{Messages: ask(text("a"), text("b"))}, head + `{"role":"user","content":"a\n\nb"}` + tail + `}`},
		"nothing":     {model.ChatRequest{Messages: ask()}, head + `{"role":"user","content":""}` + tail + `}`},
		"link":        {model.ChatRequest{Messages: ask(text("a"), link)}, head + `{"role":"user","content":"https://example.com/a.pdf a"}` + tail + `}`},
		"image":       {model.ChatRequest{Messages: ask(image, text("a"))}, head + `{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}` + tail + `}`},
		"image alone": {model.ChatRequest{Messages: ask(image)}, head + `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}` + tail + `}`},
		"all": {
			model.ChatRequest{
				System: "s", Temperature: model.Some(0.0), MaxTokens: model.Some(int64(40)),
				Messages: []model.ChatMessage{model.TextMessage(model.ChatUser, "a"), model.TextMessage(model.ChatAssistant, "b")},
			},
			head + `{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"}` + tail + `,"temperature":0,"max_tokens":40}`,
		},
		"no number": {model.ChatRequest{Messages: ask(text("a")), Temperature: model.Some(math.NaN())}, head + `{"role":"user","content":"a"}` + tail + `}`},
	} {
		c.q.Model = "m"
		if got := strings.TrimSpace(string(body(c.q))); got != c.want {
			t.Errorf("%s:\n%s\n%s", name, got, c.want)
		}
	}
}

func TestRequest(t *testing.T) {
	var seen *http.Request
	var sent string
	c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		raw, _ := io.ReadAll(r.Body)
		seen, sent = r, string(raw)
		return answers(200, nil, strings.NewReader(eventsOf(says("a"), stops)))(r)
	}))
	listen(t.Context(), t, c)
	if seen.Method != "POST" || seen.URL.String() != "http://gateway.test/v1/chat/completions" || sent != string(body(hello)) {
		t.Errorf("%s %s %s", seen.Method, seen.URL, sent)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer " + testKey, "Content-Type": "application/json", "User-Agent": "gatewatch",
		"Accept-Encoding": "identity", "Accept-Language": "en",
	} {
		if got := seen.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	listen(t.Context(), t, c.WithKey(gateway.NewSecret("sk-other")))
	if got := seen.Header.Get("Authorization"); got != "Bearer sk-other" {
		t.Error(got)
	}
	listen(t.Context(), t, c)
	if got := seen.Header.Get("Authorization"); got != "Bearer "+testKey {
		t.Errorf("the other key stayed: %s", got)
	}
}

func TestModels(t *testing.T) {
	const noError = Kind(255)
	many := strings.Repeat(`"x",`, 20_000)
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
		kind   Kind
	}{
		"objects":       {200, `{"object":"list","data":[{"id":"b"},{"id":"a"},{"id":"b"}]}`, "a b", noError},
		"names":         {200, `{"data":["b","a"]}`, "a b", noError},
		"none":          {200, `{"data":[],"success":true}`, "", noError},
		"nonsense in":   {200, `{"data":[7,null,{},{"id":"a"},{"id":""},{"id":7},"` + strings.Repeat("x", maxName+1) + `"]}`, "a", noError},
		"many":          {200, `{"data":[` + many + `"y"]}`, "x", noError},
		"blanks":        {200, "\n\n\ufeff" + `{"data":[{"id":"a"}]}`, "a", noError},
		"success false": {200, `{"success":false,"message":"无效的令牌"}`, "", KindKey},
		"error":         {200, `{"error":"No Api-Key Available"}`, "", KindNoChannel},
		"no list":       {200, `{"data":null}`, "", KindBadAnswer},
		"no json":       {200, `nothing`, "", KindBadAnswer},
		"nothing":       {200, "", "", KindBadAnswer},
		"html":          {200, "<html>", "", KindNotGateway},
		"huge":          {200, `{"data":["` + strings.Repeat("x", maxBody) + `"]}`, "", KindBadAnswer},
		"unauthorised":  {401, `{"error":{"message":"Invalid token"}}`, "", KindKey},
		"limited":       {429, "", "", KindRateLimit},
		"page":          {502, "<html>", "", KindServer},
	} {
		list, err := newClient(t, answers(c.status, nil, strings.NewReader(c.body))).Models(t.Context())
		if got := strings.Join(list, " "); got != c.want {
			t.Errorf("%s: %.80s", name, got)
		}
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Kind: noError}
		}
		if e.Kind != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}
