package main

import (
	"context"
	"errors"
	"io"
	"syscall"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/luabind"
)

// exitCode is what the process tells its parent.
type exitCode int

// The exit codes that are the program's own. A script gives any other with os.exit.
const (
	exitDone         exitCode = 0
	exitScript       exitCode = 1
	exitUsage        exitCode = 2
	exitValidation   exitCode = 3
	exitRefused      exitCode = 4
	exitUnauthorized exitCode = 5
	exitNetwork      exitCode = 6
	exitInterrupted  exitCode = 130

	// exitPipe is how the shell reports a program that a broken pipe ended: its reader has seen enough.
	exitPipe exitCode = 128 + 13
)

// exitCodes documents the codes in the order of --help.
var exitCodes = []struct {
	code exitCode
	doc  string
}{
	{exitDone, "done"},
	{exitScript, "script error"},
	{exitUsage, "usage or config"},
	{exitValidation, "refused by validation"},
	{exitRefused, "refused by the API"},
	{exitUnauthorized, "not authorised"},
	{exitNetwork, "network or timeout"},
	{exitInterrupted, "interrupted"},
}

// usageError is a mistake in the arguments or the settings. The hint is a line of its own.
type usageError struct {
	message, hint string
}

func (e *usageError) Error() string { return e.message }

// misuse finds a mistake in the arguments or the settings in what a command returned.
func misuse(err error) (*usageError, bool) {
	if e, ok := errors.AsType[*usageError](err); ok {
		return e, true
	}
	if e, ok := errors.AsType[*config.Error](err); ok {
		return &usageError{message: e.Message, hint: e.Hint}, true
	}
	return nil, false
}

// exitCodeOf decides the exit code of the program from what its command returned.
func exitCodeOf(err error) exitCode {
	if err == nil {
		return exitDone
	}
	if stopped, ok := errors.AsType[*interrupted](err); ok {
		return stopped.code
	}
	if _, ok := misuse(err); ok {
		return exitUsage
	}
	if left, ok := errors.AsType[*luabind.ExitError](err); ok {
		return exitCode(left.Code & 0xff) // as the operating system does it
	}
	if _, ok := errors.AsType[*notApproved](err); ok {
		return exitRefused
	}
	err = withoutTasks(err)
	if failure, ok := errors.AsType[authy.Error](err); ok {
		return codeOfKind(failure)
	}
	switch {
	case errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe):
		return exitPipe
	case errors.Is(err, context.Canceled) || errors.Is(err, errDeclined):
		return exitInterrupted
	case errors.Is(err, errServing):
		return exitNetwork
	}
	return exitScript
}

// withoutTasks leaves out what failed in tasks that nothing waited for: that is an error of the script, whatever it was.
func withoutTasks(err error) error {
	if _, tasks := err.(*luabind.TasksError); tasks {
		return nil
	}
	several, ok := err.(interface{ Unwrap() []error })
	if _, single := err.(authy.Error); !ok || single {
		return err
	}
	var others []error
	for _, one := range several.Unwrap() {
		others = append(others, withoutTasks(one))
	}
	return errors.Join(others...)
}

// codeOfKind is the exit code of a call that failed.
func codeOfKind(failure authy.Error) exitCode {
	switch failure.Kind() {
	case luabind.KindRefused: // by a hook of a plugin
		return exitRefused
	case authy.KindValidation:
		return exitValidation
	case authy.KindAPI:
		if errors.Is(failure, authy.ErrUnauthorized) {
			return exitUnauthorized
		}
		return exitRefused
	case authy.KindNetwork, authy.KindTimeout, authy.KindResponse:
		return exitNetwork
	}
	return exitScript // canceled by the script itself
}
