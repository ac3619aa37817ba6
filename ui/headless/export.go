package headless

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"gatewatch/model"
)

// Format is how an export is written.
type Format string

// The formats.
const (
	FormatCSV   Format = "csv"
	FormatJSON  Format = "json"  // one array
	FormatJSONL Format = "jsonl" // one object per line
)

// ParseFormat returns the format of that name.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case FormatCSV, FormatJSON, FormatJSONL:
		return f, nil
	}
	return "", fmt.Errorf("--format %q is not one of csv, json, jsonl", s)
}

// Column is one value of a row. What is unknown is nil: empty in CSV, null in
// JSON.
type Column struct {
	Name  string
	Value any
}

// Exporter writes rows as they come; every row has the same columns.
type Exporter struct {
	format Format
	out    *bufio.Writer
	csv    *csv.Writer
	rows   int
	names  []string
}

// NewExporter writes to w.
func NewExporter(w io.Writer, format Format) *Exporter {
	out := bufio.NewWriter(w)
	return &Exporter{format: format, out: out, csv: csv.NewWriter(out)}
}

// Columns names the columns of an export that may have no rows.
func (e *Exporter) Columns(row []Column) {
	for _, c := range row {
		e.names = append(e.names, c.Name)
	}
}

// Row writes one row.
func (e *Exporter) Row(row []Column) error {
	first := e.rows == 0
	e.rows++
	if e.format == FormatCSV {
		names, values := make([]string, len(row)), make([]string, len(row))
		for i, c := range row {
			names[i], values[i] = c.Name, plain(c.Value)
		}
		if first {
			if err := e.csv.Write(names); err != nil {
				return err
			}
		}
		return e.csv.Write(values)
	}
	lead := ""
	switch {
	case e.format == FormatJSON && first:
		lead = "[\n"
	case e.format == FormatJSON:
		lead = ",\n"
	}
	line := []byte(lead + "{")
	for i, c := range row {
		if i > 0 {
			line = append(line, ',')
		}
		name, err := json.Marshal(c.Name)
		if err != nil {
			return err
		}
		value, err := json.Marshal(c.Value)
		if err != nil {
			return err
		}
		line = append(append(append(line, name...), ':'), value...)
	}
	line = append(line, '}')
	if e.format == FormatJSONL {
		line = append(line, '\n')
	}
	_, err := e.out.Write(line)
	return err
}

// Close ends the document.
func (e *Exporter) Close() error {
	switch {
	case e.format == FormatCSV:
		if e.rows == 0 && len(e.names) > 0 {
			if err := e.csv.Write(e.names); err != nil {
				return err
			}
		}
		e.csv.Flush()
		if err := e.csv.Error(); err != nil {
			return err
		}
	case e.format == FormatJSON && e.rows == 0:
		_, _ = e.out.WriteString("[]\n")
	case e.format == FormatJSON:
		_, _ = e.out.WriteString("\n]\n")
	}
	return e.out.Flush()
}

// plain is a value for CSV. Cells that a spreadsheet would take for a formula are
// left as they are: the file is data, and a changed name would be wrong.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}

// opt is a value that may be unknown.
func opt[T any](o model.Opt[T], f func(T) any) any {
	if !o.OK {
		return nil
	}
	return f(o.V)
}

func millis(d time.Duration) any { return d.Milliseconds() }

// CallRow is one row of the log.
func CallRow(c *model.Call, cur model.Currency, zone *time.Location) []Column {
	return []Column{
		{"time", time.Unix(c.At, 0).In(zone).Format(time.RFC3339)},
		{"kind", c.Kind.String()},
		{"key", c.Key},
		{"key_id", keyID(c.KeyID)},
		{"model", c.Model},
		{"user", c.User},
		{"group", c.Group},
		{"channel", c.Channel},
		{"quota", int64(c.Quota)},
		{"amount", cur.Amount6(c.Quota)},
		{"prompt_tokens", c.Prompt},
		{"completion_tokens", c.Completion},
		{"cached_tokens", opt(c.Cached, func(n int64) any { return n })},
		{"duration_ms", opt(c.Took, millis)},
		{"first_token_ms", opt(c.FirstToken, millis)},
		{"stream", c.Stream},
		{"request_id", c.RequestID},
		{"detail", c.Detail},
	}
}

// keyID is the id of a key, which not every gateway's rows tell.
func keyID(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// UsageRow is the usage of one user × key × model over one span; whole says
// whether all of the span was read, failures whether the gateway logs any.
func UsageRow(r *model.HistoryRow, whole, failures bool, cur model.Currency, zone *time.Location) []Column {
	at := func(sec int64) string { return time.Unix(sec, 0).In(zone).Format(time.RFC3339) }
	var cached, errs any
	if r.CachedOf > 0 {
		cached = r.Cached
	}
	if failures {
		errs = r.Errors
	}
	return []Column{
		{"from", at(r.Span.From)},
		{"to", at(r.Span.To)},
		{"whole", whole},
		{"user", r.User},
		{"key", r.Key.Name},
		{"key_id", keyID(r.Key.ID)},
		{"model", r.Model},
		{"calls", r.Calls},
		{"errors", errs},
		{"quota", int64(r.Quota)},
		{"amount", cur.Amount6(r.Quota)},
		{"refunded_quota", int64(r.Refunded)},
		{"prompt_tokens", r.Prompt},
		{"completion_tokens", r.Completion},
		{"cached_tokens", cached},
	}
}

// UnseenRow stands for a span of which nothing is known: a row of usage whose
// counts are unknown, not 0.
func UnseenRow(span model.Span, zone *time.Location) []Column {
	row := UsageRow(&model.HistoryRow{Span: span}, false, false, model.Currency{}, zone)
	for i := range row {
		switch row[i].Name {
		case "from", "to", "whole":
		default:
			row[i].Value = nil
		}
	}
	return row
}

// BalanceRow is one sample of the balance.
func BalanceRow(b model.BalanceSample, cur model.Currency, zone *time.Location) []Column {
	return []Column{
		{"time", b.At.In(zone).Format(time.RFC3339)},
		{"quota", int64(b.Quota)},
		{"amount", cur.Amount6(b.Quota)},
		{"used_quota", int64(b.Used)},
		{"used_amount", cur.Amount6(b.Used)},
	}
}
