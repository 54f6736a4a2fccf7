package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// callError is a failed call of any kind.
type callError struct {
	error
	kind authy.Kind
}

func (e callError) Kind() authy.Kind  { return e.kind }
func (e callError) Operation() string { return "request_sms" }

func failedCall(kind authy.Kind) error { return callError{errors.New("failed"), kind} }

func TestExitCodeOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want exitCode
	}{
		"nothing":                {nil, 0},
		"script error":           {&luabind.ScriptError{Message: "x"}, 1},
		"syntax error":           {&luabind.ScriptError{Message: "x", Syntax: true}, 1},
		"any other error":        {errors.New("x"), 1},
		"usage":                  {&usageError{message: "x"}, 2},
		"validation":             {&authy.ValidationError{Op: "request_sms"}, 3},
		"callback":               {&authy.CallbackError{Err: authy.ErrNotSigned}, 3},
		"refused":                {&authy.APIError{Status: 404, Code: "60026"}, 4},
		"refused without reason": {failedCall(authy.KindAPI), 4},
		"wrong code":             {&authy.APIError{Status: 401, Code: "60020"}, 4},
		"wrong key":              {&authy.APIError{Status: 401, Code: "60001"}, 5},
		"gateway":                {&authy.APIError{Status: 403}, 5},
		"network":                {failedCall(authy.KindNetwork), 6},
		"timeout":                {failedCall(authy.KindTimeout), 6},
		"unusable answer":        {&authy.ResponseError{}, 6},
		"canceled by the script": {failedCall(authy.KindCanceled), 1},
		"sandbox stopped":        {fmt.Errorf("%w: %w", errServing, io.ErrUnexpectedEOF), 6},
		"os.exit":                {&luabind.ExitError{Code: 9}, 9},
		"os.exit of too much":    {&luabind.ExitError{Code: 256 + 9}, 9},
		"os.exit below zero":     {&luabind.ExitError{Code: -1}, 255},
		"interrupt":              {&interrupted{codeOf(syscall.SIGINT)}, 130},
		"termination":            {&interrupted{codeOf(syscall.SIGTERM)}, 143},
		"canceled":               {context.Canceled, 130},
		"reader gone":            {fmt.Errorf("cannot write: %w", syscall.EPIPE), 141},
		"wrapped":                {fmt.Errorf("run: %w", &authy.APIError{Status: 404}), 4},
		// A broken pipe to the service is a network matter.
		"connection broken": {fmt.Errorf("%w: %w", failedCall(authy.KindNetwork), syscall.EPIPE), 6},
	}
	for name, tt := range tests {
		if got := exitCodeOf(tt.err); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}

// TestExitCodesAreTold compares the table with the help.
func TestExitCodesAreTold(t *testing.T) {
	t.Parallel()
	_, help, _ := authysh(t, "", nil, "--help")
	for _, e := range exitCodes {
		if !strings.Contains(help, fmt.Sprintf(" %d %s", e.code, e.doc)) {
			t.Errorf("--help does not tell exit code %d, %s", e.code, e.doc)
		}
	}
}

// TestHelpFits keeps the usage to one screen.
func TestHelpFits(t *testing.T) {
	t.Parallel()
	_, help, _ := authysh(t, "", nil, "--help")
	lines := strings.Split(strings.TrimRight(help, "\n"), "\n")
	const most = 70
	if len(lines) > most {
		t.Errorf("--help has %d lines, want at most %d", len(lines), most)
	}
	for _, command := range [][]string{{"--help"}, {"help", "sandbox"}, {"help", "config"}, {"help", "version"}} {
		_, text, _ := authysh(t, "", nil, command...)
		for line := range strings.Lines(text) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
				t.Errorf("%v: a line has %d columns, want at most 80: %s", command, n, line)
			}
		}
	}
}
