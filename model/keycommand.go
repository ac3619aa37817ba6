package model

// NewKey is an API key to be created; on opencatd it is a user, of which only
// the name counts.
type NewKey struct {
	Name      string
	Unlimited bool
	// Quota is what the key may spend, meaningless when Unlimited.
	Quota Quota
	// Expires is a second of Unix time, unknown for a key that never does.
	Expires Opt[int64]
	Models  []string
	Group   string
}
