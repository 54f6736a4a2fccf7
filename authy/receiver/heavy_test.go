//go:build heavy

package receiver_test

// floodSize is how many hostile requests the flood has, as CI runs it.
const floodSize = 100_000
