package model

// KeyStatus is the state of an API key (one-api model/token.go: 1 to 4).
type KeyStatus int

// The states of a key as gateways number them.
const (
	KeyEnabled   KeyStatus = 1
	KeyDisabled  KeyStatus = 2
	KeyExpired   KeyStatus = 3
	KeyExhausted KeyStatus = 4
)

// String returns the state in the report's words.
func (s KeyStatus) String() string {
	switch s {
	case KeyEnabled:
		return "enabled"
	case KeyDisabled:
		return "disabled"
	case KeyExpired:
		return "expired"
	case KeyExhausted:
		return "exhausted"
	}
	return "unknown"
}

// APIKey is one API key of the account. Times are Unix seconds.
type APIKey struct {
	ID     int64
	Name   string
	Status KeyStatus
	// Masked is the key with all but its ends hidden; a full key is never kept.
	Masked    string
	Unlimited bool
	// Remaining is what the key may still spend, meaningless when Unlimited. It
	// can exceed the account's balance and can be negative.
	Remaining Quota
	// Used is unknown for an unlimited key of one-api and one-hub, which do not
	// count it (measured: it stays 0 for ever).
	Used     Opt[Quota]
	Created  Opt[int64]
	LastUsed Opt[int64]
	// Expires is unknown for a key that never does.
	Expires Opt[int64]
	Group   string
	// Models limits the key to these models; empty means all.
	Models []string
}

// Effective returns the state that is true at now (Unix seconds). Gateways set
// "expired" and "exhausted" only when the key is next used, one-hub never.
func (k APIKey) Effective(now int64) KeyStatus {
	switch {
	case k.Status != KeyEnabled:
		return k.Status
	case k.Expires.OK && k.Expires.V < now:
		return KeyExpired
	case !k.Unlimited && k.Remaining <= 0:
		return KeyExhausted
	}
	return KeyEnabled
}
