package demo

import (
	"math"
	"sync"
)

// quotaPerUnit is the number of quota units in one US dollar
// (/api/status, quota_per_unit, in every capture).
const quotaPerUnit = 500_000

// llm is one language model on sale. The ratios are the gateway family's own
// price unit: ratio 1 is $2 per million prompt tokens, completionRatio and
// cacheRatio multiply it. cacheRatio 0 means that the operator set none.
type llm struct {
	name, vendor    string
	ratio           float64
	completionRatio float64
	cacheRatio      float64

	prompt, completion dist // tokens per call
	firstToken         dist // seconds
	speed              float64
	embeds, reasons    bool

	prompts, completions [quantiles]int32
}

// catalogue lists what the gateway sells, by name, with public list prices. It is
// shared and must not be changed. Prompts are short on purpose: two calls a second have to cost a few dollars
// an hour, not a few hundred.
var catalogue = sync.OnceValue(func() []*llm {
	models := []*llm{
		{
			name: "claude-opus-4", vendor: "Anthropic", ratio: 7.5, completionRatio: 5, cacheRatio: 0.1,
			prompt: dist{210, 0.6}, completion: dist{70, 0.5}, firstToken: dist{1.9, 0.4}, speed: 42,
		},
		{
			name: "claude-sonnet-4-5", vendor: "Anthropic", ratio: 1.5, completionRatio: 5, cacheRatio: 0.1,
			prompt: dist{240, 0.7}, completion: dist{60, 0.6}, firstToken: dist{1.2, 0.4}, speed: 65,
		},
		{
			name: "deepseek-chat", vendor: "DeepSeek", ratio: 0.135, completionRatio: 4, cacheRatio: 0.25,
			prompt: dist{210, 0.7}, completion: dist{105, 0.6}, firstToken: dist{0.9, 0.5}, speed: 38,
		},
		{
			name: "deepseek-reasoner", vendor: "DeepSeek", ratio: 0.275, completionRatio: 4, cacheRatio: 0.25,
			prompt: dist{160, 0.6}, completion: dist{260, 0.5}, firstToken: dist{1.1, 0.5}, speed: 34, reasons: true,
		},
		{
			name: "gemini-2.5-pro", vendor: "Google", ratio: 0.625, completionRatio: 8, cacheRatio: 0.25,
			prompt: dist{240, 0.7}, completion: dist{75, 0.6}, firstToken: dist{2.4, 0.5}, speed: 90,
		},
		{
			name: "gpt-4o", vendor: "OpenAI", ratio: 1.25, completionRatio: 4, cacheRatio: 0.5,
			prompt: dist{170, 0.7}, completion: dist{48, 0.6}, firstToken: dist{0.6, 0.4}, speed: 85,
		},
		{
			name: "gpt-4o-mini", vendor: "OpenAI", ratio: 0.075, completionRatio: 4, cacheRatio: 0.5,
			prompt: dist{230, 0.7}, completion: dist{80, 0.6}, firstToken: dist{0.4, 0.4}, speed: 110,
		},
		{
			name: "text-embedding-3-small", vendor: "OpenAI", ratio: 0.01, completionRatio: 1,
			prompt: dist{560, 0.7}, firstToken: dist{0.12, 0.4}, embeds: true,
		},
	}
	for _, m := range models {
		for i, z := range normal {
			m.prompts[i] = int32(m.prompt.at(z)) + 1
			m.completions[i] = int32(m.completion.at(z))
			if !m.embeds {
				m.completions[i]++
			}
		}
	}
	return models
})

// dist is a lognormal distribution: its median, and sigma of its logarithm.
type dist struct{ median, sigma float64 }

func (d dist) at(z float64) float64 { return d.median * math.Exp(d.sigma*z) }

func (d dist) mean() float64 { return d.median * math.Exp(d.sigma*d.sigma/2) }

// quantiles is how finely a distribution is cut: drawing a value is then ten
// random bits and a look-up, which is what makes six days of calls affordable.
const quantiles = 1024

// normal holds the standard normal distribution's value in the middle of each
// of its quantiles.
var normal = func() (z [quantiles]float64) {
	for i := range z {
		z[i] = math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/quantiles-1)
	}
	return z
}()

// meanQuota is about what a call costs on average, in units.
func (m *llm) meanQuota() float64 {
	return (m.prompt.mean() + m.completion.mean()*m.completionRatio) * m.ratio
}

// prices are the factors that a gateway bills one call with.
type prices struct{ ratio, completion, cache float64 }

func (m *llm) prices() prices {
	return prices{m.ratio, m.completionRatio, m.cache()}
}

// cache is the cache ratio a row shows: 1 where the operator set none
// (new-api/062, 063).
func (m *llm) cache() float64 {
	if m.cacheRatio == 0 {
		return 1
	}
	return m.cacheRatio
}

// billNewAPI is new-api's price of a call in quota units: cached prompt tokens
// are discounted, the sum is rounded half up, and no call is free. It gives the
// quota of all consume rows in the recordings of new-api.
func billNewAPI(p prices, prompt, completion, cached int32) int64 {
	tokens := float64(prompt-cached) + float64(cached)*p.cache + float64(completion)*p.completion
	return max(1, int64(math.Floor(tokens*p.ratio+0.5)))
}

// billOneAPI is one-api's price: it knows no cache and rounds up
// (all consume rows in the recordings of one-api).
func billOneAPI(p prices, prompt, completion, _ int32) int64 {
	tokens := float64(prompt) + float64(completion)*p.completion
	return max(1, int64(math.Ceil(tokens*p.ratio)))
}

// billOneHub is one-hub's price: the sum is rounded up, cached tokens by their
// extra ratio (all consume rows in the recordings of one-hub, where that is 1).
func billOneHub(p prices, prompt, completion, cached int32) int64 {
	tokens := float64(prompt-cached) + float64(cached)*p.cache + float64(completion)*p.completion
	return max(1, int64(math.Ceil(tokens*p.ratio)))
}
