package demo

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Every dialect serves the same world: whoever it is in words, the truth is the
// same to the call, and to the unit where it is billed alike.
func TestDialects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := map[int64]bool{}
		if len(Dialects()) != 8 || Dialects()[0] != "new-api" {
			t.Errorf("dialects %v", Dialects())
		}
		for _, name := range Dialects() {
			s := &Server{Dialect: name}
			s.Account()
			now := time.Now().Unix()
			truth := s.Truth(now-7200, now-3600)
			calls[truth.Calls] = true
			if truth.Quota == 0 || s.APIKey() == "" || s.AccessToken() == "" {
				t.Errorf("%s: spent %d, key %q, token %q", name, truth.Quota, s.APIKey(), s.AccessToken())
			}
			path := "/api/user/self"
			if name == "opencatd" {
				path = "/1/me"
			}
			if v := do(t, s, "GET", path, ""); field(v, "data", "id") == nil && field(v, "id") == nil {
				t.Errorf("%s: %v", name, v)
			}
		}
		if len(calls) != 1 {
			t.Errorf("numbers of calls %v", calls)
		}
	})
}

// Shell-API's log, its sums and its live rates tell of the same calls.
func TestShellSums(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Dialect: "shell-api"}
		s.Account()
		time.Sleep(time.Hour)
		now := time.Now().Unix()
		read := func(query string) (quota, rows int64) {
			for p := 0; ; p++ {
				page := list(do(t, s, "GET", fmt.Sprintf("/api/log/self?p=%d&pageSize=100&page_size=100&type=2&%s", p, query), ""))
				for _, row := range page {
					quota += whole(t, field(row, "quota"))
					rows++
				}
				if len(page) > 10 {
					t.Fatalf("a page of %d", len(page))
				}
				if len(page) == 0 {
					return quota, rows
				}
			}
		}
		window := fmt.Sprintf("start_timestamp=%d&end_timestamp=%d", now-300, now-10)
		truth := s.Truth(now-300, now-10)
		if quota, rows := read(window); quota != truth.Quota || rows != truth.Calls || rows < 100 {
			t.Errorf("pages say %d in %d rows, truth is %+v", quota, rows, truth.Usage)
		}
		id := keyNamed(t, s, "ci-bot")
		if quota, _ := read(window + "&token_key=" + secretOf(s, id)); quota != truth.ByKey[id].Quota || quota == 0 {
			t.Errorf("one key's rows say %d, truth is %d", quota, truth.ByKey[id].Quota)
		}
		if quota, rows := read(window + "&token_key=nobody"); quota != 0 || rows != 0 {
			t.Errorf("a key that does not exist has %d rows", rows)
		}
		last := s.Truth(now-60, now)
		stat := do(t, s, "GET", "/api/log/self/stat?"+window, "")
		for name, want := range map[string]int64{
			"quota": truth.Quota, "rpm": last.Calls, "mpm": last.Quota, "tpm": last.Prompt + last.Completion,
		} {
			if got := whole(t, field(stat, "data", name)); got != want {
				t.Errorf("%s is %d, truth is %d", name, got, want)
			}
		}
		today := now / 86400 * 86400
		sum := int64(0)
		for p := range 9 {
			for _, d := range list(do(t, s, "GET", fmt.Sprintf("/api/log/self/getDailyUsageStatsByDimension?p=%d&pageSize=20&dimension=model", p), "")) {
				if field(d, "date") == time.Unix(today, 0).UTC().Format(time.DateOnly) {
					sum += whole(t, field(d, "sumQuota"))
				}
			}
		}
		if want := s.Truth(today, now).Quota; sum != want {
			t.Errorf("today's sums make %d, truth is %d", sum, want)
		}
		counted := int64(0)
		for _, m := range list(do(t, s, "GET", "/api/log/self/model_usage?p=0&pageSize=20", "")) {
			counted += whole(t, field(m, "cnt"))
		}
		if want := s.Truth(1, 1<<40).Calls; counted != want {
			t.Errorf("models were called %d times, truth is %d", counted, want)
		}
	})
}

// aihubmix shows a key once.
func TestHubMixKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Dialect: "aihubmix"}
		made := do(t, s, "POST", "/api/token/", `{"name":"new","remain_quota":-1,"expired_time":-1}`)
		id := keyNamed(t, s, "new")
		if field(made, "data", "full_key") != "sk-"+secretOf(s, id) || field(made, "data", "unlimited_quota") != true {
			t.Errorf("made %v", made)
		}
		if first := list(do(t, s, "GET", "/api/token/", ""))[0]; field(first, "key") != mask(secretOf(s, id)) || field(first, "full_key") != nil {
			t.Errorf("the list begins with %v", first)
		}
		do(t, s, "PUT", "/api/token/", fmt.Sprintf(`{"id":%d,"name":"new","status":2,"remain_quota":-1,"expired_time":-1}`, id))
		if v := do(t, s, "GET", fmt.Sprintf("/api/token/%d", id), ""); whole(t, field(v, "data", "status")) != statusDisabled {
			t.Errorf("switched off: %v", v)
		}
	})
}
