package history

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"syscall"
	"time"

	"modernc.org/sqlite"
)

// The primary result codes of SQLite that are told apart (sqlite.org/rescode.html).
const (
	codePerm     = 3
	codeBusy     = 5
	codeLocked   = 6
	codeReadOnly = 8
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeAuth     = 23
	codeNotADB   = 26
)

// trouble is what keeps a store from its file.
type trouble uint8

const (
	troubleNone trouble = iota
	troubleBusy         // another process holds the file
	troubleFull
	troubleDenied
	troubleDamaged
	troubleNewer
	troubleOther
)

// errDamaged says that a blob cannot be read.
var errDamaged = errors.New("a record of the file is damaged")

// troubleOf says what err means for the file.
func troubleOf(err error) trouble {
	if err == nil {
		return troubleNone
	}
	if errors.Is(err, errDamaged) {
		return troubleDamaged
	}
	if errors.Is(err, errNewer) {
		return troubleNewer
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		switch s.Code() & 0xff {
		case codeBusy, codeLocked:
			return troubleBusy
		case codeFull:
			return troubleFull
		case codeCorrupt, codeNotADB:
			return troubleDamaged
		case codePerm, codeReadOnly, codeCantOpen, codeAuth:
			return troubleDenied
		}
		return troubleOther
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return troubleFull
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR), errors.Is(err, os.ErrNotExist):
		return troubleDenied
	}
	return troubleOther
}

// sentence is what the screen says of trouble.
func (t trouble) sentence(err error) string {
	const lost = "; what is seen now is not kept"
	switch t {
	case troubleNone:
		return ""
	case troubleBusy:
		return "history: another program holds its file; what is seen now waits for it"
	case troubleFull:
		return "history: the disk is full" + lost
	case troubleDenied:
		return "history: its file cannot be opened or written" + lost
	case troubleDamaged:
		return "history: its file is damaged" + lost
	case troubleNewer:
		return "history: " + errNewer.Error() + lost
	}
	return "history: " + err.Error() + lost
}

// retryAfter is when a store that has this trouble tries its file again. What is
// folded until then is kept only where the wait is for another process.
func (t trouble) retryAfter() time.Duration {
	if t == troubleBusy {
		return 2 * time.Second
	}
	return time.Minute
}

// stopped reports whether err only says that the program is ending.
func stopped(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, sql.ErrConnDone)
}
