package demo

import (
	"embed"
	"hash/fnv"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The replies are Markdown of our own, one per file: the first minute with the
// program should show what its chat can draw. "{model}" in one stands for the
// model's name. What a file's name has before a "-" is its topic.
//
//go:embed replies/*.md
var replyFiles embed.FS

// topic is what a question can be about.
type topic struct {
	name    string
	about   string // as the openings name it
	words   string // of questions
	thought string // what a reasoning model thinks first
	replies []string
}

// topics lists them. Where a question has as many words of two of them, the
// first wins: a greeting comes late, since "hello" stands before many a question.
// The last is for all other questions.
var topics = sync.OnceValue(func() []topic {
	list := []topic{
		{
			name: "long", about: "the way of an answer", words: "long longer detail details essay story everything stream streaming",
			thought: "Something long is wanted. The way of an answer through a gateway has five stations, so five sections it is, with a table near the end.",
		},
		{
			name: "table", about: "one-api and new-api", words: "table compare compared comparison versus vs difference differ one-api new-api",
			thought: "Two gateways side by side: that is a table. One row for each thing that somebody who watches an account will notice.",
		},
		{
			name: "prices", about: "prices", words: "price prices pricing cost costs cheap cheaper cheapest expensive dollar dollars",
			thought: "A question of money. I know the list of this gateway, so I can put the prices next to each other.",
		},
		{
			name: "code", about: "locking a map in Go", words: "code go golang map maps mutex lock locks locking goroutine goroutines race sync function",
			thought: "A map and several goroutines: that needs a lock. I will show something whole that compiles, and say what to watch.",
		},
		{
			name: "list", about: "sharing a gateway", words: "list lists step steps checklist team share",
			thought: "The order matters here, so a numbered list. Keys first, then limits, then something that rings when both have failed.",
		},
		{
			name: "quota", about: "quota", words: "quota quotas ratio ratios token tokens unit units balance bill billed",
			thought: "The unit must be explained before the formula, and an example with real ratios will say more than both.",
		},
		{
			name: "terminal", about: "terminals", words: "terminal terminals tmux ssh colour colours color colors emoji width",
			thought: "Width, colour, ssh, tmux: those four cause nearly all the trouble. One line for each of them.",
		},
		{
			name: "hello", words: "hello hi hey welcome greetings",
			thought: "A greeting. I should say who is speaking, and that nobody was asked, before I suggest a question.",
		},
		{name: "zh", thought: "用户用中文提问，我也用中文回答。先说明这是演示网关，再说几句有用的。"},
		{name: "ja", thought: "日本語の質問なので、日本語で答えます。まずデモであることを伝えます。"},
		{thought: "Nothing was written down about this. Better to say so than to guess, and to offer something that is true."},
	}
	files, err := replyFiles.ReadDir("replies")
	if err != nil {
		panic(err) // they are embedded
	}
	for _, f := range files {
		raw, err := replyFiles.ReadFile(path.Join("replies", f.Name()))
		if err != nil {
			panic(err)
		}
		// Where git writes CRLF into a working tree, that is embedded.
		text := strings.TrimSpace(strings.ReplaceAll(string(raw), "\r\n", "\n"))
		name, _, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".md"), "-")
		for i, t := range list {
			general := t.name == "" && (name == "list" || name == "quota" || name == "terminal")
			if t.name == name || general {
				list[i].replies = append(t.replies, text)
			}
		}
	}
	return list
})

// The openings keep models apart that give the same reply: one for each model of
// the catalogue. They claim no more than they can hold, since a question with the
// word "code" can be about anything.
var openings = []string{
	"This is what I was given about {about}.",
	"The demo gateway has a note about {about}.",
	"Let me tell you something about {about}.",
	"No model was asked, but I know this about {about}.",
	"Gladly. This is about {about}.",
	"Here is what the demo gateway knows about {about}.",
	"What the demo gateway has is about {about}.",
	"From the demo gateway's notes about {about}.",
}

// honest opens a reply to a question that it does not answer.
const honest = "No model was asked: this is the demo gateway that is built into gatewatch, and `{model}` is only a name here. " +
	"It cannot answer that, but here is something it does know.\n\n"

// reply is what the model with that index says to a question, and what it thinks
// before. The same question gets the same reply; another model says it
// differently, or says something else on the same topic.
func (m *llm) reply(index int, question string) (thought, text string) {
	t := topicOf(question)
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(strings.TrimSpace(question)))) // never fails
	text = t.replies[(int(h.Sum32()>>1)+index)%len(t.replies)]
	switch {
	case t.name == "":
		text = honest + text
	case t.about != "":
		text = strings.ReplaceAll(openings[index%len(openings)], "{about}", t.about) + " " + text
	}
	// Some models end with a blank, and clients must hand it on.
	return t.thought, strings.ReplaceAll(text, "{model}", m.name) + " "
}

// topicOf finds what a question is about: its language if that is Chinese or
// Japanese, else the topic with the most words in it.
func topicOf(question string) topic {
	// Of a long paste only the ends are read: a question stands before it or after
	// it, and nobody else is served meanwhile.
	const end = 2000 // bytes
	if len(question) > 2*end {
		question = question[:end] + "\n" + question[len(question)-end:]
	}
	list := topics()
	letters, han, kana := 0, 0, 0
	for _, r := range question {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			kana++
		}
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if 4*(han+kana) > letters { // a name or a quotation is not enough
		language := "zh"
		if kana > 0 {
			language = "ja"
		}
		return list[slices.IndexFunc(list, func(t topic) bool { return t.name == language })]
	}
	topicsOf := map[string][]int{}
	for i, t := range list {
		for word := range strings.FieldsSeq(t.words) {
			topicsOf[word] = append(topicsOf[word], i)
		}
	}
	hits := make([]int, len(list))
	for word := range strings.FieldsFuncSeq(strings.ToLower(question), func(r rune) bool { return r != '-' && !unicode.IsLetter(r) }) {
		for _, i := range topicsOf[word] {
			hits[i]++
		}
	}
	best, most := len(list)-1, 0
	for i, n := range hits {
		if n > most {
			best, most = i, n
		}
	}
	return list[best]
}

// longestPiece is about how long a token can be, in letters.
const longestPiece = 7

// tokenize cuts a text into tokens as models do, roughly: a short word or a part of
// a longer one with the blank before it, a run of one sign, a line break with
// what indents the next line, or one letter beyond ASCII.
func tokenize(text string) (list []string) {
	for len(text) > 0 {
		n := pieceLen(text)
		list, text = append(list, text[:n]), text[n:]
	}
	return list
}

func pieceLen(s string) int {
	blank := len(s) - len(strings.TrimLeft(s, " \t\n"))
	if blank == len(s) || strings.Contains(s[:blank], "\n") {
		return blank
	}
	s = s[blank:]
	if first, size := utf8.DecodeRuneInString(s); first >= utf8.RuneSelf {
		return blank + size
	}
	run := 1
	for run < len(s) && (s[run] == s[0] || wordByte(s[run]) && wordByte(s[0])) {
		run++
	}
	parts := (run + longestPiece - 1) / longestPiece
	return blank + (run+parts-1)/parts // of about the same length
}

func wordByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}
