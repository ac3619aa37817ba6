package poller

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
)

// fake is a gateway in memory: a log that grows by itself on fake time, with the
// vices of real ones.
type fake struct {
	name     string
	pageSize int
	totals   bool // pages tell how many rows the span has
	ids      bool // rows have request ids
	latency  time.Duration
	skew     time.Duration
	// late delays the appearance of some rows.
	lateShare float64
	lateBy    time.Duration
	// fail, when set, decides the error of a request.
	fail func(kind string) error
	// around is the budget, as gateway.Client calls it.
	around func(ctx context.Context, heavy bool, do func() error) error
	days   bool
	// perDay makes the usage one of UTC days instead of hours; perHour is how much
	// longer a sum takes for each hour that it is asked over.
	perDay  bool
	perHour time.Duration
	calls   int64 // that the account says it made, 0 for not

	mu       sync.Mutex
	rows     []fakeRow // by appearance
	byTime   []int     // places in rows, by their second
	asked    []request
	inFlight int
	maxHeavy int
}

type fakeRow struct {
	model.Call
	appears time.Time
}

type request struct {
	kind string
	at   time.Time
	span model.Span
	page int
}

// traffic adds n rows per second over the seconds from now on, written as they
// end and visible at once or late.
func (f *fake) traffic(r *rand.Rand, from time.Time, seconds int, perSecond float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range seconds {
		n := int(perSecond)
		if r.Float64() < perSecond-float64(n) {
			n++
		}
		for range n {
			at := from.Add(time.Duration(s)*time.Second + time.Duration(r.IntN(1000))*time.Millisecond)
			row := fakeRow{appears: at, Call: model.Call{
				At: at.Add(f.skew).Unix(), Kind: model.KindConsume, Model: "gpt-4o", Key: "laptop", KeyID: 1,
				Quota: model.Quota(1 + r.IntN(1000)), Prompt: 10, Completion: 5,
			}}
			if f.ids {
				row.RequestID = at.Format("150405.000000000") + string(rune('a'+r.IntN(26)))
			}
			if r.Float64() < f.lateShare {
				row.appears = at.Add(f.lateBy)
			}
			f.rows = append(f.rows, row)
		}
	}
	slices.SortStableFunc(f.rows, func(a, b fakeRow) int { return a.appears.Compare(b.appears) })
}

// truth adds up what the log holds of span once everything has appeared.
func (f *fake) truth(span model.Span) (calls int64, quota model.Quota) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rows {
		if span.Has(r.At) {
			calls++
			quota += r.Quota
		}
	}
	return calls, quota
}

func (f *fake) do(ctx context.Context, kind string, heavy bool, span model.Span, page int, answer func() error) error {
	ask := func() error {
		f.mu.Lock()
		f.asked = append(f.asked, request{kind, time.Now(), span, page})
		if heavy {
			f.inFlight++
			f.maxHeavy = max(f.maxHeavy, f.inFlight)
		}
		fail := f.fail
		f.mu.Unlock()
		defer func() {
			if heavy {
				f.mu.Lock()
				f.inFlight--
				f.mu.Unlock()
			}
		}()
		select {
		case <-time.After(f.latency):
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return &gateway.StatusError{Gateway: f.name, Kind: model.FaultTimeout}
			}
			return context.Canceled
		}
		if fail != nil {
			if err := fail(kind); err != nil {
				return err
			}
		}
		return answer()
	}
	if f.around == nil {
		return ask()
	}
	return f.around(ctx, heavy, ask)
}

func (f *fake) count(kind string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, r := range f.asked {
		if kind == "" || r.kind == kind {
			n++
		}
	}
	return n
}

func (f *fake) Ready() bool    { return true }
func (f *fake) PageSize() int  { return cmp.Or(f.pageSize, 100) }
func (f *fake) PerMinute() int { return 120 }

func (f *fake) Found() model.Found {
	return model.Found{Dialect: "fake", Why: "it is one"}
}

func (f *fake) Skew() model.Opt[time.Duration] {
	f.mu.Lock()
	defer f.mu.Unlock()
	return model.Some(f.skew)
}

// setSkew moves the clock that the gateway's answers show.
func (f *fake) setSkew(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.skew = d
}

func (f *fake) Status(ctx context.Context) (model.Status, error) {
	return model.Status{Version: "v1"}, f.do(ctx, "status", false, model.Span{}, 0, func() error { return nil })
}

func (f *fake) Account(ctx context.Context) (model.Account, error) {
	return model.Account{Username: "alice", Quota: model.Some[model.Quota](5), Requests: model.Opt[int64]{V: f.calls, OK: f.calls > 0}, Enabled: true}, f.do(ctx, "account", false, model.Span{}, 0, func() error { return nil })
}

// visible are the rows of span that have appeared, the newest first.
func (f *fake) visible(span model.Span) []model.Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.byTime) != len(f.rows) {
		f.byTime = f.byTime[:0]
		for i := range f.rows {
			f.byTime = append(f.byTime, i)
		}
		slices.SortStableFunc(f.byTime, func(a, b int) int { return cmp.Compare(f.rows[a].At, f.rows[b].At) })
	}
	lo, _ := slices.BinarySearchFunc(f.byTime, span.From, func(i int, at int64) int { return cmp.Compare(f.rows[i].At, at) })
	var places []int
	now := time.Now()
	for _, i := range f.byTime[lo:] {
		if f.rows[i].At > span.To {
			break
		}
		if !f.rows[i].appears.After(now) {
			places = append(places, i)
		}
	}
	slices.Sort(places)
	out := make([]model.Call, 0, len(places))
	for _, i := range slices.Backward(places) {
		out = append(out, f.rows[i].Call)
	}
	return out
}

func (f *fake) Calls(ctx context.Context, q gateway.CallsQuery) (page gateway.CallsPage, err error) {
	err = f.do(ctx, "calls", true, q.Span, q.Page, func() error {
		all := f.visible(q.Span)
		if f.totals {
			page.Total = model.Some(int64(len(all)))
		}
		lo := min(len(all), q.Page*f.PageSize())
		hi := min(len(all), lo+f.PageSize())
		page.Calls = slices.Clone(all[lo:hi])
		page.Last = hi-lo < f.PageSize() || (f.totals && hi == len(all))
		return nil
	})
	return page, err
}

func (f *fake) Count(ctx context.Context, _ model.Scope, span model.Span) (n int64, err error) {
	if !f.totals {
		return 0, errors.ErrUnsupported
	}
	err = f.do(ctx, "count", true, span, 0, func() error { n = int64(len(f.visible(span))); return nil })
	return n, err
}

func (f *fake) Total(ctx context.Context, scope model.Scope, span model.Span) (t model.SpanTotal, err error) {
	err = f.do(ctx, "total", true, span, 0, func() error {
		time.Sleep(time.Duration(float64(f.perHour) * float64(span.Seconds()) / 3600))
		t = model.SpanTotal{Scope: scope, Span: span}
		for _, c := range f.visible(span) {
			t.Quota += c.Quota
		}
		return nil
	})
	return t, err
}

func (f *fake) Periods(ctx context.Context, scope model.Scope, span model.Span) (model.Periods, error) {
	if !f.days {
		return model.Periods{}, errors.ErrUnsupported
	}
	step := int64(3600)
	if f.perDay {
		step = 86400
	}
	from := span.From - span.From%step
	usage := []model.PeriodUsage{{From: from, To: from + step - 1}}
	return model.Periods{Scope: scope, Span: span, Step: step, Usage: usage}, f.do(ctx, "days", true, span, 0, func() error { return nil })
}

func (f *fake) Keys(ctx context.Context, page int) ([]model.APIKey, bool, error) {
	return []model.APIKey{{ID: int64(page), Name: "laptop"}}, false, f.do(ctx, "keys", false, model.Span{}, page, func() error { return nil })
}

// recorder folds what a poller emits.
type recorder struct {
	mu      sync.Mutex
	state   model.State
	updates []model.Update
}

func (r *recorder) emit(u model.Update) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.updates = append(r.updates, u)
	r.state = r.state.Apply(u)
}

func (r *recorder) now() model.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (f *fake) Details(context.Context) (model.Details, error) {
	return model.Details{}, errors.ErrUnsupported
}

func (f *fake) Channels(ctx context.Context, page int) ([]model.Channel, bool, error) {
	return []model.Channel{{ID: 1}}, false, f.do(ctx, "channels", false, model.Span{}, page, func() error { return nil })
}

func (f *fake) AtLeast(model.Source) time.Duration { return 0 }

func (f *fake) Diagnose(context.Context) model.Diagnosis { return model.Diagnosis{} }
