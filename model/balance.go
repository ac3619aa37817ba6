package model

import "slices"

// BalanceCheck compares what rows say was spent with the rise of the used quota
// and the fall of the balance between two samples.
type BalanceCheck struct {
	// State is as of Reconcile; "unknown" before there are samples enough.
	State string
	// Span is from one sample to the other, on the gateway's clock.
	Span Span
	// Spent is by the rows, Rose by the used quota, Fell by the balance.
	Spent, Rose, Fell Opt[Quota]
	// Gap is Spent minus Rose where these differ, else Spent minus Fell: above 0
	// the balance fell less than was spent. It is exact to Slack, the quota of the
	// rows that are so close to a sample that they may lie on either side of it.
	Gap, Slack Quota
	Cause      string
}

const (
	// balanceOver is the time, in seconds, whose newest minute is compared with its
	// older half: what happened to a balance is told for half as long.
	balanceOver = 15 * 60
	// balanceLeast is the shortest, since a few seconds at each end are unsure.
	balanceLeast = 60
	// balanceEdge is how far, in seconds, a row and its charge may be apart: five
	// where the gateway writes in batches (BATCH_UPDATE_INTERVAL), and two for
	// whole seconds and the way of the answer.
	balanceEdge = 7
	// recently is the time, in seconds, of which the best sample counts: what is
	// charged in advance for calls of less than this is never seen as a gap.
	recently = 60
	// settledFor is how long, in seconds, a deduction stands before it is taken for
	// something else than a call under way.
	settledFor = 5 * 60
	// olderSamples bounds how many samples before the recent ones are looked at.
	olderSamples = 12
)

// level is one sample with what rows say of the time since the first one taken
// out: without gaps the levels of all samples are the same.
type level struct {
	at          int64 // on the gateway's clock
	wallet      Quota
	used        Quota
	spent       Quota // since the first
	slack       Quota
	quota, rose Quota // as sampled
}

// checkBalance compares the newest samples with those of the last quarter of an
// hour.
func checkBalance(s State) BalanceCheck {
	check := BalanceCheck{State: ReconcileUnknown}
	if s.Account.V.Unlimited {
		return check
	}
	levels, missing := s.levels()
	if missing {
		check.State = ReconcilePartial
		if s.starved() {
			check.Cause = CauseBudget
		}
		return check
	}
	if len(levels) < 2 || levels[len(levels)-1].at-levels[0].at < balanceLeast {
		return check
	}
	newest := levels[len(levels)-1].at
	half := newest - max(recently, (newest-levels[0].at)/2)
	old, recent := levels[:1], levels[len(levels)-1:]
	for i, l := range levels {
		if l.at <= half {
			old = levels[:i+1]
		}
		if l.at <= newest-recently {
			recent = levels[i+1:]
		}
	}

	a, b := quietest(old), quietest(recent)
	check.fill(a, b)
	if gap := a.used - b.used; abs(gap) > check.Slack {
		check.Gap, check.State, check.Cause = gap, ReconcileGap, s.causeOfUsed(levels, a, b, gap, check.Slack)
		return check
	}
	a, b = highest(old), highest(recent)
	check.fill(a, b)
	gap := b.wallet - a.wallet
	// Where as much was under way most of the time before, it is nothing new.
	if gap > check.Slack || -gap > check.Slack && b.wallet < usualWallet(old)-check.Slack {
		check.Gap, check.State = gap, ReconcileGap
		check.Cause = s.causeOfFall(levels, check)
		return check
	}
	check.State = ReconcileMatch
	return check
}

func (c *BalanceCheck) fill(a, b level) {
	c.Span = Span{a.at + 1, b.at}
	c.Spent, c.Rose, c.Fell = Some(b.spent-a.spent), Some(b.rose-a.rose), Some(a.quota-b.quota)
	c.Slack = a.slack + b.slack
}

// causeOfUsed is why the used quota rose by another amount than rows were
// written for.
func (s State) causeOfUsed(levels []level, a, b level, gap, slack Quota) string {
	book := s.Book()
	if gap > 0 { // less was used than rows say
		if back := book.Usage.tally(Span{a.at + 1, b.at}, book.Calls).Refunded; back > 0 && abs(gap-back) <= slack {
			return CauseRefund
		}
		return CauseOther
	}
	// Since when? Up to the last sample that agrees with the old one nothing was
	// missing.
	since := a
	for _, l := range levels {
		if l.at > since.at && l.at < b.at && abs(a.used-l.used) <= a.slack+l.slack {
			since = l
		}
	}
	due := book.Ledger.End().V - settleAfter - balanceEdge
	rest := Span{since.at + balanceEdge + 1, b.at + balanceEdge}
	switch {
	case since.at+balanceEdge > due:
		return CauseLate
	case book.Usage.tally(rest, book.Calls).Calls == 0:
		return CauseLoggingOff
	case !book.Ledger.final.Covers(Span{since.at - balanceEdge, due}):
		return CauseLate
	}
	return CauseOther
}

// causeOfFall is why the balance fell by another amount than was spent, although
// as much was used.
func (s State) causeOfFall(levels []level, c BalanceCheck) string {
	if c.Gap < 0 {
		// A call under way gives back what was charged too much when it ends. What
		// stands still for longer than a call lasts is none.
		newest := levels[len(levels)-1]
		still := newest.at-levels[0].at >= settledFor
		for _, l := range levels {
			if newest.at-l.at < settledFor && abs(l.wallet-newest.wallet) > l.slack+newest.slack {
				still = false
			}
		}
		if still {
			return CauseOther
		}
		return CauseInFlight
	}
	book := s.Book()
	t := book.Usage.tally(c.Span, book.Calls)
	switch {
	case t.ByPlan+t.Refunded > 0 && c.Gap <= t.ByPlan+t.Refunded+c.Slack:
		if t.ByPlan >= t.Refunded {
			return CauseSubscription
		}
		return CauseRefund
	case len(s.Details.V.Plans) > 0 && abs(c.Fell.V) <= c.Slack && c.Spent.V > c.Slack:
		// The balance stands still and there is a plan, though rows do not tell.
		return CauseSubscription
	}
	return CauseTopUp
}

// levels prepares the samples whose surroundings were read, oldest first: the
// recent ones, and some of those before. missing says that there would be
// samples enough if more had been read.
func (s State) levels() (out []level, missing bool) {
	book := s.Book()
	end := book.Ledger.End()
	var in []BalanceSample
	newest := int64(0)
	for i := len(s.Balances) - 1; i >= 0; i-- {
		at := s.gatewaySecond(s.Balances[i].At)
		if !end.OK || at+balanceEdge > end.V {
			continue
		}
		if newest == 0 {
			newest = at
		}
		if newest-at > balanceOver {
			break
		}
		if !book.Ledger.Covers(Span{at - balanceEdge, newest + balanceEdge}) {
			missing = len(in) == 0 || newest-s.gatewaySecond(in[len(in)-1].At) < balanceLeast
			break
		}
		in = append(in, s.Balances[i])
	}
	if missing {
		return nil, true
	}
	// Newest first. Of the older ones an even selection will do.
	step := max(1, len(in)/olderSamples)
	var spent Quota
	for i := len(in) - 1; i >= 0; i-- {
		at := s.gatewaySecond(in[i].At)
		if newest-at >= recently && (len(in)-1-i)%step != 0 {
			continue
		}
		if n := len(out); n > 0 {
			if at <= out[n-1].at {
				continue // the clock was set back, or twice in a second
			}
			spent += book.Usage.tally(Span{out[n-1].at + 1, at}, book.Calls).Quota
		}
		near := book.Usage.tally(Span{at - balanceEdge, at + balanceEdge}, book.Calls)
		out = append(out, level{
			at: at, quota: in[i].Quota, rose: in[i].Used, spent: spent,
			wallet: in[i].Quota + spent, used: in[i].Used - spent, slack: near.Quota + near.Refunded,
		})
	}
	return out, false
}

// quietest is the sample with the fewest rows about it, the oldest of several.
func quietest(levels []level) level {
	best := levels[0]
	for _, l := range levels[1:] {
		if l.slack < best.slack {
			best = l
		}
	}
	return best
}

// highest is the sample with the highest level that is sure: the fewest calls
// were under way.
func highest(levels []level) level {
	best := levels[len(levels)-1]
	for i := len(levels) - 2; i >= 0; i-- {
		if levels[i].wallet-levels[i].slack > best.wallet-best.slack {
			best = levels[i]
		}
	}
	return best
}

// usualWallet is the median level.
func usualWallet(levels []level) Quota {
	all := make([]Quota, len(levels))
	for i, l := range levels {
		all[i] = l.wallet
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func abs(q Quota) Quota { return max(q, -q) }
