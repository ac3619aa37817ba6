package demo

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// keyNamed gives the id of a key.
func keyNamed(t *testing.T, s *Server, name string) int64 {
	t.Helper()
	s.Account()
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.keys, func(k *key) bool { return k.name() == name && !k.deleted })
	if i < 0 {
		t.Fatalf("no key %s", name)
	}
	return s.keys[i].id
}

// secretOf gives a key in clear.
func secretOf(s *Server, id int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.keys, func(k *key) bool { return k.id == id })
	return s.keys[i].secret
}

// callsOf counts the calls of a key from a unix second on.
func callsOf(s *Server, id, from int64) int64 { return s.Truth(from, 1<<40).ByKey[id].Calls }

func TestDisabledKeysAreSilent(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		id := keyNamed(t, s, "ci-bot")
		time.Sleep(10 * time.Minute)
		if callsOf(s, id, time.Now().Unix()-600) == 0 {
			t.Fatal("the key is not in use")
		}
		set := func(status int) {
			v := do(t, s, "PUT", "/api/token/?status_only=true", fmt.Sprintf(`{"id":%d,"status":%d}`, id, status))
			if field(v, "success") != true || whole(t, field(v, "data", "status")) != int64(status) {
				t.Fatalf("status %d: %v", status, v)
			}
		}
		start := time.Now().Unix() - 3600
		before := callsOf(s, id, start)
		set(statusDisabled)
		off := time.Now().Unix()
		time.Sleep(10 * time.Minute)
		if n := callsOf(s, id, off+1); n != 0 {
			t.Errorf("%d calls with a disabled key", n)
		}
		if n := callsOf(s, id, start); n < before || n > before+2 {
			t.Errorf("%d calls in the log, %d before", n, before)
		}
		set(statusEnabled)
		on := time.Now().Unix()
		time.Sleep(10 * time.Minute)
		if callsOf(s, id, on) == 0 {
			t.Error("no calls after enabling")
		}
		if n := s.Truth(off+1, on-1).ByKey[id].Calls; n != 0 {
			t.Errorf("%d calls in the time between", n)
		}
	})
}

func TestRowsKeepTheNameOfTheirTime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		id := keyNamed(t, s, "ci-bot")
		time.Sleep(2 * time.Hour)
		renamed := time.Now().Unix()
		do(t, s, "PUT", "/api/token/", fmt.Sprintf(`{"id":%d,"name":"deploy-bot","remain_quota":20000000,"expired_time":-1}`, id))
		time.Sleep(2 * time.Hour)
		for name, window := range map[string][2]int64{"ci-bot": {renamed - 7000, renamed - 1}, "deploy-bot": {renamed + 1, renamed + 7000}} {
			truth := s.Truth(window[0], window[1])
			if truth.ByKeyName[name] != truth.ByKey[id] || truth.ByKeyName[name].Calls == 0 {
				t.Errorf("%s: %+v by name, %+v by id", name, truth.ByKeyName[name], truth.ByKey[id])
			}
		}
		stat := do(t, s, "GET", fmt.Sprintf("/api/log/self/stat?token_name=deploy-bot&start_timestamp=%d", renamed-3600), "")
		if got, want := whole(t, field(stat, "data", "quota")), s.Truth(renamed, 1<<40).ByKeyName["deploy-bot"].Quota; got != want {
			t.Errorf("stat says %d, truth is %d", got, want)
		}
	})
}

// The key that is nearly used up runs out, and its owner stops. new-api refuses
// calls that it cannot cover; one-api lets the last one go below zero.
func TestExhaustion(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		id := keyNamed(t, s, "hackathon")
		show := func() any { return do(t, s, "GET", fmt.Sprintf("/api/token/%d", id), "") }
		if remain := whole(t, field(show(), "data", "remain_quota")); remain <= 0 || remain > 50_000 {
			t.Fatalf("begins with %d units", remain)
		}
		time.Sleep(48 * time.Hour)
		remain, status := whole(t, field(show(), "data", "remain_quota")), whole(t, field(show(), "data", "status"))
		if s.Dialect == "new-api" && (remain < 0 || status != statusEnabled) ||
			s.Dialect == "one-api" && (remain > 0 || status != statusExhausted) {
			t.Errorf("ends with %d units and status %d", remain, status)
		}
		now := time.Now().Unix()
		time.Sleep(6 * time.Hour)
		if n := callsOf(s, id, now+1); n != 0 {
			t.Errorf("%d calls afterwards", n)
		}
		// Money brings it back.
		do(t, s, "PUT", "/api/token/", fmt.Sprintf(`{"id":%d,"name":"hackathon","remain_quota":9000000,"expired_time":-1}`, id))
		do(t, s, "PUT", "/api/token/?status_only=1", fmt.Sprintf(`{"id":%d,"status":1}`, id))
		now = time.Now().Unix()
		time.Sleep(3 * time.Hour)
		if callsOf(s, id, now) == 0 {
			t.Error("no calls after it got money")
		}
	})
}

func TestExpiry(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		id := keyNamed(t, s, "contractor")
		expires := whole(t, field(do(t, s, "GET", fmt.Sprintf("/api/token/%d", id), ""), "data", "expired_time"))
		time.Sleep(30 * time.Hour)
		if s.Truth(expires-7200, expires-1).ByKey[id].Calls == 0 {
			t.Error("no calls before it expired")
		}
		if n := callsOf(s, id, expires); n != 0 {
			t.Errorf("%d calls after it expired", n)
		}
	})
}

func TestCreateRevealDelete(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		made := do(t, s, "POST", "/api/token/", `{"name":"brand new","unlimited_quota":true,"expired_time":-1}`)
		if (field(made, "data") != nil) != (s.Dialect == "one-api") {
			t.Errorf("creating says %v", made)
		}
		id := keyNamed(t, s, "brand new")
		page := map[string]int{"new-api": 1}[s.Dialect]
		newest := list(do(t, s, "GET", fmt.Sprintf("/api/token/?p=%d", page), ""))[0]
		if whole(t, field(newest, "id")) != id {
			t.Errorf("the first of the list is %v", newest)
		}
		secret := field(newest, "key").(string)
		if s.Dialect == "new-api" {
			if !strings.Contains(secret, "**********") {
				t.Errorf("the list shows %s", secret)
			}
			secret = field(do(t, s, "POST", fmt.Sprintf("/api/token/%d/key", id), ""), "data", "key").(string)
		}
		if len(secret) != len(s.APIKey())-len("sk-") || strings.Contains(secret, "*") {
			t.Errorf("the key is %q", secret)
		}
		models := request(t, s, "GET", "/v1/models", "")
		models.Header.Set("Authorization", "Bearer sk-"+secret)
		status := func() int {
			resp, err := s.RoundTrip(models)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		if got := status(); got != 200 {
			t.Errorf("the new key gets %d", got)
		}
		do(t, s, "DELETE", fmt.Sprintf("/api/token/%d", id), "")
		if got := status(); got != 401 {
			t.Errorf("the deleted key gets %d", got)
		}
	})
}

// Asking for the access token makes a new one: no client must ever do that.
func TestAccessTokenIsReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		old := s.AccessToken()
		fresh := field(do(t, s, "GET", "/api/user/token", ""), "data")
		if fresh == old || fresh != s.AccessToken() || len(old) != 32 {
			t.Errorf("was %s, is %s, said %v", old, s.AccessToken(), fresh)
		}
		req := request(t, s, "GET", "/api/user/self", "")
		req.Header.Set("Authorization", old)
		resp, err := s.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if v := readJSON(t, resp); field(v, "success") != false {
			t.Errorf("the old token still opens: %v", v)
		}
	})
}

func TestDataIsFlushedEveryFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		from := time.Now().Unix() - 86400
		sum := func() (quota int64) {
			v := do(t, s, "GET", fmt.Sprintf("/api/data/self?start_timestamp=%d&end_timestamp=%d", from, time.Now().Unix()), "")
			for _, d := range list(v) {
				quota += whole(t, field(d, "quota"))
			}
			return quota
		}
		changes, last := 0, sum()
		for range 30 {
			time.Sleep(20 * time.Second)
			if now := sum(); now != last {
				changes, last = changes+1, now
			}
		}
		if changes != 2 {
			t.Errorf("changed %d times in ten minutes", changes)
		}
	})
}

// A chat stays in the sums when its hour is over.
func TestChatsCountInPastHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Rate: -1}
		v := do(t, s, "POST", "/v1/chat/completions", `{"model":"gpt-4o","messages":[]}`)
		tokens := whole(t, field(v, "usage", "total_tokens"))
		from := time.Now().Unix() - 7200
		time.Sleep(3 * time.Hour)
		for what, path := range map[string]string{
			"total": "/api/log/self?type=2", "quota": "/api/log/self/stat?model_name=gpt-4o", "": "/api/log/self/stat?model_name=o3",
		} {
			n := field(do(t, s, "GET", path, ""), "data", what)
			if what == "" {
				n = field(do(t, s, "GET", path, ""), "data", "quota")
			}
			if got := whole(t, n); (got > 0) != (what != "") {
				t.Errorf("%s: %d", path, got)
			}
		}
		hours := list(do(t, s, "GET", fmt.Sprintf("/api/data/self?start_timestamp=%d&end_timestamp=%d", from, time.Now().Unix()), ""))
		if len(hours) != 1 || whole(t, field(hours[0], "token_used")) != tokens {
			t.Errorf("%d tokens: %v", tokens, hours)
		}
	})
}

// A page holds a hundred rows at most, and one more changes nothing.
func TestPageSizes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		for asked, want := range map[string]int{"99": 99, "100": 100, "101": 100, "150": 100, "-1": 400} {
			now := time.Now().Unix()
			rows := list(do(t, s, "GET", fmt.Sprintf("/api/log/self?page_size=%s&start_timestamp=%d", asked, now-600), ""))
			if len(rows) != want && (asked != "-1" || len(rows) < want) {
				t.Errorf("page_size %s: %d rows", asked, len(rows))
			}
		}
	})
}

// rpm and tpm are those of the last minute, whatever window is asked for.
func TestRates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		s.Account()
		time.Sleep(5 * time.Minute)
		now := time.Now().Unix()
		truth := s.Truth(now-60, now)
		for _, query := range []string{"", fmt.Sprintf("start_timestamp=%d&end_timestamp=%d", now-9000, now-8000), "type=5"} {
			v := do(t, s, "GET", "/api/log/self/stat?"+query, "")
			if rpm, tpm := whole(t, field(v, "data", "rpm")), whole(t, field(v, "data", "tpm")); rpm != truth.Calls || tpm != truth.Prompt+truth.Completion {
				t.Errorf("%q: rpm %d, tpm %d; truth %+v", query, rpm, tpm, truth.Usage)
			}
		}
	})
}

func TestDashboardIsTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Dialect: "one-api"}
		s.Account()
		time.Sleep(26 * time.Hour)
		day := time.Now().Unix()/86400*86400 - 86400
		truth := s.Truth(day, day+86399)
		found := 0
		for _, d := range list(do(t, s, "GET", "/api/user/dashboard", "")) {
			if field(d, "Day") != time.Unix(day, 0).UTC().Format(time.DateOnly) {
				continue
			}
			found++
			u := truth.ByModel[field(d, "ModelName").(string)]
			got := Usage{
				whole(t, field(d, "RequestCount")), 0, whole(t, field(d, "Quota")),
				whole(t, field(d, "PromptTokens")), whole(t, field(d, "CompletionTokens")),
			}
			if got != u {
				t.Errorf("%v: truth is %+v", d, u)
			}
		}
		if found != len(truth.ByModel) || found == 0 {
			t.Errorf("%d models of %d", found, len(truth.ByModel))
		}
	})
}
