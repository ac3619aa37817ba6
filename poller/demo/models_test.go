package demo

import (
	"encoding/json"
	"strings"
	"testing"
)

// The prices that real gateways took, taken again.
func TestBillingAsRecorded(t *testing.T) {
	bills := map[string]func(prices, int32, int32, int32) int64{"new-api": billNewAPI, "one-api": billOneAPI}
	// one-api's rows show ratios with two decimals only; these are the options
	// that the recorded one ran with. Its ratio of gpt-4o was not the list price.
	oneAPI := map[string]prices{
		"gpt-4o": {2.5, 4, 1}, "gpt-4o-mini": {0.075, 4, 1}, "claude-sonnet-4-5": {1.5, 5, 1},
		"text-embedding-3-small": {0.01, 1, 1}, "o3": {1, 4, 1},
	}
	for dialect, bill := range bills {
		checked := map[string]bool{}
		for _, f := range recordings(t, dialect) {
			var rows struct {
				Data json.RawMessage
			}
			var page struct{ Items []json.RawMessage }
			if json.Unmarshal(f.body, &rows) != nil || !strings.Contains(f.name, "log") {
				continue
			}
			if json.Unmarshal(rows.Data, &page.Items) != nil && json.Unmarshal(rows.Data, &page) != nil {
				continue
			}
			for _, raw := range page.Items {
				var row struct {
					Type       int
					Quota      int64
					Prompt     int32  `json:"prompt_tokens"`
					Completion int32  `json:"completion_tokens"`
					Model      string `json:"model_name"`
					Request    string `json:"request_id"`
					Other      string
				}
				if json.Unmarshal(raw, &row) != nil || row.Type != kindConsume {
					continue
				}
				p, known := oneAPI[row.Model]
				cached := int32(0)
				if dialect == "new-api" {
					var other newAPIOther
					if err := json.Unmarshal([]byte(row.Other), &other); err != nil {
						t.Fatal(err)
					}
					p, known = prices{other.ModelRatio, other.CompletionRatio, other.CacheRatio}, true
					cached = other.CacheTokens
				}
				if !known {
					continue
				}
				checked[row.Request] = true
				if got := bill(p, row.Prompt, row.Completion, cached); got != row.Quota {
					t.Errorf("%s %s: %d for %d+%d tokens (%d cached) of %s, recorded %d",
						dialect, f.name, got, row.Prompt, row.Completion, cached, row.Model, row.Quota)
				}
			}
		}
		if len(checked) < 30 {
			t.Errorf("%s: only %d rows", dialect, len(checked))
		}
	}
}
