package model

import "time"

// Role is what an account may do on its gateway (one-api model/user.go: 1, 10,
// 100).
type Role int

// The roles that every gateway of the family shares. One-hub has a further one
// between User and Admin.
const (
	RoleUser  Role = 1
	RoleAdmin Role = 10
	RoleRoot  Role = 100
)

// String returns the role in the report's words.
func (r Role) String() string {
	switch {
	case r >= RoleRoot:
		return "root"
	case r >= RoleAdmin:
		return "admin"
	case r >= RoleUser:
		return "user"
	}
	return "guest"
}

// Field is one thing that a gateway said which has no place of its own here, in
// words for the account card. One of Value, Quota and At says it.
type Field struct {
	Name, Value string
	// Quota is an amount of money.
	Quota Opt[Quota]
	// At is a second of Unix time.
	At Opt[int64]
}

// Account is what /api/user/self tells. Quota is what is left and may be
// negative; Used and Requests are over the account's lifetime.
type Account struct {
	ID                    int64
	Username, DisplayName string
	Group                 string
	Role                  Role
	// Enabled is false for a banned account (status other than 1).
	Enabled bool
	// Quota and Used are unknown where the gateway keeps no balance (opencatd).
	Quota    Opt[Quota]
	Used     Opt[Quota]
	Requests Opt[int64]
	// Remind is the balance below which the gateway itself warns its user
	// (aihubmix quota_remind_threshold, new-api quota_warning_threshold).
	Remind Opt[Quota]
	// Unlimited is set where a key-only account has no limit.
	Unlimited bool
	// Others is every further field that the gateway gave, secrets left out.
	Others []Field
}

// Plan is a subscription beside the wallet (new-api /api/subscription/self).
type Plan struct {
	Name string
	// Total is 0 for a plan without a limit.
	Total, Used Quota
	// Ends and Resets are seconds of Unix time.
	Ends, Resets Opt[int64]
}

// ModelHealth is how one language model does for everybody on the gateway
// (new-api /api/perf-metrics/summary): site-wide, not the account's own.
type ModelHealth struct {
	Model string
	Took  Opt[time.Duration]
	// Success is the share of requests that succeeded, between 0 and 1.
	Success Opt[float64]
	// TokensPerSecond is the mean speed of answers.
	TokensPerSecond Opt[float64]
}

// Details is the payload of SourceDetails: what is asked rarely because it
// hardly changes.
type Details struct {
	Plans  []Plan
	Models []ModelHealth
	Fields []Field
}

// Status is what the public /api/status tells of a gateway.
type Status struct {
	Version    string
	SystemName string
	// Started is when the gateway process started, 0 when it does not say.
	Started  int64
	Currency Currency
	// DayUsage says whether the gateway keeps usage per model and hour (new-api
	// enable_data_export).
	DayUsage Opt[bool]
}

// Gateway names one gateway of the fleet and how it is spoken to.
type Gateway struct {
	Name string
	URL  string
	// Dialect is "" until it was detected, Why how it was found.
	Dialect string
	Why     string
	// Colour keeps one gateway apart from another: a name or #rrggbb, "" for none.
	Colour   string
	ReadOnly bool
	// KeyOnly is set where only an sk- key is known: what it may see is little and
	// old.
	KeyOnly bool
}

// BalanceSample is the balance at one moment of the local clock.
type BalanceSample struct {
	At    time.Time
	Quota Quota
	Used  Quota
}

// PeriodUsage is the gateway's own count of one model's calls over one period:
// an hour on new-api, a UTC day on one-api.
type PeriodUsage struct {
	From, To int64
	// Model is "" where the gateway tells only sums (opencatd).
	Model string
	Calls int64
	// Uncounted is set where the gateway tells only money, so that Calls says
	// nothing (opencatd, Shell-API).
	Uncounted          bool
	Quota              Quota
	Prompt, Completion Opt[int64]
	// Tokens is the sum of both where the gateway does not split them.
	Tokens Opt[int64]
}
