package demo

import (
	"encoding/json"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)\n```")

// sound checks that a reply is whole Markdown: its fences are closed, its Go is
// formatted as gofmt does and its tables have as many cells in every row.
func sound(t *testing.T, text string) {
	t.Helper()
	fenced, cells := false, 0
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		n := strings.Count(line, "|")
		switch {
		case fenced || !strings.HasPrefix(line, "|"):
			cells = 0
			if !fenced && (strings.Count(line, "`")%2 != 0 || strings.Count(line, "**")%2 != 0) {
				t.Errorf("something is left open in %q", line)
			}
		case cells != 0 && n != cells:
			t.Errorf("%d bars in %q, not %d", n, line, cells)
		default:
			cells = n
		}
	}
	if fenced {
		t.Errorf("a fence is left open in %q", text)
	}
	for _, block := range goBlock.FindAllStringSubmatch(text, -1) {
		src := "package p\n\n" + block[1] + "\n"
		if _, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution); err != nil {
			t.Error(err)
		}
		if formatted, err := format.Source([]byte(src)); err != nil || string(formatted) != src {
			t.Errorf("not formatted (%v): %s", err, src)
		}
	}
}

func TestRepliesAreSound(t *testing.T) {
	n := 0
	for _, topic := range topics() {
		if len(topic.replies) == 0 || topic.thought == "" {
			t.Errorf("nothing about %q", topic.name)
		}
		for _, text := range topic.replies {
			sound(t, text)
			if topic.name != "" {
				n++
			}
			most := 280
			if topic.name == "long" {
				most = 1000
			}
			if tokens := len(tokenize(text)); tokens < 60 || tokens > most {
				t.Errorf("%q: %d tokens", topic.name, tokens)
			}
			// Openings stand in the same paragraph.
			if first, _ := utf8.DecodeRuneInString(text); strings.ContainsRune("|#>`-", first) {
				t.Errorf("%q begins with %q", topic.name, first)
			}
		}
	}
	if files, err := replyFiles.ReadDir("replies"); err != nil || len(files) != n {
		t.Errorf("%d files, %d replies, %v", len(files), n, err)
	}
}

// The prices that are told are those that are billed.
func TestRepliesKnowThePrices(t *testing.T) {
	_, text := catalogue()[0].reply(0, "prices")
	for _, m := range catalogue() {
		dollars := 1e6 * m.ratio / quotaPerUnit
		row := fmt.Sprintf("\n| `%s` | %.2f | %.2f |\n", m.name, dollars, dollars*m.completionRatio)
		if !m.embeds && !strings.Contains(text, row) {
			t.Errorf("%q is missing", row)
		}
	}
}

func TestTopics(t *testing.T) {
	for question, want := range map[string]string{
		"How do I lock a map in Go?":              "code",
		"hello, how do I LOCK a map?":             "code",
		"show me some code":                       "code",
		"compare one-api and new-api in a table":  "table",
		"new-api vs one-api":                      "table",
		"how much does it cost?":                  "prices",
		"a list of steps, please":                 "list",
		"What is quota_per_unit?":                 "quota",
		"why is 你 two cells wide in my terminal?": "terminal",
		"tell me something long":                  "long",
		"hello":                                   "hello",
		"Hi!":                                     "hello",
		"你好":                                      "zh",
		"怎么给 map 加锁？":                             "zh",
		"説明してください":                                "ja",
		"マップのロック":                                 "ja",
		"What does this log say about my quota? " + strings.Repeat("x ", 10_000): "quota",
		strings.Repeat("x ", 10_000) + "哪里错了？":                                   "",
		strings.Repeat("x ", 10_000) + "\nWhat about my quota?":                  "quota",
		"":                               "",
		"What is the capital of France?": "",
		"안녕하세요":                          "",
		strings.Repeat("\xff", 100) + "\x00\u202e👩‍💻": "",
	} {
		if got := topicOf(question).name; got != want {
			t.Errorf("%q is about %q, not %q", question, got, want)
		}
	}
}

// The same question gets the same reply from a model, and another from each
// other model.
func TestModelsDiffer(t *testing.T) {
	for _, question := range []string{
		"How do I lock a map in Go?", "compare", "prices", "list", "quota", "terminal", "long", "hello", "你好", "こんにちは", "anything", "",
	} {
		said := map[string]string{}
		for i, m := range catalogue() {
			thought, text := m.reply(i, question)
			if again, same := m.reply(i, " "+strings.ToUpper(question)+"\n"); again != thought || same != text {
				t.Errorf("%q: %q and then %q", question, text, same)
			}
			if said[text] != "" {
				t.Errorf("%q: %s says what %s says: %q", question, m.name, said[text], text)
			}
			if strings.ContainsAny(text, "{}") && !strings.Contains(text, "```") {
				t.Errorf("%q: %q", question, text)
			}
			said[text] = m.name
			sound(t, text)
		}
	}
	firsts := map[string]bool{}
	for i := range 40 {
		_, text := catalogue()[0].reply(0, fmt.Sprint("question ", i))
		firsts[text] = true
	}
	if len(firsts) != 3 {
		t.Errorf("%d different replies to questions about something else", len(firsts))
	}
}

func TestTokenize(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		"How do I":                     {"How", " do", " I"},
		"synchronisation, language":    {"synch", "ronis", "ation", ",", " lang", "uage"},
		"```go\nfunc f() {\n\t\tx++\n": {"```", "go", "\n", "func", " f", "(", ")", " {", "\n\t\t", "x", "++", "\n"},
		"你好 x ":                        {"你", "好", " x", " "},
		"\xff\xc3":                     {"\xff", "\xc3"},
	} {
		if got := tokenize(text); !slices.Equal(got, want) || strings.Join(got, "") != text {
			t.Errorf("%q is cut into %q", text, got)
		}
	}
}

// ask sends a question and gives the text that was streamed, its last reason and
// the tokens that were billed.
func ask(t *testing.T, s *Server, body string) (said, reason string, prompt, tokens int64) {
	t.Helper()
	resp, err := s.RoundTrip(request(t, s, "POST", "/v1/chat/completions", body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%d %v %.300s", resp.StatusCode, err, raw)
	}
	pieces, usage := int64(0), int64(-1)
	for line := range strings.SplitSeq(string(raw), "\n") {
		var event struct {
			Choices []struct {
				Delta struct {
					Content   string
					Reasoning string `json:"reasoning_content"`
				}
				Reason string `json:"finish_reason"`
			}
			Usage *struct {
				Completion int64 `json:"completion_tokens"`
			}
		}
		payload, ok := strings.CutPrefix(line, "data: ")
		if !ok || payload == "[DONE]" {
			continue
		}
		if err := json.Unmarshal([]byte(payload), &event); err != nil {
			t.Fatal(err)
		}
		if event.Usage != nil {
			usage = event.Usage.Completion
		}
		for _, c := range event.Choices {
			if c.Delta.Content+c.Delta.Reasoning != "" {
				pieces++
			}
			said, reason = said+c.Delta.Content, c.Reason
		}
	}
	row := rowOf(t, s, resp.Header.Get("X-Oneapi-Request-Id"))
	if billed := whole(t, field(row, "completion_tokens")); pieces != usage || billed != usage {
		t.Errorf("%d tokens came, usage says %d, the log %d", pieces, usage, billed)
	}
	return said, reason, whole(t, field(row, "prompt_tokens")), usage
}

// askFor is the body of a request with one question.
func askFor(model, question, more string) string {
	raw, _ := json.Marshal(question)
	return fmt.Sprintf(`{"model":%q,"stream":true,"stream_options":{"include_usage":true}%s,"messages":[{"role":"system","content":"be brief"},{"role":"user","content":%s}]}`, model, more, raw)
}

// What is streamed is the reply to the last question, whole unless max_tokens
// cuts it.
func TestRepliesAreStreamed(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		for i, m := range catalogue() {
			if m.name != "gpt-4o" && !m.reasons {
				continue // one of either kind will do
			}
			const question = "How do I lock a map in Go?"
			_, want := m.reply(i, question)
			said, reason, _, all := ask(t, s, askFor(m.name, question, ""))
			if said != want || reason != "stop" || !goBlock.MatchString(said) {
				t.Errorf("%s says %q, %q", m.name, said, reason)
			}
			for _, limit := range []int64{60, all - 1, all, all + 1} {
				said, reason, _, n := ask(t, s, askFor(m.name, question, fmt.Sprintf(`,"max_tokens":%d`, limit)))
				short := map[bool]string{true: "length", false: "stop"}[limit < all]
				if n != min(limit, all) || reason != short || !strings.HasPrefix(want, said) || (said == want) != (limit >= all) {
					t.Errorf("%s: %d of %d tokens, %q, %q", m.name, n, all, reason, said)
				}
			}
		}
	})
}

// The last thing that a person said is the question, whatever is around it.
func TestQuestion(t *testing.T) {
	for messages, want := range map[string]struct {
		question string
		tokens   int32
	}{
		`[]`:                               {"", 3},
		`[null]`:                           {"", 7},
		`[{"role":"user","content":null}]`: {"", 7},
		`[{"role":"user","content":7}]`:    {"", 7},
		`[{"role":"user","content":[7]}]`:  {"", 7},
		`[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"abcd"}]`: {"abcd", 16},
		`[{"role":"user","content":"你好"},{"role":"assistant","content":"b"}]`:                                 {"你好", 13},
		`[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,` +
			strings.Repeat("A", 10000) + `"}},{"type":"text","text":"b"}]}]`: {"a\nb", 7 + 1 + pictureTokens},
	} {
		var q chatRequest
		if err := json.Unmarshal([]byte(`{"messages":`+messages+`}`), &q); err != nil {
			t.Errorf("%.80s: %v", messages, err)
		}
		if got, n := q.question(), q.promptTokens(); got != want.question || n != want.tokens {
			t.Errorf("%.80s: %q, %d tokens", messages, got, n)
		}
	}
}

// A paste of two megabytes is answered, and paid for.
func TestLongPrompt(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		paste := strings.Repeat("a line of a log, and nothing more\n", 2<<20/34)
		said, reason, prompt, _ := ask(t, s, askFor("gpt-4o-mini", paste+"Hello!", `,"max_tokens":500`))
		if said == "" || reason != "stop" {
			t.Errorf("%q, %q", said, reason)
		}
		if prompt < 500_000 {
			t.Errorf("%d tokens of prompt were billed", prompt)
		}
	})
}
