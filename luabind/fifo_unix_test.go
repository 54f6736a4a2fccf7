//go:build unix

package luabind

import "syscall"

// makeFIFO makes a file that keeps who opens it waiting.
func makeFIFO(path string) error { return syscall.Mkfifo(path, 0o600) }
