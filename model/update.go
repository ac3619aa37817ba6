package model

import "time"

// Scope says whose calls are meant. Accounting is per scope and never mixed.
type Scope uint8

// The scopes.
const (
	ScopeSelf Scope = iota // the account's own
	ScopeSite              // the whole site, for administrators
)

// Update is one poll's outcome, the only message that enters a State.
type Update struct {
	Gateway string
	Source  Source
	// At is when the answer was complete, on the local clock; Took how long it
	// took.
	At   time.Time
	Took time.Duration
	// Every is the interval now in force for the source.
	Every time.Duration
	Err   error
	// Payload is one of the types below, nil on an error.
	Payload any
	Pace    Pace
	// Skew is the gateway's clock minus ours, unknown until it answered once.
	Skew Opt[time.Duration]
}

// Found is the payload of a detection: how the gateway is to be spoken to.
type Found struct{ Dialect, Why string }

// Keys is the payload of SourceKeys: all keys of the account.
type Keys []APIKey

// CallsRead is the payload of SourceCalls: a span of the log that was read
// whole, with all its rows.
type CallsRead struct {
	Scope Scope
	Span  Span
	Calls []Call
	// ReadAt is the second of the reading on the gateway's clock.
	ReadAt int64
	// Told says that the gateway tells how many rows a span has, so that a
	// missing row would have been noticed.
	Told bool
}

// Final is the part of the span that was read when it was old enough to hold, empty
// where there is none.
func (p CallsRead) Final() CallsRead {
	p.Span = p.Span.Meet(Span{p.Span.From, p.ReadAt - settleAfter})
	var rows []Call
	for i := range p.Calls {
		if p.Span.Has(p.Calls[i].At) {
			rows = append(rows, p.Calls[i])
		}
	}
	p.Calls = rows
	return p
}

// CallsCount is a payload of SourceCalls: how many consume rows the gateway
// says a span has.
type CallsCount struct {
	Scope Scope
	Span  Span
	Calls int64
}

// CallsForgot is a payload of SourceCalls: what was read of a span holds no
// longer, because the gateway's clock was set back.
type CallsForgot struct {
	Scope Scope
	Span  Span
}

// SpanTotal is a payload of SourceRates: the gateway's own sum over a span, and
// the rates it reports beside it.
type SpanTotal struct {
	Scope Scope
	Span  Span
	Quota Quota
	// RPM and TPM are requests and tokens of the last 60 s (new-api, Veloera,
	// Shell-API); MPM is quota per minute (Shell-API).
	RPM, TPM Opt[int64]
	MPM      Opt[Quota]
	// At is when it was told, on the local clock; Apply fills it.
	At time.Time
}

// HourTotal is a payload of SourceRates: the gateway's own sum over one hour of a
// day, or over its beginning while it is not over.
type HourTotal struct {
	Scope Scope
	Span  Span
	Quota Quota
}

// DayTotal is a payload of SourceRates: the gateway's own sum over a day of the
// chosen zone that is over. It is asked for once and kept for ever.
type DayTotal struct {
	Scope Scope
	Span  Span
	Quota Quota
}

// Periods is a payload of SourceDays: the gateway's own usage per model and
// hour or UTC day, over a span. What the span held before is replaced.
type Periods struct {
	Scope Scope
	Span  Span
	// Step is the length of a period in seconds: 3,600 or 86,400.
	Step  int64
	Usage []PeriodUsage
}

// Tells reports whether an hour is one of the periods, and complete.
func (p Periods) Tells(hour Span) bool {
	return p.Step == 3600 && hour.From%3600 == 0 && hour.Seconds() == 3600 &&
		hour.From >= p.Span.From && hour.To+Flushed <= p.Span.To
}

// Channels is the payload of SourceChannels: all upstream channels of the site.
type Channels []Channel

// Want is what the screen needs next of a gateway.
type Want struct {
	Gateway string
	Scope   Scope
	// Window is the time on the screen.
	Window Window
	// Reread is a part of the log whose calls do not add up to the gateway's own
	// sum, to be read once more; empty for none.
	Reread Span
	// Channels is set while the site's channels are on the screen, which
	// administrators have in the own scope too.
	Channels bool
}
