package journal

import (
	"errors"
	"syscall"
)

// Sync makes what was written durable, and of the file's metadata only what is needed to read that back: the time of
// the last change, which nobody needs here, costs the disk about as much as the records.
func (h *held) Sync() error {
	raw, err := h.SyscallConn()
	if err != nil {
		return err
	}
	var syncErr error
	err = raw.Control(func(fd uintptr) {
		for {
			if syncErr = syscall.Fdatasync(int(fd)); !errors.Is(syncErr, syscall.EINTR) {
				return
			}
		}
	})
	return errors.Join(err, syncErr)
}
