package terminal

import (
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Frame is what the terminal shows at one moment. It is a copy: nothing changes
// it later.
type Frame struct {
	Cols, Rows int
	// Cells holds the rows from top to bottom, each from left to right; see At.
	Cells     []Cell
	Cursor    Cursor
	AltScreen bool
	// Title is the window title, empty if none was set.
	Title string
	// Foreground and Background are the default colours if the program has set
	// them (OSC 10 and 11), else nil.
	Foreground, Background color.Color
}

// Cell is one column of one row. The second column of a wide character has the
// same colours and attributes as the first.
type Cell struct {
	// Text is one grapheme cluster, a space where the cell is blank, and empty
	// in the second column of a wide one.
	Text string
	// Width is the number of columns Text takes, 0 in the second of them.
	Width int
	// Fg, Bg and UnderlineColor are nil for the default, an [ansi.BasicColor]
	// for one of the 16, an [ansi.IndexedColor] for one of the 256, and any
	// other type for a true colour.
	Fg, Bg, UnderlineColor color.Color

	Bold, Faint, Italic, Blink, Reverse, Conceal, Strikethrough bool

	Underline ansi.Underline
	// Link is the address that the text leads to (OSC 8), empty for none.
	Link string
}

// Cursor is the terminal's cursor; X and Y count from 0 at the top left.
type Cursor struct {
	X, Y    int
	Visible bool
	Shape   CursorShape
}

// CursorShape is how the cursor is drawn.
type CursorShape int

// The shapes that a program can ask for.
const (
	CursorBlock CursorShape = iota
	CursorUnderline
	CursorBar
)

// Frame returns what the terminal shows now.
func (t *Terminal) Frame() *Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.frame()
}

// frame needs the lock.
func (t *Terminal) frame() *Frame {
	f := &Frame{
		Cols:       t.emu.Width(),
		Rows:       t.emu.Height(),
		Cursor:     t.cursor(),
		AltScreen:  t.emu.IsAltScreen(),
		Title:      t.title,
		Foreground: t.modes.foreground,
		Background: t.modes.background,
	}
	f.Cells = make([]Cell, f.Cols*f.Rows)
	for y := range f.Rows {
		for x := 0; x < f.Cols; {
			cell := newCell(t.emu.CellAt(x, y))
			// A wide cell that the program has cut in half at the right edge
			// must not run into the next row.
			cell.Width = min(cell.Width, f.Cols-x)
			f.Cells[y*f.Cols+x] = cell
			for i := 1; i < cell.Width; i++ {
				second := cell
				second.Text, second.Width = "", 0
				f.Cells[y*f.Cols+x+i] = second
			}
			x += cell.Width
		}
	}
	return f
}

// cursor needs the lock.
func (t *Terminal) cursor() Cursor {
	at := t.emu.CursorPosition()
	// DECSCUSR: 1 and 2 are blocks, 3 and 4 underlines, 5 and 6 bars.
	shape := CursorShape(max(t.modes.cursorStyle-1, 0) / 2)
	return Cursor{X: at.X, Y: at.Y, Visible: t.modes.private[modeCursor], Shape: min(shape, CursorBar)}
}

func newCell(c *uv.Cell) Cell {
	if c == nil || c.Content == "" {
		blank := Cell{Text: " ", Width: 1}
		if c != nil {
			blank.Bg = c.Style.Bg
		}
		return blank
	}
	has := func(attr uint8) bool { return c.Style.Attrs&attr != 0 }
	return Cell{
		Text:           c.Content,
		Width:          max(c.Width, 1),
		Fg:             c.Style.Fg,
		Bg:             c.Style.Bg,
		UnderlineColor: c.Style.UnderlineColor,
		Bold:           has(uv.AttrBold),
		Faint:          has(uv.AttrFaint),
		Italic:         has(uv.AttrItalic),
		Blink:          has(uv.AttrBlink | uv.AttrRapidBlink),
		Reverse:        has(uv.AttrReverse),
		Conceal:        has(uv.AttrConceal),
		Strikethrough:  has(uv.AttrStrikethrough),
		Underline:      c.Style.Underline,
		Link:           c.Link.URL,
	}
}

// At returns the cell at column x of row y, the zero Cell outside the frame.
func (f *Frame) At(x, y int) Cell {
	if x < 0 || y < 0 || x >= f.Cols || y >= f.Rows {
		return Cell{}
	}
	return f.Cells[y*f.Cols+x]
}

// Line returns the text of row y without trailing blanks.
func (f *Frame) Line(y int) string {
	var b strings.Builder
	for x := range f.Cols {
		b.WriteString(f.At(x, y).Text)
	}
	return strings.TrimRight(b.String(), " ")
}

// Lines returns the text of all rows without trailing blanks.
func (f *Frame) Lines() []string {
	lines := make([]string, f.Rows)
	for y := range lines {
		lines[y] = f.Line(y)
	}
	return lines
}

// Find returns the cell where a text first stands in one row, counted in
// columns, and whether it does.
func (f *Frame) Find(text string) (x, y int, ok bool) {
	for y := range f.Rows {
		line := f.Line(y)
		at := strings.Index(line, text)
		if at < 0 {
			continue
		}
		for x, bytes := 0, 0; x < f.Cols; x++ {
			if bytes >= at && f.At(x, y).Width > 0 {
				return x, y, true
			}
			bytes += len(f.At(x, y).Text)
		}
	}
	return 0, 0, false
}

// Screen returns the text of all rows without trailing blanks.
func (t *Terminal) Screen() []string { return t.Frame().Lines() }

// Line returns the text of row y, counted from 0, without trailing blanks.
func (t *Terminal) Line(y int) string { return t.Frame().Line(y) }

// Cell returns the cell at column x of row y, the zero Cell outside the screen.
func (t *Terminal) Cell(x, y int) Cell { return t.Frame().At(x, y) }

// Cursor returns where the cursor is and how it looks.
func (t *Terminal) Cursor() Cursor {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cursor()
}

// AltScreen reports whether the program is in the alternate screen.
func (t *Terminal) AltScreen() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.emu.IsAltScreen()
}

// Title returns the window title, empty if none was set.
func (t *Terminal) Title() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.title
}

// Clipboard returns the text that the program copied last (OSC 52), empty if it
// copied none.
func (t *Terminal) Clipboard() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.copied
}

// BytesRead returns how many bytes the program has written so far.
func (t *Terminal) BytesRead() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written
}

// Raw returns the latest bytes that the program wrote, as many as
// [Options].Record asked for.
func (t *Terminal) Raw() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.raw...)
}
