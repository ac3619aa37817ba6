package gateway

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := time.Now().Add(-time.Hour)
		local := time.Now()
		c := clientFor(t, respond(func(r *http.Request) (*http.Response, error) {
			date := server.Add(time.Since(local)).UTC().Format(http.TimeFormat)
			return reply(200, jsonType, `{"success":true,"data":{"id":2}}`, "Date", date)(r)
		}))
		if c.Skew().OK {
			t.Fatal("the skew is known before the first answer")
		}
		for range 10 {
			time.Sleep(730 * time.Millisecond)
			if _, err := c.self(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if off := c.Skew().V + time.Hour; off > 0 || off < -300*time.Millisecond {
			t.Errorf("off by %s", off)
		}
		server = server.Add(30 * time.Minute) // somebody sets the clock
		for range clockAgree {
			if off := c.Skew().V + time.Hour; off > 0 || off < -300*time.Millisecond {
				t.Errorf("believed too early: off by %s", off)
			}
			if _, err := c.self(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if off := c.Skew().V + 30*time.Minute; off > 0 || off < -time.Second {
			t.Errorf("after the clock was set: off by %s", off)
		}
		if c.Made() != 13 {
			t.Errorf("%d requests counted", c.Made())
		}
	})
}

// TestOneWrongDate holds that neither a single Date that jumps nor any of an answer
// that is no gateway's changes the clock.
func TestOneWrongDate(t *testing.T) {
	const good = `{"success":true,"data":{"id":2}}`
	synctest.Test(t, func(t *testing.T) {
		var off time.Duration
		answer := reply(200, jsonType, good)
		c := clientFor(t, respond(func(r *http.Request) (*http.Response, error) {
			resp, err := answer(r)
			resp.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
			return resp, err
		}))
		ask := func(by time.Duration, how respond) {
			off, answer = by, how
			_, _ = c.self(t.Context())
			time.Sleep(time.Second)
		}
		fine := reply(200, jsonType, good)
		pages := []respond{
			reply(403, "text/html", "<html>"), reply(200, "text/html", "<html>"), reply(502, "text/html", "<h1>"), reply(429, "", ""),
			reply(302, "", "", "Location", "/login"), reply(401, jsonType, `{"message":"no"}`),
		}
		for _, page := range pages {
			if ask(time.Hour, page); c.Skew().OK {
				t.Fatalf("learnt %s from what is no answer", c.Skew().V)
			}
		}
		check := func(what string, want time.Duration) {
			t.Helper()
			if got := c.Skew(); !got.OK || (got.V-want).Abs() > 2*time.Second {
				t.Errorf("%s: %+v, want %s", what, got, want)
			}
		}
		ask(10*time.Minute, fine) // the first is believed, however far it is off
		check("first", 10*time.Minute)
		for _, page := range pages {
			ask(time.Hour, page)
		}
		check("pages", 10*time.Minute)
		for _, by := range []time.Duration{time.Hour, -time.Hour, 20 * time.Minute, time.Hour, time.Hour} {
			ask(by, fine)
			check("a jump", 10*time.Minute)
		}
		ask(10*time.Minute, fine)
		ask(time.Hour, fine)
		ask(time.Hour, fine)
		check("not in a row", 10*time.Minute)
		ask(time.Hour+2*time.Second, fine)
		check("three in a row", time.Hour)
		ask(time.Hour-20*time.Second, fine)
		check("a small step", time.Hour)
	})
}
