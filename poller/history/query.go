package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"gatewatch/model"
)

// view runs f over one state of the file: what is written meanwhile does not
// show.
func (s *Store) view(ctx context.Context, f func(tx *sql.Tx) error) error {
	db, err := s.reader()
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		if ctx.Err() == nil {
			s.unread(db, err)
		}
		return err
	}
	defer func() { _ = tx.Rollback() }()
	err = f(tx)
	if ctx.Err() == nil {
		s.unread(db, err)
	}
	return err
}

// Usage answers a query from the roll-ups. A gateway that was never seen has no
// rows and nothing covered.
func (s *Store) Usage(ctx context.Context, q model.HistoryQuery) (model.History, error) {
	var h model.History
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		h, err = usage(ctx, tx, q)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return model.History{}, nil
	}
	return h, err
}

func usage(ctx context.Context, tx *sql.Tx, q model.HistoryQuery) (h model.History, err error) {
	rows := rowSpans(q)
	if len(rows) == 0 {
		return h, nil
	}
	whole := model.Span{From: rows[0].From, To: rows[len(rows)-1].To}
	book, err := findBook(ctx, tx, q.Gateway, q.Scope)
	if err != nil {
		return h, err
	}
	stale := map[int64]bool{}
	err = each(ctx, tx, func(r *sql.Rows) error {
		var start int64
		err := r.Scan(&start)
		stale[start] = true
		return err
	}, "SELECT start FROM stale WHERE book = ? AND start BETWEEN ? AND ?", book, whole.From-3599, whole.To)
	if err != nil {
		return h, err
	}
	known, err := coveredIn(ctx, tx, book, 60, whole)
	if err != nil {
		return h, err
	}
	minutesFrom, err := metaValue(ctx, tx, metaMinutes)
	if err != nil {
		return h, err
	}

	sum := sums{by: q.By}
	var d decoder
	i := 0
	finish := func() error {
		cells, err := sum.take()
		for _, c := range cells {
			h.Rows = append(h.Rows, model.HistoryRow{Span: rows[i], Cell: c})
		}
		return err
	}
	for _, p := range parts(rows, stale) {
		query, span := hourQuery(q.By), p.span
		if !p.hour {
			query, span = minuteQuery, span.Meet(model.Span{From: minutesFrom, To: span.To})
		}
		h.Covered = append(h.Covered, known.Within(span)...)
		err := each(ctx, tx, func(r *sql.Rows) error {
			var start int64
			var blob []byte
			if err := r.Scan(&start, &blob); err != nil {
				return err
			}
			for start > rows[i].To {
				if err := finish(); err != nil {
					return err
				}
				i++
			}
			return d.cells(blob, sum.add)
		}, query, book, span.From, span.To)
		if err != nil {
			return h, err
		}
	}
	if err := finish(); err != nil {
		return h, err
	}
	h.Covered = joined(h.Covered)
	return h, nil
}

const minuteQuery = "SELECT start, cells FROM minute WHERE book = ? AND start BETWEEN ? AND ? ORDER BY start"

func hourQuery(by model.HistoryBy) string {
	if by == model.PerModel {
		return "SELECT start, models FROM hour WHERE book = ? AND start BETWEEN ? AND ? ORDER BY start"
	}
	return "SELECT start, cells FROM hour WHERE book = ? AND start BETWEEN ? AND ? ORDER BY start"
}

// joined joins spans in rising order where they touch.
func joined(spans model.SpanSet) model.SpanSet {
	var out model.SpanSet
	for _, s := range spans {
		if n := len(out); n > 0 && out[n-1].To+1 == s.From {
			out[n-1].To = s.To
			continue
		}
		out = append(out, s)
	}
	return out
}

func metaValue(ctx context.Context, q querier, name string) (v int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return v, err
}

// Settled returns the seconds of a span whose rows are kept.
func (s *Store) Settled(ctx context.Context, gateway string, scope model.Scope, span model.Span) (model.SpanSet, error) {
	var set model.SpanSet
	err := s.view(ctx, func(tx *sql.Tx) error {
		book, err := findBook(ctx, tx, gateway, scope)
		if err != nil {
			return err
		}
		ps, err := piecesIn(ctx, tx, book, span)
		set = ps.settled().Within(span)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return set, err
}

// Calls yields the rows of a span, oldest first, without holding more than one
// slot of them. An error is the last thing it yields.
func (s *Store) Calls(ctx context.Context, gateway string, scope model.Scope, span model.Span) iter.Seq2[model.Call, error] {
	return stream(ctx, s, func(tx *sql.Tx, yield func(model.Call) bool) error {
		book, err := findBook(ctx, tx, gateway, scope)
		if err != nil {
			return err
		}
		var d decoder
		var calls []model.Call
		return each(ctx, tx, func(rows *sql.Rows) error {
			var sl slot
			if err := rows.Scan(&sl.start, &sl.blob); err != nil {
				return err
			}
			if calls, err = d.calls(calls[:0], sl.start, sl.blob); err != nil {
				return err
			}
			for _, c := range calls {
				if span.Has(c.At) && !yield(c) {
					return errEnough
				}
			}
			return nil
		}, "SELECT start, calls FROM slot WHERE book = ? AND start BETWEEN ? AND ? ORDER BY start", book, slotOf(span.From), span.To)
	})
}

// Balances yields the samples of the balance from the seconds of a span on our
// own clock, oldest first. An error is the last thing it yields.
func (s *Store) Balances(ctx context.Context, gateway string, span model.Span) iter.Seq2[model.BalanceSample, error] {
	return stream(ctx, s, func(tx *sql.Tx, yield func(model.BalanceSample) bool) error {
		return each(ctx, tx, func(rows *sql.Rows) error {
			var at, quota, used int64
			if err := rows.Scan(&at, &quota, &used); err != nil {
				return err
			}
			if !yield(model.BalanceSample{At: time.Unix(0, at), Quota: model.Quota(quota), Used: model.Quota(used)}) {
				return errEnough
			}
			return nil
		}, "SELECT at, quota, used FROM balance WHERE gateway = ? AND at BETWEEN ? AND ? ORDER BY at",
			gateway, span.From*1e9, span.To*1e9+999_999_999)
	})
}

// errEnough says that whoever reads a stream has stopped.
var errEnough = errors.New("enough")

func stream[T any](ctx context.Context, s *Store, read func(tx *sql.Tx, yield func(T) bool) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		err := s.view(ctx, func(tx *sql.Tx) error {
			return read(tx, func(v T) bool { return yield(v, nil) })
		})
		if err != nil && !errors.Is(err, errEnough) && !errors.Is(err, sql.ErrNoRows) {
			var none T
			yield(none, err)
		}
	}
}

// Totals returns the gateway's own sums that begin in a span, oldest first: of
// hours, or with days of whole days.
func (s *Store) Totals(ctx context.Context, gateway string, scope model.Scope, span model.Span, days bool) ([]model.HourTotal, error) {
	var out []model.HourTotal
	err := s.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(rows *sql.Rows) error {
			t := model.HourTotal{Scope: scope}
			err := rows.Scan(&t.Span.From, &t.Span.To, &t.Quota)
			out = append(out, t)
			return err
		}, `SELECT first, last, quota FROM total WHERE book = (SELECT id FROM book WHERE gateway = ? AND scope = ?)
			AND days = ? AND first BETWEEN ? AND ? ORDER BY first`, gateway, int64(scope), days, span.From, span.To)
	})
	return out, err
}

// Periods returns the gateway's own usage per model of the hours (step 3600) or
// UTC days (86400) that begin in a span, and the seconds it was asked about.
func (s *Store) Periods(ctx context.Context, gateway string, scope model.Scope, step int64, span model.Span) ([]model.PeriodUsage, model.SpanSet, error) {
	var out []model.PeriodUsage
	var asked model.SpanSet
	err := s.view(ctx, func(tx *sql.Tx) error {
		book, err := findBook(ctx, tx, gateway, scope)
		if err != nil {
			return err
		}
		if asked, err = coveredIn(ctx, tx, book, step, span); err != nil {
			return err
		}
		asked = asked.Within(span)
		out, err = periodsIn(ctx, tx, book, step, span)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return out, asked, err
}

func periodsIn(ctx context.Context, tx *sql.Tx, book, step int64, span model.Span) ([]model.PeriodUsage, error) {
	var out []model.PeriodUsage
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return err
		}
		var us []model.PeriodUsage
		if json.Unmarshal(text, &us) != nil {
			return errDamaged
		}
		out = append(out, us...)
		return nil
	}, "SELECT usage FROM period WHERE book = ? AND step = ? AND first BETWEEN ? AND ? ORDER BY first", book, step, span.From, span.To)
	return out, err
}

// KeysAt returns the keys as they were at a time, those since deleted included.
func (s *Store) KeysAt(ctx context.Context, gateway string, at time.Time) ([]model.APIKey, error) {
	var out []model.APIKey
	err := s.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(rows *sql.Rows) error {
			var ignored int64
			var text []byte
			var k model.APIKey
			if err := rows.Scan(&ignored, &text); err != nil {
				return err
			}
			if json.Unmarshal(text, &k) != nil {
				return errDamaged
			}
			out = append(out, k)
			return nil
		}, "SELECT max(at), payload FROM apikey WHERE gateway = ? AND at <= ? GROUP BY id, name ORDER BY id, name", gateway, at.UnixNano())
	})
	return out, err
}
