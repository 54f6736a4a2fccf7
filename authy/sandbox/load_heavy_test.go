//go:build heavy && !race

package sandbox_test

// loadRequests is how many requests TestLoad makes, as CI runs it beside the race detector, under which so many would
// take minutes.
const loadRequests = 200_000
