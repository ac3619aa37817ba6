package model

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// halfRead is a gateway of UTC days that logs no failures, of whose window the last
// two minutes were read: one key has rows in them, the other has none, a third shares
// its name with nobody that is listed.
func halfRead() State {
	s := State{Gateway: Gateway{Name: "prod", URL: "https://gw.example"}}
	midnight := int64(t0 - t0%86_400)
	read := Span{t0 - 119, t0}
	for _, u := range []Update{
		update(t0-7, SourceAccount, Account{ID: 2, Username: "alice", Enabled: true, Quota: Some[Quota](5_000_000), Used: Some[Quota](1000)}),
		update(t0-6, SourceKeys, Keys{{ID: 1, Name: "laptop", Status: KeyEnabled, Unlimited: true}, {ID: 2, Name: "idle", Status: KeyEnabled, Remaining: 9}}),
		update(t0-5, SourceDays, Periods{Span: Span{midnight - 2*86_400, t0}, Step: 86_400, Usage: []PeriodUsage{
			{From: midnight - 86_400, To: midnight - 1, Model: "o3", Calls: 30, Quota: 9000},
			{From: midnight - 86_400, To: midnight - 1, Model: "gpt-4o", Quota: 400, Uncounted: true},
		}}),
		update(t0+5, SourceCalls, CallsRead{Span: read, ReadAt: t0 + 5, Calls: []Call{
			{At: t0 - 100, Kind: KindConsume, Model: "o3", Key: "laptop", KeyID: 1, Quota: 1234, Prompt: 100, Completion: 20},
			{At: t0 - 90, Kind: KindConsume, Model: "gpt-4o", Key: "gone", KeyID: 9, Quota: 66, Prompt: 5, Completion: 1},
		}}),
	} {
		s = s.Apply(u)
	}
	return s.Tick(at(t0 + 9))
}

// TestSampledReport holds what a half-read window says of itself: which figures are
// of a sample, what is unknown and not 0, and that days are UTC's.
func TestSampledReport(t *testing.T) {
	s := halfRead()
	sum := SummariseSpan(s, hour, hour.Ending(t0), shanghai)
	r := GatewayReportOf(s, sum, shanghai)
	if sum.SplitFrom != FromSampled || r.Totals.From != Some(FromSampled) || r.Models[0].From != Some(FromSampled) {
		t.Errorf("a sample is said to be %q, %v, %v", sum.SplitFrom, r.Totals.From, r.Models[0].From)
	}
	laptop, idle := r.Keys[0], r.Keys[1]
	if laptop.From != Some(FromSampled) || laptop.WindowQuota != Some[Quota](1234) || laptop.WindowErrors.OK || laptop.ErrorRate.OK {
		t.Errorf("a key with rows in the sample: %+v", laptop)
	}
	if idle.WindowCalls.OK || idle.WindowQuota.OK || idle.From.OK || idle.WindowErrors.OK {
		t.Errorf("of a key without rows in the sample nothing is known: %+v", idle)
	}
	for _, d := range r.Days {
		if d.Zone != "UTC" {
			t.Errorf("a day of the gateway is no day of Shanghai: %+v", d)
		}
	}
	goldenJSON(t, "testdata/report-sampled.json", r)

	// In the zone of its days, no zone is named.
	for _, d := range GatewayReportOf(s, sum, time.UTC).Days {
		if d.Zone != "" {
			t.Errorf("%+v", d)
		}
	}

	// Read whole, the same rows say more: the idle key did spend nothing.
	whole := s.Apply(update(t0+9, SourceCalls, CallsRead{Span: Span{t0 - 3599, t0 - 120}, ReadAt: t0 + 9}))
	sum = SummariseSpan(whole, hour, hour.Ending(t0), shanghai)
	r = GatewayReportOf(whole, sum, shanghai)
	if idle := r.Keys[1]; sum.SplitFrom != FromCounted || idle.From != Some(FromCounted) || idle.WindowCalls != Some[int64](0) || idle.WindowQuota != Some[Quota](0) || idle.WindowErrors.OK {
		t.Errorf("from %q: %+v", sum.SplitFrom, idle)
	}
	// And once a failure was seen, there were none of the idle key's.
	failed := whole.Apply(update(t0+9, SourceCalls, CallsRead{Span: Span{t0 - 3599, t0 - 120}, ReadAt: t0 + 9, Calls: []Call{
		{At: t0 - 3000, Kind: KindError, Model: "o3", Key: "laptop", KeyID: 1},
	}}))
	r = GatewayReportOf(failed, SummariseSpan(failed, hour, hour.Ending(t0), shanghai), shanghai)
	if r.Keys[0].WindowErrors != Some[int64](1) || r.Keys[0].ErrorRate != Some(0.5) || r.Keys[1].WindowErrors != Some[int64](0) || r.Keys[1].ErrorRate.OK {
		t.Errorf("%+v", r.Keys)
	}
}

// TestDayFits: a period is of a day of the zone if it begins and ends in it.
func TestDayFits(t *testing.T) {
	kathmandu := time.FixedZone("+0545", 5*3600+45*60)
	midnight := int64(t0 - t0%86_400)
	for _, c := range []struct {
		name    string
		from    int64
		seconds int64
		zone    *time.Location
		fits    bool
	}{
		{"a UTC day in UTC", midnight, 86_400, time.UTC, true},
		{"a UTC day in Shanghai", midnight, 86_400, shanghai, false},
		{"an hour in Shanghai", midnight, 3600, shanghai, true},
		{"the hour before midnight in Shanghai", midnight + 15*3600, 3600, shanghai, true},
		{"an hour across midnight in Kathmandu", midnight + 18*3600, 3600, kathmandu, false},
		{"the same day a year later", midnight, 366 * 86_400, time.UTC, false},
	} {
		if got := dayFits(PeriodUsage{From: c.from, To: c.from + c.seconds - 1}, c.zone); got != c.fits {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// goldenJSON compares a report with its file.
func goldenJSON(t *testing.T, file string, report any) {
	t.Helper()
	got, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *updateGolden {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the report has changed; see the difference with -update and git diff\n%s", got)
	}
}
