//go:build !heavy

package main

// The sizes of tests that take long, as everybody runs them; -tags heavy has the full ones.
const manyLines = 100
