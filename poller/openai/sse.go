package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	// maxLine bounds one line of a stream and one event, in bytes. A chunk has a
	// few hundred; pictures in an answer come as links.
	maxLine = 1 << 20
	// maxBody bounds an answer that is no stream, in bytes.
	maxBody = 8 << 20
)

var (
	errLongLine = fmt.Errorf("a line of the stream is longer than %d MiB", maxLine>>20)
	errTooLarge = fmt.Errorf("it is larger than %d MiB", maxBody>>20)
)

// events reads server-sent events as gateways really write them: lines end in
// LF, CRLF or CR, a comment may stand anywhere, the space after "data:" and the
// blank line between events may be missing, and JSON may come without "data:".
type events struct {
	r          io.Reader
	buf        []byte
	start, end int   // of what was read and not yet returned
	err        error // of the last read; what is left is returned first
	afterCR    bool  // a LF that follows belongs to the line before

	again []byte // a line to be returned once more
	data  []byte // of the event being collected
}

// event is one event, or one line that belongs to none. The data are valid until
// the next call.
type event struct {
	name string
	data []byte
	// stray marks a line without a field that a stream may have.
	stray bool
}

func newEvents(r io.Reader) *events {
	return &events{r: r, buf: make([]byte, 16<<10)}
}

// next returns the next event with data, or the reader's error. An event that
// lacks its end is returned too: "[DONE]" is often the last byte.
func (s *events) next() (event, error) {
	s.data = s.data[:0]
	var e event
	lines := 0
	for {
		line, err := s.line()
		switch {
		case err != nil && lines > 0:
			e.data = s.data
			return e, nil
		case err != nil:
			return event{}, err
		case len(line) == 0 && lines > 0:
			e.data = s.data
			return e, nil
		case len(line) == 0:
			e.name = ""
			continue
		case line[0] == ':': // one-hub's "::PING" is one too
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "data":
			// What is whole after one line is an event, although no blank line
			// follows: JSON that goes on would not be whole.
			if lines == 1 && whole(s.data) {
				s.again = line
				e.data = s.data
				return e, nil
			}
			if lines > 0 {
				s.data = append(s.data, '\n')
			}
			if len(s.data)+len(value) > maxLine {
				return event{}, errLongLine
			}
			s.data = append(s.data, value...)
			lines++
		case "event":
			e.name = string(value[:min(len(value), 32)])
		case "id", "retry":
		default:
			if lines > 0 {
				s.again = line
				e.data = s.data
				return e, nil
			}
			return event{data: line, stray: true}, nil
		}
	}
}

// whole reports whether one line of data can be an event by itself.
func whole(data []byte) bool {
	return string(data) == "[DONE]" || (len(data) > 0 && data[0] == '{' && json.Valid(data))
}

// line returns the next line without its end, valid until the next call.
func (s *events) line() ([]byte, error) {
	if line := s.again; line != nil {
		s.again = nil
		return line, nil
	}
	searched := 0
	for {
		if s.afterCR && s.start < s.end {
			s.afterCR = false
			if s.buf[s.start] == '\n' {
				s.start++
			}
		}
		window := s.buf[s.start:s.end]
		if i := endOfLine(window[searched:]); i >= 0 {
			i += searched
			if i > maxLine {
				return nil, errLongLine
			}
			s.start += i + 1
			s.afterCR = window[i] == '\r'
			return window[:i:i], nil
		}
		searched = len(window)
		if searched > maxLine {
			return nil, errLongLine
		}
		if s.err != nil {
			if searched == 0 {
				return nil, s.err
			}
			s.start = s.end
			return window, nil
		}
		s.fill()
	}
}

// endOfLine is the index of the first CR or LF, -1 without one.
func endOfLine(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf >= 0 {
		b = b[:lf]
	}
	if cr := bytes.IndexByte(b, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

// fill reads once more, and makes room for that.
func (s *events) fill() {
	if s.start > 0 {
		s.end = copy(s.buf, s.buf[s.start:s.end])
		s.start = 0
	}
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 { // a reader may give nothing, but not for ever
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.err = err
		if n > 0 || err != nil {
			return
		}
	}
	s.err = io.ErrNoProgress
}

// first returns the first byte that is not blank, without taking it, so that
// the kind of the body can be told. one-hub keeps connections alive with line
// feeds before the answer. The bytes of a byte order mark count as blank.
func (s *events) first() (byte, error) {
	for {
		for ; s.start < s.end; s.start++ {
			switch b := s.buf[s.start]; b {
			case ' ', '\t', '\r', '\n', 0xEF, 0xBB, 0xBF:
			default:
				return b, nil
			}
		}
		if s.err != nil {
			return 0, s.err
		}
		s.fill()
	}
}

// rest returns everything that was not yet returned, up to maxBody bytes.
func (s *events) rest() ([]byte, error) {
	left := s.buf[s.start:s.end]
	s.start = s.end
	if s.err != nil {
		if errors.Is(s.err, io.EOF) {
			return left, nil
		}
		return left, s.err
	}
	body, err := io.ReadAll(io.LimitReader(io.MultiReader(bytes.NewReader(left), s.r), maxBody+1))
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	return body, err
}
