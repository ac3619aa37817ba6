package model

import (
	"slices"
	"time"
)

// Dist is a distribution of durations that can be merged: a sparse histogram
// over milliseconds rounded to three significant digits. It is exact below one
// second and for whole seconds up to 999, and within 0.5 % elsewhere, at a cost
// that does not grow with the number of calls of equal duration.
type Dist struct {
	buckets []bucket // rising code
	n       int64
}

type bucket struct {
	code uint16
	n    uint32
}

// distCodes bounds the codes: 1000 for 0–999 ms, then 900 for each power of ten
// up to 10^9 ms (11 days).
const distCodes = 1000 + 900*6 + 900

// distCode maps milliseconds to the code of their bucket.
func distCode(ms int64) uint16 {
	if ms < 0 {
		ms = 0
	}
	exp := 0
	for m := ms; m >= 1000; m /= 10 {
		exp++
	}
	if exp == 0 {
		return uint16(ms)
	}
	pow := int64(1)
	for range exp {
		pow *= 10
	}
	m := (ms + pow/2) / pow
	if m == 1000 { // 9,996 rounds up to 10,000: the next power of ten
		m, exp = 100, exp+1
	}
	return uint16(min(distCodes-1, 1000+900*(exp-1)+int(m)-100))
}

// distValue is the milliseconds that a code stands for.
func distValue(code uint16) int64 {
	if code < 1000 {
		return int64(code)
	}
	c := int64(code) - 1000
	v := c%900 + 100
	for range c/900 + 1 {
		v *= 10
	}
	return v
}

// distOf is the distribution of durations given as codes, which it sorts.
func distOf(codes []uint16) Dist {
	if len(codes) == 0 {
		return Dist{}
	}
	slices.Sort(codes)
	n := 1
	for i := 1; i < len(codes); i++ {
		if codes[i] != codes[i-1] {
			n++
		}
	}
	d := Dist{buckets: make([]bucket, 0, n), n: int64(len(codes))}
	for _, code := range codes {
		if last := len(d.buckets) - 1; last >= 0 && d.buckets[last].code == code {
			d.buckets[last].n++
		} else {
			d.buckets = append(d.buckets, bucket{code, 1})
		}
	}
	return d
}

// N returns how many durations were counted.
func (d Dist) N() int64 { return d.n }

// distSum merges distributions without allocating per merge.
type distSum struct {
	counts [distCodes]uint32
	n      int64
}

func (s *distSum) reset() { *s = distSum{} }

func (s *distSum) merge(d Dist) {
	for _, b := range d.buckets {
		s.counts[b.code] += b.n
	}
	s.n += d.n
}

// quantiles returns the nearest-rank quantiles for shares in rising order, of
// which there must be one, unknown when nothing was counted.
func (s *distSum) quantiles(shares ...float64) []Opt[time.Duration] {
	out := make([]Opt[time.Duration], len(shares))
	if s.n == 0 {
		return out
	}
	var seen int64
	i, next := 0, rank(shares[0], s.n)
	for code, n := range s.counts {
		if n == 0 {
			continue
		}
		seen += int64(n)
		for seen >= next {
			out[i] = Some(time.Duration(distValue(uint16(code))) * time.Millisecond)
			if i++; i == len(shares) {
				return out
			}
			next = rank(shares[i], s.n)
		}
	}
	return out
}

// rank is the nearest rank: the smallest k with k/n >= share.
func rank(share float64, n int64) int64 {
	k := int64(share * float64(n))
	if float64(k) < share*float64(n) {
		k++
	}
	return max(1, k)
}

// Quantile returns the nearest-rank quantile for a share between 0 and 1,
// unknown when nothing was counted.
func (d Dist) Quantile(share float64) Opt[time.Duration] {
	var s distSum
	s.merge(d)
	return s.quantiles(share)[0]
}
