//go:build heavy

package main

// The sizes of tests that take long, as CI runs them.
const manyLines = 1000
