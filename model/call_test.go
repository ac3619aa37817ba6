package model

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func randomCalls(r *rand.Rand, span Span, n int) []Call {
	models := []string{"gpt-4o", "gpt-4o-mini", "o3"}
	keys := []string{"laptop", "ci-bot", "中文"}
	out := make([]Call, n)
	for i := range out {
		k := r.IntN(len(keys))
		out[i] = Call{
			At: span.From + r.Int64N(span.Seconds()), Kind: KindConsume,
			Model: models[r.IntN(len(models))], Key: keys[k], KeyID: int64(k + 1),
			Quota: Quota(r.IntN(5000)), Prompt: r.Int64N(3000), Completion: r.Int64N(900),
			Took: Some(time.Duration(r.IntN(90_000)) * time.Millisecond),
		}
		switch r.IntN(20) {
		case 0:
			out[i].Kind, out[i].Quota = KindError, 0
		case 1:
			out[i].Kind = KindRefund
		case 2:
			out[i].Kind = KindLogin
		}
	}
	return out
}

func sameRows(a, b []Call) bool {
	return slices.EqualFunc(a, b, func(x, y Call) bool {
		return x.At == y.At && x.Kind == y.Kind && x.Model == y.Model && x.Key == y.Key && x.Quota == y.Quota
	})
}

// TestCallLogAgainstSlice replaces random spans and compares with a flat slice.
func TestCallLogAgainstSlice(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var log CallLog
	var truth []Call
	var old CallLog
	var oldTruth []Call
	for step := range 400 {
		from := r.Int64N(1000)
		span := Span{from, from + r.Int64N(60)}
		rows := randomCalls(r, span, r.IntN(120))
		log = log.Replace(span, rows)
		truth = slices.DeleteFunc(slices.Clone(truth), func(c Call) bool { return span.Has(c.At) })
		slices.SortStableFunc(rows, func(a, b Call) int { return cmp.Compare(a.At, b.At) })
		i, _ := slices.BinarySearchFunc(truth, span.From, func(c Call, at int64) int { return cmp.Compare(c.At, at) })
		truth = slices.Insert(truth, i, rows...)
		if step == 200 {
			old, oldTruth = log, slices.Clone(truth)
		}
		if step%50 == 49 {
			cut := r.Int64N(400)
			log = log.DropBefore(cut)
			truth = slices.DeleteFunc(slices.Clone(truth), func(c Call) bool { return c.At < cut })
		}
		if log.Len() != len(truth) {
			t.Fatalf("step %d: %d rows, want %d", step, log.Len(), len(truth))
		}
		q := Span{r.Int64N(500), 500 + r.Int64N(500)}
		var got, want []Call
		for c := range log.In(q) {
			got = append(got, *c)
		}
		for _, c := range truth {
			if q.Has(c.At) {
				want = append(want, c)
			}
		}
		if !sameRows(got, want) {
			t.Fatalf("step %d: rows of %v differ", step, q)
		}
		var back []Call
		for c := range log.Newest() {
			back = append(back, *c)
		}
		slices.Reverse(back)
		if !sameRows(back, truth) {
			t.Fatalf("step %d: newest first is not the reverse", step)
		}
	}
	var got []Call
	for c := range old.In(Span{0, 1 << 40}) {
		got = append(got, *c)
	}
	if !sameRows(got, oldTruth) {
		t.Fatal("an old log changed while newer ones were made from it")
	}
}

func TestCallLogStaysInFewChunks(t *testing.T) {
	var log CallLog
	for i := range int64(5000) {
		log = log.Replace(Span{i, i}, []Call{{At: i}})
	}
	if most := 5000/chunkCap + 2; len(log.chunks) > most {
		t.Fatalf("%d chunks for 5,000 rows, want at most %d", len(log.chunks), most)
	}
}

// TestRollupAgainstRows compares the sums over random spans with the rows.
func TestRollupAgainstRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var b Book
	for range 150 {
		from := r.Int64N(3000)
		span := Span{from, from + r.Int64N(200)}
		b = b.read(CallsRead{Span: span, Calls: randomCalls(r, span, r.IntN(300)), ReadAt: span.To + Lag})
		q := Span{r.Int64N(1600), 1600 + r.Int64N(1600)}
		var want Tally
		for c := range b.Calls.In(q) {
			want.count(c)
		}
		if got := b.Usage.tally(q, b.Calls); got != want {
			t.Fatalf("tally of %v: %+v, want %+v", q, got, want)
		}
		short := Span{q.From, q.From + r.Int64N(70)}
		want = Tally{}
		for c := range b.Calls.In(short) {
			want.count(c)
		}
		if got := b.Usage.tally(short, b.Calls); got != want {
			t.Fatalf("tally of %v: %+v, want %+v", short, got, want)
		}
	}
}

func TestDistRounding(t *testing.T) {
	for _, ms := range []int64{0, 1, 17, 999, 1000, 1001, 1004, 1005, 9994, 9995, 9996, 12_345, 99_949, 99_950, 1_000_000, 86_400_000} {
		got := distValue(distCode(ms))
		if off := float64(got-ms) / float64(max(1, ms)); off > 0.005 || off < -0.005 {
			t.Errorf("%d ms is kept as %d", ms, got)
		}
		if ms < 1000 && got != ms {
			t.Errorf("%d ms should be exact, is %d", ms, got)
		}
	}
	for s := range int64(1000) {
		if got := distValue(distCode(s * 1000)); got != s*1000 {
			t.Fatalf("%d s is kept as %d ms", s, got)
		}
	}
	if distValue(distCode(-5)) != 0 {
		t.Error("a negative duration is not 0")
	}
	if got := distCode(1 << 60); got != distCodes-1 {
		t.Errorf("an absurd duration has code %d", got)
	}
}

func TestDistQuantiles(t *testing.T) {
	var d Dist
	if d.Quantile(0.5).OK {
		t.Fatal("the median of nothing is known")
	}
	r := rand.New(rand.NewPCG(7, 8))
	var all []int64
	var sum distSum
	for range 40 {
		var part Dist
		for range 1 + r.IntN(50) {
			ms := r.Int64N(1000)
			part.add(time.Duration(ms) * time.Millisecond)
			d.add(time.Duration(ms) * time.Millisecond)
			all = append(all, ms)
		}
		sum.merge(part)
	}
	slices.Sort(all)
	for _, share := range []float64{0.01, 0.25, 0.5, 0.95, 0.99, 1} {
		want := all[max(0, int(rank(share, int64(len(all))))-1)]
		if got := d.Quantile(share).V.Milliseconds(); got != want {
			t.Errorf("quantile %v: %d, want %d", share, got, want)
		}
	}
	got := sum.quantiles(0.5, 0.95)
	if got[0] != d.Quantile(0.5) || got[1] != d.Quantile(0.95) {
		t.Errorf("merged %v, whole %v %v", got, d.Quantile(0.5), d.Quantile(0.95))
	}
	if d.N() != int64(len(all)) {
		t.Errorf("n %d, want %d", d.N(), len(all))
	}
}
