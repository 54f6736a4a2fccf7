//go:build !heavy || race

package sandbox_test

// loadRequests is how many requests TestLoad makes, as everybody runs it; -tags heavy without -race makes many more.
const loadRequests = 5_000
