package demo

import (
	"fmt"
	"io"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

var families = []string{"new-api", "one-api", "one-hub", "veloera"}

// inBubble runs a test on fake time, once for each dialect.
func inBubble(t *testing.T, test func(t *testing.T, s *Server)) {
	t.Helper()
	t.Parallel()
	for _, dialect := range families {
		t.Run(dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, &Server{Dialect: dialect}) })
		})
	}
}

// fetch reads all pages of a window over HTTP and adds the rows up. Pages are
// counted from first, and hold size rows.
func fetch(t *testing.T, s *Server, query string) (sum Truth, rows int) {
	t.Helper()
	sum = Truth{ByModel: map[string]Usage{}, ByKey: map[int64]Usage{}, ByKeyName: map[string]Usage{}}
	page, size := 1, 100
	if s.Dialect == "one-api" {
		page, size = 0, 10
	}
	for ; ; page++ {
		items := list(do(t, s, "GET", fmt.Sprintf("/api/log/self?p=%d&page=%d&page_size=%d&size=%d&%s", page, page, size, size, query), ""))
		for _, item := range items {
			row := item.(map[string]any)
			var u Usage
			switch whole(t, row["type"]) {
			case kindConsume:
				u = Usage{1, 0, whole(t, row["quota"]), whole(t, row["prompt_tokens"]), whole(t, row["completion_tokens"])}
			case kindError:
				u = Usage{Errors: 1}
			default:
				continue
			}
			put := func(u *Usage, v Usage) Usage { u.merge(v); return *u }
			put(&sum.Usage, u)
			model, name := row["model_name"].(string), row["token_name"].(string)
			m, k := sum.ByModel[model], sum.ByKeyName[name]
			sum.ByModel[model], sum.ByKeyName[name] = put(&m, u), put(&k, u)
			if row["token_id"] != nil {
				id := whole(t, row["token_id"])
				k := sum.ByKey[id]
				sum.ByKey[id] = put(&k, u)
			}
		}
		rows += len(items)
		if len(items) < size {
			return sum, rows
		}
		if s.Dialect == "one-api" && page%300 == 299 {
			time.Sleep(generalWindow) // 480 requests are all it answers in that time
		}
	}
}

func TestTruthIsWhatThePagesSay(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Account()
		time.Sleep(20 * time.Minute)
		now := time.Now().Unix()
		for _, w := range [][2]int64{{now - 15, now - 5}, {now - 600, now - 3}, {now - 7200, now - 7000}, {now - 9, now - 9}} {
			want := s.Truth(w[0], w[1])
			got, rows := fetch(t, s, fmt.Sprintf("start_timestamp=%d&end_timestamp=%d", w[0], w[1]))
			if s.Dialect != "new-api" {
				got.ByKey = want.ByKey // its rows do not carry the key's id
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("window %v: pages say %+v, truth is %+v", w, got, want)
			}
			if w[1]-w[0] > 100 && rows < 100 {
				t.Errorf("window %v has only %d rows", w, rows)
			}
			stat := do(t, s, "GET", fmt.Sprintf("/api/log/self/stat?start_timestamp=%d&end_timestamp=%d", w[0], w[1]), "")
			if quota := whole(t, field(stat, "data", "quota")); quota != want.Quota {
				t.Errorf("window %v: stat says %d, truth is %d", w, quota, want.Quota)
			}
		}
	})
}

// The totals and the pages of the whole log agree, whether hours are added up or
// read row by row.
func TestTotals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Rate: 0.05}
		s.Account()
		time.Sleep(3 * time.Hour)
		for _, query := range []string{
			"", "type=2", "type=5", "type=1", "token_name=laptop", "model_name=gpt%25&type=2", "model_name=gpt-4o",
			"token_name=%E5%AE%A2%E6%9C%8D%E6%9C%BA%E5%99%A8%E4%BA%BA&type=2",
		} {
			v := do(t, s, "GET", "/api/log/self?p=1&page_size=1&"+query, "")
			total := int(whole(t, field(v, "data", "total")))
			if total == 0 {
				t.Errorf("%q: no rows", query)
			}
			pages := (total + 99) / 100
			last := list(do(t, s, "GET", fmt.Sprintf("/api/log/self?p=%d&page_size=100&%s", pages, query), ""))
			if want := total - 100*(pages-1); len(last) != want {
				t.Errorf("%q: %d rows on page %d of %d rows, want %d", query, len(last), pages, total, want)
			}
			if total > 5000 {
				continue
			}
			if _, rows := fetch(t, s, query); rows != total {
				t.Errorf("%q: total is %d, the pages hold %d rows", query, total, rows)
			}
		}
	})
}

// What the balance loses, used_quota wins, and the rows that ended meanwhile
// account for both; the same for every key.
func TestBalances(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Names = "ascii"
		quota, used, requests := s.Account()
		if quota < 99*quotaPerUnit || quota > 100*quotaPerUnit {
			t.Errorf("the balance begins at %d units", quota)
		}
		before := keyNumbers(t, s)
		time.Sleep(500 * time.Millisecond) // rows of the second of birth may be older than it
		born := time.Now()
		for range 5 {
			time.Sleep(13 * time.Minute)
			q, u, r := s.Account()
			// Truth is in whole seconds and the clock stands at half of one: take
			// what ended in the half second before.
			truth := s.between(born.Add(-500*time.Millisecond), time.Now())
			if u-used != truth.Quota || r-requests != truth.Calls {
				t.Fatalf("used_quota rose by %d and request_count by %d, the rows say %d and %d", u-used, r-requests, truth.Quota, truth.Calls)
			}
			if brought := q - quota + (u - used); brought != s.toppedUp(born, time.Now()) {
				t.Fatalf("the balance fell by %d, used_quota rose by %d", quota-q, u-used)
			}
		}
		if _, u, _ := s.Account(); u == used {
			t.Error("nothing was spent")
		}
		after := keyNumbers(t, s)
		sum := int64(0)
		for id, b := range before {
			a := after[id]
			truth := s.between(born.Add(-500*time.Millisecond), time.Now()).byKey[id]
			sum += truth
			switch {
			case s.Dialect == "one-api" && a.unlimited:
				if a.used != b.used || a.remain != b.remain {
					t.Errorf("the unlimited key %d moved", id)
				}
			case s.Dialect == "one-hub" && a.unlimited:
				if a.used-b.used != truth || a.remain != 0 {
					t.Errorf("the unlimited key %d has used %+d of %d", id, a.used-b.used, truth)
				}
			case a.used-b.used != truth || b.remain-a.remain != truth:
				t.Errorf("key %d: used %+d, remain %+d, the rows say %d", id, a.used-b.used, a.remain-b.remain, truth)
			}
		}
		if sum == 0 {
			t.Error("no key spent anything")
		}
	})
}

type numbers struct {
	used, remain int64
	unlimited    bool
}

func keyNumbers(t *testing.T, s *Server) map[int64]numbers {
	t.Helper()
	all := map[int64]numbers{}
	for page := range 3 {
		for _, item := range list(do(t, s, "GET", fmt.Sprintf("/api/token/?p=%d&size=100", page), "")) {
			k := item.(map[string]any)
			all[whole(t, k["id"])] = numbers{whole(t, k["used_quota"]), whole(t, k["remain_quota"]), k["unlimited_quota"].(bool)}
		}
	}
	return all
}

type betweenSum struct {
	Usage
	byKey map[int64]int64 // quota
}

// between adds up the rows of a stretch of time to the nanosecond: after from,
// up to to.
func (s *Server) between(from, to time.Time) betweenSum {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := betweenSum{byKey: map[int64]int64{}}
	for _, c := range s.rows(&filter{kind: kindConsume}, from.UnixNano()+1, to.UnixNano()+1, nil) {
		sum.add(&c)
		sum.byKey[s.keys[c.key].id] += c.quota
	}
	return sum
}

func (s *Server) toppedUp(from, to time.Time) (units int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.rows(&filter{kind: kindTopUp}, from.UnixNano(), to.UnixNano()+1, nil) {
		units += c.quota
	}
	return units
}

// Top-ups bring what their rows say, and nothing else moves a balance without
// traffic.
func TestTopUps(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		quota, used, _ := s.Account()
		born := time.Now()
		time.Sleep(5 * 24 * time.Hour)
		q, u, _ := s.Account()
		if q == quota || u != used || q-quota != s.toppedUp(born, time.Now()) {
			t.Errorf("the balance rose by %d, top-ups brought %d", q-quota, s.toppedUp(born, time.Now()))
		}
		rows := list(do(t, s, "GET", fmt.Sprintf("/api/log/self?page_size=10&type=1&start_timestamp=%d", born.Unix()), ""))
		if len(rows) < 1 || len(rows) > 5 {
			t.Errorf("%d top-ups in five days", len(rows))
		}
	})
}

// A demonstration that is left alone for weeks is topped up and goes on.
func TestNeverDriesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Rate: 100}
		quota, used, _ := s.Account()
		born := time.Now()
		time.Sleep(2 * time.Hour)
		q, u, _ := s.Account()
		if q < 0 {
			t.Errorf("the balance is %d", q)
		}
		if u-used < quota {
			t.Fatalf("only %d spent: the test shows nothing", u-used)
		}
		if q-quota+(u-used) != s.toppedUp(born, time.Now()) {
			t.Error("the rows of the top-ups do not account for the balance")
		}
	})
}

// An empty account is not used, until somebody puts money in.
func TestEmptyAccount(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.SetQuota(20_000)
		time.Sleep(time.Hour)
		quota, used, _ := s.Account()
		if s.Dialect == "new-api" && quota < 0 || s.Dialect == "one-api" && quota > 0 || quota > 5000 {
			t.Errorf("the balance ends at %d", quota)
		}
		now := time.Now().Unix()
		time.Sleep(time.Hour)
		if n := s.Truth(now-600, now+3600).Calls; n != 0 {
			t.Errorf("%d calls afterwards", n)
		}
		if _, u, _ := s.Account(); u != used {
			t.Errorf("%d spent afterwards", u-used)
		}
		s.SetQuota(50_000_000)
		now = time.Now().Unix()
		time.Sleep(time.Minute)
		if s.Truth(now, now+60).Calls == 0 {
			t.Error("no calls when there was money again")
		}
	})
}

// A chat that has begun is billed, whatever happened to its key meanwhile.
func TestChatOutlivesItsKey(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		s.Rate = -1
		id := keyNamed(t, s, "ci-bot")
		req := request(t, s, "POST", "/v1/chat/completions", question)
		req.Header.Set("Authorization", "Bearer sk-"+secretOf(s, id))
		quota, used, _ := s.Account()
		resp, err := s.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		do(t, s, "PUT", "/api/token/", fmt.Sprintf(`{"id":%d,"name":"ci-bot","remain_quota":1,"expired_time":1}`, id))
		if _, err := io.ReadAll(resp.Body); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		price := s.Truth(1, 1<<40).ByKey[id].Quota
		if q, u, _ := s.Account(); price == 0 || quota-q != price || u-used != price {
			t.Errorf("the row says %d; balance %+d, used %+d", price, q-quota, u-used)
		}
	})
}

func TestLogDelay(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		_, used, _ := s.Account()
		s.SetLogDelay(5 * time.Second)
		time.Sleep(time.Minute)
		now := time.Now().Unix()
		if n := s.Truth(now-4, now).Calls; n != 0 {
			t.Errorf("%d calls of the last seconds are in the log", n)
		}
		early := s.Truth(now-20, now-1)
		if _, u, _ := s.Account(); u-used <= s.Truth(now-59, now).Quota {
			t.Error("the balance waits for the log")
		}
		time.Sleep(5 * time.Second)
		if late := s.Truth(now-20, now-1); late.Calls <= early.Calls {
			t.Errorf("%d calls before, %d after the delay", early.Calls, late.Calls)
		}
	})
}

func TestRestart(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		started := func() int64 { return whole(t, field(do(t, s, "GET", "/api/status", ""), "data", "start_time")) }
		before := started()
		if age := time.Now().Unix() - before; age < 3600 {
			t.Errorf("born %d s after its start", age)
		}
		time.Sleep(time.Minute)
		quota, used, requests := s.Account()
		s.Restart()
		if q, u, r := s.Account(); q != quota || u != used || r != requests {
			t.Error("the balances changed")
		}
		now := time.Now().Unix()
		if started() != now {
			t.Errorf("start_time is %d at %d", started(), now)
		}
		if n := s.Truth(0, now); n.Calls != 0 {
			t.Errorf("%d calls in a new log", n.Calls)
		}
		if rows := list(do(t, s, "GET", "/api/log/self", "")); len(rows) != 0 {
			t.Errorf("%d rows in a new log", len(rows))
		}
		time.Sleep(time.Minute)
		if n := s.Truth(now-3600, now+60).Calls; n < 50 || n > 300 {
			t.Errorf("%d calls in the first minute of a new log", n)
		}
	})
}

func TestSkew(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Server) {
		const ahead = 90 * time.Second
		s.SetSkew(ahead)
		s.Account()
		time.Sleep(10 * time.Minute)
		req := request(t, s, "GET", "/api/user/self", "")
		resp, err := s.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		date, err := time.Parse(time.RFC1123, resp.Header.Get("Date"))
		if err != nil || date.Sub(time.Now().Truncate(time.Second)) != ahead {
			t.Errorf("Date is %v, the time %v: %v", date, time.Now(), err)
		}
		newest := whole(t, field(list(do(t, s, "GET", fmt.Sprintf("/api/log/self?type=2&page_size=10&start_timestamp=%d", time.Now().Unix()), ""))[0], "created_at"))
		if lead := newest - time.Now().Unix(); lead < 60 || lead > 90 {
			t.Errorf("the newest row is %d s ahead", lead)
		}
		_, used, _ := s.Account()
		s.SetSkew(2 * time.Hour)
		if _, u, _ := s.Account(); u <= used {
			t.Error("the skipped time brought no calls")
		}
		s.SetSkew(0)
		if n := s.Truth(time.Now().Unix()+1, time.Now().Unix()+9000).Calls; n != 0 {
			t.Errorf("%d calls in the future", n)
		}
	})
}
