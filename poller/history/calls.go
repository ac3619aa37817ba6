package history

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"gatewatch/model"
)

const (
	// slotLen is how many seconds of rows lie in one blob: a poll of five seconds
	// rewrites one or two of them.
	slotLen = 10
	// around is how many seconds beside a span its pieces are looked at, so that
	// they are joined when they have become old.
	around = 300
)

// logbook is one accounting while a transaction changes it.
type logbook struct {
	tx *sql.Tx
	id int64
}

// bookID returns the id of an accounting, and makes one where there is none.
func bookID(ctx context.Context, tx *sql.Tx, gateway string, scope model.Scope) (int64, error) {
	id, err := findBook(ctx, tx, gateway, scope)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	r, err := tx.ExecContext(ctx, "INSERT INTO book (gateway, scope) VALUES (?, ?)", gateway, int64(scope))
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

func findBook(ctx context.Context, q querier, gateway string, scope model.Scope) (id int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT id FROM book WHERE gateway = ? AND scope = ?", gateway, int64(scope)).Scan(&id)
	return id, err
}

// reading folds what one answer says of the seconds of a span: its rows, or with
// gone that they are to be read again.
func reading(gateway string, scope model.Scope, p piece, calls []model.Call) func(ctx context.Context, tx *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if p.span.Empty() {
			return nil
		}
		id, err := bookID(ctx, tx, gateway, scope)
		if err != nil {
			return err
		}
		b := logbook{tx, id}
		near, take, err := b.settle(ctx, p)
		if err != nil || len(take) == 0 {
			return err
		}
		calls = slices.Clone(calls)
		slices.SortStableFunc(calls, func(a, b model.Call) int { return cmp.Compare(a.At, b.At) })
		for _, span := range take {
			if err := b.replace(ctx, span, callsIn(calls, span)); err != nil {
				return err
			}
		}
		return b.refresh(ctx, near, take)
	}
}

// callsIn returns the rows of a span, of rows in the order of their time.
func callsIn(calls []model.Call, span model.Span) []model.Call {
	at := func(c model.Call, t int64) int { return cmp.Compare(c.At, t) }
	lo, _ := slices.BinarySearchFunc(calls, span.From, at)
	hi, _ := slices.BinarySearchFunc(calls, span.To+1, at)
	return calls[lo:max(lo, hi)]
}

// settle records how a span was read. It returns what is known of the seconds
// around it, and which of its own the reading decides.
func (b logbook) settle(ctx context.Context, p piece) (pieces, model.SpanSet, error) {
	old, err := piecesIn(ctx, b.tx, b.id, model.Span{From: p.span.From - around, To: p.span.To + around})
	if err != nil {
		return nil, nil, err
	}
	all, take := old.put(p)
	all = all.compact(p.at - outOfOrder)
	for _, o := range old {
		if !slices.Contains(all, o) {
			if _, err := b.tx.ExecContext(ctx, "DELETE FROM settled WHERE book = ? AND first = ?", b.id, o.span.From); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, n := range all {
		if !slices.Contains(old, n) {
			if _, err := b.tx.ExecContext(ctx, "INSERT INTO settled (book, first, last, at, read_at, told, gone) VALUES (?, ?, ?, ?, ?, ?, ?)",
				b.id, n.span.From, n.span.To, n.at, n.readAt, n.told, n.gone); err != nil {
				return nil, nil, err
			}
		}
	}
	return all, take, nil
}

// piecesIn returns the pieces that touch a span, whole.
func piecesIn(ctx context.Context, q querier, book int64, span model.Span) (pieces, error) {
	var ps pieces
	// The last piece that begins before the span may reach into it.
	err := each(ctx, q, func(rows *sql.Rows) error {
		var p piece
		if err := rows.Scan(&p.span.From, &p.span.To, &p.at, &p.readAt, &p.told, &p.gone); err != nil {
			return err
		}
		if p.span.To >= span.From {
			ps = append(ps, p)
		}
		return nil
	}, `SELECT first, last, at, read_at, told, gone FROM settled WHERE book = ?1 AND first <= ?3
		AND first >= coalesce((SELECT max(first) FROM settled WHERE book = ?1 AND first <= ?2), ?2) ORDER BY first`,
		book, span.From, span.To)
	return ps, err
}

// slot is ten seconds of rows.
type slot struct {
	start int64
	blob  []byte
}

func slotOf(t int64) int64 { return floor(t, slotLen) }

// floor returns the last multiple of step that is not above t.
func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

// slotsIn returns the slots that may hold rows of a span, in the order of time.
func (b logbook) slotsIn(ctx context.Context, span model.Span) ([]slot, error) {
	return slotsIn(ctx, b.tx, b.id, span)
}

func slotsIn(ctx context.Context, q querier, book int64, span model.Span) ([]slot, error) {
	var out []slot
	err := each(ctx, q, func(rows *sql.Rows) error {
		var s slot
		if err := rows.Scan(&s.start, &s.blob); err != nil {
			return err
		}
		out = append(out, s)
		return nil
	}, "SELECT start, calls FROM slot WHERE book = ? AND start BETWEEN ? AND ? ORDER BY start", book, slotOf(span.From), span.To)
	return out, err
}

// replace puts the rows of a span in the place of those that were known.
func (b logbook) replace(ctx context.Context, span model.Span, calls []model.Call) error {
	have, err := b.slotsIn(ctx, span)
	if err != nil {
		return err
	}
	var d decoder
	for len(have) > 0 || len(calls) > 0 {
		var s slot
		switch {
		case len(have) == 0 || len(calls) > 0 && slotOf(calls[0].At) < have[0].start:
			s.start = slotOf(calls[0].At)
		default:
			s, have = have[0], have[1:]
		}
		n := 0
		for n < len(calls) && slotOf(calls[n].At) == s.start {
			n++
		}
		rows := calls[:n]
		calls = calls[n:]
		if s.blob != nil && (s.start < span.From || s.start+slotLen-1 > span.To) {
			old, err := d.calls(nil, s.start, s.blob)
			if err != nil {
				return err
			}
			rows = slices.Concat(callsIn(old, model.Span{From: s.start, To: span.From - 1}), rows,
				callsIn(old, model.Span{From: span.To + 1, To: s.start + slotLen}))
		}
		if err := b.putSlot(ctx, s, rows); err != nil {
			return err
		}
	}
	return nil
}

func (b logbook) putSlot(ctx context.Context, s slot, rows []model.Call) error {
	if len(rows) == 0 {
		_, err := b.tx.ExecContext(ctx, "DELETE FROM slot WHERE book = ? AND start = ?", b.id, s.start)
		return err
	}
	blob := encodeCalls(s.start, rows)
	if bytes.Equal(blob, s.blob) {
		return nil // a second reading hardly ever finds more
	}
	_, err := b.tx.ExecContext(ctx, "INSERT INTO slot (book, start, calls) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET calls = excluded.calls",
		b.id, s.start, blob)
	return err
}

// refresh rolls up the minutes that changed: those that are settled whole, anew;
// those that hold a second which is to be read again are forgotten. What lies
// outside of take is as it was; near is what is known around it.
func (b logbook) refresh(ctx context.Context, near pieces, take model.SpanSet) error {
	settled, gone := near.settled(), near.gone()
	var whole, broken model.SpanSet
	for _, t := range take {
		minutes := model.Span{From: floor(t.From, 60), To: floor(t.To, 60) + 59}
		for _, s := range settled.Within(minutes) {
			whole = whole.Add(wholeMinutes(s))
		}
		for _, s := range gone.Within(minutes) {
			broken = broken.Add(model.Span{From: floor(s.From, 60), To: floor(s.To, 60) + 59})
		}
	}
	for _, span := range whole {
		if err := b.rollMinutes(ctx, span); err != nil {
			return err
		}
	}
	for _, span := range broken {
		if err := b.putMinutes(ctx, span, nil); err != nil {
			return err
		}
	}
	if len(whole)+len(broken) == 0 {
		return nil
	}
	return cover(ctx, b.tx, b.id, 60, whole, broken)
}

// rollMinutes rolls up whole minutes, all of whose rows are known.
func (b logbook) rollMinutes(ctx context.Context, span model.Span) error {
	slots, err := b.slotsIn(ctx, span)
	if err != nil {
		return err
	}
	var d decoder
	var calls []model.Call
	var blobs []slot
	for i := 0; i < len(slots); {
		minute := floor(slots[i].start, 60)
		calls = calls[:0]
		for ; i < len(slots) && slots[i].start < minute+60; i++ {
			if calls, err = d.calls(calls, slots[i].start, slots[i].blob); err != nil {
				return err
			}
		}
		cells := model.RollUp(func(yield func(*model.Call) bool) {
			for i := range calls {
				if !yield(&calls[i]) {
					return
				}
			}
		})
		if len(cells) > 0 {
			sortCells(cells)
			blobs = append(blobs, slot{minute, encodeCells(cells)})
		}
	}
	return b.putMinutes(ctx, span, blobs)
}

// sortCells makes the order the same whoever writes them.
func sortCells(cells []model.Cell) {
	slices.SortFunc(cells, func(a, b model.Cell) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Key.Name, b.Key.Name),
			cmp.Compare(a.Key.ID, b.Key.ID), cmp.Compare(a.Model, b.Model))
	})
}

// putMinutes replaces the minutes of a span, and marks the hours that this
// changes.
func (b logbook) putMinutes(ctx context.Context, span model.Span, minutes []slot) error {
	have := map[int64][]byte{}
	err := each(ctx, b.tx, func(rows *sql.Rows) error {
		var s slot
		err := rows.Scan(&s.start, &s.blob)
		have[s.start] = s.blob
		return err
	}, "SELECT start, cells FROM minute WHERE book = ? AND start BETWEEN ? AND ?", b.id, span.From, span.To)
	if err != nil {
		return err
	}
	changed := map[int64]bool{}
	for _, m := range minutes {
		old, known := have[m.start]
		delete(have, m.start)
		if known && bytes.Equal(old, m.blob) {
			continue
		}
		changed[floor(m.start, 3600)] = true
		if _, err := b.tx.ExecContext(ctx, "INSERT INTO minute (book, start, cells) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cells = excluded.cells",
			b.id, m.start, m.blob); err != nil {
			return err
		}
	}
	for start := range have {
		changed[floor(start, 3600)] = true
		if _, err := b.tx.ExecContext(ctx, "DELETE FROM minute WHERE book = ? AND start = ?", b.id, start); err != nil {
			return err
		}
	}
	for hour := range changed {
		if _, err := b.tx.ExecContext(ctx, "INSERT OR IGNORE INTO stale (book, start) VALUES (?, ?)", b.id, hour); err != nil {
			return err
		}
	}
	return nil
}

// cover adds spans to what is known whole, and removes others.
func cover(ctx context.Context, tx *sql.Tx, book, step int64, add, remove model.SpanSet) error {
	for i, set := range [...]model.SpanSet{add, remove} {
		for _, s := range set {
			old, err := coveredIn(ctx, tx, book, step, model.Span{From: s.From - 1, To: s.To + 1})
			if err != nil {
				return err
			}
			now := old.Add(s)
			if i == 1 {
				now = old.Remove(s)
			}
			if slices.Equal(old, now) {
				continue
			}
			for _, o := range old {
				if _, err := tx.ExecContext(ctx, "DELETE FROM covered WHERE book = ? AND step = ? AND first = ?", book, step, o.From); err != nil {
					return err
				}
			}
			for _, n := range now {
				if _, err := tx.ExecContext(ctx, "INSERT INTO covered (book, step, first, last) VALUES (?, ?, ?, ?)", book, step, n.From, n.To); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// coveredIn returns the spans of what is known whole that touch a span, whole.
func coveredIn(ctx context.Context, q querier, book, step int64, span model.Span) (model.SpanSet, error) {
	var set model.SpanSet
	err := each(ctx, q, func(rows *sql.Rows) error {
		var s model.Span
		err := rows.Scan(&s.From, &s.To)
		if s.To >= span.From {
			set = append(set, s)
		}
		return err
	}, `SELECT first, last FROM covered WHERE book = ?1 AND step = ?2 AND first <= ?4
		AND first >= coalesce((SELECT max(first) FROM covered WHERE book = ?1 AND step = ?2 AND first <= ?3), ?3) ORDER BY first`,
		book, step, span.From, span.To)
	return set, err
}
