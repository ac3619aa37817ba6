package gateway

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// BenchmarkCalls decodes a page of 100 recorded rows.
func BenchmarkCalls(b *testing.B) {
	for _, c := range []struct{ name, dialect, file string }{
		{"one-api", OneAPI, "one-api/log-self-p0"},
		{"new-api", NewAPI, "new-api-rc21/log-self-p1-page_size100"},
		{"one-hub", OneHub, "one-hub/log-self-p1"},
	} {
		b.Run(c.name, func(b *testing.B) {
			body := hundredRows(b, c.file+".http")
			opt := withToken
			opt.Name, opt.URL, opt.Dialect = "bench", "http://gw.localhost", c.dialect
			opt.Transport = respond(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {jsonType}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
			})
			g, err := Open(opt)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				p, err := g.Calls(b.Context(), CallsQuery{})
				if err != nil || len(p.Calls) != 100 {
					b.Fatal(len(p.Calls), err)
				}
			}
		})
	}
}

// hundredRows is a recorded page whose rows of calls are repeated up to 100.
func hundredRows(tb testing.TB, file string) []byte {
	var page struct {
		Success bool `json:"success"`
		Data    any  `json:"data"`
	}
	if err := json.NewDecoder(recorded(tb, file, nil).Body).Decode(&page); err != nil {
		tb.Fatal(err)
	}
	repeat := func(rows any) (out []any) {
		for len(out) < 100 {
			for _, row := range rows.([]any) {
				if row.(map[string]any)["type"] == 2.0 && len(out) < 100 {
					out = append(out, row)
				}
			}
		}
		return out
	}
	if list, ok := page.Data.(map[string]any); ok {
		for _, name := range []string{"items", "data"} {
			if list[name] != nil {
				list[name] = repeat(list[name])
			}
		}
	} else {
		page.Data = repeat(page.Data)
	}
	body, err := json.Marshal(page)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}
