package model

import (
	"cmp"
	"slices"
	"time"
)

// Origin says where a number comes from. Every number on the screen has one.
type Origin string

// The origins, in the report's words.
const (
	FromGateway Origin = "gateway" // the gateway said so
	FromCounted Origin = "counted" // added up from its log
	FromDerived Origin = "derived" // from the difference of two readings
	FromSampled Origin = "sampled" // counted from a part of the log; see Coverage
)

// CoverageBy says what a coverage is a share of.
type CoverageBy string

// The measures of coverage, best first.
const (
	ByCalls CoverageBy = "calls"
	ByQuota CoverageBy = "quota"
	ByTime  CoverageBy = "time"
)

// Rate is a number per minute and where it comes from.
type Rate struct {
	Value Opt[float64]
	From  Origin
}

// Totals are the sums of a window. Unknown parts are unknown, not partial.
type Totals struct {
	Calls, Errors      Opt[int64]
	Quota              Opt[Quota]
	Refunded           Opt[Quota]
	Prompt, Completion Opt[int64]
	Cached             Opt[int64]
	From               Origin
	Coverage           float64
	CoverageBy         CoverageBy
}

// ModelUsage is one language model's share of a window.
type ModelUsage struct {
	Model string
	Tally
	// Errors is unknown where the gateway logs none; it shadows the tally's.
	Errors                       Opt[int64]
	P50, P95                     Opt[time.Duration]
	FirstTokenP50, FirstTokenP95 Opt[time.Duration]
	// Coarse is set when durations are whole seconds.
	Coarse bool
	// TokensKnown is false where the gateway's aggregate does not split tokens.
	TokensKnown bool
}

// ErrorRate is the share of attempts that failed, unknown with the errors.
func (m ModelUsage) ErrorRate() Opt[float64] { return errorRate(m.Calls, m.Errors) }

func errorRate(calls int64, errs Opt[int64]) Opt[float64] {
	if !errs.OK || calls+errs.V == 0 {
		return Opt[float64]{}
	}
	return Some(float64(errs.V) / float64(calls+errs.V))
}

// KeyUsage is one key's share of a window. Window figures are unknown for keys
// that share a name on a gateway whose rows carry no key id.
type KeyUsage struct {
	APIKey
	Calls Opt[int64]
	Spent Opt[Quota]
}

// OtherKey is usage that no listed key accounts for.
type OtherKey struct {
	Name  string
	Calls int64
	Spent Quota
}

// Spender is one key × model and what it spent.
type Spender struct {
	Key   KeyRef
	Model string
	User  string
	Tally
}

// Point is one column of the spend chart.
type Point struct {
	// At is the first second of the column, Seconds its length.
	At, Seconds int64
	// PerMinute is quota per minute, unknown where nothing was read.
	PerMinute Opt[float64]
}

// Summary is everything derived from a State for one window, computed once per
// drawn frame at most.
type Summary struct {
	Window Window
	Span   Span
	Totals Totals
	// PerMinute is the quota per minute over the window.
	PerMinute Opt[float64]
	RPM, TPM  Rate
	// MPM is quota per minute over the last 60 s.
	MPM Rate
	// Accel is the spend of the last 5 minutes over that of the window, as a
	// factor; unknown where the latest minute is no faster than the window.
	Accel     Opt[float64]
	ErrorRate Opt[float64]
	Models    []ModelUsage
	Keys      []KeyUsage
	Others    []OtherKey
	// Now is who spent in NowSpan, the last 5 minutes, most first.
	Now        []Spender
	NowSpan    Span
	NowCovered float64
	Series     []Point
	Today      Today
	Forecast   Forecast
	Reconcile  Reconcile
}

// Today is the spend since midnight in the chosen zone.
type Today struct {
	// Quota is unknown until every hour of the day was asked for; AtLeast is what
	// is known by then.
	Quota   Opt[Quota]
	AtLeast Quota
	From    Origin
}

// nowWindow is the length of "spending now" in seconds.
const nowWindow = 300

// Summarise derives everything for a window from s, with days in zone.
func Summarise(s State, w Window, zone *time.Location) Summary {
	b := s.Self
	to := s.ServerNow() - Lag
	if end := b.Ledger.End(); end.OK {
		to = end.V
	}
	return SummariseSpan(s, w, w.Ending(to), zone)
}

// SummariseSpan is Summarise for a span that is already fixed.
func SummariseSpan(s State, w Window, span Span, zone *time.Location) Summary {
	b := s.Self
	sum := Summary{Window: w, Span: span}
	if w.Counted() {
		sum.counted(s)
	} else {
		sum.aggregated(s)
	}
	sum.Now, sum.NowSpan = spenders(b, Span{span.To - nowWindow + 1, span.To})
	sum.NowCovered = b.Ledger.Share(sum.NowSpan)
	sum.rates(s)
	if w.Counted() {
		sum.accelerate(b)
	}
	sum.Today = today(b, span.To, zone)
	sum.Forecast = forecast(s, sum)
	sum.Reconcile = reconcile(b)
	return sum
}

// counted fills the window from the rows that were read.
func (sum *Summary) counted(s State) {
	b, span := s.Self, sum.Span
	byModel := map[string][]*Cell{}
	byKey := map[KeyRef]Tally{}
	var all Tally
	b.Usage.eachCell(span, b.Calls, func(c *Cell) {
		all.add(&c.Tally)
		byModel[c.Model] = append(byModel[c.Model], c)
		t := byKey[c.Key]
		t.add(&c.Tally)
		byKey[c.Key] = t
	})
	sum.Models = modelUsage(byModel, b.ErrorsSeen)
	sum.Keys, sum.Others = keyUsage(s.Keys.V, byKey, b.KeyIDs)
	sum.Totals = totals(b, span, all)
	sum.Series = series(b, span)
	sum.ErrorRate = errorRate(all.Calls, sum.Totals.Errors)
	if q := sum.Totals.Quota; q.OK {
		sum.PerMinute = Some(float64(q.V) / float64(span.Seconds()) * 60)
	}
}

// accelerate compares the last five minutes with the window. A burst that is
// over by the latest minute is no haste any more.
func (sum *Summary) accelerate(b Book) {
	recent := Span{sum.Span.To - nowWindow + 1, sum.Span.To}
	usual := sum.PerMinute.V
	if usual <= 0 || sum.MPM.Value.V < usual || !b.Ledger.Covers(recent) || sum.Span.Seconds() <= 2*nowWindow {
		return
	}
	now := b.Usage.tally(recent, b.Calls)
	sum.Accel = Some(float64(now.Quota) / nowWindow * 60 / usual)
}

// totals says what is known of a span: counted when it was read whole, else the
// gateway's own sum, else what was seen, as a sample.
func totals(b Book, span Span, all Tally) Totals {
	t := Totals{Coverage: b.Ledger.Share(span), CoverageBy: ByTime}
	if b.Ledger.Covers(span) {
		t.From, t.Coverage = FromCounted, 1
		t.fill(all, b.ErrorsSeen)
		switch {
		case b.Told:
			t.CoverageBy = ByCalls
		case len(b.Totals) > 0:
			t.CoverageBy = ByQuota
		}
		return t
	}
	total, told := b.totalOf(span)
	count := b.Count.OK && b.Count.V.Span == span
	switch {
	case count && b.Count.V.Calls > 0:
		t.Coverage, t.CoverageBy = min(1, float64(all.Calls)/float64(b.Count.V.Calls)), ByCalls
	case told && total > 0:
		t.Coverage, t.CoverageBy = min(1, max(0, float64(all.Quota)/float64(total))), ByQuota
	}
	if told {
		t.From, t.Quota = FromGateway, Some(total)
		if count {
			t.Calls = Some(b.Count.V.Calls)
		}
		return t
	}
	t.From = FromSampled
	if b.Ledger.End().OK {
		t.fill(all, b.ErrorsSeen)
	}
	return t
}

func (t *Totals) fill(all Tally, errorsSeen bool) {
	t.Calls, t.Quota, t.Refunded = Some(all.Calls), Some(all.Quota), Some(all.Refunded)
	t.Prompt, t.Completion = Some(all.Prompt), Some(all.Completion)
	if all.CachedOf > 0 {
		t.Cached = Some(all.Cached)
	}
	if errorsSeen {
		t.Errors = Some(all.Errors)
	}
}

// totalOf returns the gateway's own sum over about span: the same length, and
// its end at most a minute away, since the sums arrive a little apart from the
// rows.
func (b Book) totalOf(span Span) (Quota, bool) {
	for i := len(b.Totals) - 1; i >= 0; i-- {
		t := b.Totals[i]
		if t.Span.Seconds() == span.Seconds() && t.Span.To <= span.To+60 && t.Span.To >= span.To-60 {
			return t.Quota, true
		}
	}
	return 0, false
}

func modelUsage(byModel map[string][]*Cell, errorsSeen bool) []ModelUsage {
	out := make([]ModelUsage, 0, len(byModel))
	var sum distSum
	for name, cells := range byModel {
		m := ModelUsage{Model: name, TokensKnown: true}
		for _, c := range cells {
			m.add(&c.Tally)
			m.Coarse = m.Coarse || c.Coarse
		}
		if errorsSeen {
			m.Errors = Some(m.Tally.Errors)
		}
		sum.reset()
		for _, c := range cells {
			sum.merge(c.Took)
		}
		q := sum.quantiles(0.5, 0.95)
		m.P50, m.P95 = q[0], q[1]
		sum.reset()
		for _, c := range cells {
			sum.merge(c.FirstToken)
		}
		q = sum.quantiles(0.5, 0.95)
		m.FirstTokenP50, m.FirstTokenP95 = q[0], q[1]
		out = append(out, m)
	}
	sortModels(out)
	return out
}

// sortModels puts the most expensive model first.
func sortModels(models []ModelUsage) {
	slices.SortFunc(models, func(a, b ModelUsage) int {
		return cmp.Or(cmp.Compare(b.Quota, a.Quota), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Model, b.Model))
	})
}

// keyUsage shares the window's usage out among the listed keys: by id where
// rows carry one, else by name. Keys and others together add up to the total.
func keyUsage(keys []APIKey, byKey map[KeyRef]Tally, ids bool) ([]KeyUsage, []OtherKey) {
	named := map[string]int{}
	for _, k := range keys {
		named[k.Name]++
	}
	taken := map[KeyRef]bool{}
	out := make([]KeyUsage, 0, len(keys))
	for _, k := range keys {
		u := KeyUsage{APIKey: k}
		if ids || named[k.Name] == 1 {
			var t Tally
			for ref, part := range byKey {
				if (ids && ref.ID == k.ID) || (!ids && ref.Name == k.Name) {
					t.add(&part)
					taken[ref] = true
				}
			}
			u.Calls, u.Spent = Some(t.Calls), Some(t.Quota)
		}
		out = append(out, u)
	}
	rest := map[string]OtherKey{}
	for ref, t := range byKey {
		if taken[ref] || (t.Calls == 0 && t.Quota == 0) {
			continue
		}
		o := rest[ref.Name]
		o.Name, o.Calls, o.Spent = ref.Name, o.Calls+t.Calls, o.Spent+t.Quota
		rest[ref.Name] = o
	}
	others := make([]OtherKey, 0, len(rest))
	for _, o := range rest {
		others = append(others, o)
	}
	slices.SortFunc(others, func(a, b OtherKey) int {
		return cmp.Or(cmp.Compare(b.Spent, a.Spent), cmp.Compare(a.Name, b.Name))
	})
	return out, others
}

// spenders returns who spent in span, most first.
func spenders(b Book, span Span) ([]Spender, Span) {
	type id struct {
		key   KeyRef
		model string
	}
	at := map[id]int{}
	var out []Spender
	b.Usage.eachCell(span, b.Calls, func(c *Cell) {
		k := id{c.Key, c.Model}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, Spender{Key: c.Key, Model: c.Model, User: c.User})
		}
		out[i].add(&c.Tally)
	})
	slices.SortFunc(out, func(a, b Spender) int {
		return cmp.Or(cmp.Compare(b.Quota, a.Quota), cmp.Compare(b.Calls, a.Calls),
			cmp.Compare(a.Key.Name, b.Key.Name), cmp.Compare(a.Model, b.Model))
	})
	return out, span
}

// Spenders returns who spent in span, most first. The rows must still be in
// memory: see Keep.
func Spenders(s State, span Span) []Spender {
	out, _ := spenders(s.Self, span)
	return out
}

// today adds up the hours of the day: the gateway's sum for each, and for the
// running one what was counted after the gateway was last asked.
func today(b Book, to int64, zone *time.Location) Today {
	t := Today{From: FromGateway}
	known := true
	for _, hour := range HourSpans(time.Unix(to, 0).In(zone), to) {
		q, ok := b.hour(hour)
		t.AtLeast += q
		known = known && ok
	}
	if known {
		t.Quota = Some(t.AtLeast)
	}
	return t
}

// hour returns the spend of one hour, or as much as is known of it.
func (b Book) hour(hour Span) (Quota, bool) {
	var have Opt[HourTotal]
	for _, h := range b.Hours {
		if h.Span.From == hour.From {
			have = Some(h)
		}
	}
	if b.Ledger.Covers(hour) {
		return b.Usage.tally(hour, b.Calls).Quota, true
	}
	if !have.OK {
		return b.hourOfPeriods(hour)
	}
	if have.V.Span.To >= hour.To {
		return have.V.Quota, true
	}
	rest := Span{have.V.Span.To + 1, hour.To}
	if !b.Ledger.Covers(rest) {
		// Without the rows the gateway's last sum stands, if it is fresh.
		return have.V.Quota, rest.Seconds() <= 60
	}
	return have.V.Quota + b.Usage.tally(rest, b.Calls).Quota, true
}

// flushed is how old, in seconds, an hour must be for the gateway's usage per
// hour to be complete: new-api writes it every five minutes.
const flushed = 600

// hourOfPeriods is the spend of a past hour from the gateway's usage per hour,
// for the hours that it was not asked for one by one.
func (b Book) hourOfPeriods(hour Span) (Quota, bool) {
	if len(b.Periods) == 0 || !b.Periods[0].Hourly() || hour.From%3600 != 0 || hour.Seconds() != 3600 ||
		hour.From < b.PeriodSpan.From || hour.To+flushed > b.PeriodSpan.To {
		return 0, false
	}
	var q Quota
	for _, p := range b.Periods {
		if p.From == hour.From {
			q += p.Quota
		}
	}
	return q, true
}
