package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
	"gatewatch/poller/openai"
	"gatewatch/ui/chat"
	"gatewatch/ui/text"
)

const (
	// Rows are written when a call ends, some gateways' in batches: the log is
	// looked at from billFrom to billUntil after the end, every billEvery.
	billFrom, billUntil, billEvery = 3 * time.Second, 20 * time.Second, 4 * time.Second
	// billPages bounds the pages that one look reads.
	billPages = 5
	// quickly bounds what is asked for an estimate.
	quickly = 5 * time.Second
)

// errNotInLog says that the row of an answer did not come.
var errNotInLog = errors.New("not in the log")

// account says what an answer cost.
func (a *app) account(ctx context.Context, t *chatTalk, via chat.Via, c chatAnswer, asJSON bool) {
	r := c.report(t.name)
	soon, cancel := context.WithTimeout(ctx, quickly)
	money, moneyErr := t.money(soon)
	if prices, err := t.priceList(soon, via.Key, time.Now()); err == nil && r.Usage != nil {
		r.Estimate = prices[c.question.Model].Cost(r.Usage.counts())
	}
	cancel()
	if moneyErr == nil {
		r.Currency = model.Some(money.Name())
	}
	show := func(q float64) string {
		if moneyErr != nil {
			return fmt.Sprintf("%s quota", model.Count(int64(q)))
		}
		return money.FormatFloat(q)
	}
	// What was refused was not charged.
	charged := c.begun() || c.last.End != model.ChatFailed
	if !asJSON && charged {
		if _, err := fmt.Fprintln(a.err, "gatewatch: "+r.line(show)); err != nil {
			return // nobody reads what it cost
		}
	}
	if charged {
		b, err := t.billed(ctx, chat.Answered{
			Via: via, ChatMark: model.ChatMark{
				RequestID: c.last.RequestID, Key: via.Ref(), Model: c.question.Model, Sent: c.sent, Ended: c.end, Usage: c.last.Usage,
				Open: c.last.End == model.ChatStopped || c.last.End == model.ChatCutOff,
			},
		})
		words := "cost " + show(float64(b.Quota)) + ", " + model.Count(int64(b.Quota)) + " quota units, from the gateway's log"
		switch {
		case err == nil:
			r.Quota = model.Some(b.Quota)
			if moneyErr == nil {
				r.Amount = model.Some(money.Amount6(b.Quota))
			}
		case errors.Is(err, errNotInLog):
			r.NotInLog, words = true, "cost: not in the log"
		case errors.Is(err, context.Canceled):
			words = "cost: not looked for any longer"
		default:
			words = "cost: not known: " + text.Clean(err.Error())
		}
		if !asJSON {
			fmt.Fprintln(a.err, "gatewatch: "+words)
		}
	}
	if asJSON {
		if err := writeChat(a.out, r); err != nil {
			a.fail(exitFault, fmt.Errorf("the answer cannot be written: %w", err))
		}
	}
}

// chatReport is what "chat --json" prints. What is not known is null.
type chatReport struct {
	Version      int               `json:"version"`
	Gateway      string            `json:"gateway"`
	Model        string            `json:"model"`
	Text         string            `json:"text"`
	Reasoning    string            `json:"reasoning"`
	End          model.ChatEnd     `json:"end"`
	FinishReason model.Opt[string] `json:"finish_reason"`
	Error        model.Opt[string] `json:"error"`
	ErrorCode    model.Opt[string] `json:"error_code"`
	RequestID    model.Opt[string] `json:"request_id"`
	Usage        *chatReportUsage  `json:"usage"`
	// Estimate is from the prices, Quota from the gateway's log.
	Estimate model.Opt[float64]     `json:"estimate_quota"`
	Quota    model.Opt[model.Quota] `json:"quota"`
	Amount   model.Opt[float64]     `json:"amount"`
	Currency model.Opt[string]      `json:"currency"`
	NotInLog bool                   `json:"not_in_log"`
	Timings  struct {
		FirstToken model.Opt[int64]   `json:"first_token_ms"`
		Took       int64              `json:"took_ms"`
		Speed      model.Opt[float64] `json:"tokens_per_second"`
	} `json:"timings"`
}

// writeChat writes the object so that a terminal can do nothing but show it: the
// controls above ASCII and the bidi overrides are escaped too.
func writeChat(out io.Writer, r chatReport) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return err
	}
	var safe strings.Builder
	for _, c := range b.String() {
		if c < 0x10000 && drawable(c) != c {
			fmt.Fprintf(&safe, `\u%04x`, c)
			continue
		}
		safe.WriteRune(c)
	}
	_, err := io.WriteString(out, safe.String())
	return err
}

type chatReportUsage struct {
	Prompt     int64            `json:"prompt_tokens"`
	Completion int64            `json:"completion_tokens"`
	Cached     model.Opt[int64] `json:"cached_tokens"`
	Reasoning  model.Opt[int64] `json:"reasoning_tokens"`
}

func (u *chatReportUsage) counts() model.ChatUsage { return model.ChatUsage(*u) }

// leastSpan is the shortest time that a speed is told of.
const leastSpan = 50 * time.Millisecond

// report is all that is known of an answer without asking anybody.
func (c *chatAnswer) report(name string) chatReport {
	told := func(s string) model.Opt[string] { return model.Opt[string]{V: s, OK: s != ""} }
	r := chatReport{
		Version: 1, Gateway: name, Model: c.question.Model, Text: c.text.String(), Reasoning: c.thought.String(),
		End: c.last.End, FinishReason: told(c.last.FinishReason), RequestID: told(c.last.RequestID),
	}
	if c.err != nil {
		r.Error = model.Some(c.err.Error())
	}
	var theirs *openai.Error
	if errors.As(c.err, &theirs) {
		r.ErrorCode = told(theirs.TheirCode)
	}
	r.Timings.Took = c.end.Sub(c.sent).Milliseconds()
	if c.begun() {
		r.Timings.FirstToken = model.Some(c.first.Sub(c.sent).Milliseconds())
	}
	if u := c.last.Usage; u.OK {
		usage := chatReportUsage(u.V)
		r.Usage = &usage
		if span := c.end.Sub(c.first); c.begun() && span >= leastSpan {
			r.Timings.Speed = model.Some(float64(u.V.Completion) / span.Seconds())
		}
	}
	return r
}

// line is what is known at once, for a person.
func (r *chatReport) line(show func(quota float64) string) string {
	parts := []string{}
	add := func(format string, v any) { parts = append(parts, fmt.Sprintf(format, v)) }
	if ms := r.Timings.FirstToken; ms.OK {
		add("first token %s", time.Duration(ms.V)*time.Millisecond)
	}
	if r.Timings.Speed.OK {
		add("%.1f tokens/s", r.Timings.Speed.V)
	}
	if u := r.Usage; u != nil {
		add("%s tokens in", model.Count(u.Prompt))
		add("%s out", model.Count(u.Completion))
		if u.Cached.OK {
			add("%s cached", model.Count(u.Cached.V))
		}
	}
	if r.Estimate.OK {
		add("≈ %s", show(r.Estimate.V))
	}
	switch {
	case !r.End.Whole() && r.End != model.ChatOpen:
		add("%s", r.End)
	case r.FinishReason.V == "length":
		add("%s", text.ChatEnglish.LengthEnd)
	case r.FinishReason.V == "content_filter":
		add("%s", "ended by a content filter")
	}
	return text.Clean(r.Model) + ": " + strings.Join(parts, ", ")
}

// billed looks in the gateway's log for what an answer cost, until it is there or
// the time is over.
func (t *chatTalk) billed(ctx context.Context, a chat.Answered) (chat.Billed, error) {
	if err := t.ready(ctx); err != nil {
		return chat.Billed{}, err
	}
	from, every := billFrom, billEvery
	if t.gateway.AtLeast(model.SourceCalls) > 0 { // hardly may be asked: once, when it is likely there
		from, every = 2*billFrom, billUntil
	}
	var err error
	for wait := from; wait <= billUntil; wait += every {
		timer := time.NewTimer(time.Until(a.Ended.Add(wait)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return chat.Billed{}, context.Canceled
		}
		var call model.Opt[model.Call]
		if call, err = t.rowOf(ctx, a, wait+every > billUntil); err == nil && call.OK {
			return chat.BilledBy(&call.V), nil
		}
		if k := model.FaultOf(err).Kind; k != model.FaultNone && k != model.FaultNetwork && k != model.FaultTimeout && k != model.FaultServer {
			return chat.Billed{}, err
		}
	}
	if err != nil {
		return chat.Billed{}, err
	}
	return chat.Billed{}, errNotInLog
}

// rowOf looks once for the row of an answer. At the last look no other row is waited
// for, so that one which alone could be it is taken where the gateway told no tokens.
func (t *chatTalk) rowOf(ctx context.Context, a chat.Answered, last bool) (model.Opt[model.Call], error) {
	skew := t.gateway.Skew().V
	var rows []*model.Call
	withID := false
	for page := range billPages {
		p, err := t.gateway.Calls(ctx, gateway.CallsQuery{Span: a.Rows(skew), Page: page})
		if err != nil {
			return model.Opt[model.Call]{}, err
		}
		for i := range p.Calls {
			rows = append(rows, &p.Calls[i])
			withID = withID || p.Calls[i].RequestID != ""
		}
		if p.Last {
			break
		}
	}
	if a.Key == (model.KeyRef{}) && len(rows) > 0 && (!withID || a.RequestID == "") {
		own := t.own(ctx) // what the configured key is called tells its rows from others
		a.Key = model.KeyRef{ID: own.ID, Name: own.Name}
	}
	var f model.RowFinder
	found := f.Find([]model.ChatMark{a.ChatMark}, rows, skew, func(model.Span) bool { return last })
	if found[0] == nil {
		return model.Opt[model.Call]{}, nil
	}
	return model.Some(*found[0]), nil
}
