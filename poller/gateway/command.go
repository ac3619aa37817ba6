package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"gatewatch/model"
)

// Commands change something at the gateway. They are sent once: when no answer
// comes, it is not known whether they were carried out, and repeating them could
// do it twice.

// creator is a dialect that can create and delete API keys.
type creator interface {
	createKey(ctx context.Context, k model.NewKey) (model.APIKey, error)
	deleteKey(ctx context.Context, id int64) error
}

// CreateKey creates an API key, on opencatd a user. Where the gateway answers
// without the new key (new-api, one-hub, Veloera), what comes back has no id.
func (g *Gateway) CreateKey(ctx context.Context, k model.NewKey) (model.APIKey, error) {
	d, err := g.dialect()
	if err != nil {
		return model.APIKey{}, err
	}
	if c, ok := d.(creator); ok {
		return c.createKey(ctx, k)
	}
	return model.APIKey{}, g.c.unsupported("creating keys")
}

// DeleteKey deletes an API key, on opencatd a user.
func (g *Gateway) DeleteKey(ctx context.Context, id int64) error {
	d, err := g.dialect()
	if err != nil {
		return err
	}
	if c, ok := d.(creator); ok {
		return c.deleteKey(ctx, id)
	}
	return g.c.unsupported("deleting keys")
}

// createToken is the family's way: POST /api/token/. Everything is sent, since a
// key without unlimited_quota and remain_quota has a quota of zero.
func (c *Client) createToken(ctx context.Context, k model.NewKey) (model.APIKey, error) {
	body := map[string]any{
		"name": k.Name, "unlimited_quota": k.Unlimited, "remain_quota": int64(k.Quota), "expired_time": k.Expires.Or(-1),
	}
	if k.Unlimited {
		body["remain_quota"] = 0
	}
	if k.Group != "" {
		body["group"] = k.Group
	}
	if len(k.Models) > 0 {
		// One-api and Shell-API, then new-api and Veloera, then one-hub: each ignores
		// the fields of the others.
		csv := strings.Join(k.Models, ",")
		body["models"] = csv
		body["model_limits_enabled"], body["model_limits"] = true, csv
		body["setting"] = map[string]any{"limits": map[string]any{
			"limit_model_setting": map[string]any{"enabled": true, "models": k.Models},
		}}
	}
	a, err := c.send(ctx, management, http.MethodPost, "/api/token/", body)
	if err != nil {
		return model.APIKey{}, err
	}
	row, err := c.opened(a)
	if err != nil {
		return model.APIKey{}, err
	}
	created := token{
		Name: text(k.Name), Status: number(model.KeyEnabled), UnlimitedQuota: flag(k.Unlimited),
		RemainQuota: figure{int64(k.Quota), true}, ExpiredTime: number(k.Expires.Or(-1)),
	}
	if len(row) > 0 && row[0] == '{' {
		if err := json.Unmarshal(row, &created); err != nil {
			return model.APIKey{}, c.unreadable(a, err)
		}
	}
	return created.key(true), nil
}

// deleteToken is the family's way. What it answers is read, since success:false
// comes with HTTP 200.
func (c *Client) deleteToken(ctx context.Context, id int64) error {
	if id <= 0 {
		return fmt.Errorf("%s: there is no key with the id %d", c.opt.Name, id)
	}
	a, err := c.send(ctx, management, http.MethodDelete, "/api/token/"+strconv.FormatInt(id, 10), nil)
	if err != nil {
		return err
	}
	_, err = c.opened(a)
	return err
}

// errOnlyOpenCatD is for the commands that one family alone knows.
var errOnlyOpenCatD = errors.New("only opencatd has this")

func (g *Gateway) openCatD() (*openCatD, error) {
	d, err := g.dialect()
	if err != nil {
		return nil, err
	}
	if o, ok := d.(*openCatD); ok {
		return o, nil
	}
	return nil, fmt.Errorf("%s: %w: %w", g.c.opt.Name, errOnlyOpenCatD, errors.ErrUnsupported)
}

// ResetKey gives an opencatd user a new token; the old one ends at once.
func (g *Gateway) ResetKey(ctx context.Context, id int64) error {
	o, err := g.openCatD()
	if err != nil {
		return err
	}
	return o.resetUser(ctx, id)
}

// ProviderKey is a key of a provider that opencatd spends from.
type ProviderKey struct {
	// Type is openai or azure_openai; "" is openai. Endpoint may be "".
	Name, Type, Endpoint string
	Key                  Secret
}

// AddProviderKey gives opencatd a provider's key.
func (g *Gateway) AddProviderKey(ctx context.Context, k ProviderKey) error {
	o, err := g.openCatD()
	if err != nil {
		return err
	}
	return o.addProviderKey(ctx, k)
}

// DeleteProviderKey takes a provider's key away from opencatd.
func (g *Gateway) DeleteProviderKey(ctx context.Context, id int64) error {
	o, err := g.openCatD()
	if err != nil {
		return err
	}
	return o.deleteProviderKey(ctx, id)
}

// InitRoot creates the first user of an opencatd that has none and returns the
// token, which the gateway gives to whoever asks first. Nothing but "gatewatch
// init --opencatd-root" calls it.
func (g *Gateway) InitRoot(ctx context.Context) (Secret, error) {
	o, err := g.openCatD()
	if err != nil {
		return Secret{}, err
	}
	return o.initRoot(ctx)
}
