package demo

import (
	"fmt"
	"testing"
	"time"
)

// An administrator's own account is what it was, and the site's log holds it and
// the others', row by row and in sums.
func TestSite(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		plain := &Server{Dialect: s.Dialect}
		plain.Account()
		s.Admin = true
		quota, used, requests := s.Account()
		if q, u, r := plain.Account(); q != quota || u != used || r != requests {
			t.Errorf("the account is %d %d %d, of an ordinary user %d %d %d", quota, used, requests, q, u, r)
		}
		time.Sleep(time.Hour)
		to := time.Now().Unix() - 5
		window := fmt.Sprintf("start_timestamp=%d&end_timestamp=%d", to-200, to)
		size := 100
		if s.Dialect == "one-api" {
			size = 10
		}
		var all Usage
		byUser := map[string]int64{}
		ids := map[string]bool{}
		last := int64(1 << 62)
		for page := 0; ; page++ {
			p := page
			if s.Dialect != "one-api" {
				p++
			}
			rows := list(do(t, s, "GET", fmt.Sprintf("/api/log/?p=%d&page=%d&page_size=100&size=100&type=2&log_type=2&%s", p, p, window), ""))
			for _, r := range rows {
				id := whole(t, field(r, "id"))
				if ids[fmt.Sprint(id)] || id > last {
					t.Errorf("id %d after %d", id, last)
				}
				last = id
				ids[fmt.Sprint(id)] = true
				all.Calls++
				all.Quota += whole(t, field(r, "quota"))
				byUser[fmt.Sprint(field(r, "username"))] += whole(t, field(r, "quota"))
			}
			if len(rows) < size {
				break
			}
		}
		if own := s.Truth(to-200, to).Quota; byUser[userName] != own || own == 0 {
			t.Errorf("the user's rows make %d, truth is %d", byUser[userName], own)
		}
		if len(byUser) < 4 {
			t.Errorf("users %v", byUser)
		}
		stat := func(more string) int64 {
			return whole(t, field(do(t, s, "GET", "/api/log/stat?"+window+more, ""), "data", "quota"))
		}
		if got := stat(""); got != all.Quota {
			t.Errorf("stat says %d, rows %d", got, all.Quota)
		}
		if got := stat("&username=bob"); got != byUser["bob"] || got == 0 {
			t.Errorf("stat of one user says %d, rows %d", got, byUser["bob"])
		}
		through := int64(0)
		for _, ch := range channels() {
			through += stat(fmt.Sprintf("&channel=%d&channel_id=%d", ch.id, ch.id))
		}
		if through != all.Quota {
			t.Errorf("%d went through the channels, %d through the site", through, all.Quota)
		}
		tripped := 0
		for _, ch := range list(do(t, s, "GET", "/api/channel/?p=0", "")) {
			if whole(t, field(ch, "status")) == channelTripped {
				tripped++
			}
		}
		if tripped != 1 {
			t.Errorf("%d channels were switched off", tripped)
		}
	})
}

// Who administers nothing learns nothing of the others.
func TestSiteIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		for _, path := range []string{"/api/log/", "/api/log/stat", "/api/channel/", "/api/user/", "/api/group/"} {
			if v := do(t, s, "GET", path, ""); field(v, "success") != false || field(v, "data") != nil {
				t.Errorf("%s: %v", path, v)
			}
		}
	})
}
