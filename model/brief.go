package model

import (
	"cmp"
	"slices"
)

// brief is one key × model's part of a minute, by the hash of its names.
type brief struct {
	id            uint64
	quota         Quota
	calls, errors int32
}

// briefs lists the cells of a minute in the order of their ids.
func briefs(cells []Cell) []brief {
	out := make([]brief, 0, len(cells))
	for i := range cells {
		c := &cells[i]
		out = append(out, brief{idOf(c.User, c.Key, c.Model), c.Quota, int32(c.Calls), int32(c.Errors)})
	}
	slices.SortFunc(out, func(a, b brief) int { return cmp.Compare(a.id, b.id) })
	return out
}

// idOf is FNV-1a over the names. Two of a few hundred share one of 2^64 ids
// about never.
func idOf(user string, key KeyRef, model string) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range [...]string{user, key.Name, model} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return (h ^ uint64(key.ID)) * 1099511628211
}

func (b *brief) add(o *brief) {
	b.quota += o.quota
	b.calls += o.calls
	b.errors += o.errors
}
