package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/arguments"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// callOptions are the flags of every command that calls the service.
type callOptions struct {
	dryRun string // "", "http" or "curl"
	yes    bool
	unmask bool
}

func (o *callOptions) addTo(flags *pflag.FlagSet, op authy.Operation) {
	if op.Name != "" && !op.OfAPI() { // a plugin's, which has no request to show
		flags.StringVar(&o.dryRun, "dry-run", "", "show ``what would be run with which parameters, and run nothing")
		flags.Lookup("dry-run").NoOptDefVal = "http"
		if op.Effect == authy.Deletes {
			flags.BoolVarP(&o.yes, "yes", "y", false, "delete without asking")
		}
		return
	}
	flags.StringVar(&o.dryRun, "dry-run", "", "show the request and send nothing; =curl shows a `form` for the shell")
	flags.Lookup("dry-run").NoOptDefVal = "http"
	completeFlagWith(flags.Lookup("dry-run"), "http", "curl")
	if op.Effect == authy.Deletes || op.Name == "" {
		flags.BoolVarP(&o.yes, "yes", "y", false, "delete without asking")
	}
	flags.BoolVar(&o.unmask, "unmask", false, "show personal data in what --verbose traces")
}

func (o *callOptions) check() error {
	switch o.dryRun {
	case "", "http", "curl":
		return nil
	}
	return &usageError{message: fmt.Sprintf("--dry-run must be =http or =curl, got %q", wording.Clip(o.dryRun))}
}

// performed is one call that a command makes.
type performed struct {
	op        authy.Operation
	arguments *arguments.Set
	options   callOptions
	extra     *extra
	written   func(place string) string // how the user wrote a parameter

	app      *app
	flags    *pflag.FlagSet
	settings *config.Settings
	client   *authy.Client
	result   any             // a pointer to the operation's result struct
	shown    authy.Operation // whose result that is; a step may ask for another one's
	footer   footer
}

// perform makes the call and shows its result.
func (a *app) perform(cmd *cobra.Command, p *performed) error {
	ctx := cmd.Context()
	if err := p.options.check(); err != nil {
		return err
	}
	s, err := a.settings()
	if err != nil {
		return err
	}
	a.loaded = s
	p.app, p.flags, p.settings = a, cmd.Flags(), s
	if p.client, err = a.connect(ctx, s); err != nil {
		return err
	}
	if p.extra != nil && p.extra.check != nil {
		if err := p.extra.check(p); err != nil {
			return err
		}
	}
	printer, err := a.printer(s)
	if err != nil {
		return err
	}
	p.client.Logger = nil // the trace shows more
	call := p.op.Bind(p.arguments)
	if a.plugins.blocked != nil {
		return a.plugins.blocked
	}
	a.tellPlugins()
	if p.options.dryRun != "" {
		if p.options.dryRun == "curl" && !p.op.OfAPI() {
			return &usageError{message: "--dry-run=curl shows requests of the API, and " + p.op.Name + " is an operation of a plugin", hint: "--dry-run shows what it would be run with"}
		}
		return p.rehearse(ctx, call, printer)
	}
	if a.verbose {
		a.trace(p)
	}
	if err := p.confirm(ctx, call); err != nil {
		return err
	}
	if p.result, err = a.runCall(ctx, p, call); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return p.named(err)
	}
	p.shown = p.op
	var failed error
	if p.extra != nil && p.extra.step != nil {
		failed = p.extra.step(ctx, p)
	}
	return errors.Join(p.show(printer), failed)
}

// show writes the result, and below it what only people need.
func (p *performed) show(printer *present.Printer) error {
	r := present.Result{Value: p.result, Fields: p.shown.Result()}
	if answer, ok := p.result.(interface{ RawBody() json.RawMessage }); ok {
		r.Raw = answer.RawBody()
	}
	if err := p.app.print(printer, r); err != nil {
		return err
	}
	if p.footer != nil && printer.ForPeople() {
		return p.footer(p.app.out)
	}
	return nil
}

// confirm asks before something is deleted for good. Where nobody can be asked, a flag has to say yes. A call that would
// be refused before anything is sent raises no question.
func (p *performed) confirm(ctx context.Context, call *authy.BoundCall) error {
	a := p.app
	if p.op.Effect != authy.Deletes || p.options.yes || a.box != nil {
		return nil
	}
	if err := p.refusedBefore(ctx, call); err != nil {
		return p.named(err)
	}
	return a.confirm(ctx, p.question(), &usageError{
		message: fmt.Sprintf("authysh %s deletes for good, and nobody can be asked: nothing was sent", shapeOf(p.op).command()),
		hint:    "--yes deletes without asking",
	})
}

// refusedBefore is why a call would be refused before anything is sent.
func (p *performed) refusedBefore(ctx context.Context, call *authy.BoundCall) error {
	if !p.op.OfAPI() {
		return call.Check() // what a plugin would do cannot be tried
	}
	_, err := catch(ctx, p.client, call)
	return err
}

// question names what would be deleted, and where.
func (p *performed) question() string {
	var what []string
	for _, name := range shapeOf(p.op).positional {
		f, _ := p.op.Param(name)
		value := reflect.New(f.Type).Elem()
		if given, err := p.arguments.Assign(f, value); given && err == nil {
			what = append(what, wording.Clip(value.String()))
		}
	}
	return fmt.Sprintf("%s: %s, at %s, for good? [y/N] ", strings.TrimSuffix(p.op.Doc, "."), strings.Join(what, " "), hostOf(p.client))
}

// errDeclined ends a command whose question was answered with no.
var errDeclined = errors.New("not confirmed, nothing was sent")

// named makes an error about parameters name them as the user wrote them.
func (p *performed) named(err error) error {
	if refusal, ok := errors.AsType[*authy.APIError](err); ok {
		if remedy := p.remedyFor(refusal); remedy != "" {
			return &hinted{err, remedy}
		}
	}
	invalid, ok := errors.AsType[*authy.ValidationError](err)
	if !ok || p.written == nil {
		return err
	}
	return &commandError{invalid, shapeOf(p.op).command(), func(place string) string {
		root := strings.FieldsFunc(place, func(r rune) bool { return r == '.' || r == '[' })
		if len(root) > 0 {
			if _, ok := p.op.Param(root[0]); ok {
				return p.written(place)
			}
		}
		return place // a setting
	}}
}

// remedyFor says what the user of a command can do about a refusal of the service, in the words of commands: the service
// knows only its parameters. It is empty where the refusal says it.
func (p *performed) remedyFor(refusal *authy.APIError) string {
	if _, ok := p.op.Param("force"); ok && strings.Contains(refusal.Message, "force=true") {
		return "the flag is --force"
	}
	var remedy string
	switch refusal.Code {
	case "60016", "60026":
		remedy = "<authy_id> is the id that 'authysh user create' gives; it does so for a phone that is known, too"
	case "60023":
		remedy = "'authysh phone verify' without a token sends a new code"
	case "60049":
		remedy = "the id is the uuid that 'authysh onetouch create' gives"
	case "60019":
		return "a code works once: request a new one"
	case "60020", "60022":
		return "ask for the code again, or request a new one"
	}
	if remedy != "" && p.app.sandbox {
		return "each command with --sandbox has a sandbox of its own; 'authysh sandbox' serves one for several"
	}
	return remedy
}

// commandError is a refusal in the words of the command rather than of the catalogue.
type commandError struct {
	*authy.ValidationError
	command string
	written func(place string) string
}

func (e *commandError) Error() string {
	renamed := authy.ValidationError{Op: e.command}
	for _, problem := range e.Problems {
		renamed.Problems = append(renamed.Problems, authy.Problem{Param: e.written(problem.Param), Reason: problem.Reason})
	}
	return renamed.Error()
}

func (e *commandError) Unwrap() error { return e.ValidationError }
