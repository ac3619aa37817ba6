package poller

import (
	"context"
	"errors"

	"gatewatch/model"
)

// outOfTimeError says that the caller's time ends before a request may be sent.
type outOfTimeError struct{ paused bool }

func (e *outOfTimeError) Error() string {
	if e.paused {
		return "the gateway's rate limit is reached, and asking goes on only after the time that was given"
	}
	return "the time that was given ended before the request budget allowed to ask"
}

// Fault makes it count as what stood in the way.
func (e *outOfTimeError) Fault() model.Fault {
	if e.paused {
		return model.Fault{Kind: model.FaultLimited, Sentence: e.Error(), Short: "rate limit"}
	}
	return model.Fault{Kind: model.FaultTimeout, Sentence: e.Error(), Short: "no time left"}
}

// stopped is why a wait that ctx ended has failed.
func stopped(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &outOfTimeError{}
	}
	return context.Cause(ctx)
}

// notAskedError says that a source's turn came when the time was over.
type notAskedError struct{}

func (notAskedError) Error() string { return "not asked: the time was over" }

// Fault makes it count as what stood in the way.
func (e notAskedError) Fault() model.Fault {
	return model.Fault{Kind: model.FaultTimeout, Sentence: e.Error(), Short: "no time left"}
}
