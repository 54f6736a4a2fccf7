//go:build !heavy

package receiver_test

// floodSize is how many hostile requests the flood has.
const floodSize = 10_000
