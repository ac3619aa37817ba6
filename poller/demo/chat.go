package demo

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// chatRequest is what the gateway looks at in a chat completion request.
type chatRequest struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string  `json:"role"`
		Content content `json:"content"`
	} `json:"messages"`
	Stream        bool  `json:"stream"`
	MaxTokens     int32 `json:"max_tokens"`
	MaxCompletion int32 `json:"max_completion_tokens"`
	StreamOptions struct {
		IncludeUsage *bool `json:"include_usage"`
	} `json:"stream_options"`
}

// limit is the most tokens that may be answered, 0 for any number.
func (q *chatRequest) limit() int32 { return max(q.MaxTokens, q.MaxCompletion) }

// question is what a person said last.
func (q *chatRequest) question() string {
	for _, m := range slices.Backward(q.Messages) {
		if m.Role == "user" {
			return m.Content.text
		}
	}
	return ""
}

// content is what a message says: its text, and how much there is beside that.
type content struct {
	text     string
	pictures int
}

// UnmarshalJSON takes a string or an array of parts; anything else says nothing.
func (c *content) UnmarshalJSON(raw []byte) error {
	*c = content{}
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &c.text) == nil {
		return nil
	}
	if json.Unmarshal(raw, &parts) != nil {
		parts = nil // something else has none
	}
	var texts []string
	for _, p := range parts {
		if p.Type == "text" {
			texts = append(texts, p.Text)
		} else {
			c.pictures++
		}
	}
	c.text = strings.Join(texts, "\n")
	return nil
}

// pictureTokens is gpt-4o's price of a picture of 1024×1024 in high detail, from
// OpenAI's documentation: 85 and four tiles of 170.
const pictureTokens = 765

// promptTokens is a rough count: four ASCII characters to a token, rounded, one of
// any other, and a few for each message.
func (q *chatRequest) promptTokens() int32 {
	n := 3
	for _, m := range q.Messages {
		runes, wide := 0, 0
		for _, r := range m.Content.text {
			runes++
			if r >= utf8.RuneSelf {
				wide++
			}
		}
		n += 4 + (runes-wide+2)/4 + wide + m.Content.pictures*pictureTokens
	}
	return int32(min(n, math.MaxInt32))
}

// preConsumed is what has to be there before a call starts, in units: 500
// tokens of prompt are assumed at least, and the longest answer that was asked
// for (new-api/196: $0.001250 for gpt-4o; 202: $0.001000 at ratio 1).
func (q *chatRequest) preConsumed(m *llm) int64 {
	return int64(float64(max(500, q.promptTokens())+q.limit()) * m.ratio)
}

// chat is a completion on its way: what the upstream is going to say, and when.
type chat struct {
	q      *chatRequest
	model  *llm
	key    int // index into Server.keys
	index  int // of the model
	id     string
	start  time.Time
	prompt int32

	direct bool // the provider itself answers, and nobody is billed

	reasoning, words []string // one per token
	finish           string
	first            time.Duration // until the first token
	pace             time.Duration // from token to token
}

// details is what a row of the log says beyond what it was billed for.
type details struct {
	request string // its X-Oneapi-Request-Id
	took    time.Duration
	first   time.Duration // until the first token; 0 where nothing was streamed
	stream  bool
	content string // of an error
	failure failure
}

// failure is an error of the upstream as new-api logs it.
type failure struct {
	status int
	code   string
}

// newChat decides how a completion goes. s.mu is held.
func (s *Server) newChat(q *chatRequest, x *exchange, key, model int) *chat {
	s.serial++
	rnd := rand.New(rand.NewPCG(s.world.seed, s.serial))
	m := s.world.models[model]
	c := &chat{q: q, model: m, key: key, index: model, start: x.now, prompt: q.promptTokens(), finish: "stop"}
	c.id = fmt.Sprintf("chatcmpl-%012x", rnd.Uint64()>>16)
	thought, text := m.reply(model, q.question())
	if m.reasons {
		c.reasoning = tokenize(thought)
	}
	c.words = tokenize(text)
	if limit := int(q.limit()); limit > 0 && len(c.reasoning)+len(c.words) > limit {
		c.finish = "length"
		c.reasoning = c.reasoning[:min(len(c.reasoning), limit)]
		c.words = c.words[:limit-len(c.reasoning)]
	}
	seconds := func(x float64) time.Duration { return time.Duration(x * float64(time.Second)) }
	c.first = seconds(m.firstToken.at(normal[rnd.IntN(quantiles)]))
	c.pace = seconds(1 / m.speed)
	return c
}

func (c *chat) tokens() int32 { return int32(len(c.reasoning) + len(c.words)) }

// usage is the usage object of an answer with n tokens (new-api/178, 181).
func (c *chat) usage(n int32) map[string]any {
	return map[string]any{
		"prompt_tokens":         c.prompt,
		"completion_tokens":     n,
		"total_tokens":          c.prompt + n,
		"prompt_tokens_details": map[string]any{"audio_tokens": 0, "cached_tokens": 0},
		"completion_tokens_details": map[string]any{
			"accepted_prediction_tokens": 0, "audio_tokens": 0,
			"reasoning_tokens": len(c.reasoning), "rejected_prediction_tokens": 0,
		},
	}
}

// chunk is one event of a stream, its choices given.
func (c *chat) chunk(choices []any) map[string]any {
	return map[string]any{
		"id": c.id, "object": "chat.completion.chunk", "created": c.start.Unix(), "model": c.model.name,
		"choices": choices,
	}
}

// delta is an event that carries text, or, with a reason, the end of it.
func (c *chat) delta(delta map[string]any, reason any) map[string]any {
	event := c.chunk([]any{map[string]any{"index": 0, "delta": delta, "finish_reason": reason, "logprobs": nil}})
	event["system_fingerprint"] = "fp_demo"
	return event
}

// whole is the answer of a request that does not stream.
func (c *chat) whole() map[string]any {
	message := map[string]any{"role": "assistant", "content": strings.Join(c.words, ""), "refusal": nil}
	if len(c.reasoning) > 0 {
		message["reasoning_content"] = strings.Join(c.reasoning, "")
	}
	return map[string]any{
		"id": c.id, "object": "chat.completion", "created": c.start.Unix(), "model": c.model.name,
		"system_fingerprint": "fp_demo",
		"choices":            []any{map[string]any{"index": 0, "message": message, "finish_reason": c.finish, "logprobs": nil}},
		"usage":              c.usage(c.tokens()),
	}
}

// chatStyle is what differs between the dialects once a chat has started.
type chatStyle struct {
	pings     bool // comments keep a stream alive that waits for its first token
	usage     bool // a stream ends with a usage chunk unless the client objects
	stopsSoon bool // a client that hangs up on a stream is billed what it got, not all
	plain     bool // as text, in bursts, and without usage
	lean      bool // the upstream's answer is written anew, without what is null or 0
}

// relay makes a route out of what decides, with s.mu held, whether a chat may
// begin: if not, it gives the answer that says why.
func relay(begin func(*Server, *exchange, Fault) (*chat, *answer)) streamer {
	locked := func(s *Server, x *exchange, fault Fault) (*chat, *answer) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if a := s.dialect.keyProblem(s, x); a != nil {
			return nil, a
		}
		return begin(s, x, fault)
	}
	return func(s *Server, x *exchange, w http.ResponseWriter, fault Fault) {
		c, a := locked(s, x, fault)
		if a != nil {
			a.write(w, x.r, fault)
			return
		}
		s.complete(x, w, c, fault)
	}
}

// pingEvery is how often new-api sends a comment while nothing else is to be
// sent, where its operator has switched that on: the shortest time it accepts.
const pingEvery = 10 * time.Second

// complete sends the completion and writes its row. s.mu must not be held.
func (s *Server) complete(x *exchange, w http.ResponseWriter, c *chat, fault Fault) {
	style := s.dialect.chats
	if c.direct {
		style = chatStyle{}
		proxied(w.Header())
	}
	row := &details{request: x.id, stream: c.q.Stream, first: c.first}
	relayed := c.tokens()
	if c.q.Stream {
		if n, whole := s.streamed(x, w, c, style, fault, row); !whole && style.stopsSoon {
			relayed = n
		}
	} else {
		// What a client is billed that does not wait was not measured: all of it
		// here.
		pause(x.r.Context(), c.first+time.Duration(relayed)*c.pace)
		row.first = 0
	}
	// The row is written before the last bytes: whoever has the whole answer
	// finds it in the log.
	s.log(c, row, relayed)
	if !c.q.Stream {
		a := ok(c.whole())
		switch {
		case style.lean:
			a = ok(c.leanWhole())
		case !style.plain:
			w.Header().Set("X-Request-Id", "req_"+c.id[len("chatcmpl-"):])
		}
		a.kind, a.plain = "application/json", true
		if style.plain {
			a.kind = catText
		}
		a.write(w, x.r, fault)
		return
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}

// streamed sends the events of a stream except the last. It gives the number of
// tokens that were relayed, and whether the client took them all.
func (s *Server) streamed(x *exchange, w http.ResponseWriter, c *chat, style chatStyle, fault Fault, row *details) (relayed int32, whole bool) {
	ctx := x.r.Context()
	flush := http.NewResponseController(w).Flush
	if style.plain {
		w.Header().Set("Content-Type", catText)
		flush = func() error { return nil }
	} else {
		eventStream(w.Header())
	}
	send := func(text string) bool {
		_, err := w.Write([]byte(text))
		return err == nil && flush() == nil && ctx.Err() == nil
	}
	event := func(v any) bool {
		raw, _ := json.Marshal(v)
		return send("data: " + string(raw) + "\n\n")
	}
	wait := max(c.first, fault.FirstToken)
	row.first = wait
	for ; style.pings && wait > pingEvery; wait -= pingEvery {
		if !pause(ctx, pingEvery) || !send(": PING\n\n") {
			return 0, false
		}
	}
	if !pause(ctx, wait) || !event(c.delta(map[string]any{"role": "assistant", "content": ""}, nil)) {
		return 0, false
	}
	field := "reasoning_content"
	for i, word := range append(c.reasoning[:len(c.reasoning):len(c.reasoning)], c.words...) {
		if i == len(c.reasoning) {
			field = "content"
		}
		if !pause(ctx, c.pace) || !event(c.delta(map[string]any{field: word}, nil)) {
			return relayed, false
		}
		relayed++
	}
	if !event(c.delta(map[string]any{}, c.finish)) {
		return relayed, false
	}
	asked := style.usage
	if c.q.StreamOptions.IncludeUsage != nil {
		asked = *c.q.StreamOptions.IncludeUsage
	}
	if asked && !style.plain {
		last := c.chunk([]any{})
		last["usage"] = c.usage(relayed)
		if style.lean {
			last = c.leanLast(relayed)
		}
		return relayed, event(last)
	}
	return relayed, true
}

// eventStream sets the headers of a stream (new-api/179, one-api/170).
func eventStream(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("Connection", "keep-alive")
	h.Set("X-Accel-Buffering", "no")
}

// log bills a completion and writes its row.
func (s *Server) log(c *chat, row *details, completion int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	if c.direct {
		return
	}
	now := s.now()
	row.took = max(0, now.Sub(c.start)) // the clock may have been set
	s.record(call{
		at: now.UnixNano(), quota: s.dialect.bill(c.model.prices(), c.prompt, completion, 0),
		prompt: c.prompt, completion: completion,
		pair: -1, key: int16(c.key), model: int16(c.index), kind: kindConsume, details: row,
	})
}
