//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package repl

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	lockPatience = 500 * time.Millisecond
	lockStep     = 5 * time.Millisecond
)

// lockFile waits until no other shell writes the file. A shell that holds the lock for long is stopped, and must not
// stop this one: after a while we go on without, which O_APPEND makes nearly as safe.
func lockFile(f *os.File) (unlock func(), alone bool) {
	for end := time.Now().Add(lockPatience); ; time.Sleep(lockStep) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { unix.Flock(int(f.Fd()), unix.LOCK_UN) }, true
		}
		if err != unix.EWOULDBLOCK && err != unix.EINTR || time.Now().After(end) {
			return func() {}, false
		}
	}
}
