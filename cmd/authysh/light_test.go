//go:build !heavy

package main

// The sizes of tests that take long, as everybody runs them; -tags heavy has the full ones.
const (
	manyLines   = 100
	killedRows  = 300 // of a batch
	killedTimes = 3
)
