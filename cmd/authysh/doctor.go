package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/luabind"
)

// status is how a check of the doctor came out.
type status string

const (
	statusOK   status = "ok"
	statusWarn status = "warn" // works, but not as it should
	statusFail status = "fail"
	statusSkip status = "skip" // a check before it failed, or there is nothing to check
)

// finding is what one check found: one line of authysh doctor.
type finding struct {
	Check  string `json:"check" yaml:"check"`
	Status status `json:"status" yaml:"status"`
	Detail string `json:"detail" yaml:"detail"`
	Remedy string `json:"remedy,omitempty" yaml:"remedy,omitempty"`

	code exitCode // of the program, if this is the first failure
}

func fine(format string, args ...any) finding {
	return finding{Status: statusOK, Detail: fmt.Sprintf(format, args...)}
}

func warned(remedy, format string, args ...any) finding {
	return finding{Status: statusWarn, Detail: fmt.Sprintf(format, args...), Remedy: remedy}
}

func failed(code exitCode, remedy, format string, args ...any) finding {
	return finding{Status: statusFail, Detail: fmt.Sprintf(format, args...), Remedy: remedy, code: code}
}

func skipped(format string, args ...any) finding {
	return finding{Status: statusSkip, Detail: fmt.Sprintf(format, args...)}
}

// The checks in the order in which they are shown.
const (
	checkConfig      = "config"
	checkEnvironment = "environment"
	checkKey         = "key"
	checkProxy       = "proxy"
	checkHost        = "host"
	checkConnect     = "connect"
	checkTLS         = "tls"
	checkClock       = "clock"
	checkAccess      = "access"
	checkHistory     = "history"
	checkTerminal    = "terminal"
	checkPlugins     = "plugins"
)

var doctorChecks = []string{
	checkConfig, checkEnvironment, checkKey, checkProxy, checkHost, checkConnect, checkTLS, checkClock, checkAccess,
	checkHistory, checkTerminal, checkPlugins,
}

// examination is one run of the doctor. Checks that need nothing of each other run at the same time.
type examination struct {
	app      *app
	settings *config.Settings // nil when they are in disorder
	client   *authy.Client    // nil when there can be none

	mu       sync.Mutex
	findings map[string]finding
}

func (e *examination) found(check string, f finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f.Check = check
	f.Detail, f.Remedy = singleLine(f.Detail), singleLine(f.Remedy)
	e.findings[check] = f
}

// healthy reports whether a check has come out without failing or being skipped.
func (e *examination) healthy(check string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.findings[check].Status
	return s == statusOK || s == statusWarn
}

// limit bounds one check by the timeout of calls.
func (e *examination) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if d := e.settings.Duration("timeout"); d > 0 {
		return context.WithTimeout(ctx, d)
	}
	return context.WithCancel(ctx)
}

// doctorCommand is authysh doctor.
func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "check the configuration, the key and the way to the service",
		Long: "Each check is a line: ok, warn, fail, or skip where another has to pass first.\n" +
			"What to do stands below it. The only call that is made reads the details of\n" +
			"the application; the key is not shown. --timeout bounds each check of the network.\n\n" +
			"The exit code is 0 if nothing fails; else that of the first failure: 2 for the\n" +
			"configuration, 4 for the API, 5 for a key that is refused, 6 for the network.",
		Example: "  authysh doctor --profile production\n  authysh doctor --output pretty > report.txt",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.examine(cmd.Context()) },
	}
}

// examine runs all checks and shows what they found.
func (a *app) examine(ctx context.Context) error {
	e := &examination{app: a, findings: map[string]finding{}}
	e.checkSettings()
	printer, err := a.printer(e.outputSettings())
	if err != nil {
		return err
	}
	e.found(checkTerminal, a.checkTerminal())
	if e.settings == nil {
		for _, check := range doctorChecks {
			if _, done := e.findings[check]; !done {
				e.found(check, skipped("the settings are in disorder"))
			}
		}
	} else {
		e.found(checkHistory, a.checkHistory())
		e.found(checkPlugins, a.checkPlugins(ctx, e.settings))
		var both sync.WaitGroup
		both.Go(func() { e.checkKey(ctx) })
		both.Go(func() { e.checkWay(ctx) })
		both.Wait()
		e.checkAccess(ctx)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return e.report(printer)
}

// checkAccess makes the call that shows whether the key is accepted.
func (e *examination) checkAccess(ctx context.Context) {
	for _, before := range []string{checkKey, checkProxy, checkHost, checkConnect, checkTLS} {
		if !e.app.sandbox && e.findings[before].Status == statusFail {
			e.found(checkAccess, skipped("%s has to pass first", before))
			return
		}
	}
	started := time.Now()
	details, err := e.client.GetApplicationDetails(ctx, authy.GetApplicationDetailsParams{})
	if err != nil {
		code := exitCodeOf(err)
		remedy := e.app.hintFor(err)
		if remedy == "" && code == exitRefused {
			remedy = "check --host: it may be another service than the key is for"
		}
		e.found(checkAccess, failed(code, remedy, "%s", err))
		return
	}
	e.found(checkAccess, fine("the key is accepted, application %q, %s", printable(details.App.Name), roundTrip(time.Since(started))))
}

// roundTrip shows how long something took, without digits that nobody needs.
func roundTrip(d time.Duration) string {
	if d < time.Millisecond {
		return "under 1ms"
	}
	return d.Round(time.Millisecond).String()
}

// report shows the findings. The code of the first failure becomes that of the program.
func (e *examination) report(printer *present.Printer) error {
	findings := make([]finding, len(doctorChecks))
	rows := make([][]string, len(doctorChecks))
	code := exitDone
	for i, check := range doctorChecks {
		f := e.findings[check]
		findings[i], rows[i] = f, []string{f.Check, string(f.Status), f.Detail, f.Remedy}
		if f.Status == statusFail && code == exitDone {
			code = f.code
		}
	}
	err := e.app.print(printer, present.Result{
		Value: findings, Pretty: func(w io.Writer) { writeFindings(w, findings, e.app.resultColors()) },
		Head: []string{"check", "status", "detail", "remedy"}, Rows: rows,
	})
	if err != nil {
		return err
	}
	if code != exitDone {
		return &luabind.ExitError{Code: int(code)} // all is said
	}
	return nil
}

// outputSettings tell the form of the report also where the rest of the settings are in disorder.
func (e *examination) outputSettings() *config.Settings {
	if e.settings != nil {
		return e.settings
	}
	given := config.Layer{}
	known := config.Must(config.OutputSetting)
	written, _ := e.app.lookupEnv(known.Env()[0])
	if typed, ok := e.app.flagGiven(known.Flag()); ok {
		written = typed
	}
	if value, err := known.Parse(written); err == nil {
		given[known.Name] = config.Sourced{Value: value}
	}
	s, _ := config.Merge(given) // of one setting that was checked
	return s
}

// statusColors are the SGR parameters of the words.
var statusColors = map[status]string{statusOK: "32", statusWarn: "33", statusFail: "31", statusSkip: "2"}

// writeFindings writes a line for each finding, and its remedy below.
func writeFindings(w io.Writer, findings []finding, colored bool) {
	width := 0
	for _, f := range findings {
		width = max(width, len(f.Check))
	}
	for _, f := range findings {
		word := fmt.Sprintf("%-4s", f.Status)
		if colored {
			word = "\x1b[" + statusColors[f.Status] + "m" + word + "\x1b[0m"
		}
		fmt.Fprintf(w, "%s  %-*s  %s\n", word, width, f.Check, f.Detail)
		if f.Remedy != "" {
			fmt.Fprintf(w, "      %*s  %s\n", width, "", f.Remedy)
		}
	}
}

// remedyOf is the hint of a usage error.
func remedyOf(err error) string {
	if wrong, ok := misuse(err); ok {
		return wrong.hint
	}
	return ""
}
