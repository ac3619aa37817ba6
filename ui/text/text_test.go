package text

import (
	"reflect"
	"testing"
	"time"
)

func TestNoWordIsMissing(t *testing.T) {
	for name, words := range map[string]Words{"English": English} {
		var look func(v reflect.Value, path string)
		look = func(v reflect.Value, path string) {
			for i := range v.NumField() {
				f, p := v.Field(i), path+"."+v.Type().Field(i).Name
				if f.Kind() == reflect.Struct {
					look(f, p)
				} else if f.String() == "" {
					t.Errorf("%s is empty", p)
				}
			}
		}
		look(reflect.ValueOf(words), name)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1.00k", 1234: "1.23k", 18_200: "18.2k", 182_000: "182k", 999_499: "999k",
		999_500: "1.00M", 1_300_000: "1.30M", 12_345_678_901: "12.3G", -1234: "-1.23k",
	} {
		if got := Short(n); got != want {
			t.Errorf("Short(%d) = %s, want %s", n, got, want)
		}
	}
	for share, want := range map[float64]string{0: "0 %", 0.0004: "<0.1 %", 0.008: "0.8 %", 0.0996: "10 %", 0.124: "12 %", 0.9999: "99 %", 1: "100 %", 1.5: "150 %"} {
		if got := Percent(share); got != want {
			t.Errorf("Percent(%v) = %s, want %s", share, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 ms", 320 * time.Millisecond: "320 ms", 1500 * time.Millisecond: "1.5 s", 9949 * time.Millisecond: "9.9 s",
		48 * time.Second: "48 s", 125 * time.Second: "2m05", 3700 * time.Second: "1h01",
	} {
		if got := Took(d); got != want {
			t.Errorf("Took(%s) = %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "<1 s", 3 * time.Second: "≈3 s", 125 * time.Second: "≈2m05"} {
		if got := TookCoarse(d); got != want {
			t.Errorf("TookCoarse(%s) = %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 s", 7 * time.Second: "5 s", 29 * time.Second: "15 s", 59 * time.Second: "30 s", 61 * time.Second: "1 m",
		9*time.Minute + 59*time.Second: "5 m", 14 * time.Minute: "10 m", 90 * time.Minute: "1 h", 47 * time.Hour: "47 h", 50 * time.Hour: "2 d",
	} {
		if got := Age(d); got != want {
			t.Errorf("Age(%s) = %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		30 * time.Second: "<1 m", 12 * time.Minute: "12 m", 5*time.Hour + 29*time.Minute: "5 h 20 m", 15 * time.Hour: "15 h",
		76 * time.Hour: "3 d 4 h", 2500 * time.Hour: "104 d",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%s) = %s, want %s", d, got, want)
		}
	}
	now := time.Date(2026, 11, 20, 14, 2, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		4 * time.Hour: "18:02", 12 * time.Hour: "Sat 02:02", 30 * 24 * time.Hour: "20 Dec", 400 * 24 * time.Hour: "Dec 2027", -26 * time.Hour: "Thu 12:02",
	} {
		if got := Moment(now.Add(d), now); got != want {
			t.Errorf("Moment(%s) = %s, want %s", d, got, want)
		}
	}
}
