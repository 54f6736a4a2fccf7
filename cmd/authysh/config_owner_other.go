//go:build !unix

package main

import "io/fs"

// foreignTo knows nothing here: owners are not part of what the system tells of a file.
func foreignTo(fs.FileInfo, int) string { return "" }

// readableByOthers knows nothing here.
func readableByOthers(fs.FileInfo) bool { return false }
