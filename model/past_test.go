package model

import (
	"testing"
	"time"
)

// TestAHoleBetweenFileAndMemory: a long window is counted only where the rows in
// memory go on at the second at which the history ends, without a gap since.
func TestAHoleBetweenFileAndMemory(t *testing.T) {
	now := int64(t0 + 1234)
	day := Window{Label: "24h", Length: 24 * time.Hour}
	span := PastSpan(day, now, shanghai)
	past := Past{Span: span, Cells: []Cell{{Key: KeyRef{1, "k"}, Model: "o3", Tally: Tally{Calls: 7, Quota: 700}}}}
	end := now - Lag
	for name, c := range map[string]struct {
		read    []Span
		counted bool
	}{
		"memory begins where the file ends": {[]Span{{span.To + 1, end}}, true},
		"and both overlap":                  {[]Span{{span.To - 200, end}}, true},
		"a second is missing":               {[]Span{{span.To + 2, end}}, false},
		"a second in the midst":             {[]Span{{span.To + 1, span.To + 100}, {span.To + 102, end}}, false},
		"nothing was read since":            {nil, false},
	} {
		s := State{}.Apply(update(now, SourceKeys, Keys{{ID: 1, Name: "k"}}))
		for _, r := range c.read {
			rows := []Call{{At: r.To, Kind: KindConsume, Model: "o3", Key: "k", KeyID: 1, Quota: 1}}
			s = s.Apply(update(now, SourceCalls, CallsRead{Span: r, Calls: rows, ReadAt: now}))
		}
		s = s.Apply(Update{Source: SourceDays, At: at(now), Payload: past})
		sum := SummariseSpan(s, day, day.Ending(end), shanghai)
		if sum.Counted() != c.counted {
			t.Errorf("%s: counted %v: %+v", name, sum.Counted(), sum.Totals)
		}
		if c.counted && (sum.Totals.Quota != Some[Quota](701) || sum.Keys[0].Calls != Some[int64](8)) {
			t.Errorf("%s: %+v, %+v", name, sum.Totals, sum.Keys)
		}
		if !c.counted && sum.Totals.From == FromCounted {
			t.Errorf("%s: %+v", name, sum.Totals)
		}
	}
}
