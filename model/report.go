package model

import (
	"math"
	"time"
)

// ReportVersion is the version of the report's shape. Fields may be added, never
// renamed.
const ReportVersion = 1

// Report is the document that "gatewatch once --json" prints. What is not known
// is null, never 0. Quota is in the gateway's integer unit, amounts are in
// Currency, times are RFC 3339 in Timezone.
type Report struct {
	Version     int             `json:"version"`
	GeneratedAt string          `json:"generated_at"`
	Timezone    string          `json:"timezone"`
	Gateways    []GatewayReport `json:"gateways"`
}

// GatewayReport is one gateway's part of the report.
type GatewayReport struct {
	Name           string           `json:"name"`
	URL            string           `json:"url"`
	Dialect        Opt[string]      `json:"dialect"`
	DialectVersion Opt[string]      `json:"dialect_version"`
	SystemName     Opt[string]      `json:"system_name"`
	Account        *AccountReport   `json:"account"`
	Balance        *BalanceReport   `json:"balance"`
	Rates          RatesReport      `json:"rates"`
	Window         WindowReport     `json:"window"`
	Totals         TotalsReport     `json:"totals"`
	Models         []ModelReport    `json:"models"`
	Keys           []KeyReport      `json:"keys"`
	OtherKeys      []OtherKeyReport `json:"other_keys"`
	Days           []DayReport      `json:"days"`
	Today          TodayReport      `json:"today"`
	Reconcile      ReconcileReport  `json:"reconcile"`
	Forecast       ForecastReport   `json:"forecast"`
	Sources        []SourceReport   `json:"sources"`
	Requests       RequestsReport   `json:"requests"`
}

// AccountReport is the account in the report.
type AccountReport struct {
	ID          int64  `json:"id"`
	Username    string `json:"username"`
	DisplayName string `json:"display_name"`
	Group       string `json:"group"`
	Role        string `json:"role"`
	Status      string `json:"status"`
}

// BalanceReport is the balance in the report.
type BalanceReport struct {
	Quota        Quota        `json:"quota"`
	UsedQuota    Opt[Quota]   `json:"used_quota"`
	QuotaPerUnit float64      `json:"quota_per_unit"`
	Currency     string       `json:"currency"`
	Amount       float64      `json:"amount"`
	UsedAmount   Opt[float64] `json:"used_amount"`
	RequestCount Opt[int64]   `json:"request_count"`
}

// RateReport is a rate and where it comes from.
type RateReport struct {
	Value Opt[float64] `json:"value"`
	// Quota is given for money alone: the integer quota per minute.
	Quota *Opt[Quota] `json:"quota,omitempty"`
	From  Opt[Origin] `json:"from"`
}

// RatesReport holds requests, tokens and money per minute.
type RatesReport struct {
	RPM RateReport `json:"rpm"`
	TPM RateReport `json:"tpm"`
	MPM RateReport `json:"mpm"`
}

// WindowReport is the window that totals, models and keys speak of, both ends
// inclusive.
type WindowReport struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Label string `json:"label"`
}

// TotalsReport is the window's sums.
type TotalsReport struct {
	Calls            Opt[int64]   `json:"calls"`
	Errors           Opt[int64]   `json:"errors"`
	Quota            Opt[Quota]   `json:"quota"`
	Amount           Opt[float64] `json:"amount"`
	RefundedQuota    Opt[Quota]   `json:"refunded_quota"`
	PromptTokens     Opt[int64]   `json:"prompt_tokens"`
	CompletionTokens Opt[int64]   `json:"completion_tokens"`
	CachedTokens     Opt[int64]   `json:"cached_tokens"`
	From             Opt[Origin]  `json:"from"`
	Coverage         float64      `json:"coverage"`
	CoverageBy       CoverageBy   `json:"coverage_by"`
}

// ModelReport is one language model's share of the window.
type ModelReport struct {
	Model            string     `json:"model"`
	Calls            Opt[int64] `json:"calls"`
	Errors           Opt[int64] `json:"errors"`
	Quota            Quota      `json:"quota"`
	Amount           float64    `json:"amount"`
	PromptTokens     Opt[int64] `json:"prompt_tokens"`
	CompletionTokens Opt[int64] `json:"completion_tokens"`
	CachedTokens     Opt[int64] `json:"cached_tokens"`
	P50MS            Opt[int64] `json:"p50_ms"`
	P95MS            Opt[int64] `json:"p95_ms"`
	FirstTokenP50MS  Opt[int64] `json:"first_token_p50_ms"`
	FirstTokenP95MS  Opt[int64] `json:"first_token_p95_ms"`
	PerformanceReport
	From Opt[Origin] `json:"from"`
}

// PerformanceReport is what models and keys share; Durations counts the calls
// that the quantiles rest on.
type PerformanceReport struct {
	P99MS           Opt[int64]   `json:"p99_ms"`
	FirstTokenP99MS Opt[int64]   `json:"first_token_p99_ms"`
	TokensPerSecond Opt[float64] `json:"tokens_per_second"`
	CacheHit        Opt[float64] `json:"cache_hit"`
	ErrorRate       Opt[float64] `json:"error_rate"`
	Durations       int64        `json:"durations"`
	// DurationsIn is "s" where the gateway measures durations in whole seconds.
	DurationsIn string `json:"durations_in"`
}

// KeyReport is one key and its share of the window.
type KeyReport struct {
	ID              int64       `json:"id"`
	Name            string      `json:"name"`
	Status          string      `json:"status"`
	EffectiveStatus string      `json:"effective_status"`
	Unlimited       bool        `json:"unlimited"`
	RemainingQuota  Opt[Quota]  `json:"remaining_quota"`
	UsedQuota       Opt[Quota]  `json:"used_quota"`
	CreatedAt       Opt[string] `json:"created_at"`
	LastUsedAt      Opt[string] `json:"last_used_at"`
	ExpiresAt       Opt[string] `json:"expires_at"`
	WindowCalls     Opt[int64]  `json:"window_calls"`
	WindowQuota     Opt[Quota]  `json:"window_quota"`
	WindowBy        string      `json:"window_by"`
	WindowErrors    Opt[int64]  `json:"window_errors"`
	P50MS           Opt[int64]  `json:"p50_ms"`
	P95MS           Opt[int64]  `json:"p95_ms"`
	FirstTokenP50MS Opt[int64]  `json:"first_token_p50_ms"`
	FirstTokenP95MS Opt[int64]  `json:"first_token_p95_ms"`
	PerformanceReport
	From Opt[Origin] `json:"from"`
}

// OtherKeyReport is usage that no listed key accounts for.
type OtherKeyReport struct {
	Name        string `json:"name"`
	WindowCalls int64  `json:"window_calls"`
	WindowQuota Quota  `json:"window_quota"`
}

// DayReport is the gateway's own count of one model's calls on one day.
type DayReport struct {
	Day   string     `json:"day"`
	Model string     `json:"model"`
	Calls Opt[int64] `json:"calls"`
	Quota Quota      `json:"quota"`
	From  Origin     `json:"from"`
	// Zone is "UTC" where the gateway's days are not days of the report's zone.
	Zone string `json:"day_zone,omitempty"`
}

// TodayReport is the spend since midnight.
type TodayReport struct {
	Quota  Opt[Quota]   `json:"quota"`
	Amount Opt[float64] `json:"amount"`
	From   Opt[Origin]  `json:"from"`
}

// ReconcileReport compares the counted sum with the gateway's.
type ReconcileReport struct {
	State        string     `json:"state"`
	CountedQuota Opt[Quota] `json:"counted_quota"`
	GatewayQuota Opt[Quota] `json:"gateway_quota"`
	Gap          Opt[Quota] `json:"gap"`
	Cause        string     `json:"cause"`
	// Balance compares with the balance, of the own scope alone.
	Balance *BalanceCheckReport `json:"balance"`
}

// BalanceCheckReport compares what rows say was spent with what became of the
// balance from one sample to the other. The gap is exact to slack_quota.
type BalanceCheckReport struct {
	State      string      `json:"state"`
	From       Opt[string] `json:"from"`
	To         Opt[string] `json:"to"`
	SpentQuota Opt[Quota]  `json:"spent_quota"`
	UsedRise   Opt[Quota]  `json:"used_rise_quota"`
	Fall       Opt[Quota]  `json:"balance_fall_quota"`
	Gap        Opt[Quota]  `json:"gap"`
	SlackQuota Opt[Quota]  `json:"slack_quota"`
	Cause      string      `json:"cause"`
}

// ForecastReport is the burn rate and when the balance is empty.
type ForecastReport struct {
	BurnPerHour   Opt[float64] `json:"burn_per_hour"`
	Window        string       `json:"window"`
	Samples       int          `json:"samples"`
	EmptyAt       Opt[string]  `json:"empty_at"`
	EmptyEarliest Opt[string]  `json:"empty_earliest"`
	EmptyLatest   Opt[string]  `json:"empty_latest"`
}

// SourceReport is the condition of one source.
type SourceReport struct {
	Source string      `json:"source"`
	Health Health      `json:"health"`
	LastOK Opt[string] `json:"last_ok"`
	TookMS Opt[int64]  `json:"took_ms"`
	Error  Opt[string] `json:"error"`
}

// RequestsReport is what the report cost the gateway.
type RequestsReport struct {
	Made            int64 `json:"made"`
	PerMinuteBudget int   `json:"per_minute_budget"`
}

// GatewayReportOf turns a state and its summary into the report's words, with
// times in zone.
func GatewayReportOf(s State, sum Summary, zone *time.Location) GatewayReport {
	cur := s.Currency()
	sec := func(t int64) string { return time.Unix(t, 0).In(zone).Format(time.RFC3339) }
	amount := func(q Opt[Quota]) Opt[float64] {
		return mapOpt(q, cur.Amount6)
	}
	r := GatewayReport{
		Name: s.Gateway.Name, URL: s.Gateway.URL,
		Dialect:   nonEmpty(s.Gateway.Dialect),
		Window:    WindowReport{sec(sum.Span.From), sec(sum.Span.To), sum.Window.Label},
		Models:    []ModelReport{},
		Keys:      []KeyReport{},
		OtherKeys: []OtherKeyReport{},
		Days:      dayReports(s.Book(), zone),
		Requests:  RequestsReport{s.Pace.Made, s.Pace.Budget},
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
		P99MS: millis(p.P99), FirstTokenP99MS: millis(p.FirstTokenP99), Durations: p.N, DurationsIn: "ms",
		TokensPerSecond: mapOpt(p.TokensPerSecond, round4), CacheHit: mapOpt(p.CacheHit, round4), ErrorRate: mapOpt(errs, round4),
	}
	if p.Coarse {
		r.DurationsIn = "s"
	}
	return r
}

func round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }

func ratesReport(sum Summary, cur Currency) RatesReport {
	plain := func(r Rate) RateReport { return RateReport{Value: r.Value, From: nonEmpty(r.From)} }
	money := plain(sum.MPM)
	quota := mapOpt(sum.MPM.Value, func(q float64) Quota { return Quota(math.Round(q)) })
	money.Quota = &quota
	money.Value = mapOpt(sum.MPM.Value, func(q float64) float64 { return math.Round(cur.Amount(q)*1e6) / 1e6 })
	return RatesReport{plain(sum.RPM), plain(sum.TPM), money}
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
