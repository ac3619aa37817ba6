package demo

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// recorded is when the recordings were made: their timestamps are held against
// a world of that time.
var recorded = time.Date(2026, 11, 20, 9, 33, 59, 0, time.UTC)

// staged is what has to be so before a recording is played.
type staged map[string]func(t *testing.T, s *Server, f *exchangeFile)

// differentCount lists the recordings whose lists have another length here,
// because there are more top-ups or fewer models, or because they were cut.
var differentCount = map[string]string{
	"new-api":  "055 059 083 088 125 129 167 168 170 171 173 206",
	"one-api":  "048 073 097 098 099 117 130 159 162",
	"opencatd": "046",

	"shell-api": "005 006 007 008",
	"veloera":   "080 088 104 105 123 127 137 138 166 168 171",
	"one-hub":   "046 077 118 120 129 130 157 158 160 161",
}

func TestContract(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect string
		keys    int // to be made, so that there are as many as there were
		staged  staged
	}{
		{"new-api", 10, staged{
			"051": beyond,
			"116": theTemporaryKey("24", "23"), "117": theTemporaryKey("24", "23"), "118": theTemporaryKey("24", "23"),
			"119": theTemporaryKey("24", "23"), "120": theTemporaryKey("24", "23"), "121": theTemporaryKey("24", "23"),
			"122": theTemporaryKey("24", "23"),
			"190": upstreamFails(500), "191": upstreamFails(429), "192": upstreamFails(400), "193": upstreamFails(500),
			"196": spent(`{"id":3,"name":"hackathon","remain_quota":436,"expired_time":-1,"allow_ips":""}`),
			"202": outOfMoney(222),
		}},
		{"one-api", 10, staged{
			"044": beyond,
			"109": theTemporaryKey("26", "25"), "110": theTemporaryKey("26", "25"), "111": theTemporaryKey("26", "25"),
			"112": theTemporaryKey("26", "25"), "113": theTemporaryKey("26", "25"), "114": theTemporaryKey("26", "25"),
			"115": theTemporaryKey("26", "25"),
			"181": upstreamFails(500), "182": upstreamFails(429), "183": upstreamFails(400), "184": upstreamFails(500),
			"187": spent(`{"id":5,"name":"nearly-out","remain_quota":-536,"expired_time":-1,"models":"","subnet":""}`),
			"193": outOfMoney(-4284),
		}},
		{"one-hub", 10, staged{
			"108": theTemporaryKey("26", "23"), "109": theTemporaryKey("26", "23"), "110": theTemporaryKey("26", "23"),
			"111": theTemporaryKey("26", "23"), "112": theTemporaryKey("26", "23"), "113": theTemporaryKey("26", "23"),
			"114": theTemporaryKey("26", "23"),
			"180": upstreamFails(500), "181": upstreamFails(429), "182": upstreamFails(400), "183": upstreamFails(500),
			"186": spent(`{"id":3,"name":"nearly-out","remain_quota":-455,"expired_time":-1,"group":"default","setting":{"heartbeat":{"timeout_seconds":30}}}`),
			"192": outOfMoney(-11360),
		}},
		{"veloera", 10, staged{
			"051": beyond,
			"188": upstreamFails(500), "189": upstreamFails(429), "190": upstreamFails(400), "191": upstreamFails(500),
			"194": spent(`{"id":3,"name":"nearly-out","remain_quota":447,"expired_time":-1,"allow_ips":""}`),
			"200": outOfMoney(222),
		}},
		{"shell-api", 0, nil},
		{"v-api", 0, nil},
		{"aihubmix", 0, nil},
		{"opencatd", 0, staged{
			"012": carol, "023": everybodyChats, "053": upstreamFails(429), "054": upstreamFails(500),
		}},
	} {
		t.Run(c.dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(recorded))
				files := recordings(t, c.dialect)
				root := newSchema()
				root.name = c.dialect
				for _, f := range files {
					if v, err := parse(f.body); err == nil {
						newSchema().learn(v, root)
					}
				}
				s := &Server{Dialect: c.dialect, Rate: 0.3, Fresh: c.dialect == "opencatd"}
				admin := &Server{Dialect: c.dialect, Rate: 0.3, Admin: true}
				for i := range c.keys {
					do(t, s, "POST", "/api/token/", fmt.Sprintf(`{"name":"svc-%02d","models":"","remain_quota":1000}`, i+1))
				}
				for _, f := range files {
					if strings.Contains(f.name, "rate-limited") {
						continue // TestLimits
					}
					if stage := c.staged[f.number()]; stage != nil {
						stage(t, s, f)
					}
					to := s
					if f.administrators() {
						to = admin
					}
					resp, body := f.play(t, to)
					compareHeads(t, f, resp)
					counts := !strings.Contains(differentCount[c.dialect], f.number())
					compareBodies(t, f, resp, body, root, counts)
				}
			})
		})
	}
}

var requestID = regexp.MustCompile(`^\d{28,39}$|^\d{21,23}[0-9A-Za-z]{8}$|^\d{23}[0-9a-f]{8}[0-9A-Za-z]{8}$`)

func compareHeads(t *testing.T, f *exchangeFile, resp *http.Response) {
	t.Helper()
	if resp.StatusCode != f.status {
		t.Errorf("%s: status %d, recorded %d", f.name, resp.StatusCode, f.status)
	}
	free := map[string]bool{"Content-Length": true, "Transfer-Encoding": true, "Date": true, "X-Oneapi-Request-Id": true, "X-Request-Id": true}
	for name := range resp.Header {
		if f.response[name] == nil && !free[name] {
			t.Errorf("%s: header %s: %q was not recorded", f.name, name, resp.Header[name])
		}
	}
	for name, want := range f.response {
		got := resp.Header[name]
		switch {
		case name == "Content-Length" || name == "Transfer-Encoding":
		case got == nil:
			t.Errorf("%s: no header %s", f.name, name)
		case !free[name] && !reflect.DeepEqual(got, want):
			t.Errorf("%s: header %s: %q, recorded %q", f.name, name, got, want)
		}
	}
	if id := resp.Header.Get("X-Oneapi-Request-Id"); id != "" && !requestID.MatchString(id) {
		t.Errorf("%s: request id %s", f.name, id)
	}
	if _, err := http.ParseTime(resp.Header.Get("Date")); err != nil {
		t.Errorf("%s: Date: %v", f.name, err)
	}
}

func compareBodies(t *testing.T, f *exchangeFile, resp *http.Response, body []byte, root *schema, counts bool) {
	t.Helper()
	want := f.body
	if resp.Header.Get("Content-Encoding") == "gzip" {
		want, body = unzip(t, want), unzip(t, body)
	}
	recordedJSON, err := parse(want)
	switch {
	case bytes.Contains(want, []byte("data: [DONE]")):
		compareStreams(t, f, want, body)
		return
	case err != nil: // not JSON
		if (len(want) == 0) != (len(body) == 0) {
			t.Errorf("%s: body %q, recorded %q", f.name, body, want)
		}
		if f.status == http.StatusMovedPermanently && !bytes.Equal(body, want) {
			t.Errorf("%s: body %q, recorded %q", f.name, body, want)
		}
		return
	}
	got, err := parse(body)
	if err != nil {
		t.Errorf("%s: %v in %.200s", f.name, err, body)
		return
	}
	known := newSchema()
	known.learn(recordedJSON, newSchema())
	for _, d := range known.check(got, "", root) {
		t.Errorf("%s: %s", f.name, d)
	}
	if a, b := refusal(got), refusal(recordedJSON); a != b {
		t.Errorf("%s: says %q, recorded %q", f.name, a, b)
	}
	if counts {
		comparePages(t, f, got, recordedJSON)
	}
	if list(recordedJSON) == nil && !written[root.name] && !strings.Contains(otherValues[root.name], f.number()) {
		compareValues(t, f, "", got, recordedJSON)
	}
	if strings.Contains(f.name, "token-put") || strings.Contains(f.name, "token-after") || strings.Contains(f.name, "token-get-ex") {
		for _, name := range []string{"status", "expired_time", "remain_quota", "unlimited_quota"} {
			a, b := field(got, "data", name), field(recordedJSON, "data", name)
			used := strings.Contains(f.name, "ex") && name != "status" // what it has left differs
			if !used && !reflect.DeepEqual(a, b) {
				t.Errorf("%s: %s is %v, recorded %v", f.name, name, a, b)
			}
		}
	}
}

// written are the dialects whose fixtures were written from documents: their
// values are examples.
var written = map[string]bool{"shell-api": true, "v-api": true, "aihubmix": true}

// otherValues lists the recordings with another nothing or something: they were
// made when nobody called, and one-api's unlimited key had a used_quota that was
// put there by hand.
var otherValues = map[string]string{
	"new-api": "071 072 073 074 075 076 077 078 156 163 164",
	"one-api": "067 100 137",
	"one-hub": "066 078 118",
	"veloera": "071 075 161 162",
}

// compareValues holds single values against the recorded ones: they are true or
// false alike, and nothing, something or less than nothing alike.
func compareValues(t *testing.T, f *exchangeFile, path string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		for name, w := range want {
			if g, ok := field(got, name), want[name] != nil; ok && g != nil {
				compareValues(t, f, path+"."+name, g, w)
			}
		}
	case bool:
		if got != want {
			t.Errorf("%s: %s is %v, recorded %v", f.name, path, got, want)
		}
	case string:
		if got, ok := got.(string); ok && (got == "") != (want == "") {
			t.Errorf("%s: %s is %q, recorded %q", f.name, path, got, want)
		}
	case json.Number:
		if got, ok := got.(json.Number); ok && sign(got) != sign(want) {
			t.Errorf("%s: %s is %v, recorded %v", f.name, path, got, want)
		}
	}
}

func sign(n json.Number) int {
	f, _ := n.Float64()
	return cmp.Compare(f, 0)
}

// comparePages holds a list's length against the recorded one, and what is said
// about the page: its number, its size, the ranks on it.
func comparePages(t *testing.T, f *exchangeFile, got, want any) {
	t.Helper()
	for _, name := range []string{"page", "page_size", "size"} {
		if a, b := field(got, "data", name), field(want, "data", name); a != b && f.number() != "051" {
			t.Errorf("%s: %s is %v, recorded %v", f.name, name, a, b)
		}
	}
	a, b := list(got), list(want)
	if len(a) != len(b) {
		t.Errorf("%s: %d items, recorded %d", f.name, len(a), len(b))
		return
	}
	for i := range a {
		if x, y := field(a[i], "id"), field(b[i], "id"); f.ranks() && rowType(a[i]) != "" && x != y {
			t.Errorf("%s: row %d has id %v, recorded %v", f.name, i, x, y)
		}
	}
}

func list(v any) []any {
	if items, ok := v.([]any); ok {
		return items
	}
	if items, ok := field(v, "data", "items").([]any); ok {
		return items
	}
	if items, ok := field(v, "data", "data").([]any); ok {
		return items
	}
	items, _ := field(v, "data").([]any)
	return items
}

func field(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

var (
	anyRequest = regexp.MustCompile(`request id: \w+`)
	anyAmount  = regexp.MustCompile(`\d+\.\d+`)
)

// refusal is what an answer says that is a refusal.
func refusal(v any) string {
	text, _ := field(v, "error", "message").(string)
	if plain, ok := field(v, "error").(string); ok {
		text = plain
	}
	if field(v, "success") == false {
		text, _ = field(v, "message").(string)
	}
	return anyAmount.ReplaceAllString(anyRequest.ReplaceAllString(text, ""), "N")
}

// compareStreams holds the course of a stream against the recorded one, and
// every event against the recorded one of its sort.
func compareStreams(t *testing.T, f *exchangeFile, want, got []byte) {
	t.Helper()
	course := func(raw []byte) (sorts []string, events map[string][]any) {
		events = map[string][]any{}
		for line := range strings.Lines(string(raw)) {
			text, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
			if !ok {
				continue
			}
			sort := text
			if v, err := parse([]byte(text)); err == nil {
				sort = eventSort(v)
				events[sort] = append(events[sort], v)
			}
			if len(sorts) == 0 || sorts[len(sorts)-1] != sort {
				sorts = append(sorts, sort)
			}
		}
		return sorts, events
	}
	wantSorts, wantEvents := course(want)
	gotSorts, gotEvents := course(got)
	if !reflect.DeepEqual(gotSorts, wantSorts) {
		t.Errorf("%s: stream %v, recorded %v", f.name, gotSorts, wantSorts)
	}
	for sort, events := range gotEvents {
		known := newSchema()
		for _, e := range wantEvents[sort] {
			known.learn(e, known)
		}
		for _, e := range events {
			for _, d := range known.check(e, sort, known) {
				t.Errorf("%s: %s", f.name, d)
			}
		}
	}
}

func eventSort(v any) string {
	choices, _ := field(v, "choices").([]any)
	if len(choices) == 0 {
		return "usage"
	}
	delta := field(choices[0], "delta")
	switch {
	case field(choices[0], "finish_reason") != nil:
		return "finish"
	case field(delta, "role") != nil:
		return "role"
	case field(delta, "reasoning_content") != nil:
		return "reasoning"
	}
	return "content"
}
