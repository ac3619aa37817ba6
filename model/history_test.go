package model

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

func TestDistIsStoredAsItIs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m DistMerger
	for range 40 {
		var all Dist
		for range r.IntN(4) {
			var d Dist
			for range r.IntN(50) {
				took := time.Duration(r.Int64N(1<<r.Int64N(40))) * time.Millisecond / 1000
				for range 1 + r.IntN(3)*r.IntN(30) {
					d.add(took)
					all.add(took)
				}
			}
			if err := m.Add(d.AppendTo(nil)); err != nil {
				t.Fatal(err)
			}
		}
		if got := m.Dist(); !reflect.DeepEqual(got, all) {
			t.Fatalf("%v came back as %v", all, got)
		}
	}
}

func FuzzDistMerger(f *testing.F) {
	var d Dist
	d.add(time.Second)
	d.add(time.Hour)
	f.Add(d.AppendTo(nil))
	f.Add([]byte{2, 5, 1})
	f.Add([]byte{1, 0xff, 0xff, 0x03, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var m DistMerger
		if m.Add(b) != nil {
			return
		}
		back := m.Dist()
		if err := m.Add(back.AppendTo(nil)); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkDistMerger(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var d Dist
	for range 1400 {
		d.add(time.Duration(200+r.ExpFloat64()*4000) * time.Millisecond)
	}
	stored := d.AppendTo(nil)
	var m DistMerger
	for b.Loop() {
		_ = m.Add(stored)
	}
	b.ReportMetric(float64(len(d.buckets)), "buckets")
}
