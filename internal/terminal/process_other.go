//go:build !linux && !darwin

package terminal

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// process stands in where no pseudo-terminal can be opened, so that the package
// still builds and vets there. None is ever started.
type process struct{}

func startProcess(Options) (*process, error) {
	return nil, fmt.Errorf("pseudo-terminals on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

func (p *process) Read([]byte) (int, error)  { return 0, errors.ErrUnsupported }
func (p *process) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }
func (p *process) wait() int                 { return -1 }
func (p *process) resize(int, int) error     { return errors.ErrUnsupported }
func (p *process) signal(os.Signal) error    { return errors.ErrUnsupported }
func (p *process) hangup() error             { return errors.ErrUnsupported }
func (p *process) kill() error               { return errors.ErrUnsupported }
func (p *process) unrestored() []string      { return nil }
