package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatewatch/model"
)

// What the whole family shares: /api/status, /api/user/self and the shape of a
// key. Sources: gateways.md §2 and §5, captures of one-api, new-api 0.6.3 and
// rc.21.

// statusData is the data of /api/status.
type statusData struct {
	Version      text    `json:"version"`
	StartTime    number  `json:"start_time"`
	SystemName   text    `json:"system_name"`
	QuotaPerUnit decimal `json:"quota_per_unit"`
	// DisplayInCurrency is missing on no gateway that was seen; false means raw
	// quota.
	DisplayInCurrency *flag   `json:"display_in_currency"`
	QuotaDisplayType  text    `json:"quota_display_type"`
	USDExchangeRate   decimal `json:"usd_exchange_rate"`
	CustomSymbol      text    `json:"custom_currency_symbol"`
	CustomRate        decimal `json:"custom_currency_exchange_rate"`
	DataExport        *flag   `json:"enable_data_export"`

	// keys are the names of all fields, by which the family is told.
	keys map[string]bool
}

func (s *statusData) UnmarshalJSON(b []byte) error {
	var names map[string]json.RawMessage
	if err := json.Unmarshal(b, &names); err != nil {
		return err
	}
	type plain statusData
	if err := json.Unmarshal(b, (*plain)(s)); err != nil {
		return err
	}
	s.keys = make(map[string]bool, len(names))
	for k := range names {
		s.keys[k] = true
	}
	return nil
}

func (s *statusData) status() model.Status {
	st := model.Status{
		Version:    string(s.Version),
		SystemName: string(s.SystemName),
		Started:    int64(s.StartTime),
		Currency:   s.currency(),
	}
	if s.DataExport != nil {
		st.DayUsage = model.Some(bool(*s.DataExport))
	}
	return st
}

// currency reads how the gateway shows money (new-api
// operation_setting/general_setting.go; the others know only
// display_in_currency).
func (s *statusData) currency() model.Currency {
	cur := model.Currency{PerUnit: float64(s.QuotaPerUnit)}
	switch strings.ToUpper(string(s.QuotaDisplayType)) {
	case "CNY":
		cur.Code, cur.Symbol, cur.Rate = "CNY", "¥", float64(s.USDExchangeRate)
	case "CUSTOM":
		cur.Code, cur.Symbol, cur.Rate = "CUSTOM", string(s.CustomSymbol), float64(s.CustomRate)
	case "TOKENS":
		cur.Code = "TOKENS"
	case "":
		if s.DisplayInCurrency != nil && !bool(*s.DisplayInCurrency) {
			cur.Code = "TOKENS"
		}
	}
	return cur
}

// self is the data of /api/user/self.
type self struct {
	ID           number  `json:"id"`
	Username     text    `json:"username"`
	DisplayName  text    `json:"display_name"`
	Role         number  `json:"role"`
	Status       number  `json:"status"`
	Group        text    `json:"group"`
	Quota        number  `json:"quota"`
	UsedQuota    number  `json:"used_quota"`
	RequestCount *number `json:"request_count"`
	// Setting is a JSON document in a string (new-api relaykit/dto/user_settings.go).
	Setting embedded `json:"setting"`

	others []model.Field
}

// shown are the fields of self that have a place of their own.
var shown = map[string]bool{
	"id": true, "username": true, "display_name": true, "role": true, "status": true, "group": true,
	"quota": true, "used_quota": true, "request_count": true,
}

func (s *self) UnmarshalJSON(b []byte) error {
	type plain self
	if err := json.Unmarshal(b, (*plain)(s)); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if value := plainValue(all[name]); value != "" && !shown[name] && !secretName(name) {
			s.others = append(s.others, model.Field{Name: strings.ReplaceAll(name, "_", " "), Value: value})
		}
	}
	return nil
}

// secretName reports whether a field may hold a credential: new-api 0.6 and
// one-hub give the access token away in /api/user/self.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"token", "password", "key", "secret", "verification"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// plainValue is a scalar in words; "" for what is empty, zero or nested.
func plainValue(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return ""
	}
	switch v := v.(type) {
	case string:
		if len(v) > 120 || strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") {
			return ""
		}
		return v
	case float64:
		if v == 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func (s *self) account() model.Account {
	a := model.Account{
		ID: int64(s.ID), Username: string(s.Username), DisplayName: string(s.DisplayName),
		Group: string(s.Group), Role: model.Role(s.Role), Enabled: s.Status == 1,
		Quota: model.Some(model.Quota(s.Quota)), Used: model.Some(model.Quota(s.UsedQuota)), Others: s.others,
	}
	if s.RequestCount != nil {
		a.Requests = model.Some(int64(*s.RequestCount))
	}
	var setting struct {
		Threshold decimal `json:"quota_warning_threshold"`
	}
	s.Setting.into(&setting)
	if setting.Threshold > 0 {
		a.Remind = model.Some(model.Quota(setting.Threshold))
	}
	return a
}

// self asks /api/user/self. There, success:false means that the credential is
// not accepted: a wrong token and a banned user come with HTTP 200 on every
// gateway but new-api from rc.22 on.
func (c *Client) self(ctx context.Context, header http.Header) (model.Account, error) {
	a, err := c.get(ctx, management, "/api/user/self", nil, header)
	var s self
	if err == nil {
		err = c.data(a, &s)
	}
	var e *StatusError
	if errors.As(err, &e) && (e.Kind == model.FaultRefused || e.Kind == model.FaultUnauthorised) {
		e.Kind, e.Hint = model.FaultUnauthorised, userHint(e.Message, c.opt.UserID)
	}
	if err != nil {
		return model.Account{}, err
	}
	return s.account(), nil
}

// userHint finds the header that a gateway misses in its own words, which is the
// one message whose text tells more than its code (gateways.md §1).
func userHint(message, userID string) string {
	for _, header := range []string{"New-Api-User", "Veloera-User"} {
		if !strings.Contains(message, header) {
			continue
		}
		if userID == "" {
			return "this gateway wants your numeric user id beside the token: set user_id; the personal settings page shows it"
		}
		return fmt.Sprintf("user_id %q is not the id of the user whom the access token belongs to; the personal settings page shows the right one", userID)
	}
	return ""
}

// token is one row of /api/token/: what the family calls a token is a key here.
type token struct {
	ID             number    `json:"id"`
	Key            maskedKey `json:"key"`
	Status         number    `json:"status"`
	Name           text      `json:"name"`
	CreatedTime    number    `json:"created_time"`
	AccessedTime   number    `json:"accessed_time"`
	ExpiredTime    number    `json:"expired_time"`
	RemainQuota    number    `json:"remain_quota"`
	UnlimitedQuota flag      `json:"unlimited_quota"`
	UsedQuota      *number   `json:"used_quota"`
	Group          text      `json:"group"`
	Models         text      `json:"models"`
	LimitModels    flag      `json:"model_limits_enabled"`
	ModelLimits    text      `json:"model_limits"`
}

// key normalises a row. countsUnlimited says whether the gateway counts what an
// unlimited key spends.
func (t *token) key(countsUnlimited bool) model.APIKey {
	k := model.APIKey{
		ID: int64(t.ID), Name: string(t.Name), Status: model.KeyStatus(t.Status), Masked: string(t.Key),
		Unlimited: bool(t.UnlimitedQuota), Remaining: model.Quota(t.RemainQuota), Group: string(t.Group),
		Created: opt(t.CreatedTime), LastUsed: opt(t.AccessedTime),
	}
	if t.ExpiredTime > 0 { // -1 never expires; 0 stands in rows that a partial update blanked
		k.Expires = model.Some(int64(t.ExpiredTime))
	}
	if t.AccessedTime <= t.CreatedTime {
		k.LastUsed = model.Opt[int64]{} // set on creation, so not used since
	}
	if t.UsedQuota != nil && (countsUnlimited || !k.Unlimited || *t.UsedQuota != 0) {
		k.Used = model.Some(model.Quota(*t.UsedQuota))
	}
	limits := string(t.Models)
	if limits == "" && bool(t.LimitModels) {
		limits = string(t.ModelLimits)
	}
	for m := range strings.SplitSeq(limits, ",") {
		if m = strings.TrimSpace(m); m != "" {
			k.Models = append(k.Models, m)
		}
	}
	return k
}

// tokens asks for one page of the key list.
func (c *Client) tokens(ctx context.Context, query url.Values, header http.Header) (list[token], error) {
	a, err := c.get(ctx, management, "/api/token/", query, header)
	if err != nil {
		return list[token]{}, err
	}
	var page list[token]
	err = c.data(a, &page)
	return page, err
}
