package model

import (
	"math"
	"time"
)

// GatewayReportOf turns a state and its summary into the report's words, with
// times in zone.
func GatewayReportOf(s State, sum Summary, zone *time.Location) GatewayReport {
	cur := s.Currency()
	sec := func(t int64) string { return time.Unix(t, 0).In(zone).Format(time.RFC3339) }
	amount := func(q Opt[Quota]) Opt[float64] {
		return mapOpt(q, cur.Amount6)
	}
	r := GatewayReport{
		Name: s.Gateway.Name, Scope: "self", URL: s.Gateway.URL,
		Dialect:   nonEmpty(s.Gateway.Dialect),
		Window:    WindowReport{sec(sum.Span.From), sec(sum.Span.To), sum.Window.Label},
		Models:    []ModelReport{},
		Keys:      []KeyReport{},
		OtherKeys: []OtherKeyReport{},
		Days:      dayReports(s.Book(), zone),
		Requests:  RequestsReport{s.Pace.Made, s.Pace.Budget},
	}
	if split := sum.SplitSpan; split.OK {
		r.ModelsWindow = &SpanReport{sec(split.V.From), sec(split.V.To)}
	}
	if s.Scope == ScopeSite {
		r.Scope = "site"
	}
	for _, u := range sum.Users {
		r.Users = append(r.Users, UserReport{u.User, u.Calls, u.Quota, cur.Amount6(u.Quota)})
	}
	channels := &r.Channels
	if s.SumsOnly() {
		channels = &r.UpstreamKeys
	}
	for _, c := range s.Channels.V {
		*channels = append(*channels, ChannelReport{
			ID: c.ID, Name: c.Name, Type: c.Type, Endpoint: c.Endpoint, Key: c.Masked, Status: c.Status.String(), Reason: c.Reason,
			Balance: c.Balance, BalanceAt: mapOpt(c.BalanceAt, sec), UsedQuota: c.Used,
			ResponseTimeMS: mapOpt(c.ResponseTime, time.Duration.Milliseconds), TestedAt: mapOpt(c.TestedAt, sec),
		})
	}
	if s.Status.OK {
		r.DialectVersion, r.SystemName = nonEmpty(s.Status.V.Version), nonEmpty(s.Status.V.SystemName)
	}
	if s.Account.OK {
		a := s.Account.V
		status := "disabled"
		if a.Enabled {
			status = "enabled"
		}
		r.Account = &AccountReport{a.ID, a.Username, a.DisplayName, a.Group, a.Role.String(), status}
		if a.Quota.OK {
			r.Balance = &BalanceReport{
				Quota: a.Quota.V, UsedQuota: a.Used, QuotaPerUnit: cur.QuotaPerUnit(), Currency: cur.Name(),
				Amount: cur.Amount6(a.Quota.V), UsedAmount: amount(a.Used), RequestCount: a.Requests,
			}
		}
	}
	r.Rates = ratesReport(sum, cur)
	t := sum.Totals
	r.Totals = TotalsReport{
		Calls: t.Calls, Errors: t.Errors, Quota: t.Quota, Amount: amount(t.Quota), RefundedQuota: t.Refunded,
		PromptTokens: t.Prompt, CompletionTokens: t.Completion, CachedTokens: t.Cached,
		From: nonEmpty(t.From), Coverage: math.Floor(t.Coverage*1e4) / 1e4, // never rounded up to 1
		CoverageBy: t.CoverageBy,
	}
	for _, m := range sum.Models {
		mr := ModelReport{
			Model: m.Model, Errors: m.Errors, Quota: m.Quota, Amount: cur.Amount6(m.Quota),
			P50MS: millis(m.P50), P95MS: millis(m.P95),
			FirstTokenP50MS: millis(m.FirstTokenP50), FirstTokenP95MS: millis(m.FirstTokenP95),
			PerformanceReport: performanceReport(m.Performance, m.ErrorRate()),
			From:              nonEmpty(sum.SplitFrom),
		}
		if m.CallsKnown {
			mr.Calls = Some(m.Calls)
		}
		if m.TokensKnown {
			mr.PromptTokens, mr.CompletionTokens = Some(m.Prompt), Some(m.Completion)
		}
		if m.CachedOf > 0 {
			mr.CachedTokens = Some(m.Cached)
		}
		r.Models = append(r.Models, mr)
	}
	by := "name"
	if s.Book().KeyIDs {
		by = "id"
	}
	for _, k := range sum.Keys {
		kr := KeyReport{
			ID: k.ID, Name: k.Name, Status: k.Status.String(), EffectiveStatus: k.Effective(s.ServerNow()).String(),
			Unlimited: k.Unlimited, UsedQuota: k.Used,
			CreatedAt: mapOpt(k.Created, sec), LastUsedAt: mapOpt(k.LastUsed, sec), ExpiresAt: mapOpt(k.Expires, sec),
			WindowCalls: k.Calls, WindowQuota: k.Spent, WindowBy: by, WindowErrors: k.Errors,
			P50MS: millis(k.P50), P95MS: millis(k.P95),
			FirstTokenP50MS: millis(k.FirstTokenP50), FirstTokenP95MS: millis(k.FirstTokenP95),
			PerformanceReport: performanceReport(k.Performance, k.ErrorRate()),
		}
		if k.Calls.OK {
			kr.From = nonEmpty(sum.SplitFrom)
		}
		if s.SumsOnly() && k.Used.OK {
			used := cur.Amount6(k.Used.V)
			kr.UsedQuota, kr.UsedAmount = Opt[Quota]{}, &used
		}
		if !k.Unlimited {
			kr.RemainingQuota = Some(k.Remaining)
		}
		r.Keys = append(r.Keys, kr)
	}
	for _, o := range sum.Others {
		r.OtherKeys = append(r.OtherKeys, OtherKeyReport{o.Name, o.Calls, o.Spent})
	}
	r.Today = TodayReport{Quota: sum.Today.Quota, Amount: amount(sum.Today.Quota)}
	if sum.Today.Quota.OK {
		r.Today.From = Some(sum.Today.From)
	}
	rec := sum.Reconcile
	r.Reconcile = ReconcileReport{State: rec.State, CountedQuota: rec.Counted, GatewayQuota: rec.Gateway, Cause: rec.Cause}
	if rec.State == ReconcilePartial && rec.Cause == "" && s.Sources[SourceCalls].Fault.Kind == FaultNone {
		r.Reconcile.Cause = CauseBudget // a report reads until the budget or its time is spent
	}
	if rec.State == ReconcileMatch || rec.State == ReconcileGap {
		r.Reconcile.Gap = Some(rec.Gap)
	}
	if s.Scope == ScopeSelf {
		r.Reconcile.Balance = balanceCheckReport(rec.Balance, sec)
	}
	stamp := func(t time.Time) string { return t.In(zone).Format(time.RFC3339) }
	f := sum.Forecast
	r.Forecast = ForecastReport{
		BurnPerHour: mapOpt(f.PerHour, func(q float64) float64 { return math.Round(cur.Amount(q)*1e6) / 1e6 }),
		BurnSampled: f.Sampled,
		Window:      f.Window, Samples: f.Samples,
		EmptyAt: mapOpt(f.EmptyAt, stamp), EmptyEarliest: mapOpt(f.Earliest, stamp), EmptyLatest: mapOpt(f.Latest, stamp),
	}
	for _, src := range Sources() {
		st := s.Sources[src]
		sr := SourceReport{Source: src.String(), Health: st.Health(s.Now)}
		if !st.LastOK.IsZero() {
			sr.LastOK = Some(stamp(st.LastOK))
		}
		if !st.LastTry.IsZero() {
			sr.TookMS = Some(st.Took.Milliseconds())
		}
		if st.Fault.Kind != FaultNone {
			sr.Error = Some(st.Fault.Sentence)
		}
		r.Sources = append(r.Sources, sr)
	}
	if s.SumsOnly() {
		r.withoutQuota()
	}
	return r
}

func balanceCheckReport(c BalanceCheck, sec func(int64) string) *BalanceCheckReport {
	r := &BalanceCheckReport{State: c.State, Cause: c.Cause}
	if c.State == ReconcileMatch || c.State == ReconcileGap {
		r.From, r.To = Some(sec(c.Span.From)), Some(sec(c.Span.To))
		r.SpentQuota, r.UsedRise, r.Fall = c.Spent, c.Rose, c.Fell
		r.Gap, r.SlackQuota = Some(c.Gap), Some(c.Slack)
	}
	return r
}

func millis(d Opt[time.Duration]) Opt[int64] { return mapOpt(d, time.Duration.Milliseconds) }

func performanceReport(p Performance, errs Opt[float64]) PerformanceReport {
	r := PerformanceReport{
		P99MS: millis(p.P99), FirstTokenP99MS: millis(p.FirstTokenP99), Durations: p.N, DurationsIn: "ms", FirstTokens: p.FirstN, CacheCalls: p.CacheN,
		TokensPerSecond: mapOpt(p.TokensPerSecond, round4), CacheHit: mapOpt(p.CacheHit, round4), ErrorRate: mapOpt(errs, round4),
	}
	if p.Coarse {
		r.DurationsIn = "s"
	}
	return r
}

func round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// withoutQuota removes what is counted in a unit that is ours and not the
// gateway's, and leaves its amounts.
func (r *GatewayReport) withoutQuota() {
	r.Totals.Quota, r.Today.Quota, r.Rates.MPM = Opt[Quota]{}, Opt[Quota]{}, RateReport{}
	r.Forecast = ForecastReport{Window: r.Forecast.Window}
	r.Days = []DayReport{}
}

func ratesReport(sum Summary, cur Currency) RatesReport {
	plain := func(r Rate) RateReport { return RateReport{Value: r.Value, From: nonEmpty(r.From)} }
	money := plain(sum.MPM)
	quota := mapOpt(sum.MPM.Value, func(q float64) Quota { return Quota(math.Round(q)) })
	money.Quota = &quota
	money.Value = mapOpt(sum.MPM.Value, func(q float64) float64 { return math.Round(cur.Amount(q)*1e6) / 1e6 })
	r := RatesReport{RPM: plain(sum.RPM), TPM: plain(sum.TPM), MPM: money}
	if t := sum.Trend; t.OK {
		r.Trend = Some(t.V.Direction.String())
		if t.V.Direction != Steady { // else the difference is not sure to be one
			r.TrendTimes = mapOpt(t.V.Times, round4)
		}
	}
	return r
}

func nonEmpty[S ~string](s S) Opt[S] {
	if s == "" {
		return Opt[S]{}
	}
	return Some(s)
}

func mapOpt[A, B any](o Opt[A], f func(A) B) Opt[B] {
	if !o.OK {
		return Opt[B]{}
	}
	return Some(f(o.V))
}
