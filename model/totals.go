package model

// totals says what is known of a span: counted when it was read whole, else the
// gateway's own sum, else what was seen, as a sample.
func totals(b Book, span Span, all Tally) Totals {
	t := Totals{Coverage: b.Ledger.Share(span), CoverageBy: ByTime}
	if b.Ledger.Covers(span) {
		t.From, t.Coverage = FromCounted, 1
		t.fill(all, b.ErrorsSeen)
		switch {
		case b.Told:
			t.CoverageBy = ByCalls
		case len(b.Totals) > 0:
			t.CoverageBy = ByQuota
		}
		return t
	}
	total, told := b.totalOf(span)
	count := b.Count.OK && b.Count.V.Span == span
	switch {
	case count && b.Count.V.Calls > 0:
		t.Coverage, t.CoverageBy = min(1, float64(all.Calls)/float64(b.Count.V.Calls)), ByCalls
	case told && total > 0:
		t.Coverage, t.CoverageBy = min(1, max(0, float64(all.Quota)/float64(total))), ByQuota
	}
	if told {
		t.From, t.Quota = FromGateway, Some(total)
		if count {
			t.Calls = Some(b.Count.V.Calls)
		}
		return t
	}
	if read := b.shareRead(span); read.OK && t.CoverageBy == ByTime {
		// A share of the time would say nothing of a burst that was not read.
		t.Coverage, t.CoverageBy = min(t.Coverage, read.V), ByQuota
	}
	if t.Coverage > 0 || all.Calls > 0 {
		t.From, t.Partial = FromSampled, true
		t.fill(all, b.ErrorsSeen)
	}
	return t
}

func (t *Totals) fill(all Tally, errorsSeen bool) {
	t.Calls, t.Quota, t.Refunded = Some(all.Calls), Some(all.Quota), Some(all.Refunded)
	t.Prompt, t.Completion = Some(all.Prompt), Some(all.Completion)
	if all.CachedOf > 0 {
		t.Cached = Some(all.Cached)
	}
	if errorsSeen {
		t.Errors = Some(all.Errors)
	}
}

// askedFor is how long, in seconds, the gateway's sum of a window may stand for it.
const askedFor = 60

// askedSpan is the newest span as long as span, of its end or some seconds before,
// that the gateway told a sum of; span itself where there is none.
func (b Book) askedSpan(span Span) Span {
	for i := len(b.Totals) - 1; i >= 0; i-- {
		if t := b.Totals[i].Span; t.Seconds() == span.Seconds() && t.To <= span.To && t.To >= span.To-askedFor {
			return t
		}
	}
	return span
}

// totalOf returns the gateway's own sum over span.
func (b Book) totalOf(span Span) (Quota, bool) {
	for i := len(b.Totals) - 1; i >= 0; i-- {
		if b.Totals[i].Span == span {
			return b.Totals[i].Quota, true
		}
	}
	return 0, false
}

// shareRead is the share of the spend that was read of span, as the newest of the
// gateway's sums over most of it tell; unknown without one.
func (b Book) shareRead(span Span) Opt[float64] {
	for i := len(b.Totals) - 1; i >= 0; i-- {
		t := b.Totals[i]
		if span.Meet(t.Span).Seconds() < span.Seconds()/2 || t.Span.To < span.To-askedFor || t.Quota <= 0 {
			continue
		}
		return Some(min(1, max(0, float64(b.Usage.tally(t.Span, b.Calls).Quota)/float64(t.Quota))))
	}
	return Opt[float64]{}
}
