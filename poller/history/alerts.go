package history

import (
	"context"
	"database/sql"
	"time"

	"gatewatch/model"
)

// AddAlert writes a line of the journal, or with Cleared says of the line it
// repeats that it is over. Two dashboards that see the same write it once.
func (s *Store) AddAlert(e model.AlertEntry) {
	if s == nil {
		return
	}
	s.enqueue(job{do: func(ctx context.Context, tx *sql.Tx) error {
		var cleared any
		if e.Cleared.OK {
			cleared = e.Cleared.V.UnixNano()
		}
		at := e.At.UnixNano()
		r, err := tx.ExecContext(ctx, `UPDATE alert SET cleared = coalesce(?1, cleared) WHERE id = (SELECT id FROM alert
			WHERE gateway = ?2 AND kind = ?3 AND subject = ?4 AND at BETWEEN ?5 AND ?6 ORDER BY at DESC LIMIT 1)`,
			cleared, e.Gateway, e.Kind, e.Subject, at-outOfOrder, at+outOfOrder)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO alert (at, gateway, kind, subject, says, cleared) VALUES (?, ?, ?, ?, ?, ?)",
			at, e.Gateway, e.Kind, e.Subject, e.Says, cleared)
		return err
	}})
}

// Alerts returns the newest lines of the journal, newest first.
func (s *Store) Alerts(ctx context.Context, limit int) ([]model.AlertEntry, error) {
	var out []model.AlertEntry
	err := s.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(rows *sql.Rows) error {
			var e model.AlertEntry
			var at int64
			var cleared sql.NullInt64
			err := rows.Scan(&at, &e.Gateway, &e.Kind, &e.Subject, &e.Says, &cleared)
			e.At = time.Unix(0, at)
			if cleared.Valid {
				e.Cleared = model.Some(time.Unix(0, cleared.Int64))
			}
			out = append(out, e)
			return err
		}, "SELECT at, gateway, kind, subject, says, cleared FROM alert ORDER BY at DESC, id DESC LIMIT ?", limit)
	})
	return out, err
}
