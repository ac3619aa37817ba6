//go:build !unix

package tty

import (
	"errors"
	"os"
)

// openLine fails: a console that is no Unix terminal is not asked.
func openLine(_, _ *os.File) (line, error) {
	return nil, errors.New("terminals are asked on Linux and macOS alone")
}
