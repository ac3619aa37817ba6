package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"gatewatch/model"
)

// chunk is one event of a stream, or a whole answer: those have a message where
// a stream has deltas. Errors share the object, so it has their fields too.
type chunk struct {
	// Choices is the first of them: we ask for one. An array, since a slice would
	// make fifty bytes of every byte of a list of nothings.
	Choices *[1]choice      `json:"choices"`
	Usage   *usage          `json:"usage"`
	Error   json.RawMessage `json:"error"`
	Type    string          `json:"type"`
	// Success is in the answers of the management API, which some gateways give
	// here too.
	Success *bool           `json:"success"`
	Text    json.RawMessage `json:"message"`
}

type choice struct {
	Delta        said   `json:"delta"`
	Message      *said  `json:"message"`
	FinishReason string `json:"finish_reason"`
}

// said is the text of a choice.
type said struct {
	Content          string `json:"content"`
	Refusal          string `json:"refusal"`
	ReasoningContent string `json:"reasoning_content"`
	Reasoning        string `json:"reasoning"`
}

// decode reads a chunk. It is lenient: a field of another type than expected is
// as good as absent. It fails for what is no JSON object.
func decode(data []byte) (chunk, error) {
	var c chunk
	err := json.Unmarshal(data, &c)
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return c, err
	}
	if kind.Field == "" {
		return c, err
	}
	if c.Choices != nil {
		loosen(data, &c)
	}
	return c, nil
}

// loosen fills in a content that comes as parts, as Mistral's thinking models
// write it: one or two to a chunk, and no more than 32 of a whole answer are
// taken.
func loosen(data []byte, c *chunk) {
	type parts struct {
		Content [32]struct {
			Text     string             `json:"text"`
			Thinking [8]json.RawMessage `json:"thinking"`
		} `json:"content"`
	}
	var loose struct {
		Choices [1]struct {
			Delta   parts `json:"delta"`
			Message parts `json:"message"`
		} `json:"choices"`
	}
	_ = json.Unmarshal(data, &loose) // what does not fit stays empty
	fill := func(s *said, p parts) {
		for _, part := range p.Content {
			s.Content += part.Text
			for _, raw := range part.Thinking {
				var thought struct {
					Text string `json:"text"`
				}
				_ = json.Unmarshal(raw, &thought)
				s.ReasoningContent += thought.Text
			}
		}
	}
	fill(&c.Choices[0].Delta, loose.Choices[0].Delta)
	if m := c.Choices[0].Message; m != nil {
		fill(m, loose.Choices[0].Message)
	}
}

// failed reports whether the chunk is an error.
func (c *chunk) failed() bool {
	switch {
	case isSet(c.Error), c.Type == "error", c.Success != nil && !*c.Success:
		return true
	}
	return c.Choices == nil && c.Usage == nil && len(c.Text) > 0 && c.Text[0] == '"' && len(c.Text) > 2
}

// isSet reports whether raw says something: some relays send "error":null or {}
// with every chunk.
func isSet(raw json.RawMessage) bool {
	switch string(raw) {
	case "", "null", "{}", `""`, "false", "[]":
		return false
	}
	return true
}

// usage is what was counted. DeepSeek calls cached tokens by its own name.
type usage struct {
	Prompt        *int64 `json:"prompt_tokens"`
	Completion    *int64 `json:"completion_tokens"`
	CacheHit      *int64 `json:"prompt_cache_hit_tokens"`
	PromptDetails *struct {
		Cached *int64 `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails *struct {
		Reasoning *int64 `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
}

// counted is the usage in the model's words; unknown where nothing was counted:
// some channels send zeros with every chunk but the last.
func (u *usage) counted() model.Opt[model.ChatUsage] {
	if u == nil || u.Prompt == nil || u.Completion == nil || *u.Prompt < 0 || *u.Completion < 0 || *u.Prompt+*u.Completion == 0 {
		return model.Opt[model.ChatUsage]{}
	}
	n := model.ChatUsage{Prompt: *u.Prompt, Completion: *u.Completion, Cached: known(u.CacheHit)}
	if u.PromptDetails != nil && u.PromptDetails.Cached != nil {
		n.Cached = known(u.PromptDetails.Cached)
	}
	if u.CompletionDetails != nil {
		n.Reasoning = known(u.CompletionDetails.Reasoning)
	}
	return model.Some(n)
}

func known(n *int64) model.Opt[int64] {
	if n == nil || *n < 0 {
		return model.Opt[int64]{}
	}
	return model.Some(*n)
}

// theirs is what a gateway says about an error.
type theirs struct {
	message, code, kind string
}

// theirError finds the error in the shapes that gateways fail in:
// {"error":{"message":…,"code":…,"type":…}}, {"error":"…"},
// {"type":"error","error":{…}}, {"success":false,"message":…}, {"message":…},
// and any of them behind "data:". It reports whether the body is JSON.
func theirError(body []byte) (theirs, bool) {
	body = bytes.TrimLeft(body, " \t\r\n\ufeff")
	if !bytes.HasPrefix(body, []byte("{")) {
		s := newEvents(bytes.NewReader(body))
		for {
			e, err := s.next()
			if err != nil {
				return theirs{}, false
			}
			if bytes.HasPrefix(e.data, []byte("{")) {
				body = e.data
				break
			}
		}
	}
	type shape struct {
		Message json.RawMessage `json:"message"`
		Msg     json.RawMessage `json:"msg"`
		Detail  json.RawMessage `json:"detail"`
		Code    json.RawMessage `json:"code"`
		Type    json.RawMessage `json:"type"`
		Error   json.RawMessage `json:"error"`
	}
	var outer shape
	if json.Unmarshal(body, &outer) != nil {
		return theirs{}, false
	}
	inner := outer
	if isSet(outer.Error) {
		inner = shape{}
		if json.Unmarshal(outer.Error, &inner) != nil {
			inner.Message = outer.Error // a text, mostly
		}
	}
	t := theirs{code: word(inner.Code), kind: word(inner.Type)}
	for _, raw := range []json.RawMessage{inner.Message, inner.Msg, inner.Detail, outer.Message, outer.Msg, outer.Detail} {
		if t.message = text(raw); t.message != "" {
			break
		}
	}
	return t, true
}

// text is a JSON string, "" for everything else.
func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return strings.TrimSpace(s)
}

// word is a code, which may be a string or a number.
func word(raw json.RawMessage) string {
	if _, err := strconv.ParseFloat(string(raw), 64); err == nil {
		return string(raw)
	}
	return text(raw)
}
