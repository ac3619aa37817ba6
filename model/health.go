package model

import (
	"errors"
	"time"
)

// Source is one thing that is polled.
type Source uint8

// The sources, in the order in which they are shown.
const (
	SourceStatus   Source = iota // the public /api/status: units, version
	SourceAccount                // the balance
	SourceCalls                  // the log
	SourceRates                  // the gateway's own rpm, tpm and sums
	SourceKeys                   // the API keys
	SourceDays                   // usage per hour or day, today's spend
	SourceDetails                // subscriptions, the site's health
	SourceChannels               // the site's upstream channels, for administrators
	numSources
)

// Sources lists every source.
func Sources() []Source {
	return []Source{SourceStatus, SourceAccount, SourceCalls, SourceRates, SourceKeys, SourceDays, SourceDetails, SourceChannels}
}

// String returns the source's name, as the report and the config write it.
func (s Source) String() string {
	return [...]string{"status", "account", "calls", "rates", "keys", "days", "details", "channels"}[s]
}

// FaultKind says what went wrong with a request.
type FaultKind uint8

// The kinds of faults. They decide the health of a source and the exit code.
const (
	FaultNone         FaultKind = iota
	FaultNetwork                // no connection, no name, broken TLS
	FaultTimeout                // no whole answer in time
	FaultUnauthorised           // the credential is missing, wrong or of a banned user
	FaultForbidden              // the credential is good but may not do this
	FaultLimited                // HTTP 429
	FaultServer                 // HTTP 5xx
	FaultRefused                // the gateway said success:false
	FaultNotGateway             // HTML, an unknown path, or something that is no gateway
	FaultBadAnswer              // JSON that is not of the expected shape, or too large
	FaultUnsupported            // this gateway does not offer it
	FaultInternal               // our own
)

// Fault is one error in the words of the screen.
type Fault struct {
	Kind FaultKind
	// Sentence says what failed, at which gateway, and what to do.
	Sentence string
	// Short is a cause in a few words for a pane's title: "no answer", "HTTP 502".
	Short string
	// Theirs is the gateway's own message, Code its own word for the error. They are
	// foreign text.
	Theirs, Code string
}

// FaultOf classifies err: what it says of itself when it has a Fault method,
// FaultUnsupported for errors.ErrUnsupported, our own fault otherwise.
func FaultOf(err error) Fault {
	if err == nil {
		return Fault{}
	}
	var f interface{ Fault() Fault }
	switch {
	case errors.As(err, &f):
		return f.Fault()
	case errors.Is(err, errors.ErrUnsupported):
		return Fault{Kind: FaultUnsupported, Sentence: err.Error(), Short: "not offered by this gateway"}
	}
	return Fault{Kind: FaultInternal, Sentence: err.Error(), Short: "error"}
}

// Health is the condition of a source, in the report's words.
type Health string

// The conditions of a source.
const (
	HealthWaiting      Health = "waiting" // asked for the first time, no answer yet
	HealthUp           Health = "up"
	HealthStale        Health = "stale" // the last good data is old
	HealthDown         Health = "down"
	HealthUnauthorised Health = "unauthorised"
	HealthLimited      Health = "limited"
	HealthUnsupported  Health = "unsupported"
	HealthOff          Health = "off"
)

// SourceState is what is known of one source's polls. Times are on the local
// clock.
type SourceState struct {
	// Every is the interval now in force; 0 means the source is off.
	Every time.Duration
	// LastTry is when the last attempt ended, LastOK the last good one.
	LastTry, LastOK time.Time
	Took            time.Duration
	// Fault is the last attempt's, FaultNone when it was good.
	Fault Fault
	// Failures counts the attempts that failed in a row.
	Failures int
}

// downAfter is how many failures in a row make a source "down" although it
// still has old data to show.
const downAfter = 3

// Health returns the condition at now.
func (s SourceState) Health(now time.Time) Health {
	switch s.Fault.Kind {
	case FaultNone:
		switch {
		case s.LastTry.IsZero() && s.Every == 0:
			return HealthOff
		case s.LastTry.IsZero():
			return HealthWaiting
		case s.Late(now):
			return HealthStale
		}
		return HealthUp
	case FaultUnsupported:
		return HealthUnsupported
	case FaultUnauthorised, FaultForbidden:
		return HealthUnauthorised
	case FaultLimited:
		return HealthLimited
	}
	if s.LastOK.IsZero() || s.Failures >= downAfter {
		return HealthDown
	}
	return HealthStale
}

// Late reports whether the last good answer is more than two intervals old.
func (s SourceState) Late(now time.Time) bool {
	return s.Every > 0 && !s.LastOK.IsZero() && now.Sub(s.LastOK) > 2*s.Every
}

// Pace is how hard a gateway is being asked.
type Pace struct {
	// Budget is the requests allowed per minute, Used those of the last minute,
	// Made all since the start.
	Budget, Used int
	Made         int64
	// Stretch multiplies every interval where the budget cannot carry them; 1
	// when it can.
	Stretch float64
	// Slow is set while intervals are stretched because answers take long.
	Slow bool
	// LimitedUntil is when asking goes on after a 429; zero when it never stopped.
	LimitedUntil time.Time
	// Halved is set while the budget is halved after a 429.
	Halved bool
}
