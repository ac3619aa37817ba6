package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"gatewatch/model"
)

// The kinds of last answers.
const (
	kindFound    = "found"
	kindStatus   = "status"
	kindAccount  = "account"
	kindKeys     = "keys"
	kindDetails  = "details"
	kindChannels = "channels"
	kindPeriods  = "periods" // with the scope behind it; its usage lies in period
)

const (
	// balanceEvery is how often a balance that does not change is kept, in
	// nanoseconds.
	balanceEvery = 600e9
	// keyEvery is how often a key of which only the counters changed is kept, in
	// nanoseconds.
	keyEvery = 3600e9
)

// folding returns what an update changes in the file, nil when it is nothing.
func folding(gateway string, u model.Update, opts Options) func(ctx context.Context, tx *sql.Tx) error {
	at := u.At.UnixNano()
	latest := func(kind string) func(context.Context, *sql.Tx) error {
		return func(ctx context.Context, tx *sql.Tx) error { return putLatest(ctx, tx, gateway, kind, at, u.Payload) }
	}
	var do func(ctx context.Context, tx *sql.Tx) error
	switch p := u.Payload.(type) {
	case model.CallsRead:
		if p.Span.From < u.At.Add(2*time.Hour-opts.MinutesFor).Unix() {
			return nil // its hours are complete, and their minutes gone or going
		}
		do = reading(gateway, p.Scope, piece{span: p.Span, at: at, readAt: p.ReadAt, told: p.Told}, p.Calls)
	case model.CallsForgot:
		do = reading(gateway, p.Scope, piece{span: p.Span, at: at, gone: true}, nil)
	case model.HourTotal:
		do = func(ctx context.Context, tx *sql.Tx) error { return putTotal(ctx, tx, gateway, p, at) }
	case model.DayTotal:
		do = func(ctx context.Context, tx *sql.Tx) error { return putTotal(ctx, tx, gateway, model.HourTotal(p), at) }
	case model.Periods:
		do = func(ctx context.Context, tx *sql.Tx) error { return putPeriods(ctx, tx, gateway, p, at) }
	case model.Account:
		do = func(ctx context.Context, tx *sql.Tx) error {
			if p.Quota.OK && p.Used.OK {
				if err := putBalance(ctx, tx, gateway, model.BalanceSample{At: u.At, Quota: p.Quota.V, Used: p.Used.V}); err != nil {
					return err
				}
			}
			return putLatest(ctx, tx, gateway, kindAccount, at, p)
		}
	case model.Keys:
		do = func(ctx context.Context, tx *sql.Tx) error {
			if err := putKeys(ctx, tx, gateway, p, at); err != nil {
				return err
			}
			return putLatest(ctx, tx, gateway, kindKeys, at, p)
		}
	case model.Found:
		do = latest(kindFound)
	case model.Status:
		do = latest(kindStatus)
	case model.Details:
		do = latest(kindDetails)
	case model.Channels:
		do = latest(kindChannels)
	default:
		return nil
	}
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := putSource(ctx, tx, gateway, u); err != nil {
			return err
		}
		return do(ctx, tx)
	}
}

// newer is the condition under which an answer replaces the one in the table: it
// is not older, unless that was written under a clock that has been set back.
const newer = " WHERE excluded.at >= at OR at - excluded.at >= 120000000000"

func putLatest(ctx context.Context, tx *sql.Tx, gateway, kind string, at int64, payload any) error {
	b, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO latest (gateway, kind, at, payload) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET at = excluded.at, payload = excluded.payload`+newer, gateway, kind, at, string(b))
	return err
}

// putSource keeps the interval of a source and the gateway's clock when they
// have changed, by a second at least.
func putSource(ctx context.Context, tx *sql.Tx, gateway string, u model.Update) error {
	var skew any
	if u.Skew.OK {
		skew = int64(u.Skew.V.Round(time.Second))
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO source (gateway, source, every, skew) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET every = excluded.every, skew = coalesce(excluded.skew, skew)
		WHERE every != excluded.every OR excluded.skew IS NOT NULL AND skew IS NOT excluded.skew`,
		gateway, u.Source.String(), int64(u.Every), skew)
	return err
}

// putTotal keeps the gateway's own sum of an hour, or of a longer time: a day.
func putTotal(ctx context.Context, tx *sql.Tx, gateway string, p model.HourTotal, at int64) error {
	id, err := bookID(ctx, tx, gateway, p.Scope)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO total (book, days, first, last, quota, at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET last = excluded.last, quota = excluded.quota, at = excluded.at`+newer,
		id, p.Span.Seconds() > 3600, p.Span.From, p.Span.To, int64(p.Quota), at)
	return err
}

// putPeriods replaces the gateway's usage per model of the periods that begin in
// a span.
func putPeriods(ctx context.Context, tx *sql.Tx, gateway string, p model.Periods, at int64) error {
	id, err := bookID(ctx, tx, gateway, p.Scope)
	if err != nil || p.Step <= 0 {
		return err
	}
	usage := map[int64][]model.PeriodUsage{}
	for _, u := range p.Usage {
		if p.Span.Has(u.From) { // what began before is known in part
			usage[u.From] = append(usage[u.From], u)
		}
	}
	have := map[int64]string{}
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var first int64
		var text string
		err := rows.Scan(&first, &text)
		have[first] = text
		return err
	}, "SELECT first, usage FROM period WHERE book = ? AND step = ? AND first BETWEEN ? AND ?", id, p.Step, p.Span.From, p.Span.To)
	if err != nil {
		return err
	}
	for first, us := range usage {
		b, err := json.Marshal(us)
		if err != nil {
			return err
		}
		if old, ok := have[first]; !ok || old != string(b) {
			if _, err := tx.ExecContext(ctx, `INSERT INTO period (book, step, first, usage) VALUES (?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET usage = excluded.usage`, id, p.Step, first, string(b)); err != nil {
				return err
			}
		}
		delete(have, first)
	}
	for first := range have {
		if _, err := tx.ExecContext(ctx, "DELETE FROM period WHERE book = ? AND step = ? AND first = ?", id, p.Step, first); err != nil {
			return err
		}
	}
	asked := model.Span{From: floor(p.Span.From+p.Step-1, p.Step), To: p.Span.To}
	if err := cover(ctx, tx, id, p.Step, model.SpanSet{}.Add(asked), nil); err != nil {
		return err
	}
	p.Usage = nil
	return putLatest(ctx, tx, gateway, periodsKind(p.Scope), at, p)
}

func periodsKind(scope model.Scope) string {
	if scope == model.ScopeSite {
		return kindPeriods + " of the site"
	}
	return kindPeriods
}

// putBalance keeps a sample that differs from the one before, or is the first
// for a while.
func putBalance(ctx context.Context, tx *sql.Tx, gateway string, s model.BalanceSample) error {
	at := s.At.UnixNano()
	var lastAt, quota, used int64
	err := tx.QueryRowContext(ctx, "SELECT at, quota, used FROM balance WHERE gateway = ? AND at <= ? ORDER BY at DESC LIMIT 1", gateway, at).
		Scan(&lastAt, &quota, &used)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && quota == int64(s.Quota) && used == int64(s.Used) && at-lastAt < balanceEvery {
		return nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO balance (gateway, at, quota, used) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET quota = excluded.quota, used = excluded.used`, gateway, at, int64(s.Quota), int64(s.Used))
	return err
}

// putKeys keeps each key that has changed; one of which only the counters did,
// once an hour.
func putKeys(ctx context.Context, tx *sql.Tx, gateway string, keys model.Keys, at int64) error {
	type id struct {
		id   int64
		name string
	}
	type was struct {
		at  int64
		key model.APIKey
	}
	have := map[id]was{}
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var k id
		var w was
		var text string
		if err := rows.Scan(&k.id, &k.name, &w.at, &text); err != nil {
			return err
		}
		have[k] = w
		if err := json.Unmarshal([]byte(text), &w.key); err != nil {
			return errDamaged
		}
		have[k] = w
		return nil
	}, "SELECT id, name, max(at), payload FROM apikey WHERE gateway = ? GROUP BY id, name", gateway)
	if err != nil {
		return err
	}
	for _, k := range keys {
		text, err := json.Marshal(k)
		if err != nil {
			return err
		}
		if old, ok := have[id{k.ID, k.Name}]; ok {
			if old.at >= at {
				continue
			}
			before, err := json.Marshal(old.key)
			if err != nil {
				return err
			}
			same := string(before) == string(text)
			if same || at-old.at < keyEvery && settings(old.key) == settings(k) {
				continue
			}
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO apikey (gateway, id, name, at, payload) VALUES (?, ?, ?, ?, ?)",
			gateway, k.ID, k.Name, at, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// settings is a key without its counters.
func settings(k model.APIKey) string {
	k.Remaining, k.Used, k.LastUsed = 0, model.Opt[model.Quota]{}, model.Opt[int64]{}
	b, _ := json.Marshal(k)
	return string(b)
}
