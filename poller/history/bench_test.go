package history

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatewatch/model"
)

// busy feeds a store the polls of a span at a rate: its end every five seconds,
// and each minute once more.
func busy(b testing.TB, s *Store, from, to int64, perSecond float64) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, uint64(from)))
	var last []model.Call
	for t := from; t < to; t += 5 {
		span := model.Span{From: t, To: t + 4}
		calls := traffic(r, span, perSecond)
		last = append(last, calls...)
		s.Fold("prod", read(span, t+10, calls))
		if (t+5-from)%60 == 0 {
			again := model.Span{From: t - 55, To: t + 4}
			s.Fold("prod", read(again, t+70, last))
			last = nil
		}
		mustFlush(b, s)
	}
}

// BenchmarkOpen opens a file with three days of calls, and goes on
// until yesterday's knowledge is a state.
func BenchmarkOpen(b *testing.B) {
	for _, perSecond := range []float64{2, 10, 50} {
		b.Run(fmt.Sprintf("%.0f calls a second", perSecond), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "history.db")
			s := openAt(b, path, Options{})
			r := rand.New(rand.NewPCG(1, 2))
			// What is not loaded is made once and copied: it only has to lie there.
			span := model.Span{From: origin, To: origin + 5399}
			for m := span.From; m < span.To; m += 60 {
				one := model.Span{From: m, To: m + 59}
				s.Fold("prod", read(one, m+200, traffic(r, one, perSecond)))
				mustFlush(b, s)
			}
			for back := int64(5400); back < 3*86400; back += 5400 {
				for _, q := range []string{
					"INSERT INTO slot SELECT book, start - ?1, calls FROM slot WHERE start >= ?2",
					"INSERT INTO minute SELECT book, start - ?1, cells FROM minute WHERE start >= ?2",
				} {
					if _, err := s.file.write.Exec(q, back, origin); err != nil {
						b.Fatal(err)
					}
				}
			}
			if _, err := s.file.write.Exec("UPDATE settled SET first = first - 259200 WHERE first = ?", origin); err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			var rows int
			var opened time.Duration
			for b.Loop() {
				start := time.Now()
				s, err := Open(b.Context(), path, Options{beat: time.Hour})
				if err != nil {
					b.Fatal(err)
				}
				opened += time.Since(start)
				updates, err := s.Load(b.Context(), "prod", at(span.To))
				if err != nil {
					b.Fatal(err)
				}
				rows = 0
				for _, u := range updates {
					if p, ok := u.Payload.(model.CallsRead); ok {
						rows += len(p.Calls)
					}
				}
				b.StopTimer()
				_ = s.Close()
				b.StartTimer()
			}
			b.ReportMetric(float64(info.Size())/1e6, "MB")
			b.ReportMetric(float64(rows), "rows")
			b.ReportMetric(opened.Seconds()*1e3/float64(b.N), "ms/open")
		})
	}
}

// BenchmarkMonth asks for 30 days of 10 M calls per model: 14,000 an hour.
func BenchmarkMonth(b *testing.B) {
	path := filepath.Join(b.TempDir(), "history.db")
	s := openAt(b, path, Options{})
	r := rand.New(rand.NewPCG(1, 2))
	const kinds = 12 // of hours, which repeat
	hour := origin - 30*24*3600
	for h := range int64(kinds) {
		for m := int64(0); m < 3600; m += 60 {
			one := model.Span{From: hour + h*3600 + m, To: hour + h*3600 + m + 59}
			s.Fold("prod", read(one, one.To+200, traffic(r, one, 12.1e6/30/86400))) // a sixth of them are failures and refunds
		}
		mustFlush(b, s)
	}
	if err := s.sweep(b.Context(), at(origin)); err != nil {
		b.Fatal(err)
	}
	for h := int64(kinds); h < 30*24; h += kinds {
		if _, err := s.file.write.Exec("INSERT INTO hour SELECT book, start + ?, models, cells FROM hour WHERE start < ?", h*3600, hour+kinds*3600); err != nil {
			b.Fatal(err)
		}
	}
	var days []model.Span
	for d := range int64(30) {
		days = append(days, model.Span{From: hour + d*86400, To: hour + (d+1)*86400 - 1})
	}
	all := model.Span{From: hour, To: origin - 1}
	for _, q := range []struct {
		name string
		q    model.HistoryQuery
	}{
		{"per model", model.HistoryQuery{Span: all}},
		{"per model and day", model.HistoryQuery{Spans: days}},
		{"per model and hour", model.HistoryQuery{Span: all, Step: 3600}},
		{"per key", model.HistoryQuery{Span: all, By: model.PerKey}},
	} {
		b.Run(q.name, func(b *testing.B) {
			q.q.Gateway = "prod"
			var calls int64
			for b.Loop() {
				h, err := s.Usage(b.Context(), q.q)
				if err != nil {
					b.Fatal(err)
				}
				calls = 0
				for _, r := range h.Rows {
					calls += r.Calls
				}
			}
			b.ReportMetric(float64(calls)/1e6, "Mcalls")
		})
	}
}

// BenchmarkBusyDay writes 50 calls/s for ten minutes of polls and tells how much
// of a day that takes and what a day takes of the disk. Half of the time goes into
// inventing the calls.
func BenchmarkBusyDay(b *testing.B) {
	path := filepath.Join(b.TempDir(), "history.db")
	s := openAt(b, path, Options{})
	const minutes = 10
	from := origin
	for b.Loop() {
		busy(b, s, from, from+minutes*60, 50)
		if err := s.sweep(b.Context(), at(from+minutes*60)); err != nil {
			b.Fatal(err)
		}
		from += minutes * 60
	}
	days := float64(from-origin) / 86400
	b.ReportMetric(b.Elapsed().Seconds()/days, "s/day")
	b.ReportMetric(float64(s.numbers(b, "PRAGMA page_count")*4096)/1e6/days, "MB/day")
}

func BenchmarkSentSince(b *testing.B) {
	s := openAt(b, filepath.Join(b.TempDir(), "history.db"), Options{})
	now := time.Now()
	for range 60 {
		s.Sent("example.org", now)
	}
	for b.Loop() {
		if _, err := s.SentSince("example.org", now.Add(-time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
}
