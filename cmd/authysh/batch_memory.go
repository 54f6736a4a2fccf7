package main

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// batchHeap is how large the heap may grow before it is collected while a batch runs, in bytes: with the rest of the
	// program it stays below 64 MiB, whatever the number of rows.
	batchHeap = 36 << 20
	// leastPercent is how much it may grow in any case, so that a script with much data of its own is not slowed down by
	// one collection after the other.
	leastPercent, mostPercent = 25, 400

	heapPause = 250 * time.Millisecond
)

// keepSmall bounds the heap until stop is called. A batch runs for hours and needs little, so it should not take the room
// that makes a short script fast. GOGC set by the user counts more.
func (a *app) keepSmall() (stop func()) {
	if own, _ := a.lookupEnv("GOGC"); own != "" {
		return func() {}
	}
	set := mostPercent
	bound := func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if percent := percentFor(live[0].Value.Uint64()); percent != set {
			debug.SetGCPercent(percent)
			set = percent
		}
	}
	before := debug.SetGCPercent(mostPercent)
	bound()
	end := every(heapPause, bound)
	return func() {
		end()
		debug.SetGCPercent(before)
	}
}

// every calls f now and then, in a goroutine of its own, until stop is called; f does not run any more when that returns.
func every(pause time.Duration, f func()) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		ticks := time.NewTicker(pause)
		defer ticks.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticks.C:
				f()
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}

// percentFor is the growth that takes a heap to batchHeap, in steps of 5: each change stops the program for a moment.
func percentFor(live uint64) int {
	if live == 0 {
		return mostPercent
	}
	percent := (int64(batchHeap) - int64(live)) * 100 / int64(live)
	return int(min(mostPercent, max(leastPercent, percent/5*5)))
}
