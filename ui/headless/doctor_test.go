package headless

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatewatch/model"
	"gatewatch/ui/text"
)

func doctorReport() DoctorReport {
	return DoctorReport{
		Gateways: []model.Diagnosis{{
			Name: "prod", URL: "https://gw.example",
			Findings: []model.Finding{
				{What: "reachable", Mark: model.MarkGood, Says: "it answers", Request: "GET /api/status", Took: 12 * time.Millisecond},
				{What: "balance", Mark: model.MarkBad, Says: "the gateway does not accept the credential (\"无权\x1b]0;x\x07进行\x1b[31m此操作\u009b2J\u202e\")", Advice: "check access_token; a new one is made on the gateway's personal settings page", Request: "GET /api/user/self", TookMS: 1500},
				{What: "per-day usage", Mark: model.MarkInfo, Says: "this gateway does not offer it"},
			},
		}, {Name: "staging"}},
		Terminal: model.Diagnosis{Name: "terminal", Findings: []model.Finding{{What: "size", Mark: model.MarkWarn, Says: "30 columns, 10 rows", Advice: "make it larger"}}},
	}
}

func TestDoctorText(t *testing.T) {
	for _, c := range []struct {
		cols int
		want []string
	}{{0, []string{
		"✗ prod  https://gw.example",
		"  ✓ reachable      it answers  GET /api/status · 12 ms",
		"  ✗ balance        the gateway does not accept the credential (\"无权进行此操作2J\")  GET /api/user/self · 1.5 s",
		"                   → check access_token; a new one is made on the gateway's personal settings page",
		"  · per-day usage  this gateway does not offer it",
		"",
		"✓ staging",
		"",
		"! terminal",
		"  ! size           30 columns, 10 rows",
		"                   → make it larger",
		"",
	}}, {60, []string{
		"✗ prod  https://gw.example",
		"  ✓ reachable      it answers  GET /api/status · 12 ms",
		"  ✗ balance        the gateway does not accept the",
		"                   credential (\"无权进行此操作2J\")",
		"                   GET /api/user/self · 1.5 s",
		"                   → check access_token; a new one is made",
		"                     on the gateway's personal settings page",
		"  · per-day usage  this gateway does not offer it",
		"",
		"✓ staging",
		"",
		"! terminal",
		"  ! size           30 columns, 10 rows",
		"                   → make it larger",
		"",
	}}} {
		var b strings.Builder
		if err := DoctorText(&b, doctorReport(), c.cols, false); err != nil {
			t.Fatal(err)
		}
		if want := strings.Join(c.want, "\n"); b.String() != want {
			t.Errorf("at %d columns:\n%s\nwant:\n%s", c.cols, b.String(), want)
		}
		for l := range strings.SplitSeq(b.String(), "\n") {
			if c.cols > 0 && text.Width(l) > c.cols {
				t.Errorf("wider than %d: %q", c.cols, l)
			}
		}
	}
}

func TestDoctorColoursOnlyWhenAsked(t *testing.T) {
	var plain, coloured strings.Builder
	if err := DoctorText(&plain, doctorReport(), 80, false); err != nil {
		t.Fatal(err)
	}
	if err := DoctorText(&coloured, doctorReport(), 80, true); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(coloured.String(), "\x1b[31m✗\x1b[0m balance") {
		t.Errorf("%q\n%q", plain.String(), coloured.String())
	}
	for _, own := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"} {
		s := strings.ReplaceAll(coloured.String(), own, "")
		coloured.Reset()
		coloured.WriteString(s)
	}
	if coloured.String() != plain.String() {
		t.Errorf("the colours change more than the colour:\n%q\n%q", coloured.String(), plain.String())
	}
}

func TestDoctorJSON(t *testing.T) {
	var b strings.Builder
	if err := DoctorJSON(&b, doctorReport()); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"\x1b", `\u001b`, "\u009b", "\u202e"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("%q is printed", bad)
		}
	}
	dec := json.NewDecoder(strings.NewReader(b.String()))
	dec.DisallowUnknownFields()
	var r DoctorReport
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if g := r.Gateways[0].Findings; r.Version != 1 || g[0].TookMS != 12 || g[1].TookMS != 1500 || g[1].Mark != "bad" || r.Terminal.Name != "terminal" {
		t.Errorf("%+v", r)
	}
	b.Reset()
	if err := DoctorJSON(&b, DoctorReport{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"gateways": []`) || !strings.Contains(b.String(), `"findings": []`) {
		t.Errorf("null is no list: %s", b.String())
	}
}
