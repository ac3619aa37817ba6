package model

import "time"

// add counts one more duration: tests build distributions one by one.
func (d *Dist) add(t time.Duration) {
	var codes []uint16
	for _, b := range d.buckets {
		for range b.n {
			codes = append(codes, b.code)
		}
	}
	*d = distOf(append(codes, distCode(t.Milliseconds())))
}
