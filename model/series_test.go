package model

import "testing"

// TestTheFirstMinutesOfADay: a window of the calendar begins on a minute and is drawn
// from there, its first seconds too.
func TestTheFirstMinutesOfADay(t *testing.T) {
	const midnight = t0 - t0%86400
	for _, c := range []struct {
		seconds int64 // since midnight
		columns int
		first   float64 // quota per minute
	}{{5, 1, 720}, {30, 1, 120}, {70, 1, 60}, {90, 2, 60}, {3599, 60, 60}} {
		var b Book
		span := Span{midnight, midnight + c.seconds - 1}
		s := State{}.Apply(update(span.To+Lag, SourceCalls, CallsRead{
			Span: span, Calls: []Call{{At: midnight + 2, Kind: KindConsume, Key: "k", Model: "m", Quota: 60}}, ReadAt: span.To + Lag,
		}))
		b = s.Self
		got := series(b, span, true)
		if len(got) != c.columns || got[0].At != midnight || got[0].PerMinute != Some(c.first) {
			t.Errorf("%d s after midnight: %+v", c.seconds, got)
		}
	}
}
