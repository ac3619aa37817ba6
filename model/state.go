package model

import (
	"slices"
	"time"
)

// Keep is how long the rows of the log are kept in memory: the longest window
// that is counted from rows, the time that a gateway's usage per hour lags
// behind, and room for the last re-reading.
const Keep = 75 * time.Minute

// maxCalls bounds the rows in memory. What is dropped beyond it is no longer
// covered, and the coverage says so.
const maxCalls = 200_000

// Book is the accounting of one scope of one gateway.
type Book struct {
	Calls  CallLog
	Usage  Rollup
	Ledger Ledger
	// Totals are the newest sums that the gateway itself gave, newest last.
	Totals []SpanTotal
	// TotalsAt is when the newest arrived, on the local clock.
	TotalsAt time.Time
	// Hours are the gateway's sums of the hours of today and yesterday, Days those of
	// days before.
	Hours []HourTotal
	Days  []DayTotal
	// Count is how many consume rows the gateway says a span has.
	Count Opt[CallsCount]
	// Periods are the gateway's sums per model and hour or UTC day over
	// PeriodSpan; PeriodStep is the length of a period in seconds, 0 before the
	// first answer.
	Periods    []PeriodUsage
	PeriodSpan Span
	PeriodStep int64
	// Past is what our own history holds of a long window, the zero Past for nothing.
	Past Past
	// Usuals is what the last days were like, by idOf.
	Usuals map[uint64]UsualCell
	// ErrorsSeen is set once a failure row was read: until then the number of
	// errors is unknown, since most gateways log none.
	ErrorsSeen bool
	// KeyIDs is set once a row carried a key id.
	KeyIDs bool
	// Told is set where the gateway tells how many rows a span has.
	Told bool
}

// State is all that is known of one gateway. It is a value: Apply returns a new
// one that shares what did not change.
type State struct {
	Gateway Gateway
	// Now is the local time of the last update or tick.
	Now     time.Time
	Skew    Opt[time.Duration]
	Status  Opt[Status]
	Account Opt[Account]
	// Balances are the balance samples of the last Keep, oldest first.
	Balances []BalanceSample
	Keys     Opt[[]APIKey]
	Details  Opt[Details]
	// Channels are the upstreams of the site, for administrators; on opencatd the
	// provider keys.
	Channels Opt[Channels]
	Self     Book
	// Site is the accounting of the whole site, for administrators.
	Site Book
	// Scope is the one that the screen shows.
	Scope   Scope
	Sources [numSources]SourceState
	// elsewhere is how the sources did in the scope that is not on the screen.
	elsewhere [numSources]SourceState
	Pace      Pace
	// Version rises with every change, so that what was drawn can be kept.
	Version uint64
}

// Book returns the accounting of the scope on the screen.
func (s State) Book() Book {
	if s.Scope == ScopeSite {
		return s.Site
	}
	return s.Self
}

// book is the accounting of that scope, to change.
func (s *State) book(scope Scope) *Book {
	if scope == ScopeSite {
		return &s.Site
	}
	return &s.Self
}

// SumsOnly reports whether the gateway keeps neither a balance nor a log, only
// what each of its users spent a day (opencatd). Its amounts are in a currency,
// and the unit they are counted in here is ours.
func (s State) SumsOnly() bool {
	return s.Account.OK && !s.Account.V.Quota.OK && s.Gateway.Dialect == "opencatd"
}

// Currency returns how the gateway shows its quota: dollars until it has said, and
// raw quota where it could not be asked.
func (s State) Currency() Currency {
	if !s.Status.OK && s.Sources[SourceStatus].Fault.Kind != FaultNone {
		return Currency{Code: "TOKENS"}
	}
	return s.Status.V.Currency
}

// ServerNow returns the gateway's own second at the local time Now.
func (s State) ServerNow() int64 { return s.Now.Add(s.Skew.V).Unix() }

// Tick returns the state at now.
func (s State) Tick(now time.Time) State {
	s.Now = now
	return s
}

// Apply folds one update in. A failed update changes only the source's health:
// an error never removes data.
func (s State) Apply(u Update) State {
	s.Version++
	if p, ok := u.Payload.(Usuals); ok {
		s.book(p.Scope).Usuals = p.byID()
		return s
	}
	if p, ok := u.Payload.(Past); ok {
		s.book(p.Scope).Past = p // from our own history: no gateway was asked
		return s
	}
	s.Now = u.At
	s.Pace = u.Pace
	if u.Skew.OK {
		s.Skew = u.Skew
	}
	if u.Payload == nil && u.Err == nil {
		return s
	}
	if f, ok := u.Payload.(Found); ok {
		s.Gateway.Dialect, s.Gateway.Why = f.Dialect, f.Why
		return s
	}
	s.Sources[u.Source] = s.Sources[u.Source].after(u)
	if u.Err != nil {
		return s
	}
	switch p := u.Payload.(type) {
	case Status:
		s.Status = Some(p)
	case Account:
		s.Account = Some(p)
		if p.Quota.OK && p.Used.OK {
			s.Balances = appendBalance(s.Balances, BalanceSample{u.At, p.Quota.V, p.Used.V})
		}
	case Keys:
		s.Keys = Some([]APIKey(p))
	case CallsRead:
		b := s.book(p.Scope)
		*b = b.read(p)
	case CallsCount:
		s.book(p.Scope).Count = Some(p)
	case CallsForgot:
		b := s.book(p.Scope)
		*b = b.forget(p.Span)
	case SpanTotal:
		p.At = u.At
		b := s.book(p.Scope)
		b.Totals = append(slices.Clone(b.Totals[max(0, len(b.Totals)-7):]), p)
		b.TotalsAt = u.At
	case HourTotal:
		b := s.book(p.Scope)
		b.Hours = foldHour(b.Hours, p)
	case DayTotal:
		b := s.book(p.Scope)
		b.Days = foldDay(b.Days, p)
	case Details:
		s.Details = Some(p)
	case Channels:
		s.Channels = Some(p)
	case Periods:
		b := s.book(p.Scope)
		b.Periods, b.PeriodSpan, b.PeriodStep = p.Usage, p.Span, p.Step
	}
	return s
}

func (st SourceState) after(u Update) SourceState {
	st.LastTry, st.Took, st.Every = u.At, u.Took, u.Every
	st.Fault = FaultOf(u.Err)
	if u.Err == nil {
		st.LastOK, st.Failures = u.At, 0
	} else {
		st.Failures++
	}
	return st
}

// read folds a span of the log that was read whole.
func (b Book) read(p CallsRead) Book {
	b.Calls = b.Calls.Replace(p.Span, p.Calls)
	b.Ledger = b.Ledger.Settle(p.Span, p.ReadAt)
	b.Usage = b.Usage.refresh(p.Span, b.Calls)
	b.Told = b.Told || p.Told
	for i := range p.Calls {
		b.ErrorsSeen = b.ErrorsSeen || p.Calls[i].Kind == KindError
		b.KeyIDs = b.KeyIDs || p.Calls[i].KeyID != 0
	}
	return b.trim()
}

// forget drops what is known of span.
func (b Book) forget(span Span) Book {
	b.Calls = b.Calls.Replace(span, nil)
	b.Ledger = b.Ledger.Unsettle(span)
	b.Usage = b.Usage.without(span, b.Calls)
	return b
}

// trim bounds what is kept in memory.
func (b Book) trim() Book {
	end := b.Ledger.End()
	if !end.OK {
		return b
	}
	from := end.V - int64(Keep/time.Second)
	old := from
	if extra := b.Calls.Len() - maxCalls; extra > 0 {
		// Whole chunks go, and the second at the cut with them: a second that is
		// kept in part is not known.
		seen := 0
		for _, c := range b.Calls.chunks {
			if seen += len(c); seen >= extra {
				from = max(from, c[len(c)-1].At+1)
				break
			}
		}
	}
	b.Calls = b.Calls.DropBefore(from)
	b.Usage = b.Usage.dropBefore(from)
	if from > old {
		b.Usage = b.Usage.refresh(Span{from, from}, b.Calls) // the minute that was cut
	}
	b.Ledger = b.Ledger.Forget(from)
	return b
}

func appendBalance(have []BalanceSample, s BalanceSample) []BalanceSample {
	cut := 0
	for cut < len(have) && s.At.Sub(have[cut].At) > Keep {
		cut++
	}
	return append(slices.Clone(have[cut:]), s)
}

// foldHour replaces what was known of an hour, by its first second, and drops
// what is more than two days old.
func foldHour(have []HourTotal, h HourTotal) []HourTotal {
	out := make([]HourTotal, 0, len(have)+1)
	for _, o := range have {
		if o.Span.From != h.Span.From && o.Span.From > h.Span.From-49*3600 {
			out = append(out, o)
		}
	}
	return append(out, h)
}

// keepDays is how long the sums of days are kept in memory, in seconds: a month and
// what it may be widened by.
const keepDays = 40 * 86400

// foldDay replaces what was known of a day, and drops what is too old for any
// window.
func foldDay(have []DayTotal, d DayTotal) []DayTotal {
	out := make([]DayTotal, 0, len(have)+1)
	for _, o := range have {
		if o.Span != d.Span && o.Span.From > d.Span.From-keepDays {
			out = append(out, o)
		}
	}
	return append(out, d)
}

// Fleet is every gateway's state, in the order of the config.
type Fleet struct {
	States []State
	// Current is the index of the gateway on the screen.
	Current int
}

// Apply folds an update into the gateway it names. An update for an unknown
// gateway changes nothing.
func (f Fleet) Apply(u Update) Fleet {
	i := f.Index(u.Gateway)
	if i < 0 {
		return f
	}
	f.States = slices.Clone(f.States)
	f.States[i] = f.States[i].Apply(u)
	return f
}

// Index is the position of the gateway with that name, -1 when there is none.
func (f Fleet) Index(name string) int {
	return slices.IndexFunc(f.States, func(s State) bool { return s.Gateway.Name == name })
}

// Tick sets the time of every state.
func (f Fleet) Tick(now time.Time) Fleet {
	f.States = slices.Clone(f.States)
	for i := range f.States {
		f.States[i] = f.States[i].Tick(now)
	}
	return f
}

// Show returns the fleet with gateway i in a scope.
func (f Fleet) Show(i int, scope Scope) Fleet {
	f.States = slices.Clone(f.States)
	s := &f.States[i]
	if s.Scope != scope {
		// How a source does is a matter of the scope that it was asked for.
		for _, src := range scoped {
			s.Sources[src], s.elsewhere[src] = s.elsewhere[src], s.Sources[src]
		}
	}
	s.Scope = scope
	s.Version++
	return f
}

// scoped are the sources that are asked for the scope on the screen.
var scoped = []Source{SourceCalls, SourceRates, SourceDays}
