//go:build !heavy

package sandbox_test

// The sizes of tests that take long, as everybody runs them; -tags heavy has the full ones.
const (
	killedTimes = 2
	killedAfter = 15 // acknowledged users
	phoneStates = false
)
