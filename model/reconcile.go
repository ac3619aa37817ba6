package model

import "time"

// Reconcile compares what was counted with the gateway's own sum of the same
// seconds, and with what became of the balance.
type Reconcile struct {
	// State is "match", "gap", "partial" (not all of it was read) or "unknown"
	// (the gateway gave no sum).
	State            string
	Span             Span
	Counted, Gateway Opt[Quota]
	// Gap is Counted minus Gateway.
	Gap   Quota
	Cause string
	// Balance is the comparison with the balance, of the own scope alone.
	Balance BalanceCheck
}

// The states of a Reconcile, in the report's words.
const (
	ReconcileMatch   = "match"
	ReconcileGap     = "gap"
	ReconcilePartial = "partial"
	ReconcileUnknown = "unknown"
)

// Causes of a gap, in the report's words. They are likely, not proven.
const (
	CauseTopUp        = "topup"        // the balance rose
	CauseRefund       = "refund"       // refund rows account for it
	CauseInFlight     = "in_flight"    // charged in advance for calls that are not over
	CausePurged       = "purged"       // the gateway has lost rows that were read
	CauseLoggingOff   = "logging_off"  // quota is used and no row is written
	CauseLate         = "late"         // rows that appeared after the span was read
	CauseBudget       = "budget"       // not all was read: the request budget is spent
	CauseSubscription = "subscription" // a plan paid and not the balance
	CauseOther        = "other"        // nothing that we know of explains it
)

// Verdict is what both comparisons come to: a gap in either, else how the
// gateway's sum compares, else how the balance does.
func (r Reconcile) Verdict() (state string, gap Quota, cause string) {
	if r.State != ReconcileGap && (r.Balance.State == ReconcileGap || r.State == ReconcileUnknown) {
		return r.Balance.State, r.Balance.Gap, r.Balance.Cause
	}
	return r.State, r.Gap, r.Cause
}

// compared is how many of the gateway's sums are compared: the window and the
// running hour are asked by turns, and a gap in either must stand still.
const compared = 2

// Counted is the quota of a span by its rows, unknown where not all were read.
func (b Book) Counted(span Span) Opt[Quota] {
	if !b.Ledger.Covers(span) {
		return Opt[Quota]{}
	}
	return Some(b.Usage.tally(span, b.Calls).Quota)
}

// ReconcileNow takes the newest of the gateway's sums whose seconds were all read,
// one with a gap before one without.
func ReconcileNow(s State) Reconcile {
	b := s.Book()
	r := Reconcile{State: ReconcileUnknown, Balance: BalanceCheck{State: ReconcileUnknown}}
	if s.Scope == ScopeSelf {
		r.Balance = checkBalance(s)
	}
	var match Opt[Reconcile]
	n := 0
	for i := len(b.Totals) - 1; i >= 0 && n < compared; i-- {
		t := b.Totals[i]
		counted := b.Counted(t.Span)
		if !counted.OK {
			continue
		}
		n++
		r := Reconcile{
			State: ReconcileMatch, Span: t.Span, Counted: counted, Gateway: Some(t.Quota), Gap: counted.V - t.Quota,
			Balance: r.Balance,
		}
		if r.Gap != 0 {
			r.State, r.Cause = ReconcileGap, s.causeOfSum(t, r.Gap)
			return r
		}
		if !match.OK {
			match = Some(r)
		}
	}
	if match.OK {
		return match.V
	}
	if len(b.Totals) == 0 {
		return r
	}
	last := b.Totals[len(b.Totals)-1]
	r.State, r.Span, r.Gateway = ReconcilePartial, last.Span, Some(last.Quota)
	r.Counted = Some(b.Usage.tally(last.Span, b.Calls).Quota)
	if s.starved() {
		r.Cause = CauseBudget
	}
	return r
}

// causeOfSum is why the gateway's sum of a span that was read is another.
func (s State) causeOfSum(t SpanTotal, gap Quota) string {
	b := s.Book()
	if gap > 0 {
		// Rows that were late for the gateway's sum are of the minute before it was
		// taken. More than that minute has was in the log once and is no more.
		asked := s.gatewaySecond(t.At)
		young := t.Span.Meet(Span{asked - settleAfter, t.Span.To})
		if t.At.IsZero() || gap <= b.Usage.tally(young, b.Calls).Quota {
			return CauseLate
		}
		return CausePurged
	}
	if !b.Ledger.final.Covers(t.Span) {
		// Some seconds were read only while young; their second reading may still
		// bring the missing rows.
		return CauseLate
	}
	return CauseOther
}

// starved reports whether the request budget keeps us from reading more.
func (s State) starved() bool {
	p := s.Pace
	return p.Stretch > 1 || p.Budget > 0 && p.Used >= p.Budget || p.Halved || s.Now.Before(p.LimitedUntil)
}

// gatewaySecond is a local time on the gateway's clock.
func (s State) gatewaySecond(at time.Time) int64 { return at.Add(s.Skew.V).Unix() }
