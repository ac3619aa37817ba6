package demo

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// schema is what JSON values looked like: learned from recordings, it is held
// against the server's answers. Rows of a log are told apart by their type.
type schema struct {
	name   string // of the dialect, in the root
	kinds  map[string]bool
	fields map[string]*schema
	seen   int            // objects
	times  map[string]int // in how many of them a field was
	items  *schema
	rows   map[string]*schema
}

func newSchema() *schema {
	return &schema{
		kinds: map[string]bool{}, fields: map[string]*schema{}, times: map[string]int{}, rows: map[string]*schema{},
	}
}

// kind gives a value's type, and the value to go on with: a string that holds a
// JSON object counts as that object.
func kind(v any) (string, any) {
	switch v := v.(type) {
	case nil:
		return "null", v
	case bool:
		return "bool", v
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "float", v
		}
		return "int", v
	case string:
		if strings.HasPrefix(v, "{") {
			if inner, err := parse([]byte(v)); err == nil {
				return "document", inner
			}
		}
		return "string", v
	case []any:
		return "array", v
	case map[string]any:
		return "object", v
	}
	panic(fmt.Sprintf("no JSON value: %T", v))
}

func parse(raw []byte) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

// rowType gives the type of a log row, "" for anything else.
func rowType(v any) string {
	row, _ := v.(map[string]any)
	n, ok := row["type"].(json.Number)
	if _, created := row["created_at"]; !ok || !created {
		return ""
	}
	return n.String()
}

// learn adds a value to what is known. Rows are learned together wherever they
// are: in their root's rows.
func (s *schema) learn(v any, root *schema) {
	if t := rowType(v); t != "" {
		row := root.rows[t]
		if row == nil {
			row = newSchema()
			root.rows[t] = row
		}
		row.learnPlain(v, root)
		return
	}
	s.learnPlain(v, root)
}

func (s *schema) learnPlain(v any, root *schema) {
	k, v := kind(v)
	s.kinds[k] = true
	switch v := v.(type) {
	case []any:
		if s.items == nil {
			s.items = newSchema()
		}
		for _, e := range v {
			s.items.learn(e, root)
		}
	case map[string]any:
		s.seen++
		for name, e := range v {
			if s.fields[name] == nil {
				s.fields[name] = newSchema()
			}
			s.times[name]++
			s.fields[name].learn(e, root)
		}
	}
}

// wasWhole are the fields that were whole numbers by chance: no balances, no
// calls, no discount on what was cached, default prices.
var wasWhole = regexp.MustCompile(`\.(balance|cached_tokens_ratio|usageRpmRate|price\.input|price\.output|other\.model_ratio)$`)

// check gives the differences of a value from what is known. Nothing is known
// of what was only ever null, of the items of empty arrays, and of rows whose
// type was never seen.
func (s *schema) check(v any, path string, root *schema) (differences []string) {
	if t := rowType(v); t != "" {
		if s = root.rows[t]; s == nil {
			return nil
		}
		path += "(type " + t + ")"
	}
	k, v := kind(v)
	onlyNull := len(s.kinds) == 1 && s.kinds["null"]
	switch {
	case len(s.kinds) == 0 || onlyNull || s.kinds[k]:
	case k == "int" && s.kinds["float"]:
	case k == "float" && s.kinds["int"] && wasWhole.MatchString(path):
	case k == "document" && strings.HasSuffix(path, ".other_info"): // nothing had been switched off
		return nil
	case k == "null" && s.kinds["array"]: // an empty list is either
	default:
		return []string{fmt.Sprintf("%s is %s, recorded: %v", path, k, slices.Sorted(maps.Keys(s.kinds)))}
	}
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			if s.items != nil {
				differences = append(differences, s.items.check(e, fmt.Sprintf("%s[%d]", path, i), root)...)
			}
		}
	case map[string]any:
		if s.seen == 0 {
			return nil
		}
		for name, e := range v {
			if strings.HasSuffix(path, ".type_counts") {
				break // its names are what is counted
			}
			if name == "extra_ratios" {
				continue // of one-hub's prices: nothing had one
			}
			if f := s.fields[name]; f != nil {
				differences = append(differences, f.check(e, path+"."+name, root)...)
			} else {
				differences = append(differences, path+"."+name+" was never recorded")
			}
		}
		for name, n := range s.times {
			if _, ok := v[name]; !ok && n == s.seen {
				differences = append(differences, path+"."+name+" is missing")
			}
		}
	}
	return differences
}
