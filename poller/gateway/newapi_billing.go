package gateway

import (
	"strings"

	"gatewatch/model"
)

// newAPIPrice is what "other" tells of a row's price (new-api
// service/log_info_generate.go and text_quota.go, before 1.0
// relay/relay-text.go). Veloera's rows are those of new-api 0.6.
type newAPIPrice struct {
	Source     text   `json:"billing_source"`
	Model      factor `json:"model_ratio"`
	Group      factor `json:"group_ratio"` // the user's own, where there is one
	Completion factor `json:"completion_ratio"`
	Cache      factor `json:"cache_ratio"`
	Price      factor `json:"model_price"` // per call; -1 where tokens are counted

	// Claude is set where the request was made in Claude's form. Semantic, since
	// January 2026, is "anthropic" where tokens are counted as Claude does.
	Claude   flag   `json:"claude"`
	Semantic text   `json:"usage_semantic"`
	InTotal  factor `json:"input_tokens_total"`

	// The writes to the cache are counted in all and, by Claude, by how long they
	// are kept.
	Writes       factor `json:"cache_creation_tokens"`
	WriteRatio   factor `json:"cache_creation_ratio"`
	Writes5m     factor `json:"cache_creation_tokens_5m"`
	WriteRatio5m factor `json:"cache_creation_ratio_5m"`
	Writes1h     factor `json:"cache_creation_tokens_1h"`
	WriteRatio1h factor `json:"cache_creation_ratio_1h"`

	Images     factor `json:"image_output"` // of the prompt, in spite of the name
	ImageRatio factor `json:"image_ratio"`
	ImageCall  factor `json:"image_generation_call_price"`

	// What an audio model (over HTTP, over a web socket) took and gave.
	Audio           flag   `json:"audio"`
	Socket          flag   `json:"ws"`
	TextIn          factor `json:"text_input"`
	TextOut         factor `json:"text_output"`
	AudioIn         factor `json:"audio_input"`
	AudioOut        factor `json:"audio_output"`
	AudioRatio      factor `json:"audio_ratio"`
	AudioCompletion factor `json:"audio_completion_ratio"`
	// Audio in the prompt of any other model, priced by the million tokens.
	PricedAudio factor `json:"audio_input_token_count"`
	AudioPrice  factor `json:"audio_input_price"`

	// Tools are all services since August 2026, by the thousand calls; before, the
	// two searches had fields of their own.
	Tools []struct {
		Name  text   `json:"name"`
		Count factor `json:"count"`
		Price factor `json:"price"`
	} `json:"tool_surcharges"`
	WebSearches     factor `json:"web_search_call_count"`
	WebSearchPrice  factor `json:"web_search_price"`
	FileSearches    factor `json:"file_search_call_count"`
	FileSearchPrice factor `json:"file_search_price"`

	Mode text `json:"billing_mode"`
	Tier text `json:"matched_tier"`
}

// billing returns the price of a call, nil where the row does not tell it.
func (o *newAPIPrice) billing(c *model.Call, shared *tariffs) *model.Billing {
	if !o.Model.OK && !o.Price.OK {
		return nil
	}
	if c.Prompt == 0 && c.Completion == 0 && c.Quota != 0 {
		return nil // a task or a drawing, or a tool alone: not charged as text is
	}
	t := model.Tariff{
		Rule: model.RuleNewAPI, Model: o.Model.opt(), Group: o.Group.opt(), Completion: o.Completion.opt(), Cache: o.Cache.opt(),
		CacheApart: o.apart(),
	}
	if o.Mode == "tiered_expr" {
		t.Tiered, t.Tier = true, intern(o.Tier)
		return shared.share(t, nil)
	}
	var bought basket
	switch {
	// A fork's 0 beside a ratio is no price.
	case o.Price.OK && (o.Price.V > 0 || o.Model.V == 0):
		t.PerCall, t.Price = true, o.Price.opt()
	case bool(o.Audio) || bool(o.Socket):
		t.Audio, t.AudioOut = o.AudioRatio.opt(), o.AudioCompletion.opt()
		o.audio(&bought)
	default:
		o.tokens(&bought, t.CacheApart)
	}
	o.services(&bought)
	if bought.untold {
		return nil
	}
	return shared.share(t, bought.parts)
}

// apart reports whether tokens are counted as Claude does: cached ones beside the
// prompt's, and writes to the cache by how long they are kept. A row that was
// converted from Claude's form does not say so; it has counts of such writes and
// no total of what went in (isLegacyClaudeDerivedOpenAIUsage).
func (o *newAPIPrice) apart() bool {
	return o.Semantic == "anthropic" || (o.Semantic == "" && (bool(o.Claude) || (o.Writes5m.V+o.Writes1h.V > 0 && !o.InTotal.OK)))
}

// tokens collects the tokens with a ratio of their own.
func (o *newAPIPrice) tokens(k *basket, apart bool) {
	rest := o.Writes.count()
	if apart {
		rest -= o.Writes5m.count() + o.Writes1h.count()
		k.tokens(model.TermCacheWrite, o.Writes5m.count(), o.WriteRatio5m)
		k.tokens(model.TermCacheWrite, o.Writes1h.count(), o.WriteRatio1h)
	}
	k.tokens(model.TermCacheWrite, rest, o.WriteRatio)
	k.tokens(model.TermImage, o.Images.count(), o.ImageRatio)
	k.service(model.TermAudioInput, "", o.PricedAudio.count(), o.AudioPrice, 1)
}

// audio collects what takes the place of prompt and completion. The first is
// there even if it is 0: by it the charge is known to be of this kind.
func (o *newAPIPrice) audio(k *basket) {
	k.parts = append(k.parts, model.Part{Kind: model.TermTextIn, Count: o.TextIn.count()})
	for _, p := range [...]model.Part{
		{Kind: model.TermTextOut, Count: o.TextOut.count()},
		{Kind: model.TermAudioIn, Count: o.AudioIn.count()},
		{Kind: model.TermAudioOut, Count: o.AudioOut.count()},
	} {
		if p.Count > 0 {
			k.parts = append(k.parts, p)
		}
	}
}

// services collects what is paid by the call.
func (o *newAPIPrice) services(k *basket) {
	if o.ImageCall.V > 0 {
		k.service(model.TermService, "", 1, o.ImageCall, 1)
	}
	if len(o.Tools) == 0 {
		k.service(model.TermWebSearch, "", o.WebSearches.count(), o.WebSearchPrice, 1)
		k.service(model.TermFileSearch, "", o.FileSearches.count(), o.FileSearchPrice, 1)
	}
	for i := range o.Tools {
		tool := &o.Tools[i]
		switch name := string(tool.Name); {
		case strings.HasPrefix(name, "web_search"), name == "google_search":
			k.service(model.TermWebSearch, "", tool.Count.count(), tool.Price, 1)
		case name == "file_search":
			k.service(model.TermFileSearch, "", tool.Count.count(), tool.Price, 1)
		default:
			k.service(model.TermService, name, tool.Count.count(), tool.Price, 1000)
		}
	}
}
