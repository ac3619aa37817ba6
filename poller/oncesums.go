package poller

import (
	"context"

	"gatewatch/model"
)

const (
	// piecesFit is the least budget, in requests per minute, that has room for a sum
	// in pieces: an hour, and the running hour of the day in it, are eight at most.
	piecesFit = 20
	// manyCalls is how many calls an account has made whose sum of an hour a database
	// does not look up by the account: it would if the hour had more rows of everybody,
	// of which 500,000 are 140 a second.
	manyCalls = 500_000
)

// onceSums are the gateway's sums that a report wants of the last hours: of the
// counted window and of the running hour of the day.
type onceSums struct {
	w      *watch
	plan   sumsPlan
	calls  int64             // that the account ever made, 0 where it does not say
	pieces []model.SpanTotal // the newest first, those of the running hour included
}

// whole reports whether much is asked for at once. As on the dashboard it is otherwise
// asked for in pieces, since a database may take seconds for an hour of a quiet account
// at once (docs/queries.md). For all accounts and for a busy one it does not, and their
// log needs the budget; a small budget leaves no choice.
func (s *onceSums) whole() bool {
	return s.w.scopeNow() == model.ScopeSite || s.calls >= manyCalls || s.w.target.Budget.pace().Budget < piecesFit
}

// window asks for the sum of the counted window.
func (s *onceSums) window(ctx context.Context) (any, error) {
	spans := s.plan.pieces()
	if s.whole() {
		spans = []model.Span{s.plan.window}
	}
	var err error
	s.pieces, err = s.ask(ctx, spans)
	if err != nil {
		return nil, err
	}
	return s.total(), nil
}

// period asks for the sum of an hour of the day that is over, or a day: of what lies
// before the pieces that are known.
func (s *onceSums) period(ctx context.Context, span model.Span) (any, error) {
	head, sum := span, model.Quota(0)
	if tail := span.Meet(s.plan.window); tail.Seconds() > 0 && tail.To == span.To {
		if known, ok := s.within(tail); ok {
			head.To, sum = tail.From-1, known
		}
	}
	if head.Seconds() > 0 {
		d := s.w.dayReader()
		first, _, err := s.w.askInParts(ctx, d, head, always)
		if err != nil {
			return nil, err
		}
		sum += first
	}
	return periodTotal(s.w.scopeNow(), span, sum), nil
}

// ask asks for the sums of spans.
func (s *onceSums) ask(ctx context.Context, spans []model.Span) ([]model.SpanTotal, error) {
	var totals []model.SpanTotal
	for _, span := range spans {
		t, err := s.w.target.Gateway.Total(ctx, s.w.scopeNow(), span)
		if err != nil {
			return nil, err
		}
		t.Span = span
		totals = append(totals, t)
	}
	return totals, nil
}

// total is the sum of the counted window, with the rates of the newest answer.
func (s *onceSums) total() model.SpanTotal {
	t := s.pieces[0]
	t.Span = s.plan.window
	t.Quota, _ = s.within(t.Span)
	return t
}

// within adds up the pieces that lie in a span, ok where they are all of it.
func (s *onceSums) within(span model.Span) (sum model.Quota, ok bool) {
	var covered model.SpanSet
	for _, p := range s.pieces {
		if p.Span.Meet(span) == p.Span && len(covered.Within(p.Span)) == 0 {
			covered, sum = covered.Add(p.Span), sum+p.Quota
		}
	}
	return sum, covered.Covers(span)
}

// hour is the sum of the running hour of the day, which makes up today's spend.
func (s *onceSums) hour(ctx context.Context) (any, error) {
	span := model.Span{From: s.plan.hour, To: s.plan.window.To}
	if sum, ok := s.within(span); ok {
		return periodTotal(s.w.scopeNow(), span, sum), nil
	}
	if !s.whole() {
		return s.period(ctx, span)
	}
	t, err := s.w.target.Gateway.Total(ctx, s.w.scopeNow(), span)
	return periodTotal(s.w.scopeNow(), span, t.Quota), err
}

// settle compares what was counted of the window with the sum. Of what differs it asks
// for the sum again, since rows may have come after the first answer, in pieces if it
// was not, and reads once more the pieces that differ even then, but for those of which
// the gateway has less: it has dropped rows that are kept here. known is what was told
// so far.
func (s *onceSums) settle(ctx context.Context, known func() model.State) error {
	differs := func(i int) bool {
		p := s.pieces[i]
		counted := known().Book().Counted(p.Span)
		return p.Span.Meet(s.plan.window) == p.Span && counted.OK && counted.V != p.Quota
	}
	again := func(i int) error {
		t, err := s.ask(ctx, []model.Span{s.pieces[i].Span})
		if err == nil {
			s.pieces[i] = t[0]
			s.w.emit(model.SourceRates, meterOf(ctx).last, 0, s.total(), nil)
		}
		return err
	}
	r := s.w.reader()
	for i := 0; i < len(s.pieces); i++ {
		if !differs(i) {
			continue
		}
		if err := again(i); err != nil {
			return err
		}
		if !differs(i) {
			continue
		}
		if s.pieces[i].Span.Seconds() > sumPiece {
			pieces, err := s.ask(ctx, s.plan.pieces())
			if err != nil {
				return err
			}
			s.pieces, i = pieces, -1
			continue
		}
		if counted := known().Book().Counted(s.pieces[i].Span); counted.V > s.pieces[i].Quota {
			continue
		}
		r.ledger = r.ledger.Unsettle(s.pieces[i].Span)
		if err := s.w.fill(ctx, s.pieces[i].Span, anyNumber); err != nil {
			return err
		}
		if err := again(i); err != nil {
			return err
		}
	}
	return nil
}
