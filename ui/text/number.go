package text

import (
	"fmt"
	"strconv"
	"time"
)

// Unknown stands for what is not known, which is never 0.
const Unknown = "–"

// Short prints a count in at most five cells: 999, 18.2k, 182k, 1.3M.
func Short(n int64) string {
	neg := ""
	if n < 0 {
		neg, n = "-", -n
	}
	f := float64(n)
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		// 999,500 is 1.00M, not to 1000k.
		if f >= u.size*0.9995 && f >= 1000 {
			v := f / u.size
			switch {
			case v < 9.995:
				return neg + strconv.FormatFloat(v, 'f', 2, 64) + u.name
			case v < 99.95:
				return neg + strconv.FormatFloat(v, 'f', 1, 64) + u.name
			}
			return neg + strconv.FormatFloat(v, 'f', 0, 64) + u.name
		}
	}
	return neg + strconv.FormatInt(n, 10)
}

// Percent prints a share with the precision that matters: 0.8 %, 12 %, <0.1 %.
func Percent(share float64) string {
	p := share * 100
	switch {
	case p == 0:
		return "0 %"
	case p < 0.1:
		return "<0.1 %"
	case p < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	case p < 99.5 || share == 1:
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	case p < 100:
		return "99 %" // never 100 % of what is not whole
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + " %"
}

// Took prints a measured duration: 320 ms, 1.5 s, 48 s, 2m05.
func Took(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 9950*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < 99500*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 0, 64) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02d", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02d", int(d.Hours()), int(d.Minutes())%60)
}

// TookCoarse prints a duration that was logged in whole seconds.
func TookCoarse(d time.Duration) string {
	if d < time.Second {
		return "<1 s"
	}
	if d < 100*time.Second {
		return "≈" + strconv.Itoa(int(d.Seconds())) + " s"
	}
	return "≈" + Took(d)
}

// Age prints how old something is in coarse steps, so that it changes rarely:
// 5 s, 15 s, 30 s, 1 m, 2 m, 3 m, 5 m, 10 m, 15 m, 20 m, 30 m, 45 m, 1 h, 2 h, 3 d.
func Age(d time.Duration) string {
	step := func(steps ...time.Duration) time.Duration {
		out := steps[0]
		for _, s := range steps {
			if d >= s {
				out = s
			}
		}
		return out
	}
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(step(0, 5*time.Second, 15*time.Second, 30*time.Second).Seconds())) + " s"
	case d < time.Hour:
		const m = time.Minute
		return strconv.Itoa(int(step(m, 2*m, 3*m, 5*m, 10*m, 15*m, 20*m, 30*m, 45*m).Minutes())) + " m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " h"
	}
	return strconv.Itoa(int(d.Hours())/24) + " d"
}

// Span prints how long something lasts, to two units: 3 d 4 h, 5 h 20 m, 12 m.
func Span(d time.Duration) string {
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days >= 100:
		return fmt.Sprintf("%d d", days)
	case days >= 1:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours >= 10:
		return fmt.Sprintf("%d h", hours)
	case hours >= 1:
		return fmt.Sprintf("%d h %d m", hours, minutes/10*10)
	case minutes >= 1:
		return fmt.Sprintf("%d m", minutes)
	}
	return "<1 m"
}

// Moment prints a time to come or gone by, as far as it is needed: 18:20, Mon
// 18:20, 4 Dec, Dec 2027.
func Moment(t, now time.Time) string {
	y, m, d := t.Date()
	ny, nm, nd := now.Date()
	away := t.Sub(now).Abs()
	switch {
	case y == ny && m == nm && d == nd:
		return t.Format("15:04")
	case away < 6*24*time.Hour:
		return t.Format("Mon 15:04")
	case away < 300*24*time.Hour:
		return t.Format("2 Jan")
	}
	return t.Format("Jan 2006")
}
