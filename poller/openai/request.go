package openai

import (
	"bytes"
	"encoding/json"
	"strings"

	"gatewatch/model"
)

type wireRequest struct {
	Model         string        `json:"model"`
	Messages      []wireMessage `json:"messages"`
	Stream        bool          `json:"stream"`
	StreamOptions struct {
		// one-api counts tokens by itself, and wrongly, unless it is asked to pass
		// the upstream's count on.
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	Temperature *float64 `json:"temperature,omitempty"`
	MaxTokens   *int64   `json:"max_tokens,omitempty"`
}

type wireMessage struct {
	Role string `json:"role"`
	// Content is a string, or a []wirePart where there are pictures.
	Content any `json:"content"`
}

type wirePart struct {
	Type     string    `json:"type"`
	Text     string    `json:"text,omitempty"`
	ImageURL *imageURL `json:"image_url,omitempty"`
}

type imageURL struct {
	URL string `json:"url"`
}

// body is the request on the wire.
func body(q model.ChatRequest) []byte {
	w := wireRequest{Model: q.Model, Stream: true}
	w.StreamOptions.IncludeUsage = true
	if q.Temperature.OK {
		w.Temperature = &q.Temperature.V
	}
	if q.MaxTokens.OK {
		w.MaxTokens = &q.MaxTokens.V
	}
	if q.System != "" {
		w.Messages = append(w.Messages, wireMessage{Role: "system", Content: q.System})
	}
	for _, m := range q.Messages {
		w.Messages = append(w.Messages, wireMessage{Role: string(m.Role), Content: content(m)})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(w); err != nil {
		// Only a temperature of NaN or infinity cannot be written.
		w.Temperature = nil
		b.Reset()
		_ = e.Encode(w)
	}
	return b.Bytes()
}

// content is what a message says. It is a string where it can be: several
// providers behind the gateways take no array. The "-all" models open a document
// whose address stands before the question, with a space between (the manuals of
// the sites that sell them agree on that).
func content(m model.ChatMessage) any {
	var links strings.Builder
	var images []wirePart
	for _, p := range m.Parts {
		switch p.Kind {
		case model.PartLink:
			links.WriteString(p.URL + " ")
		case model.PartImage:
			images = append(images, wirePart{Type: "image_url", ImageURL: &imageURL{p.URL}})
		case model.PartText:
		}
	}
	text := links.String() + m.Text()
	if len(images) == 0 {
		return text
	}
	var parts []wirePart
	if text != "" {
		parts = append(parts, wirePart{Type: "text", Text: text})
	}
	return append(parts, images...)
}
