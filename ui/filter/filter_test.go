package filter

import "testing"

func TestFilter(t *testing.T) {
	row := []Field{{"model", "gpt-4o-mini"}, {"key", "CI-Bot 中文"}, {"status", "error"}}
	names := []string{"model", "key", "status"}
	for s, want := range map[string]bool{
		"": true, "  ": true, "gpt": true, "GPT": true, "gpt bot": true, "gpt laptop": false, "!gpt": false, "!laptop": true,
		"model:gpt": true, "model:bot": false, "key:bot": true, "KEY:中文": true, "!key:bot": false, "!key:laptop": true,
		"model:": true, "!": true, "colour:red": false, "http://x": false, "mini !status:ok": true,
	} {
		f := Parse(s, names)
		if got := f.Match(row...); got != want {
			t.Errorf("%q matches: %v, want %v", s, got, want)
		}
	}
	if f := Parse(" a b ", nil); f.String() != "a b" || f.Empty() || !Parse("", nil).Empty() {
		t.Errorf("%+v", f)
	}
}

func TestExact(t *testing.T) {
	row := func(user string) []Field { return []Field{{"user", user}, {"model", "o3"}} }
	for _, c := range []struct {
		filter, user string
		want         bool
	}{
		{Exact("user", "bob"), "bob", true},
		{Exact("user", "bob"), "bobby", false},
		{Exact("user", "Ann Lee"), "ann lee", true},
		{Exact("user", "Ann Lee"), "ann leech", false},
		{Exact("user", `a "b" c`), `a "b" c`, true},
		{Exact("user", ""), "", true},
		{Exact("user", ""), "bob", false},
		{Exact("user", "bob") + " " + Exact("model", "o3"), "bob", true},
		{Exact("user", "bob") + " " + Exact("model", "o3-mini"), "bob", false},
	} {
		if got := Parse(c.filter, []string{"user", "model"}).Match(row(c.user)...); got != c.want {
			t.Errorf("%s on %q: %v", c.filter, c.user, got)
		}
	}
}
