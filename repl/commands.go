package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// ownCommands are the commands that every prompt has.
func ownCommands(s Session) []Command {
	words := func(list []string) func(string) []Candidate {
		return func(word string) []Candidate { return candidatesFrom(word, list...) }
	}
	commands := []Command{
		{Name: "help", Usage: "[topic]", Run: runHelp,
			Doc: "lists the commands, or explains one, a module or a function"},
		{Name: "exit", Usage: "[code]", Run: runExit, Doc: "leaves the prompt, as Ctrl-D does"},
		{Name: "time", Usage: "[on|off|slow|chunk]", Complete: words(timings), Run: runTime,
			Doc: "tells how long each chunk takes, or only slow ones; or runs one chunk and tells it"},
		{Name: "page", Usage: "[auto|always|never]", Complete: words(pagings), Run: runPage,
			Doc: "shows the last result in a pager, or says when results get one"},
		{Name: "save", Usage: "[-f] <file>", Complete: completeFile, Run: runSave,
			Doc: "writes what was entered so far into a file, as a script"},
		{Name: "record", Usage: "[[-f] <file>|off]", Complete: completeFile, Run: runRecord,
			Doc: "writes what is entered from now on into a file, as a script"},
		{Name: "replay", Usage: "<file>", Complete: completeFile, Run: runReplay,
			Doc: "runs a recorded script chunk by chunk, as if it was typed"},
		{Name: "load", Usage: "<file>", Complete: completeFile, Run: runLoad, Doc: "runs a Lua file"},
		{Name: "edit", Usage: "[file]", Complete: completeFile, Run: runEdit,
			Doc: "opens the last chunk, or a file, in $VISUAL or $EDITOR and runs it when it has changed"},
		{Name: "history", Usage: "[count|text|clear]", Complete: words([]string{"clear"}), Run: runHistory,
			Doc: "lists what was entered, all of it that contains a text, or forgets it"},
		{Name: "trace", Run: noArgs(runTrace), Doc: "shows the calls that led to the last error"},
	}
	if formatter, ok := s.(Formatter); ok {
		commands = append(commands, Command{Name: "output", Usage: "[" + strings.Join(formatter.Formats(), "|") + "]",
			Complete: words(formatter.Formats()), Run: runOutput, Doc: "chooses the form in which values are shown"})
	}
	return commands
}

func runHelp(_ context.Context, c *Context, args string) error { return c.sh.help(args) }

func runExit(_ context.Context, _ *Context, args string) error {
	if args == "" {
		return &ExitError{}
	}
	code, err := strconv.Atoi(args)
	if err != nil || code < 0 || code > 255 {
		return misuse("want a code from 0 to 255, got %q", args)
	}
	return &ExitError{code}
}

func runTime(ctx context.Context, c *Context, args string) error {
	if _, err := onOff(args, timings...); err != nil {
		start := time.Now()
		err := c.Eval(ctx, args)
		c.sh.console.freshLine()
		fmt.Fprintln(c.Stderr(), c.sh.paint.dim("took "+rounded(time.Since(start))))
		return err
	}
	if args != "" {
		c.sh.timing = args
		return nil
	}
	fmt.Fprintf(c.Stderr(), "time is %s\n", c.sh.timing)
	return nil
}

func runPage(_ context.Context, c *Context, args string) error {
	word, err := onOff(args, pagings...)
	switch {
	case err != nil:
		return err
	case word != "":
		c.sh.paging = word
		return nil
	case c.sh.lastShown == "":
		return &commandError{reason: ".page: there is no result yet", remedy: "page is " + c.sh.paging}
	}
	return c.sh.page(c.sh.paint.lua(printable(c.sh.lastShown)), true)
}

func runOutput(_ context.Context, c *Context, args string) error {
	formatter := c.Session().(Formatter)
	word, err := onOff(args, formatter.Formats()...)
	switch {
	case err != nil:
		return err
	case word != "":
		return formatter.SetFormat(word)
	}
	fmt.Fprintf(c.Stderr(), "output is %s\n", formatter.Format())
	return nil
}

// fileToWrite reads "[-f] file".
func (sh *shell) fileToWrite(args string) (path string, replace bool, err error) {
	if rest, ok := strings.CutPrefix(args, "-f "); ok {
		args, replace = strings.TrimSpace(rest), true
	}
	path, err = sh.fileToRead(args)
	return path, replace, err
}

func (sh *shell) fileToRead(args string) (path string, err error) {
	if args == "" || args == "-f" {
		return "", misuse("want the name of a file")
	}
	return sh.path(args), nil
}

func runSave(_ context.Context, c *Context, args string) error {
	path, replace, err := c.sh.fileToWrite(args)
	if err != nil {
		return err
	}
	if err := c.sh.record.save(path, replace); err != nil {
		return err
	}
	fmt.Fprintf(c.Stderr(), "saved to %s\n", path)
	return nil
}

func runRecord(_ context.Context, c *Context, args string) error {
	r := c.sh.record
	switch {
	case args == "" && r.file == nil:
		fmt.Fprintln(c.Stderr(), "nothing is being recorded")
	case args == "":
		fmt.Fprintf(c.Stderr(), "recording into %s\n", r.file.Name())
	case args == "off":
		return r.stop()
	case r.file != nil:
		return &commandError{reason: ".record: already recording into " + r.file.Name(), remedy: ".record off ends it"}
	default:
		path, replace, err := c.sh.fileToWrite(args)
		if err != nil {
			return err
		}
		return r.start(path, replace)
	}
	return nil
}

func runReplay(ctx context.Context, c *Context, args string) error {
	path, err := c.sh.fileToRead(args)
	if err != nil {
		return err
	}
	return c.sh.replay(ctx, path)
}

func runLoad(ctx context.Context, c *Context, args string) error {
	path, err := c.sh.fileToRead(args)
	if err != nil {
		return err
	}
	return c.sh.load(ctx, path)
}

func runEdit(ctx context.Context, c *Context, args string) error {
	if !c.Interactive() {
		return errors.New(".edit needs a terminal")
	}
	if args != "" {
		path := c.sh.path(args)
		before, _ := readScript(path) // a new file is empty
		if err := c.sh.openInEditor(path); err != nil {
			return err
		}
		if after, err := readScript(path); err != nil || after == before {
			return c.unchanged(err)
		}
		return c.sh.load(ctx, path)
	}
	before := c.LastSource()
	after, err := c.sh.edit(before)
	after = strings.TrimRight(after, " \t\r\n")
	if err != nil || after == strings.TrimRight(before, " \t\r\n") || idle(after) {
		return c.unchanged(err)
	}
	c.sh.remember(after)
	if _, err := io.WriteString(c.Stdout(), withLineEnd(c.sh.paint.lua(printable(after)))); err != nil {
		return err
	}
	return c.Eval(ctx, after)
}

// unchanged says that there is nothing to run, unless there is an error to tell.
func (c *Context) unchanged(err error) error {
	if err == nil {
		fmt.Fprintln(c.Stderr(), "nothing has changed, so nothing runs")
	}
	return err
}

// historyRows is how many entries .history lists.
const historyRows = 20

func runHistory(_ context.Context, c *Context, args string) error {
	entries := c.History()
	if args == "clear" {
		return c.sh.history.clear()
	}
	first, count := 0, historyRows
	if n, err := strconv.Atoi(args); err == nil && n >= 0 {
		count, args = n, ""
	}
	if args == "" {
		first = max(0, len(entries)-count)
	}
	var b strings.Builder
	for i, entry := range entries[first:] {
		if strings.Contains(entry, args) {
			indented := strings.ReplaceAll(c.Paint(printable(entry)), "\n", "\n       ")
			fmt.Fprintf(&b, "%5d  %s\n", first+i+1, indented)
		}
	}
	return c.Page(b.String())
}

func runTrace(_ context.Context, c *Context) error {
	err := c.LastError()
	if err == nil {
		fmt.Fprintln(c.Stderr(), "there was no error yet")
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", printable(err.Error()))
	if failure, ok := errors.AsType[Failure](err); ok {
		for _, call := range failure.Traceback() {
			fmt.Fprintf(&b, "    %s\n", printable(call))
		}
	}
	return c.Page(b.String())
}
