package model

import (
	"testing"
	"time"
)

// TestTheRowOfAnAnswerWhoseEndIsNotSeen: one-hub's rows have no request id, and it goes
// on reading a model after we have stopped.
func TestTheRowOfAnAnswerWhoseEndIsNotSeen(t *testing.T) {
	const t0 = 1_800_000_000
	sent := func(s int64) time.Time { return time.Unix(t0+s, 400e6) }
	key := KeyRef{1, "laptop"}
	stopped := ChatMark{Key: key, Model: "m", Sent: sent(0), Ended: sent(6), Open: true}
	next := ChatMark{Key: key, Model: "m", Sent: sent(24), Ended: sent(26), Usage: Some(ChatUsage{Prompt: 1275, Completion: 76})}
	failed := func(s float64) ChatMark {
		at := sent(0).Add(time.Duration(s * float64(time.Second)))
		return ChatMark{Key: key, Model: "m", Sent: at, Ended: at.Add(time.Second)}
	}
	row := func(at, prompt, completion int64, took float64) *Call {
		c := &Call{At: t0 + at, Kind: KindConsume, Model: "m", Key: "laptop", KeyID: 1, Prompt: prompt, Completion: completion, Quota: Quota(completion)}
		if took > 0 {
			c.Took = Some(time.Duration(took * float64(time.Second)))
		}
		return c
	}
	long, second := row(16, 160, 2000, 16.3), row(26, 1275, 76, 1.6)
	for name, c := range map[string]struct {
		marks []ChatMark
		rows  []*Call
		until int64 // how far the log was read
		want  []*Call
	}{
		"the next one's row does not wait":       {[]ChatMark{stopped, next}, []*Call{long, second}, 30, []*Call{nil, second}},
		"it must be the only one":                {[]ChatMark{stopped}, []*Call{long}, 60, []*Call{nil}},
		"as it is when its time is over":         {[]ChatMark{stopped, next}, []*Call{long, second}, 100, []*Call{long, second}},
		"another that began with it":             {[]ChatMark{stopped}, []*Call{long, row(20, 9, 9, 20)}, 100, []*Call{nil}},
		"another that began at another time":     {[]ChatMark{stopped}, []*Call{long, row(20, 9, 9, 2)}, 100, []*Call{long}},
		"one that comes minutes later":           {[]ChatMark{stopped}, []*Call{row(600, 9, 900, 600.2)}, 920, []*Call{row(600, 9, 900, 600.2)}},
		"as long as another may follow":          {[]ChatMark{stopped}, []*Call{row(600, 9, 900, 600.2)}, 700, []*Call{nil}},
		"minutes later, of another time":         {[]ChatMark{stopped}, []*Call{row(600, 9, 900, 300)}, 920, []*Call{nil}},
		"minutes later, and how long is unknown": {[]ChatMark{stopped}, []*Call{row(600, 9, 900, 0)}, 920, []*Call{nil}},
		"two that were stopped, one row":         {[]ChatMark{stopped, stopped}, []*Call{long}, 100, []*Call{nil, nil}},
		"two that failed, the second soon after": {
			[]ChatMark{failed(0), failed(2.5)},
			[]*Call{row(1, 9, 20, 0.9), row(4, 9, 30, 1)},
			30,
			[]*Call{row(1, 9, 20, 0.9), row(4, 9, 30, 1)},
		},
		"the first of them alone, while the second is open": {
			[]ChatMark{failed(0), failed(4)}, []*Call{row(1, 9, 20, 0.9)}, 30, []*Call{row(1, 9, 20, 0.9), nil},
		},
		"too close to tell": {
			[]ChatMark{failed(0), failed(1)}, []*Call{row(1, 9, 20, 0.9), row(2, 9, 30, 1)}, 30, []*Call{nil, nil},
		},
		"equal tokens, one began with it": {[]ChatMark{next}, []*Call{row(27, 1275, 76, 9), second}, 30, []*Call{second}},
	} {
		var f RowFinder
		got := f.Find(c.marks, c.rows, 0, func(s Span) bool { return s.To <= t0+c.until })
		for i, want := range c.want {
			if (got[i] == nil) != (want == nil) || want != nil && got[i].Quota != want.Quota {
				t.Errorf("%s: answer %d has the row %+v, want %+v", name, i, got[i], want)
			}
		}
	}
}
