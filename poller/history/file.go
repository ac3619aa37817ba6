package history

import (
	"context"
	"database/sql"
	_ "embed" // the schema
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver
)

//go:embed schema.sql
var schemaOne string

//go:embed schema2.sql
var schemaTwo string

//go:embed schema3.sql
var schemaThree string

//go:embed schema4.sql
var schemaFour string

// migrations lead from one version of the schema to the next: the first from an
// empty file to version 1. A release that has shipped a step never changes it.
var migrations = []string{schemaOne, schemaTwo, schemaThree, schemaFour}

const (
	// lockedFor is how long one statement waits for another process.
	lockedFor = time.Second
	// maxWAL is the size in bytes that the log beside the file is cut back to.
	maxWAL = 16 << 20
)

// file is an open database. Writes go through one connection; reads have their
// own, and in WAL mode wait for nobody.
type file struct {
	write, read *sql.DB
	info        os.FileInfo // of the file that was opened
}

func (f *file) close() {
	_ = f.read.Close()
	_ = f.write.Close()
}

// openFile opens the database at path and brings its schema up to date. Only the
// user can read the file, and a directory that is made for it.
func openFile(ctx context.Context, path string) (*file, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// The file is only ever opened here when it is new: closing any descriptor of
	// it would drop the locks that another Store of this process holds.
	if h, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		if err := h.Close(); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return nil, err
	} else if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	f := &file{info: info}
	if f.write, err = connect(path, 1, "_txlock=immediate", "_auto_vacuum=incremental"); err != nil {
		return nil, err
	}
	if f.read, err = connect(path, 2, "_query_only=1"); err != nil {
		_ = f.write.Close()
		return nil, err
	}
	if err := f.ready(ctx); err != nil {
		f.close()
		return f, err
	}
	return f, nil
}

// ready brings the schema up to date. Of several processes that open a new file at
// once SQLite turns some away without the wait that it was asked for, while its
// journal changes to WAL: they try again for as long as a statement may wait.
func (f *file) ready(ctx context.Context) error {
	for began := time.Now(); ; {
		err := f.migrate(ctx)
		if troubleOf(err) != troubleBusy || time.Since(began) >= lockedFor {
			return err
		}
		select {
		case <-time.After(lockedFor / 100):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func connect(path string, most int, params ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // a Windows drive
	}
	params = append(params,
		fmt.Sprintf("_busy_timeout=%d", lockedFor.Milliseconds()), "_dqs=0", "_error_rc=1",
		"_pragma=journal_mode(wal)", "_pragma=synchronous(normal)", fmt.Sprintf("_pragma=journal_size_limit(%d)", maxWAL))
	u := url.URL{Scheme: "file", Path: abs, RawQuery: strings.Join(params, "&")}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}

// errNewer says that the file is of a later version than this program knows.
var errNewer = errors.New("the file was written by a newer gatewatch")

// migrate brings the schema to the version of this program. Of several processes
// that begin at once, one does it.
func (f *file) migrate(ctx context.Context) error {
	version, err := schemaVersion(ctx, f.write)
	if err != nil || version == len(migrations) {
		return err
	}
	tx, err := f.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if version, err = schemaVersion(ctx, tx); err != nil {
		return err
	}
	if version > len(migrations) {
		return errNewer
	}
	for _, step := range migrations[version:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("migration from version %d: %w", version, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(migrations))); err != nil {
		return err
	}
	return tx.Commit()
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func schemaVersion(ctx context.Context, q querier) (version int, err error) {
	err = q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}

// each calls f for every row of a query.
func each(ctx context.Context, q querier, f func(rows *sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// setAside renames a damaged file and what SQLite keeps beside it, and returns
// the new name. It leaves alone what another process has put there since.
func setAside(path string, opened os.FileInfo, now time.Time) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	aside := fmt.Sprintf("%s.corrupt-%d", path, now.Unix())
	if opened != nil && !os.SameFile(info, opened) {
		return aside, nil
	}
	if err := os.Rename(path, aside); err != nil {
		return "", err
	}
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+end, aside+end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}
