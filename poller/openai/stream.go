package openai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"gatewatch/model"
)

// lastWait is the idle timeout for what is hardly worth waiting for: the usage
// and the end of a stream whose model has said that it is done, and the body of
// an error.
const lastWait = 30 * time.Second

// maxReason bounds the model's word for the end, in bytes.
const maxReason = 40

var errIdle = errors.New("the idle timeout")

// Stream asks the model and yields its answer as it comes. The last pair, and
// only that, has an End; an error comes with it alone, and is an *Error. When ctx
// is done the answer ends with model.ChatStopped, which is no error. Each range
// over the result is a request of its own, and costs; nothing is ever sent twice
// by itself.
func (c *Client) Stream(ctx context.Context, q model.ChatRequest) iter.Seq2[model.Delta, error] {
	return func(yield func(model.Delta, error) bool) {
		began := time.Now()
		s := &stream{c: c, stop: ctx, yield: yield}
		end, err := s.run(q)
		c.opt.Log.Debug("chatted", "gateway", c.opt.Name, "model", q.Model, "status", s.status,
			"end", string(end), "request", s.requestID, "took", time.Since(began))
		if s.gone {
			return
		}
		last := model.Delta{End: end, RequestID: s.requestID, FinishReason: s.finish, Usage: s.usage}
		if err != nil {
			if last.RequestID == "" {
				last.RequestID = err.RequestID
			}
			yield(last, err)
			return
		}
		yield(last, nil)
	}
}

// stream is one answer on its way.
type stream struct {
	c     *Client
	stop  context.Context
	yield func(model.Delta, error) bool
	gone  bool // the caller takes no more

	resp      *http.Response
	status    int
	requestID string
	idle      *idleReader

	think  thinking
	named  bool   // reasoning_content was seen, so "reasoning" repeats it
	begun  bool   // text came
	spoken bool   // content came that is not blank
	finish string // the model's word for the end
	usage  model.Opt[model.ChatUsage]
	odd    string // the last event that made no sense
	stray  []byte // lines that belong to no event: an error, or the page of a proxy
}

// run asks, passes the answer on and says how it ended.
func (s *stream) run(q model.ChatRequest) (model.ChatEnd, *Error) {
	ctx, cancel := context.WithCancelCause(s.stop)
	defer cancel(nil)
	timer := time.AfterFunc(s.c.opt.IdleTimeout, func() { cancel(errIdle) })
	defer timer.Stop()

	r := s.c.newRequest(ctx, http.MethodPost, "/v1/chat/completions", bytes.NewReader(body(q)))
	r.Header.Set("Accept", "text/event-stream, application/json")
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.c.http.Do(r)
	if err != nil {
		return s.broken(ctx, err)
	}
	timer.Stop()
	defer func() { _ = resp.Body.Close() }()
	s.resp, s.status = resp, resp.StatusCode
	s.requestID = s.c.requestID(resp.Header)
	s.idle = &idleReader{r: resp.Body, timer: timer, limit: s.c.opt.IdleTimeout}
	// The status decides, never the type: new-api sends errors as event streams,
	// opencatd streams as plain text.
	if resp.StatusCode/100 != 2 {
		s.idle.limit = min(s.idle.limit, lastWait) // the status says most of it
		e := s.c.refusal(resp, s.idle)
		if s.stopped() {
			return model.ChatStopped, nil
		}
		return model.ChatFailed, e
	}
	if s.requestID != "" && !s.send(model.Delta{RequestID: s.requestID}) {
		return model.ChatStopped, nil
	}
	in := newEvents(unzipped(resp, s.idle))
	switch first, err := in.first(); {
	case errors.Is(err, io.EOF):
		return s.over(false)
	case err != nil:
		return s.broken(ctx, err)
	case first == '<':
		return model.ChatFailed, s.c.fault(resp, KindNotGateway, nil)
	case first == '{' || first == '[':
		return s.document(ctx, in)
	}
	return s.events(ctx, in)
}

// events passes on a stream of events.
func (s *stream) events(ctx context.Context, in *events) (model.ChatEnd, *Error) {
	for {
		e, err := in.next()
		switch {
		case s.stopped():
			s.flush()
			return model.ChatStopped, nil
		case errors.Is(err, io.EOF):
			return s.over(false)
		case err != nil:
			return s.broken(ctx, err)
		case string(e.data) == "[DONE]":
			return s.over(true)
		case len(bytes.TrimSpace(e.data)) == 0:
			continue
		}
		c, err := decode(e.data)
		switch {
		case e.name == "error" || (err == nil && c.failed()):
			return s.failed(e.data)
		case err != nil && e.stray:
			if len(s.stray)+len(e.data) < maxErrorBody {
				s.stray = append(append(s.stray, e.data...), '\n')
			}
		case err != nil:
			s.odd = s.clip(e.data)
		case !s.take(&c):
			return model.ChatStopped, nil
		}
	}
}

// document passes on an answer that is no stream: an error under status 200, or
// the whole answer at once.
func (s *stream) document(ctx context.Context, in *events) (model.ChatEnd, *Error) {
	data, err := in.rest()
	if err != nil {
		return s.broken(ctx, err)
	}
	c, err := decode(data)
	switch {
	case err != nil:
		return model.ChatFailed, s.c.fault(s.resp, KindBadAnswer, err)
	case c.failed():
		return s.failed(data)
	case c.Choices == nil:
		return model.ChatFailed, s.c.fault(s.resp, KindBadAnswer, errors.New("it holds no choices"))
	case !s.take(&c):
		return model.ChatStopped, nil
	}
	return s.over(true)
}

// take passes a chunk on. It is false if the caller takes no more.
func (s *stream) take(c *chunk) bool {
	if n := c.Usage.counted(); n.OK {
		s.usage = n
	}
	if c.Choices == nil {
		return true
	}
	choice := &c.Choices[0]
	if choice.FinishReason != "" {
		s.finish = choice.FinishReason[:min(len(choice.FinishReason), maxReason)]
		s.idle.limit = min(s.idle.limit, lastWait)
	}
	text := &choice.Delta
	if choice.Message != nil {
		text = choice.Message
	}
	var d model.Delta
	switch {
	case text.ReasoningContent != "":
		s.named = true
		d.Reasoning = text.ReasoningContent
	case !s.named:
		d.Reasoning = text.Reasoning
	}
	said := text.Content
	if said == "" {
		said = text.Refusal
	}
	if said != "" {
		content, thought := s.think.add(said)
		d.Content = content
		d.Reasoning += thought
	}
	return s.text(d)
}

// text sends a delta unless it is empty.
func (s *stream) text(d model.Delta) bool {
	if d.Content == "" && d.Reasoning == "" {
		return true
	}
	s.begun = true
	s.spoken = s.spoken || strings.TrimSpace(d.Content) != ""
	return s.send(d)
}

func (s *stream) send(d model.Delta) bool {
	if !s.gone {
		s.gone = !s.yield(d, nil)
	}
	return !s.gone
}

// failed is the end by an error of the gateway's in the place of an answer.
func (s *stream) failed(data []byte) (model.ChatEnd, *Error) {
	s.flush()
	t, is := theirError(data)
	if !is || t == (theirs{}) {
		t.message = s.clip(data)
	}
	return model.ChatFailed, s.c.rejected(s.resp, t)
}

// clip bounds a text of the gateway that is to be shown.
func (s *stream) clip(data []byte) string {
	return s.c.redact(strings.TrimSpace(string(data)))
}

func (s *stream) stopped() bool { return s.stop.Err() != nil }

// flush sends what was held back for a tag that did not come.
func (s *stream) flush() {
	content, thought := s.think.end()
	s.text(model.Delta{Content: content, Reasoning: thought})
}

// over is the end of a stream, with its [DONE] or without.
func (s *stream) over(done bool) (model.ChatEnd, *Error) {
	s.flush()
	if c, err := decode(s.stray); err == nil && c.failed() {
		return s.failed(s.stray)
	}
	switch {
	case !done && s.finish == "" && (s.begun || s.lastWords() != ""):
		return s.cut(nil)
	case !s.spoken:
		e := s.c.fault(s.resp, KindEmpty, nil)
		e.Message = s.lastWords()
		switch s.finish {
		case "length":
			e.Advice = "the limit of tokens was used up before the first word, by thinking mostly: raise it"
		case "content_filter":
			e.Kind, e.Advice = KindFiltered, kinds[KindFiltered].advice
		}
		return model.ChatEmpty, e
	case s.finish != "":
		return model.ChatFinished, nil
	case s.lastWords() != "":
		return s.cut(nil)
	}
	return model.ChatUnconfirmed, nil
}

// cut is the end of a stream that broke.
func (s *stream) cut(err error) (model.ChatEnd, *Error) {
	e := s.c.fault(s.resp, KindCut, err)
	e.Message = s.lastWords()
	return model.ChatCutOff, e
}

// lastWords is what the gateway wrote in the place of an event, which may tell
// why the stream ends: one-hub writes the error that it met. Half a chunk and the
// page of a proxy tell nothing.
func (s *stream) lastWords() string {
	words := s.odd
	if words == "" {
		words = s.clip(s.stray)
	}
	if strings.HasPrefix(words, "{") || strings.HasPrefix(words, "<") {
		return ""
	}
	return words
}

// broken is the end by an error of the connection.
func (s *stream) broken(ctx context.Context, err error) (model.ChatEnd, *Error) {
	s.flush()
	switch {
	case s.finish != "" && s.spoken:
		return model.ChatFinished, nil
	case s.stopped():
		return model.ChatStopped, nil
	}
	end := model.ChatFailed
	if s.begun {
		end = model.ChatCutOff
	}
	switch {
	case errors.Is(context.Cause(ctx), errIdle):
		return end, s.c.fault(s.resp, KindTimeout, fmt.Errorf("silent for %s", s.c.opt.IdleTimeout))
	case errors.Is(err, errLongLine), errors.Is(err, errTooLarge):
		return end, s.c.fault(s.resp, KindBadAnswer, err)
	case errors.Is(err, io.ErrUnexpectedEOF) && s.resp != nil:
		return s.cut(err)
	}
	return end, s.c.noAnswer(err)
}

// idleReader lets its timer run only while it waits for bytes: a caller that
// takes its time is not the gateway's silence.
type idleReader struct {
	r     io.Reader
	timer *time.Timer
	limit time.Duration
}

func (i *idleReader) Read(p []byte) (int, error) {
	i.timer.Reset(i.limit)
	n, err := i.r.Read(p)
	i.timer.Stop()
	return n, err
}
