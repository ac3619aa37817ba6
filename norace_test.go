//go:build !race

package main

const slowedByRace = false
