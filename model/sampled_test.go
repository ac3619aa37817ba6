package model

import (
	"testing"
	"time"
)

// burst is a log whose last minutes hold nearly everything and were not read.
func burst() (s State, window Window, now int64) {
	now = t0
	window = Window{Label: "1h", Length: time.Hour}
	read := Span{now - 3599, now - 300}
	s = State{}.Apply(update(now, SourceCalls, CallsRead{Span: read, ReadAt: now, Calls: []Call{{At: now - 1000, Kind: KindConsume, Model: "o3", Quota: 10}}}))
	tail := Span{now - 9, now}
	s = s.Apply(update(now, SourceCalls, CallsRead{Span: tail, ReadAt: now + Lag, Calls: []Call{{At: now - 5, Kind: KindConsume, Model: "o3", Quota: 20}}}))
	return s, window, now
}

// TestCoverageIsNoShareOfTime: nine tenths of the time were read, and a tenth of the
// spend.
func TestCoverageIsNoShareOfTime(t *testing.T) {
	s, window, now := burst()
	sum := SummariseSpan(s, window, window.Ending(now), time.UTC)
	if sum.Totals.CoverageBy != ByTime || sum.Totals.From != FromSampled {
		t.Fatalf("without any sum of the gateway's: %+v", sum.Totals)
	}
	// The gateway's sum of most of the window, as it is asked in pieces.
	s = s.Apply(update(now, SourceRates, SpanTotal{Span: Span{now - 3299, now}, Quota: 300}))
	sum = SummariseSpan(s, window, window.Ending(now), time.UTC)
	if tt := sum.Totals; tt.CoverageBy != ByQuota || tt.Coverage != 0.1 || !tt.Partial || tt.From != FromSampled {
		t.Errorf("%+v", tt)
	}
}

// TestAnOldSumIsNotTheWindows: the window is the one that the gateway told a sum of,
// and never the sum of another one.
func TestAnOldSumIsNotTheWindows(t *testing.T) {
	s, window, now := burst()
	told := Span{now - 20 - 3599, now - 20}
	s = s.Apply(update(now, SourceRates, SpanTotal{Span: told, Quota: 40}))
	s = s.Tick(at(now + Lag))
	sum := Summarise(s, window, time.UTC)
	if sum.Span != told || sum.Totals.Quota != Some[Quota](40) || sum.Totals.From != FromGateway {
		t.Errorf("%v: %+v", sum.Span, sum.Totals)
	}
	if fixed := SummariseSpan(s, window, window.Ending(now), time.UTC); fixed.Totals.From == FromGateway {
		t.Errorf("the sum of %v is told as that of %v: %+v", told, fixed.Span, fixed.Totals)
	}
	older := Span{now - 90 - 3599, now - 90}
	s, _, _ = burst()
	s = s.Apply(update(now, SourceRates, SpanTotal{Span: older, Quota: 40})).Tick(at(now + Lag))
	if sum := Summarise(s, window, time.UTC); sum.Span == older {
		t.Error("a sum of a minute and a half ago holds the window back")
	}
}

// TestAnOlderMatchIsNoMatch: what adds up is a span that was read, while the window
// was not.
func TestAnOlderMatchIsNoMatch(t *testing.T) {
	s, window, now := burst()
	s = s.Apply(update(now, SourceRates, SpanTotal{Span: Span{now - 3599, now - 300}, Quota: 10})).Tick(at(now + Lag))
	if r := ReconcileNow(s); r.State != ReconcileMatch {
		t.Fatalf("%+v", r)
	}
	if r := Summarise(s, window, time.UTC).Reconcile; r.State != ReconcilePartial || r.Cause != "" {
		t.Errorf("%+v", r)
	}
	s.Pace = Pace{Budget: 60, Used: 60}
	if r := Summarise(s, window, time.UTC).Reconcile; r.State != ReconcilePartial || r.Cause != CauseBudget {
		t.Errorf("with the budget spent: %+v", r)
	}
}
