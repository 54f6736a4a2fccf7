package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/repl"
)

// taskEnded tells of a task that ended in the background. It has the interpreter, so it must not use the session.
func (p *prompter) taskEnded(t luabind.TaskInfo) {
	text := fmt.Sprintf("task %d (%s) %s after %s", t.Number, t.Name, t.Status, t.Took.Round(time.Millisecond))
	switch {
	case t.Err != nil:
		text += ": " + t.Err.Error()
	case t.Shown != "":
		text += ": " + t.Shown
	}
	fmt.Fprintln(p.console.Stderr(), strings.TrimRight(text, "\n"))
}

var errTasksBusy = errors.New("a task is computing and does not let others in; .cancel all stops it")

func (p *prompter) runTasks(_ context.Context, c *repl.Context, args string) error {
	if args != "" {
		return &repl.UsageError{Reason: fmt.Sprintf("takes no arguments, got %q", wording.Clip(args))}
	}
	list, ok := p.session.Tasks()
	if !ok {
		return errTasksBusy
	}
	if len(list) == 0 {
		fmt.Fprintln(c.Stderr(), "no tasks are running; task.spawn and authy.async start them")
	}
	for _, t := range list {
		fmt.Fprintf(c.Stdout(), "%4d  %8s  %s  %s\n", t.Number, t.Took.Round(100*time.Millisecond), t.Name, t.Where)
	}
	return nil
}

func (p *prompter) runCancel(_ context.Context, c *repl.Context, args string) error {
	number, err := strconv.Atoi(args)
	switch {
	case args == "all":
		number = 0
	case err != nil || number < 1:
		return &repl.UsageError{Reason: fmt.Sprintf("wants the number of a task or all, got %q", wording.Clip(args))}
	}
	switch n := p.session.CancelTask(number); {
	case n == 0 && number > 0:
		return fmt.Errorf("no task %d is running; .tasks lists those that are", number)
	case n == 0:
		fmt.Fprintln(c.Stderr(), "no tasks are running")
	}
	return nil
}

// taskNumbers are the words that .cancel completes.
func (p *prompter) taskNumbers() []string {
	words := []string{"all"}
	list, _ := p.session.Tasks()
	for _, t := range list {
		words = append(words, strconv.Itoa(t.Number))
	}
	return words
}
