package model

import (
	"cmp"
	"slices"
)

// CrossTable is the usage of a span by key and model, both in falling order of
// what they spent.
type CrossTable struct {
	Keys        []KeyRef
	Models      []string
	Cells       [][]Tally // by key, then model
	KeyTotals   []Tally
	ModelTotals []Tally
	Total       Tally
}

// Cross makes the table of the window's calls. s is what sum was derived from.
func Cross(s State, sum Summary) CrossTable {
	type cell struct {
		key   KeyRef
		model string
	}
	cells := map[cell]Tally{}
	keys := map[KeyRef]Tally{}
	models := map[string]Tally{}
	var t CrossTable
	sum.eachCell(s, func(c *Cell) {
		addTo(cells, cell{c.Key, c.Model}, &c.Tally)
		addTo(keys, c.Key, &c.Tally)
		addTo(models, c.Model, &c.Tally)
		t.Total.add(&c.Tally)
	})
	for k := range keys {
		t.Keys = append(t.Keys, k)
	}
	slices.SortFunc(t.Keys, func(a, b KeyRef) int {
		return cmp.Or(cmp.Compare(keys[b].Quota, keys[a].Quota), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for m := range models {
		t.Models = append(t.Models, m)
	}
	slices.SortFunc(t.Models, func(a, b string) int {
		return cmp.Or(cmp.Compare(models[b].Quota, models[a].Quota), cmp.Compare(a, b))
	})
	for _, m := range t.Models {
		t.ModelTotals = append(t.ModelTotals, models[m])
	}
	for _, k := range t.Keys {
		row := make([]Tally, len(t.Models))
		for j, m := range t.Models {
			row[j] = cells[cell{k, m}]
		}
		t.Cells = append(t.Cells, row)
		t.KeyTotals = append(t.KeyTotals, keys[k])
	}
	return t
}

func addTo[K comparable](m map[K]Tally, k K, t *Tally) {
	sum := m[k]
	sum.add(t)
	m[k] = sum
}
