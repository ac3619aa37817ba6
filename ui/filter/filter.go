// Package filter is the small language behind "/": words that must be there,
// !words that must not, and field:words that look at one field. All of them must
// hold; case does not matter.
package filter

import (
	"strings"
	"unicode"
)

// Filter is a parsed filter. The zero Filter lets everything through.
type Filter struct {
	text  string
	terms []term
}

type term struct {
	field, word string
	not         bool
}

// Field is one named value of a row.
type Field struct{ Name, Value string }

// Parse reads a filter. Every text is a filter: what cannot be meant otherwise
// is a word to look for. fields are the names that may stand before a colon.
func Parse(s string, fields []string) Filter {
	f := Filter{text: strings.TrimSpace(s)}
	for w := range strings.FieldsFuncSeq(s, unicode.IsSpace) {
		t := term{word: strings.ToLower(w)}
		if rest, ok := strings.CutPrefix(t.word, "!"); ok {
			t.not, t.word = true, rest
		}
		if name, value, ok := strings.Cut(t.word, ":"); ok {
			for _, known := range fields {
				if name == strings.ToLower(known) {
					t.field, t.word = name, value
				}
			}
		}
		if t.word != "" {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

// String returns the filter as it was typed.
func (f Filter) String() string { return f.text }

// Empty reports whether the filter lets everything through.
func (f Filter) Empty() bool { return len(f.terms) == 0 }

// Match reports whether a row passes.
func (f Filter) Match(row ...Field) bool {
	for _, t := range f.terms {
		if t.in(row) == t.not {
			return false
		}
	}
	return true
}

func (t term) in(row []Field) bool {
	for _, f := range row {
		if (t.field == "" || strings.EqualFold(t.field, f.Name)) && strings.Contains(strings.ToLower(f.Value), t.word) {
			return true
		}
	}
	return false
}
