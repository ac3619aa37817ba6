package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatewatch/model"
)

const (
	// revealMost is how many keys are revealed in sharedWindow: new-api allows 20
	// requests to an address, the operator's own login among them.
	revealMost = 4
	// revealPages bounds the pages of a key list that are looked through.
	revealPages = 20
)

// clearKey is what the text of a key is made of: one that the gateway has masked
// itself is none.
var clearKey = regexp.MustCompile(`^[0-9A-Za-z_.:-]{16,200}$`)

// RevealKey asks for the text of one of the account's keys, on opencatd of a
// user's. It is kept nowhere here. Where the gateway never gives it again
// (aihubmix) it is ErrUnsupported; where more than four were revealed in twenty
// minutes it is refused as over the limit, with the time to wait.
func (g *Gateway) RevealKey(ctx context.Context, id int64) (Secret, error) {
	const what = "the text of a key"
	d, err := g.dialect()
	if err != nil {
		return Secret{}, err
	}
	if id <= 0 {
		return Secret{}, fmt.Errorf("%s: there is no key with the id %d", g.c.opt.Name, id)
	}
	var found string
	switch d := d.(type) {
	case *newAPI:
		found, err = g.c.revealed(ctx, id)
		if errors.Is(g.c.optional(what, err), errors.ErrUnsupported) { // before 0.11.4, which lists keys in clear
			found, err = g.c.clearToken(ctx, id)
		}
	case veloera, *oneAPI, *oneHub:
		found, err = g.c.clearToken(ctx, id)
	case *shellAPI:
		found, err = d.clearToken(ctx, id)
	case *openCatD:
		return d.clearToken(ctx, id)
	default:
		return Secret{}, g.c.unsupported(what)
	}
	switch {
	case err != nil:
		return Secret{}, err
	case !clearKey.MatchString(found):
		return Secret{}, g.c.unsupported(what)
	}
	return NewSecret("sk-" + strings.TrimPrefix(found, "sk-")), nil
}

// revealed is new-api's way from 0.11.4 on (captures/new-api-rc21/123).
func (c *Client) revealed(ctx context.Context, id int64) (string, error) {
	path := "/api/token/" + strconv.FormatInt(id, 10) + "/key"
	if err := c.spendReveal(path); err != nil {
		return "", err
	}
	a, err := c.send(ctx, management, http.MethodPost, path, nil)
	if err != nil {
		return "", err
	}
	return c.keyText(a)
}

// clearToken reads one key where the gateway shows it in clear
// (captures/one-api/100, one-hub/099, new-api-0.6.3/107).
func (c *Client) clearToken(ctx context.Context, id int64) (string, error) {
	a, err := c.get(ctx, management, "/api/token/"+strconv.FormatInt(id, 10), nil)
	if err != nil {
		return "", err
	}
	return c.keyText(a)
}

func (c *Client) keyText(a answer) (string, error) {
	var row struct {
		Key text `json:"key"`
	}
	err := c.data(a, &row)
	return string(row.Key), err
}

// spendReveal takes one of the requests that share a counter with the operator's
// own login.
func (c *Client) spendReveal(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.shared = slices.DeleteFunc(c.shared, func(t time.Time) bool { return now.Sub(t) >= sharedWindow })
	if len(c.shared) >= revealMost {
		return &StatusError{
			Gateway: c.opt.Name, Path: path, Kind: model.FaultLimited,
			RetryAfter: model.Some(c.shared[0].Add(sharedWindow).Sub(now)),
			Hint:       fmt.Sprintf("not asked: revealing a key shares 20 requests in 20 minutes with the operator's login, and gatewatch takes %d of them", revealMost),
		}
	}
	c.shared = append(c.shared, now)
	return nil
}

// clearToken looks through the list: whether Shell-API shows one key by its id is
// in no document.
func (s *shellAPI) clearToken(ctx context.Context, id int64) (string, error) {
	for page := range revealPages {
		a, err := s.c.get(ctx, management, "/api/token/", paged(url.Values{}, page))
		if err != nil {
			return "", err
		}
		rows, err := rowsOf[struct {
			ID  number          `json:"id"`
			Key json.RawMessage `json:"key"`
		}](s.c, a, page*shellAPIPage)
		if err != nil {
			return "", err
		}
		for _, r := range rows.rows {
			if int64(r.ID) == id {
				var key text
				err := json.Unmarshal(r.Key, &key)
				return string(key), err
			}
		}
		if len(rows.rows) < shellAPIPage {
			break
		}
	}
	return "", s.c.noKey(id)
}

// clearToken is a user's token as it is: opencatd puts nothing before it.
func (o *openCatD) clearToken(ctx context.Context, id int64) (Secret, error) {
	var rows []record
	if err := o.rows(ctx, "/1/users", nil, &rows); err != nil {
		return Secret{}, err
	}
	for _, r := range rows {
		if key := string(field[text](r, "token")); int64(field[number](r, "id")) == id && key != "" {
			return NewSecret(key), nil
		}
	}
	return Secret{}, o.c.noKey(id)
}

func (c *Client) noKey(id int64) error {
	return fmt.Errorf("%s: there is no key with the id %d", c.opt.Name, id)
}
