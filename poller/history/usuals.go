package history

import (
	"context"
	"database/sql"
	"errors"

	"gatewatch/model"
)

// Usuals returns what the minutes of a span were like for each user × key × language
// model, as far as they are kept one by one; none of a gateway that was never seen.
func (s *Store) Usuals(ctx context.Context, gateway string, scope model.Scope, span model.Span) ([]model.UsualCell, error) {
	type id struct {
		user, model string
		key         model.KeyRef
	}
	at := map[id]int{}
	var out []model.UsualCell
	err := s.view(ctx, func(tx *sql.Tx) error {
		book, err := findBook(ctx, tx, gateway, scope)
		if err != nil {
			return err
		}
		var d decoder
		return each(ctx, tx, func(r *sql.Rows) error {
			var start int64
			var blob []byte
			if err := r.Scan(&start, &blob); err != nil {
				return err
			}
			return d.cells(blob, func(c *model.Cell, _, _ []byte) {
				if c.Calls == 0 {
					return
				}
				k := id{c.User, c.Model, c.Key}
				i, known := at[k]
				if !known {
					i = len(out)
					at[k] = i
					out = append(out, model.UsualCell{User: c.User, Key: c.Key, Model: c.Model})
				}
				u := &out[i]
				u.Minutes, u.Sum, u.Most = u.Minutes+1, u.Sum+c.Quota, max(u.Most, c.Quota)
			})
		}, minuteQuery, book, span.From, span.To)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return out, err
}
