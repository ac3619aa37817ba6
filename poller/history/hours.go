package history

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"gatewatch/model"
)

// sums adds cells up whose identity a query does not tell apart.
type sums struct {
	by    model.HistoryBy
	at    map[identity]int
	cells []summed
	merge model.DistMerger
}

type identity struct {
	user  string
	key   model.KeyRef
	model string
}

// summed is a sum whose distributions are still to be merged.
type summed struct {
	model.Cell
	took, first [][]byte
}

func (s *sums) add(c *model.Cell, took, first []byte) {
	var id identity
	switch s.by {
	case model.PerModel:
		id.model = c.Model
	case model.PerKey:
		id.key = c.Key
	case model.PerUser:
		id.user = c.User
	default:
		id = identity{c.User, c.Key, c.Model}
	}
	i, ok := s.at[id]
	if !ok {
		if s.at == nil {
			s.at = map[identity]int{}
		}
		i = len(s.cells)
		s.at[id] = i
		s.cells = append(s.cells, summed{Cell: model.Cell{User: id.user, Key: id.key, Model: id.model}})
	}
	sum := &s.cells[i]
	sum.Add(&c.Tally)
	sum.Coarse = sum.Coarse || c.Coarse
	// An encoded distribution of one byte is empty.
	if len(took) > 1 {
		sum.took = append(sum.took, took)
	}
	if len(first) > 1 {
		sum.first = append(sum.first, first)
	}
}

// take returns the sums and begins anew.
func (s *sums) take() ([]model.Cell, error) {
	out := make([]model.Cell, len(s.cells))
	for i := range s.cells {
		c := &s.cells[i]
		var err error
		if c.Took, err = s.merged(c.took); err != nil {
			return nil, err
		}
		if c.FirstToken, err = s.merged(c.first); err != nil {
			return nil, err
		}
		out[i] = c.Cell
	}
	s.cells = s.cells[:0]
	clear(s.at)
	sortCells(out)
	return out, nil
}

func (s *sums) merged(stored [][]byte) (model.Dist, error) {
	for _, b := range stored {
		if s.merge.Add(b) != nil {
			return model.Dist{}, errDamaged
		}
	}
	return s.merge.Dist(), nil
}

const (
	// hourSettles is how many seconds after its end an hour is rolled up, so that
	// its last minutes were read twice; hourWaits how many seconds it waits for
	// that where the gateway is not heard of any more.
	hourSettles = 180
	hourWaits   = 24 * 3600
	// hoursAtOnce bounds what one transaction rolls up.
	hoursAtOnce = 12
)

// rollHours rolls hours up whose minutes have changed and are not likely to
// change again. It reports whether more are waiting.
func rollHours(ctx context.Context, tx *sql.Tx, now time.Time) (more bool, err error) {
	type hour struct{ book, start int64 }
	var due []hour
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var h hour
		err := rows.Scan(&h.book, &h.start)
		due = append(due, h)
		return err
	}, `SELECT s.book, s.start FROM stale s WHERE s.start < ?1 OR s.start + 3600 + ?2 <=
		(SELECT last FROM settled t WHERE t.book = s.book AND NOT gone ORDER BY first DESC LIMIT 1)
		ORDER BY s.start LIMIT ?3`, now.Unix()-hourWaits, hourSettles, hoursAtOnce)
	if err != nil {
		return false, err
	}
	for _, h := range due {
		if err := rollHour(ctx, tx, h.book, h.start); err != nil {
			return false, err
		}
	}
	return len(due) == hoursAtOnce, nil
}

// rollHour adds the minutes of an hour up.
func rollHour(ctx context.Context, tx *sql.Tx, book, start int64) error {
	var d decoder
	cells, models := sums{by: model.PerCell}, sums{by: model.PerModel}
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var blob []byte
		if err := rows.Scan(&blob); err != nil {
			return err
		}
		return d.cells(blob, func(c *model.Cell, took, first []byte) {
			cells.add(c, took, first)
			models.add(c, took, first)
		})
	}, "SELECT cells FROM minute WHERE book = ? AND start BETWEEN ? AND ?", book, start, start+3599)
	if err != nil {
		return err
	}
	all, err := cells.take()
	if err != nil {
		return err
	}
	perModel, err := models.take()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		_, err = tx.ExecContext(ctx, "DELETE FROM hour WHERE book = ? AND start = ?", book, start)
	} else {
		_, err = tx.ExecContext(ctx, `INSERT INTO hour (book, start, models, cells) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET models = excluded.models, cells = excluded.cells`, book, start, encodeCells(perModel), encodeCells(all))
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM stale WHERE book = ? AND start = ?", book, start)
	return err
}

// part is a run of seconds that a query reads from one table.
type part struct {
	span model.Span
	hour bool
}

// parts cuts what a query asks for into whole hours, as far as those are rolled
// up, and minutes.
func parts(rows []model.Span, stale map[int64]bool) []part {
	var out []part
	add := func(p part) {
		if p.span.Empty() {
			return
		}
		if n := len(out); n > 0 && out[n-1].hour == p.hour && out[n-1].span.To+1 == p.span.From {
			out[n-1].span.To = p.span.To
			return
		}
		out = append(out, p)
	}
	for _, row := range rows {
		for at := row.From; at <= row.To; {
			hour := floor(at, 3600)
			span := model.Span{From: at, To: min(row.To, hour+3599)}
			at = span.To + 1
			if span.Seconds() == 3600 && !stale[hour] {
				add(part{span, true})
				continue
			}
			add(part{wholeMinutes(span), false})
		}
	}
	return out
}

// wholeMinutes is the part of a span that whole minutes make up.
func wholeMinutes(s model.Span) model.Span {
	return model.Span{From: floor(s.From+59, 60), To: floor(s.To+1, 60) - 1}
}

// rowSpans are the spans of a query's rows.
func rowSpans(q model.HistoryQuery) []model.Span {
	if q.Spans != nil {
		return slices.DeleteFunc(slices.Clone(q.Spans), model.Span.Empty)
	}
	if q.Span.Empty() {
		return nil
	}
	if q.Step <= 0 {
		return []model.Span{q.Span}
	}
	var out []model.Span
	for at := q.Span.From; at <= q.Span.To; at += q.Step {
		out = append(out, model.Span{From: at, To: min(at+q.Step-1, q.Span.To)})
	}
	return out
}
