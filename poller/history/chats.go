package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gatewatch/model"
)

// ErrNoChat says that there is no conversation of that id.
var ErrNoChat = errors.New("there is no such conversation")

// errNoHistory is what a nil Store says of conversations.
var errNoHistory = errors.New("no history is kept")

// SaveChat writes a conversation or replaces it. Unlike all else that is kept it
// is in the file when this returns: whatever ends the program then, it is there.
func (s *Store) SaveChat(ctx context.Context, c model.SavedChat) error {
	body := c.Body
	if body == nil {
		body = []byte{} // nil would be NULL
	}
	_, err := s.change(ctx, `INSERT INTO chat (id, name, gateway, model, updated, messages, body) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, gateway = excluded.gateway, model = excluded.model,
		updated = excluded.updated, messages = excluded.messages, body = excluded.body`,
		c.ID, c.Name, c.Gateway, c.Model, c.Updated.UnixNano(), c.Messages, body)
	return err
}

// RenameChat gives a conversation another name in the list. What its body says
// stays.
func (s *Store) RenameChat(ctx context.Context, id, name string) error {
	return s.changeOne(ctx, "UPDATE chat SET name = ? WHERE id = ?", name, id)
}

// DeleteChat deletes a conversation for good.
func (s *Store) DeleteChat(ctx context.Context, id string) error {
	return s.changeOne(ctx, "DELETE FROM chat WHERE id = ?", id)
}

// Chats returns all conversations without their bodies, the last one first.
func (s *Store) Chats(ctx context.Context) ([]model.SavedChat, error) {
	if s == nil {
		return nil, errNoHistory
	}
	var out []model.SavedChat
	err := s.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(rows *sql.Rows) error {
			var c model.SavedChat
			var updated int64
			err := rows.Scan(&c.ID, &c.Name, &c.Gateway, &c.Model, &updated, &c.Messages)
			c.Updated = time.Unix(0, updated)
			out = append(out, c)
			return err
		}, "SELECT id, name, gateway, model, updated, messages FROM chat ORDER BY updated DESC, id")
	})
	return out, err
}

// Chat returns one conversation, or ErrNoChat.
func (s *Store) Chat(ctx context.Context, id string) (model.SavedChat, error) {
	if s == nil {
		return model.SavedChat{}, errNoHistory
	}
	c := model.SavedChat{ID: id}
	var updated int64
	err := s.view(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT name, gateway, model, updated, messages, body FROM chat WHERE id = ?", id).
			Scan(&c.Name, &c.Gateway, &c.Model, &updated, &c.Messages, &c.Body)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return model.SavedChat{}, ErrNoChat
	case err != nil:
		return model.SavedChat{}, err
	}
	c.Updated = time.Unix(0, updated)
	return c, nil
}

func (s *Store) changeOne(ctx context.Context, query string, args ...any) error {
	n, err := s.change(ctx, query, args...)
	if err == nil && n == 0 {
		return ErrNoChat
	}
	return err
}

// change writes at once, in a transaction of its own, and returns how many rows
// it changed. It leaves what is wrong with the file to the writer of the rest,
// which finds it out by itself and alone may set the file aside.
func (s *Store) change(ctx context.Context, query string, args ...any) (n int64, err error) {
	f, err := s.writer()
	if err != nil {
		return 0, err
	}
	err = f.inTx(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("history: the conversation is not kept: %w", err)
	}
	return n, err
}

// writer is where a change is written at once.
func (s *Store) writer() (*file, error) {
	if s == nil {
		return nil, errNoHistory
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.file != nil:
		return s.file, nil
	case s.fault != "":
		return nil, errors.New(s.fault)
	}
	return nil, errClosed
}
