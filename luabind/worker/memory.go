package worker

import (
	"runtime/debug"
	"sync"
)

var capOnce sync.Once

// limitMemory has the garbage collector work harder before the parent sees too much memory.
func limitMemory(limit int64) {
	debug.SetMemoryLimit(limit / 4 * 3)
	capOnce.Do(func() { capMemory(limit) })
}
