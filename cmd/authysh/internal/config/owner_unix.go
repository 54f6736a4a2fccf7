//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"syscall"
)

// foreignTo says why a file that was merely found should not be trusted with everything; empty if it may.
func foreignTo(info fs.FileInfo, user int) string {
	if info.Mode().Perm()&0o002 != 0 {
		return "every user can change it"
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if ok && owner.Uid != 0 && int(owner.Uid) != user {
		return fmt.Sprintf("it belongs to another user (id %d)", owner.Uid)
	}
	return ""
}

// ReadableByOthers reports whether the group or everybody may read the file.
func ReadableByOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o044 != 0 }
