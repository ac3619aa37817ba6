package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"gatewatch/model"
)

// Status asks the public /api/status and, unless the dialect was set by hand,
// finds the dialect. When the gateway's version or start time changed since, the
// dialect is found anew. Finding it takes six requests at most.
func (g *Gateway) Status(ctx context.Context) (model.Status, error) {
	d, _ := g.dialect()
	if o, ok := d.(*openCatD); ok {
		return o.status(ctx)
	}
	data, header, err := g.askStatus(ctx)
	switch {
	case err == nil:
		return g.adopt(ctx, data, header)
	case !noStatus(err):
		return model.Status{}, err
	case d == nil:
		return g.discover(ctx, err)
	case fixedUnit(d.name()) && !g.settled():
		return fixedStatus(), nil
	}
	// What a unit is worth and how it is shown stands in /api/status alone.
	return model.Status{}, err
}

// fixedUnit reports whether the documents of a family fix what a unit is worth.
// Whether these have /api/status is in no document.
func fixedUnit(dialect string) bool {
	return dialect == ShellAPI || dialect == VAPI || dialect == AIHubMix
}

// fixedStatus is what is known of them without /api/status (gateways.md §2.2).
func fixedStatus() model.Status {
	return model.Status{Currency: model.Currency{PerUnit: 500_000}}
}

// settled reports whether /api/status was ever read: what it said of money stands
// when it fails later.
func (g *Gateway) settled() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.told
}

func (g *Gateway) askStatus(ctx context.Context) (statusData, http.Header, error) {
	var data statusData
	a, err := g.c.get(ctx, anonymous, "/api/status", nil)
	if err == nil {
		err = g.c.data(a, &data)
	}
	if said := data.keys; err == nil && !said["version"] && !said["start_time"] && !said["system_name"] && !said["quota_per_unit"] {
		err = g.c.unreadable(a, errNoData) // one of them is in the status of every family
	}
	var e *StatusError
	if errors.Is(err, errNoData) && errors.As(err, &e) {
		e.Hint = "it holds no settings: is url the address of a gateway of the one-api family?"
	}
	if v := a.header.Get(versionHeader); v != "" && data.Version == "" {
		data.Version = text(v)
	}
	return data, a.header, err
}

const versionHeader = "X-New-Api-Version"

// noStatus tells an answer that is no status from no answer. A gateway that has
// moved as a whole has one elsewhere.
func noStatus(err error) bool {
	var e *StatusError
	if !errors.As(err, &e) || e.elsewhere {
		return false
	}
	switch e.Kind {
	case model.FaultNotGateway, model.FaultRefused, model.FaultBadAnswer, model.FaultUnauthorised, model.FaultForbidden:
		return true
	}
	return false
}

// adopt chooses the dialect that a status describes.
func (g *Gateway) adopt(ctx context.Context, data statusData, header http.Header) (model.Status, error) {
	g.mu.Lock()
	known := g.d != nil && g.version == string(data.Version) && g.started == int64(data.StartTime)
	found, d := g.found, g.d
	g.told = true
	g.mu.Unlock()
	if k, ok := d.(*keyOnly); ok {
		k.setUnits(data.currency())
	}
	if known {
		return data.status(), nil
	}
	if g.c.auto() {
		g.c.auth.begin()
		found = g.tell(ctx, data, header.Get(versionHeader) != "")
	}
	if err := g.use(found, data); err != nil {
		return model.Status{}, err
	}
	return data.status(), nil
}

// auto reports whether the dialect is to be found out.
func (c *Client) auto() bool { return c.opt.Dialect == "" || c.opt.Dialect == Auto }

// use makes the dialect that was found the one that is spoken.
func (g *Gateway) use(found model.Found, data statusData) error {
	d, err := newDialect(g.c, found.Dialect, data)
	if err != nil {
		return fmt.Errorf("%s: %w", g.c.opt.Name, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.c.auto() {
		found = g.becauseOf(found)
	}
	g.d, g.found, g.version, g.started = d, found, string(data.Version), int64(data.StartTime)
	return nil
}

// becauseOf adds what limits the dialect to the reason.
func (g *Gateway) becauseOf(found model.Found) model.Found {
	if g.c.keyOnly() && found.Dialect != OpenCatD {
		found.Why += "; only an API key is set, so only its own figures can be read"
	}
	return found
}

// KeyOnly reports whether only an API key is known, so that what can be read is
// the key's own.
func (g *Gateway) KeyOnly() bool {
	return g.c.keyOnly() && g.Found().Dialect != OpenCatD
}

// tell finds the family from the names of the fields of /api/status and, where
// those fit several, from those of /api/user/self (gateways.md §2; captures of
// one-api, new-api 0.6.3, rc.21 and one-hub).
func (g *Gateway) tell(ctx context.Context, data statusData, newAPIHeader bool) model.Found {
	if strings.HasSuffix("."+g.c.base.Hostname(), ".aihubmix.com") {
		return model.Found{Dialect: AIHubMix, Why: "its address is aihubmix.com"}
	}
	found, sure := tellStatus(data, newAPIHeader)
	if sure || !g.c.opt.AccessToken.IsSet() {
		return found
	}
	g.c.auth.prefer(false, false, userHeaders...)
	if s, err := g.c.askSelf(ctx); err == nil {
		if f := tellSelf(s.keys); f.Dialect != "" {
			return f
		}
	}
	return found
}

// tellStatus judges by /api/status; sure is false where closed descendants may
// look the same.
func tellStatus(data statusData, newAPIHeader bool) (found model.Found, sure bool) {
	because := func(names []string) string { return "its /api/status has " + strings.Join(names, " and ") }
	has := func(names ...string) (got []string) {
		for _, n := range names {
			if data.keys[n] {
				got = append(got, n)
			}
		}
		return got
	}
	if k := has("check_in_enabled"); k != nil {
		return model.Found{Dialect: Veloera, Why: because(k)}, true
	}
	if k := has("PaymentUSDRate", "UptimeEnabled"); k != nil {
		return model.Found{Dialect: OneHub, Why: because(k)}, true
	}
	if newAPIHeader {
		return model.Found{Dialect: NewAPI, Why: "its answers carry " + versionHeader}, true
	}
	if k := has("quota_display_type", "checkin_enabled", "self_use_mode_enabled", "enable_data_export"); k != nil {
		return model.Found{Dialect: NewAPI, Why: because(k)}, false
	}
	return model.Found{Dialect: OneAPI, Why: "its /api/status has none of the fields that only its successors have"}, false
}

// tellSelf judges by the fields that one family alone has in /api/user/self; the
// dialect is "" when there are none.
func tellSelf(keys map[string]json.RawMessage) model.Found {
	for _, family := range []struct {
		dialect string
		fields  []string
	}{
		{ShellAPI, []string{"ModelFixedPrice", "TopupGroupMinLimit", "InviteBonusRatio"}},
		{VAPI, []string{"can_use_self_group", "topup_ratio"}},
		{AIHubMix, []string{"quota_remind_threshold"}},
	} {
		for _, f := range family.fields {
			if _, ok := keys[f]; ok {
				return model.Found{Dialect: family.dialect, Why: "its /api/user/self has " + f}
			}
		}
	}
	return model.Found{}
}

// discover finds a gateway whose /api/status failed that way. The classic family is
// not found so: what its quota is worth would be a guess.
func (g *Gateway) discover(ctx context.Context, failed error) (model.Status, error) {
	g.c.auth.begin()
	if strings.HasSuffix("."+g.c.base.Hostname(), ".aihubmix.com") {
		return fixedStatus(), g.use(model.Found{Dialect: AIHubMix, Why: "its address is aihubmix.com"}, statusData{})
	}
	if st, ok, err := g.discoverCatD(ctx); ok || err != nil {
		return st, err
	}
	tried := []string{"/api/status", "/1/me"}
	last := &StatusError{}
	if g.c.opt.AccessToken.IsSet() {
		g.c.auth.prefer(false, false, userHeaders...)
		s, err := g.c.askSelf(ctx)
		if err == nil {
			if f := tellSelf(s.keys); f.Dialect != "" {
				return fixedStatus(), g.use(f, statusData{})
			}
			return model.Status{}, statusNeeded(failed)
		}
		if !errors.As(err, &last) {
			return model.Status{}, err
		}
		tried = append(tried, last.Path)
	} else if g.c.keyOnly() {
		var limit struct {
			Hard *decimal `json:"hard_limit_usd"`
		}
		k := newKeyOnly(g.c, OneAPI, statusData{})
		err := k.billing(ctx, "subscription", &limit)
		if err == nil && limit.Hard != nil {
			// Its amounts are dollars by their form, whatever a unit is worth.
			return model.Status{}, g.use(model.Found{Dialect: OneAPI, Why: "it has no /api/status, but answers for an API key's billing"}, statusData{})
		}
		if err != nil && !errors.As(err, &last) {
			return model.Status{}, err
		}
		tried = append(tried, "/v1/dashboard/billing/subscription")
	}
	if last.redirected() {
		return model.Status{}, last
	}
	kind := model.FaultNotGateway
	if last.Kind == model.FaultUnauthorised {
		kind = last.Kind
	}
	return model.Status{}, &StatusError{
		Gateway: g.c.opt.Name, Path: tried[len(tried)-1], Kind: kind, Code: last.Code, Message: last.Message,
		Hint: "no dialect fits what " + strings.Join(tried, ", ") + " answered: check url, or set dialect by hand",
	}
}

// statusNeeded is the error of /api/status where the account can be read all the
// same.
func statusNeeded(err error) error {
	var e *StatusError
	if errors.As(err, &e) {
		e.Hint = "the account can be read, but what its quota is worth stands in /api/status alone; ask the operator, or set dialect by hand"
	}
	return err
}

// discoverCatD looks for opencatd, which says who a token belongs to, or
// {"error":"Unauthorized"} to a wrong one.
func (g *Gateway) discoverCatD(ctx context.Context) (st model.Status, ok bool, err error) {
	cred := management
	if g.c.keyOnly() {
		cred = relayKey
	}
	a, err := g.c.get(ctx, cred, "/1/me", nil)
	var me record
	if err == nil {
		err = g.c.plain(a, &me)
	}
	var e *StatusError
	switch {
	case err == nil && len(me["id"]) > 0 && len(me["token"]) > 0:
		if err := g.use(model.Found{Dialect: OpenCatD, Why: "its /1/me says whose token it is"}, statusData{}); err != nil {
			return model.Status{}, false, err
		}
		return model.Status{SystemName: OpenCatD, Currency: model.Currency{PerUnit: microDollars}}, true, nil
	case err == nil:
		return model.Status{}, false, nil
	case !errors.As(err, &e):
		return model.Status{}, false, err
	case e.Kind == model.FaultUnauthorised && e.Message == "Unauthorized":
		use := g.use(model.Found{Dialect: OpenCatD, Why: "its /1/me refuses a token the way opencatd does"}, statusData{})
		return model.Status{}, true, errors.Join(use, err)
	case noStatus(err):
		return model.Status{}, false, nil
	}
	return model.Status{}, false, err
}
