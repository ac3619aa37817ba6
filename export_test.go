package main

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/poller/history"
	"gatewatch/ui/headless"
)

// forYears keeps what happened on the days of the tests.
var forYears = history.Options{MinutesFor: 5000 * 24 * time.Hour, CallsFor: 5000 * 24 * time.Hour}

// keptCalls opens a history that has seen the given spans of whole minutes, each
// with so many calls of one unit.
func keptCalls(t testing.TB, perMinute int64, seen ...model.Span) *history.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	open := func() *history.Store {
		store, err := history.Open(t.Context(), path, forYears)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	for _, all := range seen {
		// Closing waits for two seconds, in which a busy machine writes a few hours.
		for from := all.From; from <= all.To; from += 4 * 3600 {
			span := model.Span{From: from, To: min(all.To, from+4*3600-1)}
			var calls []model.Call
			for m := span.From; m < span.To; m += 60 {
				for i := range perMinute {
					calls = append(calls, model.Call{At: m + i*60/perMinute, Kind: model.KindConsume, Key: fmt.Sprint("key ", i), Model: "o3", Quota: 1, Prompt: 3})
				}
			}
			store := open()
			read := model.CallsRead{Span: span, Calls: calls, ReadAt: span.To + 200}
			store.Fold("id", model.Update{Source: model.SourceCalls, At: time.Unix(span.To+200, 0), Payload: read})
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	store := open()
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// usageRow is a row as whoever reads an export sees it.
type usageRow struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Whole bool      `json:"whole"`
	Key   *string   `json:"key"`
	Calls *int64    `json:"calls"`
	Quota *int64    `json:"quota"`
}

func exportedUsage(t *testing.T, store *history.Store, zone *time.Location, span model.Span, by string, format headless.Format) []usageRow {
	t.Helper()
	var b bytes.Buffer
	x := exporter{store: store, id: "id", zone: zone, out: headless.NewExporter(&b, format)}
	if err := x.usage(t.Context(), span, by); err != nil {
		t.Fatal(err)
	}
	if err := x.out.Close(); err != nil {
		t.Fatal(err)
	}
	var rows []usageRow
	switch format {
	case headless.FormatCSV:
		return usageOfCSV(t, &b)
	case headless.FormatJSONL:
		doc := "[" + strings.Join(strings.Split(strings.TrimSpace(b.String()), "\n"), ",") + "]"
		b.Reset()
		b.WriteString(doc)
	}
	if err := json.Unmarshal(b.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// usageOfCSV reads CSV, where an empty cell is a value that nobody knows.
func usageOfCSV(t *testing.T, b *bytes.Buffer) (rows []usageRow) {
	t.Helper()
	lines, err := csv.NewReader(b).ReadAll()
	if err != nil || len(lines) == 0 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	number := func(s string) *int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil
		}
		return &n
	}
	for _, l := range lines[1:] {
		var r usageRow
		r.From, _ = time.Parse(time.RFC3339, l[column["from"]])
		r.To, _ = time.Parse(time.RFC3339, l[column["to"]])
		r.Whole = l[column["whole"]] == "true"
		r.Calls, r.Quota = number(l[column["calls"]]), number(l[column["quota"]])
		if key := l[column["key"]]; key != "" {
			r.Key = &key
		}
		rows = append(rows, r)
	}
	return rows
}

// TestUsageIsWholeOrSaysSo exports days on which clocks change, with an hour and a
// half that nobody saw, from half a minute after midnight on.
func TestUsageIsWholeOrSaysSo(t *testing.T) {
	for _, c := range []struct{ zone, day string }{
		{"UTC", "2025-11-20"},
		{"Asia/Kolkata", "2025-11-20"},
		{"Europe/Berlin", "2025-10-26"}, // 25 hours
		{"Europe/Berlin", "2025-03-30"}, // 23
		{"Australia/Lord_Howe", "2025-04-06"},
		{"Australia/Lord_Howe", "2025-10-05"},
	} {
		if slowedByRace && c.zone != "UTC" {
			continue // a zone is arithmetic, in which nothing races
		}
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		begin, err := time.ParseInLocation(time.DateOnly, c.day, zone)
		if err != nil {
			t.Fatal(err)
		}
		all := model.Span{From: begin.Unix(), To: begin.AddDate(0, 0, 2).Unix() - 1}
		hole := model.Span{From: all.From + 5*3600 + 1800, To: all.From + 7*3600 - 1}
		known := model.SpanSet{}.Add(all).Remove(hole)
		store := keptCalls(t, 1, known...)
		for _, cut := range []int64{0, 30} {
			span := model.Span{From: all.From + cut, To: all.To - cut}
			for _, by := range []string{"minute", "hour", "day"} {
				for _, format := range []headless.Format{headless.FormatCSV, headless.FormatJSON, headless.FormatJSONL} {
					t.Run(fmt.Sprint(c.zone, " ", c.day, " ", cut, " ", by, " ", format), func(t *testing.T) {
						checkUsage(t, exportedUsage(t, store, zone, span, by, format), zone, span, known, by)
					})
				}
			}
		}
	}
}

// TestExportSpans: a day is a day where the clocks skip its midnight, a minute is meant
// whole, and what is to come is not asked for.
func TestExportSpans(t *testing.T) {
	for _, c := range []struct{ zone, from, to, wantFrom, wantTo string }{
		{"America/Havana", "2026-03-08", "2026-03-08", "2026-03-08T01:00:00-04:00", "2026-03-08T23:59:59-04:00"},
		{"America/Havana", "2026-03-07", "2026-03-07", "2026-03-07T00:00:00-05:00", "2026-03-07T23:59:59-05:00"},
		{"America/Santiago", "2026-09-05", "2026-09-06", "2026-09-05T00:00:00-04:00", "2026-09-06T23:59:59-03:00"},
		{"Asia/Kathmandu", "2026-11-20", "2026-11-20", "2026-11-20T00:00:00+05:45", "2026-11-20T23:59:59+05:45"},
		{"UTC", "2026-11-20T12:00", "2026-11-20T12:03", "2026-11-20T12:00:00Z", "2026-11-20T12:03:59Z"},
		{"UTC", "2026-11-20T12:00:05", "2026-11-20T12:00:05", "2026-11-20T12:00:05Z", "2026-11-20T12:00:05Z"},
		{"UTC", "2026-11-27", "2026-12-31", "2026-11-27T00:00:00Z", "2026-11-28T10:00:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC).In(zone)
		got, err := exportSpan(exportFlags{from: c.from, to: c.to, by: "day"}, now, now)
		at := func(sec int64) string { return time.Unix(sec, 0).In(zone).Format(time.RFC3339) }
		if err != nil || at(got.From) != c.wantFrom || at(got.To) != c.wantTo {
			t.Errorf("%s, %s to %s: %s to %s, %v", c.zone, c.from, c.to, at(got.From), at(got.To), err)
		}
	}
}

// checkUsage holds rows to a log with one call of one unit in each known minute.
func checkUsage(t *testing.T, rows []usageRow, zone *time.Location, span model.Span, known model.SpanSet, by string) {
	t.Helper()
	if len(rows) == 0 {
		t.Fatal("there are no rows")
	}
	next := span.From
	for _, r := range rows {
		row := model.Span{From: r.From.Unix(), To: r.To.Unix()}
		if row.From != next || row.Empty() || row.To > span.To {
			t.Fatalf("a row is of %s to %s, after %s", r.From, r.To, time.Unix(next, 0).In(zone))
		}
		next = row.To + 1
		begins := r.From.In(zone)
		aligned := map[string]bool{"minute": begins.Second() == 0, "hour": begins.Minute() == 0 && begins.Second() == 0, "day": model.DayStart(begins).Equal(begins)}[by]
		// Half an hour more on the clock of Lord Howe Island begins at half past.
		halved := by == "hour" && zone.String() == "Australia/Lord_Howe" && begins.Second() == 0
		if !aligned && !halved && row.From != span.From {
			t.Errorf("a %s begins at %s", by, begins)
		}
		minutes := int64(0)
		for m := (row.From + 59) / 60 * 60; m+59 <= row.To; m += 60 {
			if known.Covers(model.Span{From: m, To: m + 59}) {
				minutes++
			}
		}
		whole := known.Covers(row) && row.From%60 == 0 && row.To%60 == 59
		switch {
		case r.Whole != whole:
			t.Errorf("%s: whole is %v", begins, r.Whole)
		case minutes == 0 && (r.Calls != nil || r.Quota != nil || r.Key != nil):
			t.Errorf("%s: nobody saw it, and it has counts", begins)
		case minutes > 0 && (r.Calls == nil || *r.Calls != minutes || *r.Quota != minutes || r.Key == nil):
			t.Errorf("%s: %v calls of %d", begins, r.Calls, minutes)
		}
	}
	if next != span.To+1 {
		t.Errorf("the last row ends at %s", time.Unix(next-1, 0).In(zone))
	}
}

func TestNothingSpentIsNoRow(t *testing.T) {
	hour := model.Span{From: 1_763_636_400, To: 1_763_636_400 + 3599}
	store := keptCalls(t, 0, hour)
	var b bytes.Buffer
	x := exporter{store: store, id: "id", zone: time.UTC, out: headless.NewExporter(&b, headless.FormatCSV)}
	if err := x.usage(t.Context(), hour, "minute"); err != nil || x.out.Close() != nil || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("%v: %s", err, b.String())
	}
}

// heapPeak is a writer that keeps the most that was held while it was written to.
type heapPeak struct{ writes, most uint64 }

func (p *heapPeak) Write(b []byte) (int, error) {
	if p.writes++; p.writes%500 == 1 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		p.most = max(p.most, m.HeapAlloc)
	}
	return len(b), nil
}

// TestExportsStream holds what is in memory while a long time is exported to what
// a short one takes.
func TestExportsStream(t *testing.T) {
	const begin = 1_763_596_800
	all := model.Span{From: begin, To: begin + 12*3600 - 1}
	store := keptCalls(t, 40, all)
	for _, what := range []string{"minute", "hour", "day", "calls"} {
		most := func(span model.Span) uint64 {
			p := &heapPeak{}
			x := exporter{store: store, id: "id", zone: time.UTC, out: headless.NewExporter(p, headless.FormatCSV)}
			var err error
			if what == "calls" {
				err = x.calls(t.Context(), span)
			} else {
				err = x.usage(t.Context(), span, what)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := x.out.Close(); err != nil {
				t.Fatal(err)
			}
			return p.most
		}
		short, long := most(model.Span{From: begin, To: begin + 3599}), most(all)
		if long > short+2<<20 {
			t.Errorf("%s: %d kB are held, and %d kB for an hour", what, long>>10, short>>10)
		}
	}
}

// TestExportKnowsItsMoney damages what the history knows beside the currency, and
// the currency itself.
func TestExportKnowsItsMoney(t *testing.T) {
	run := func(what, query string) (out, errOut string, code int) {
		t.Helper()
		home := t.TempDir()
		from := time.Unix(past(t, home)-7200, 0).UTC().Format(time.RFC3339)
		db, err := sql.Open("sqlite", filepath.Join(home, "gatewatch", "history.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		env := []string{"XDG_STATE_HOME=" + home, "GATEWATCH_URL=https://gw.example", "GATEWATCH_ACCESS_TOKEN=fake-token"}
		return gatewatch(t, env, "export", what, "--from", from, "--format", "jsonl")
	}
	out, errOut, code := run("balance", "UPDATE slot SET calls = x'0102ff'")
	if code != exitOK || !strings.Contains(out, `"quota":5000,"amount":5,`) {
		t.Errorf("exit %d: %s%s", code, errOut, out)
	}
	for _, what := range []string{"balance", "usage", "calls"} {
		out, errOut, code := run(what, "UPDATE latest SET payload = '{' WHERE kind = 'status'")
		if code != exitFault || out != "" || !strings.Contains(errOut, "damaged") {
			t.Errorf("%s: exit %d: %s%s", what, code, errOut, out)
		}
	}
}
