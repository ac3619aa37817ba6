//go:build race

package chat

// slower is how many times slower the race detector makes everything.
const slower = 10
