package history

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"gatewatch/model"
)

// Blobs begin with the version of their form, then list their texts once, so
// that each can be read by itself.
const (
	callsForm = 1
	// cellsForm tells more of a cell than shortForm, which is still read.
	shortForm = 2
	cellsForm = 3
)

// Flags of a call.
const (
	flagStream = 1 << iota
	flagCoarse
	flagCached
	flagTook
	flagFirst
	flagPlan
	flagBilling
)

// texts numbers texts in the order of their first use.
type texts struct {
	at  map[string]uint64
	all []string
}

func (t *texts) id(s string) uint64 {
	if i, ok := t.at[s]; ok {
		return i
	}
	if t.at == nil {
		t.at = map[string]uint64{}
	}
	i := uint64(len(t.all))
	t.at[s] = i
	t.all = append(t.all, s)
	return i
}

// blob puts the texts before a body.
func (t *texts) blob(form byte, n int, body []byte) []byte {
	b := append(make([]byte, 0, len(body)+64*len(t.all)), form)
	b = binary.AppendUvarint(b, uint64(len(t.all)))
	for _, s := range t.all {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(n))
	return append(b, body...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// encodeCalls stores rows of a log, which are none before start, in their order.
func encodeCalls(start int64, calls []model.Call) []byte {
	var t texts
	b := make([]byte, 0, 64*len(calls))
	for i := range calls {
		c := &calls[i]
		flags := flag(c.Stream, flagStream) | flag(c.Coarse, flagCoarse) | flag(c.Cached.OK, flagCached) |
			flag(c.Took.OK, flagTook) | flag(c.FirstToken.OK, flagFirst) | flag(c.BySubscription, flagPlan) | flag(c.Billing != nil, flagBilling)
		b = append(b, flags, byte(c.Kind))
		b = binary.AppendUvarint(b, uint64(c.At-start))
		for _, s := range [...]string{c.Model, c.Key, c.User, c.Group, c.Channel, c.Detail} {
			b = binary.AppendUvarint(b, t.id(s))
		}
		for _, v := range [...]int64{c.KeyID, int64(c.Quota), c.Prompt, c.Completion} {
			b = binary.AppendVarint(b, v)
		}
		if c.Cached.OK {
			b = binary.AppendVarint(b, c.Cached.V)
		}
		if c.Took.OK {
			b = binary.AppendVarint(b, int64(c.Took.V))
		}
		if c.FirstToken.OK {
			b = binary.AppendVarint(b, int64(c.FirstToken.V))
		}
		b = appendText(b, c.RequestID)
		if c.Billing != nil {
			b = binary.AppendUvarint(b, t.id(billingText(c.Billing)))
		}
	}
	return t.blob(callsForm, len(calls), b)
}

func flag(on bool, bit byte) byte {
	if on {
		return bit
	}
	return 0
}

// decoder reads a blob. What it returns shares the text of the blob, or with
// other blobs through names.
type decoder struct {
	b     []byte
	text  string // the same bytes
	i     int
	bad   bool
	texts []string
	names map[string]string // may be nil

	prices map[string]*model.Billing
}

// open checks the form and reads the texts; it returns how many records follow.
func (d *decoder) open(b []byte, form byte) int {
	d.b, d.text, d.i, d.bad, d.texts = b, string(b), 0, false, d.texts[:0]
	if len(b) == 0 || b[0] != form {
		d.bad = true
		return 0
	}
	d.i = 1
	for range d.count() {
		s := d.string()
		if d.names != nil {
			if have, ok := d.names[s]; ok {
				s = have
			} else {
				d.names[s] = s
			}
		}
		d.texts = append(d.texts, s)
	}
	return d.count()
}

// count reads a number of things that take a byte each at least.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.b)-d.i) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) byte() byte {
	if d.i >= len(d.b) {
		d.bad = true
		return 0
	}
	d.i++
	return d.b[d.i-1]
}

func (d *decoder) uint() uint64 {
	if d.i < len(d.b) && d.b[d.i] < 0x80 {
		d.i++
		return uint64(d.b[d.i-1])
	}
	v, n := binary.Uvarint(d.b[min(d.i, len(d.b)):])
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.i += n
	return v
}

func (d *decoder) int() int64 {
	u := d.uint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) string() string {
	n := d.count()
	d.i += n
	return d.text[d.i-n : d.i]
}

func (d *decoder) bytes() []byte {
	n := d.count()
	d.i += n
	return d.b[d.i-n : d.i]
}

func (d *decoder) listed() string {
	n := d.uint()
	if n >= uint64(len(d.texts)) {
		d.bad = true
		return ""
	}
	return d.texts[n]
}

func (d *decoder) err() error {
	if d.bad || d.i != len(d.b) {
		return errDamaged
	}
	return nil
}

// calls appends the rows of a blob that encodeCalls wrote.
func (d *decoder) calls(to []model.Call, start int64, b []byte) ([]model.Call, error) {
	n := d.open(b, callsForm)
	for range n {
		var c model.Call
		flags := d.byte()
		c.Kind = model.Kind(d.byte())
		c.At = start + int64(d.uint())
		c.Model, c.Key, c.User = d.listed(), d.listed(), d.listed()
		c.Group, c.Channel, c.Detail = d.listed(), d.listed(), d.listed()
		c.KeyID, c.Quota, c.Prompt, c.Completion = d.int(), model.Quota(d.int()), d.int(), d.int()
		if flags&flagCached != 0 {
			c.Cached = model.Some(d.int())
		}
		if flags&flagTook != 0 {
			c.Took = model.Some(time.Duration(d.int()))
		}
		if flags&flagFirst != 0 {
			c.FirstToken = model.Some(time.Duration(d.int()))
		}
		c.Stream, c.Coarse = flags&flagStream != 0, flags&flagCoarse != 0
		c.BySubscription = flags&flagPlan != 0
		c.RequestID = d.string()
		if flags&flagBilling != 0 {
			c.Billing = d.billing()
		}
		if d.bad {
			break
		}
		to = append(to, c)
	}
	return to, d.err()
}

// billingText stores a price as text: a blob's rows repeat a few.
func billingText(b *model.Billing) string {
	text, err := json.Marshal(b)
	if err != nil {
		return "" // it holds only numbers and words
	}
	return string(text)
}

// billing reads a price; equal ones are shared.
func (d *decoder) billing() *model.Billing {
	text := d.listed()
	if b, ok := d.prices[text]; ok {
		return b
	}
	b := &model.Billing{}
	if json.Unmarshal([]byte(text), b) != nil {
		b = nil
	}
	if d.prices == nil {
		d.prices = map[string]*model.Billing{}
	}
	d.prices[text] = b
	return b
}

// encodeCells stores usage in the order given.
func encodeCells(cells []model.Cell) []byte {
	var t texts
	b := make([]byte, 0, 128*len(cells))
	var dist []byte
	for i := range cells {
		c := &cells[i]
		b = append(b, flag(c.Coarse, flagCoarse))
		for _, s := range [...]string{c.User, c.Key.Name, c.Model} {
			b = binary.AppendUvarint(b, t.id(s))
		}
		for _, v := range [...]int64{
			c.Key.ID, c.Calls, c.Errors, int64(c.Quota), int64(c.Refunded), c.Prompt, c.Completion, c.Cached, c.CachedOf,
			int64(c.ByPlan), c.CachedPrompt, int64(c.Timed), c.TimedTokens,
		} {
			b = binary.AppendVarint(b, v)
		}
		for _, d := range [...]model.Dist{c.Took, c.FirstToken} {
			dist = d.AppendTo(dist[:0])
			b = append(binary.AppendUvarint(b, uint64(len(dist))), dist...)
		}
	}
	return t.blob(cellsForm, len(cells), b)
}

// cells calls f for each cell of a blob that encodeCells wrote. The cell's
// distributions are left as they are stored.
func (d *decoder) cells(b []byte, f func(c *model.Cell, took, first []byte)) error {
	form := byte(cellsForm)
	if len(b) > 0 && b[0] == shortForm {
		form = shortForm
	}
	n := d.open(b, form)
	for range n {
		var c model.Cell
		c.Coarse = d.byte()&flagCoarse != 0
		c.User, c.Key.Name, c.Model = d.listed(), d.listed(), d.listed()
		c.Key.ID, c.Calls, c.Errors = d.int(), d.int(), d.int()
		c.Quota, c.Refunded = model.Quota(d.int()), model.Quota(d.int())
		c.Prompt, c.Completion, c.Cached, c.CachedOf = d.int(), d.int(), d.int(), d.int()
		if form == cellsForm {
			c.ByPlan, c.CachedPrompt = model.Quota(d.int()), d.int()
			c.Timed, c.TimedTokens = time.Duration(d.int()), d.int()
		}
		took, first := d.bytes(), d.bytes()
		if d.bad {
			break
		}
		f(&c, took, first)
	}
	return d.err()
}
