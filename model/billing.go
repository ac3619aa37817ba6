package model

// Rule is how a gateway computes a charge.
type Rule uint8

// The rules of the gateways.
const (
	RuleNone Rule = iota
	// RuleOneAPI multiplies in floating point and rounds up (one-api
	// relay/controller/helper.go postConsumeQuota).
	RuleOneAPI
	// RuleNewAPI multiplies decimals exactly and rounds half away from zero
	// (new-api service/text_quota.go, common/quota_math.go; before rc.1
	// relay/relay-text.go). Veloera has it from there.
	RuleNewAPI
	// RuleOneHub adds to the tokens what dearer ones count more, multiplies in
	// floating point and rounds up (one-hub relay/relay_util/quota.go).
	RuleOneHub
)

// Tariff is the price of a call as its row tells it. Tariffs can be compared, so
// that rows of one price can share their Billing.
type Tariff struct {
	Rule Rule
	// Model, Group, Completion and Cache are ratios: a prompt token costs Model ×
	// Group quota, a completion token that × Completion, one from the cache that ×
	// Cache (one-api, new-api, Veloera).
	Model, Group, Completion, Cache Opt[float64]
	// Rounded is set where the row tells its ratios to two decimals only (one-api).
	Rounded bool
	// Input and Output are quota per token before the group's ratio (one-hub).
	Input, Output Opt[float64]
	// PerCall marks a price of the call whatever its length: Price in dollars
	// (new-api), or Input in thousands of quota (one-hub price_type times).
	PerCall bool
	Price   Opt[float64]
	// Audio is what an audio token costs of a text token, AudioOut what one of the
	// answer costs of one of the question.
	Audio, AudioOut Opt[float64]
	// CacheApart marks a row that counts cached tokens beside the prompt's and not
	// among them (new-api, Claude).
	CacheApart bool
	// Tier is the name of the tier of a price by formula, whose formula is not
	// evaluated here (new-api billing_mode tiered_expr).
	Tier   string
	Tiered bool
}

// Billing is what a row tells of its price: its tariff, and what it bought beside
// prompt, cache and completion.
type Billing struct {
	Tariff
	Parts []Part
}

// Part is something with a price of its own: tokens, or calls of a service.
type Part struct {
	Kind TermKind
	// Count is tokens, or calls of a service.
	Count int64
	// Ratio is the price of one of the tokens in prompt tokens; on one-hub in
	// tokens of its own side.
	Ratio float64
	// Price is in dollars: per 1,000 calls of a search, per call of any other
	// service, per million of separately priced audio tokens.
	Price float64
	// Name is the gateway's own, where Kind is TermExtra.
	Name string
	// Answer marks extra tokens of the answer (one-hub).
	Answer bool
}

// TermKind says what a term of a charge is for.
type TermKind string

// What is paid for.
const (
	TermPrompt      TermKind = "prompt"
	TermCompletion  TermKind = "completion"
	TermCacheRead   TermKind = "cache_read"
	TermCacheWrite  TermKind = "cache_write"
	TermImage       TermKind = "image"
	TermAudioInput  TermKind = "audio_input" // with a price per million tokens
	TermTextIn      TermKind = "text_in"     // of an audio model, as the three below
	TermTextOut     TermKind = "text_out"
	TermAudioIn     TermKind = "audio_in"
	TermAudioOut    TermKind = "audio_out"
	TermWebSearch   TermKind = "web_search"
	TermFileSearch  TermKind = "file_search"
	TermService     TermKind = "service" // any other, by the call
	TermExtra       TermKind = "extra"   // one-hub's further kinds of tokens
	TermCall        TermKind = "call"    // a price per call
	TermMinimum     TermKind = "minimum" // raised to the least charge of 1
	TermNoUsage     TermKind = "no_usage"
	TermRoundedAway TermKind = "rounded_ratios"
)

// audio reports whether the parts take the place of prompt and completion.
func (k TermKind) audio() bool {
	return k == TermTextIn || k == TermTextOut || k == TermAudioIn || k == TermAudioOut
}
