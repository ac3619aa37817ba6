package gateway

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatewatch/model"
)

// How the fields of /api/user/self that have no place of their own are shown on
// the account card. Sources: gateways.md §2.1 and the four documents in the
// seeds.

// kind says how a field's value is to be read.
type kind uint8

const (
	asText  kind = iota
	asQuota      // an amount in the gateway's unit
	asTime       // a second of Unix time, or RFC 3339
	asUSD        // dollars
	hidden       // shown elsewhere, or of use to the gateway's own page alone
)

type wording struct {
	name string
	kind kind
}

// words name the fields, by their name in lower case; what is not here is shown
// under its own name.
var words = map[string]wording{
	"id": {"", hidden}, "username": {"", hidden}, "display_name": {"", hidden}, "role": {"", hidden},
	"status": {"", hidden}, "group": {"", hidden}, "quota": {"", hidden}, "used_quota": {"", hidden},
	"request_count": {"", hidden}, "setting": {"", hidden}, "sidebar_modules": {"", hidden},
	"permissions": {"", hidden}, "admin_access_flags": {"", hidden}, "github_id_new": {"", hidden},
	"deletedat": {"", hidden}, "deleted_at": {"", hidden}, "showpackageplan": {"", hidden}, "modelfixedprice": {"", hidden},

	"group_ratio":                 {"group ratio", asText},
	"can_use_self_group":          {"may use own group", asText},
	"topup_ratio":                 {"top-up ratio", asText},
	"topupgroupminlimit":          {"smallest top-up", asUSD},
	"quota_expire_time":           {"balance expires", asTime},
	"quota_remind_threshold":      {"gateway warns below", asQuota},
	"notify":                      {"low-balance warning", asText},
	"notify_email":                {"warning by e-mail", asText},
	"aff_code":                    {"invitation code", asText},
	"inviter_id":                  {"invited by user", asText},
	"aff_count":                   {"people invited", asText},
	"inviteusernumber":            {"people invited", asText},
	"aff_quota":                   {"bonus not yet used", asQuota},
	"aff_history_quota":           {"bonus in all", asQuota},
	"invitebonusratio":            {"invitation bonus ratio", asText},
	"rate_limit":                  {"own rate limit", asText},
	"rate_limit_exceeded_message": {"says at the rate limit", asText},
	"remark":                      {"operator's remark", asText},
	"created_at":                  {"registered", asTime},
	"created_time":                {"registered", asTime},
	"register_time":               {"registered", asTime},
	"migrated_at":                 {"migrated", asTime},
	"last_login_at":               {"last login", asTime},
	"last_login_time":             {"last login", asTime},
	"last_login_ip":               {"last login from", asText},
	"last_check_in_time":          {"last check-in", asTime},
	"email":                       {"e-mail", asText},
	"phone_number":                {"telephone", asText},
}

const (
	// maxFields bounds the fields that a gateway can put on the card, maxPrices the
	// fixed prices among them.
	maxFields = 100
	maxPrices = 50
	maxValue  = 120 // bytes
)

// fieldsOf puts the fields into words, secrets left out.
func fieldsOf(all map[string]json.RawMessage) []model.Field {
	var out []model.Field
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if f, ok := fieldOf(name, all[name]); ok && len(out) < maxFields {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b model.Field) int { return rank(a.Name) - rank(b.Name) })
	return append(out, fixedPrices(all["ModelFixedPrice"])...)
}

// order is that of the card: money first, then what is the account's.
var order = []string{
	"group ratio", "may use own group", "top-up ratio", "smallest top-up", "balance expires", "gateway warns below",
	"low-balance warning", "warning by e-mail", "bonus not yet used", "bonus in all", "people invited",
	"invitation bonus ratio", "invitation code", "invited by user", "own rate limit", "registered", "last login", "last login from",
}

func rank(name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

func fieldOf(name string, raw json.RawMessage) (model.Field, bool) {
	w, known := words[strings.ToLower(name)]
	if !known {
		w = wording{name: plainName(name)}
	}
	value := plainValue(raw)
	if value == "" || w.kind == hidden || secretName(name) {
		return model.Field{}, false
	}
	f := model.Field{Name: w.name, Value: value}
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case w.kind == asQuota && err == nil:
		f.Value, f.Quota = "", model.Some(model.Quota(n))
	case w.kind == asTime && err == nil:
		f.Value, f.At = "", model.Some(int64(n))
	case w.kind == asTime:
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			f.Value, f.At = "", model.Some(t.Unix())
		}
	case w.kind == asUSD && err == nil:
		f.Value = "$" + value
	}
	return f, true
}

var wordStart = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// plainName makes lower case words of a field's name.
func plainName(name string) string {
	name = wordStart.ReplaceAllString(name, "$1 $2")
	return strings.ToLower(strings.ReplaceAll(name, "_", " "))
}

// secretName reports whether a field may hold a credential: new-api 0.6 and
// one-hub give the access token away in /api/user/self.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"token", "password", "key", "secret", "verification", "stripe"} {
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
		if len(v) > maxValue || strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") {
			return ""
		}
		return v
	case float64:
		if v == 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return ""
}

// fixedPrices are the prices per call of Shell-API, in dollars: an object of
// prices by model (ocoolai), or an array (apiyi, laozhang) of which the documents
// show no row, so that each is read as far as it can be.
func fixedPrices(raw json.RawMessage) []model.Field {
	prices := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &prices) != nil {
		var rows []json.RawMessage
		if json.Unmarshal(raw, &rows) != nil {
			return nil
		}
		prices = map[string]json.RawMessage{}
		for _, row := range rows {
			if name, price := priceRow(row); name != "" {
				prices[name] = price
			}
		}
	}
	var out []model.Field
	for _, name := range slices.Sorted(maps.Keys(prices)) {
		var price decimal
		if json.Unmarshal(prices[name], &price) != nil || len(name) > maxValue {
			continue
		}
		if len(out) == maxPrices {
			return append(out, model.Field{Name: "further fixed prices", Value: strconv.Itoa(len(prices) - maxPrices)})
		}
		out = append(out, model.Field{
			Name: "price per call of " + name, Value: "$" + strconv.FormatFloat(float64(price), 'f', -1, 64),
		})
	}
	return out
}

// priceRow finds the name and the price in a row whose field names are not
// documented: the one under a name with "model" or "name", the other under one
// with "price".
func priceRow(raw json.RawMessage) (name string, price json.RawMessage) {
	row := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &row) != nil {
		return "", nil
	}
	for _, k := range slices.Sorted(maps.Keys(row)) {
		switch lower := strings.ToLower(k); {
		case strings.Contains(lower, "price"):
			price = row[k]
		case strings.Contains(lower, "model"), strings.Contains(lower, "name"):
			_ = json.Unmarshal(row[k], &name)
		}
	}
	if price == nil {
		return "", nil
	}
	return name, price
}

// modelFields lists models, a field each.
func modelFields(names []string) []model.Field {
	var out []model.Field
	for i, n := range names {
		if i == maxPrices {
			return append(out, model.Field{Name: "further models", Value: strconv.Itoa(len(names) - i)})
		}
		out = append(out, model.Field{Name: "model", Value: n})
	}
	return out
}
