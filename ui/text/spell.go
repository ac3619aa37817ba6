package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"
)

// circle is what Unicode draws a mark on that has no letter; alone it stands for
// a mark that cannot be drawn.
const circle = '◌'

// maxAgreed bounds the texts that are measured rune by rune, in bytes.
const maxAgreed = 256

// agreed spells out what terminals disagree about the width of: the two ways of
// measuring, by grapheme cluster and by rune, count the spacing vowel signs, the
// conjuncts and some vowels of Indic and Thai scripts differently. Nothing
// vanishes: such a sign is written as a letter, or a circle stands for it.
func agreed(s string) string {
	if agree(s) {
		return s
	}
	var b strings.Builder
	for rest := s; rest != ""; {
		cluster, w := ansi.FirstGraphemeCluster(rest, ansi.GraphemeWidth)
		rest = rest[len(cluster):]
		if ansi.StringWidthWc(cluster) != w || ansi.StringWidth(" "+cluster) != w+1 {
			cluster = spelled(cluster)
		}
		b.WriteString(cluster)
	}
	if out := b.String(); agree(out) {
		return out
	}
	return measured(b.String())
}

// agree reports whether both ways of measuring find the same width, beside other
// letters too.
func agree(s string) bool {
	w := ansi.StringWidth(s)
	return w == ansi.StringWidthWc(s) && ansi.StringWidth(" "+s+" ") == w+2
}

// spelled writes a cluster in letters and in marks that take no cell.
func spelled(cluster string) string {
	const am, laoAm = 0x0E33, 0x0EB3
	if strings.ContainsAny(cluster, "\uFF9E\uFF9F") {
		return norm.NFKC.String(cluster) // halfwidth kana with a sound mark: ｶﾞ
	}
	var out []rune
	for _, r := range cluster {
		switch {
		case r == am || r == laoAm: // a ring, which stands below the tone, and a vowel
			if len(out) == 0 {
				out = append(out, circle)
			}
			at := len(out)
			for at > 1 && out[at-1] >= r+0x15 && out[at-1] <= r+0x18 {
				at--
			}
			out = append(out[:at], append([]rune{r + 0x1A}, out[at:]...)...)
			r--
		case unicode.Is(unicode.Mc, r):
			r = vowel(r)
		case len(out) > 1 && unicode.IsLetter(r) && unicode.Is(unicode.Mn, out[len(out)-1]):
			// What joins two consonants, on a circle of its own, joins them not.
			joiner := out[len(out)-1]
			out = append(out[:len(out)-1], circle, joiner)
		}
		out = append(out, r)
	}
	return string(out)
}

// vowel is the letter of a vowel sign, or the circle. The Indic blocks up to
// Malayalam have the same order, each sign 56 behind its letter, but for one.
func vowel(sign rune) rune {
	const first, last, vocalicRR = 0x3E, 0x4C, 0x44
	if at := sign & 0x7F; sign >= 0x0900 && sign <= 0x0D7F && at >= first && at <= last && at != vocalicRR && unicode.IsLetter(sign-56) {
		return sign - 56
	}
	return circle
}

// measured is the last resort: it goes rune by rune, and puts the circle where one
// does not fit.
func measured(s string) string {
	kept := " " // a letter that a leading mark cannot hide on
	fits := func(r rune) bool {
		next := kept + string(r)
		w := ansi.StringWidth(next)
		return w == ansi.StringWidthWc(next) && ansi.StringWidth(next+" ") == w+1 && w == ansi.StringWidth(kept)+ansi.StringWidthWc(string(r))
	}
	for _, r := range s {
		if !fits(r) {
			if r = circle; !fits(r) {
				continue
			}
		}
		if kept += string(r); len(kept) > maxAgreed {
			break
		}
	}
	return kept[utf8.RuneLen(' '):]
}
