package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatewatch/model"
)

func TestURLs(t *testing.T) {
	for in, want := range map[string]string{
		"https://gw.example/":         "https://gw.example",
		" https://gw.example/v1 ":     "https://gw.example", //nolint:gocritic // pasted with its spaces
		"http://127.0.0.1:3000/sub/":  "http://127.0.0.1:3000/sub",
		"https://gw.example/v1/?#/me": "https://gw.example",
	} {
		u, err := ParseURL(in)
		if err != nil || u.String() != want {
			t.Errorf("%q: %v %v", in, u, err)
		}
	}
	for in, want := range map[string]string{
		"": "url is not an address", "gw.example": "url is not an address", "https://": "url is not an address", "://": "url is not an address",
		"ftp://gw.example":                    `url "ftp://gw.example" is not an address`,
		"ftp://gw.example/x#secret":           `url "ftp://gw.example/x" is not an address`,
		"https://alice:secret@gw.example":     "url holds a user name or a password",
		"https://secret@":                     "url holds a user name or a password",
		"ftp://alice:secret@gw.example":       "url holds a user name or a password",
		"https://gw.example/?token=secret":    "url holds a query",
		"ftp://gw.example/?token=secret":      "url holds a query",
		"gw.example/?token=secret":            "url is not an address",
		"alice:secret@gw.example":             "url is not an address",
		"https://alice:secret%40gw.example":   "url is not an address",
		"https://alice:secret@gw.example/%zz": "url is not an address",
		"sk-secret":                           "url is not an address",
	} {
		if u, err := ParseURL(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v %v", in, u, err)
		} else if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "alice") {
			t.Errorf("the error shows the secret: %v", err)
		}
		if _, err := Open(Options{Name: "prod", URL: in}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", in, err)
		}
	}
	for in, want := range map[string]bool{
		"http://gw.example": true, "https://gw.example": false, "http://127.0.0.1:1": false, "http://[::1]:3000": false,
		"http://localhost:3000": false, "http://10.0.0.5": true, "http://demo.localhost": false,
	} {
		u, err := ParseURL(in)
		if err != nil || Insecure(u) != want {
			t.Errorf("%s insecure: %v, want %v (%v)", in, Insecure(u), want, err)
		}
	}
}

func TestShownURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://alice:secret@gw.example:8/sub%2Fx?token=secret#secret": "https://gw.example:8/sub%2Fx",
		"http://gw.example": "http://gw.example", "alice:secret@gw.example": "alice:",
	} {
		u, err := url.Parse(in)
		if err != nil || ShownURL(u) != want {
			t.Errorf("%q is shown as %q, want %q (%v)", in, ShownURL(u), want, err)
		}
	}
	if ShownURL(nil) != "" {
		t.Error("no address is shown")
	}
}

// TestRedirects holds that none is followed, and that the sentence names where it
// leads to without what may be a secret, and what to do.
func TestRedirects(t *testing.T) {
	for name, c := range map[string]struct{ url, to, says string }{
		"to https":        {"http://gw.example", "https://gw.example/api/user/self?t=secret", "it sends us to https://gw.example/api/user/self: set url to https://gw.example"},
		"another base":    {"https://gw.example/v2", "/api/user/self", "set url to https://gw.example"},
		"another port":    {"https://gw.example", "https://gw.example:8443/sub/api/user/self", "set url to https://gw.example:8443/sub"},
		"another host":    {"https://gw.example", "https://u:secret@b.example/api/user/self", "if that is the gateway, set url to https://b.example; the token"},
		"down to http":    {"https://gw.example", "http://gw.example/api/user/self", "from https to http://gw.example/api/user/self, where the token does not follow"},
		"a login page":    {"https://gw.example", "/login?next=secret", "it sends us to https://gw.example/login, where a login"},
		"itself":          {"https://gw.example", "/api/user/self?challenge=secret", "https://gw.example/api/user/self again; a challenge page"},
		"nowhere":         {"https://gw.example", "", "it does not say where to"},
		"no address":      {"https://gw.example", "https://secret:%zz", "it does not say where to"},
		"a missing slash": {"https://gw.example", "/api/user/self/", "it sends us to https://gw.example/api/user/self/"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			client, err := NewClient(Options{Name: "prod", URL: c.url, AccessToken: NewSecret(fakeToken), Transport: respond(func(r *http.Request) (*http.Response, error) {
				asked++
				return reply(http.StatusMovedPermanently, "", "", "Location", c.to)(r)
			})})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.self(t.Context())
			f := model.FaultOf(err)
			if f.Kind != model.FaultNotGateway || asked != 1 || !strings.Contains(f.Sentence, "/api/user/self is redirected (HTTP 301): ") || !strings.Contains(f.Sentence, c.says) {
				t.Errorf("asked %d times: %v\nwant %s", asked, err, c.says)
			}
			if strings.Contains(f.Sentence, "secret") {
				t.Errorf("a secret in %s", f.Sentence)
			}
		})
	}
}

// TestAMovedGatewayIsNotSearched holds that the token is not sent to one path after
// the other when the first answer says where the gateway is.
func TestAMovedGatewayIsNotSearched(t *testing.T) {
	for _, dialect := range []string{Auto, ShellAPI} {
		asked := 0
		g, err := Open(Options{Name: "prod", URL: "http://gw.example", AccessToken: NewSecret(fakeToken), Dialect: dialect, Transport: respond(func(r *http.Request) (*http.Response, error) {
			asked++
			return reply(http.StatusMovedPermanently, "", "", "Location", "https://gw.example"+r.URL.Path)(r)
		})})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Status(t.Context()); asked != 1 || err == nil || !strings.Contains(err.Error(), "set url to https://gw.example") {
			t.Errorf("%s: asked %d times: %v", dialect, asked, err)
		}
	}
	// A login page before everything is named too.
	g, err := Open(Options{Name: "prod", URL: "http://gw.example", AccessToken: NewSecret(fakeToken), Transport: reply(302, "", "", "Location", "/login")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Status(t.Context()); err == nil || !strings.Contains(err.Error(), "http://gw.example/login") {
		t.Error(err)
	}
}
