//go:build heavy

package sandbox_test

// The sizes of tests that take long, as CI runs them.
const (
	killedTimes = 20
	killedAfter = 60 // acknowledged users
	phoneStates = true
)
