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
	// note is what --help adds.
	note string
	// check judges the flags before anything is sent.
	check func(*performed) error
	// step runs after a call that succeeded, and before its result is shown. It may replace the result and set a
	// footer. Its error is told after the result.
	step func(context.Context, *performed) error
}

// extras are those of the operations that need one.
var extras = map[string]*extra{
	"create_approval_request": waitForAnswer,
	"create_user_secret":      drawCode,
}

func extraOf(operation string) *extra { return extras[operation] }

// footer is drawn below a result that people read.
type footer func(io.Writer) error
