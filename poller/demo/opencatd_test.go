package demo

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func catBubble(t *testing.T, test func(t *testing.T, s *Server)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, &Server{Dialect: "opencatd"}) })
}

func catCosts(t *testing.T, s *Server, from, to time.Time) map[int64]string {
	t.Helper()
	costs := map[int64]string{}
	target := fmt.Sprintf("/1/usages?from=%s&to=%s", from.Format(time.DateOnly), to.Format(time.DateOnly))
	for _, row := range list(do(t, s, "GET", target, "")) {
		if field(row, "totalUnit") != nil {
			t.Errorf("a unit in %v", row)
		}
		costs[whole(t, field(row, "userId"))] = field(row, "cost").(string)
	}
	return costs
}

// The sums are those of the calls: today's so far, a day's that is over, and no
// other when the day is asked for again.
func TestCatUsages(t *testing.T) {
	catBubble(t, func(t *testing.T, s *Server) {
		s.Account()
		time.Sleep(30 * time.Hour)
		today := time.Now().UTC().Truncate(24 * time.Hour)
		for _, day := range []time.Time{today, today.AddDate(0, 0, -1), today.AddDate(0, 0, -3), today.AddDate(0, 0, -1)} {
			truth := s.Truth(day.Unix(), day.Unix()+86399).ByKey
			costs := catCosts(t, s, day, day.AddDate(0, 0, 1))
			if len(costs) != len(truth) || len(costs) < 6 {
				t.Errorf("%v: %d users, %d called", day, len(costs), len(truth))
			}
			for id, u := range truth {
				if want := fmt.Sprintf("%.6f", float64(u.Quota)/quotaPerUnit); costs[id] != want {
					t.Errorf("%v: user %d cost %s, truth is %s", day, id, costs[id], want)
				}
			}
		}
		if n := catCosts(t, s, today, today); len(n) != 0 {
			t.Errorf("an empty window holds %v", n)
		}
	})
}

// Who is deleted calls no more, and is still in the sums.
func TestCatDelete(t *testing.T) {
	catBubble(t, func(t *testing.T, s *Server) {
		id := keyNamed(t, s, "ci-bot")
		time.Sleep(time.Hour)
		do(t, s, "DELETE", fmt.Sprintf("/1/users/%d", id), "")
		now := time.Now()
		before := catCosts(t, s, now.AddDate(0, 0, -2), now.AddDate(0, 0, 2))
		time.Sleep(2 * time.Hour)
		if after := catCosts(t, s, now.AddDate(0, 0, -2), now.AddDate(0, 0, 2)); after[id] != before[id] || after[id] == "" {
			t.Errorf("the user's cost is %q, was %q", after[id], before[id])
		}
		for _, u := range list(do(t, s, "GET", "/1/users", "")) {
			if whole(t, field(u, "id")) == id {
				t.Error("the user is still there")
			}
		}
	})
}

// A fresh server has nothing but the way to make its root.
func TestCatFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Dialect: "opencatd", Fresh: true}
		if v := do(t, s, "GET", "/1/me", ""); field(v, "error") != "Unauthorized" || s.APIKey() != "" {
			t.Errorf("before there is a root: %v, key %q", v, s.APIKey())
		}
		if v := do(t, s, "POST", "/1/users/init", ""); field(v, "token") != s.AccessToken() {
			t.Errorf("the root is %v", v)
		}
		time.Sleep(time.Hour)
		if v := list(do(t, s, "GET", "/1/usages", "")); len(v) != 0 {
			t.Errorf("somebody called: %v", v)
		}
	})
}
