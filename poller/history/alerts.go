package history

import (
	"context"
	"database/sql"
	"time"

	"gatewatch/model"
)

// sameAlert is the condition under which a line of the journal is about the same:
// ?1 is the account, ?2 the gateway's name, ?3 the kind, ?4 the subject and ?5 the
// key's id, of which 0 is any. Since when it lasts is told differently by everybody
// who finds it out.
const sameAlert = `(account = ?1 AND ?1 != '' OR gateway = ?2 AND (account = '' OR ?1 = '')) AND kind = ?3 AND subject = ?4
	AND (key_id = ?5 OR key_id = 0 OR ?5 = 0)`

// ClaimAlert writes a line of the journal, or with Cleared says of the line that
// lasts that it is over. It is in the file when this returns. first reports that
// nobody did so before: of several dashboards, and of one that is started again, one
// is to tell it. account is the name that Fold is given.
func (s *Store) ClaimAlert(ctx context.Context, account string, e model.AlertEntry) (first bool, err error) {
	f, err := s.writer()
	if err != nil {
		return false, err
	}
	err = f.inTx(ctx, func(tx *sql.Tx) error {
		first, err = putAlert(ctx, tx, account, e)
		return err
	})
	return first, err
}

// AddAlert is ClaimAlert for an alert that was told already, because the file could
// not be written: it is written when that is possible, once.
func (s *Store) AddAlert(e model.AlertEntry) {
	if s == nil {
		return
	}
	s.enqueue(job{do: func(ctx context.Context, tx *sql.Tx) error {
		_, err := putAlert(ctx, tx, "", e)
		return err
	}})
}

func putAlert(ctx context.Context, tx *sql.Tx, account string, e model.AlertEntry) (first bool, err error) {
	at := e.At.UnixNano()
	same := []any{account, e.Gateway, e.Kind, e.Subject, e.Key}
	var r sql.Result
	if e.Cleared.OK {
		// Earlier versions left lines open when the same began anew.
		r, err = tx.ExecContext(ctx, "UPDATE alert SET cleared = ?6 WHERE cleared IS NULL AND "+sameAlert, append(same, e.Cleared.V.UnixNano())...)
	} else {
		// What another dashboard has seen begin and end meanwhile is the same too.
		r, err = tx.ExecContext(ctx, `INSERT INTO alert (account, gateway, kind, subject, key_id, says, at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
			WHERE NOT EXISTS (SELECT 1 FROM alert WHERE `+sameAlert+` AND (cleared IS NULL OR cleared >= ?7 AND at BETWEEN ?8 AND ?9))`,
			append(same, e.Says, at, at-outOfOrder, at+outOfOrder)...)
	}
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// LastingAlerts returns the lines of the journal that tell of an account or of a
// gateway of that name and are not over, oldest first.
func (s *Store) LastingAlerts(ctx context.Context, account, gateway string) ([]model.AlertEntry, error) {
	return s.alerts(ctx, "WHERE cleared IS NULL AND (account = ? OR account = '' AND gateway = ?) ORDER BY at, id", account, gateway)
}

// Alerts returns the newest lines of the journal, newest first.
func (s *Store) Alerts(ctx context.Context, limit int) ([]model.AlertEntry, error) {
	return s.alerts(ctx, "ORDER BY at DESC, id DESC LIMIT ?", limit)
}

func (s *Store) alerts(ctx context.Context, which string, args ...any) ([]model.AlertEntry, error) {
	var out []model.AlertEntry
	err := s.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(rows *sql.Rows) error {
			var e model.AlertEntry
			var at int64
			var cleared sql.NullInt64
			err := rows.Scan(&at, &e.Gateway, &e.Kind, &e.Subject, &e.Says, &cleared, &e.Key)
			e.At = time.Unix(0, at)
			if cleared.Valid {
				e.Cleared = model.Some(time.Unix(0, cleared.Int64))
			}
			out = append(out, e)
			return err
		}, "SELECT at, gateway, kind, subject, says, cleared, key_id FROM alert "+which, args...)
	})
	return out, err
}
