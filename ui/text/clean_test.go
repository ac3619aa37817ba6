package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"laptop":             "laptop",
		"中文 令牌 🚀":            "中文 令牌 🚀",
		"データ分析":              "データ分析",
		"a\tb\nc\r\nd":       "a b c  d",
		"\x1b[31mred\x1b[0m": "red",
		"\x1b]0;title\x07x":  "x",
		"\x1b]8;;http://evil\x1b\\l\x1b]8;;\x1b\\": "l",
		"\x9b31mred":                           "red",
		"a\u009b31mb":                          "a31mb",
		"\u202eevil\u202c":                     "evil",
		"\u2066x\u2069":                        "x",
		"👨\u200d👩\u200d👧":                      "👨👩👧",
		"⚠\ufe0f":                              "⚠",
		"1\ufe0f\u20e3":                        "1",
		"👍🏽":                                   "👍",
		"🇨🇳":                                   "CN",
		"z\u0301\u0301\u0301\u0301\u0301":      "\u017a\u0301\u0301\u0301",
		"\u0301x":                              "x",
		"soft\u00adhyphen":                     "softhyphen",
		"nbsp\u00a0x":                          "nbsp x",
		"bad\xff\xfebytes":                     "badbytes",
		"\x00\x07\x08bell":                     "bell",
		"\ufeffbom":                            "bom",
		"नमस्ते":                               "नमस◌्ते",
		"ｶﾞ ﾊﾟ":                                "ガ パ",
		"हिन्दी":                               "हइन◌्दई",
		"বাংলা":                                "বআ◌লআ",
		"தமிழ்":                                "தமஇழ்",
		"മലയാളം":                               "മലയആള◌",
		"တမြို့":                               "တမ◌ို့",
		"\u0e19\u0e49\u0e33 \u0e17\u0e33":      "\u0e19\u0e4d\u0e49\u0e32 \u0e17\u0e4d\u0e32", // Thai am: ring, tone, aa
		"\u0e19\u0eb3":                         "\u0e19\u0ecd\u0eb2",
		"\u0e33":                               "◌\u0e4d\u0e32",
		"\u093f":                               "\u0907",
		"\u1112\u1161\u11ab\u1100\u1173\u11af": "한글",
		"e\u200d\u0301\u1ec7":                  "é\u1ec7",
		"العَرَبِيَّة עִבְרִית": "العَرَبِيَّة עִבְרִית",
		"\U000E0041tag": "tag",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Clean(strings.Repeat("长", 5000)); len(got) > maxClean+3 {
		t.Errorf("%d bytes are kept", len(got))
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"\x1b[31m", "\x1bP1;2|x\x1b\\", "\u009d0;x\u009c", "a\u200db", "\x1b\x1b[[31m", "ｱｶﾞ", "हिन्दी", "น้ำ", "\u1112\u1161\u11ab\u1160", "a\u0344\u0344", "\u0d4eക", "မြို့", "ខ្មែរ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Clean(s)
		if !utf8.ValidString(c) {
			t.Fatalf("%q: not UTF-8: %q", s, c)
		}
		for _, r := range c {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
				t.Fatalf("%q: %U survives in %q", s, r, c)
			}
		}
		if ansi.StringWidth(c) != ansi.StringWidthWc(c) {
			t.Fatalf("%q: terminals disagree about the width of %q", s, c)
		}
		if again := Clean(c); len(c) <= maxClean && again != c {
			t.Fatalf("cleaning twice changes %q to %q", c, again)
		}
		for _, w := range []int{0, 1, 2, 7, 40} {
			if got := Width(Left(c, w)); got != w {
				t.Fatalf("Left(%q, %d) is %d cells wide", c, w, got)
			}
			if got := Width(Right(c, w)); got != w {
				t.Fatalf("Right(%q, %d) is %d cells wide", c, w, got)
			}
			if got := Width(Cut(c, w)); got > w {
				t.Fatalf("Cut(%q, %d) is %d cells wide", c, w, got)
			}
		}
	})
}
