package gateway

import (
	"net/url"
	"strings"
	"testing"
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
