package markdown

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/ui/theme"
)

var update = flag.Bool("update", false, "write the golden files anew")

var dark = theme.Get("dark", true)

// drawAll draws a whole Doc as the transcript does, and checks every line.
func drawAll(t testing.TB, d *Doc, look Look) []string {
	t.Helper()
	var out []string
	for i := range d.Blocks() {
		lines := d.Lines(i, look)
		if len(out) > 0 && len(lines) > 0 && !d.Joined(i) {
			out = append(out, "")
		}
		for _, l := range lines {
			check(t, l, look.W)
			out = append(out, l.S)
		}
	}
	return out
}

var ours = regexp.MustCompile("\x1b\\[[0-9;]*m")

func check(t testing.TB, l Line, w int) {
	t.Helper()
	bare := ours.ReplaceAllString(l.S, "")
	for _, r := range bare {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			t.Fatalf("%U survives in %q", r, l.S)
		}
	}
	for _, seq := range ours.FindAllString(l.S, -1) {
		if !known[seq] {
			t.Fatalf("the sequence %q is not ours in %q", seq, l.S)
		}
	}
	if got := ansi.StringWidth(l.S); got != l.W || ansi.StringWidthWc(bare) != got {
		t.Fatalf("%q is %d cells wide, %d to others, and says %d", l.S, got, ansi.StringWidthWc(bare), l.W)
	}
	if l.W > w && w >= 8 {
		t.Fatalf("%q is wider than %d", l.S, w)
	}
}

// known are the sequences that this package can write.
var known = func() map[string]bool {
	m := map[string]bool{"\x1b[m": true, "\x1b[1m": true, "\x1b[3m": true, "\x1b[9m": true, "\x1b[4m": true}
	for _, on := range newPen(dark).on {
		m[on] = true
	}
	return m
}()

func doc(src string) *Doc {
	d := &Doc{}
	d.Append(src)
	d.Close()
	d.Settle()
	return d
}

func TestDraw(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("testdata", "sample.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []int{76, 36, 18} {
		got := strings.Join(drawAll(t, doc(string(src)), Look{Theme: dark, W: w}), "\n")
		path := filepath.Join("testdata", fmt.Sprintf("sample-%d.txt", w))
		got = strings.ReplaceAll(got, "\x1b", "␛") + "\n"
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || string(want) != got {
			t.Errorf("%s differs; -update writes it anew:\n%s", path, got)
		}
	}
}

// TestStreamedEqualsWhole holds what a text becomes by growing against what it
// is when it is drawn at once.
func TestStreamedEqualsWhole(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "sample.md"))
	if err != nil {
		t.Fatal(err)
	}
	src := string(b)
	look := Look{Theme: dark, W: 60}
	want := drawAll(t, doc(src), look)
	for _, step := range []int{1, 3, 7, 50, 1000} {
		d := &Doc{}
		for at := 0; at < len(src); at += step {
			to := min(len(src), at+step)
			for to < len(src) && src[to]&0xC0 == 0x80 {
				to++
			}
			d.Append(src[at:to])
			at = to - step
			d.Settle()
			drawAll(t, d, look)
		}
		d.Close()
		d.Settle()
		if got := drawAll(t, d, look); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("in steps of %d:\n%s\nwant\n%s", step, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestLongBlocksAreCut(t *testing.T) {
	for name, src := range map[string]string{
		"code":    "```go\n" + strings.Repeat("x := 1 // one\n", 5000) + "```\n\nafter\n",
		"list":    strings.Repeat("- an item of some length\n", 4000),
		"words":   strings.Repeat("word ", 20000),
		"letters": strings.Repeat("长", 20000),
		"quote":   strings.Repeat("> said\n", 8000),
		"table":   "| a | b |\n|---|---|\n" + strings.Repeat("| 1 | 2 |\n", 5000),
		"blank":   strings.Repeat(" \n", 20000),
	} {
		d := &Doc{}
		for at := 0; at < len(src); at += 999 {
			d.Append(src[at:min(len(src), at+999)])
			d.Settle()
			if len(d.tail) > most+window {
				t.Fatalf("%s: %d bytes are not settled", name, len(d.tail))
			}
		}
		d.Close()
		d.Settle()
		if name != "blank" && d.Blocks() < 5 {
			t.Errorf("%s is %d blocks", name, d.Blocks())
		}
		got := drawAll(t, d, Look{Theme: dark, W: 60})
		if name == "table" && len(got) != 5000+2 {
			t.Errorf("%s: %d lines", name, len(got))
		}
		if name == "code" && (len(got) != 5000+4 || d.codes != 1) {
			t.Errorf("%s: %d lines, %d code blocks", name, len(got), d.codes)
		}
	}
}

// TestScripts loses no letter of a script, wherever a long line is cut into pieces.
func TestScripts(t *testing.T) {
	for in, want := range map[string]string{
		"हिन्दी":             "हइन◌्दई",
		"தமிழ்":              "தமஇழ்",
		"\u0e19\u0e49\u0e33": "\u0e19\u0e4d\u0e49\u0e32",
		"\u1112\u1161\u11ab": "한",
		"か\u3099":            "が",
		"ที่":                "ที่",
	} {
		for _, n := range []int{1, 60} {
			for _, before := range []string{"", "é", "éa", "éab"} {
				if got := Drawable(before + strings.Repeat(in, n)); got != before+strings.Repeat(want, n) {
					t.Errorf("%q, %d times: %q", in, n, got)
				}
			}
		}
	}
}

func TestCodes(t *testing.T) {
	got := Codes("a\n```go\nx\n```\n- b\n  ```sh\n  y\n  ```\n```\nz")
	if len(got) != 3 || got[0] != (Code{"go", "x\n"}) || got[1] != (Code{"sh", "y\n"}) || got[2].Text != "z\n" {
		t.Errorf("%q", got)
	}
}

func FuzzDraw(f *testing.F) {
	b, _ := os.ReadFile(filepath.Join("testdata", "sample.md"))
	f.Add(string(b), uint8(40), uint16(7))
	for _, s := range []string{
		"\x1b[31mred", "&#27;[31m", "&#x9b;31m", "\\\x1b]8;;x\x07", "[a](http://x\x1b]0;t\x07)", "```\x1b[2J\nx\x1b[H\n```", "<b\x1b[1m>",
		"| \x1b[1m | b |\n|--|--|\n| \u202e | x |", "> \u0301x", "**\u0301**\u200d", "1. \U0001F468\u200d\U0001F469", "# नमस्ते", "```\x1b]52;c;xx\x07",
		"![\x1b](\x1b)", "<http://\x1b[1m>", strings.Repeat("> ", 40) + "x", strings.Repeat("- ", 40) + "x", "ｶﾞ 각 가", "a\u0300\u0301\u0302\u0303", "🇨🇳🇩🇪", "\x9b31m\u009b31m",
	} {
		f.Add(s, uint8(30), uint16(3))
	}
	f.Fuzz(func(t *testing.T, src string, w uint8, step uint16) {
		began := time.Now()
		defer func() {
			if took := time.Since(began); took > 3*time.Second {
				t.Fatalf("%d bytes took %v", len(src), took)
			}
		}()
		look := Look{Theme: dark, W: int(w)}
		d := &Doc{}
		n := int(step)%500 + 1
		for at := 0; at < len(src); at += n {
			d.Append(src[at:min(len(src), at+n)])
			if at/n < 20 {
				d.Settle()
				drawAll(t, d, look)
			}
		}
		d.Close()
		d.Settle()
		drawAll(t, d, look)
		for _, c := range Codes(src) {
			if strings.ContainsRune(c.Text+c.Lang, '\x1b') {
				t.Fatalf("an escape stays in the code %q", c.Text)
			}
		}
		p := &Doc{Plain: true}
		p.Append(src)
		p.Close()
		p.Settle()
		drawAll(t, p, look)
	})
}

// answer is a text as models write it, of about n bytes.
func answer(n int) string {
	b, _ := os.ReadFile(filepath.Join("testdata", "sample.md"))
	return strings.Repeat(string(b), n/len(b)+1)[:n]
}

// BenchmarkStream draws an answer of 64 kB as it comes in at 200 tokens a second
// and 10 draws a second: 80 bytes a draw. What is told is one draw.
func BenchmarkStream(b *testing.B) {
	for name, src := range map[string]string{
		"prose": answer(64 << 10), "one code block": "```go\n" + strings.Repeat("\tx := f(1, \"two\") // three\n", 2400), "one paragraph": strings.Repeat("word and ", 7300),
	} {
		b.Run(name, func(b *testing.B) {
			look := Look{Theme: dark, W: 100}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				d := &Doc{}
				b.StartTimer()
				for at := 0; at+80 <= len(src); at += 80 {
					d.Append(strings.ToValidUTF8(src[at:at+80], ""))
					d.Settle()
					d.Lines(d.Blocks()-1, look)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(src)/80), "µs/draw")
		})
	}
}

func BenchmarkSettleMegabyte(b *testing.B) {
	src := answer(1 << 20)
	for b.Loop() {
		d := &Doc{}
		d.Append(src)
		d.Close()
		d.Settle()
	}
}
