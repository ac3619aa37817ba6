package markdown

import "strings"

// highlighter colours code line by line: comments step back, strings and
// keywords are told apart. It takes time linear in the text whatever the text is
// (a regular expression lexer does not: docs/adr/0008-dependencies.md), and it
// goes on from line to line, so that code can be coloured while it is written.
type highlighter struct {
	g *grammar
	// until ends the comment or the string that a line left open.
	until   string
	comment bool
}

// grammar is what is known of a language.
type grammar struct {
	line     []string // what begins a comment to the end of the line
	block    [2]string
	strings  string // the quotes
	long     []string
	keywords map[string]bool
	diff     bool
	anyCase  bool
}

func words(s string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

var (
	cLike = &grammar{
		line: []string{"//"}, block: [2]string{"/*", "*/"}, strings: "\"'", long: []string{"`"},
		keywords: words(`abstract any as async await auto bool boolean break byte case catch chan char class const constexpr continue
			debugger def default defer delete do double else enum export extends extern false final finally float fn for foreach from
			func function go goto guard if impl implements import in include instanceof int interface internal is let lock long loop match map
			mod module move mut namespace new nil null nullptr number object operator out override package private protected
			public pub range readonly ref register return sealed select self short signed sizeof static string struct super
			switch synchronized template this throw throws trait true try type typedef typename typeof uint union unsafe
			unsigned use using val var virtual void volatile when where while yield echo error`),
	}
	pythonLike = &grammar{
		line: []string{"#"}, strings: "\"'", long: []string{`"""`, "'''"},
		keywords: words(`and as assert async await begin break case class continue def del do elif else elsif end ensure except
			False finally for from function global if import in is lambda let local match module nil None nonlocal not or pass raise
			require rescue return self super then True true false try undef unless until using when while with yield`),
	}
	shellLike = &grammar{
		line: []string{"#"}, strings: "\"'",
		keywords: words(`if then else elif fi for in do done while until case esac function return exit export local set unset
			echo cd source sudo FROM RUN COPY CMD ENTRYPOINT ENV WORKDIR ARG EXPOSE`),
	}
	sqlLike = &grammar{
		line: []string{"--"}, block: [2]string{"/*", "*/"}, strings: "\"'", anyCase: true,
		keywords: words(`select from where and or not in is null join left right inner outer on group by order having limit
			offset insert into values update set delete create table index view alter drop primary key foreign references unique
			default as distinct union all case when then else end with returning exists between like desc asc count sum avg min max`),
	}
	dataLike  = &grammar{line: []string{"#", ";"}, strings: "\"'", keywords: words("true false null yes no on off")}
	jsonLike  = &grammar{line: []string{"//"}, strings: "\"", keywords: words("true false null")}
	xmlLike   = &grammar{block: [2]string{"<!--", "-->"}, strings: "\""}
	cssLike   = &grammar{block: [2]string{"/*", "*/"}, strings: "\"'", keywords: words("important")}
	luaLike   = &grammar{line: []string{"--"}, strings: "\"'", keywords: pythonLike.keywords}
	diffLike  = &grammar{diff: true}
	plainText = &grammar{}
)

var grammars = map[string]*grammar{}

func init() {
	for g, names := range map[*grammar]string{
		cLike: `go golang c h cpp c++ cc cxx cs csharp java js javascript jsx mjs ts tsx typescript rust rs swift kotlin kt scala
			dart php groovy objc zig v vala proto protobuf solidity glsl hlsl jsonnet`,
		pythonLike: "python py python3 ruby rb julia jl nim elixir ex coffee gdscript r perl pl",
		shellLike:  "bash sh shell zsh fish console shell-session dockerfile docker makefile make cmake powershell ps1",
		sqlLike:    "sql mysql postgresql postgres sqlite plsql",
		dataLike:   "yaml yml toml ini conf cfg properties env nginx hcl tf terraform",
		jsonLike:   "json json5 jsonc ndjson",
		xmlLike:    "html xml svg xhtml vue svelte",
		cssLike:    "css scss less sass",
		luaLike:    "lua haskell hs elm ada vhdl",
		diffLike:   "diff patch",
	} {
		for n := range strings.FieldsSeq(names) {
			grammars[n] = g
		}
	}
}

func newHighlighter(lang string) *highlighter {
	if g := grammars[strings.ToLower(lang)]; g != nil {
		return &highlighter{g: g}
	}
	return &highlighter{g: plainText}
}

// line gives the pieces of a line to add, in order.
func (h *highlighter) line(s string, add func(tint, string)) {
	g := h.g
	if g.diff {
		add(diffTint(s), s)
		return
	}
	start := 0
	flush := func(to int) {
		if to > start {
			add(asIs, s[start:to])
		}
	}
	for i := 0; i < len(s); {
		if h.until != "" {
			i = h.inside(s, i, add)
			start = i
			continue
		}
		if t, n := h.opens(s, i); n > 0 {
			flush(i)
			if h.until == "" { // to the end of the line
				add(t, s[i:])
				return
			}
			add(t, s[i:i+n])
			i += n
			start = i
			continue
		}
		if n := word(s[i:]); n > 0 {
			w := s[i : i+n]
			if g.anyCase {
				w = strings.ToLower(w)
			}
			if g.keywords[w] {
				flush(i)
				add(accent, s[i:i+n])
				start = i + n
			}
			i += n
			continue
		}
		i++
	}
	flush(len(s))
	if len(h.until) == 1 && h.until != "`" {
		h.until = "" // a quote ends with its line at the latest
	}
}

// opens reports whether a comment or a string begins at i, and how long what
// opens it is.
func (h *highlighter) opens(s string, i int) (tint, int) {
	g := h.g
	for _, c := range g.line {
		if strings.HasPrefix(s[i:], c) && (c != "#" && c != ";" || i == 0 || s[i-1] == ' ' || s[i-1] == '\t') {
			return dim, len(c)
		}
	}
	if g.block[0] != "" && strings.HasPrefix(s[i:], g.block[0]) {
		h.until, h.comment = g.block[1], true
		return dim, len(g.block[0])
	}
	for _, q := range g.long {
		if strings.HasPrefix(s[i:], q) {
			h.until, h.comment = q, false
			return good, len(q)
		}
	}
	if strings.IndexByte(g.strings, s[i]) >= 0 && (s[i] != '\'' || i == 0 || word(s[i-1:i]) == 0) {
		h.until, h.comment = s[i:i+1], false
		return good, 1
	}
	return asIs, 0
}

// inside goes on with an open comment or string and returns where it ends.
func (h *highlighter) inside(s string, i int, add func(tint, string)) int {
	t := good
	if h.comment {
		t = dim
	}
	for j := i; j < len(s); j++ {
		if s[j] == '\\' && !h.comment && h.until != "`" {
			j++
			continue
		}
		if strings.HasPrefix(s[j:], h.until) {
			end := j + len(h.until)
			h.until = ""
			add(t, s[i:end])
			return end
		}
	}
	add(t, s[i:])
	return len(s)
}

// word is the length of the name that s begins with.
func word(s string) int {
	n := 0
	for n < len(s) {
		b := s[n]
		if b != '_' && (b < '0' || b > '9') && (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && b < 0x80 {
			break
		}
		n++
	}
	return n
}

func diffTint(s string) tint {
	switch {
	case strings.HasPrefix(s, "+++"), strings.HasPrefix(s, "---"), strings.HasPrefix(s, "@@"):
		return accent
	case strings.HasPrefix(s, "+"):
		return good
	case strings.HasPrefix(s, "-"):
		return bad
	}
	return asIs
}
