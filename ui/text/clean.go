package text

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"
)

// maxClean bounds what is kept of one foreign text, in bytes, before it is cut
// to its column.
const maxClean = 4096

// maxMarks bounds the combining marks on one letter; Burmese words have three.
const maxMarks = 3

// Clean makes a foreign text (a name, a model, a log row, an error message) fit
// to be drawn on one line: no escape sequence, control character or bidi
// override survives, and nothing whose width terminals disagree about, which is
// spelled out instead. It is the only way in for foreign text.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	if len(s) > maxClean {
		s = s[:maxClean]
	}
	cleaned.Lock()
	defer cleaned.Unlock()
	if c, ok := cleaned.of[s]; ok {
		return c
	}
	if len(cleaned.of) >= maxCleaned {
		clear(cleaned.of)
	}
	c := clean(s)
	cleaned.of[s] = c
	return c
}

// cleaned remembers what was cleaned: the same few names are drawn in every
// frame.
var cleaned = struct {
	sync.Mutex
	of map[string]string
}{of: map[string]string{}}

const maxCleaned = 2048

func clean(s string) string {
	// Composed, since a letter in pieces is measured in pieces: Korean above all.
	s = norm.NFC.String(ansi.Strip(s))
	var b strings.Builder
	b.Grow(len(s))
	marks := 0
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			r = '\uFFFD' // a broken byte
		}
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Zs, r):
			r = ' '
		case dropped(r):
			continue
		case r >= 0x1F1E6 && r <= 0x1F1FF:
			// Half a flag: one cell to some terminals, two to others. Its letter
			// says as much.
			r = 'A' + r - 0x1F1E6
		}
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			if marks++; marks > maxMarks || b.Len() == 0 {
				continue
			}
		} else {
			marks = 0
		}
		b.WriteRune(r)
	}
	return agreed(norm.NFC.String(b.String())) // what was dropped may have kept pieces apart
}

// plain reports whether s is short printable ASCII, as most names are.
func plain(s string) bool {
	if len(s) > maxClean {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// dropped are the runes that draw nothing, or draw elsewhere than they stand.
func dropped(r rune) bool {
	switch {
	case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Cs, r), unicode.Is(unicode.Co, r):
		return true // controls, format characters (ZWJ, bidi, BOM, tags), surrogates, private use
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF:
		return true // variation selectors
	case r == 0x20E3:
		return true // the box of a keycap
	case r >= 0x1F3FB && r <= 0x1F3FF:
		return true // skin tones
	case r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r == 0x034F, r == 0x17B4, r == 0x17B5:
		return true // fillers and joiners that show nothing
	}
	return !unicode.IsGraphic(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Me, r)
}

// Width is the number of cells that s takes. It may hold escape sequences of our
// own.
func Width(s string) int {
	if plain(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// Cut shortens s to at most w cells, with an ellipsis where something is
// missing.
func Cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if Width(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, "…")
}

// Left pads or cuts s to exactly w cells, flush left.
func Left(s string, w int) string {
	s = Cut(s, w)
	return s + strings.Repeat(" ", max(0, w-Width(s)))
}

// Right pads or cuts s to exactly w cells, flush right, as numbers are.
func Right(s string, w int) string {
	s = Cut(s, w)
	return strings.Repeat(" ", max(0, w-Width(s))) + s
}

// Centre pads or cuts s to exactly w cells, in the middle.
func Centre(s string, w int) string {
	s = Cut(s, w)
	gap := max(0, w-Width(s))
	return strings.Repeat(" ", gap/2) + s + strings.Repeat(" ", gap-gap/2)
}

// Wrap breaks s into lines of at most w cells.
func Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, w, " "), "\n")
}
