package gateway

import (
	"maps"
	"slices"

	"gatewatch/model"
)

// oneHubMeta is what is read of a row's metadata (one-hub and done-hub
// relay/relay_util/quota.go GetLogMeta).
type oneHubMeta struct {
	Group      text   `json:"group_name"`
	FirstToken number `json:"first_response"` // ms; 0 where the answer was not streamed

	PriceType  text   `json:"price_type"`
	GroupRatio factor `json:"group_ratio"`
	Input      factor `json:"input_ratio"`
	Output     factor `json:"output_ratio"`

	// The kinds of tokens with a ratio of their own (common/config/usage.go), each
	// beside that ratio; the last three are done-hub's.
	Cached             factor `json:"cached_tokens"`
	CachedRatio        factor `json:"cached_tokens_ratio"`
	CachedRead         factor `json:"cached_read_tokens"`
	CachedReadRatio    factor `json:"cached_read_tokens_ratio"`
	CachedWrite        factor `json:"cached_write_tokens"`
	CachedWriteRatio   factor `json:"cached_write_tokens_ratio"`
	AudioIn            factor `json:"input_audio_tokens"`
	AudioInRatio       factor `json:"input_audio_tokens_ratio"`
	AudioOut           factor `json:"output_audio_tokens"`
	AudioOutRatio      factor `json:"output_audio_tokens_ratio"`
	Reasoning          factor `json:"reasoning_tokens"`
	ReasoningRatio     factor `json:"reasoning_tokens_ratio"`
	TextIn             factor `json:"input_text_tokens"`
	TextInRatio        factor `json:"input_text_tokens_ratio"`
	TextOut            factor `json:"output_text_tokens"`
	TextOutRatio       factor `json:"output_text_tokens_ratio"`
	ImageIn            factor `json:"input_image_tokens"`
	ImageInRatio       factor `json:"input_image_tokens_ratio"`
	ImageOut           factor `json:"output_image_tokens"`
	ImageOutRatio      factor `json:"output_image_tokens_ratio"`
	CachedWrite1h      factor `json:"cached_write_1h_tokens"`
	CachedWrite1hRatio factor `json:"cached_write_1h_tokens_ratio"`
	OpenAIWrite        factor `json:"openai_cache_write_tokens"`
	OpenAIWriteRatio   factor `json:"openai_cache_write_tokens_ratio"`

	Services map[string]struct {
		Count factor `json:"call_count"`
		Price factor `json:"price"` // dollars a call
	} `json:"extra_billing"`
}

// cached is OpenAI's count of cached tokens, or Claude's by another name; a row
// has the one or the other, and neither where it is 0 (one-hub relay/relay_util
// GetExtraTokens). A row without a price is an old one, and does not tell.
func (m *oneHubMeta) cached() model.Opt[int64] {
	if !m.Cached.OK && !m.CachedRead.OK && !m.Input.OK {
		return model.Opt[int64]{}
	}
	return model.Some(max(m.Cached.count(), m.CachedRead.count()))
}

// billing returns the price of a call, nil where the row does not tell it.
func (m *oneHubMeta) billing(shared *tariffs) *model.Billing {
	if !m.Input.OK {
		return nil
	}
	t := model.Tariff{
		Rule: model.RuleOneHub, Input: m.Input.opt(), Output: m.Output.opt(), Group: m.GroupRatio.opt(), PerCall: m.PriceType == "times",
	}
	var bought basket
	if !t.PerCall {
		m.extras(&bought)
	}
	if len(m.Services) > 0 {
		for _, name := range slices.Sorted(maps.Keys(m.Services)) {
			bought.service(model.TermService, name, m.Services[name].Count.count(), m.Services[name].Price, 1)
		}
	}
	if bought.untold {
		return nil
	}
	return shared.share(t, bought.parts)
}

// extras collects the tokens that cost more or less than others of their side. At
// a ratio of 1 they change nothing; left out, rows that differ in such a count
// share their Billing.
func (m *oneHubMeta) extras(k *basket) {
	for _, x := range [...]struct {
		name        string
		count, each factor
		answer      bool
	}{
		{"cached_tokens", m.Cached, m.CachedRatio, false},
		{"cached_read_tokens", m.CachedRead, m.CachedReadRatio, false},
		{"cached_write_tokens", m.CachedWrite, m.CachedWriteRatio, false},
		{"cached_write_1h_tokens", m.CachedWrite1h, m.CachedWrite1hRatio, false},
		{"openai_cache_write_tokens", m.OpenAIWrite, m.OpenAIWriteRatio, false},
		{"input_audio_tokens", m.AudioIn, m.AudioInRatio, false},
		{"input_text_tokens", m.TextIn, m.TextInRatio, false},
		{"input_image_tokens", m.ImageIn, m.ImageInRatio, false},
		{"output_audio_tokens", m.AudioOut, m.AudioOutRatio, true},
		{"output_text_tokens", m.TextOut, m.TextOutRatio, true},
		{"output_image_tokens", m.ImageOut, m.ImageOutRatio, true},
		{"reasoning_tokens", m.Reasoning, m.ReasoningRatio, true},
	} {
		if x.count.count() == 0 || (x.each.OK && x.each.V == 1) {
			continue
		}
		k.parts = append(k.parts, model.Part{Kind: model.TermExtra, Name: x.name, Count: x.count.count(), Ratio: x.each.V, Answer: x.answer})
		k.untold = k.untold || !x.each.OK
	}
}
