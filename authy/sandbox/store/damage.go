package store

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// damaged is the error of a file that is ours, but not as it was written.
func damaged(what string) error {
	return fmt.Errorf("%s is damaged (%s): restore it from a copy, or choose another directory", FileName, what)
}

// guarded runs what reads or writes the file. bbolt panics on pages that are not what they should be, and its memory
// has holes where a file was cut off; both are the file's fault, not the program's.
func guarded(f func() error) (err error) {
	faults := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(faults)
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			err = damaged("it has a hole")
		default:
			err = damaged(firstLine(fmt.Sprint(p)))
		}
	}()
	return f()
}

func firstLine(s string) string {
	const most = 100
	for i, r := range s {
		if r == '\n' || i >= most {
			return s[:i]
		}
	}
	return s
}
