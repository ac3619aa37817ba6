package model

import (
	"cmp"
	"slices"
)

// keyUsage shares the window's usage out among the listed keys: by id where
// rows carry one, else by name. Keys and others together add up to the total.
// Where the window was not read whole, a key without rows is unknown.
func keyUsage(keys []APIKey, byKey shares[KeyRef], b Book, whole bool) ([]KeyUsage, []OtherKey) {
	refOf := func(ref KeyRef) KeyRef {
		if b.KeyIDs {
			return KeyRef{ID: ref.ID}
		}
		return KeyRef{Name: ref.Name}
	}
	// One key may have had several names, and one name several keys.
	byRef := shares[KeyRef]{}
	for ref, one := range byKey {
		to := byRef[refOf(ref)]
		if to == nil {
			byRef[refOf(ref)] = one
			continue
		}
		both := &share{Tally: to.Tally, cells: slices.Concat(to.cells, one.cells)}
		both.add(&one.Tally)
		byRef[refOf(ref)] = both
	}
	listed := map[KeyRef]int{}
	for _, k := range keys {
		listed[refOf(KeyRef{k.ID, k.Name})]++
	}
	var room distSum
	out := make([]KeyUsage, 0, len(keys))
	for _, k := range keys {
		u := KeyUsage{APIKey: k}
		ref := refOf(KeyRef{k.ID, k.Name})
		one := byRef[ref]
		if listed[ref] == 1 && (one != nil || whole) {
			if one == nil {
				one = &share{}
			}
			u.Calls, u.Spent = Some(one.Calls), Some(one.Quota)
			if b.ErrorsSeen {
				u.Errors = Some(one.Errors)
			}
			u.Performance = performance(one.cells, &one.Tally, &room)
		}
		out = append(out, u)
	}
	rest := map[string]OtherKey{}
	for ref, t := range byKey {
		if listed[refOf(ref)] == 1 || (t.Calls == 0 && t.Quota == 0) {
			continue
		}
		o := rest[ref.Name]
		o.Name, o.Calls, o.Spent = ref.Name, o.Calls+t.Calls, o.Spent+t.Quota
		rest[ref.Name] = o
	}
	others := make([]OtherKey, 0, len(rest))
	for _, o := range rest {
		others = append(others, o)
	}
	slices.SortFunc(others, func(a, b OtherKey) int {
		return cmp.Or(cmp.Compare(b.Spent, a.Spent), cmp.Compare(a.Name, b.Name))
	})
	return out, others
}

func userUsage(byUser map[string]Tally) []UserUsage {
	var out []UserUsage
	for user, t := range byUser {
		out = append(out, UserUsage{user, t})
	}
	slices.SortFunc(out, func(a, b UserUsage) int {
		return cmp.Or(cmp.Compare(b.Quota, a.Quota), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.User, b.User))
	})
	return out
}

// Spenders returns who spent in span, most first: keys, or users of the whole
// site. The rows must still be in memory: see Keep.
func Spenders(s State, span Span) []Spender {
	type id struct {
		key         KeyRef
		user, model string
	}
	b := s.Book()
	at := map[id]int{}
	var out []Spender
	b.Usage.eachCell(span, b.Calls, func(c *Cell) {
		one := Spender{Key: c.Key, Model: c.Model, User: c.User}
		if s.Scope == ScopeSite {
			one.Key = KeyRef{}
		}
		k := id{one.Key, one.User, one.Model}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, one)
		}
		out[i].add(&c.Tally)
	})
	slices.SortFunc(out, func(a, b Spender) int {
		return cmp.Or(cmp.Compare(b.Quota, a.Quota), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.User, b.User),
			cmp.Compare(a.Key.Name, b.Key.Name), cmp.Compare(a.Model, b.Model))
	})
	return out
}
