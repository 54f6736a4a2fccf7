//go:build !race

package worker

// race is whether the tests are built with the race detector.
const race = false
