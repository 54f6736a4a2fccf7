//go:build !unix

package config

import "io/fs"

// foreignTo knows nothing here: owners are not part of what the system tells of a file.
func foreignTo(fs.FileInfo, int) string { return "" }

// ReadableByOthers knows nothing here.
func ReadableByOthers(fs.FileInfo) bool { return false }
