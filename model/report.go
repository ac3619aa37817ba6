package model

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
	Name string `json:"name"`
	// Scope is "self", or "site" where the figures are those of the whole site.
	Scope          string         `json:"scope"`
	URL            string         `json:"url"`
	Dialect        Opt[string]    `json:"dialect"`
	DialectVersion Opt[string]    `json:"dialect_version"`
	SystemName     Opt[string]    `json:"system_name"`
	Account        *AccountReport `json:"account"`
	Balance        *BalanceReport `json:"balance"`
	Rates          RatesReport    `json:"rates"`
	Window         WindowReport   `json:"window"`
	Totals         TotalsReport   `json:"totals"`
	Models         []ModelReport  `json:"models"`
	// ModelsWindow is there where the models speak of another time than Window, since
	// the gateway's own days begin elsewhere or do not go back as far.
	ModelsWindow *SpanReport      `json:"models_window,omitempty"`
	Keys         []KeyReport      `json:"keys"`
	OtherKeys    []OtherKeyReport `json:"other_keys"`
	Days         []DayReport      `json:"days"`
	Today        TodayReport      `json:"today"`
	Reconcile    ReconcileReport  `json:"reconcile"`
	Forecast     ForecastReport   `json:"forecast"`
	Sources      []SourceReport   `json:"sources"`
	Requests     RequestsReport   `json:"requests"`
	// Users, of the whole site, and Channels are given to administrators alone;
	// UpstreamKeys by opencatd.
	Users        []UserReport    `json:"users,omitempty"`
	Channels     []ChannelReport `json:"channels,omitempty"`
	UpstreamKeys []ChannelReport `json:"upstream_keys,omitempty"`
}

// UserReport is one user's share of the window.
type UserReport struct {
	User        string  `json:"user"`
	WindowCalls int64   `json:"window_calls"`
	WindowQuota Quota   `json:"window_quota"`
	Amount      float64 `json:"window_amount"`
}

// ChannelReport is one upstream of the site; keys are masked.
type ChannelReport struct {
	ID             int64        `json:"id"`
	Name           string       `json:"name"`
	Type           string       `json:"type"`
	Endpoint       string       `json:"endpoint,omitempty"`
	Key            string       `json:"key,omitempty"`
	Status         string       `json:"status"`
	Reason         string       `json:"reason,omitempty"`
	Balance        Opt[float64] `json:"balance"`
	BalanceAt      Opt[string]  `json:"balance_at"`
	UsedQuota      Opt[Quota]   `json:"used_quota"`
	ResponseTimeMS Opt[int64]   `json:"response_time_ms"`
	TestedAt       Opt[string]  `json:"tested_at"`
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
	// Trend is "rising", "falling" or "steady": the spend of the last quarter of an
	// hour, which is TrendTimes that of the 45 minutes before it where it is not "steady".
	Trend      Opt[string]  `json:"trend"`
	TrendTimes Opt[float64] `json:"trend_times"`
}

// WindowReport is the window that totals, models and keys speak of, both ends
// inclusive.
type WindowReport struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Label string `json:"label"`
}

// SpanReport is a time, both ends inclusive.
type SpanReport struct {
	From string `json:"from"`
	To   string `json:"to"`
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
// that the quantiles and the speed rest on, FirstTokens those of the first token's
// and CacheCalls those of cache_hit.
type PerformanceReport struct {
	P99MS           Opt[int64]   `json:"p99_ms"`
	FirstTokenP99MS Opt[int64]   `json:"first_token_p99_ms"`
	TokensPerSecond Opt[float64] `json:"tokens_per_second"`
	CacheHit        Opt[float64] `json:"cache_hit"`
	ErrorRate       Opt[float64] `json:"error_rate"`
	Durations       int64        `json:"durations"`
	// DurationsIn is "s" where the gateway measures durations in whole seconds.
	DurationsIn string `json:"durations_in"`
	FirstTokens int64  `json:"first_tokens"`
	CacheCalls  int64  `json:"cache_calls"`
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
	// UsedAmount is given where the gateway counts in money alone (opencatd): of
	// this calendar month.
	UsedAmount      *float64   `json:"used_amount,omitempty"`
	WindowErrors    Opt[int64] `json:"window_errors"`
	P50MS           Opt[int64] `json:"p50_ms"`
	P95MS           Opt[int64] `json:"p95_ms"`
	FirstTokenP50MS Opt[int64] `json:"first_token_p50_ms"`
	FirstTokenP95MS Opt[int64] `json:"first_token_p95_ms"`
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
	BurnSampled   bool         `json:"burn_sampled"`
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
