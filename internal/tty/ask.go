package tty

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
)

// line is a terminal in raw mode.
type line interface {
	io.Writer
	// read returns what has come, and nothing when the wait is over.
	read(wait time.Duration) ([]byte, error)
	// close throws away what has not been read and gives the terminal back.
	close()
}

// glance is how long one read waits before the end of the context is looked at.
const glance = 20 * time.Millisecond

// leastMeasured columns are needed to measure a glyph: in fewer it could end in
// the next row.
const leastMeasured = 8

// The questions beyond those of x/ansi.
const (
	// XTGETTCAP for Ms, the capability that OSC 52 goes by in terminfo.
	requestClipboard = "\x1bP+q4D73\x1b\\"
	clearLine        = "\r" + ansi.EraseLineRight
)

// converse asks the terminal until ctx ends. First comes one question that every
// terminal answers, and the others only when that took less than two fifths of
// the time: what is asked of a slow line would be answered into the shell.
// plainly leaves out what some terminals print instead of answering.
func converse(ctx context.Context, l line, cols int, plainly bool) (Answers, error) {
	start := time.Now()
	end, _ := ctx.Deadline()
	if _, err := io.WriteString(l, ansi.RequestCursorPositionReport); err != nil {
		return Answers{}, nil //nolint:nilerr // a terminal that has gone is one that keeps silent
	}
	h := hearing{ctx: ctx, l: l}
	if !h.until(func(r replies) bool { return len(r.columns) > 0 }) {
		return Answers{}, h.err
	}
	took := time.Since(start)
	a := Answers{Took: model.Some(took)}
	if left := time.Until(end); left < took*3/2 {
		return a, nil
	}
	h.heard = nil
	measures := cols <= 0 || cols >= leastMeasured
	if _, err := io.WriteString(l, questions(h.replies.columns[0] > 1, measures, plainly)); err != nil {
		return a, nil //nolint:nilerr // as above
	}
	a.Whole = h.until(func(r replies) bool { return r.attributes != nil })
	h.replies.fill(&a, measures)
	return a, h.err
}

// questions are all questions but the first; the last one is understood by every
// terminal. newLine leaves a line that holds something already.
func questions(newLine, measures, plainly bool) string {
	var b strings.Builder
	if newLine {
		b.WriteString("\r\n")
	}
	if measures {
		for _, g := range Glyphs {
			b.WriteString("\r" + g.Text + ansi.RequestCursorPositionReport + clearLine)
		}
	}
	if !plainly {
		b.WriteString(ansi.RequestModeSynchronizedOutput)
		b.WriteString(ansi.RequestNameVersion)
		b.WriteString(requestClipboard)
		// To an old terminal this ends in "restore the cursor": there must be one.
		b.WriteString(ansi.SaveCursor + ansi.RequestKittyKeyboard + ansi.RestoreCursor)
	}
	b.WriteString(clearLine)
	b.WriteString(ansi.RequestPrimaryDeviceAttributes)
	return b.String()
}

// hearing is what came from the terminal.
type hearing struct {
	ctx     context.Context
	l       line
	heard   []byte
	replies replies
	err     error
}

// most bounds what is heard: a person may lean on a key.
const most = 64 << 10

// until reads until done, and reports false when ctx ended before.
func (h *hearing) until(done func(replies) bool) bool {
	for h.ctx.Err() == nil && len(h.heard) < most {
		b, err := h.l.read(glance)
		if err != nil {
			return false
		}
		if len(b) == 0 {
			continue
		}
		h.heard = append(h.heard, b...)
		h.replies = parse(h.heard)
		if h.replies.interrupted {
			h.err = ErrInterrupted
			return false
		}
		if done(h.replies) {
			return true
		}
	}
	return false
}
