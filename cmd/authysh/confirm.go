package main

import (
	"context"
	"strings"
)

// confirm asks whether to go on: what is not yes is [errDeclined]. nobody is the error where no terminal is there to ask.
func (a *app) confirm(ctx context.Context, question string, nobody *usageError) error {
	if !a.stdinTerminal || !a.stderrTerminal {
		return nobody
	}
	answer, err := a.console.Ask(ctx, question)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if word := strings.ToLower(strings.TrimSpace(answer)); err != nil || word != "y" && word != "yes" {
		return errDeclined
	}
	return nil
}
