package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatewatch/model"
)

// Diagnose looks at everything that gatewatch uses of the gateway, once each, and
// says what it found, a finding a line. It changes nothing there, and a finding
// holds neither an answer's body nor a secret.
func (g *Gateway) Diagnose(ctx context.Context) model.Diagnosis {
	x := &exam{g: g, ctx: ctx, d: model.Diagnosis{Name: g.c.opt.Name, URL: ShownURL(g.c.base)}}
	st, statusOK := x.reach()
	x.encryption()
	if !x.g.Ready() || (!statusOK && model.FaultOf(x.reachErr).Kind == model.FaultNetwork) {
		return x.d
	}
	x.dialect(st)
	account, ok := x.account(st)
	x.clock()
	if statusOK {
		x.units(st)
	}
	if ok {
		x.capabilities(account)
	}
	x.limit()
	return x.d
}

// exam is one diagnosis under way.
type exam struct {
	g   *Gateway
	ctx context.Context //nolint:containedctx // it lives as long as the call
	d   model.Diagnosis
	// reachErr is what went wrong with the first question.
	reachErr error
}

func (x *exam) add(f model.Finding) {
	f.TookMS = f.Took.Milliseconds()
	x.d.Findings = append(x.d.Findings, f)
}

func (x *exam) say(what string, mark model.Mark, says, advice string) {
	x.add(model.Finding{What: what, Mark: mark, Says: says, Advice: advice})
}

// try asks for something and adds what came of it. What is not offered is no
// fault.
func (x *exam) try(what string, ask func(context.Context) (says string, err error)) bool {
	var t tracer
	says, err := ask(withTracer(x.ctx, &t))
	f := model.Finding{What: what, Mark: model.MarkGood, Says: says, Took: t.took}
	if t.requests > 0 {
		f.Request = t.method + " " + t.path
		if t.requests > 1 {
			f.Request += fmt.Sprintf(" (last of %d requests)", t.requests)
		}
	}
	var e *StatusError
	switch {
	case err == nil:
	case errors.As(err, &e):
		f.Mark, f.Says, f.Advice = model.MarkBad, e.what(), e.hint()
		if e.Message != "" {
			f.Says += fmt.Sprintf(" (%q)", e.Message)
		}
		switch e.Kind {
		case model.FaultUnsupported:
			f.Mark = model.MarkInfo
			if !errors.Is(err, errNeedsToken) {
				f.Says = "not offered: " + e.Path
			}
		case model.FaultForbidden:
			f.Mark, f.Says = model.MarkWarn, "refused: "+f.Says
		}
	default:
		f.Mark, f.Says = model.MarkBad, err.Error()
	}
	x.add(f)
	return err == nil
}

// slowAnswer is when the first answer is worth a word.
const slowAnswer = 3 * time.Second

func (x *exam) reach() (st model.Status, ok bool) {
	var t tracer
	var err error
	ok = x.try("reachable", func(ctx context.Context) (string, error) {
		st, err = x.g.Status(withTracer(ctx, &t))
		return "the first answer came in " + roundTook(t.first), err
	})
	x.reachErr = err
	f := &x.d.Findings[len(x.d.Findings)-1]
	f.Took, f.TookMS = t.took, t.took.Milliseconds()
	f.Request = t.method + " " + t.path
	if kind := model.FaultOf(err).Kind; x.g.Ready() && (kind == model.FaultUnauthorised || kind == model.FaultForbidden) {
		// The gateway is there and refuses the credential, which the account says.
		f.Mark, f.Says, f.Advice = model.MarkGood, "the first answer came in "+roundTook(t.first), ""
	}
	if t.first > slowAnswer && f.Mark == model.MarkGood {
		f.Mark, f.Advice = model.MarkWarn, "gatewatch asks more rarely while answers take long"
	}
	return st, ok
}

func roundTook(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// certWarn is how long before its end a certificate is worth a word.
const certWarn = 14 * 24 * time.Hour

func (x *exam) encryption() {
	const what = "encryption"
	switch u := x.g.c.base; {
	case Insecure(u):
		x.say(what, model.MarkBad, "plain http: the credential travels readable over the network", "use the gateway's https address")
		return
	case u.Scheme == "http":
		x.say(what, model.MarkGood, "plain http, which stays on this machine", "")
		return
	}
	state := x.g.c.lastTLS()
	if state == nil || len(state.PeerCertificates) == 0 {
		return
	}
	cert := state.PeerCertificates[0]
	left := time.Until(cert.NotAfter)
	says := fmt.Sprintf("%s; the certificate of %s ends on %s", tls.VersionName(state.Version),
		x.g.c.base.Hostname(), cert.NotAfter.UTC().Format(time.DateOnly))
	if left < certWarn {
		x.say(what, model.MarkWarn, says, "the operator should renew it")
		return
	}
	x.say(what, model.MarkGood, says, "")
}

func (c *Client) lastTLS() *tls.ConnectionState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tls
}

func (x *exam) dialect(st model.Status) {
	found := x.g.Found()
	advice := ""
	if x.g.c.auto() {
		advice = "if that is wrong, set dialect in the configuration"
	}
	x.say("dialect", model.MarkGood, found.Dialect+": "+found.Why, advice)
	says := "the gateway does not tell its version"
	if st.Version != "" {
		says = st.Version + ", as its /api/status says"
	}
	if st.Started > 0 {
		says += "; running since " + time.Unix(st.Started, 0).UTC().Format(time.DateTime) + " UTC"
	}
	x.say("version", model.MarkInfo, says, "")
}

func (x *exam) account(st model.Status) (a model.Account, ok bool) {
	ok = x.try("account", func(ctx context.Context) (string, error) {
		var err error
		a, err = x.g.Account(ctx)
		return accountWords(a, st.Currency), err
	})
	form := x.g.c.auth.now()
	switch {
	case x.g.KeyOnly():
		x.say("credential", model.MarkWarn, "an API key alone, sent as Bearer", "an access token shows the balance, the log and all keys")
		return a, ok
	case !ok:
		return a, false
	case form.raw:
		x.say("credential", model.MarkGood, "the access token alone, without Bearer", "")
	default:
		x.say("credential", model.MarkGood, "the access token as Bearer", "")
	}
	switch {
	case len(form.headers) == 0:
		x.say("user header", model.MarkInfo, "none is needed", "")
	case form.user == "":
		x.say("user header", model.MarkInfo, "the gateway took the token without "+strings.Join(form.headers, ", "), "")
	case x.g.c.opt.UserID == "":
		x.say("user header", model.MarkGood, fmt.Sprintf("%s: %s, as the account says", strings.Join(form.headers, ", "), form.user), "")
	default:
		x.say("user header", model.MarkGood, fmt.Sprintf("%s: %s, as configured", strings.Join(form.headers, ", "), form.user), "")
	}
	return a, ok
}

func accountWords(a model.Account, cur model.Currency) string {
	parts := []string{a.Role.String()}
	if a.Username != "" {
		parts = []string{a.Username, a.Role.String()}
	}
	switch {
	case a.Unlimited:
		parts = append(parts, "no limit")
	case a.Quota.OK:
		parts = append(parts, cur.Format(a.Quota.V)+" left")
	default:
		parts = append(parts, "the gateway keeps no balance")
	}
	if a.Used.OK {
		parts = append(parts, cur.Format(a.Used.V)+" used")
	}
	if !a.Enabled {
		parts = append(parts, "the account is disabled")
	}
	return strings.Join(parts, ", ")
}

// skewAllowed is about what Date and the way of an answer can be off by.
const skewAllowed = 5 * time.Second

func (x *exam) clock() {
	skew := x.g.Skew()
	switch {
	case !skew.OK:
		x.say("clock", model.MarkWarn, "the gateway tells no time", "its log is read by this machine's clock")
	case skew.V.Abs() <= skewAllowed:
		x.say("clock", model.MarkGood, fmt.Sprintf("within %s of this machine's", skewAllowed), "")
	default:
		side := "ahead of"
		if skew.V < 0 {
			side = "behind"
		}
		x.say("clock", model.MarkWarn, fmt.Sprintf("the gateway's is %s %s this machine's", skew.V.Abs().Round(time.Second), side),
			"gatewatch reckons with the gateway's; one of the two should be set right")
	}
}

func (x *exam) units(st model.Status) {
	cur := st.Currency
	says := fmt.Sprintf("%s units are a dollar", model.Count(int64(cur.QuotaPerUnit())))
	switch {
	case cur.PerUnit == 0:
		says += " (the family's usual; the gateway does not say)"
	case cur.Tokens():
		says += "; the gateway shows units, not money"
	case cur.Name() != "USD":
		says += fmt.Sprintf("; shown in %s at %g to the dollar", cur.Name(), cur.Rate)
	}
	x.say("money", model.MarkGood, says, "")
}

func (x *exam) limit() {
	x.say("limit", model.MarkInfo, fmt.Sprintf("%d requests a minute and client address are reckoned with; gatewatch takes half at most", x.g.PerMinute()),
		"other programs at this address share it")
}
