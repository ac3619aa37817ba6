package demo

import "fmt"

// one-hub does not pass the upstream's answer on: it reads it and writes its own
// (one-hub/168–172).

// leanUsage is a usage object without zeros.
func (c *chat) leanUsage(n int32) map[string]any {
	u := c.usage(n)
	u["prompt_tokens_details"] = map[string]any{}
	delete(u["completion_tokens_details"].(map[string]any), "audio_tokens")
	return u
}

// leanWhole is the answer of a request that does not stream.
func (c *chat) leanWhole() map[string]any {
	v := c.whole()
	choice := v["choices"].([]any)[0].(map[string]any)
	delete(choice, "logprobs")
	delete(choice["message"].(map[string]any), "refusal")
	v["usage"] = c.leanUsage(c.tokens())
	return v
}

// leanLast is the last event of a stream, under an id of its own.
func (c *chat) leanLast(n int32) map[string]any {
	v := c.chunk([]any{})
	v["id"] = fmt.Sprintf("chatcmpl-%032x", mix(uint64(c.start.UnixNano())))
	v["usage"] = c.leanUsage(n)
	return v
}
