package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
	"gatewatch/poller/openai"
	"gatewatch/ui/chat"
)

const (
	// pricesFor is how long a list of prices is taken for current.
	pricesFor = 10 * time.Minute
	// measuredOver is what our own figures of a model come from.
	measuredOver = 7 * 24 * time.Hour
	// keyPages bounds the pages of keys that a picker lists, ownPages those in which
	// the configured key is looked for.
	keyPages = 10
	ownPages = 3
)

// chatGateway is a gateway as the chat asks it.
type chatGateway interface {
	poller.Gateway
	Prices(ctx context.Context, group string) (map[string]model.ModelPrice, error)
	Models(ctx context.Context) ([]string, error)
	OwnKey(ctx context.Context, key gateway.Secret, pages int) (model.APIKey, error)
	RevealKey(ctx context.Context, id int64) (gateway.Secret, error)
}

// chatEntry is one gateway that can be spoken to.
type chatEntry struct {
	name, url string
	gateway   chatGateway
	// key is the api_key of the configuration; none where it names none. keyFault
	// is why it cannot be had.
	key      gateway.Secret
	keyFault error
	// transport carries the questions; nil means the network.
	transport http.RoundTripper
	// history is what the history calls the gateway, scope whose calls are in it.
	history string
	scope   model.Scope
}

// chatService is the chat's way to the language models. A key that was revealed
// is held here, in memory, and nowhere else.
type chatService struct {
	seen    func() *history.Store // which may open later; nil keeps nothing
	entries map[string]*chatTalk
	now     func() time.Time

	mu     sync.Mutex
	asking map[chat.Via]*askedPrices // those that have not come yet
}

// askedPrices are prices on their way: none where they could not be had.
type askedPrices struct {
	came   chan struct{}
	prices map[string]model.ModelPrice
}

var _ chat.Service = (*chatService)(nil)

// newChatService makes a service over gateways; seen returns the history, nil where there is none.
func newChatService(entries []chatEntry, seen func() *history.Store, log *slog.Logger) (*chatService, error) {
	s := &chatService{seen: seen, entries: map[string]*chatTalk{}, now: time.Now, asking: map[chat.Via]*askedPrices{}}
	for _, e := range entries {
		c, err := openai.NewClient(openai.Options{
			Name: e.name, URL: e.url, APIKey: e.key, Transport: e.transport, Log: log, UserAgent: "gatewatch/" + versionText(),
		})
		if err != nil {
			return nil, err
		}
		s.entries[e.name] = &chatTalk{chatEntry: e, client: c, revealed: map[string]gateway.Secret{}}
	}
	return s, nil
}

// chatEntries are the gateways of the configuration, as they were wired.
func (a *app) chatEntries(ctx context.Context, cfg Config, targets []poller.Target) []chatEntry {
	var out []chatEntry
	for _, t := range targets {
		i := slices.IndexFunc(cfg.Gateways, func(g GatewayConfig) bool { return g.Name == t.Name })
		gw, ok := t.Gateway.(chatGateway)
		if i < 0 || !ok {
			continue
		}
		g := cfg.Gateways[i]
		from, what := g.APIKey, "api_key"
		if !from.set() && g.Dialect == gateway.OpenCatD { // which has one token for everything
			from, what = g.AccessToken, "access_token"
		}
		key, err := from.resolve(ctx, what, a.getenv)
		if err != nil {
			err = &chatError{model.FaultUnauthorised, fmt.Sprintf("gateway %q: %v", g.Name, err), "no key"}
		}
		out = append(out, chatEntry{name: g.Name, url: g.URL, gateway: gw, key: key, keyFault: err, history: g.Name, scope: g.Scope})
	}
	return out
}

// chatError is an error of the chat's own, in the words of a person.
type chatError struct {
	kind            model.FaultKind
	sentence, short string
}

func (e *chatError) Error() string { return e.sentence }
func (e *chatError) Fault() model.Fault {
	return model.Fault{Kind: e.kind, Sentence: e.sentence, Short: e.short}
}

func (s *chatService) talk(name string) (*chatTalk, error) {
	if t := s.entries[name]; t != nil {
		return t, nil
	}
	return nil, &chatError{model.FaultInternal, fmt.Sprintf("there is no gateway %q", name), "no gateway"}
}

// Stream asks a question. It goes past the request budget, since a person asked
// it, and is never sent twice.
func (s *chatService) Stream(ctx context.Context, via chat.Via, r model.ChatRequest) iter.Seq2[model.Delta, error] {
	return func(yield func(model.Delta, error) bool) {
		t, err := s.talk(via.Gateway)
		var key gateway.Secret
		if err == nil {
			key, err = t.secret(ctx, via.Key)
		}
		switch {
		case err != nil && ctx.Err() != nil:
			yield(model.Delta{End: model.ChatStopped}, nil)
			return
		case err != nil:
			yield(model.Delta{End: model.ChatFailed}, err)
			return
		}
		for d, err := range t.client.WithKey(key).Stream(ctx, r) {
			if !yield(d, err) {
				return
			}
		}
	}
}

// priceWait is how long a list of models waits for prices; they are there the next
// time.
const priceWait = 3 * time.Second

// Models lists what can be asked with a key: what the gateway lists for it, else the
// account's models, else what has a price. Prices and our own figures are beside it
// as far as they are to be had.
func (s *chatService) Models(ctx context.Context, via chat.Via) ([]chat.ModelInfo, error) {
	t, err := s.talk(via.Gateway)
	if err != nil {
		return nil, err
	}
	ctx = poller.Asked(ctx)
	priced := s.askPrices(ctx, t, via)
	names, failed := t.names(ctx, via.Key)
	var prices map[string]model.ModelPrice
	select {
	case <-priced.came:
		prices = priced.prices
	case <-time.After(priceWait):
	case <-ctx.Done():
	}
	if failed != nil {
		if len(prices) == 0 {
			return nil, t.inWords(ctx, failed)
		}
		names = slices.Sorted(maps.Keys(prices))
	}
	measured := s.measured(ctx, t)
	out := make([]chat.ModelInfo, len(names))
	for i, n := range names {
		out[i] = measured[n]
		out[i].Name, out[i].Price = n, chat.Price(prices[n])
	}
	return out, nil
}

// askPrices asks for what the models cost with a key. It outlives the list that it is
// asked for, so that a slow answer is there for the next one, which asks no second
// time meanwhile.
func (s *chatService) askPrices(ctx context.Context, t *chatTalk, via chat.Via) *askedPrices {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.asking[via]; p != nil {
		return p
	}
	p := &askedPrices{came: make(chan struct{})}
	s.asking[via] = p
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		p.prices, _ = t.priceList(ctx, via.Key, s.now())
		s.mu.Lock()
		delete(s.asking, via)
		s.mu.Unlock()
		close(p.came)
	}()
	return p
}

// measured are our own figures of the last days, by model; none without a history.
func (s *chatService) measured(ctx context.Context, t *chatTalk) map[string]chat.ModelInfo {
	// Hours, since that is what is kept for ever and quick to add up.
	to := s.now().Unix()/3600*3600 + 3599
	h, err := s.seen().Usage(ctx, model.HistoryQuery{
		Gateway: t.history, Scope: t.scope, Span: model.Span{From: to + 1 - int64(measuredOver/time.Second), To: to}, By: model.PerModel,
	})
	if err != nil {
		return nil
	}
	// Where no row ever told of an error, the gateway may log none.
	logsErrors := slices.ContainsFunc(h.Rows, func(r model.HistoryRow) bool { return r.Errors > 0 })
	out := map[string]chat.ModelInfo{}
	for _, r := range h.Rows {
		m := chat.ModelInfo{Calls: r.Calls, First: r.FirstToken.Quantile(0.5)}
		if r.Calls > 0 {
			m.Mean = model.Some(float64(r.Quota) / float64(r.Calls))
		}
		if all := r.Calls + r.Errors; logsErrors && all > 0 {
			m.Errors = model.Some(float64(r.Errors) / float64(all))
		}
		out[r.Model] = m
	}
	return out
}

// Keys lists the keys that can be used: that of the configuration, then the
// account's. What the gateway does not list is left out.
func (s *chatService) Keys(ctx context.Context, name string) ([]chat.KeyInfo, error) {
	t, err := s.talk(name)
	if err != nil {
		return nil, err
	}
	ctx = poller.Asked(ctx)
	var out []chat.KeyInfo
	if t.key.IsSet() {
		out = append(out, chat.KeyInfo{Name: "from the configuration"})
	}
	if err := t.ready(ctx); err != nil {
		return out, usable(out, err)
	}
	money, err := t.money(ctx)
	if err != nil {
		return out, usable(out, err)
	}
	never := t.gateway.Found().Dialect == gateway.AIHubMix
	now := s.now().Unix()
	for page := range keyPages {
		keys, more, err := t.gateway.Keys(ctx, page)
		if err != nil {
			return out, usable(out, err)
		}
		for _, k := range keys {
			info := chat.KeyInfo{ID: strconv.FormatInt(k.ID, 10), Name: k.Name, Note: keyNote(k, money)}
			if st := k.Effective(now); st != model.KeyEnabled {
				info.Why = "it is " + st.String()
			} else if never {
				info.Why = "this gateway shows a key once, when it is made"
			}
			t.listed(info.ID, k)
			out = append(out, info)
		}
		if !more {
			break
		}
	}
	return out, nil
}

// usable forgets an error that only says that there are no more keys than those.
func usable(have []chat.KeyInfo, err error) error {
	if len(have) > 0 && errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func keyNote(k model.APIKey, money model.Currency) string {
	var notes []string
	if k.Masked != "" {
		notes = append(notes, k.Masked)
	}
	if k.Unlimited {
		notes = append(notes, "unlimited")
	} else {
		notes = append(notes, money.Format(k.Remaining)+" left")
	}
	if k.Group != "" {
		notes = append(notes, k.Group)
	}
	return strings.Join(notes, ", ")
}

// chatStore keeps conversations in the history.
type chatStore struct{ in func() *history.Store }

var _ chat.Store = chatStore{}

// Save writes a conversation or replaces it.
func (s chatStore) Save(ctx context.Context, c chat.Saved) error {
	return s.in().SaveChat(ctx, model.SavedChat(c))
}

// List returns all conversations without their bodies, the last one first.
func (s chatStore) List(ctx context.Context) ([]chat.Saved, error) {
	all, err := s.in().Chats(ctx)
	out := make([]chat.Saved, len(all))
	for i, c := range all {
		out[i] = chat.Saved(c)
	}
	return out, err
}

// Load returns a conversation.
func (s chatStore) Load(ctx context.Context, id string) (chat.Saved, error) {
	c, err := s.in().Chat(ctx, id)
	return chat.Saved(c), err
}

// Rename gives a conversation another name.
func (s chatStore) Rename(ctx context.Context, id, name string) error {
	return s.in().RenameChat(ctx, id, name)
}

// Delete deletes a conversation.
func (s chatStore) Delete(ctx context.Context, id string) error { return s.in().DeleteChat(ctx, id) }
