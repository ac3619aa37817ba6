package pane

import (
	"fmt"

	"gatewatch/model"
)

// Reconciled says how what was counted compares with the gateway's own sum or with
// the balance: a gap to the unit, between what, and its likely cause; "" where
// nothing was compared.
func Reconciled(d Data) string {
	r, w := d.Summary.Reconcile, d.Words
	switch state, gap, cause := r.Verdict(); {
	case state == model.ReconcileMatch:
		return "✓ " + w.Matches
	case state == model.ReconcilePartial && cause != "":
		return w.Cause(cause)
	case state == model.ReconcilePartial:
		return w.NotAllRead
	case state != model.ReconcileGap:
		return ""
	case r.State != model.ReconcileGap:
		return "≠ " + fmt.Sprintf(w.BalanceGap, d.Exact(gap)) + ": " + w.Cause(cause)
	default:
		return "≠ " + d.Exact(gap) + ", " + fmt.Sprintf(w.Gap, d.Money(r.Counted.V), d.Money(r.Gateway.V)) + ": " + w.Cause(cause)
	}
}

// Exact is an amount with its quota, which no rounding touches.
func (d Data) Exact(q model.Quota) string {
	return fmt.Sprintf("%s (%s)", d.Money(q), d.Count(int64(q)))
}
