package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"gatewatch/model"
)

// Load returns what was last known of a gateway as updates, in the order of
// their time, that fold into a model.State: the rows of the last model.Keep, the
// balances of as long, and the last answer of each other kind, each with the time
// at which it came. They carry the gateway's name as it was given here, the
// interval of their source, and no Pace.
func (s *Store) Load(ctx context.Context, gateway string, now time.Time) ([]model.Update, error) {
	l := loader{ctx: ctx, gateway: gateway, every: map[string]time.Duration{}}
	err := s.view(ctx, func(tx *sql.Tx) error {
		l.tx = tx
		return errors.Join(l.sources(), l.latest(), l.balances(), l.book(model.ScopeSelf, now), l.book(model.ScopeSite, now))
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(l.out, func(a, b model.Update) int { return a.At.Compare(b.At) })
	return l.out, nil
}

// Status returns the status that a gateway told last, none where it never did.
func (s *Store) Status(ctx context.Context, gateway string) (model.Status, error) {
	var st model.Status
	err := s.view(ctx, func(tx *sql.Tx) error {
		var text []byte
		err := tx.QueryRowContext(ctx, "SELECT payload FROM latest WHERE gateway = ? AND kind = ?", gateway, kindStatus).Scan(&text)
		if err == nil && json.Unmarshal(text, &st) != nil {
			err = errDamaged
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return st, err
}

type loader struct {
	ctx     context.Context
	tx      *sql.Tx
	gateway string
	every   map[string]time.Duration
	skew    model.Opt[time.Duration]
	account model.Opt[model.Account]
	out     []model.Update
}

func (l *loader) add(src model.Source, at int64, payload any) {
	l.out = append(l.out, model.Update{
		Gateway: l.gateway, Source: src, At: time.Unix(0, at), Every: l.every[src.String()], Skew: l.skew, Payload: payload,
	})
}

func (l *loader) sources() error {
	return each(l.ctx, l.tx, func(rows *sql.Rows) error {
		var src string
		var every int64
		var skew sql.NullInt64
		err := rows.Scan(&src, &every, &skew)
		l.every[src] = time.Duration(every)
		if skew.Valid {
			l.skew = model.Some(time.Duration(skew.Int64))
		}
		return err
	}, "SELECT source, every, skew FROM source WHERE gateway = ?", l.gateway)
}

func (l *loader) latest() error {
	return each(l.ctx, l.tx, func(rows *sql.Rows) error {
		var kind string
		var at int64
		var text []byte
		if err := rows.Scan(&kind, &at, &text); err != nil {
			return err
		}
		var err error
		switch kind {
		case kindFound:
			err = take[model.Found](l, model.SourceStatus, at, text)
		case kindStatus:
			err = take[model.Status](l, model.SourceStatus, at, text)
		case kindKeys:
			err = take[model.Keys](l, model.SourceKeys, at, text)
		case kindDetails:
			err = take[model.Details](l, model.SourceDetails, at, text)
		case kindChannels:
			err = take[model.Channels](l, model.SourceChannels, at, text)
		case kindAccount:
			err = take[model.Account](l, model.SourceAccount, at, text)
			l.account = model.Some(l.out[len(l.out)-1].Payload.(model.Account))
		}
		return err
	}, "SELECT kind, at, payload FROM latest WHERE gateway = ? ORDER BY kind", l.gateway)
}

// take adds a payload of type T.
func take[T any](l *loader, src model.Source, at int64, text []byte) error {
	var payload T
	if json.Unmarshal(text, &payload) != nil {
		return errDamaged
	}
	l.add(src, at, payload)
	return nil
}

// balances are told as the account at their time, which is otherwise as it is
// now.
func (l *loader) balances() error {
	if !l.account.OK {
		return nil
	}
	return each(l.ctx, l.tx, func(rows *sql.Rows) error {
		var at, quota, used int64
		err := rows.Scan(&at, &quota, &used)
		a := l.account.V
		a.Quota, a.Used = model.Some(model.Quota(quota)), model.Some(model.Quota(used))
		l.add(model.SourceAccount, at, a)
		return err
	}, `SELECT at, quota, used FROM balance WHERE gateway = ?1
		AND at >= (SELECT max(at) FROM balance WHERE gateway = ?1) - ?2
		AND at < (SELECT at FROM latest WHERE gateway = ?1 AND kind = ?3) ORDER BY at`,
		l.gateway, int64(model.Keep), kindAccount)
}

func (l *loader) book(scope model.Scope, now time.Time) error {
	id, err := findBook(l.ctx, l.tx, l.gateway, scope)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(l.calls(id, scope), l.totals(id, scope, now), l.periods(id, scope))
}

func (l *loader) calls(book int64, scope model.Scope) error {
	var end sql.NullInt64
	if err := l.tx.QueryRowContext(l.ctx, "SELECT max(last) FROM settled WHERE book = ? AND NOT gone", book).Scan(&end); err != nil || !end.Valid {
		return err
	}
	span := model.Span{From: end.Int64 - int64(model.Keep/time.Second), To: end.Int64}
	ps, err := piecesIn(l.ctx, l.tx, book, span)
	if err != nil {
		return err
	}
	slots, err := slotsIn(l.ctx, l.tx, book, span)
	if err != nil {
		return err
	}
	d := decoder{names: map[string]string{}}
	var calls []model.Call
	size := 0
	for _, s := range slots {
		size += len(s.blob)
	}
	for i, s := range slots {
		if calls, err = d.calls(calls, s.start, s.blob); err != nil {
			return err
		}
		if i == 0 { // the others are about as dense: room for all of them at once
			calls = slices.Grow(calls, len(calls)*size/len(s.blob)*9/8)
		}
	}
	for _, p := range ps.compact(math.MaxInt64) {
		p.span = p.span.Meet(span)
		if p.span.Empty() {
			continue
		}
		l.add(model.SourceCalls, p.at, model.CallsRead{
			Scope: scope, Span: p.span, Calls: slices.Clip(callsIn(calls, p.span)), ReadAt: p.readAt, Told: p.told,
		})
	}
	return nil
}

// totals are the gateway's sums of hours and days that a state keeps.
func (l *loader) totals(book int64, scope model.Scope, now time.Time) error {
	return each(l.ctx, l.tx, func(rows *sql.Rows) error {
		var at int64
		var days bool
		h := model.HourTotal{Scope: scope}
		err := rows.Scan(&days, &h.Span.From, &h.Span.To, &h.Quota, &at)
		if days {
			l.add(model.SourceRates, at, model.DayTotal(h))
		} else {
			l.add(model.SourceRates, at, h)
		}
		return err
	}, "SELECT days, first, last, quota, at FROM total WHERE book = ? AND first > ? + days * ? ORDER BY first",
		book, now.Unix()-49*3600, -38*86400)
}

func (l *loader) periods(book int64, scope model.Scope) error {
	var at int64
	var text []byte
	err := l.tx.QueryRowContext(l.ctx, "SELECT at, payload FROM latest WHERE gateway = ? AND kind = ?", l.gateway, periodsKind(scope)).Scan(&at, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var p model.Periods
	if json.Unmarshal(text, &p) != nil {
		return errDamaged
	}
	if p.Usage, err = periodsIn(l.ctx, l.tx, book, p.Step, p.Span); err != nil {
		return err
	}
	l.add(model.SourceDays, at, p)
	return nil
}
