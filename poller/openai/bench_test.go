package openai

import (
	"io"
	"strings"
	"testing"
)

// chunkLine is a chunk as new-api relays it.
const chunkLine = `data: {"choices":[{"delta":{"content":"them until latency "},"finish_reason":null,"index":0,"logprobs":null}],"created":1795167227,"id":"chatcmpl-00c7fd4d9638","model":"gpt-4o-mini","object":"chat.completion.chunk","system_fingerprint":"fp_fake"}` + "\n\n"

// repeated gives a text n times.
type repeated struct {
	text string
	n    int
	rest string
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.rest == "" {
			if r.n == 0 {
				return n, io.EOF
			}
			r.rest, r.n = r.text, r.n-1
		}
		m := copy(p[n:], r.rest)
		n, r.rest = n+m, r.rest[m:]
	}
	return n, nil
}

// The events alone, without what is in them.
func BenchmarkEvents(b *testing.B) {
	b.SetBytes(int64(len(chunkLine)))
	b.ReportAllocs()
	s := newEvents(&repeated{text: chunkLine, n: b.N})
	for range b.N {
		if _, err := s.next(); err != nil {
			b.Fatal(err)
		}
	}
}

// A whole answer, chunk by chunk, to the one who asked.
func BenchmarkStream(b *testing.B) {
	b.SetBytes(int64(len(chunkLine)))
	b.ReportAllocs()
	c := newClient(b, answers(200, nil, io.MultiReader(&repeated{text: chunkLine, n: b.N}, strings.NewReader(eventsOf(stops, "[DONE]")))))
	size := 0
	for d, err := range c.Stream(b.Context(), hello) {
		if err != nil {
			b.Fatal(err)
		}
		size += len(d.Content)
	}
	if size != b.N*len("them until latency ") {
		b.Errorf("%d bytes of text", size)
	}
}
