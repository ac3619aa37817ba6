package chat

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
)

const (
	// pace is the least time between two draws while answers stream, widePace
	// where many lines in sight hold wide letters: the renderer sends each of
	// those whole with every draw (docs/adr/0003-lines-and-bytes.md).
	pace     = 100 * time.Millisecond
	widePace = 300 * time.Millisecond
	// manyWide is how many such lines are many.
	manyWide = 8
	// pulse is how often a wait for the first token is drawn.
	pulse = time.Second
)

// hub takes the deltas of all running answers, each from a goroutine of its own,
// and hands them to the screen together, at most once per pace. A slow screen
// never holds up the network.
type hub struct {
	mu     sync.Mutex
	lanes  map[string]*lane
	wake   chan struct{}
	now    func() time.Time
	last   time.Time
	least  time.Duration // between two draws
	asleep bool          // no command waits
	// wakeless makes no command wait; tests collect by hand.
	wakeless bool
}

// lane is what came in of one answer since it was last handed over.
type lane struct {
	news   *news
	cancel context.CancelFunc
}

// news is what is new of one answer.
type news struct {
	answer             string
	content, reasoning strings.Builder
	requestID          string
	usage              model.Opt[model.ChatUsage]
	first, last, ended time.Time // first and last of the text
	end                model.ChatEnd
	finish             string
	fault, theirs      string
	code               string // the gateway's own word for the fault
}

// streamed hands the news of all answers over.
type streamed struct{ news []*news }

func (streamed) chatMsg() {}

func newHub(now func() time.Time) *hub {
	return &hub{lanes: map[string]*lane{}, wake: make(chan struct{}, 1), now: now, least: pace, asleep: true}
}

// start asks a question; run starts a goroutine. The command it returns, if any,
// is to be run: it delivers.
func (h *hub) start(run func(func()), svc Service, via Via, answer string, r model.ChatRequest) tea.Cmd {
	ctx, cancel := context.WithCancel(context.Background())
	h.mu.Lock()
	h.lanes[answer] = &lane{news: &news{answer: answer}, cancel: cancel}
	idle := h.asleep
	h.asleep = false
	h.mu.Unlock()
	run(func() {
		defer cancel()
		h.pump(ctx, svc, via, answer, r)
	})
	if idle && !h.wakeless {
		return h.wait
	}
	return nil
}

func (h *hub) pump(ctx context.Context, svc Service, via Via, answer string, r model.ChatRequest) {
	done := false
	for d, err := range svc.Stream(ctx, via, r) {
		done = h.take(answer, d, err)
		if done {
			break
		}
	}
	if !done {
		end := model.ChatCutOff
		if ctx.Err() != nil {
			end = model.ChatStopped
		}
		h.take(answer, model.Delta{End: end}, nil)
	}
}

// take adds a delta to the news and reports whether it was the last.
func (h *hub) take(answer string, d model.Delta, err error) bool {
	h.mu.Lock()
	l := h.lanes[answer]
	if l == nil {
		h.mu.Unlock()
		return true
	}
	n := l.news
	if d.Content != "" || d.Reasoning != "" {
		n.last = h.now()
		if n.first.IsZero() {
			n.first = n.last
		}
	}
	n.content.WriteString(d.Content)
	n.reasoning.WriteString(d.Reasoning)
	if d.RequestID != "" {
		n.requestID = d.RequestID
	}
	if d.Usage.OK {
		n.usage = d.Usage
	}
	if err != nil {
		f := model.FaultOf(err)
		n.fault, n.theirs, n.code = f.Sentence, f.Theirs, f.Code
		if d.End == model.ChatOpen {
			d.End = model.ChatFailed
			if errors.Is(err, context.Canceled) {
				d.End = model.ChatStopped
			}
		}
	}
	n.end, n.finish = d.End, d.FinishReason
	if d.Done() {
		n.ended = h.now()
	}
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return d.Done()
}

// wait is the command that delivers: it returns when there are news and the last
// draw is long enough ago, or after a pulse.
func (h *hub) wait() tea.Msg {
	timer := time.NewTimer(pulse)
	select {
	case <-h.wake:
	case <-timer.C:
	}
	timer.Stop()
	h.mu.Lock()
	least := h.least
	early := least - h.now().Sub(h.last)
	h.mu.Unlock()
	if early > 0 && early <= least {
		time.Sleep(early)
	}
	return h.collect()
}

// sees tells how many lines with wide letters are in sight.
func (h *hub) sees(wide int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.least = pace
	if wide >= manyWide {
		h.least = widePace
	}
}

// collect hands over what is there.
func (h *hub) collect() streamed {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = h.now()
	var out streamed
	for id, l := range h.lanes {
		n := l.news
		if n.content.Len() == 0 && n.reasoning.Len() == 0 && n.end == model.ChatOpen && n.requestID == "" {
			continue
		}
		out.news = append(out.news, n)
		if n.end != model.ChatOpen {
			delete(h.lanes, id)
			continue
		}
		l.news = &news{answer: id, first: n.first}
	}
	h.asleep = len(h.lanes) == 0
	return out
}

// more is the command that delivers what comes next, nil when all is said.
func (h *hub) more() tea.Cmd {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asleep || h.wakeless {
		return nil
	}
	return h.wait
}

// stopAll ends all answers.
func (h *hub) stopAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.lanes {
		l.cancel()
	}
}
