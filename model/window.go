package model

import (
	"fmt"
	"strings"
	"time"
)

// Calendar says where a window begins that is not a length of time.
type Calendar uint8

// The beginnings of windows.
const (
	CalendarNone  Calendar = iota // a length of time before the end
	CalendarDay                   // the midnight of the day of the end
	CalendarMonth                 // the first midnight of its month
)

// Window is a time that the screen or the report speaks of. Of a window that
// follows the calendar, Length is the most that it can be.
type Window struct {
	Label    string
	Length   time.Duration
	Calendar Calendar
}

// The longest day has 25 hours, and the longest month one such day.
const (
	longestDay   = 25 * time.Hour
	longestMonth = 31*24*time.Hour + time.Hour
)

// Windows are the windows that a person can choose between.
func Windows() []Window {
	return []Window{
		{Label: "15m", Length: 15 * time.Minute},
		{Label: "1h", Length: time.Hour},
		{Label: "24h", Length: 24 * time.Hour},
		{Label: "7d", Length: 7 * 24 * time.Hour},
		{Label: "30d", Length: 30 * 24 * time.Hour},
		{Label: "today", Length: longestDay, Calendar: CalendarDay},
		{Label: "month", Length: longestMonth, Calendar: CalendarMonth},
	}
}

// ParseWindow returns the window with that label.
func ParseWindow(label string) (Window, error) {
	all := Windows()
	labels := make([]string, len(all))
	for i, w := range all {
		if w.Label == label {
			return w, nil
		}
		labels[i] = w.Label
	}
	return Window{}, fmt.Errorf("window %q is not one of %s", label, strings.Join(labels, ", "))
}

// Counted reports whether the window is short enough to be counted from the
// log's rows. Longer ones come from the gateway's own hours and days: reading
// the log for them would burden its database.
func (w Window) Counted() bool { return w.Length <= time.Hour }

// Ending returns the span that ends at to and is as long as the window can be,
// both ends inclusive: an hour is 3,600 seconds.
func (w Window) Ending(to int64) Span {
	return Span{to - int64(w.Length/time.Second) + 1, to}
}

// SpanAt returns the span of the window that ends at to, both ends inclusive,
// with days and months of zone.
func (w Window) SpanAt(to int64, zone *time.Location) Span {
	end := time.Unix(to, 0).In(zone)
	switch w.Calendar {
	case CalendarDay:
		return Span{DayStart(end).Unix(), to}
	case CalendarMonth:
		return Span{MonthStart(end).Unix(), to}
	}
	return w.Ending(to)
}

// DayStart returns the first second of the day of t in t's zone. Days have 23 or
// 25 hours where clocks change, and some have no midnight at all or two of them.
func DayStart(t time.Time) time.Time {
	y, m, d := t.Date()
	start := time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	if sy, sm, sd := start.Date(); sy != y || sm != m || sd != d {
		// Midnight was skipped and Date normalised it to the evening before.
		start = start.Add(time.Hour)
	}
	return start
}

// MonthStart returns the first second of the month of t in t's zone.
func MonthStart(t time.Time) time.Time {
	y, m, _ := t.Date()
	return DayStart(time.Date(y, m, 1, 12, 0, 0, 0, t.Location()))
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

// DaySpans cuts the time from the start of the day of from to the second to into
// the days of zone; the last one may be short.
func DaySpans(from, to int64, zone *time.Location) []Span {
	var out []Span
	for start := DayStart(time.Unix(from, 0).In(zone)); start.Unix() <= to; {
		y, m, d := start.Date()
		next := DayStart(time.Date(y, m, d+1, 12, 0, 0, 0, zone))
		out = append(out, Span{start.Unix(), min(to, next.Unix()-1)})
		start = next
	}
	return out
}
