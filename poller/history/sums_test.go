package history

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"gatewatch/model"
)

// TestYesterdayComesBack folds one answer of every kind and compares the state
// that was fed them with the one that was loaded.
func TestYesterdayComesBack(t *testing.T) {
	account := model.Account{
		ID: 7, Username: "ann", Role: model.RoleAdmin, Enabled: true, Quota: model.Some(model.Quota(900)), Used: model.Some(model.Quota(100)),
		Others: []model.Field{{Name: "aff code", Value: "x"}},
	}
	poorer := account
	poorer.Quota, poorer.Used = model.Some(model.Quota(800)), model.Some(model.Quota(200))
	hour := model.Span{From: origin, To: origin + 3599}
	payloads := []struct {
		src     model.Source
		payload any
	}{
		{model.SourceStatus, model.Found{Dialect: "new-api", Why: "its header"}},
		{model.SourceStatus, model.Status{Version: "1.0", Currency: model.Currency{PerUnit: 1000, Symbol: "¥"}, DayUsage: model.Some(true)}},
		{model.SourceAccount, account},
		{model.SourceAccount, poorer},
		{model.SourceKeys, model.Keys{{ID: 1, Name: "ci", Status: model.KeyEnabled, Remaining: -5, Used: model.Some(model.Quota(3)), Models: []string{"m"}}}},
		{model.SourceRates, model.HourTotal{Span: hour, Quota: 12}},
		{model.SourceRates, model.HourTotal{Scope: model.ScopeSite, Span: hour, Quota: 1200}},
		{model.SourceDetails, model.Details{Plans: []model.Plan{{Name: "gold", Total: 5, Ends: model.Some(int64(9))}}}},
		{model.SourceChannels, model.Channels{{ID: 3, Name: "up"}}},
		{model.SourceDays, model.Periods{Step: 3600, Span: model.Span{From: origin - 7200, To: origin + 60}, Usage: []model.PeriodUsage{
			{From: origin - 7200, To: origin - 3601, Model: "a", Calls: 2, Quota: 7, Tokens: model.Some(int64(5))},
			{From: origin - 7200, To: origin - 3601, Model: "b", Calls: 1, Quota: 1},
			{From: origin, To: origin + 3599, Model: "a", Calls: 1, Quota: 1},
		}}},
		{model.SourceCalls, minute(origin).Payload},
	}
	path := dbPath(t)
	s := openAt(t, path, Options{})
	var want model.State
	for i, p := range payloads {
		u := model.Update{
			Gateway: "prod", Source: p.src, At: at(origin + 100 + int64(i)), Every: time.Duration(p.src+1) * time.Second,
			Skew: model.Some(3 * time.Second), Payload: p.payload,
		}
		want = want.Apply(u)
		s.Fold("prod", u)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path, Options{})
	got := loaded(t, s, at(origin+200))
	got.Version = want.Version
	if !reflect.DeepEqual(got, want) {
		t.Errorf("what came back is\n%+v\nnot\n%+v", got, want)
	}
	usage, asked, err := s.Periods(t.Context(), "prod", model.ScopeSelf, 3600, model.Span{From: origin - 7200, To: origin - 1})
	if err != nil || len(usage) != 2 || asked.Seconds() != 7200 {
		t.Errorf("periods: %v, asked %v, %v", usage, asked, err)
	}
}

func TestPeriodsAndTotalsAreReplaced(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	day := model.Span{From: origin, To: origin + 86399}
	fold := func(second int64, payload any) {
		s.Fold("prod", model.Update{At: at(origin + second), Payload: payload})
	}
	use := func(from int64, q model.Quota) model.PeriodUsage {
		return model.PeriodUsage{From: from, To: from + 3599, Model: "m", Quota: q}
	}
	fold(0, model.Periods{Step: 3600, Span: day, Usage: []model.PeriodUsage{use(origin, 1), use(origin+3600, 2), use(origin+7200, 3)}})
	// The first hour is asked about in part, the second has new rows, the third none.
	fold(1, model.Periods{Step: 3600, Span: model.Span{From: origin + 60, To: day.To}, Usage: []model.PeriodUsage{use(origin, 9), use(origin+3600, 4)}})
	fold(2, model.HourTotal{Span: model.Span{From: origin, To: origin + 100}, Quota: 5})
	fold(4, model.HourTotal{Span: model.Span{From: origin, To: origin + 3599}, Quota: 8})
	fold(3, model.HourTotal{Span: model.Span{From: origin, To: origin + 200}, Quota: 6}) // late, from another process
	fold(5, model.HourTotal{Span: day, Quota: 99})
	mustFlush(t, s)
	usage, _, err := s.Periods(t.Context(), "prod", model.ScopeSelf, 3600, day)
	if want := []model.PeriodUsage{use(origin, 1), use(origin+3600, 4)}; err != nil || !reflect.DeepEqual(usage, want) {
		t.Errorf("%+v, %v, not %+v", usage, err, want)
	}
	for days, want := range map[bool]model.HourTotal{
		false: {Span: model.Span{From: origin, To: origin + 3599}, Quota: 8}, true: {Span: day, Quota: 99},
	} {
		got, err := s.Totals(t.Context(), "prod", model.ScopeSelf, day, days)
		if err != nil || !reflect.DeepEqual(got, []model.HourTotal{want}) {
			t.Errorf("%+v, %v, not %+v", got, err, want)
		}
	}
}

func TestBalancesAreKeptWhenTheyChange(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	for i := range int64(200) { // every 10 s, spent once, for 33 minutes
		q := model.Quota(500)
		if i >= 7 {
			q = 400
		}
		s.Fold("prod", model.Update{Source: model.SourceAccount, At: at(origin + 10*i), Payload: model.Account{Quota: model.Some(q), Used: model.Some(1000 - q)}})
	}
	s.Fold("prod", model.Update{At: at(origin + 1), Payload: model.Account{}}) // a gateway without a balance
	mustFlush(t, s)
	var seconds []int64
	for b, err := range s.Balances(t.Context(), "prod", model.Span{From: origin, To: origin + 3600}) {
		if err != nil {
			t.Fatal(err)
		}
		seconds = append(seconds, b.At.Unix()-origin)
	}
	if want := []int64{0, 70, 670, 1270, 1870}; !slices.Equal(seconds, want) {
		t.Errorf("kept at %v, not %v", seconds, want)
	}
}

func TestKeysAreKeptWhenTheyChange(t *testing.T) {
	s := openAt(t, dbPath(t), Options{})
	key := model.APIKey{ID: 1, Name: "ci", Status: model.KeyEnabled}
	for i := range int64(180) { // every minute, for 3 hours
		key.Remaining--
		if i == 90 {
			key.Status = model.KeyDisabled
		}
		s.Fold("prod", model.Update{Source: model.SourceKeys, At: at(origin + 60*i), Payload: model.Keys{key}})
	}
	mustFlush(t, s)
	var n int
	if err := s.file.read.QueryRow("SELECT count(*) FROM apikey").Scan(&n); err != nil || n != 4 {
		t.Errorf("%d rows, %v: not one an hour and one for the change", n, err)
	}
	keys, err := s.KeysAt(t.Context(), "prod", at(origin+60*89))
	if err != nil || len(keys) != 1 || keys[0].Status != model.KeyEnabled {
		t.Errorf("%+v, %v", keys, err)
	}
}

func TestAlerts(t *testing.T) {
	path := dbPath(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	first := model.AlertEntry{At: at(origin), Gateway: "prod", Kind: "spike", Subject: "ci × m", Says: "ten times the usual"}
	s.AddAlert(first)
	mustFlush(t, s)
	again := first
	again.At = at(origin + 5)
	other.AddAlert(again)
	first.Cleared = model.Some(at(origin + 300))
	other.AddAlert(first)
	second := model.AlertEntry{At: at(origin + 600), Gateway: "prod", Kind: "spike", Subject: "ci × m", Says: "again"}
	other.AddAlert(second)
	mustFlush(t, other)
	got, err := s.Alerts(t.Context(), 10)
	if want := []model.AlertEntry{second, first}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, not %+v", got, err, want)
	}
}

func TestProcessesShareABudget(t *testing.T) {
	path := dbPath(t)
	s, other := openAt(t, path, Options{}), openAt(t, path, Options{})
	now := time.Now()
	count := func(s *Store, want int) {
		t.Helper()
		if n, err := s.SentSince("example.org:443", now.Add(-time.Minute)); err != nil || n != want {
			t.Errorf("%d requests, %v, not %d", n, err, want)
		}
	}
	s.Sent("example.org:443", now.Add(-2*time.Minute))
	for range 3 {
		s.Sent("example.org:443", now)
	}
	s.Sent("example.com:443", now)
	count(s, 3)
	mustFlush(t, s)
	count(s, 3)
	count(other, 3)
	other.Sent("example.org:443", now)
	count(other, 4)
	mustFlush(t, other)
	count(s, 3) // what it knows of others is not a second old
	s.requests.others["example.org:443"].asked = now.Add(-time.Second)
	count(s, 4)
}

// TestHoursAreTheirMinutes compares every kind of query over hours that are
// rolled up with the same over minutes.
func TestHoursAreTheirMinutes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	s := openAt(t, dbPath(t), Options{})
	hole := int64(3600 + 17*60) // one minute that was never read whole
	for m := int64(0); m < 4*3600; m += 60 {
		span := model.Span{From: origin + m, To: origin + m + 59}
		if m == hole {
			span.To--
		}
		s.Fold("prod", read(span, span.To+150, traffic(r, span, 0.2)))
	}
	mustFlush(t, s)
	spans := []model.Span{{From: origin - 1800, To: origin + 5399}, {From: origin + 5400, To: origin + 7199}, {From: origin + 9000, To: origin + 14399}}
	ask := func() (out []model.History) {
		for _, by := range []model.HistoryBy{model.PerModel, model.PerKey, model.PerUser, model.PerCell} {
			for _, q := range []model.HistoryQuery{
				{Step: 3600}, {}, {Spans: spans}, {Step: 90},
			} {
				q.Gateway, q.By, q.Span = "prod", by, model.Span{From: origin - 100, To: origin + 13000}
				h, err := s.Usage(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, h)
			}
		}
		return out
	}
	want := ask()
	if got := want[1].Covered.Seconds(); got != 13000/60*60-60 {
		t.Errorf("%d s are covered", got)
	}
	var stale, hours int
	count := func() {
		if err := s.file.write.QueryRow("SELECT (SELECT count(*) FROM stale), (SELECT count(*) FROM hour)").Scan(&stale, &hours); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.sweep(t.Context(), at(origin+4*3600)); err != nil {
		t.Fatal(err)
	}
	count()
	if stale != 1 || hours != 3 {
		t.Fatalf("%d hours are rolled up and %d are not: the last one has not settled", hours, stale)
	}
	if got := ask(); !reflect.DeepEqual(got, want) {
		t.Error("hours differ from their minutes")
	}
	// A second reading makes an hour stale, and its minutes count again.
	s.Fold("prod", read(model.Span{From: origin + 60, To: origin + 119}, origin+4*3600+300, nil))
	mustFlush(t, s)
	count()
	if stale != 2 {
		t.Errorf("%d hours are stale, not 2", stale)
	}
	want = ask()
	if err := s.sweep(t.Context(), at(origin+30*3600)); err != nil {
		t.Fatal(err)
	}
	s.sweeper.again = true
	if err := s.sweep(t.Context(), at(origin+30*3600)); err != nil {
		t.Fatal(err)
	}
	if count(); stale != 0 {
		t.Errorf("%d hours are stale", stale)
	}
	if got := ask(); !reflect.DeepEqual(got, want) {
		t.Error("hours differ from their minutes after a second reading")
	}
}
