package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
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
	ID           number `json:"id"`
	Username     text   `json:"username"`
	DisplayName  text   `json:"display_name"`
	Role         figure `json:"role"`
	Status       figure `json:"status"`
	Group        text   `json:"group"`
	Quota        figure `json:"quota"`
	UsedQuota    figure `json:"used_quota"`
	RequestCount figure `json:"request_count"`
	// Setting is a JSON document in a string (new-api relaykit/dto/user_settings.go).
	Setting embedded `json:"setting"`
	// RemindBelow is aihubmix's.
	RemindBelow number `json:"quota_remind_threshold"`

	// keys are all fields, by which families that tell nothing else are told.
	keys map[string]json.RawMessage
}

func (s *self) UnmarshalJSON(b []byte) error {
	type plain self
	if err := json.Unmarshal(b, (*plain)(s)); err != nil {
		return err
	}
	s.keys = map[string]json.RawMessage{}
	return json.Unmarshal(b, &s.keys)
}

func (s *self) account() model.Account {
	a := model.Account{
		ID: int64(s.ID), Username: string(s.Username), DisplayName: string(s.DisplayName),
		Group: string(s.Group), Role: model.RoleUser, Enabled: true,
		Quota: s.Quota.quota(), Used: s.UsedQuota.quota(), Requests: model.Opt[int64](s.RequestCount), Others: fieldsOf(s.keys),
	}
	// An account that may read itself is a user and not banned, unless it says more.
	if s.Role.OK {
		a.Role = model.Role(s.Role.V)
	}
	if s.Status.OK {
		a.Enabled = s.Status.V == 1
	}
	var setting struct {
		Threshold decimal `json:"quota_warning_threshold"`
	}
	s.Setting.into(&setting)
	switch {
	case setting.Threshold > 0:
		a.Remind = model.Some(model.Quota(setting.Threshold))
	case s.RemindBelow > 0:
		a.Remind = model.Some(model.Quota(s.RemindBelow))
	}
	return a
}

// self asks /api/user/self. There, success:false means that the credential is
// not accepted: a wrong token and a banned user come with HTTP 200 on every
// gateway but new-api from rc.22 on.
func (c *Client) self(ctx context.Context) (model.Account, error) {
	s, err := c.askSelf(ctx)
	if err != nil {
		return model.Account{}, err
	}
	return s.account(), nil
}

// askSelf is self before it is normalised. The form of the credential and the
// header beside it are found out here, since no other request tells a refused
// credential from a refused question.
func (c *Client) askSelf(ctx context.Context) (s self, err error) {
	err = c.withAuth(func() error {
		a, err := c.get(ctx, management, "/api/user/self", nil)
		if err == nil {
			err = c.data(a, &s)
		}
		if err == nil && s.ID == 0 && s.Username == "" && !s.Quota.OK {
			err = c.unreadable(a, errors.New("it names no account"))
		}
		var e *StatusError
		if errors.As(err, &e) && (e.Kind == model.FaultRefused || e.Kind == model.FaultUnauthorised) {
			e.Kind, e.Hint = model.FaultUnauthorised, userHint(e.Message, c.auth.now().user)
		}
		return err
	})
	if err == nil {
		c.auth.accepted(strconv.FormatInt(int64(s.ID), 10))
	}
	return s, err
}

// userHint says what to set when a gateway misses the user header.
func userHint(message, userID string) string {
	switch {
	case namedHeader(message) == "":
		return ""
	case userID == "":
		return "this gateway wants your numeric user id beside the token: set user_id; the personal settings page shows it"
	}
	return fmt.Sprintf("user_id %q is not the id of the user whom the access token belongs to; the personal settings page shows the right one", userID)
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
	RemainQuota    figure    `json:"remain_quota"`
	UnlimitedQuota flag      `json:"unlimited_quota"`
	UsedQuota      figure    `json:"used_quota"`
	Group          text      `json:"group"`
	Models         text      `json:"models"`
	LimitModels    flag      `json:"model_limits_enabled"`
	ModelLimits    text      `json:"model_limits"`
	// Setting is one-hub's.
	Setting struct {
		Limits struct {
			Models struct {
				Enabled flag   `json:"enabled"`
				Models  []text `json:"models"`
			} `json:"limit_model_setting"`
		} `json:"limits"`
	} `json:"setting"`
}

// unlimitedRemain stands for "no limit" on Shell-API and aihubmix (gateways.md
// §5).
const unlimitedRemain = -1

// key normalises a row. countsUnlimited says whether the gateway counts what an
// unlimited key spends.
func (t *token) key(countsUnlimited bool) model.APIKey {
	k := model.APIKey{
		ID: int64(t.ID), Name: string(t.Name), Status: model.KeyStatus(t.Status), Masked: string(t.Key),
		Unlimited: bool(t.UnlimitedQuota) || t.RemainQuota.V == unlimitedRemain, Remaining: model.Quota(t.RemainQuota.V), Group: string(t.Group),
		Created: opt(t.CreatedTime), LastUsed: opt(t.AccessedTime),
	}
	if t.ExpiredTime > 0 { // -1 never expires; 0 stands in rows that a partial update blanked
		k.Expires = model.Some(int64(t.ExpiredTime))
	}
	if t.AccessedTime <= t.CreatedTime {
		k.LastUsed = model.Opt[int64]{} // set on creation, so not used since
	}
	if countsUnlimited || !k.Unlimited || t.UsedQuota.V != 0 {
		k.Used = t.UsedQuota.quota()
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
	if l := t.Setting.Limits.Models; bool(l.Enabled) {
		for _, m := range l.Models {
			k.Models = append(k.Models, string(m))
		}
	}
	return k
}

// keysOf normalises a page of the key list.
func keysOf(rows []token, countsUnlimited bool) []model.APIKey {
	keys := make([]model.APIKey, len(rows))
	for i := range rows {
		keys[i] = rows[i].key(countsUnlimited)
	}
	return keys
}

// tokens asks for one page of the key list, of which so many rows are on the pages
// before.
func (c *Client) tokens(ctx context.Context, query url.Values, before int) (list[token], error) {
	a, err := c.get(ctx, management, "/api/token/", query)
	if err != nil {
		return list[token]{}, err
	}
	return rowsOf[token](c, a, before)
}
