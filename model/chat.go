package model

import (
	"strings"
	"time"
)

// ChatRequest is one question to a language model, with all that was said
// before it. It is the caller's: nothing that takes it changes it.
type ChatRequest struct {
	// Model is the name as the gateway lists it.
	Model string
	// System comes before all messages; "" for none.
	System string
	// Messages are the conversation, oldest first; the last is the question.
	Messages []ChatMessage
	// Temperature is left to the model where it is unknown, 0 is a value.
	Temperature Opt[float64]
	// MaxTokens bounds the answer, thinking included; unknown for no bound. A
	// gateway may want the price of so many tokens to be there beforehand.
	MaxTokens Opt[int64]
}

// ChatRole says who speaks.
type ChatRole string

// The roles, by their names on the wire.
const (
	ChatUser      ChatRole = "user"
	ChatAssistant ChatRole = "assistant"
)

// ChatMessage is what one side said.
type ChatMessage struct {
	Role  ChatRole
	Parts []ChatPart
}

// Text returns the message's texts, a blank line between them, without its
// images and links.
func (m ChatMessage) Text() string {
	var texts []string
	for _, p := range m.Parts {
		if p.Kind == PartText {
			texts = append(texts, p.Text)
		}
	}
	return strings.Join(texts, "\n\n")
}

// ChatPartKind says what a part of a message is.
type ChatPartKind uint8

// The kinds of parts.
const (
	// PartText is written text, or that of an attached file.
	PartText ChatPartKind = iota
	// PartImage is a picture, as a data: or https: address.
	PartImage
	// PartLink is the address of a document that the "-all" models open
	// themselves.
	PartLink
)

// ChatPart is one piece of a message.
type ChatPart struct {
	Kind ChatPartKind
	// Text is the text of a PartText, URL the address of the others.
	Text, URL string
	// Name is what the attachment is called on the screen; it is not sent.
	Name string
}

// TextMessage returns a message of one text.
func TextMessage(role ChatRole, text string) ChatMessage {
	return ChatMessage{Role: role, Parts: []ChatPart{{Kind: PartText, Text: text}}}
}

// Delta is a piece of an answer. The text of an answer is the sum of its
// deltas; all of it is foreign. What is known only at the end is on the last
// delta, the one and only with an End.
type Delta struct {
	// Content is text of the answer, Reasoning of the thinking before it.
	Content, Reasoning string
	// RequestID is what the gateway calls the request in its log; "" where it
	// does not say. It is on the first delta, before any text, and on the last.
	RequestID string
	// End says how the answer ended, "" while it goes on.
	End ChatEnd
	// FinishReason is the model's own word for the end: "stop", "length",
	// "content_filter" …; "" where none came.
	FinishReason string
	// Usage is what the gateway counted, where it said so before the end.
	Usage Opt[ChatUsage]
}

// Done reports whether this is the last delta.
func (d Delta) Done() bool { return d.End != ChatOpen }

// ChatUsage is what a gateway counted for one answer, in tokens.
type ChatUsage struct {
	Prompt, Completion int64
	// Cached is the part of Prompt that was read from a cache, Reasoning the part
	// of Completion that was thought.
	Cached, Reasoning Opt[int64]
}

// ChatEnd is how an answer ended. The words are those of the stored
// conversations and of the JSON output.
type ChatEnd string

// The ends of an answer. An error comes with ChatCutOff, ChatEmpty and
// ChatFailed, and with no other.
const (
	ChatOpen     ChatEnd = ""         // it goes on
	ChatFinished ChatEnd = "finished" // the model said that it was done
	// ChatUnconfirmed is an orderly end of the stream without the model's word:
	// one-api and new-api end like this when the upstream was cut off, and some
	// of their channels always do.
	ChatUnconfirmed ChatEnd = "unconfirmed"
	ChatCutOff      ChatEnd = "cut off" // the stream broke after it had begun
	ChatEmpty       ChatEnd = "empty"   // finished with no content
	ChatStopped     ChatEnd = "stopped" // by the person
	ChatFailed      ChatEnd = "failed"  // refused, or an error instead of the rest
)

// Whole reports whether nothing of the answer is known to be missing.
func (e ChatEnd) Whole() bool { return e == ChatFinished || e == ChatUnconfirmed }

// SavedChat is a conversation as it is stored: its body, in a form of its own,
// and what a list shows of it.
type SavedChat struct {
	ID, Name, Gateway, Model string
	Updated                  time.Time
	Messages                 int
	// Body is nil in a list.
	Body []byte
}

// ModelPrice is what a language model costs an account, its group's ratio
// included, in quota units. What a gateway does not say is unknown.
type ModelPrice struct {
	// In, Out and Cached are per million tokens.
	In, Out, Cached Opt[float64]
	// PerCall is a fixed price per call, instead of the others.
	PerCall Opt[float64]
}

// Cost is what an answer of so many tokens costs, in quota; unknown where a part of
// it has no price. Without a price of its own what was cached counts as any other
// prompt, so that an estimate is too high, never too low.
func (p ModelPrice) Cost(u ChatUsage) Opt[float64] {
	if !p.PerCall.OK && (!p.In.OK || u.Completion > 0 && !p.Out.OK) {
		return Opt[float64]{}
	}
	cached := float64(min(u.Cached.V, u.Prompt))
	return Some(p.PerCall.V + ((float64(u.Prompt)-cached)*p.In.V+cached*p.Cached.Or(p.In.V)+float64(u.Completion)*p.Out.V)/1e6)
}
