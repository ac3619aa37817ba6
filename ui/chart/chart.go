// Package chart draws the charts of the screen. They advance by whole minutes
// and their ranges are round numbers, so that little of them changes from one
// frame to the next.
package chart

import (
	"math"
	"strings"
	"time"

	"github.com/NimbleMarkets/ntcharts/v2/canvas"
	"github.com/NimbleMarkets/ntcharts/v2/canvas/graph"

	"gatewatch/model"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// Options say how a chart is drawn.
type Options struct {
	W, H  int
	Theme *theme.Theme
	Zone  *time.Location
	// Format prints a value of the vertical axis.
	Format func(perMinute float64) string
	// Unit is the smallest value that is worth a step of the vertical axis: the
	// amount of one unit of the axis' currency, in the points' unit.
	Unit float64
	// Cursor is the index of the marked point, -1 for none.
	Cursor int
}

// Spend draws money per minute over time as an area of braille dots, with times
// below and amounts to the left, in exactly H lines of W cells. What is not
// known stays empty; a known zero is a line of dots.
func Spend(points []model.Point, o Options) []string {
	if len(points) == 0 || o.W < 8 || o.H < 2 {
		return blank(o)
	}
	top := roundUp(highest(points), o.Unit)
	plotH := o.H - 1
	labels := yLabels(top, plotH, o.Format)
	labelW := 0
	for _, l := range labels {
		labelW = max(labelW, text.Width(l))
	}
	if labelW+12 > o.W {
		labelW = 0
	}
	axisW := labelW + 1
	plotW := o.W - axisW
	grid, owner := fill(points, plotW, plotH, top)
	marked := func(x int) bool { return o.Cursor >= 0 && owner[2*x] == o.Cursor }

	th := o.Theme
	lines := make([]string, 0, o.H)
	for y, row := range grid {
		var b strings.Builder
		label := ""
		if labelW > 0 {
			label = text.Right(labels[y], labelW)
		}
		b.WriteString(th.Dim.Text(label))
		b.WriteString(th.Border.Text("┤"))
		heat := th.Heat[min(len(th.Heat)-1, (plotH-1-y)*len(th.Heat)/plotH)]
		for x := 0; x < plotW; {
			// Runs of equal style are drawn in one go.
			run := x
			for x < plotW && marked(x) == marked(run) {
				x++
			}
			style := heat
			if marked(run) {
				style = th.Strong
			}
			b.WriteString(style.Text(glyphs(row[run:x], marked(run))))
		}
		lines = append(lines, b.String())
	}
	return append(lines, strings.Repeat(" ", axisW)+th.Dim.Text(times(points, plotW, o.Zone)))
}

func blank(o Options) []string {
	lines := make([]string, max(0, o.H))
	for i := range lines {
		lines[i] = strings.Repeat(" ", max(0, o.W))
	}
	return lines
}

// glyphs are the cells of one row; an empty one of the marked minute is a thin
// line, so that the cursor shows where nothing was spent.
func glyphs(cells []rune, marked bool) string {
	var b strings.Builder
	for _, r := range cells {
		switch {
		case r > 0x2800 && r <= 0x28FF:
			b.WriteRune(r)
		case marked:
			b.WriteRune('┊')
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func highest(points []model.Point) float64 {
	m := 0.0
	for _, p := range points {
		m = max(m, p.PerMinute.V)
	}
	return m
}

// fill sets the dots below each point's value, and returns the cells with, for
// each column of dots, the index of its point.
func fill(points []model.Point, w, h int, top float64) (cells [][]rune, owner []int) {
	dotsW, dotsH := 2*w, 4*h
	g := graph.NewBrailleGrid(w, h, 0, float64(dotsW-1), 0, float64(dotsH-1))
	owner = make([]int, dotsW)
	for x := range dotsW {
		i := x * len(points) / dotsW
		owner[x] = i
		v := points[i].PerMinute
		if !v.OK {
			continue
		}
		n := max(1, int(math.Round(v.V/top*float64(dotsH))))
		for y := range min(n, dotsH) {
			g.Set(canvas.Point{X: x, Y: dotsH - 1 - y})
		}
	}
	return g.BraillePatterns(), owner
}

// roundUp is the next of 1, 2, 3, 4, 6, 8 × 10^k units at or above v: numbers
// whose half is short too.
func roundUp(v, unit float64) float64 {
	if unit <= 0 {
		unit = 1
	}
	if v <= 0 {
		return unit / 100
	}
	v /= unit
	pow := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 3, 4, 6, 8, 10} {
		// A hair's breadth above a step is still that step.
		if v <= step*pow*1.0000001 {
			return step * pow * unit
		}
	}
	return 10 * pow * unit
}

// yLabels are the labels of h rows, from the top: the top, the middle where
// there is room, and zero. A label speaks of the upper edge of its row, zero of
// the lower.
func yLabels(top float64, h int, format func(float64) string) []string {
	labels := make([]string, h)
	labels[0] = format(top)
	if h >= 5 {
		labels[h/2] = format(top / 2)
	}
	if h >= 2 {
		labels[h-1] = "0"
	}
	return labels
}

var steps = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 48 * time.Hour, 5 * 24 * time.Hour, 10 * 24 * time.Hour,
}

// times is the line of labels below the plot, at round local times.
func times(points []model.Point, w int, zone *time.Location) string {
	from := points[0].At
	last := points[len(points)-1]
	span := last.At + last.Seconds - from
	layout, labelW := "15:04", 5
	if span > 26*3600 {
		layout, labelW = "2 Jan", 6
	}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if layout != "15:04" && s < 24*time.Hour {
			continue
		}
		if float64(w)*s.Seconds()/float64(span) >= float64(labelW+4) {
			step = s
			break
		}
	}
	line := []byte(strings.Repeat(" ", w))
	free := 0
	for t := firstTick(time.Unix(from, 0).In(zone), step); t.Unix() < from+span; t = nextTick(t, step) {
		label := t.Format(layout)
		at := int(float64(t.Unix()-from) / float64(span) * float64(w))
		start := max(0, at-len(label)/2)
		if start < free || start+len(label) > w {
			continue
		}
		copy(line[start:], label)
		free = start + len(label) + 1
	}
	return string(line)
}

// firstTick is the first round local time at or after t.
func firstTick(t time.Time, step time.Duration) time.Time {
	day := model.DayStart(t)
	if step >= 24*time.Hour {
		if day.Before(t) {
			return nextTick(day, 24*time.Hour)
		}
		return day
	}
	n := (t.Sub(day) + step - 1) / step
	return day.Add(n * step)
}

// nextTick is one step later; days keep to midnight where clocks change.
func nextTick(t time.Time, step time.Duration) time.Time {
	if step >= 24*time.Hour {
		return model.DayStart(t.Add(step + 2*time.Hour))
	}
	return t.Add(step)
}

// Bar draws a share between 0 and 1 as a bar of w cells, to an eighth of a cell.
func Bar(share float64, w int) string {
	if w <= 0 {
		return ""
	}
	eighths := int(math.Round(min(1, max(0, share)) * float64(8*w)))
	if share > 0 && eighths == 0 {
		eighths = 1
	}
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string(rune('█' + 8 - rest)) // ▏▎▍▌▋▊▉ follow █ downwards
	}
	return s + strings.Repeat(" ", w-text.Width(s))
}
