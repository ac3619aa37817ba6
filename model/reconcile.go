package model

// Reconcile compares what was counted with the gateway's own sum of the same
// seconds.
type Reconcile struct {
	// State is "match", "gap", "partial" (not all of it was read) or "unknown"
	// (the gateway gave no sum).
	State            string
	Span             Span
	Counted, Gateway Opt[Quota]
	// Gap is Counted minus Gateway.
	Gap   Quota
	Cause string
}

// The states of a Reconcile, in the report's words.
const (
	ReconcileMatch   = "match"
	ReconcileGap     = "gap"
	ReconcilePartial = "partial"
	ReconcileUnknown = "unknown"
)

// Causes of a gap, in the report's words.
const (
	CauseLate  = "late"  // rows that appeared after the span was read
	CauseOther = "other" // nothing that we know of explains it
)

// compared is how many of the gateway's sums are compared: the window and the
// running hour are asked by turns, and a gap in either must stand still.
const compared = 2

// reconcile takes the newest of the gateway's sums whose seconds were all read,
// one with a gap before one without.
func reconcile(b Book) Reconcile {
	if len(b.Totals) == 0 {
		return Reconcile{State: ReconcileUnknown}
	}
	var match Opt[Reconcile]
	n := 0
	for i := len(b.Totals) - 1; i >= 0 && n < compared; i-- {
		t := b.Totals[i]
		if !b.Ledger.Covers(t.Span) {
			continue
		}
		n++
		counted := b.Usage.tally(t.Span, b.Calls).Quota
		r := Reconcile{State: ReconcileMatch, Span: t.Span, Counted: Some(counted), Gateway: Some(t.Quota), Gap: counted - t.Quota}
		if r.Gap != 0 {
			r.State, r.Cause = ReconcileGap, CauseOther
			if !b.Ledger.final.Covers(t.Span) {
				// Some seconds were read only while young; their second reading may
				// still bring the missing rows.
				r.Cause = CauseLate
			}
			return r
		}
		if !match.OK {
			match = Some(r)
		}
	}
	if match.OK {
		return match.V
	}
	last := b.Totals[len(b.Totals)-1]
	return Reconcile{
		State: ReconcilePartial, Span: last.Span, Gateway: Some(last.Quota),
		Counted: Some(b.Usage.tally(last.Span, b.Calls).Quota),
	}
}
