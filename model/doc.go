// Package model is what gatewatch knows: the words of the domain, the state of
// every gateway, and the arithmetic on it. It imports only the standard library
// and does no I/O: no clock, no goroutine, no terminal. Time is an argument.
//
// # Words
//
//   - Gateway: the service under watch. Dialect: its API flavour.
//   - Source: one thing that is polled. Update: one poll's outcome.
//   - State: all that is known of one gateway. Fleet: all gateways.
//   - Call: one request through the gateway, as its log tells it.
//   - Key: an API key (sk-…). one-api calls it "token"; here a token is only
//     ever what a language model counts.
//   - Access token: the management credential.
//   - Quota: the gateway's integer money unit (500,000 to the dollar unless the
//     gateway says otherwise).
//   - Span: a closed range of whole seconds, both ends inclusive.
//   - Ledger: which seconds of the log were read whole ("settled").
//   - Coverage: the share of a window that was read.
//   - Burn rate: spend per hour. Time to empty: how long the balance lasts at
//     the burn rate.
//   - rpm, tpm, mpm: requests, tokens and money per minute.
//   - Screen, pane: what a person looks at.
//
// "Model" alone always means this package; a language model is ModelName or
// ModelUsage.
//
// # Three rules
//
// Unknown is not zero: what a gateway does not say is an Opt without a value.
// Money is an integer: Quota is summed as int64 and divided only to print.
// State is a value: Apply returns a new one and never changes a shared slice.
package model
