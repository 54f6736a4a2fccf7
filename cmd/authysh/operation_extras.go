package main

import (
	"context"
	"io"

	"github.com/spf13/pflag"
)

// extra is what the command of an operation does beyond what the catalogue can say.
type extra struct {
	// alias is a second command, such as "user get qr".
	alias string
	// flags adds flags to the command. Its step finds them in performed.flags.
	flags func(*pflag.FlagSet)
	// step runs after a call that succeeded, and before its result is shown. It may replace the result and set a
	// footer. Its error is told after the result.
	step func(context.Context, *performed) error
}

// extras are those of the operations that need one.
var extras = map[string]*extra{}

func extraOf(operation string) *extra { return extras[operation] }

// footer is drawn below a result that people read.
type footer func(io.Writer) error
