package model

import "time"

// ChannelStatus is the state of an upstream channel (one-api model/channel.go: 1
// to 3).
type ChannelStatus int

// The states of a channel as gateways number them.
const (
	ChannelEnabled      ChannelStatus = 1
	ChannelDisabled     ChannelStatus = 2 // by hand
	ChannelAutoDisabled ChannelStatus = 3 // by the gateway, after failures
)

// String returns the state in the report's words.
func (s ChannelStatus) String() string {
	switch s {
	case ChannelEnabled:
		return "enabled"
	case ChannelDisabled:
		return "disabled"
	case ChannelAutoDisabled:
		return "auto-disabled"
	}
	return "unknown"
}

// Channel is one upstream of the site, as administrators see it; on opencatd a
// provider key. Times are Unix seconds.
type Channel struct {
	ID   int64
	Name string
	// Type is the provider in the gateway's words or number, Endpoint its address
	// where it is told.
	Type, Endpoint string
	Status         ChannelStatus
	// Reason says why the channel was disabled, "" where the gateway does not say.
	// It is foreign text.
	Reason string
	Group  string
	Tag    string
	Models []string
	// ResponseTime is that of the last test.
	ResponseTime Opt[time.Duration]
	TestedAt     Opt[int64]
	// Balance is what is left at the provider, in its own currency (mostly US
	// dollars), as of BalanceAt.
	Balance   Opt[float64]
	BalanceAt Opt[int64]
	// Used is what went through the channel over its lifetime.
	Used Opt[Quota]
	// Masked is a provider key with all but its ends hidden (opencatd).
	Masked  string
	Created Opt[int64]
}

// ChannelSummary is what matters of all channels at a glance.
type ChannelSummary struct {
	// Down counts those that the gateway itself switched off.
	Down int
	// Lowest is the working channel with the least balance at its provider, among
	// those whose balance was ever asked.
	Lowest Opt[Channel]
}

// Summary looks at all channels.
func (all Channels) Summary() ChannelSummary {
	var s ChannelSummary
	for _, c := range all {
		switch {
		case c.Status == ChannelAutoDisabled:
			s.Down++
		case c.Status == ChannelEnabled && c.Balance.OK && c.BalanceAt.OK &&
			(!s.Lowest.OK || c.Balance.V < s.Lowest.V.Balance.V):
			s.Lowest = Some(c)
		}
	}
	return s
}
