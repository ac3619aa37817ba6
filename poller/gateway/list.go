package gateway

import (
	"encoding/json"
	"errors"
	"fmt"

	"gatewatch/model"
)

// list is a page of rows in any of the family's envelopes: a bare array, or an
// object that calls the rows items or data and their number total or
// total_count. An object without rows is no empty list: every gateway that was
// recorded writes [] for one.
type list[T any] struct {
	rows  []T
	total model.Opt[int64]
	bare  bool
}

func (l *list[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		l.bare = true
		return json.Unmarshal(b, &l.rows)
	}
	var page struct {
		Items      *[]T   `json:"items"`
		Data       *[]T   `json:"data"`
		Total      figure `json:"total"`
		TotalCount figure `json:"total_count"`
	}
	if err := json.Unmarshal(b, &page); err != nil {
		return err
	}
	switch {
	case page.Items != nil:
		l.rows = *page.Items
	case page.Data != nil:
		l.rows = *page.Data
	default:
		return errors.New("it lists no rows")
	}
	for _, total := range []figure{page.TotalCount, page.Total} {
		if total.OK && total.V >= 0 {
			l.total = model.Opt[int64](total)
		}
	}
	return nil
}

// row is a row of a list that must hold more than its name: lacks names the field
// that is missing, "" when none is.
type row interface{ lacks() string }

// rowsOf decodes a page of a list that begins after so many rows.
func rowsOf[T any](c *Client, a answer, before int) (list[T], error) {
	var page list[T]
	if err := c.data(a, &page); err != nil {
		return list[T]{}, err
	}
	if len(page.rows) == 0 && page.total.V > int64(before) {
		return list[T]{}, c.unreadable(a, fmt.Errorf("it tells of %d rows and lists none", page.total.V))
	}
	for i := range page.rows {
		if r, ok := any(&page.rows[i]).(row); ok && r.lacks() != "" {
			return list[T]{}, c.unreadable(a, fmt.Errorf("a row has no %s", r.lacks()))
		}
	}
	return page, nil
}

// logRowLacks is lacks for a row of the log: without a type it would count as no
// call, without a quota as a free one.
func logRowLacks(at number, kind, quota figure) string {
	const consume = 2 // on every gateway of the family
	switch {
	case at == 0:
		return "created_at"
	case !kind.OK:
		return "type"
	case kind.V == consume && !quota.OK:
		return "quota"
	}
	return ""
}

func (r *oneAPIRow) lacks() string   { return logRowLacks(r.CreatedAt, r.Type, r.Quota) }
func (r *newAPIRow) lacks() string   { return logRowLacks(r.CreatedAt, r.Type, r.Quota) }
func (r *oneHubRow) lacks() string   { return logRowLacks(r.CreatedAt, r.Type, r.Quota) }
func (r *shellAPIRow) lacks() string { return logRowLacks(r.CreatedAt, r.Type, r.Quota) }

func (t *token) lacks() string {
	switch {
	case t.ID == 0:
		return "id"
	case !t.RemainQuota.OK && !bool(t.UnlimitedQuota):
		return "remain_quota"
	}
	return ""
}

func (r *channelRow) lacks() string {
	if r.ID == 0 {
		return "id"
	}
	return ""
}
