package poller

import (
	"context"
	"time"
)

// class says how urgent a request is.
type class uint8

const (
	live     class = iota // what the screen shows now
	backfill              // gaps in what is known of the past
	asked                 // what a person waits for
)

// Asked marks the requests of ctx as those that a person waits for. They count, and
// wait for a pause that the gateway asked for, but hardly for the budget.
func Asked(ctx context.Context) context.Context { return withClass(ctx, asked) }

type ctxKey uint8

const (
	classKey ctxKey = iota
	meterKey
)

func withClass(ctx context.Context, c class) context.Context {
	return context.WithValue(ctx, classKey, c)
}

// meter counts the requests of one poll and how long the gateway took, in all
// and for the last one.
type meter struct {
	requests   int
	took, last time.Duration
}

func withMeter(ctx context.Context) (context.Context, *meter) {
	m := &meter{}
	return context.WithValue(ctx, meterKey, m), m
}

// meterOf returns the meter of the poll that ctx belongs to.
func meterOf(ctx context.Context) *meter {
	if m, ok := ctx.Value(meterKey).(*meter); ok {
		return m
	}
	return &meter{}
}
