// Package filter is the small language behind "/": words that must be there,
// !words that must not, field:words that look at one field, and field:"words" that
// are the whole of it. All of them must hold; case does not matter.
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
	not, whole  bool
}

// Field is one named value of a row.
type Field struct{ Name, Value string }

// Parse reads a filter. Every text is a filter: what cannot be meant otherwise
// is a word to look for. fields are the names that may stand before a colon.
func Parse(s string, fields []string) Filter {
	f := Filter{text: strings.TrimSpace(s)}
	for w := range words(s) {
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
		if quoted, ok := strings.CutPrefix(t.word, `"`); ok && t.field != "" {
			t.word, t.whole = strings.TrimSuffix(quoted, `"`), true
		}
		if t.word != "" || t.whole {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

// words cuts a filter at its spaces, but not between quotation marks.
func words(s string) func(yield func(string) bool) {
	quoted := false
	return strings.FieldsFuncSeq(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && unicode.IsSpace(r)
	})
}

// Exact is a filter for rows whose field is exactly value.
func Exact(field, value string) string {
	if strings.Contains(value, `"`) { // cannot be quoted: its words will do
		return field + ":" + strings.Join(strings.Fields(strings.ReplaceAll(value, `"`, " ")), " "+field+":")
	}
	return field + `:"` + value + `"`
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
		if t.field != "" && !strings.EqualFold(t.field, f.Name) {
			continue
		}
		value := strings.ToLower(f.Value)
		if t.whole && value == t.word || !t.whole && strings.Contains(value, t.word) {
			return true
		}
	}
	return false
}
