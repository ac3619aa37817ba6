package history

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

const (
	// sentFor is how long requests are remembered: no gateway's limit looks back
	// further than some minutes.
	sentFor = 10 * time.Minute
	// othersFor is how old what is known of other processes' requests may be.
	othersFor = time.Second
)

// requests counts what was sent to gateways: our own in memory, other processes'
// as the file last told.
type requests struct {
	mu     sync.Mutex
	own    map[string][]time.Time
	others map[string]*others
}

type others struct {
	asked time.Time // when the file was last read
	sent  []sentAt
	err   error
}

type sentAt struct {
	at time.Time
	n  int
}

// Sent counts a request to an address, which other processes on the same file
// see within two seconds.
func (s *Store) Sent(address string, at time.Time) {
	if s == nil {
		return
	}
	r := &s.requests
	r.mu.Lock()
	if r.own == nil {
		r.own = map[string][]time.Time{}
	}
	own := r.own[address]
	for len(own) > 0 && at.Sub(own[0]) > sentFor {
		own = own[1:]
	}
	r.own[address] = append(own, at)
	r.mu.Unlock()
	s.enqueue(job{do: func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO sent (address, at, process, n) VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1",
			address, at.UnixMilli(), s.process)
		return err
	}})
}

// SentSince returns how many requests this and other processes sent to an address
// since a time, ten minutes ago at most. With an error it counts our own alone.
func (s *Store) SentSince(address string, since time.Time) (int, error) {
	if s == nil {
		return 0, errClosed
	}
	r := &s.requests
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, at := range r.own[address] {
		if !at.Before(since) {
			n++
		}
	}
	o := r.others[address]
	if o == nil {
		if r.others == nil {
			r.others = map[string]*others{}
		}
		o = &others{}
		r.others[address] = o
	}
	if now.Sub(o.asked) >= othersFor || now.Before(o.asked) {
		o.asked = now
		o.sent, o.err = s.sentByOthers(address, now)
	}
	for _, sent := range o.sent {
		if !sent.at.Before(since) {
			n += sent.n
		}
	}
	return n, o.err
}

// sentByOthers reads the file, for a tenth of a second at most: a request that
// is to be sent waits for it.
func (s *Store) sentByOthers(address string, now time.Time) ([]sentAt, error) {
	db, err := s.reader()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, 100*time.Millisecond)
	defer cancel()
	var out []sentAt
	err = each(ctx, db, func(rows *sql.Rows) error {
		var at int64
		var n int
		err := rows.Scan(&at, &n)
		out = append(out, sentAt{time.UnixMilli(at), n})
		return err
	}, "SELECT at, n FROM sent WHERE address = ? AND at >= ? AND process != ?", address, now.Add(-sentFor).UnixMilli(), s.process)
	return out, err
}
