package chat

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatewatch/model"
	"gatewatch/ui/chat/markdown"
	"gatewatch/ui/text"
)

// format is the version of a stored conversation.
const format = 1

// Conversation is all that was said, as it is stored and exported.
type Conversation struct {
	Format  int       `json:"format"`
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Gateway string    `json:"gateway"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	Settings
	Messages []Message `json:"messages"`
	// Draft is the message that is being written, as the parts of a question.
	Draft []model.ChatPart `json:"draft,omitempty"`

	// paper is how it is written for a person.
	paper paper
}

// title is what the conversation is called in a list.
func (c Conversation) title() string {
	if c.Name == "" {
		return nameFor(markdown.Safe(Message{Parts: c.Draft}.prompt()))
	}
	return c.Name
}

// Settings are how the next question is asked.
type Settings struct {
	Model string `json:"model"`
	// Key is a KeyInfo.ID, KeyName what it is called.
	Key         string             `json:"key,omitempty"`
	KeyName     string             `json:"key_name,omitempty"`
	System      string             `json:"system,omitempty"`
	Temperature model.Opt[float64] `json:"temperature"`
	MaxTokens   model.Opt[int64]   `json:"max_tokens"`
}

// Message is what one side said.
type Message struct {
	Role  model.ChatRole   `json:"role"`
	At    time.Time        `json:"at"`
	Parts []model.ChatPart `json:"parts,omitempty"`

	// The rest is of answers alone.
	ID        string        `json:"id,omitempty"`
	Model     string        `json:"model,omitempty"`
	Key       string        `json:"key,omitempty"`
	KeyName   string        `json:"key_name,omitempty"`
	Text      string        `json:"text,omitempty"`
	Reasoning string        `json:"reasoning,omitempty"`
	End       model.ChatEnd `json:"end,omitempty"`
	// Finish is the model's own word for the end.
	Finish string `json:"finish_reason,omitempty"`
	// Fault is what went wrong in our words, Theirs what the gateway said, Code its
	// own word for it.
	Fault  string `json:"fault,omitempty"`
	Theirs string `json:"theirs,omitempty"`
	Code   string `json:"code,omitempty"`
	Cost   Cost   `json:"cost"`
	// Former are the answers to the same question that this one took the place
	// of, Nth the number of this one among them, from 1.
	Former []Message `json:"former,omitempty"`
	Nth    int       `json:"nth,omitempty"`
}

// Cost is what is known of the price of an answer.
type Cost struct {
	RequestID string                   `json:"request_id,omitempty"`
	First     model.Opt[time.Duration] `json:"first_token_ns"`
	// Last is when the last of the text came: a stream can stay open after it.
	Last  model.Opt[time.Duration]   `json:"last_token_ns"`
	Took  model.Opt[time.Duration]   `json:"took_ns"`
	Usage model.Opt[model.ChatUsage] `json:"usage"`
	// About is the estimate, Billed what the log says, both in quota units.
	About  model.Opt[float64]     `json:"estimate_quota"`
	Billed model.Opt[model.Quota] `json:"billed_quota"`
	// Missing says that the log was read and the answer is not in it.
	Missing bool `json:"not_in_log,omitempty"`
	// NoLog says that the gateway keeps no log.
	NoLog bool `json:"no_log,omitempty"`
}

// prompt is the text that a person wrote, without what was attached.
func (m Message) prompt() string {
	for _, p := range m.Parts {
		if p.Kind == model.PartText && p.Name == "" {
			return p.Text
		}
	}
	return ""
}

// ranShort says why an answer that the model ended is not all, "" where it is.
func (m Message) ranShort(w *text.ChatWords) string {
	switch m.Finish {
	case "length":
		return w.LengthEnd
	case "content_filter":
		return w.FilterEnd
	}
	return ""
}

// request is the next question. Answers that hold nothing are left out, with the
// question that they were to.
func request(s Settings, messages []Message) model.ChatRequest {
	r := model.ChatRequest{Model: s.Model, System: s.System, Temperature: s.Temperature, MaxTokens: s.MaxTokens}
	for i, m := range messages {
		switch {
		case m.Role == model.ChatAssistant && m.Text == "":
		case m.Role == model.ChatAssistant:
			r.Messages = append(r.Messages, model.TextMessage(model.ChatAssistant, m.Text))
		case i+1 < len(messages) && messages[i+1].Role == model.ChatAssistant && messages[i+1].Text == "":
		default:
			r.Messages = append(r.Messages, model.ChatMessage{Role: model.ChatUser, Parts: named(m.Parts)})
		}
	}
	return r
}

// named says which file each text is of and where it ends: a model gets them as one
// text.
func named(parts []model.ChatPart) []model.ChatPart {
	parts = slices.Clone(parts)
	for i, p := range parts {
		if p.Kind == model.PartText && p.Name != "" {
			parts[i].Text = fenced(p)
		}
	}
	return parts
}

// fenced is a text file between fences, under its name.
func fenced(p model.ChatPart) string {
	name := p.Name
	if i := strings.LastIndex(name, nameSize); i >= 0 {
		name = name[:i]
	}
	f := fence(p.Text)
	return text.Clean(name) + ":\n\n" + f + "\n" + strings.TrimSuffix(p.Text, "\n") + "\n" + f
}

// saved packs a conversation up.
func (c Conversation) saved() (Saved, error) {
	c.Format = format
	body, err := json.Marshal(c)
	if err != nil {
		return Saved{}, fmt.Errorf("chat: %w", err)
	}
	return Saved{ID: c.ID, Name: c.title(), Gateway: c.Gateway, Model: c.Model, Updated: c.Updated, Messages: len(c.Messages), Body: body}, nil
}

// Decode unpacks a stored conversation. An answer that was still being written
// when the program ended is marked as cut off.
func Decode(body []byte) (Conversation, error) {
	var c Conversation
	if err := json.Unmarshal(body, &c); err != nil {
		return c, fmt.Errorf("chat: a stored conversation: %w", err)
	}
	if c.Format != format {
		return c, fmt.Errorf("chat: a stored conversation is of format %d, this program knows %d", c.Format, format)
	}
	for i := range c.Messages {
		if m := &c.Messages[i]; m.Role == model.ChatAssistant && m.End == model.ChatOpen {
			m.End = model.ChatCutOff
		}
	}
	return c, nil
}

// fence is a code fence longer than any row of the like in the text.
func fence(s string) string {
	most, n := 2, 0
	for i := range len(s) {
		if s[i] != '`' {
			n = 0
			continue
		}
		n++
		most = max(most, n)
	}
	return strings.Repeat("`", most+1)
}

// nameFor makes a name of the first question.
func nameFor(prompt string) string {
	line := strings.Join(strings.Fields(strings.TrimSpace(prompt[:min(len(prompt), 400)])), " ")
	r := []rune(strings.ToValidUTF8(line, ""))
	if len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return string(r)
}
