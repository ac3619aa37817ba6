//go:build race

package main

// slowedByRace says that the race detector takes most of the time.
const slowedByRace = true
