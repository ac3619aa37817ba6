package chart

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

var mono = theme.Get("mono", true)

func points(n int, value func(i int) model.Opt[float64]) []model.Point {
	out := make([]model.Point, n)
	for i := range out {
		out[i] = model.Point{At: 1_795_154_400 + int64(i)*60, Seconds: 60, PerMinute: value(i)}
	}
	return out
}

func options(w, h int) Options {
	cur := model.Currency{}
	return Options{
		W: w, H: h, Theme: mono, Zone: time.FixedZone("CST", 8*3600), Cursor: -1, Unit: cur.QuotaPerUnit(),
		Format: cur.FormatFloat,
	}
}

func TestSpendIsExactlyAsWideAsItsRoom(t *testing.T) {
	for _, n := range []int{0, 1, 15, 60, 168, 720} {
		p := points(n, func(i int) model.Opt[float64] {
			if i%7 == 3 {
				return model.Opt[float64]{}
			}
			return model.Some(float64(i * 100))
		})
		for w := range 90 {
			for h := range 14 {
				o := options(w, h)
				o.Cursor = n / 2
				lines := Spend(p, o)
				if len(lines) != h {
					t.Fatalf("%d points, %d×%d: %d lines", n, w, h, len(lines))
				}
				for _, l := range lines {
					if text.Width(l) != w {
						t.Fatalf("%d points, %d×%d: %q is %d cells wide", n, w, h, l, text.Width(l))
					}
				}
			}
		}
	}
}

func TestSpendDrawing(t *testing.T) {
	p := points(60, func(i int) model.Opt[float64] {
		switch {
		case i < 10:
			return model.Opt[float64]{} // not read
		case i < 30:
			return model.Some(0.0)
		case i < 45:
			return model.Some(20_000.0) // $0.04
		}
		return model.Some(50_000.0) // $0.10
	})
	got := ansi.Strip(strings.Join(Spend(p, options(46, 6)), "\n"))
	want := strings.Join([]string{
		"$0.10┤                              ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿",
		"     ┤                              ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿",
		"$0.05┤                              ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿",
		"     ┤                    ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿",
		"    0┤       ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿",
		"      14:00   14:15     14:30     14:45       ",
	}, "\n")
	if got != want {
		t.Errorf("drawn:\n%s\nwant:\n%s", got, want)
	}
}

func TestRangesAreRound(t *testing.T) {
	for v, want := range map[float64]float64{0: 0.01, 0.6: 0.6, 0.61: 0.8, 0.81: 1, 1: 1, 1.01: 2, 2.5: 3, 5.1: 6, 37: 40, 0.00012: 0.0002} {
		if got := roundUp(v*500_000, 500_000) / 500_000; got/want > 1.000001 || got/want < 0.999999 {
			t.Errorf("the range for $%v ends at $%v, want $%v", v, got, want)
		}
	}
}

func TestTimesKeepToMidnightWhereClocksChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 10, 22, 0, 0, 0, 0, berlin) // clocks go back on the 25th
	p := make([]model.Point, 24*7)
	for i := range p {
		p[i] = model.Point{At: from.Unix() + int64(i)*3600, Seconds: 3600}
	}
	got := strings.Fields(times(p, 100, berlin))
	if strings.Join(got, " ") != "22 Oct 23 Oct 24 Oct 25 Oct 26 Oct 27 Oct 28 Oct" {
		t.Errorf("days: %v", got)
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{0: "    ", 0.001: "▏   ", 0.5: "██  ", 0.53: "██▏ ", 1: "████", 7: "████", -1: "    "} {
		if got := Bar(share, 4); got != want {
			t.Errorf("Bar(%v) = %q, want %q", share, got, want)
		}
	}
	if Bar(1, 0) != "" {
		t.Error("a bar without room")
	}
}

func BenchmarkSpend(b *testing.B) {
	p := points(60, func(i int) model.Opt[float64] { return model.Some(float64(i * 100)) })
	o := options(80, 10)
	for b.Loop() {
		Spend(p, o)
	}
}
