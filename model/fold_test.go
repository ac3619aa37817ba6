package model

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// traffic makes n calls in span of 10 keys and 6 models, in the order of time, as
// a busy account's log has them.
func traffic(r *rand.Rand, span Span, n int) []Call {
	out := make([]Call, n)
	keys, models := make([]string, 10), make([]string, 6)
	for i := range keys {
		keys[i] = fmt.Sprintf("key-%d", i)
	}
	for i := range models {
		models[i] = fmt.Sprintf("model-%d", i)
	}
	for i := range out {
		k := r.IntN(len(keys))
		out[i] = Call{
			At: span.From + int64(i)*span.Seconds()/int64(n), Kind: KindConsume,
			Model: models[r.IntN(len(models))], Key: keys[k], KeyID: int64(k + 1), User: "alice",
			Quota: Quota(r.IntN(5000)), Prompt: r.Int64N(3000), Completion: r.Int64N(900), Cached: Some[int64](0),
			Took: Some(time.Duration(r.ExpFloat64() * 3 * float64(time.Second))), FirstToken: Some(time.Duration(r.ExpFloat64() * 400 * float64(time.Millisecond))),
		}
	}
	return out
}

// BenchmarkFold rolls a million calls up, minute by minute: in one go, and as
// they come, a page of 100 at a time.
func BenchmarkFold(b *testing.B) {
	const n = 1_000_000
	span := Span{t0, t0 + 3599}
	calls := traffic(rand.New(rand.NewPCG(1, 1)), span, n)
	var log CallLog
	for lo := 0; lo < n; lo += 50_000 {
		part := calls[lo:min(n, lo+50_000)]
		log = log.Replace(Span{part[0].At, part[len(part)-1].At}, part)
	}
	b.Run("minutes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Rollup{}.refresh(span, log)
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mcalls/s")
	})
}

// TestMemoryIsFlat plays a day of 50 calls a second, a page every few seconds and
// each read again, and measures what is kept.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("a day of 4.3 million calls")
	}
	const perSecond, every = 50, 60
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var s State
	var early int64
	for m := range int64(24 * 60) {
		span := Span{t0 + m*every, t0 + (m+1)*every - 1}
		u := update(span.To+Lag, SourceCalls, CallsRead{Span: span, Calls: traffic(r, span, perSecond*every), ReadAt: span.To + Lag})
		s = s.Apply(u).Apply(update(span.To+Lag, SourceAccount, Account{Quota: Some[Quota](1), Used: Some(Quota(m))}))
		s = s.Apply(update(span.To+Lag, SourceRates, SpanTotal{Span: span, Quota: 1}))
		s = s.Apply(update(span.To+Lag, SourceDays, HourTotal{Span: Span{span.From - span.From%3600, span.To}}))
		if m == 120 {
			early = heap()
		}
	}
	if grown := heap() - early; grown > 5<<20 {
		t.Errorf("%d bytes more after a day than after two hours (%d)", grown, early)
	} else {
		t.Logf("%.1f MB after two hours, %+.2f MB by the end of the day", float64(early)/(1<<20), float64(grown)/(1<<20))
	}
	runtime.KeepAlive(s)
}
