package headless

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
)

func TestExportFormats(t *testing.T) {
	call := &model.Call{At: 1_800_000_000, Kind: model.KindConsume, Key: `a "b", c`, Model: "o3\nx", Quota: 1234, Prompt: 5, Took: model.Some(1500 * time.Millisecond)}
	write := func(f Format, n int) string {
		var b strings.Builder
		e := NewExporter(&b, f)
		for range n {
			if err := e.Row(CallRow(call, model.Currency{}, time.UTC)); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	rows, err := csv.NewReader(strings.NewReader(write(FormatCSV, 2))).ReadAll()
	if err != nil || len(rows) != 3 || rows[0][0] != "time" || rows[1][2] != call.Key || rows[1][4] != call.Model || rows[1][8] != "1234" || rows[1][9] != "0.002468" || rows[1][12] != "" {
		t.Errorf("%q, %v", rows, err)
	}
	for f, doc := range map[Format]string{FormatJSON: write(FormatJSON, 2), FormatJSONL: "[" + strings.Join(strings.Split(strings.TrimSpace(write(FormatJSONL, 2)), "\n"), ",") + "]"} {
		var got []map[string]any
		if err := json.Unmarshal([]byte(doc), &got); err != nil || len(got) != 2 || got[1]["key"] != call.Key || got[1]["cached_tokens"] != nil || got[1]["duration_ms"] != 1500.0 {
			t.Errorf("%s: %v, %v", f, got, err)
		}
	}
	if got := write(FormatJSON, 0); strings.TrimSpace(got) != "[]" {
		t.Errorf("nothing is %q", got)
	}
	if _, err := ParseFormat("xml"); err == nil {
		t.Error("xml is a format")
	}
}
