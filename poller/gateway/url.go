package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// What is done with addresses, in which people paste credentials.

// ParseURL checks a gateway's base address and takes off what people paste with
// it: a trailing slash, and the /v1 of an API base. Its errors repeat nothing that
// may be a credential, so that an address that cannot be taken apart is not shown
// at all.
func ParseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil, u.Host == "" && u.User == nil:
		return nil, errors.New("url is not an address like https://gateway.example")
	case u.User != nil:
		return nil, errors.New("url holds a user name or a password: leave them out and set access_token")
	case u.RawQuery != "":
		return nil, errors.New("url holds a query: leave out the question mark and what follows it")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("url %q is not an address like https://gateway.example", ShownURL(u))
	}
	u.ForceQuery, u.Fragment, u.RawFragment = false, "", ""
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1")
	return u, nil
}

// ShownURL is an address as it may be shown: its scheme, host and path, without
// what may be a secret in it, a user, a query and a fragment; "" for nil.
func ShownURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// Insecure reports whether a token sent to the address would travel unencrypted
// over a network: plain http to a host that is not loopback.
func Insecure(u *url.URL) bool {
	if u.Scheme != "http" {
		return false
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); ip != nil {
		return !ip.IsLoopback()
	}
	return host != "localhost" && !strings.HasSuffix(host, ".localhost")
}
