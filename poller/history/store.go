// Package history keeps what was seen of the gateways in a SQLite file: the rows
// of the log for days, usage per minute for months and per hour for ever, with
// the balances, keys and sums beside them. Several processes may use one file.
// Whatever is wrong with the file, the program lives on without it.
package history

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"modernc.org/sqlite"

	"gatewatch/model"
)

// Options says how long what is kept. The zero value keeps what is documented.
type Options struct {
	// CallsFor is how long rows of the log are kept, 3 days; CallsBytes how large
	// the file may become before older rows go sooner, 500 MB. The rows of the last
	// model.Keep stay in any case.
	CallsFor   time.Duration
	CallsBytes int64
	// MinutesFor is how long usage per minute is kept, 90 days.
	MinutesFor time.Duration
	// Run starts the goroutine that writes, guarded against panics; nil means a
	// plain go statement.
	Run func(func())
	// CloseWithin is how long Close may take for what is still to be written, 2 s.
	CloseWithin time.Duration

	beat time.Duration // for tests that write when they want to
}

const (
	// beatEvery is how often what was folded is written, in one transaction.
	beatEvery = time.Second
	// sweepEvery is how often what has become old is looked for.
	sweepEvery = time.Hour
	// closeWithin bounds Close where nobody says otherwise.
	closeWithin = 2 * time.Second
	// maxQueued bounds, in rows of the log, what waits for a file that another
	// process holds; every job counts as one row more.
	maxQueued = 200_000
)

// Store is a history. A nil Store keeps nothing and answers with errors. It is
// safe for concurrent use.
type Store struct {
	path    string
	opts    Options
	process int64 // tells this Store's requests from others'
	ctx     context.Context
	stop    context.CancelFunc
	closing chan struct{}
	done    chan struct{}
	once    sync.Once

	mu          sync.Mutex
	file        *file // nil while there is none
	queue       []job
	queued      int
	trouble     trouble   // what is wrong now
	fault       string    // the sentence on it
	notice      string    // the sentence on what was put right
	pausedUntil time.Time // when the file is tried again
	damaged     bool      // damage was read, and the file is to be set aside

	requests requests
	sweeper  sweeper // the writing goroutine's own
}

// job is one change of the file, within a transaction.
type job struct {
	do   func(ctx context.Context, tx *sql.Tx) error
	rows int
}

// Open begins a history in the file at path and returns once it can be read, or
// once it is known that it cannot: Fault says why, and the Store tries again by
// itself. It fails only when ctx ends.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	if opts.CallsFor <= 0 {
		opts.CallsFor = 3 * 24 * time.Hour
	}
	if opts.CallsBytes <= 0 {
		opts.CallsBytes = 500 << 20
	}
	if opts.MinutesFor <= 0 {
		opts.MinutesFor = 90 * 24 * time.Hour
	}
	if opts.CloseWithin <= 0 {
		opts.CloseWithin = closeWithin
	}
	if opts.beat <= 0 {
		opts.beat = beatEvery
	}
	if opts.Run == nil {
		opts.Run = func(f func()) { go f() }
	}
	s := &Store{
		path: path, opts: opts, process: rand.Int64(),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if err := s.open(ctx); stopped(err) {
		s.stop()
		return nil, err
	}
	opts.Run(s.loop)
	return s, nil
}

// open tries to open the file; a damaged one is set aside and a new one begun.
func (s *Store) open(ctx context.Context) error {
	f, err := openFile(ctx, s.path)
	if err == nil {
		s.use(f)
		return nil
	}
	if troubleOf(err) == troubleDamaged && s.replace(ctx, f.info) == nil {
		return nil
	}
	if !stopped(err) {
		s.note(err)
	}
	return err
}

// use takes a file that was opened into use.
func (s *Store) use(f *file) {
	s.mu.Lock()
	s.file, s.trouble, s.fault, s.pausedUntil, s.damaged = f, troubleNone, "", time.Time{}, false
	s.mu.Unlock()
	s.sweeper = sweeper{}
}

// note records what is wrong with the file and when it is tried again.
func (s *Store) note(err error) {
	t := troubleOf(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble, s.fault = t, t.sentence(err)
	s.pausedUntil = time.Now().Add(t.retryAfter())
	if t != troubleBusy {
		s.queue, s.queued = nil, 0
	}
}

// Fault is one sentence on what is wrong with the history, "" when nothing is.
func (s *Store) Fault() string {
	if s == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != "" {
		return s.fault
	}
	return s.notice
}

// enqueue hands a job to the writer. It never waits: while the file cannot be
// written, and when the store is closed, the job is dropped.
func (s *Store) enqueue(j job) {
	select {
	case <-s.closing:
		return
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble != troubleNone && s.trouble != troubleBusy && time.Now().Before(s.pausedUntil) {
		return
	}
	if len(s.queue) > 0 && s.queued+j.rows+1 > maxQueued {
		s.fault = "history: its file cannot be written fast enough; what is seen now is not kept"
		return
	}
	s.queue = append(s.queue, j)
	s.queued += j.rows + 1
}

// loop writes until the store is closed.
func (s *Store) loop() {
	defer close(s.done)
	tick := time.NewTicker(s.opts.beat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.turn()
			continue
		case <-s.closing:
		}
		for s.pending() && s.ctx.Err() == nil {
			if err := s.flush(); err != nil && troubleOf(err) != troubleBusy {
				break
			}
		}
		s.drop()
		return
	}
}

// turn writes what has come since the last one, and goes on with the sweeping.
func (s *Store) turn() {
	s.renew()
	s.mu.Lock()
	paused, have := time.Now().Before(s.pausedUntil), s.file != nil
	s.mu.Unlock()
	if paused || !have && s.open(s.ctx) != nil {
		return
	}
	if err := s.flush(); err != nil {
		return
	}
	if err := s.sweep(s.ctx, time.Now()); err != nil {
		s.failed(err)
	}
}

func (s *Store) pending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue) > 0 && s.file != nil
}

// flush writes the queue in one transaction.
func (s *Store) flush() error {
	s.mu.Lock()
	f, jobs, rows := s.file, s.queue, s.queued
	s.queue, s.queued = nil, 0
	s.mu.Unlock()
	if len(jobs) == 0 || f == nil {
		return nil
	}
	err := f.inTx(s.ctx, func(tx *sql.Tx) error {
		for _, j := range jobs {
			if err := j.do(s.ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if troubleOf(err) == troubleBusy {
		s.mu.Lock()
		s.queue = append(jobs, s.queue...)
		s.queued += rows
		s.mu.Unlock()
	}
	s.failed(err)
	return err
}

// failed takes the outcome of a write: nil clears the fault, and a damaged file
// is set aside.
func (s *Store) failed(err error) {
	if err == nil {
		s.mu.Lock()
		s.trouble, s.fault = troubleNone, ""
		s.mu.Unlock()
		return
	}
	if stopped(err) {
		return
	}
	s.note(err)
	if troubleOf(err) == troubleDamaged {
		_ = s.replace(s.ctx, s.drop())
	}
}

// unread takes the error of a query. What is wrong is said; a damaged file is set
// aside by the writer, which alone may, and what waits for it goes to the new one.
func (s *Store) unread(db *sql.DB, err error) {
	var inFile *sqlite.Error
	if !errors.As(err, &inFile) && !errors.Is(err, errDamaged) {
		return // there was nothing, or whoever asked has stopped
	}
	t := troubleOf(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil || s.file.read != db {
		return // it was of a file that is no longer in use
	}
	s.fault = t.sentence(err)
	s.damaged = s.damaged || t == troubleDamaged
}

// renew sets a file aside in which damage was read.
func (s *Store) renew() {
	s.mu.Lock()
	damaged := s.damaged
	s.damaged = false
	s.mu.Unlock()
	if damaged {
		_ = s.replace(s.ctx, s.drop())
	}
}

// replace sets a damaged file aside and begins a new one.
func (s *Store) replace(ctx context.Context, opened os.FileInfo) error {
	aside, err := setAside(s.path, opened, time.Now())
	if err != nil {
		return err
	}
	f, err := openFile(ctx, s.path)
	if err != nil {
		return err
	}
	s.use(f)
	s.mu.Lock()
	s.notice = "history: its file was damaged and is now " + aside + "; a new one was begun"
	s.mu.Unlock()
	return nil
}

// drop closes the file and returns which one it was.
func (s *Store) drop() os.FileInfo {
	s.mu.Lock()
	f := s.file
	s.file = nil
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	f.close()
	return f.info
}

func (f *file) inTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := f.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// errClosed is what queries answer without a file.
var errClosed = errors.New("there is no history")

// reader is where queries read.
func (s *Store) reader() (*sql.DB, error) {
	if s == nil {
		return nil, errClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		if s.fault != "" {
			return nil, errors.New(s.fault)
		}
		return nil, errClosed
	}
	return s.file.read, nil
}

// Close writes what is left and closes the file. It takes two seconds at most.
func (s *Store) Close() error {
	if s == nil {
		return nil
	}
	s.once.Do(func() { close(s.closing) })
	timeout := time.NewTimer(s.opts.CloseWithin)
	defer timeout.Stop()
	defer s.stop()
	select {
	case <-s.done:
		return nil
	case <-timeout.C:
		return errors.New("history: the file could not be written in time; what was seen last is not kept")
	}
}

// Fold keeps what an update says of a gateway, under a name that the caller
// chooses and that should not change with the configuration. It never waits:
// what it was given is written within a second.
func (s *Store) Fold(gateway string, u model.Update) {
	if s == nil || u.Err != nil || u.Payload == nil {
		return
	}
	if do := folding(gateway, u, s.opts); do != nil {
		rows := 0
		if r, ok := u.Payload.(model.CallsRead); ok {
			rows = len(r.Calls)
		}
		s.enqueue(job{do, rows})
	}
}
