package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"gatewatch/model"
)

// What is done with addresses: the gateway's own, which people paste with a
// credential in it, and those that it sends us to.

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

// moved is the error of a redirect. None is followed: what it leads to would be a
// request that no budget has seen, and the family redirects nothing that is asked
// for here (of all captures, only key lists without their last slash).
func (c *Client) moved(path string, resp *http.Response) *StatusError {
	e := c.fault(path, resp, model.FaultNotGateway, nil)
	to, err := resp.Location()
	if err != nil || to.Host == "" {
		e.Hint = "it does not say where to"
		return e
	}
	base := &url.URL{Scheme: to.Scheme, Host: to.Host, Path: strings.TrimSuffix(to.Path, path)}
	shown, other := ShownURL(to), ShownURL(base)
	switch {
	case base.Path == to.Path:
		e.Hint = fmt.Sprintf("it sends us to %s, where a login or challenge page may stand; if that is the gateway, set url to its address", shown)
	case other == ShownURL(c.base):
		e.Hint = fmt.Sprintf("it sends us to %s again; a challenge page may stand before it", shown)
	case c.base.Scheme == "https" && to.Scheme != "https":
		e.Hint, e.elsewhere = fmt.Sprintf("it sends us from https to %s, where the token does not follow; the operator should mend that", shown), true
	case to.Hostname() != c.base.Hostname():
		e.Hint, e.elsewhere = fmt.Sprintf("it sends us to %s: if that is the gateway, set url to %s; the token does not follow by itself", shown, other), true
	default:
		e.Hint, e.elsewhere = fmt.Sprintf("it sends us to %s: set url to %s", shown, other), true
	}
	return e
}
