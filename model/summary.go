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
	// From is "" where nothing was read.
	From Origin
	// Partial is set where the sums are those of a part of the window: they are at
	// least that much.
	Partial    bool
	Coverage   float64
	CoverageBy CoverageBy
}

// ModelUsage is one language model's share of a window.
type ModelUsage struct {
	Model string
	Tally
	// Errors is unknown where the gateway logs none; it shadows the tally's.
	Errors Opt[int64]
	Performance
	// CallsKnown is false where the gateway's aggregate tells only money.
	CallsKnown bool
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
	// Errors is unknown where the gateway logs none.
	Errors Opt[int64]
	Performance
}

// ErrorRate is the share of attempts that failed, unknown with the errors.
func (k KeyUsage) ErrorRate() Opt[float64] { return errorRate(k.Calls.V, k.Errors) }

// UserUsage is one user's share of a window.
type UserUsage struct {
	User string
	Tally
}

// OtherKey is usage that no listed key accounts for.
type OtherKey struct {
	Name  string
	Calls int64
	Spent Quota
}

// Spender is one key × model and what it spent; of the whole site, one user ×
// model.
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
	// rows is set where the window was counted from the log's rows, past where it was
	// counted by our own history.
	rows, past bool

	Totals Totals
	// PerMinute is the quota per minute over the window.
	PerMinute Opt[float64]
	RPM, TPM  Rate
	// MPM is quota per minute over the last 60 s.
	MPM Rate
	// Trend says whether spending gets faster; see TrendOf.
	Trend     Opt[Trend]
	ErrorRate Opt[float64]
	// SplitFrom says where the figures per model, key and user come from.
	SplitFrom Origin
	// SplitSpan is the time that they speak of, where that is not Span: the gateway's
	// own days can be fewer, or others than those of the chosen zone, which SplitUTC
	// says.
	SplitSpan Opt[Span]
	SplitUTC  bool
	Models    []ModelUsage
	Keys      []KeyUsage
	Others    []OtherKey
	// Users is who spent on the whole site, most first; empty in the own scope.
	Users []UserUsage
	// Now is who spent in NowSpan, the last 5 minutes, most first.
	Now        []Spender
	NowSpan    Span
	NowCovered float64
	Series     []Point
	Today      Today
	// Paces is the spend per minute over 1 min, 15 min and 1 h; see SpendRates.
	Paces     [3]Opt[float64]
	Forecast  Forecast
	Reconcile Reconcile
}

// nowWindow is the length of "spending now" in seconds.
const nowWindow = 300

// logAge is how old the end of the log may be, beyond its interval, before the
// window moves on without it.
const logAge = 90 * time.Second

// windowEnd is the last second that the window speaks of: that of the log as far
// as it was read, or the gateway's own time when the log is too old to speak of
// now.
func windowEnd(s State) int64 {
	now := s.ServerNow() - Lag
	end := s.Book().Ledger.End()
	limit := max(logAge, 2*s.Sources[SourceCalls].Every+30*time.Second)
	if end.OK && now-end.V <= int64(limit/time.Second) {
		return end.V
	}
	return now
}

// Summarise derives everything for a window from s, with days in zone.
func Summarise(s State, w Window, zone *time.Location) Summary {
	span := w.SpanAt(windowEnd(s), zone)
	if b := s.Book(); w.Counted() && !b.Ledger.Covers(span) {
		// The gateway's own sum stands for what was not read: then the window is the
		// one that it was asked about, and not an older sum the window's.
		span = b.askedSpan(span)
	}
	return SummariseSpan(s, w, span, zone)
}

// SummariseSpan is Summarise for a span that is already fixed.
func SummariseSpan(s State, w Window, span Span, zone *time.Location) Summary {
	b := s.Book()
	sum := Summary{Window: w, Span: span}
	// A day that has just begun was read as a whole.
	sum.rows = w.Counted() || w.Calendar != CalendarNone && b.Ledger.Covers(span)
	switch {
	case sum.rows:
		sum.counted(s)
	case b.remembers(span):
		sum.remembered(s)
	default:
		sum.aggregated(s, zone)
	}
	sum.NowSpan = Span{span.To - nowWindow + 1, span.To}
	sum.Now = Spenders(s, sum.NowSpan)
	sum.NowCovered = b.Ledger.Share(sum.NowSpan)
	sum.rates(s)
	sum.Trend = TrendOf(s)
	sum.Today = today(b, span.To, zone)
	sum.Paces[0], sum.Paces[1], sum.Paces[2] = SpendRates(s)
	sum.Forecast = forecast(s, sum)
	sum.Reconcile = ReconcileNow(s)
	if sum.rows && sum.Totals.Coverage < 1 && sum.Reconcile.State == ReconcileMatch {
		// An older span adds up, but not all of the window was read.
		sum.Reconcile.State = ReconcilePartial
		if s.starved() {
			sum.Reconcile.Cause = CauseBudget
		}
	}
	return sum
}

// Wider reports whether the window's label does not tell when it began: it
// follows the calendar, or had to be widened to whole hours or days.
func (sum Summary) Wider() bool {
	return sum.Window.Calendar != CalendarNone || sum.Span.Seconds() > int64(sum.Window.Length/time.Second)
}

// Counted reports whether the figures of the window were counted call by call, so
// that keys, errors and durations are known.
func (sum Summary) Counted() bool { return sum.rows || sum.past }

// counted fills the window from the rows that were read.
func (sum *Summary) counted(s State) {
	b, span := s.Book(), sum.Span
	all := sum.split(s, b, b.Ledger.Covers(span))
	sum.Totals = totals(b, span, all)
	sum.Series = series(b, span, sum.Window.Calendar != CalendarNone)
	if s.Scope == ScopeSelf && s.Sources[SourceCalls].Fault.Kind == FaultUnsupported {
		sum.derived(s)
		return
	}
	sum.ErrorRate = errorRate(all.Calls, sum.Totals.Errors)
	if q := sum.Totals.Quota; q.OK {
		seconds := span.Seconds()
		if sum.Totals.From == FromSampled {
			seconds = b.Ledger.Settled(span).Seconds()
		}
		sum.PerMinute = rateOver(q.V, seconds)
	}
}

// eachCell hands over the window's usage per user × key × language model; some come
// more than once.
func (sum Summary) eachCell(s State, f func(*Cell)) {
	b, span := s.Book(), sum.Span
	if sum.past {
		for i := range b.Past.Cells {
			f(&b.Past.Cells[i])
		}
		span.From = b.Past.Span.To + 1
	}
	b.Usage.eachCell(span, b.Calls, f)
}

// split fills the figures per model, key and user, which are of the whole window
// where whole is set, and returns their sum.
func (sum *Summary) split(s State, b Book, whole bool) (all Tally) {
	byModel, byKey, byUser := shares[string]{}, shares[KeyRef]{}, map[string]Tally{}
	own := s.Scope == ScopeSelf
	sum.eachCell(s, func(c *Cell) {
		all.add(&c.Tally)
		byModel.add(c.Model, c)
		if own {
			byKey.add(c.Key, c)
		} else {
			addTo(byUser, c.User, &c.Tally)
		}
	})
	sum.SplitFrom = FromSampled
	if whole {
		sum.SplitFrom = FromCounted
	}
	sum.Models = modelUsage(byModel, b.ErrorsSeen)
	if own {
		// Of the whole site, keys of different users share their names.
		sum.Keys, sum.Others = keyUsage(s.Keys.V, byKey, b, whole)
	}
	sum.Users = userUsage(byUser)
	return all
}

// rateOver is a rate per minute over some seconds, unknown over none.
func rateOver(q Quota, seconds int64) Opt[float64] {
	if seconds <= 0 {
		return Opt[float64]{}
	}
	return Some(float64(q) / float64(seconds) * 60)
}

func modelUsage(byModel shares[string], errorsSeen bool) []ModelUsage {
	out := make([]ModelUsage, 0, len(byModel))
	var room distSum
	for name, one := range byModel {
		m := ModelUsage{Model: name, Tally: one.Tally, CallsKnown: true, TokensKnown: true}
		if errorsSeen {
			m.Errors = Some(m.Tally.Errors)
		}
		m.Performance = performance(one.cells, &one.Tally, &room)
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
