package model

import (
	"fmt"
	"time"
)

// Window is a length of time that the screen or the report speaks of.
type Window struct {
	Label  string
	Length time.Duration
}

// Windows are the windows that a person can choose between.
func Windows() []Window {
	return []Window{
		{"15m", 15 * time.Minute},
		{"1h", time.Hour},
		{"24h", 24 * time.Hour},
		{"7d", 7 * 24 * time.Hour},
		{"30d", 30 * 24 * time.Hour},
	}
}

// ParseWindow returns the window with that label.
func ParseWindow(label string) (Window, error) {
	for _, w := range Windows() {
		if w.Label == label {
			return w, nil
		}
	}
	return Window{}, fmt.Errorf("window %q is not one of 15m, 1h, 24h, 7d, 30d", label)
}

// Counted reports whether the window is short enough to be counted from the
// log's rows. Longer ones come from the gateway's own hours and days: reading
// the log for them would burden its database.
func (w Window) Counted() bool { return w.Length <= time.Hour }

// Ending returns the span of the window that ends at to, both ends inclusive:
// an hour is 3,600 seconds.
func (w Window) Ending(to int64) Span {
	return Span{to - int64(w.Length/time.Second) + 1, to}
}

// DayStart returns the first second of the day of t in t's zone. Days have 23 or
// 25 hours where clocks change, and some have no midnight at all.
func DayStart(t time.Time) time.Time {
	y, m, d := t.Date()
	start := time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	if sy, sm, sd := start.Date(); sy != y || sm != m || sd != d {
		// Midnight was skipped and Date normalised it to the evening before.
		start = start.Add(time.Hour)
	}
	return start
}

// HourSpans cuts the time from the start of now's day to the second to into
// hours counted from that start: the last one may be short.
func HourSpans(now time.Time, to int64) []Span {
	var out []Span
	for from := DayStart(now).Unix(); from <= to; from += 3600 {
		out = append(out, Span{from, min(to, from+3599)})
	}
	return out
}
