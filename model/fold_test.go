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

// playHours plays some hours of 50 calls a second, read once a minute, and
// returns the bytes in use after two of them and by how many they grew.
func playHours(hours int64) (early, grown int64) {
	const perMinute = 50 * 60
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var s State
	for m := range hours * 60 {
		span := Span{t0 + m*60, t0 + m*60 + 59}
		s = s.Apply(update(span.To+Lag, SourceCalls, CallsRead{Span: span, Calls: traffic(r, span, perMinute), ReadAt: span.To + Lag}))
		s = s.Apply(update(span.To+Lag, SourceAccount, Account{Quota: Some[Quota](1), Used: Some(Quota(m))}))
		s = s.Apply(update(span.To+Lag, SourceRates, SpanTotal{Span: span, Quota: 1}))
		s = s.Apply(update(span.To+Lag, SourceDays, HourTotal{Span: Span{span.From - span.From%3600, span.To}}))
		if m == 120 {
			early = heap()
		}
	}
	grown = heap() - early
	runtime.KeepAlive(s)
	return early, grown
}

// TestMemoryIsFlat plays a few hours; BenchmarkDay plays a whole day.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("a million calls")
	}
	if early, grown := playHours(5); grown > 5<<20 {
		t.Errorf("%d bytes more after five hours than after two (%d)", grown, early)
	}
}

// BenchmarkDay is 4.3 million calls: what they cost, and what stays of them.
func BenchmarkDay(b *testing.B) {
	for b.Loop() {
		early, grown := playHours(24)
		b.ReportMetric(float64(early)/(1<<20), "MB-after-2h")
		b.ReportMetric(float64(grown)/(1<<20), "MB-grown-by-24h")
		if grown > 5<<20 {
			b.Errorf("%d bytes more than after two hours", grown)
		}
	}
}
