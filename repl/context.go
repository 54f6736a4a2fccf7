package repl

import (
	"context"
	"io"
)

// Context is the prompt as a [Command] sees it. It belongs to the call of Run that got it.
type Context struct{ sh *shell }

// Console is the streams, and asks the user.
func (c *Context) Console() *Console { return c.sh.console }

// Stdout is where results go.
func (c *Context) Stdout() io.Writer { return c.sh.console.Stdout() }

// Stderr is where notices go.
func (c *Context) Stderr() io.Writer { return c.sh.console.Stderr() }

// Session is what runs the chunks.
func (c *Context) Session() Session { return c.sh.session }

// Eval runs a chunk as if it was typed, and shows its values. The error is not shown.
func (c *Context) Eval(ctx context.Context, src string) error { return c.sh.evalAndShow(ctx, src) }

// Load runs a file as one chunk. Its values are not shown; the error is one for the report, with the line of the file.
func (c *Context) Load(ctx context.Context, path string) error { return c.sh.load(ctx, path) }

// Page shows a text as a result is shown: by default in a pager if it fills several screens.
func (c *Context) Page(text string) error { return c.sh.page(text, false) }

// Paint colours Lua source, or values shown as such, if colours are wanted.
func (c *Context) Paint(src string) string { return c.sh.paint.lua(src) }

// Help is the explanation of a command, or of what the session knows. ok is false when there is none; then near may
// name what was perhaps meant.
func (c *Context) Help(topic string) (text, near string, ok bool) { return c.sh.explain(topic) }

// Commands is the table of commands, sorted by name.
func (c *Context) Commands() []Command { return c.sh.table }

// History is what was entered, newest last, without secrets.
func (c *Context) History() []string { return c.sh.history.entries }

// LastSource is the last chunk that was run, without secrets; "" if there was none.
func (c *Context) LastSource() string { return c.sh.redact.clean(c.sh.lastSource) }

// LastError is the error of the last chunk that failed; nil if there was none.
func (c *Context) LastError() error { return c.sh.lastError }

// Interactive reports whether somebody is typing.
func (c *Context) Interactive() bool { return c.sh.mode != piped }

// Size is that of the terminal, 80 by 24 if there is none.
func (c *Context) Size() (columns, rows int) { return c.sh.console.size() }

// Foreground runs f, which gives the terminal to another program: Ctrl-C is that program's meanwhile.
func (c *Context) Foreground(f func() error) error { return c.sh.console.lend(f) }
