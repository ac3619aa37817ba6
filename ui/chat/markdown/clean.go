package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/ui/text"
)

// Safe makes a foreign text fit to be kept, copied and written to a file: no
// control character but newline and tab, and no bidi override survives. An
// escape character becomes its picture, so that what was sent can be seen and
// does nothing. It works on pieces of a text as on the whole.
func Safe(s string) string {
	ok := true
	for i := 0; i < len(s) && ok; i++ {
		b := s[i]
		ok = b >= ' ' && b < 0x7f || b == '\n' || b == '\t'
	}
	if ok {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= ' ' && r < 0x7f, r >= 0x2E80 && r < 0xD800, r == '\n', r == '\t':
			return r
		case r == 0x1b:
			return '␛'
		case r == '\u2028' || r == '\u2029' || r == '\u0085':
			return '\n'
		case r == '\u200c' || r == '\u200d':
			return r // joiners: Persian, Hindi and emoji are spelled with them
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Cs, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// piece is how much is given to text.Clean at once, in bytes: what is longer it
// may cut, since a letter spelled out is twice as long.
const piece = 120

// Drawable makes one line of safe text fit to be drawn: nothing stays in it about
// whose width terminals disagree, and tabs are four blanks.
func Drawable(s string) string {
	if strings.IndexByte(s, '\t') >= 0 {
		s = strings.ReplaceAll(s, "\t", "    ")
	}
	if plain(s) {
		return s
	}
	s = Safe(s)
	var b strings.Builder
	for len(s) > 0 {
		n := len(s)
		if n > piece {
			n = cut(s)
		}
		b.WriteString(text.Clean(s[:n]))
		s = s[n:]
	}
	out := b.String()
	if ansi.StringWidth(out) != ansi.StringWidthWc(out) {
		return agreed(out)
	}
	return out
}

// cut finds where to cut off a piece: between words, or else before a letter with
// its marks.
func cut(s string) int {
	at := piece
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	for n := at; n > piece/2; {
		r, size := utf8.DecodeLastRuneInString(s[:n])
		if r == ' ' || r >= 0x4E00 && r < 0xA000 {
			return n
		}
		n -= size
	}
	// Thai, for one, writes no blanks; what is longer than a piece is no letter.
	for n := 0; ; {
		cluster, _ := ansi.FirstGraphemeCluster(s[n:], ansi.GraphemeWidth)
		if n+len(cluster) > at {
			if n == 0 {
				return at
			}
			return n
		}
		n += len(cluster)
	}
}

// agreed is the last resort where pieces, each well measured, join to something
// that is not: it keeps the clusters that stay so beside each other.
func agreed(s string) string {
	var b strings.Builder
	was := ""
	for len(s) > 0 {
		next, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(next):]
		both := was + next
		if ansi.StringWidthWc(next) != w || ansi.StringWidth(both) != ansi.StringWidthWc(both) ||
			ansi.StringWidth(both) != ansi.StringWidth(was)+w {
			continue
		}
		b.WriteString(next)
		was = next
	}
	out := b.String()
	if ansi.StringWidth(out) == ansi.StringWidthWc(out) {
		return out
	}
	return strings.Map(func(r rune) rune {
		if r > '~' && (r < 0x4E00 || r > 0x9FFF) {
			return '?'
		}
		return r
	}, out)
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// width is how many cells a rune takes.
func width(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case r >= 0x4E00 && r <= 0x9FFF, r >= 0x3041 && r <= 0x3096, r >= 0x30A0 && r <= 0x30FF,
		r >= 0xAC00 && r <= 0xD7A3, r >= 0xFF01 && r <= 0xFF60, r >= 0x3001 && r <= 0x3029:
		return 2
	case r >= 0x2500 && r <= 0x25FF && r != 0x25FD && r != 0x25FE, r >= 0x400 && r <= 0x482, r >= 0x370 && r <= 0x3FF:
		return 1
	}
	return ansi.StringWidthWc(string(r))
}
