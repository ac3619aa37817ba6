package openai

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// pieces reads a text in pieces of n bytes.
type pieces struct {
	text string
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(b, p.text[:min(p.n, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

// read gives the events of a stream, one to a line, and the error at its end.
func read(r io.Reader) (string, error) {
	var b strings.Builder
	for s := newEvents(r); ; {
		e, err := s.next()
		if err != nil {
			return b.String(), err
		}
		mark := "="
		if e.stray {
			mark = "!"
		}
		fmt.Fprintf(&b, "%s%s%q\n", e.name, mark, e.data)
	}
}

func TestEvents(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"one", "data: a\n\n", `="a"`},
		{"two", "data: a\n\ndata: b\n\n", `="a" ="b"`},
		{"no space", "data:a\n\n", `="a"`},
		{"two spaces", "data:  a\n\n", `=" a"`},
		{"crlf", "data: a\r\n\r\ndata: b\r\n\r\n", `="a" ="b"`},
		{"cr", "data: a\r\rdata: b\r\r", `="a" ="b"`},
		{"mixed ends", "data: a\r\n\ndata: b\r\r\ndata: c\n\r\n", `="a" ="b" ="c"`},
		{"many lines", "data: {\ndata: \"a\":1\ndata: }\n\n", `="{\n\"a\":1\n}"`},
		{"many lines, crlf", "data: a\r\ndata: b\r\n\r\n", `="a\nb"`},
		{"empty line of data", "data: a\ndata:\ndata: b\n\n", `="a\n\nb"`},
		{"data without colon", "data\ndata: a\n\n", `="\na"`},
		{"comments", ": PING\n\n::PING\n\ndata: a\n: PING\ndata: b\n\n:\n", `="a\nb"`},
		{"comment without blank line", ": PING\ndata: a\n\n", `="a"`},
		{"names", "event: error\ndata: a\n\nevent: x\n\ndata: b\n\n", `error="a" ="b"`},
		{"long name", "event: " + strings.Repeat("x", 99) + "\ndata: a\n\n", strings.Repeat("x", 32) + `="a"`},
		{"other fields", "id: 7\nretry: 10\ndata: a\n\n", `="a"`},
		{"no end", "data: a\n\ndata: [DONE]", `="a" ="[DONE]"`},
		{"no blank lines", "data: {\"a\":1}\ndata: {\"b\":2}\ndata: [DONE]\n", `="{\"a\":1}" ="{\"b\":2}" ="[DONE]"`},
		{"stray", "data: a\n\n{\"error\":1}\n", `="a" !"{\"error\":1}"`},
		{"stray without blank line", "data: a\n{\"error\":1}\n", `="a" !"{\"error\":1}"`},
		{"unicode", "data: 你好 🚀\u2028x\n\n", "=\"你好 🚀\\u2028x\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for n := 1; n <= len(c.text)+1; n++ {
				got, err := read(&pieces{c.text, n})
				if got = strings.ReplaceAll(strings.TrimSpace(got), "\n", " "); got != c.want || !errors.Is(err, io.EOF) {
					t.Fatalf("in pieces of %d: %s, %v; want %s", n, got, err, c.want)
				}
			}
		})
	}
}

func TestLongLines(t *testing.T) {
	fits := strings.Repeat("x", maxLine-len("data: "))
	got, err := read(strings.NewReader("data: " + fits + "\n\ndata: a\n\n"))
	if !errors.Is(err, io.EOF) || len(got) != len(fits)+len("=\"\"\n")+len("=\"a\"\n") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for name, text := range map[string]string{
		"line":        "data: " + fits + "x\n\n",
		"no end":      strings.Repeat("x", 3*maxLine),
		"many lines":  strings.Repeat("data: "+strings.Repeat("x", 999)+"\n", 1100),
		"empty lines": strings.Repeat("data:\n", maxLine+9),
	} {
		if _, err := read(strings.NewReader(text)); !errors.Is(err, errLongLine) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if errLongLine.Error() != "a line of the stream is longer than 1 MiB" {
		t.Error(errLongLine)
	}
}

func TestBrokenReader(t *testing.T) {
	broken := errors.New("broken")
	got, err := read(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)))
	if got != "=\"a\"\n=\"b\"\n" || !errors.Is(err, broken) {
		t.Errorf("%s %v", got, err)
	}
	if _, err := read(nothing{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader without progress: %v", err)
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestFirst(t *testing.T) {
	for text, want := range map[string]byte{
		"data: a": 'd', "\n\n\n{}": '{', "\ufeff{}": '{', "\r\n \t<html>": '<', "\n\ufeff: PING": ':', " \n": 0, "": 0,
	} {
		s := newEvents(&pieces{text, 1})
		got, err := s.first()
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestRest(t *testing.T) {
	s := newEvents(&pieces{"\n\n" + strings.Repeat("x", 40_000), 1000})
	if _, err := s.first(); err != nil {
		t.Fatal(err)
	}
	if rest, err := s.rest(); len(rest) != 40_000 || err != nil {
		t.Errorf("%d, %v", len(rest), err)
	}
	s = newEvents(io.LimitReader(endless{}, maxBody+1))
	if rest, err := s.rest(); rest != nil || !errors.Is(err, errTooLarge) {
		t.Errorf("%d, %v", len(rest), err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

// However a stream is cut into reads, it holds the same events; and what is kept
// of it stays bounded.
func FuzzEvents(f *testing.F) {
	f.Add("data: a\n\ndata:b\r\n\r\n: PING\n\nevent: error\rdata: {}\r\r", 3)
	f.Add("data: {\"a\":1}\ndata: [DONE]", 1)
	f.Add("\ufeffdata\n{\"error\":\"x\"}\n<html>", 7)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n = max(1, min(n, 1<<16))
		want, wantErr := read(strings.NewReader(text))
		got, err := read(&pieces{text, n})
		if got != want || !errors.Is(err, wantErr) {
			t.Fatalf("whole: %s %v\nin pieces of %d: %s %v", want, wantErr, n, got, err)
		}
		s := newEvents(&pieces{text, n})
		for {
			if _, err := s.next(); err != nil {
				break
			}
		}
		if cap(s.buf) > 4*maxLine || cap(s.data) > 4*maxLine {
			t.Errorf("%d and %d bytes are kept", cap(s.buf), cap(s.data))
		}
	})
}
