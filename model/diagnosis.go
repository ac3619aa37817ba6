package model

import "time"

// Mark judges a finding.
type Mark string

// The marks, in the report's words.
const (
	MarkGood Mark = "ok"
	MarkInfo Mark = "info" // neither good nor bad: not offered, for example
	MarkWarn Mark = "warn"
	MarkBad  Mark = "bad"
)

// Finding is one line of what "gatewatch doctor" found.
type Finding struct {
	// What was looked at: "reachable", "balance".
	What string `json:"what"`
	Mark Mark   `json:"mark"`
	// Says is the outcome in words, Advice what to do about it, "" when nothing.
	Says   string `json:"says"`
	Advice string `json:"advice,omitempty"`
	// Request is what was tried, method and path without any secret; Took how long
	// the answer took.
	Request string        `json:"request,omitempty"`
	Took    time.Duration `json:"-"`
	TookMS  int64         `json:"took_ms,omitempty"`
}

// Diagnosis is what was found about one gateway, or about the terminal.
type Diagnosis struct {
	Name     string    `json:"name"`
	URL      string    `json:"url,omitempty"`
	Findings []Finding `json:"findings"`
}

// Worst is the gravest mark.
func (d Diagnosis) Worst() Mark {
	worst, rank := MarkGood, map[Mark]int{MarkGood: 0, MarkInfo: 0, MarkWarn: 1, MarkBad: 2}
	for _, f := range d.Findings {
		if rank[f.Mark] > rank[worst] {
			worst = f.Mark
		}
	}
	return worst
}
