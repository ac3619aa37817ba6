package headless

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"gatewatch/model"
	"gatewatch/ui/text"
)

// DoctorVersion is the version of the doctor's JSON. Fields may be added, never
// renamed.
const DoctorVersion = 1

// DoctorReport is what "gatewatch doctor" found.
type DoctorReport struct {
	Version  int               `json:"version"`
	Gateways []model.Diagnosis `json:"gateways"`
	Terminal model.Diagnosis   `json:"terminal"`
}

// DoctorJSON writes the report as one object.
func DoctorJSON(w io.Writer, r DoctorReport) error {
	r.Version = DoctorVersion
	gateways := r.Gateways
	r.Gateways = make([]model.Diagnosis, len(gateways)) // null is no list
	for i, d := range gateways {
		r.Gateways[i] = cleaned(d)
	}
	r.Terminal = cleaned(r.Terminal)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// cleaned is d fit for a terminal and complete. JSON escapes C0 control
// characters, but not C1 and bidi ones.
func cleaned(d model.Diagnosis) model.Diagnosis {
	findings := make([]model.Finding, len(d.Findings))
	for i, f := range d.Findings {
		f.What, f.Says, f.Advice, f.Request = text.Clean(f.What), text.Clean(f.Says), text.Clean(f.Advice), text.Clean(f.Request)
		switch {
		case f.TookMS == 0:
			f.TookMS = f.Took.Milliseconds()
		case f.Took == 0:
			f.Took = time.Duration(f.TookMS) * time.Millisecond
		}
		findings[i] = f
	}
	return model.Diagnosis{Name: text.Clean(d.Name), URL: text.Clean(d.URL), Findings: findings}
}

// The layout of the doctor's lines.
const (
	maxWhat  = 24  // cells of the column that says what was looked at
	leastSay = 24  // cells that are worth breaking a line for
	maxSay   = 100 // cells that are comfortable to read
)

// DoctorText writes the report for a person: a line for each finding, its mark
// first, and below it the advice. Lines break at cols cells, and not at all when
// cols is 0. Only with colour are there escape sequences.
func DoctorText(w io.Writer, r DoctorReport, cols int, colour bool) error {
	all := append(slices.Clone(r.Gateways), r.Terminal)
	what := 0
	for i, d := range all {
		all[i] = cleaned(d)
		for _, f := range all[i].Findings {
			what = max(what, text.Width(f.What))
		}
	}
	p := doctorPage{what: min(what, maxWhat), colour: colour}
	if cols > 0 {
		p.say = min(max(cols-p.indent(), leastSay), maxSay)
	}
	for i, d := range all {
		if i > 0 {
			p.WriteByte('\n')
		}
		p.diagnosis(d)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// doctorPage is the text as it grows.
type doctorPage struct {
	strings.Builder
	what   int // cells of the first column
	say    int // cells of the second one, 0 for as many as it takes
	colour bool
}

// marks are a sign for each mark, and its colour among the terminal's own.
var marks = map[model.Mark]struct{ sign, sgr string }{
	model.MarkGood: {"✓", "32"},
	model.MarkInfo: {"·", "2"},
	model.MarkWarn: {"!", "33"},
	model.MarkBad:  {"✗", "31"},
}

func (p *doctorPage) style(s, sgr string) string {
	if !p.colour || s == "" {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

func (p *doctorPage) mark(m model.Mark) string {
	sign, ok := marks[m]
	if !ok {
		sign = marks[model.MarkInfo]
	}
	return p.style(sign.sign, sign.sgr)
}

func (p *doctorPage) diagnosis(d model.Diagnosis) {
	p.WriteString(p.mark(d.Worst()) + " " + p.style(d.Name, "1"))
	if d.URL != "" {
		p.WriteString("  " + p.style(d.URL, "2"))
	}
	p.WriteByte('\n')
	for _, f := range d.Findings {
		p.finding(f)
	}
}

func (p *doctorPage) finding(f model.Finding) {
	says := p.broken(f.Says, 0)
	if tail := tried(f); tail != "" {
		last := len(says) - 1
		switch room := p.say - text.Width(says[last]) - 2; {
		case says[last] == "":
			says[last] = p.style(tail, "2")
		case p.say == 0 || text.Width(tail) <= room:
			says[last] += "  " + p.style(tail, "2")
		default:
			for _, l := range p.broken(tail, 0) {
				says = append(says, p.style(l, "2"))
			}
		}
	}
	for i, l := range says {
		if i == 0 {
			p.WriteString("  " + p.mark(f.Mark) + " " + text.Left(f.What, p.what) + "  " + l + "\n")
		} else {
			p.below(l)
		}
	}
	if f.Advice != "" {
		arrow := "→ "
		for _, l := range p.broken(f.Advice, 2) {
			p.below(arrow + l)
			arrow = "  "
		}
	}
}

// indent is where the second column begins: after two blanks, the mark, a blank,
// what was looked at, and two blanks.
func (p *doctorPage) indent() int { return 2 + 1 + 1 + p.what + 2 }

func (p *doctorPage) below(l string) {
	p.WriteString(strings.Repeat(" ", p.indent()) + l + "\n")
}

// broken is s in lines that are that many cells shorter than the column.
func (p *doctorPage) broken(s string, less int) []string {
	if p.say == 0 {
		return []string{s}
	}
	return text.Wrap(s, p.say-less)
}

// tried is the request and how long its answer took, "" for neither.
func tried(f model.Finding) string {
	var parts []string
	if f.Request != "" {
		parts = append(parts, f.Request)
	}
	if f.Took >= time.Millisecond {
		parts = append(parts, text.Took(f.Took))
	}
	return strings.Join(parts, " · ")
}
