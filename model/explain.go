package model

import (
	"math"
	"math/big"
	"slices"
	"strconv"
)

// ExplainState says how far a charge is explained.
type ExplainState string

// The outcomes of an explanation.
const (
	// ExplainExact: the terms add up to the charge.
	ExplainExact ExplainState = "exact"
	// ExplainRounded: they do within the rounding of the ratios that the row tells.
	ExplainRounded ExplainState = "rounded"
	// ExplainGap: they do not; Gap is what is missing.
	ExplainGap ExplainState = "gap"
	// ExplainUntold: the row does not tell what Untold names.
	ExplainUntold ExplainState = "untold"
)

// Factor is one of the numbers that a term multiplies.
type Factor struct {
	// Name is "model", "group", "completion", "cache", "input", "output", "audio",
	// "audio_completion", "ratio", or "price" in dollars.
	Name  string
	Value float64
}

// Term is one line of a charge. The terms' Quota add up to the charge: each is
// the rounded sum so far less the rounded sum before it.
type Term struct {
	Kind TermKind
	// Name is the gateway's own for what has no kind of its own.
	Name    string
	Count   int64
	Factors []Factor
	Quota   Quota
}

// Explanation is a call's charge, term by term.
type Explanation struct {
	State ExplainState
	Terms []Term
	// Sum is what the terms come to, Gap the charge less Sum.
	Sum, Gap Quota
	// Untold is what the row does not tell: "price", "model", "group",
	// "completion", "cache", "tier" or "unit", a factor that no field names.
	Untold string
	// Low and High bound the model's ratio where the row tells it rounded: it is
	// above Low and at most High.
	Low, High Opt[float64]
}

// Explain splits the charge of a call into its terms, by the gateway's own
// arithmetic and rounding.
func Explain(c Call, cur Currency) Explanation {
	if c.Billing == nil || c.Billing.Rule == RuleNone || c.Kind != KindConsume {
		return Explanation{State: ExplainUntold, Untold: "price", Gap: c.Quota}
	}
	t := c.Billing.Tariff
	if t.Tiered {
		return Explanation{State: ExplainUntold, Untold: "tier", Gap: c.Quota}
	}
	if missing := t.missing(&c); missing != "" {
		return Explanation{State: ExplainUntold, Untold: missing, Gap: c.Quota}
	}
	switch t.Rule {
	case RuleOneAPI:
		return explainOneAPI(&c, t)
	case RuleOneHub:
		return settle(&c, oneHubTerms(&c, t, cur), roundUp64)
	}
	return explainNewAPI(&c, t, cur)
}

// explainNewAPI tries what rows do not tell: versions before 1.0 have no least
// charge, and round those of Claude down; and what was converted from Claude's
// shape does not say that its cached tokens stand beside the prompt's.
func explainNewAPI(c *Call, t Tariff, cur Currency) Explanation {
	told, apart := newAPITerms(c, t, cur), t
	apart.CacheApart = true
	first := settle(c, told, roundHalf)
	if first.State == ExplainExact {
		return first
	}
	old := told
	old.free = true
	for _, other := range []Explanation{
		settle(c, old, roundHalf), settle(c, old, floor), settle(c, newAPITerms(c, apart, cur), roundHalf),
	} {
		if other.State == ExplainExact {
			return other
		}
	}
	return first
}

// missing names the first ratio that the charge needs and the row does not tell.
func (t Tariff) missing(c *Call) string {
	need := func(name string, known, needed bool) string {
		if known || !needed {
			return ""
		}
		return name
	}
	var all []string
	if t.Rule == RuleOneHub {
		all = []string{
			need("price", t.Input.OK, true), need("price", t.Output.OK, !t.PerCall && c.Completion > 0), need("group", t.Group.OK, true),
		}
	} else {
		audio := slices.ContainsFunc(c.Billing.Parts, func(p Part) bool { return p.Kind == TermAudioIn || p.Kind == TermAudioOut })
		all = []string{
			need("price", t.Price.OK, t.PerCall), need("model", t.Model.OK, !t.PerCall), need("group", t.Group.OK, true),
			need("completion", t.Completion.OK, !t.PerCall && c.Completion > 0),
			need("cache", t.Cache.OK, !t.PerCall && c.Cached.V > 0 && t.Rule == RuleNewAPI),
			need("audio", t.Audio.OK, audio),
		}
	}
	for _, name := range all {
		if name != "" {
			return name
		}
	}
	return ""
}

// amount is a term before rounding.
type amount struct {
	Term
	exact *big.Rat
}

// charge is the terms of a call before rounding. The gateways charge nothing
// where no token was counted, and at least 1 where the price is not 0.
type charge struct {
	amounts      []amount
	free, unused bool
}

// settle rounds the terms of a charge, so that they add up to the rounded whole.
func settle(c *Call, all charge, round func(*big.Rat) Quota) Explanation {
	var e Explanation
	sum := new(big.Rat)
	for _, a := range all.amounts {
		before := round(sum)
		sum.Add(sum, a.exact)
		a.Quota = round(sum) - before
		e.Sum += a.Quota
		e.Terms = append(e.Terms, a.Term)
	}
	last := func(kind TermKind, to Quota) {
		e.Terms = append(e.Terms, Term{Kind: kind, Quota: to - e.Sum})
		e.Sum = to
	}
	switch {
	case all.unused && e.Sum != 0:
		last(TermNoUsage, 0)
	case !all.unused && !all.free && e.Sum <= 0:
		last(TermMinimum, 1)
	}
	e.Gap = c.Quota - e.Sum
	e.State = ExplainExact
	if e.Gap != 0 {
		e.State, e.Untold = ExplainGap, "unit"
	}
	return e
}

// decimal is the value that the shortest notation of f names, as shopspring's
// decimal.NewFromFloat takes it.
func decimal(f float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if !ok {
		return new(big.Rat)
	}
	return r
}

func floor(r *big.Rat) Quota {
	var q, m big.Int
	q.DivMod(r.Num(), r.Denom(), &m)
	return Quota(q.Int64())
}

func roundUp64(r *big.Rat) Quota { return -floor(new(big.Rat).Neg(r)) }

// roundHalf rounds half up, which is away from zero for charges.
func roundHalf(r *big.Rat) Quota { return floor(new(big.Rat).Add(r, big.NewRat(1, 2))) }

func newAPITerms(c *Call, t Tariff, cur Currency) charge {
	group := decimal(t.Group.V)
	unit := decimal(cur.QuotaPerUnit())
	out := charge{unused: c.Prompt+c.Completion == 0}
	add := func(kind TermKind, count int64, exact *big.Rat, factors ...Factor) {
		out.amounts = append(out.amounts, amount{Term{Kind: kind, Count: count, Factors: factors}, exact})
	}
	groupFactor := Factor{"group", t.Group.V}
	product := func(count int64, factors ...float64) *big.Rat {
		r := new(big.Rat).SetInt64(count)
		for _, f := range factors {
			r.Mul(r, decimal(f))
		}
		return r
	}
	if t.PerCall {
		out.free = t.Price.V == 0 || t.Group.V == 0
		add(TermCall, 1, product(1, t.Price.V, cur.QuotaPerUnit(), t.Group.V), Factor{"price", t.Price.V}, groupFactor)
	} else {
		out.free = t.Model.V == 0 || t.Group.V == 0
		out.tokens(c, t, add, product)
	}
	for _, p := range c.Billing.Parts {
		per := int64(0)
		switch p.Kind {
		case TermWebSearch, TermFileSearch:
			per = 1000
		case TermService:
			per = 1
		case TermAudioInput:
			per = 1_000_000
		}
		if per == 0 {
			continue
		}
		exact := new(big.Rat).Mul(product(p.Count, p.Price), big.NewRat(1, per))
		add(p.Kind, p.Count, exact.Mul(exact, group).Mul(exact, unit), Factor{"price", p.Price}, groupFactor)
	}
	return out
}

// tokens adds the terms of tokens: what is priced apart is taken from the
// prompt, unless the row counts it beside.
func (out *charge) tokens(c *Call, t Tariff, add func(TermKind, int64, *big.Rat, ...Factor), product func(int64, ...float64) *big.Rat) {
	base := []Factor{{"model", t.Model.V}, {"group", t.Group.V}}
	term := func(kind TermKind, count int64, more ...Factor) {
		factors := slices.Concat(base, more)
		values := make([]float64, len(factors))
		for i, f := range factors {
			values[i] = f.Value
		}
		add(kind, count, product(count, values...), factors...)
	}
	parts := c.Billing.Parts
	if slices.ContainsFunc(parts, func(p Part) bool { return p.Kind.audio() }) {
		for _, p := range parts {
			switch p.Kind {
			case TermTextIn:
				term(p.Kind, p.Count)
			case TermTextOut:
				term(p.Kind, p.Count, Factor{"completion", t.Completion.V})
			case TermAudioIn:
				term(p.Kind, p.Count, Factor{"audio", t.Audio.V})
			case TermAudioOut:
				term(p.Kind, p.Count, Factor{"audio", t.Audio.V}, Factor{"audio_completion", t.AudioOut.Or(1)})
			}
		}
		return
	}
	prompt := c.Prompt
	if !t.CacheApart {
		prompt -= c.Cached.V
	}
	for _, p := range parts {
		switch p.Kind {
		case TermCacheWrite:
			if !t.CacheApart {
				prompt -= p.Count
			}
		case TermImage, TermAudioInput:
			prompt -= p.Count
		}
	}
	term(TermPrompt, max(0, prompt))
	if c.Cached.V > 0 {
		term(TermCacheRead, c.Cached.V, Factor{"cache", t.Cache.V})
	}
	for _, p := range parts {
		if p.Kind == TermCacheWrite || p.Kind == TermImage {
			term(p.Kind, p.Count, Factor{"ratio", p.Ratio})
		}
	}
	if c.Completion > 0 {
		term(TermCompletion, c.Completion, Factor{"completion", t.Completion.V})
	}
}

// oneHubTerms follows one-hub in floating point: its roundings within a charge
// are part of it.
func oneHubTerms(c *Call, t Tariff, cur Currency) charge {
	in, answer := t.Input.V*t.Group.V, t.Output.V*t.Group.V
	var out charge
	add := func(kind TermKind, name string, count int64, q float64, factors ...Factor) {
		exact := new(big.Rat)
		exact.SetFloat64(q)
		out.amounts = append(out.amounts, amount{Term{Kind: kind, Name: name, Count: count, Factors: factors}, exact})
	}
	prompt, completion := c.Prompt, c.Completion
	type extra struct {
		Part
		more int64
	}
	var extras []extra
	services := 0.0
	for _, p := range c.Billing.Parts {
		switch p.Kind {
		case TermExtra:
			more := int64(float64(p.Count) * (p.Ratio - 1))
			if p.Answer {
				completion += more
			} else {
				prompt += more
			}
			if more != 0 {
				extras = append(extras, extra{p, more})
			}
		case TermService:
			services += math.Ceil(p.Price*cur.QuotaPerUnit()) * float64(p.Count)
		}
	}
	out.free = in == 0
	out.unused = prompt+completion == 0
	group := Factor{"group", t.Group.V}
	if t.PerCall {
		add(TermCall, "", 1, math.Trunc(1000*in), Factor{"input", t.Input.V}, group)
	} else {
		// The sum is taken in one, as one-hub does: three products and a sum can
		// differ from it in the last bit, and a bit decides what is rounded up.
		whole := math.Ceil(float64(prompt)*in + float64(completion)*answer)
		rest := whole
		part := func(kind TermKind, name string, count, tokens int64, per float64, factors ...Factor) {
			q := math.Floor(float64(tokens) * per)
			rest -= q
			add(kind, name, count, q, append(factors, group)...)
		}
		if completion != 0 {
			part(TermCompletion, "", c.Completion, c.Completion, answer, Factor{"output", t.Output.V})
		}
		for _, x := range extras {
			per, name := in, Factor{"input", t.Input.V}
			if x.Answer {
				per, name = answer, Factor{"output", t.Output.V}
			}
			part(TermExtra, x.Name, x.Count, x.more, per, name, Factor{"ratio", x.Ratio})
		}
		add(TermPrompt, "", c.Prompt, rest, Factor{"input", t.Input.V}, group)
		last := len(out.amounts) - 1
		out.amounts = slices.Insert(out.amounts[:last], 0, out.amounts[last])
	}
	if services > 0 {
		add(TermService, "", 1, math.Ceil(services*t.Group.V), group)
	}
	return out
}

// explainOneAPI works with ratios of two decimals: the charge must lie within
// what they can mean.
func explainOneAPI(c *Call, t Tariff) Explanation {
	whole := func(model, group, completion float64) Quota {
		// In this order in floating point, as one-api multiplies.
		return Quota(math.Ceil((float64(c.Prompt) + float64(c.Completion)*completion) * (model * group)))
	}
	var all charge
	all.unused = c.Prompt+c.Completion == 0
	all.free = t.Model.V*t.Group.V == 0 && !t.Rounded
	sum := whole(t.Model.V, t.Group.V, t.Completion.V)
	prompt := Quota(math.Floor(float64(c.Prompt) * (t.Model.V * t.Group.V)))
	base := []Factor{{"model", t.Model.V}, {"group", t.Group.V}}
	line := func(kind TermKind, count int64, q Quota, factors []Factor) {
		all.amounts = append(all.amounts, amount{Term{Kind: kind, Count: count, Factors: factors}, new(big.Rat).SetInt64(int64(q))})
	}
	if c.Completion == 0 {
		prompt = sum
	}
	line(TermPrompt, c.Prompt, prompt, base)
	if c.Completion > 0 {
		line(TermCompletion, c.Completion, sum-prompt, slices.Concat(base, []Factor{{"completion", t.Completion.V}}))
	}
	e := settle(c, all, roundUp64)
	if e.State == ExplainExact || !t.Rounded {
		return e
	}
	const half = 0.005
	low := whole(max(0, t.Model.V-half), max(0, t.Group.V-half), max(0, t.Completion.V-half))
	high := whole(t.Model.V+half, t.Group.V+half, t.Completion.V+half)
	if c.Quota < low || c.Quota > max(1, high) {
		return e
	}
	e.State, e.Untold = ExplainRounded, "model"
	e.Terms = append(e.Terms, Term{Kind: TermRoundedAway, Quota: e.Gap})
	e.Sum, e.Gap = c.Quota, 0
	if tokens := (float64(c.Prompt) + float64(c.Completion)*t.Completion.V) * t.Group.V; tokens > 0 {
		e.Low, e.High = Some(float64(c.Quota-1)/tokens), Some(float64(c.Quota)/tokens)
	}
	return e
}
