package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"gatewatch/model"
	"gatewatch/poller/gateway"
	"gatewatch/poller/openai"
)

// chatTalk is what is known of one gateway while the program runs.
type chatTalk struct {
	chatEntry
	client *openai.Client

	mu       sync.Mutex
	revealed map[string]gateway.Secret // by KeyInfo.ID
	keys     map[string]model.APIKey   // those that were listed, by KeyInfo.ID; "" is the configured one
	currency model.Opt[model.Currency]
	prices   map[string]pricesOf // by the group that pays them
}

// pricesOf are prices and when they were asked for.
type pricesOf struct {
	prices map[string]model.ModelPrice
	at     time.Time
}

// secret is the text of a key, revealed where it has to be.
func (t *chatTalk) secret(ctx context.Context, id string) (gateway.Secret, error) {
	if id == "" {
		if t.keyFault != nil {
			return t.key, t.keyFault
		}
		if !t.key.IsSet() {
			return t.key, &chatError{
				model.FaultUnauthorised,
				t.name + ": the configuration names no api_key to ask with: set one, or pick one of the account's keys", "no key",
			}
		}
		return t.key, nil
	}
	t.mu.Lock()
	known := t.revealed[id]
	t.mu.Unlock()
	if known.IsSet() {
		return known, nil
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return known, &chatError{model.FaultInternal, fmt.Sprintf("%s: there is no key %q", t.name, id), "no key"}
	}
	if err := t.ready(ctx); err != nil {
		return known, err
	}
	key, err := t.gateway.RevealKey(ctx, n)
	if err != nil {
		return known, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.revealed[id] = key
	return key, nil
}

// ready finds the gateway's dialect where nobody has yet.
func (t *chatTalk) ready(ctx context.Context) error {
	if t.gateway.Ready() {
		return nil
	}
	_, err := t.money(ctx)
	return err
}

// money is how the gateway shows quota.
func (t *chatTalk) money(ctx context.Context) (model.Currency, error) {
	t.mu.Lock()
	known := t.currency
	t.mu.Unlock()
	if known.OK {
		return known.V, nil
	}
	st, err := t.gateway.Status(ctx)
	if err != nil {
		return model.Currency{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.currency = model.Some(st.Currency)
	return st.Currency, nil
}

// own is the configured key as the account's list shows it, the zero APIKey where it
// does not. It asks once.
func (t *chatTalk) own(ctx context.Context) model.APIKey {
	t.mu.Lock()
	key, known := t.keys[""]
	t.mu.Unlock()
	if known || !t.key.IsSet() || t.ready(ctx) != nil {
		return key
	}
	key, err := t.gateway.OwnKey(ctx, t.key, ownPages)
	if err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.listed("", key)
	}
	return key
}

// listed remembers a key of the list.
func (t *chatTalk) listed(id string, k model.APIKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys == nil {
		t.keys = map[string]model.APIKey{}
	}
	t.keys[id] = k
}

// group is the group that pays for what is asked with a key, "" for the account's.
func (t *chatTalk) group(ctx context.Context, id string) string {
	if id == "" {
		return t.own(ctx).Group
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keys[id].Group
}

// priceList is what the models cost with a key, asked for again when it has become
// old.
func (t *chatTalk) priceList(ctx context.Context, id string, now time.Time) (map[string]model.ModelPrice, error) {
	group := t.group(ctx, id)
	t.mu.Lock()
	known := t.prices[group]
	t.mu.Unlock()
	if known.prices != nil && now.Sub(known.at) < pricesFor {
		return known.prices, nil
	}
	if err := t.ready(ctx); err != nil {
		return nil, err
	}
	prices, err := t.gateway.Prices(ctx, group)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.prices == nil {
		t.prices = map[string]pricesOf{}
	}
	t.prices[group] = pricesOf{prices, now}
	return prices, nil
}

// names are the models that a key may use, or where there is no key the account.
func (t *chatTalk) names(ctx context.Context, id string) ([]string, error) {
	key, failed := t.secret(ctx, id)
	if failed == nil {
		names, err := t.client.WithKey(key).Models(ctx)
		if err == nil {
			return names, nil
		}
		failed = err
	}
	if err := t.ready(ctx); err != nil {
		return nil, failed
	}
	names, err := t.gateway.Models(ctx)
	if err != nil || len(names) == 0 {
		return nil, failed // what is wrong with the key says more
	}
	return names, nil
}

// inWords is an error for a person: the end of the time that a list may take is none
// of theirs.
func (t *chatTalk) inWords(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &chatError{model.FaultTimeout, t.name + ": the list did not come in time; try again", "no answer"}
	}
	return err
}
