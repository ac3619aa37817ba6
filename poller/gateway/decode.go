package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gatewatch/model"
)

// The decoding is lenient, since deployed sites run forks of every age: unknown
// fields are ignored, null may stand anywhere, numbers may come as strings.

// number is a whole number that may arrive as 12, "12", 12.0, null or "".
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	b = bytes.Trim(b, `"`)
	if len(b) == 0 || string(b) == "null" {
		*n = 0
		return nil
	}
	if i, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*n = number(i)
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) >= math.MaxInt64 {
		return fmt.Errorf("%q is not a number", clip(b))
	}
	*n = number(math.Round(f))
	return nil
}

// figure is a number that a gateway may not give: a field that is missing, null or
// "" is unknown, which is not 0.
type figure model.Opt[int64]

func (f *figure) UnmarshalJSON(b []byte) error {
	*f = figure{}
	if s := string(bytes.Trim(b, `"`)); s == "" || s == "null" {
		return nil
	}
	var n number
	if err := n.UnmarshalJSON(b); err != nil {
		return err
	}
	*f = figure{int64(n), true}
	return nil
}

func (f figure) quota() model.Opt[model.Quota] {
	return model.Opt[model.Quota]{V: model.Quota(f.V), OK: f.OK}
}

// decimal is a number with a fraction that may arrive as a string or null.
type decimal float64

func (d *decimal) UnmarshalJSON(b []byte) error {
	b = bytes.Trim(b, `"`)
	if len(b) == 0 || string(b) == "null" {
		*d = 0
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%q is not a number", clip(b))
	}
	*d = decimal(f)
	return nil
}

// text is a string that may arrive as a number, a boolean or null.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		*t = ""
		return nil
	case len(b) > 0 && b[0] == '"':
		return json.Unmarshal(b, (*string)(t))
	}
	*t = text(b)
	return nil
}

// flag is a truth that may arrive as 0 or 1, a string or null.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	switch strings.Trim(string(b), `"`) {
	case "true", "1":
		*f = true
	default:
		*f = false
	}
	return nil
}

// maskedKey keeps the ends of a key and nothing else: the full key is gone the
// moment it is decoded. Some gateways send keys in clear, new-api from 0.11.4 on
// masks them itself.
type maskedKey string

func (m *maskedKey) UnmarshalJSON(b []byte) error {
	var s text
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*m = maskedKey(maskKey(string(s)))
	return nil
}

// maskKey shows four characters at each end of a long key and nothing of a short
// one.
func maskKey(s string) string {
	s = strings.TrimPrefix(s, "sk-")
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	if len(r) < 16 {
		return "sk-…"
	}
	return "sk-" + string(r[:4]) + "…" + string(r[len(r)-4:])
}

// maskPlain is maskKey for what does not begin with sk-.
func maskPlain(s string) string {
	if strings.HasPrefix(s, "sk-") || s == "" {
		return maskKey(s)
	}
	return strings.TrimPrefix(maskKey(s), "sk-")
}

// parseMicro reads dollars with a decimal point as whole millionths, exactly;
// further decimals are rounded. "" is 0: opencatd leaves zeros out.
func parseMicro(s string) (model.Quota, error) {
	if s == "" {
		return 0, nil
	}
	bad := fmt.Errorf("the cost %q is not an amount", clip([]byte(s)))
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	const places = 6
	roundUp := len(fraction) > places && fraction[places] >= '5'
	fraction = (fraction + "000000")[:places]
	for _, r := range whole + fraction {
		if r < '0' || r > '9' {
			return 0, bad
		}
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || whole == "" || n == math.MaxInt64 {
		return 0, bad
	}
	if roundUp {
		n++
	}
	if negative {
		n = -n
	}
	return model.Quota(n), nil
}

// embedded is a JSON document that arrives as a string holding JSON (new-api's
// "other"), as an object (forks, one-hub's "metadata"), or as null.
type embedded struct{ raw json.RawMessage }

func (e *embedded) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		e.raw = json.RawMessage(s)
		return nil
	}
	e.raw = append(e.raw[:0], b...)
	return nil
}

// into decodes the document; one that is empty, null or no object is ignored.
func (e embedded) into(v any) {
	if len(e.raw) > 0 && e.raw[0] == '{' {
		_ = json.Unmarshal(e.raw, v)
	}
}

// envelope is the family's answer: {"success":…,"message":…,"data":…}. Success
// may be missing, message may be null.
type envelope struct {
	Success *flag           `json:"success"`
	Message text            `json:"message"`
	Data    json.RawMessage `json:"data"`
}

var errNoData = errors.New("it holds no data")

// opened returns the data of an envelope as it came: nil where there is none, which
// is how commands are answered. HTTP 200 with success:false is an error: it never
// means success.
func (c *Client) opened(a answer) (json.RawMessage, error) {
	var env envelope
	if err := json.Unmarshal(bytes.TrimLeft(a.body, "\ufeff \r\n\t"), &env); err != nil {
		return nil, c.unreadable(a, err)
	}
	if env.Success != nil && !bool(*env.Success) {
		return nil, &StatusError{
			Gateway: c.opt.Name, Path: a.path, Kind: model.FaultRefused, Code: 200,
			Message: c.redact(string(env.Message)),
		}
	}
	if env.Success == nil && env.Data == nil {
		if m := messageIn(a.body); m != "" {
			return nil, &StatusError{Gateway: c.opt.Name, Path: a.path, Kind: model.FaultRefused, Code: 200, Message: c.redact(m)}
		}
		return nil, c.unreadable(a, errNoData)
	}
	return env.Data, nil
}

// data decodes the data of an envelope into v. A success without data is an error
// too: read leniently it would be a balance of zero, or a log without a call.
func (c *Client) data(a answer, v any) error {
	raw, err := c.opened(a)
	if err != nil {
		return err
	}
	if isEmpty(raw) {
		return c.unreadable(a, errNoData)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return c.unreadable(a, err)
	}
	return nil
}

// isEmpty reports whether a document is missing, null or {}. An empty list is
// neither.
func isEmpty(raw []byte) bool {
	s := bytes.TrimSpace(raw)
	if len(s) > 1 && s[0] == '{' {
		return len(bytes.TrimSpace(s[1:len(s)-1])) == 0
	}
	return len(s) == 0 || string(s) == "null"
}

// plain decodes an answer that has no envelope: opencatd's, and what speaks
// OpenAI's form. An error comes there as {"error":…}, with HTTP 200 too.
func (c *Client) plain(a answer, v any) error {
	if len(a.body) > 0 && a.body[0] == '{' {
		var failed struct {
			Error   json.RawMessage `json:"error"`
			Success *flag           `json:"success"`
		}
		// The decoder, since opencatd sends two documents in a row to a user whom it
		// does not know.
		err := json.NewDecoder(bytes.NewReader(a.body)).Decode(&failed)
		isError := len(failed.Error) > 0 && string(failed.Error) != "null"
		if err == nil && (isError || (failed.Success != nil && !bool(*failed.Success))) {
			return &StatusError{Gateway: c.opt.Name, Path: a.path, Kind: model.FaultRefused, Code: 200, Message: c.redact(messageIn(a.body))}
		}
	}
	if isEmpty(a.body) {
		return c.unreadable(a, errNoData)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		return c.unreadable(a, err)
	}
	return nil
}

func (c *Client) unreadable(a answer, err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		err = fmt.Errorf("%s is a %s where another type was expected", kind.Field, kind.Value)
	}
	return &StatusError{Gateway: c.opt.Name, Path: a.path, Kind: model.FaultBadAnswer, Err: err}
}

func clip(b []byte) string {
	if len(b) > 40 {
		return string(b[:40]) + "…"
	}
	return string(b)
}

// opt is a known value unless it is zero: for fields whose zero means that the
// gateway does not tell.
func opt(n number) model.Opt[int64] {
	if n == 0 {
		return model.Opt[int64]{}
	}
	return model.Some(int64(n))
}
