package model

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestSpendRates(t *testing.T) {
	s := spend(t0-1, func(i int) Quota {
		switch {
		case i == 59:
			return 600
		case i >= 45:
			return 150
		}
		return 100
	})
	m1, m15, h1 := SpendRates(s)
	if m1 != Some(600.0) || m15 != Some((14*150+600)/15.0) || h1 != Some((45*100+14*150+600)/60.0) {
		t.Errorf("%v %v %v", m1, m15, h1)
	}
	if m1, m15, h1 := SpendRates(State{}.Tick(at(t0))); m1.OK || m15.OK || h1.OK {
		t.Error("rates of nothing")
	}
	var d State
	for i := range int64(41) { // twenty minutes, a refund in the midst
		used := Quota(50 * i)
		if i >= 20 {
			used -= 700
		}
		d = d.Apply(update(t0+30*i, SourceAccount, Account{Quota: Some[Quota](0), Used: Some(used)}))
	}
	m1, m15, h1 = SpendRates(d)
	if m1 != Some(100.0) || !m15.OK || math.Abs(m15.V-100) > 6 || h1.OK {
		t.Errorf("from the used quota: %v %v %v", m1, m15, h1)
	}
	if burn := Burn(d); !burn.OK || math.Abs(burn.V-6000*39.0/40) > 1 {
		t.Errorf("burn %v", burn)
	}
}

func TestTrend(t *testing.T) {
	noise := func(i int) Quota { return Quota(100 + 20*(i*7%5-2)) }
	for name, c := range map[string]struct {
		quota func(int) Quota
		want  Direction
		times float64
	}{
		"steady":   {noise, Steady, 1},
		"rising":   {func(i int) Quota { return noise(i) * Quota(1+i/45) }, Rising, 2},
		"falling":  {func(i int) Quota { return noise(i) / Quota(1+i/45) }, Falling, 0.5},
		"bursts":   {func(i int) Quota { return Quota(2000 * (1 - min(1, i%12))) }, Steady, 0.75},
		"nothing":  {func(int) Quota { return 0 }, Steady, 0},
		"it began": {func(i int) Quota { return Quota(i / 45 * 100) }, Rising, 0},
		"it is over": {func(i int) Quota {
			if i == 59 {
				return 90
			}
			return noise(i) * Quota(1+i/45)
		}, Steady, 0},
	} {
		got := TrendOf(spend(t0-1, c.quota))
		if !got.OK || got.V.Direction != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
		if c.times > 0 && math.Abs(got.V.Times.V-c.times) > 0.1 {
			t.Errorf("%s: %.2f times, want %.2f", name, got.V.Times.V, c.times)
		}
	}
	if TrendOf(State{}.Tick(at(t0))).OK {
		t.Error("a trend of nothing")
	}
}

// TestTopUpsAreNoSpending raises the balance in the midst of an even hour.
func TestTopUpsAreNoSpending(t *testing.T) {
	s := spend(t0-1, func(int) Quota { return 100 })
	s = s.Apply(update(t0-1800, SourceAccount, Account{Quota: Some[Quota](10), Used: Some[Quota](3000)}))
	s = s.Apply(update(t0+5, SourceAccount, Account{Quota: Some[Quota](60_000), Used: Some[Quota](6000)}))
	if f := Summarise(s, hour, time.UTC).Forecast; f.PerHour != Some(6000.0) || f.EmptyAt != Some(at(t0+5).Add(10*time.Hour)) {
		t.Errorf("%+v", f)
	}
	if burn := Burn(s); burn != Some(3000/(1805.0/3600)) {
		t.Errorf("burn %v", burn)
	}
}

// day simulates the spend of each minute of two days: calls come in a Poisson
// stream whose rate follows the hours, drifts, and has a burst now and then;
// their charges differ by a hundred.
func day(seed uint64) []Quota {
	r := rand.New(rand.NewPCG(seed, 1))
	drift, burst := 1.0, 1.0
	out := make([]Quota, 2*1440)
	for m := range out {
		drift *= math.Exp(r.NormFloat64() * 0.02)
		drift += (1 - drift) * 0.01
		if burst = max(1, burst*0.9); r.IntN(400) == 0 {
			burst = 6
		}
		rate := 6 * (1 + 0.8*math.Sin(float64(m)/1440*2*math.Pi)) * drift * burst
		for range poisson(r, rate) {
			out[m] += Quota(100 * math.Exp(r.NormFloat64()))
		}
	}
	return out
}

func poisson(r *rand.Rand, mean float64) int {
	n, p, limit := 0, 1.0, math.Exp(-mean)
	for {
		if p *= r.Float64(); p <= limit {
			return n
		}
		n++
	}
}

// recorded are the charges of what the real gateways' logs held when they were
// recorded, one after the other: a second of theirs is a minute here, since they were
// watched for minutes and not for days.
func recorded(t testing.TB) []Quota {
	t.Helper()
	f, err := os.Open("testdata/minutes.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []Quota
	start, was := 0, ""
	for _, row := range rows[1:] {
		second, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		quota, err := strconv.Atoi(row[2])
		if err != nil {
			t.Fatal(err)
		}
		if row[0] != was {
			start, was = len(out), row[0]
		}
		for len(out) <= start+second {
			out = append(out, 0)
		}
		out[start+second] = Quota(quota)
	}
	return out
}

// BenchmarkForecastBackTest foretells, from every hour of simulated days and of
// recorded traffic, when a balance of one and of four hours' spend is empty, and
// compares with when it was: the median error of the time, and how often the band
// held it. Figures, no promise: in the simulated days the rate is nine times higher at
// noon than at midnight, and the recorded traffic comes in bursts.
func BenchmarkForecastBackTest(b *testing.B) {
	var simulated [][]Quota
	for seed := range uint64(8) {
		simulated = append(simulated, day(seed))
	}
	for _, traffic := range []struct {
		name  string
		days  [][]Quota
		every int
	}{{"simulated", simulated, 60}, {"recorded", [][]Quota{recorded(b)}, 20}} {
		for _, hours := range []Quota{1, 4} {
			b.Run(fmt.Sprintf("%s/hours=%d", traffic.name, hours), func(b *testing.B) {
				var errs []float64
				inside := 0
				for b.Loop() {
					errs, inside = errs[:0], 0
					for _, minutes := range traffic.days {
						for start := 60; start+12*60 < len(minutes); start += traffic.every {
							err, held, ok := backTest(minutes, start, hours)
							if !ok {
								continue
							}
							errs = append(errs, err)
							if held {
								inside++
							}
						}
					}
				}
				slices.Sort(errs)
				b.ReportMetric(100*errs[len(errs)/2], "%median-error")
				b.ReportMetric(100*float64(inside)/float64(len(errs)), "%in-band")
				b.ReportMetric(float64(len(errs)), "forecasts")
			})
		}
	}
}

// backTest foretells from the hour before minute start when a balance of so many
// hours' spend is empty. err is the share of the time by which it errs.
func backTest(minutes []Quota, start int, hours Quota) (err float64, held, ok bool) {
	s := spend(t0-1, func(i int) Quota { return minutes[start-60+i] })
	left := Quota(0)
	for _, q := range minutes[start-60 : start] {
		left += q * hours
	}
	if left == 0 {
		return 0, false, false // nothing was spent, and nothing is foretold
	}
	s = s.Apply(update(t0+5, SourceAccount, Account{Quota: Some(left)}))
	f := Summarise(s, hour, time.UTC).Forecast
	took := 0
	for left > 0 && start+took < len(minutes) {
		left -= minutes[start+took]
		took++
	}
	if !f.EmptyAt.OK || left > 0 {
		return 0, false, false
	}
	empty := at(t0 + 5).Add(time.Duration(took) * time.Minute)
	held = (!f.Earliest.OK || !empty.Before(f.Earliest.V)) && (!f.Latest.OK || !empty.After(f.Latest.V))
	return math.Abs(f.EmptyAt.V.Sub(empty).Minutes()) / float64(took), held, true
}
