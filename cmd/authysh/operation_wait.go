package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// waitUntilOver is the value of --wait without one: until the request is answered or has expired.
const waitUntilOver = "over"

// waitForAnswer makes authysh onetouch create wait for the user's answer.
var waitForAnswer = &extra{
	flags: func(flags *pflag.FlagSet) {
		flags.String("wait", "", "wait for the answer, at most this `time`; without one, until the request expires")
		flags.Lookup("wait").NoOptDefVal = waitUntilOver
	},
	check: func(p *performed) error {
		limit, err := waitLimit(p.flags)
		if err == nil && limit == 0 && p.flags.Changed("wait") && p.app.box != nil && p.options.dryRun == "" {
			return &usageError{
				message: "--wait would never end: nobody can answer in the private sandbox of --sandbox",
				hint:    "give it a limit, as in --wait=5s, or serve a sandbox with authysh sandbox",
			}
		}
		return err
	},
	step: awaitAnswer,
	note: "With --wait it exits with 0 if the user approves, with 4 if the user denies or\n" +
		"lets the request expire, and with 6 if the time is up while it is pending.",
}

// waitLimit is how long to wait; 0 is as long as it takes.
func waitLimit(flags *pflag.FlagSet) (time.Duration, error) {
	written := flags.Lookup("wait").Value.String()
	if written == waitUntilOver || !flags.Changed("wait") {
		return 0, nil
	}
	limit, err := time.ParseDuration(written)
	switch {
	case err != nil:
		return 0, &usageError{message: fmt.Sprintf(`--wait must be a length of time such as "60s" or "5m", got %q`, wording.Clip(written)), hint: "write --wait=60s, with the sign"}
	case limit <= 0:
		return 0, &usageError{message: fmt.Sprintf("--wait must be more than nothing, got %q", wording.Clip(written))}
	}
	return limit, nil
}

func awaitAnswer(ctx context.Context, p *performed) error {
	if !p.flags.Changed("wait") {
		return nil
	}
	created, ok := p.result.(*authy.ApprovalCreation)
	if !ok {
		return fmt.Errorf("cannot wait for an answer: the result is a %T", p.result)
	}
	limit, err := waitLimit(p.flags)
	if err != nil {
		return err
	}
	start := time.Now()
	stop := p.app.console.Status(func(int) string {
		return "waiting for the answer " + time.Since(start).Round(time.Second).String()
	})
	answer, err := p.client.WaitApproval(ctx, created.ApprovalRequest.UUID, authy.WaitOptions{Timeout: limit})
	stop()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		again := shapeOf(operationNamed("get_approval_request")).command()
		return &hinted{err, "ask again with authysh " + again + " " + created.ApprovalRequest.UUID}
	}
	p.result, p.shown = answer, operationNamed("get_approval_request")
	if status := answer.ApprovalRequest.Status; status != "approved" {
		return &notApproved{status}
	}
	return nil
}

// operationNamed is an operation that the catalogue is known to have.
func operationNamed(name string) authy.Operation {
	op, ok := authy.ByName(name)
	if !ok {
		panic("the catalogue lacks " + name)
	}
	return op
}

// notApproved is the answer that the caller did not hope for.
type notApproved struct{ status string }

func (e *notApproved) Error() string {
	if e.status == "expired" {
		return "the request has expired without an answer"
	}
	return "the request was " + e.status
}
