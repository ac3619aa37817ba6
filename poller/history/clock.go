package history

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gatewatch/model"
)

// Clock returns the gateway's clock minus ours as it was last known, and the last
// second on the gateway's clock whose rows or usage are kept.
func (s *Store) Clock(ctx context.Context, gateway string, scope model.Scope) (skew model.Opt[time.Duration], end model.Opt[int64], err error) {
	err = s.view(ctx, func(tx *sql.Tx) error {
		var ns int64
		// The source that reads the log knows best when its rows are.
		err := tx.QueryRowContext(ctx, "SELECT skew FROM source WHERE gateway = ? AND skew IS NOT NULL ORDER BY source = ? DESC, source LIMIT 1",
			gateway, model.SourceCalls.String()).Scan(&ns)
		switch {
		case err == nil:
			skew = model.Some(time.Duration(ns))
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		book, err := findBook(ctx, tx, gateway, scope)
		if err != nil {
			return err
		}
		var last sql.NullInt64
		err = tx.QueryRowContext(ctx, `SELECT max(last) FROM (SELECT last FROM settled WHERE book = ?1 AND NOT gone
			UNION ALL SELECT last FROM covered WHERE book = ?1 AND step = 60)`, book).Scan(&last)
		if last.Valid {
			end = model.Some(last.Int64)
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return skew, end, err
}
