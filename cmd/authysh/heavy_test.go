//go:build heavy

package main

// The sizes of tests that take long, as CI runs them.
const (
	manyLines   = 1000
	killedRows  = 5000 // of a batch
	killedTimes = 20
)
