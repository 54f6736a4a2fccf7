// Package firstgc puts the program's first garbage collection off.
//
// Importing it is all there is to do. Go initializes packages in the order of their import paths as soon as what they
// import is ready, so that this one comes before the program's other packages and most libraries. The phone library has
// then unpacked its numbering plans, and with the default setting a collection would start at once, in a process that most
// often ends before it has anything to collect.
package firstgc

import (
	"os"
	"runtime/debug"
)

// percent lets the heap grow to 16 MiB before the first collection.
const percent = 400

func init() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
