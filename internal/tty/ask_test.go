package tty

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatewatch/model"
)

// script is a terminal that answers each write after a while.
type script struct {
	after   time.Duration
	answers []string // one for each write
	asked   []string
	ready   chan string
}

func (s *script) Write(b []byte) (int, error) {
	s.asked = append(s.asked, string(b))
	if len(s.answers) > 0 {
		answer := s.answers[0]
		s.answers = s.answers[1:]
		time.AfterFunc(s.after, func() { s.ready <- answer })
	}
	return len(b), nil
}

func (s *script) read(wait time.Duration) ([]byte, error) {
	select {
	case answer := <-s.ready:
		if answer == "gone" {
			return nil, errors.New("gone")
		}
		return []byte(answer), nil
	case <-time.After(wait):
		return nil, nil
	}
}

func (s *script) close() {}

func TestConverse(t *testing.T) {
	const all = "\x1b[5;2R\x1b[5;3R\x1b[?2026;2$y\x1bP>|foot\x1b\\\x1b[?62c"
	for name, c := range map[string]struct {
		after   time.Duration
		answers []string
		asked   int
		took    model.Opt[time.Duration]
		whole   bool
		err     error
		within  time.Duration
	}{
		"good":       {10 * time.Millisecond, []string{"\x1b[5;1R", all}, 2, model.Some(10 * time.Millisecond), true, nil, 30 * time.Millisecond},
		"typing":     {10 * time.Millisecond, []string{"ls\r\x1b[5;1R", "x" + all}, 2, model.Some(10 * time.Millisecond), true, nil, 30 * time.Millisecond},
		"silent":     {0, nil, 1, model.Opt[time.Duration]{}, false, nil, Patience + glance},
		"slow":       {time.Second, []string{"\x1b[5;1R"}, 1, model.Some(time.Second), false, nil, time.Second},
		"late":       {2 * time.Second, []string{"\x1b[5;1R"}, 1, model.Opt[time.Duration]{}, false, nil, Patience + glance},
		"half":       {time.Millisecond, []string{"\x1b[5;1R", "\x1b[5;2R"}, 2, model.Some(time.Millisecond), false, nil, Patience + glance},
		"gone":       {time.Millisecond, []string{"gone"}, 1, model.Opt[time.Duration]{}, false, nil, glance},
		"ctrl+c":     {time.Millisecond, []string{"\x03"}, 1, model.Opt[time.Duration]{}, false, ErrInterrupted, glance},
		"ctrl+c 2nd": {time.Millisecond, []string{"\x1b[5;1R", "\x03"}, 2, model.Some(time.Millisecond), false, ErrInterrupted, glance},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), Patience)
				defer cancel()
				l := &script{after: c.after, answers: c.answers, ready: make(chan string, 4)}
				start := time.Now()
				a, err := converse(ctx, l, 80, false)
				if took := time.Since(start); took > c.within {
					t.Errorf("it took %s", took)
				}
				if !errors.Is(err, c.err) || a.Took != c.took || a.Whole != c.whole || len(l.asked) != c.asked {
					t.Errorf("%+v, %v, asked %q", a, err, l.asked)
				}
				if c.whole && (a.Cells[0] != model.Some(1) || a.Cells[1] != model.Some(2) || a.Sync != model.Some(2) || a.Version != "foot") {
					t.Errorf("%+v", a)
				}
				time.Sleep(5 * time.Second) // what comes late finds its reader
			})
		})
	}
}

func TestQuestions(t *testing.T) {
	if q := questions(false, true, false); strings.HasPrefix(q, "\r\n") || strings.Count(q, "\x1b[6n") != len(Glyphs) || !strings.HasSuffix(q, clearLine+"\x1b[c") {
		t.Errorf("%q", q)
	}
	if q := questions(true, false, true); q != "\r\n"+clearLine+"\x1b[c" {
		t.Errorf("%q", q)
	}
}
