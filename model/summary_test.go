package model

import (
	"flag"
	"math"
	"testing"
	"time"
)

var updateGolden = flag.Bool("update", false, "write the golden files")

// spend settles the hour that ends at to with one call a minute of quota(i),
// the oldest minute being 0.
func spend(to int64, quota func(i int) Quota) State {
	span := Span{to - 3599, to}
	var calls []Call
	for i := range 60 {
		calls = append(calls, Call{At: span.From + int64(i)*60, Kind: KindConsume, Model: "o3", Key: "laptop", Quota: quota(i)})
	}
	return State{}.Apply(update(to+Lag, SourceCalls, CallsRead{Span: span, Calls: calls, ReadAt: to + Lag}))
}

func TestHasteIsOfNow(t *testing.T) {
	// t0-1 ends a minute, so each minute of the hour is whole.
	burst := spend(t0-1, func(i int) Quota {
		if i >= 55 {
			return 1000
		}
		return 100
	})
	sum := Summarise(burst, hour, time.UTC)
	// The last quarter of an hour beside the 45 minutes before.
	if want := (10*100 + 5*1000) / 15.0 / 100; sum.Trend.V.Direction != Rising || math.Abs(sum.Trend.V.Times.V-want) > 1e-9 {
		t.Errorf("in a burst: %+v, want %v", sum.Trend, want)
	}
	over := spend(t0-1, func(i int) Quota {
		if i >= 55 && i < 59 {
			return 1000
		}
		return 100
	})
	if sum := Summarise(over, hour, time.UTC); !sum.Trend.OK || sum.Trend.V.Direction != Steady {
		t.Errorf("a burst that is over is still %+v", sum.Trend)
	}
}

func TestForecast(t *testing.T) {
	even := spend(t0-1, func(int) Quota { return 100 })
	even = even.Apply(update(t0+5, SourceAccount, Account{Quota: Some[Quota](60_000)}))
	f := Summarise(even, hour, time.UTC).Forecast
	if f.PerHour != Some(6000.0) || f.Samples != 60 || f.EmptyAt != Some(at(t0+5).Add(10*time.Hour)) {
		t.Errorf("an even hour: %+v", f)
	}
	if f.Earliest.OK || f.Latest.OK {
		t.Errorf("a spend without spread has a band: %+v", f)
	}

	// Blocks of five minutes alternate between 50 and 150: mean 100, standard
	// deviation of the 12 blocks √(12·50²/11) = 52.22, of their mean 15.08 a
	// minute, so 80 % of the time the burn is 6000 ± 1.2816·904.5 an hour.
	uneven := spend(t0-1, func(i int) Quota { return Quota(50 + 100*(i/5%2)) })
	uneven = uneven.Apply(update(t0+5, SourceAccount, Account{Quota: Some[Quota](60_000)}))
	f = Summarise(uneven, hour, time.UTC).Forecast
	early := 60_000 / (6000 + 3*1.2816*904.53)
	late := 60_000 / (6000 - 3*1.2816*904.53)
	for _, c := range []struct {
		name string
		got  Opt[time.Time]
		want float64
	}{{"earliest", f.Earliest, early}, {"expected", f.EmptyAt, 10}, {"latest", f.Latest, late}} {
		if hours := c.got.V.Sub(at(t0 + 5)).Hours(); !c.got.OK || math.Abs(hours-c.want) > 0.01 {
			t.Errorf("%s: in %.3f h, want %.3f", c.name, hours, c.want)
		}
	}

	for name, s := range map[string]State{
		"nothing is spent": spend(t0-1, func(int) Quota { return 0 }).Apply(update(t0+5, SourceAccount, Account{Quota: Some[Quota](1)})),
		"far too early": State{}.Apply(update(t0+5, SourceAccount, Account{Quota: Some[Quota](60_000)})).
			Apply(update(t0+5, SourceCalls, CallsRead{Span: Span{t0 - 60, t0}, Calls: []Call{{At: t0 - 30, Kind: KindConsume, Quota: 9}}, ReadAt: t0 + 5})),
	} {
		if f := Summarise(s, hour, time.UTC).Forecast; f.EmptyAt.OK {
			t.Errorf("%s, and yet it ends at %v", name, f.EmptyAt.V)
		}
	}
}

func TestWindowsOfADayAndMore(t *testing.T) {
	const day = 86_400
	midnight := int64(t0 - t0%day)
	now := midnight + 6*3600
	read := func(step int64, known bool) State {
		span := Span{midnight - 6*day, now}
		var usage []PeriodUsage
		for from := span.From; from <= now; from += step {
			p := PeriodUsage{From: from, To: from + step - 1, Model: "o3", Calls: 2, Quota: Quota(step / 36)}
			if known {
				p.Prompt, p.Completion = Some[int64](10), Some[int64](1)
			}
			usage = append(usage, p)
		}
		s := State{}.Apply(update(now, SourceKeys, Keys{{ID: 1, Name: "laptop"}}))
		return s.Apply(update(now, SourceDays, Periods{Span: span, Step: step, Usage: usage}))
	}
	week := Window{Label: "7d", Length: 7 * 24 * time.Hour}
	for _, c := range []struct {
		name   string
		step   int64
		tokens bool
		w      Window
		calls  int64
		points int
		share  float64
	}{
		{"hours of a day", 3600, true, Window{Label: "24h", Length: 24 * time.Hour}, 50, 25, 0.993},
		{"hours of a week that began before the answer", 3600, true, week, 2 * (6*24 + 7), 169, 0.892},
		{"days of a week", day, false, week, 14, 8, 0.862},
	} {
		sum := SummariseSpan(read(c.step, c.tokens), c.w, c.w.Ending(now), time.UTC)
		if sum.Totals.From != FromGateway || sum.Totals.Calls != Some(c.calls) || sum.Totals.CoverageBy != ByTime {
			t.Errorf("%s: %+v, want %d calls", c.name, sum.Totals, c.calls)
		}
		if math.Abs(sum.Totals.Coverage-c.share) > 0.001 {
			t.Errorf("%s: %.4f of it is covered, want %.3f", c.name, sum.Totals.Coverage, c.share)
		}
		if sum.Totals.Prompt.OK != c.tokens || sum.Models[0].TokensKnown != c.tokens {
			t.Errorf("%s: tokens known %v", c.name, sum.Totals.Prompt.OK)
		}
		if sum.Totals.Errors.OK || sum.Models[0].Errors.OK || sum.Models[0].P95.OK || sum.Keys[0].Calls.OK {
			t.Errorf("%s: the gateway's own hours and days know no errors, durations and keys", c.name)
		}
		if len(sum.Series) != c.points {
			t.Errorf("%s: %d points, want %d", c.name, len(sum.Series), c.points)
		}
		for _, p := range sum.Series[1 : len(sum.Series)-1] {
			// step/36 quota in step seconds is 100 an hour.
			if p.PerMinute.OK && math.Abs(p.PerMinute.V-100.0/60) > 1e-9 {
				t.Errorf("%s: %v quota per minute at %d", c.name, p.PerMinute.V, p.At)
			}
		}
	}
	empty := SummariseSpan(State{}, week, week.Ending(now), time.UTC)
	if empty.Totals.Calls.OK || empty.Totals.Coverage != 0 || empty.PerMinute.OK {
		t.Errorf("before the first answer: %+v", empty.Totals)
	}
}

func TestTodayIsADayInItsZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine has no time zones:", err)
	}
	kathmandu := time.FixedZone("+0545", 5*3600+45*60)
	for _, c := range []struct {
		name  string
		until time.Time
		hours int
	}{
		{"the day of 23 hours", time.Date(2026, 3, 29, 23, 59, 59, 0, berlin), 23},
		{"the day of 25 hours", time.Date(2026, 10, 25, 23, 59, 59, 0, berlin), 25},
		{"a zone of quarters", time.Date(2026, 11, 20, 23, 59, 59, 0, kathmandu), 24},
	} {
		to := c.until.Unix()
		hours := HourSpans(c.until, to)
		if len(hours) != c.hours || hours[len(hours)-1].To != to || hours[0].From != DayStart(c.until).Unix() {
			t.Errorf("%s has %d hours: %v", c.name, len(hours), hours)
		}
		var s State
		for i, h := range hours {
			got := today(s.Self, to, c.until.Location())
			if got.Quota.OK || got.AtLeast != Quota(7*i) {
				t.Fatalf("%s: after %d hours %+v", c.name, i, got)
			}
			s = s.Apply(update(to, SourceDays, HourTotal{Span: h, Quota: 7}))
		}
		if got := today(s.Self, to, c.until.Location()); got.Quota != Some(Quota(7*c.hours)) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// TestReport holds the names and the nulls of the report in a golden file.
func TestReport(t *testing.T) {
	full := State{Gateway: Gateway{Name: "prod", URL: "https://gw.example"}}
	span := hour.Ending(t0)
	calls := []Call{
		{At: t0 - 100, Kind: KindConsume, Model: "gpt-4o", Key: "laptop", KeyID: 1, Quota: 1234, Prompt: 100, Completion: 20, Cached: Some[int64](64), Took: Some(1500 * time.Millisecond), FirstToken: Some(320 * time.Millisecond)},
		{At: t0 - 90, Kind: KindConsume, Model: "o3", Key: "gone", KeyID: 9, Quota: 66, Prompt: 5, Completion: 1},
		{At: t0 - 80, Kind: KindError, Model: "o3", Key: "laptop", KeyID: 1},
		{At: t0 - 70, Kind: KindRefund, Model: "o3", Key: "laptop", KeyID: 1, Quota: 30},
	}
	for _, u := range []Update{
		update(t0-9, SourceStatus, Found{Dialect: "new-api", Why: "its headers"}),
		update(t0-8, SourceStatus, Status{Version: "v1.0.0-rc.21", SystemName: "New API", Currency: Currency{Code: "USD", PerUnit: 500_000}}),
		update(t0-7, SourceAccount, Account{ID: 2, Username: "alice", DisplayName: "Alice", Group: "vip", Role: RoleUser, Enabled: true, Quota: Some[Quota](49_826_629), Used: Some[Quota](173_371), Requests: Some[int64](285)}),
		update(t0-6, SourceKeys, Keys{{ID: 1, Name: "laptop", Status: KeyEnabled, Unlimited: true, Used: Some[Quota](7), Created: Some[int64](t0 - 86_400)}}),
		update(t0+6, SourceCalls, CallsRead{Span: span, Calls: calls, ReadAt: t0 + 6, Told: true}),
		update(t0+7, SourceRates, SpanTotal{Span: span, Quota: 1300, RPM: Some[int64](12), TPM: Some[int64](18_200)}),
		update(t0+8, SourceDays, Periods{Span: Span{t0 - t0%3600 - 86_400, t0}, Step: 3600, Usage: []PeriodUsage{{From: t0 - t0%3600 - 3600, To: t0 - t0%3600 - 1, Model: "o3", Calls: 3, Quota: 99}}}),
	} {
		full = full.Apply(u)
	}
	report := Report{Version: ReportVersion, GeneratedAt: at(t0 + 9).In(shanghai).Format(time.RFC3339), Timezone: "Asia/Shanghai"}
	for _, s := range []State{full, {Gateway: Gateway{Name: "silent", URL: "https://down.example"}}} {
		s = s.Tick(at(t0 + 9))
		report.Gateways = append(report.Gateways, GatewayReportOf(s, SummariseSpan(s, hour, span, shanghai), shanghai))
	}
	goldenJSON(t, "testdata/report.json", report)
}
