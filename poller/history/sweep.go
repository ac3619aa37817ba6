package history

import (
	"context"
	"database/sql"
	"time"

	"gatewatch/model"
)

// metaMinutes names the second before which usage per minute was swept away, or
// began to be.
const metaMinutes = "minutes from"

const (
	// sweptAtOnce bounds what one transaction deletes: rows of a table.
	sweptAtOnce = 300
	// spare is how many free pages the file keeps for what comes next.
	spare = 256
	// alertsFor is how long the journal goes back.
	alertsFor = 365 * 24 * time.Hour
)

// sweeper remembers how far the sweeping has come. One step is done a turn, so
// that what was seen meanwhile is written.
type sweeper struct {
	step   int
	nextAt time.Time // when the next round begins
	rollAt time.Time // when hours are rolled up again
	again  bool      // hours are waiting
}

// steps of a round, each of which reports whether it has more to do.
var steps = []func(s *Store, ctx context.Context, tx *sql.Tx, now time.Time) (more bool, err error){
	(*Store).sweepSent, (*Store).sweepCalls, (*Store).sweepLarge, (*Store).sweepMinutes, (*Store).sweepBalances, (*Store).sweepRest,
}

// sweep does one step of what is due.
func (s *Store) sweep(ctx context.Context, now time.Time) error {
	s.mu.Lock()
	f := s.file
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	w := &s.sweeper
	if w.again || !now.Before(w.rollAt) {
		w.rollAt = now.Add(time.Minute)
		return f.inTx(ctx, func(tx *sql.Tx) (err error) {
			w.again, err = rollHours(ctx, tx, now)
			return err
		})
	}
	if now.Before(w.nextAt) {
		return nil
	}
	if w.step == len(steps) {
		w.step, w.nextAt = 0, now.Add(sweepEvery)
		return nil
	}
	var more bool
	err := f.inTx(ctx, func(tx *sql.Tx) (err error) {
		more, err = steps[w.step](s, ctx, tx, now)
		return err
	})
	if !more {
		w.step++
	}
	if err != nil {
		return err
	}
	return f.giveBack(ctx)
}

// giveBack returns free pages to the disk when they are many, 8 MB a turn.
func (f *file) giveBack(ctx context.Context) error {
	var free int64
	if err := f.write.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil || free < 2*spare {
		return err
	}
	// The pragma frees a page a row, and the rows have to be read.
	return each(ctx, f.write, func(*sql.Rows) error { return nil }, "PRAGMA incremental_vacuum(2000)")
}

// deleted runs a DELETE that is bounded by sweptAtOnce.
func deleted(ctx context.Context, tx *sql.Tx, query string, args ...any) (more bool, err error) {
	r, err := tx.ExecContext(ctx, query, append(args, sweptAtOnce)...)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n >= sweptAtOnce, err
}

func (s *Store) sweepSent(ctx context.Context, tx *sql.Tx, now time.Time) (bool, error) {
	_, err := tx.ExecContext(ctx, "DELETE FROM sent WHERE at < ?", now.Add(-sentFor).UnixMilli())
	return false, err
}

// sweepCalls drops rows of the log that are too old.
func (s *Store) sweepCalls(ctx context.Context, tx *sql.Tx, now time.Time) (bool, error) {
	return dropCalls(ctx, tx, floor(now.Add(-s.opts.CallsFor).Unix(), 60))
}

// dropCalls drops the rows before a second, which begins a minute, and with the
// first of them that they are known.
func dropCalls(ctx context.Context, tx *sql.Tx, before int64) (bool, error) {
	if _, err := tx.ExecContext(ctx, "DELETE FROM settled WHERE last < ?", before); err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE settled SET first = ?1 WHERE first < ?1", before); err != nil {
		return false, err
	}
	return deleted(ctx, tx, "DELETE FROM slot WHERE rowid IN (SELECT rowid FROM slot WHERE start < ? LIMIT ?)", before)
}

// sweepLarge drops the oldest quarter of an hour of rows while the file is too
// large.
func (s *Store) sweepLarge(ctx context.Context, tx *sql.Tx, now time.Time) (bool, error) {
	var pages, free, size int64
	var oldest sql.NullInt64
	for query, to := range map[string]any{
		"PRAGMA page_count": &pages, "PRAGMA freelist_count": &free, "PRAGMA page_size": &size,
		"SELECT min(start) FROM slot": &oldest,
	} {
		if err := tx.QueryRowContext(ctx, query).Scan(to); err != nil {
			return false, err
		}
	}
	newest := now.Add(-model.Keep).Unix()
	if (pages-free)*size <= s.opts.CallsBytes || !oldest.Valid || oldest.Int64 >= newest {
		return false, nil
	}
	_, err := dropCalls(ctx, tx, min(floor(newest, 60), floor(oldest.Int64, 60)+900))
	return true, err
}

// sweepMinutes drops usage per minute that is too old, when its hour was rolled
// up.
func (s *Store) sweepMinutes(ctx context.Context, tx *sql.Tx, now time.Time) (bool, error) {
	before := floor(now.Add(-s.opts.MinutesFor).Unix(), 3600)
	if _, err := tx.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
		metaMinutes, before); err != nil {
		return false, err
	}
	return deleted(ctx, tx, `DELETE FROM minute WHERE rowid IN (SELECT m.rowid FROM minute m WHERE m.start < ?
		AND NOT EXISTS (SELECT 1 FROM stale s WHERE s.book = m.book AND s.start = m.start / 3600 * 3600) LIMIT ?)`, before)
}

// sweepBalances thins samples out: older than the rows of the log, the last of a
// minute is left; older than the usage per minute, the last of an hour.
func (s *Store) sweepBalances(ctx context.Context, tx *sql.Tx, now time.Time) (bool, error) {
	for _, t := range []struct {
		name string
		age  time.Duration
		step time.Duration
	}{
		{"balance per minute until", s.opts.CallsFor, time.Minute},
		{"balance per hour until", s.opts.MinutesFor, time.Hour},
	} {
		step := int64(t.step)
		from, err := metaValue(ctx, tx, t.name)
		if err != nil {
			return false, err
		}
		until := floor(now.Add(-t.age).UnixNano(), int64(time.Hour))
		if from == 0 {
			var first sql.NullInt64
			if err := tx.QueryRowContext(ctx, "SELECT min(at) FROM balance").Scan(&first); err != nil {
				return false, err
			}
			if from = until; first.Valid {
				from = min(until, floor(first.Int64, int64(time.Hour)))
			}
		}
		if from >= until {
			continue
		}
		until = min(until, from+int64(24*time.Hour))
		if _, err := tx.ExecContext(ctx, `DELETE FROM balance AS b WHERE at >= ?1 AND at < ?2 AND EXISTS
			(SELECT 1 FROM balance n WHERE n.gateway = b.gateway AND n.at > b.at AND n.at < (b.at / ?3 + 1) * ?3)`, from, until, step); err != nil {
			return false, err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", t.name, until)
		return true, err
	}
	return false, nil
}

// sweepRest drops old alerts, and of keys what has been different for long.
func (s *Store) sweepRest(ctx context.Context, tx *sql.Tx, now time.Time) (bool, error) {
	if _, err := tx.ExecContext(ctx, "DELETE FROM alert WHERE at < ?", now.Add(-alertsFor).UnixNano()); err != nil {
		return false, err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM apikey AS k WHERE at < ? AND EXISTS
		(SELECT 1 FROM apikey n WHERE n.gateway = k.gateway AND n.id = k.id AND n.name = k.name AND n.at > k.at)`,
		now.Add(-s.opts.MinutesFor).UnixNano())
	return false, err
}
