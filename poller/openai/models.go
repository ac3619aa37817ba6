package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
)

const (
	// listTimeout bounds the request for the list of models.
	listTimeout = 20 * time.Second
	// maxModels bounds a list of models, maxName a name in it, in bytes. The
	// largest sites list about a thousand.
	maxModels = 10_000
	maxName   = 200
)

// Models returns the names of the models that the key may use, sorted. It is
// what the gateway lists, not what works.
func (c *Client) Models(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	r := c.newRequest(ctx, http.MethodGet, "/v1/models", nil)
	r.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.noList(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return nil, c.refusal(resp, resp.Body)
	}
	s := newEvents(unzipped(resp, resp.Body))
	first, err := s.first()
	var body []byte
	if err == nil {
		body, err = s.rest()
	}
	switch {
	case ctx.Err() != nil:
		return nil, c.noList(ctx, err)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, c.fault(resp, KindBadAnswer, err)
	case first == '<':
		return nil, c.fault(resp, KindNotGateway, nil)
	}
	list, err := names(body)
	if err != nil {
		if t, is := theirError(body); is && t.message != "" {
			return nil, c.rejected(resp, t)
		}
		return nil, c.fault(resp, KindBadAnswer, err)
	}
	return list, nil
}

// noList is the error of a request for the models that got no answer.
func (c *Client) noList(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return c.noAnswer(err)
}

// names reads a list of models, whose items are objects with an id or names.
func names(body []byte) ([]string, error) {
	var list struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, err
	}
	items := json.NewDecoder(bytes.NewReader(list.Data))
	if begin, err := items.Token(); err != nil || begin != json.Delim('[') {
		return nil, errors.New("it is no list of models")
	}
	all := []string{}
	for items.More() && len(all) < maxModels {
		var raw json.RawMessage
		if err := items.Decode(&raw); err != nil {
			return nil, err
		}
		var item struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(raw, &item) != nil {
			item.ID = text(raw)
		}
		if item.ID != "" && len(item.ID) <= maxName {
			all = append(all, item.ID)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
