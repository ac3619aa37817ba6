package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"gatewatch/internal/crash"
	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
	"gatewatch/ui"
	"gatewatch/ui/notify"
)

// historyPath is where the history is kept, "" where there is no place for it.
func historyPath(getenv func(string) string) string {
	dir := stateDir(getenv)
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "history.db")
}

// options are the retention of the configuration.
func (h HistoryConfig) options(run func(func())) history.Options {
	const day = 24 * time.Hour
	return history.Options{
		CallsFor: time.Duration(h.CallsDays) * day, CallsBytes: int64(h.CallsMB) << 20, MinutesFor: time.Duration(h.MinutesDays) * day, Run: run,
	}
}

// identityOf names an account in the history: the address and a few bits of the
// credential's hash, so that two accounts at one address are never mixed and no
// secret is written.
func identityOf(url string, credential gateway.Secret) string {
	sum := sha256.Sum256([]byte(credential.Reveal()))
	return url + " " + hex.EncodeToString(sum[:4])
}

// identity is identityOf for a configured gateway.
func (a *app) identity(ctx context.Context, g GatewayConfig) (string, error) {
	u, err := gateway.ParseURL(g.URL)
	if err != nil {
		return "", err
	}
	token, err := g.AccessToken.resolve(ctx, "access_token", a.getenv)
	if err != nil {
		return "", err
	}
	if !token.IsSet() {
		if token, err = g.APIKey.resolve(ctx, "api_key", a.getenv); err != nil {
			return "", err
		}
	}
	return identityOf(gateway.ShownURL(u), token), nil
}

// memory is the history as the dashboard uses it. The zero memory keeps nothing.
type memory struct {
	ids map[string]string // by the gateway's name

	mu    sync.Mutex
	store *history.Store
	// opened is closed when the file is open or cannot be opened; nil means that
	// nothing is kept.
	opened chan struct{}
	// waiting is what is to be written once the file is open, rows how much it is.
	waiting []func(*history.Store)
	rows    int
	lasting []model.AlertEntry
	nowhere bool // there is no place for a file
}

const (
	// recall is how long the first polls wait for what is known of yesterday.
	recall = 300 * time.Millisecond
	// maxWaiting bounds, in rows of the log, what waits for the file to be opened: a
	// locked one is given up after seconds. Every other thing counts as one row.
	maxWaiting = 200_000
)

// begin says that the file is going to be opened: what comes meanwhile waits.
func (m *memory) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened = make(chan struct{})
}

// open opens the history and hands over what it knows of each gateway, as
// updates; a gateway that is not known has none.
func (m *memory) open(ctx context.Context, path string, opt history.Options, give func(model.Update)) {
	var store *history.Store
	var lasting []model.AlertEntry
	if path != "" {
		store, _ = history.Open(ctx, path, opt) // it fails only when ctx has ended
		m.mu.Lock()
		m.store = store
		m.mu.Unlock()
	} else {
		m.mu.Lock()
		m.nowhere = true
		m.mu.Unlock()
	}
	for name, id := range m.ids {
		// What is wrong with the file is on the screen.
		updates, _ := store.Load(ctx, id, time.Now())
		for _, u := range updates {
			u.Gateway = name
			give(u)
		}
		lines, _ := store.LastingAlerts(ctx, id, name)
		for _, e := range lines {
			e.Gateway = name
			lasting = append(lasting, e)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lasting = lasting
	m.write()
	close(m.opened)
}

// write writes what waits; m.mu is held.
func (m *memory) write() {
	for _, write := range m.waiting {
		write(m.store)
	}
	m.waiting, m.rows = nil, 0
}

// opening reports whether the file is still to be opened; m.mu is held.
func (m *memory) opening() bool {
	select {
	case <-m.opened:
		return false
	default:
		return m.opened != nil
	}
}

// get is the store, nil before it is open or where there is none; a nil store
// does nothing.
func (m *memory) get() *history.Store {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.store
}

// fault is one sentence on what is wrong with the history, "" when nothing is.
func (m *memory) fault() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.nowhere {
		return "history: neither HOME nor XDG_STATE_HOME is set; what is seen is not kept"
	}
	return m.store.Fault()
}

// do writes something of so many rows, now or when the file is open. It does not
// wait, as what the store writes itself does not.
func (m *memory) do(rows int, write func(*history.Store)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.opening() {
		write(m.store)
		return
	}
	if m.rows+rows+1 <= maxWaiting {
		m.rows += rows + 1
		m.waiting = append(m.waiting, write)
	}
}

// keep writes an update down.
func (m *memory) keep(u model.Update) {
	id, ok := m.ids[u.Gateway]
	if !ok {
		return
	}
	read, _ := u.Payload.(model.CallsRead)
	m.do(len(read.Calls), func(s *history.Store) { s.Fold(id, u) })
}

// Sent and SentSince make the request budget one for all dashboards of a person.
func (m *memory) Sent(address string, at time.Time) {
	m.do(0, func(s *history.Store) { s.Sent(address, at) })
}

// SentSince is how many requests were sent to an address, by all of them.
func (m *memory) SentSince(address string, since time.Time) (int, error) {
	return m.get().SentSince(address, since)
}

// claim writes an alert into the journal, or that it is over, and reports whether
// it is for us to tell: of two dashboards one is. Without a file everybody tells.
func (m *memory) claim(ctx context.Context, e model.AlertEvent, says string) bool {
	entry := model.AlertEntry{At: e.Since, Gateway: e.Gateway, Kind: string(e.Kind), Subject: e.Subject, Says: says, Key: e.Key.ID}
	if !e.Raised {
		entry.Cleared = model.Some(e.At)
	}
	store := m.get()
	first, err := store.ClaimAlert(ctx, m.ids[e.Gateway], entry)
	if err != nil {
		store.AddAlert(entry)
		return true
	}
	return first
}

// unfinished is what the journal has as raised and not over, false while that is
// not known.
func (m *memory) unfinished() ([]model.AlertEntry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lasting, !m.opening()
}

// journal is the newest alerts.
func (m *memory) journal(ctx context.Context) ([]model.AlertEntry, error) {
	const newest = 200
	store := m.get()
	if store == nil {
		return nil, fmt.Errorf("the history is not open")
	}
	return store.Alerts(ctx, newest)
}

func (m *memory) close() {
	m.mu.Lock()
	m.write()
	m.mu.Unlock()
	_ = m.get().Close()
}

// remember shows what is known of yesterday and lets the poller go on from there.
// The file is opened beside the first frame; polls wait for it, but not long: what
// it gives after that is shown as far as nothing newer has come.
func (a *app) remember(ctx context.Context, cfg Config, mem *memory, polls *poller.Poller, news *newest, run func(func())) {
	known := make(chan []model.Update, 1)
	mem.begin()
	run(func() {
		var all []model.Update
		mem.open(ctx, historyPath(a.getenv), cfg.History.options(run), func(u model.Update) { all = append(all, u) })
		known <- all
	})
	select {
	case all := <-known:
		for _, u := range all {
			polls.Seed(u)
		}
		news.old(all)
	case <-time.After(recall):
		run(func() { news.old(<-known) })
	case <-ctx.Done():
	}
}

// newest hands updates to the screen, and what was known before only where nothing
// has come yet.
type newest struct {
	send func(model.Update)

	mu   sync.Mutex
	came map[cameFrom]bool
}

type cameFrom struct {
	gateway string
	source  model.Source
}

// new hands over what a gateway just said.
func (n *newest) new(u model.Update) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.came == nil {
		n.came = map[cameFrom]bool{}
	}
	n.came[cameFrom{u.Gateway, u.Source}] = true
	n.send(u)
}

// old hands over what is known from before.
func (n *newest) old(all []model.Update) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, u := range all {
		if !n.came[cameFrom{u.Gateway, u.Source}] {
			n.send(u)
		}
	}
}

// lastFault is what went wrong with something the last time, "" when nothing did.
type lastFault struct{ says atomic.Value }

func (l *lastFault) set(says string) { l.says.Store(says) }

func (l *lastFault) get() string {
	says, _ := l.says.Load().(string)
	return says
}

// alerts says what is warned of, and whom it is told; untold is why the command or
// the address of the configuration did not hear of the last one.
func (a *app) alerts(cfg Config, mem *memory, keeps bool, guard *crash.Guard, log *slog.Logger, untold *lastFault) ui.AlertOptions {
	opt := ui.AlertOptions{
		Of: cfg.alertOptions, Bell: cfg.Alerts.Bell, Notify: cfg.Alerts.Notify, Terminal: notify.Find(a.getenv, ""),
	}
	if keeps {
		opt.Journal = func() ([]model.AlertEntry, error) { return mem.journal(context.Background()) }
		opt.Lasting = mem.unfinished
	}
	opt.Told = func(e model.AlertEvent, says string) {
		guard.Go(func() {
			if !mem.claim(context.Background(), e, says) || !cfg.Alerts.Hook.Set() {
				return
			}
			doc, err := json.Marshal(alertDocument(e, says))
			if err == nil {
				err = cfg.Alerts.Hook.Send(context.Background(), doc)
			}
			untold.set("")
			if err != nil {
				untold.set(fmt.Sprintf("the alert at %s was not handed on: %v", e.At.In(cfg.Zone).Format("15:04"), err))
				log.Warn("alert", "error", err)
			}
		})
	}
	return opt
}

// alertDoc is an alert as a command or a webhook reads it.
type alertDoc struct {
	Kind    model.AlertKind        `json:"kind"`
	Gateway string                 `json:"gateway"`
	Subject string                 `json:"subject"`
	Raised  bool                   `json:"raised"`
	At      time.Time              `json:"at"`
	Since   time.Time              `json:"since"`
	Says    string                 `json:"says"`
	Left    model.Opt[model.Quota] `json:"left_quota"`
	PerHour model.Opt[float64]     `json:"quota_per_hour"`
	Hours   model.Opt[float64]     `json:"hours_left"`
	Times   model.Opt[float64]     `json:"times_usual"`
	Share   model.Opt[float64]     `json:"failed_share"`
}

func alertDocument(e model.AlertEvent, says string) alertDoc {
	return alertDoc{
		Kind: e.Kind, Gateway: e.Gateway, Subject: e.Subject, Raised: e.Raised, At: e.At, Since: e.Since, Says: says,
		Left: e.Left, PerHour: e.PerHour, Hours: e.Hours, Times: e.Times, Share: e.Share,
	}
}
